//! URIs: `sip`, `sips`, `tel`, and any other scheme kept as text (RFC 3261 §19.1, RFC 3966).

use std::fmt;

use super::{host::Host, param::Params, token};

/// A URI of a request line or of a header.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Uri {
    /// `sip:` and `sips:`.
    Sip(SipUri),
    /// `tel:`.
    Tel(TelUri),
    /// Any other scheme, verbatim. A request to it is answered 416 (RFC 3261 §8.2.2.1).
    Other(String),
}

/// A `sip:` or `sips:` URI.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SipUri {
    /// Whether the scheme is `sips`.
    pub secure: bool,
    /// The user part as written, escapes and parameters inside it included.
    pub user: Option<String>,
    /// The password as written. Never sent by us.
    pub password: Option<String>,
    /// The host.
    pub host: Host,
    /// The port, if written.
    pub port: Option<u16>,
    /// The URI parameters.
    pub params: Params,
    /// What follows `?`, as written.
    pub headers: Option<String>,
}

/// A `tel:` URI (RFC 3966).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TelUri {
    /// The number as written, visual separators included.
    pub number: String,
    /// The parameters, `phone-context` among them.
    pub params: Params,
}

/// The longest URI read, in bytes.
pub const MAX_URI: usize = 2048;

impl Uri {
    /// Parses a URI; `None` if it is malformed or longer than [`MAX_URI`].
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > MAX_URI || text.bytes().fold(false, |bad, byte| bad | is_never_in_uri(byte)) {
            return None;
        }
        let (scheme, rest) = text.split_once(':')?;
        if scheme.eq_ignore_ascii_case("sip") {
            SipUri::parse(false, rest).map(Self::Sip)
        } else if scheme.eq_ignore_ascii_case("sips") {
            SipUri::parse(true, rest).map(Self::Sip)
        } else if scheme.eq_ignore_ascii_case("tel") {
            TelUri::parse(rest).map(Self::Tel)
        } else {
            (is_scheme(scheme) && !rest.is_empty()).then(|| Self::Other(text.to_owned()))
        }
    }

    /// The SIP URI, if it is one.
    pub const fn sip(&self) -> Option<&SipUri> {
        match self {
            Self::Sip(uri) => Some(uri),
            _ => None,
        }
    }

    /// Whether it is a `sips:` URI: reached over encrypted transports only.
    pub fn is_sips(&self) -> bool {
        self.sip().is_some_and(|uri| uri.secure)
    }

    /// What is called: the decoded user part of a SIP URI without its parameters, or the number of a `tel:`
    /// URI without visual separators.
    pub fn called_number(&self) -> Option<String> {
        match self {
            Self::Sip(uri) => uri.decoded_user(),
            Self::Tel(uri) => Some(uri.number.chars().filter(|char| !"-.()".contains(*char)).collect()),
            Self::Other(_) => None,
        }
    }

    /// Whether both name the same resource (RFC 3261 §19.1.4).
    pub fn is_equivalent(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Sip(one), Self::Sip(two)) => one.is_equivalent(two),
            _ => self == other,
        }
    }
}

impl SipUri {
    /// `sip:user@host`; characters a user part may not hold are escaped.
    pub fn new(user: Option<&str>, host: Host, port: Option<u16>) -> Self {
        Self {
            secure: false,
            user: user.map(escape_user),
            password: None,
            host,
            port,
            params: Params::new(),
            headers: None,
        }
    }

    fn parse(secure: bool, text: &str) -> Option<Self> {
        let (userinfo, rest) = match text.split_once('@') {
            Some((_, rest)) if rest.contains('@') => return None,
            Some((userinfo, rest)) => (Some(userinfo), rest),
            None => (None, text),
        };
        let (user, password) = match userinfo.map(|info| info.split_once(':').unwrap_or((info, ""))) {
            Some(("", _)) => return None,
            Some((user, password)) if is_user(user) && is_user(password) => (
                Some(user.to_owned()),
                userinfo.filter(|info| info.contains(':')).map(|_| password.to_owned()),
            ),
            Some(_) => return None,
            None => (None, None),
        };
        let (rest, headers) = match rest.split_once('?') {
            Some((rest, headers)) => (rest, Some(headers.to_owned())),
            None => (rest, None),
        };
        let (hostport, params) = rest.split_at(rest.find(';').unwrap_or(rest.len()));
        let (host, port) = Host::parse_with_port(hostport)?;
        Some(Self { secure, user, password, host, port, params: Params::parse(params)?, headers })
    }

