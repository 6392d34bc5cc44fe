//! The user fragment and password of one side of one ICE session (RFC 8445 §5.3).

use std::fmt;

use ringdown_types::Random;

/// One side's ICE user fragment and password. `Debug` shows neither the password nor anything derived from
/// it.
#[derive(Clone, PartialEq, Eq)]
pub struct IceCredentials {
    ufrag: String,
    password: String,
}

impl IceCredentials {
    /// Credentials as announced in a session description.
    ///
    /// # Errors
    /// The ufrag is not 4 to 256, or the password not 22 to 256, characters of `A-Z a-z 0-9 + /`
    /// (RFC 8839 §5.4).
    pub fn new(ufrag: impl Into<String>, password: impl Into<String>) -> Result<Self, InvalidIceCredentials> {
        let (ufrag, password) = (ufrag.into(), password.into());
        if !is_ice_chars(&ufrag, 4) {
            return Err(InvalidIceCredentials::Ufrag);
        }
        if !is_ice_chars(&password, 22) {
            return Err(InvalidIceCredentials::Password);
        }
        Ok(Self { ufrag, password })
    }

    /// Fresh credentials: 40 random bits of ufrag, 160 of password (RFC 8445 §5.3 wants 24 and 128).
    pub fn generate(random: &mut dyn Random) -> Self {
        Self { ufrag: random.token(8), password: random.token(32) }
    }

    /// The user fragment, public.
    pub fn ufrag(&self) -> &str {
        &self.ufrag
    }

    /// The password, the key of this side's MESSAGE-INTEGRITY. Never logged.
    pub fn password(&self) -> &str {
        &self.password
    }
}

impl fmt::Debug for IceCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IceCredentials").field("ufrag", &self.ufrag).finish_non_exhaustive()
    }
}

/// Why announced ICE credentials are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidIceCredentials {
    /// The user fragment is too short, too long or holds other than ice-chars.
    #[error("the ICE ufrag is not 4 to 256 ice-chars")]
    Ufrag,
    /// The password is too short, too long or holds other than ice-chars.
    #[error("the ICE password is not 22 to 256 ice-chars")]
    Password,
}

fn is_ice_chars(text: &str, minimum: usize) -> bool {
    (minimum..=256).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/')
}

#[cfg(test)]
mod tests {
    use ringdown_types::SeededRandom;

    use super::*;

    #[test]
    fn generated_credentials_are_valid_and_differ() {
        let mut random = SeededRandom::new(1);
        let first = IceCredentials::generate(&mut random);
        let second = IceCredentials::generate(&mut random);
        assert_ne!(first, second);
        assert_eq!(IceCredentials::new(first.ufrag(), first.password()), Ok(first));
    }

    #[test]
    fn short_or_foreign_credentials_are_refused() {
        let password = "0123456789abcdef012345";
        assert_eq!(IceCredentials::new("abc", password), Err(InvalidIceCredentials::Ufrag));
        assert_eq!(IceCredentials::new("ab:c", password), Err(InvalidIceCredentials::Ufrag));
        assert_eq!(IceCredentials::new("abcd", "short"), Err(InvalidIceCredentials::Password));
        assert_eq!(IceCredentials::new("a".repeat(257), password), Err(InvalidIceCredentials::Ufrag));
    }

    #[test]
    fn the_password_is_not_printed() {
        let credentials = IceCredentials::new("abcd", "0123456789abcdef012345").unwrap();
        assert!(!format!("{credentials:?}").contains("0123456789"));
    }
}
