//! Extensions and feature codes: what a user can dial inside the company.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A dialable internal number or name: 1 to 32 characters of `0-9 A-Z a-z * # + - . _`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Extension(String);

/// Text that is no extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParseExtensionError;

impl fmt::Display for ParseExtensionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an extension is 1 to 32 characters of 0-9 A-Z a-z * # + - . _")
    }
}

impl std::error::Error for ParseExtensionError {}

impl Extension {
    /// The longest extension, in characters.
    pub const MAX_LENGTH: usize = 32;

    /// The extension as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Extension {
    type Err = ParseExtensionError;

    fn from_str(text: &str) -> Result<Self, ParseExtensionError> {
        let fits = (1..=Self::MAX_LENGTH).contains(&text.len());
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"*#+-._".contains(&byte);
        if fits && text.bytes().all(allowed) { Ok(Self(text.to_owned())) } else { Err(ParseExtensionError) }
    }
}

impl fmt::Display for Extension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An extension names a person, so `Debug`, which logs use, does not show it.
impl fmt::Debug for Extension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Extension(‹redacted›)")
    }
}

impl Serialize for Extension {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Extension {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_text_is_refused() {
        for good in ["101", "*43", "+442079460000", "front-desk"] {
            assert!(good.parse::<Extension>().is_ok(), "{good}");
        }
        for bad in ["", "10 1", "a;b", "a@b", "ä", "012345678901234567890123456789012"] {
            assert!(bad.parse::<Extension>().is_err(), "{bad}");
        }
    }
}
