//! Passwords: argon2id, a few at a time.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher as _, PasswordVerifier as _},
};
use tokio::sync::Semaphore;

use crate::random::OsRandom;

/// Hashes at once. Each takes [`MEMORY_KIB`] and a core for some 20 ms; more at once only takes from calls.
const AT_ONCE: usize = 2;
/// Those that may wait for their turn; one more is refused.
const QUEUE: usize = 64;
/// Argon2id with 19 MiB and two passes: OWASP's first choice.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;

/// Hashes and checks passwords off the async threads.
#[derive(Debug, Clone)]
pub struct Passwords {
    turns: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
    /// What a sign-in with an unknown name is checked against, so that it costs the same.
    decoy: Arc<str>,
}

/// Too many passwords wait to be checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many passwords wait to be checked")]
pub struct Overloaded;

impl Default for Passwords {
    fn default() -> Self {
        Self::new()
    }
}

impl Passwords {
    /// The hasher.
    pub fn new() -> Self {
        // Never matches: the hash part is the encoding of 32 zero bytes. The cost is what counts.
        let decoy = format!(
            "$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
        );
        Self { turns: Arc::new(Semaphore::new(AT_ONCE)), waiting: Arc::default(), decoy: decoy.into() }
    }

    /// The hash to keep for a password.
    ///
    /// # Errors
    /// When too many wait.
    pub async fn hash(&self, password: &str) -> Result<String, Overloaded> {
        let password = password.to_owned();
        self.run(move || {
            let mut salt = [0; 16];
            ringdown_types::Random::fill(&mut OsRandom, &mut salt);
            let hash = argon2().hash_password_with_salt(password.as_bytes(), &salt);
            hash.expect("the parameters are valid").to_string()
        })
        .await
    }

    /// Whether the password fits the hash; without a hash it never does, at the same cost.
    ///
    /// # Errors
    /// When too many wait.
    pub async fn verify(&self, password: &str, hash: Option<&str>) -> Result<bool, Overloaded> {
        let password = password.to_owned();
        let known = hash.is_some();
        let hash = hash.unwrap_or(&self.decoy).to_owned();
        let fits =
            self.run(move || argon2().verify_password(password.as_bytes(), hash.as_str()).is_ok()).await?;
        Ok(fits && known)
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Overloaded> {
        let place = Place::take(&self.waiting)?;
        let turn = self.turns.acquire().await.expect("the semaphore is never closed");
        drop(place);
        let result = tokio::task::spawn_blocking(work).await.expect("hashing does not panic");
        drop(turn);
        Ok(result)
    }
}

/// A place in the queue, given back however the waiting ends.
struct Place<'a>(&'a AtomicUsize);

impl<'a> Place<'a> {
    fn take(waiting: &'a AtomicUsize) -> Result<Self, Overloaded> {
        if waiting.fetch_add(1, Ordering::Relaxed) >= QUEUE {
            waiting.fetch_sub(1, Ordering::Relaxed);
            return Err(Overloaded);
        }
        Ok(Self(waiting))
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn argon2() -> Argon2<'static> {
    let params = Params::new(MEMORY_KIB, PASSES, 1, None).expect("the parameters are valid");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_right_password_fits_and_an_unknown_account_never_does() {
        let passwords = Passwords::new();
        let hash = passwords.hash("correct horse").await.expect("room");
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert_eq!(passwords.verify("correct horse", Some(&hash)).await, Ok(true));
        assert_eq!(passwords.verify("wrong", Some(&hash)).await, Ok(false));
        assert_eq!(passwords.verify("", None).await, Ok(false));
    }

    #[test]
    fn the_decoy_costs_what_a_real_hash_costs() {
        let decoy = Passwords::new().decoy;
        let parsed = argon2::PasswordHash::new(&decoy).expect("it can be parsed, so it is computed");
        assert_eq!(Params::try_from(&parsed).expect("valid").m_cost(), MEMORY_KIB);
    }
}
