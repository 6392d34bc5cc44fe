//! `a=crypto`: SRTP keys in descriptions (RFC 4568, "SDES").

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use ringdown_types::{SrtpKey, SrtpProfile};

/// One line that we can obey. Prints without its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crypto {
    /// Names the line in its answer: a number of up to nine digits (RFC 4568 §4.1, §9.1).
    pub tag: u32,
    /// The profile and the key its sender encrypts with.
    pub key: SrtpKey,
}

impl Crypto {
    /// Reads `<tag> <crypto-suite> inline:<key and salt>[|lifetime] [<session-params>]` (RFC 4568 §9.1).
    ///
    /// `None` for what is malformed and for what we do not do: other suites and key methods, several keys, a master
    /// key identifier, and every session parameter that changes the packets (RFC 4568 §6.3 lets us pass such lines
    /// over).
    pub fn parse(value: &str) -> Option<Self> {
        let mut words = value.split_ascii_whitespace();
        let tag = words.next().filter(|tag| tag.len() <= 9)?.parse().ok()?;
        let profile = SrtpProfile::of_suite(words.next()?)?;
        let key = read_key(profile, words.next()?)?;
        words.all(is_harmless).then_some(Self { tag, key })
    }

    /// The value as we write it: no lifetime, no identifier, no parameters.
    pub fn value(&self) -> CryptoValue<'_> {
        CryptoValue(self)
    }
}

/// The text of a line; it holds the key.
pub struct CryptoValue<'a>(&'a Crypto);

impl fmt::Display for CryptoValue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Crypto { tag, key } = self.0;
        write!(f, "{tag} {} inline:{}", key.profile().suite_name(), STANDARD.encode(key.as_bytes()))
    }
}

/// `inline:<base64>[|<lifetime>]`. RFC 4568 §6.1: a part with a colon is a master key identifier, which would lengthen
/// every packet. The lifetime is the sender's own promise: far more packets than a call has.
fn read_key(profile: SrtpProfile, text: &str) -> Option<SrtpKey> {
    let (method, info) = text.split_once(':')?;
    if !method.eq_ignore_ascii_case("inline") || info.contains(';') {
        return None;
    }
    let mut parts = info.split('|');
    let bytes = STANDARD.decode(parts.next()?).ok()?;
    let key = SrtpKey::from_bytes(profile, &bytes)?;
    parts.all(|part| !part.contains(':')).then_some(key)
}

/// RFC 4568 §6.3.7: a window size hint concerns the receiver alone; a `-` marks what may be passed over.
fn is_harmless(parameter: &str) -> bool {
    parameter.starts_with('-') || parameter.get(..4).is_some_and(|name| name.eq_ignore_ascii_case("WSH="))
}

#[cfg(test)]
mod tests {
    use ringdown_types::SeededRandom;

    use super::*;

    const KEY: &str = "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz";

    #[test]
    fn the_line_of_rfc_4568_is_read() {
        let line = format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|2^20 WSH=128");
        let crypto = Crypto::parse(&line).expect("a line of ours");
        assert_eq!((crypto.tag, crypto.key.profile()), (1, SrtpProfile::Aes128CmSha1_80));
        assert_eq!(crypto.value().to_string(), format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}"));
    }

    #[test]
    fn every_profile_is_written_and_read_back() {
        for profile in SrtpProfile::ALL {
            let key = SrtpKey::generate(profile, &mut SeededRandom::new(7));
            let crypto = Crypto { tag: 999_999_999, key };
            assert_eq!(Crypto::parse(&crypto.value().to_string()), Some(crypto));
        }
    }

    #[test]
    fn what_would_change_the_packets_is_passed_over() {
        for rest in [
            format!("inline:{KEY}|2^20|1:4"),
            format!("inline:{KEY}|1:4"),
            format!("inline:{KEY};inline:{KEY}"),
            format!("inline:{KEY} UNENCRYPTED_SRTP"),
            format!("inline:{KEY} KDR=1"),
            format!("inline:{}", &KEY[4..]),
            "inline:".to_owned(),
            "uri:sips:keys.example.com".to_owned(),
            String::new(),
        ] {
            assert_eq!(Crypto::parse(&format!("1 AES_CM_128_HMAC_SHA1_80 {rest}")), None, "{rest}");
        }
        assert_eq!(Crypto::parse(&format!("1 F8_128_HMAC_SHA1_80 inline:{KEY}")), None);
        assert_eq!(Crypto::parse(&format!("-1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}")), None);
        assert_eq!(Crypto::parse(&format!("1234567890 AES_CM_128_HMAC_SHA1_80 inline:{KEY}")), None);
    }
}