    /// The user part with `%HH` resolved and without parameters (`;`); `None` if absent or not UTF-8.
    pub fn decoded_user(&self) -> Option<String> {
        let user = self.user.as_deref()?;
        let mut plain = Vec::with_capacity(user.len());
        let mut bytes = user.bytes().take_while(|&byte| byte != b';');
        while let Some(byte) = bytes.next() {
            if byte == b'%' {
                let high = char::from(bytes.next()?).to_digit(16)?;
                let low = char::from(bytes.next()?).to_digit(16)?;
                plain.push(u8::try_from(high * 16 + low).ok()?);
            } else {
                plain.push(byte);
            }
        }
        String::from_utf8(plain).ok()
    }

    /// The `transport` parameter, if any.
    pub fn transport(&self) -> Option<&str> {
        self.params.get("transport")
    }

    /// Equality of RFC 3261 §19.1.4. The user part compares after decoding; of the parameters, those that
    /// matter everywhere must be in both or in neither, the others must agree where both carry them.
    pub fn is_equivalent(&self, other: &Self) -> bool {
        const MATTER: [&str; 5] = ["user", "ttl", "method", "maddr", "transport"];
        let same_param = |name: &str| match (self.params.get(name), other.params.get(name)) {
            (Some(one), Some(two)) => one.eq_ignore_ascii_case(two),
            (None, None) => true,
            _ => !MATTER.iter().any(|matters| matters.eq_ignore_ascii_case(name)),
        };
        let same_user = match (&self.user, &other.user) {
            (Some(one), Some(two)) => one == two || decoded(one) == decoded(two),
            (None, None) => true,
            _ => false,
        };
        self.secure == other.secure
            && same_user
            && self.password == other.password
            && self.host == other.host
            && self.port == other.port
            && self.headers == other.headers
            && self.params.iter().all(|(name, _)| same_param(name))
            && other.params.iter().all(|(name, _)| same_param(name))
    }
}

impl TelUri {
    fn parse(text: &str) -> Option<Self> {
        let (number, params) = text.split_at(text.find(';').unwrap_or(text.len()));
        let digits = number.strip_prefix('+').unwrap_or(number);
        let allowed = |byte: u8| byte.is_ascii_hexdigit() || b"*#-.()".contains(&byte);
        if digits.is_empty() || !digits.bytes().all(allowed) {
            return None;
        }
        Some(Self { number: number.to_owned(), params: Params::parse(params)? })
    }
}

impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sip(uri) => uri.fmt(f),
            Self::Tel(uri) => write!(f, "tel:{}{}", uri.number, uri.params),
            Self::Other(text) => f.write_str(text),
        }
    }
}

impl fmt::Display for SipUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.secure { "sips:" } else { "sip:" })?;
        if let Some(user) = &self.user {
            f.write_str(user)?;
            if let Some(password) = &self.password {
                write!(f, ":{password}")?;
            }
            f.write_str("@")?;
        }
        self.host.fmt(f)?;
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        self.params.fmt(f)?;
        match &self.headers {
            Some(headers) => write!(f, "?{headers}"),
            None => Ok(()),
        }
    }
}

impl From<SipUri> for Uri {
    fn from(uri: SipUri) -> Self {
        Self::Sip(uri)
    }
}

const fn is_never_in_uri(byte: u8) -> bool {
    byte <= b' ' || byte >= 127 || matches!(byte, b'<' | b'>' | b'"')
}

fn is_scheme(scheme: &str) -> bool {
    scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
}

/// Characters of a user part or password that need no escape, `%` aside. `#` must be escaped by the grammar,
/// but telephones send it as it is.
const fn is_user_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'-' | b'_'
                | b'.'
                | b'!'
                | b'~'
                | b'*'
                | b'\''
                | b'('
                | b')'
                | b'&'
                | b'='
                | b'+'
                | b'$'
                | b','
                | b';'
                | b'?'
                | b'/'
                | b'#'
        )
}

