//! Certificate fingerprints as session descriptions carry them (RFC 8122).

use std::{fmt, str::FromStr};

use rtc_crypto::{HashAlgorithm, RTCCrypto, constant_time_eq, providers::RingCrypto};

/// The SHA-256 fingerprint of a certificate. Displays as upper case hex pairs with colons.
#[derive(Clone, Copy, Eq)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// The fingerprint of a DER-encoded certificate.
    pub fn of_certificate(der: &[u8]) -> Self {
        let hash = RingCrypto.hash(HashAlgorithm::Sha256, der).expect("the ring provider has SHA-256");
        Self(hash.try_into().expect("SHA-256 is 32 bytes"))
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl From<[u8; 32]> for Fingerprint {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl PartialEq for Fingerprint {
    fn eq(&self, other: &Self) -> bool {
        constant_time_eq(&self.0, &other.0)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, byte) in self.0.iter().enumerate() {
            let separator = if position == 0 { "" } else { ":" };
            write!(f, "{separator}{byte:02X}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

impl FromStr for Fingerprint {
    type Err = ParseFingerprintError;

    /// Parses `AB:CD:…` (RFC 8122 §5), either case, with or without the leading `sha-256 `.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let hex = match text.split_once(' ') {
            Some((hash, hex)) if hash.eq_ignore_ascii_case("sha-256") => hex,
            Some(_) => return Err(ParseFingerprintError::Hash),
            None => text,
        };
        let mut bytes = [0; 32];
        let mut pairs = hex.split(':');
        for byte in &mut bytes {
            let pair =
                pairs.next().filter(|pair| pair.len() == 2 && pair.bytes().all(|c| c.is_ascii_hexdigit()));
            *byte = pair
                .and_then(|pair| u8::from_str_radix(pair, 16).ok())
                .ok_or(ParseFingerprintError::Digits)?;
        }
        if pairs.next().is_some() {
            return Err(ParseFingerprintError::Digits);
        }
        Ok(Self(bytes))
    }
}

/// Why an announced fingerprint is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ParseFingerprintError {
    /// A hash function other than SHA-256, which every browser uses (RFC 8122 §5).
    #[error("the fingerprint's hash function is not sha-256")]
    Hash,
    /// Not 32 hex pairs separated by colons.
    #[error("the fingerprint is not 32 hex pairs")]
    Digits,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_back() {
        let fingerprint = Fingerprint::of_certificate(b"abc");
        let text = fingerprint.to_string();
        assert!(text.starts_with("BA:78:16:BF:8F:01:CF:EA"));
        assert_eq!(text.parse(), Ok(fingerprint));
        assert_eq!(format!("SHA-256 {}", text.to_lowercase()).parse(), Ok(fingerprint));
    }

    #[test]
    fn other_text_is_refused() {
        let text = Fingerprint::of_certificate(b"abc").to_string();
        assert_eq!(format!("sha-1 {text}").parse::<Fingerprint>(), Err(ParseFingerprintError::Hash));
        assert_eq!(text[3..].parse::<Fingerprint>(), Err(ParseFingerprintError::Digits));
        assert_eq!(format!("{text}:00").parse::<Fingerprint>(), Err(ParseFingerprintError::Digits));
        assert_eq!(text.replacen("BA", "+A", 1).parse::<Fingerprint>(), Err(ParseFingerprintError::Digits));
        assert_eq!(text.replacen("BA", "é", 1).parse::<Fingerprint>(), Err(ParseFingerprintError::Digits));
    }
}
