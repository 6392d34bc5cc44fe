//! Dialled text as it is compared, and parking slots.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Dialled text as it is compared: no visual separators, lower case. Two texts with one key reach the same.
///
/// Separators (RFC 3966 §5.1.1: `-`, `.`, `(`, `)`) and white space do not count, and ASCII case does not count:
/// nobody dials them on purpose. Never empty, and kept in place: a look-up allocates nothing.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DialKey {
    /// Zero beyond `len`, so that derived comparison is comparison of the text.
    bytes: [u8; Self::MAX_LENGTH],
    len: u8,
}

impl DialKey {
    /// The longest key: a feature code and the number it is about.
    pub const MAX_LENGTH: usize = 48;

    /// The longest dialled text that is looked at, in bytes. A longer one is malformed: no number needs half of it
    /// even with separators between all its characters.
    pub const MAX_DIALLED_BYTES: usize = 128;

    /// The key of dialled text; `None` when it holds a character no extension has, is too long, or is nothing but
    /// separators.
    pub fn parse(dialled: &str) -> Option<Self> {
        if dialled.len() > Self::MAX_DIALLED_BYTES {
            return None;
        }
        let (mut bytes, mut len) = ([0; Self::MAX_LENGTH], 0_usize);
        for character in dialled.chars().filter(|character| !is_separator(*character)) {
            if !(character.is_ascii_alphanumeric() || "*#+_".contains(character)) {
                return None;
            }
            *bytes.get_mut(len)? = u8::try_from(character.to_ascii_lowercase()).ok()?;
            len += 1;
        }
        (len > 0).then_some(Self { bytes, len: u8::try_from(len).ok()? })
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        let text = self.bytes.get(..self.len.into()).unwrap_or_default();
        std::str::from_utf8(text).unwrap_or_default()
    }

    /// What follows `prefix`; `None` where nothing does or the key starts differently.
    pub fn after(&self, prefix: &Self) -> Option<Self> {
        Self::parse(self.as_str().strip_prefix(prefix.as_str())?)
    }
}

/// A number names a person, so `Debug`, which logs use, does not show it.
impl fmt::Debug for DialKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DialKey(‹redacted›)")
    }
}

/// Characters people write to make a number readable (RFC 3966 §5.1.1), and white space.
fn is_separator(character: char) -> bool {
    character.is_whitespace() || matches!(character, '-' | '.' | '(' | ')')
}

/// A place where a parked call waits: the number that takes it back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ParkSlot(pub u32);

impl fmt::Display for ParkSlot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(dialled: &str) -> Option<String> {
        DialKey::parse(dialled).map(|key| key.as_str().to_owned())
    }

    #[test]
    fn separators_and_case_do_not_count() {
        for dialled in ["1 01", "1-0-1", "(1)01", " 101 ", "1.0.1"] {
            assert_eq!(key(dialled).as_deref(), Some("101"), "{dialled:?}");
        }
        assert_eq!(DialKey::parse("Front-Desk"), DialKey::parse("frontdesk"));
    }

    #[test]
    fn what_no_extension_holds_is_malformed() {
        let long = "1".repeat(DialKey::MAX_LENGTH + 1);
        for dialled in ["", " ", "()-", "a@b", "1;ext=2", "ä", "1\u{0}", long.as_str()] {
            assert_eq!(key(dialled), None, "{dialled:?}");
        }
    }

    #[test]
    fn a_code_leaves_its_argument() {
        let code = DialKey::parse("*72").expect("it is dialable");
        let dialled = DialKey::parse("*72 1-03").expect("it is dialable");
        assert_eq!(dialled.after(&code), DialKey::parse("103"));
        assert_eq!(code.after(&code), None);
    }

    proptest! {
        #[test]
        fn any_text_is_survived_and_keys_are_stable(text in "\\PC{0,140}") {
            if let Some(key) = DialKey::parse(&text) {
                prop_assert_eq!(DialKey::parse(key.as_str()), Some(key));
            }
        }
    }
}
