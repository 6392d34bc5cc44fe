//! Dialled text to a table key.

use ringdown_types::Extension;

/// The longest dialled text that is looked at, in bytes. A longer one is malformed: no extension needs a quarter of
/// it even with separators between all its characters.
pub const MAX_DIALLED_BYTES: usize = 128;

/// What identifies an extension: no separators, lower case. Never empty.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key(String);

impl Key {
    /// The key of dialled text; `None` when it holds a character no extension has, is too long, or is nothing but
    /// separators.
    pub(crate) fn parse(dialled: &str) -> Option<Self> {
        if dialled.len() > MAX_DIALLED_BYTES {
            return None;
        }
        let mut key = String::with_capacity(dialled.len());
        for character in dialled.chars().filter(|character| !is_separator(*character)) {
            if !(character.is_ascii_alphanumeric() || "*#+_".contains(character)) {
                return None;
            }
            key.push(character.to_ascii_lowercase());
        }
        (!key.is_empty() && key.len() <= Extension::MAX_LENGTH).then_some(Self(key))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Characters people write to make a number readable (RFC 3966 §5.1.1), and white space.
fn is_separator(character: char) -> bool {
    character.is_whitespace() || matches!(character, '-' | '.' | '(' | ')')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn separators_and_case_do_not_count() {
        for dialled in ["1 01", "1-0-1", "(1)01", " 101 ", "1.0.1"] {
            assert_eq!(Key::parse(dialled).as_ref().map(Key::as_str), Some("101"), "{dialled:?}");
        }
        assert_eq!(Key::parse("Front-Desk"), Key::parse("frontdesk"));
    }

    #[test]
    fn what_no_extension_holds_is_malformed() {
        let long = "1".repeat(MAX_DIALLED_BYTES + 1);
        for dialled in ["", " ", "()-", "a@b", "1;ext=2", "ä", "1\u{0}", long.as_str()] {
            assert_eq!(Key::parse(dialled), None, "{dialled:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_survived_and_keys_are_stable(text in "\\PC{0,140}") {
            if let Some(key) = Key::parse(&text) {
                prop_assert_eq!(Key::parse(key.as_str()), Some(key.clone()));
            }
        }
    }
}