fn is_user(text: &str) -> bool {
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let good = match byte {
            b'%' => {
                bytes.next().is_some_and(|byte| byte.is_ascii_hexdigit())
                    && bytes.next().is_some_and(|byte| byte.is_ascii_hexdigit())
            }
            _ => is_user_byte(byte),
        };
        if !good {
            return false;
        }
    }
    true
}

fn escape_user(user: &str) -> String {
    use fmt::Write;
    user.bytes().fold(String::with_capacity(user.len()), |mut escaped, byte| {
        if is_user_byte(byte) && !matches!(byte, b';' | b'?' | b'#') {
            escaped.push(char::from(byte));
        } else {
            let _ = write!(escaped, "%{byte:02X}");
        }
        escaped
    })
}

/// The user part with escapes resolved, byte by byte; an escape that is broken stands for itself.
fn decoded(user: &str) -> Vec<u8> {
    let bytes = user.as_bytes();
    let (mut plain, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while let Some(&byte) = bytes.get(at) {
        let escape = bytes.get(at + 1..at + 3).filter(|_| byte == b'%');
        match escape.and_then(|hex| u8::from_str_radix(token_text(hex), 16).ok()) {
            Some(value) => {
                plain.push(value);
                at += 3;
            }
            None => {
                plain.push(byte);
                at += 1;
            }
        }
    }
    plain
}

fn token_text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).ok().filter(|text| token::is_token(text)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(text: &str) -> Uri {
        Uri::parse(text).unwrap_or_else(|| panic!("{text} is well-formed"))
    }

    #[test]
    fn uris_print_as_they_were_read() {
        for text in [
            "sip:alice@atlanta.com",
            "sip:alice:secretword@atlanta.com;transport=tcp",
            "sips:alice@atlanta.com?subject=project%20x&priority=urgent",
            "sip:+1-212-555-1212:1234@gateway.com;user=phone",
            "sip:[2001:db8::9:1]:5060;lr",
            "sip:user;par=u%40example.net@example.com",
            "sip:*43@pbx",
            "tel:+44-20-7946-0000;phone-context=example.com",
            "tel:7042;phone-context=example.com",
            "nobodyKnowsThisScheme:totallyopaquecontent",
        ] {
            assert_eq!(uri(text).to_string(), text);
        }
    }

    #[test]
    fn broken_uris_are_refused() {
        for bad in [
            "",
            "sip",
            "sip:",
            "sip:@h",
            "sip:a@b@c",
            "sip:a b@c",
            "sip:a@h:port",
            "<sip:a@h>",
            "sip:%4@h",
            "sip:a@h;",
            "tel:",
            "tel:abcx",
            "sip:a\u{e9}@h",
            ":x",
            "sip:a@h\r\n",
        ] {
            assert_eq!(Uri::parse(bad), None, "{bad}");
        }
        assert_eq!(Uri::parse(&format!("sip:{}@h", "a".repeat(MAX_URI))), None);
    }

    #[test]
    fn equivalence_follows_the_rfc_examples() {
        let same = [
            ("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp"),
            ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"),
            ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;newparam=5"),
        ];
        let different = [
            ("SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP"),
            ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"),
            ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"),
            ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off"),
        ];
        for (one, two) in same {
            assert!(uri(one).is_equivalent(&uri(two)), "{one} {two}");
        }
        for (one, two) in different {
            assert!(!uri(one).is_equivalent(&uri(two)), "{one} {two}");
        }
    }

    #[test]
    fn what_is_called() {
        assert_eq!(uri("sip:%2A43;phone-context=x@pbx").called_number().as_deref(), Some("*43"));
        assert_eq!(uri("tel:+44-20-79.46").called_number().as_deref(), Some("+44207946"));
        assert_eq!(uri("sip:pbx").called_number(), None);
        assert_eq!(SipUri::new(Some("a#b c"), Host::Name("h".into()), None).to_string(), "sip:a%23b%20c@h");
    }
}
