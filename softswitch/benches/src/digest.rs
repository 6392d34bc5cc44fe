//! The client's side of digest authentication (RFC 7616, RFC 8760), as a telephone does it.

use md5::Md5;
use sha2::{Digest, Sha256};

/// A hash algorithm of digest authentication.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Algorithm {
    /// MD5 (RFC 2617).
    Md5,
    /// SHA-256 (RFC 8760).
    #[value(name = "sha-256")]
    Sha256,
}

impl Algorithm {
    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha256 => "SHA-256",
        }
    }

    /// The hash of `text` in hexadecimal.
    pub fn hash(self, text: &str) -> String {
        match self {
            Self::Md5 => hexadecimal(&Md5::digest(text)),
            Self::Sha256 => hexadecimal(&Sha256::digest(text)),
        }
    }
}

/// What a telephone remembers of its last challenge: it answers further requests with the same nonce, counted up.
#[derive(Debug, Clone)]
pub struct Nonce {
    /// The nonce.
    pub nonce: String,
    /// The algorithm it was offered with.
    pub algorithm: Algorithm,
    /// How often it was used.
    pub count: u32,
}

impl Nonce {
    /// Reads one challenge: `None` if it is no digest or of an unknown algorithm.
    pub fn of_challenge(text: &str) -> Option<Self> {
        let algorithm = match field(text, "algorithm") {
            None => Algorithm::Md5,
            Some(name) => [Algorithm::Md5, Algorithm::Sha256]
                .into_iter()
                .find(|algorithm| algorithm.name().eq_ignore_ascii_case(name))?,
        };
        Some(Self { nonce: field(text, "nonce")?.to_owned(), algorithm, count: 0 })
    }

    /// The value of Authorization for the next request with this nonce.
    pub fn credentials(&mut self, who: Who<'_>, method: &str, uri: &str) -> String {
        self.count += 1;
        let Who { username, realm, ha1 } = who;
        let (nonce, algorithm) = (&self.nonce, self.algorithm);
        let nc = format!("{:08x}", self.count);
        let cnonce = format!("{:08x}", self.count.wrapping_mul(0x9e37_79b9));
        let ha2 = algorithm.hash(&format!("{method}:{uri}"));
        let response = algorithm.hash(&format!("{ha1}:{nonce}:{nc}:{cnonce}:auth:{ha2}"));
        format!(
            "Digest username=\"{username}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{uri}\", \
             response=\"{response}\", algorithm={}, cnonce=\"{cnonce}\", qop=auth, nc={nc}",
            algorithm.name()
        )
    }
}

/// Whose password it is.
#[derive(Debug, Clone, Copy)]
pub struct Who<'a> {
    /// The digest user name.
    pub username: &'a str,
    /// The realm.
    pub realm: &'a str,
    /// The hash of `username:realm:password` by the challenge's algorithm.
    pub ha1: &'a str,
}

/// A field of a challenge, without its quotes.
fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (_, fields) = text.split_once(' ')?;
    fields.split(',').find_map(|field| {
        let (key, value) = field.trim().split_once('=')?;
        key.eq_ignore_ascii_case(name).then(|| value.trim_matches('"'))
    })
}

fn hexadecimal(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble & 15)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(*byte)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_rfc_7616_comes_out() {
        let realm = "http-auth@example.org";
        let ha1 = Algorithm::Md5.hash(&format!("Mufasa:{realm}:Circle of Life"));
        let challenge =
            format!("Digest realm=\"{realm}\", qop=\"auth, auth-int\", algorithm=MD5, nonce=\"7ypf\"");
        let mut nonce = Nonce::of_challenge(&challenge).expect("a digest challenge");
        assert_eq!(nonce.nonce, "7ypf");
        let text = nonce.credentials(Who { username: "Mufasa", realm, ha1: &ha1 }, "GET", "/dir/index.html");
        assert!(text.contains("nc=00000001") && text.contains("algorithm=MD5"));
        // HA2 of that example.
        assert_eq!(Algorithm::Md5.hash("GET:/dir/index.html"), "39aff3a2bab6126f332b942af96d3366");
    }
}
