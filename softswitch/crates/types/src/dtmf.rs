//! DTMF digits (RFC 4733 §3.2).

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// One key of a telephone: `0`–`9`, `*`, `#`, `A`–`D`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DtmfDigit(u8);

/// Not a DTMF digit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParseDtmfError;

impl fmt::Display for ParseDtmfError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a DTMF digit is one of 0-9, *, #, A-D")
    }
}

impl std::error::Error for ParseDtmfError {}

const KEYS: &[u8; 16] = b"0123456789*#ABCD";

impl DtmfDigit {
    /// The digit of a telephone-event code, 0–15; `None` for other events (RFC 4733 §3.2, table 3).
    pub const fn from_event(event: u8) -> Option<Self> {
        if event < 16 { Some(Self(event)) } else { None }
    }

    /// The telephone-event code, 0–15.
    pub const fn event(self) -> u8 {
        self.0
    }

    /// The digit a key stands for; lower-case `a`–`d` are taken too.
    pub fn from_char(key: char) -> Option<Self> {
        let key = key.to_ascii_uppercase();
        KEYS.iter().position(|&known| char::from(known) == key).map(|index| Self(index as u8))
    }

    /// The key as printed on a telephone.
    pub const fn as_char(self) -> char {
        KEYS[self.0 as usize] as char
    }
}

impl fmt::Display for DtmfDigit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.as_char())
    }
}

impl FromStr for DtmfDigit {
    type Err = ParseDtmfError;

    fn from_str(text: &str) -> Result<Self, ParseDtmfError> {
        let mut chars = text.chars();
        match (chars.next().and_then(Self::from_char), chars.next()) {
            (Some(digit), None) => Ok(digit),
            _ => Err(ParseDtmfError),
        }
    }
}

impl Serialize for DtmfDigit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_char(self.as_char())
    }
}

impl<'de> Deserialize<'de> for DtmfDigit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_has_a_key_and_back() {
        for event in 0..16 {
            let digit = DtmfDigit::from_event(event).expect("0 to 15 are digits");
            assert_eq!(DtmfDigit::from_char(digit.as_char()), Some(digit));
        }
        assert_eq!(DtmfDigit::from_event(16), None);
        assert_eq!(DtmfDigit::from_char('x'), None);
    }
}
