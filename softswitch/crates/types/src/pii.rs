//! Redaction: what identifies a person never reaches a log as it is.

use std::{fmt, ops::Deref};

use serde::{Deserialize, Serialize};

/// A value that names a person, a number or an address. It prints redacted, in `Debug` and `Display` alike;
/// the value itself is reached by dereferencing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Pii<T>(pub T);

impl<T> Deref for Pii<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> fmt::Debug for Pii<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("‹redacted›")
    }
}

impl<T> fmt::Display for Pii<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("‹redacted›")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_format_shows_the_value() {
        let number = Pii("+44 20 7946 0000");
        assert!(!format!("{number} {number:?}").contains("7946"));
        assert_eq!(number.len(), 16);
    }
}
