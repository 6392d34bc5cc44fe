//! The credentials and challenges of digest authentication on the wire (RFC 7616 §3.3, §3.4, RFC 8760).

use std::fmt;

use super::token;

/// A hash algorithm of digest authentication.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// SHA-256 (RFC 8760).
    Sha256,
    /// MD5 (RFC 2617), for telephones that know no other.
    Md5,
}

impl Algorithm {
    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "SHA-256",
            Self::Md5 => "MD5",
        }
    }

    /// The algorithm of that name; the `-sess` variants are not offered and not taken.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Sha256, Self::Md5].into_iter().find(|algorithm| algorithm.name().eq_ignore_ascii_case(name))
    }
}

/// A digest challenge: the value of WWW-Authenticate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    /// The realm.
    pub realm: String,
    /// The nonce.
    pub nonce: String,
    /// The algorithm.
    pub algorithm: Algorithm,
    /// Whether the credentials were right and only the nonce is too old: the client answers without asking
    /// its user.
    pub stale: bool,
}

impl Challenge {
    /// Parses the value; `None` if it is malformed, no digest, or of an unknown algorithm. An absent
    /// algorithm is MD5 (RFC 7616 §3.3).
    pub fn parse(text: &str) -> Option<Self> {
        let fields = Fields::parse(text)?;
        Some(Self {
            realm: fields.get("realm")?,
            nonce: fields.get("nonce")?,
            algorithm: fields.algorithm()?,
            stale: fields.get("stale").is_some_and(|stale| stale.eq_ignore_ascii_case("true")),
        })
    }
}

impl fmt::Display for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (realm, nonce) = (token::quote(&self.realm), token::quote(&self.nonce));
        write!(f, "Digest realm={realm}, nonce={nonce}, algorithm={}, qop=\"auth\"", self.algorithm.name())?;
        if self.stale { f.write_str(", stale=true") } else { Ok(()) }
    }
}

/// Digest credentials: the value of Authorization. Does not print: it is a secret's witness.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The user name.
    pub username: String,
    /// The realm.
    pub realm: String,
    /// The nonce the client was given.
    pub nonce: String,
    /// The digest URI as written.
    pub uri: String,
    /// The digest, in hexadecimal as written.
    pub response: String,
    /// The algorithm, if known to us.
    pub algorithm: Option<Algorithm>,
    /// The quality of protection with its client nonce and count; `None` for clients of RFC 2069.
    pub protection: Option<Protection>,
}

/// `qop=auth` with what it needs (RFC 7616 §3.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Protection {
    /// The quality as written; only `auth` is offered.
    pub qop: String,
    /// The client nonce.
    pub cnonce: String,
    /// The nonce count as written: eight hexadecimal digits.
    pub nc: String,
}

impl Protection {
    /// The nonce count; `None` unless it is exactly eight hexadecimal digits.
    pub fn count(&self) -> Option<u32> {
        let good = self.nc.len() == 8 && self.nc.bytes().all(|byte| byte.is_ascii_hexdigit());
        good.then(|| u32::from_str_radix(&self.nc, 16).ok()).flatten()
    }
}

impl Credentials {
    /// Parses the value; `None` if it is malformed or no digest.
    pub fn parse(text: &str) -> Option<Self> {
        let fields = Fields::parse(text)?;
        let protection = match fields.get("qop") {
            Some(qop) => Some(Protection { qop, cnonce: fields.get("cnonce")?, nc: fields.get("nc")? }),
            None => None,
        };
        Some(Self {
            username: fields.get("username")?,
            realm: fields.get("realm")?,
            nonce: fields.get("nonce")?,
            uri: fields.get("uri")?,
            response: fields.get("response")?,
            algorithm: fields.algorithm(),
            protection,
        })
    }
}

impl fmt::Display for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quote = token::quote;
        let (username, realm, nonce) = (quote(&self.username), quote(&self.realm), quote(&self.nonce));
        let (uri, response) = (quote(&self.uri), quote(&self.response));
        write!(
            f,
            "Digest username={username}, realm={realm}, nonce={nonce}, uri={uri}, response={response}"
        )?;
        if let Some(algorithm) = self.algorithm {
            write!(f, ", algorithm={}", algorithm.name())?;
        }
        match &self.protection {
            Some(Protection { qop, cnonce, nc }) => {
                write!(f, ", qop={qop}, nc={nc}, cnonce={}", quote(cnonce))
            }
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(‹redacted›)")
    }
}

/// `Digest name=value, …`, each name at most once.
struct Fields<'a>(Vec<(&'a str, &'a str)>);

/// More fields are refused; RFC 7616 knows 13.
const MAX_FIELDS: usize = 32;

impl<'a> Fields<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let (scheme, rest) = text.split_once([' ', '\t'])?;
        if !scheme.eq_ignore_ascii_case("Digest") {
            return None;
        }
        let mut fields: Vec<(&str, &str)> = Vec::with_capacity(12);
        for part in token::split(token::trim(rest), b',') {
            let (name, value) = part.split_once('=')?;
            let (name, value) = (token::trim(name), token::trim(value));
            let known = fields.iter().any(|(known, _)| known.eq_ignore_ascii_case(name));
            let quoted = token::quoted_end(value) == Some(value.len());
            let well_formed = token::is_token(name) && (quoted || !value.contains(['"', ' ', '\t']));
            if known || !well_formed || fields.len() == MAX_FIELDS {
                return None;
            }
            fields.push((name, value));
        }
        Some(Self(fields))
    }

    fn get(&self, name: &str) -> Option<String> {
        self.0
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| token::unquote(value))
    }

    fn algorithm(&self) -> Option<Algorithm> {
        match self.get("algorithm") {
            Some(name) => Algorithm::parse(&name),
            None => Some(Algorithm::Md5),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_print_as_they_were_read() {
        let text = r#"Digest username="b\"ob", realm="biloxi.com", nonce="dcd9", uri="sip:bob@biloxi.com", response="6629", algorithm=MD5, qop=auth, nc=0000000a, cnonce="0a4f""#;
        let credentials = Credentials::parse(text).expect("well-formed");
        assert_eq!(credentials.to_string(), text);
        assert_eq!(credentials.protection.as_ref().and_then(Protection::count), Some(10));
        assert!(!format!("{credentials:?}").contains("6629"));
    }

    #[test]
    fn broken_credentials_are_refused() {
        for bad in [
            "Digest",
            "Basic QWxhZGRpbg==",
            "Digest username=\"a\"",
            "Digest username=\"a\", username=\"b\", realm=\"r\", nonce=\"n\", uri=\"u\", response=\"r\"",
            "Digest username=\"a, realm=\"r\"",
            "NoOneKnowsThisScheme opaque-data=here",
        ] {
            assert_eq!(Credentials::parse(bad), None, "{bad}");
        }
    }
}
