//! The keys of an issuer: from a file, or fetched from where it publishes them.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::sync::Mutex;
use url::Url;

use crate::{
    jose::{self, Algorithm, Claims, Expected, Keys, TokenError},
    outgoing::{Outgoing, OutgoingError, Sender},
};

/// Fetched keys are good for so long: an issuer that takes a key back is heard within it.
const FRESH: Duration = Duration::from_secs(60 * 60);
/// A token with an unknown key has them fetched again, but no more often than this.
const AGAIN: Duration = Duration::from_secs(30);
/// An issuer that cannot be reached is asked again after this.
const FAILED_FOR: Duration = Duration::from_secs(5);

/// Why keys say nothing of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum KeysError {
    #[error("{0}")]
    Token(#[from] TokenError),
    #[error("the issuer's keys cannot be fetched: {0}")]
    Fetch(#[from] OutgoingError),
    #[error("the issuer's keys cannot be fetched: status {0}")]
    Status(u16),
    #[error("the issuer's keys are unusable: {0}")]
    Unusable(#[from] jose::KeyError),
}

/// The keys of an issuer.
#[derive(Debug)]
pub(super) enum KeySource {
    Fixed(Keys),
    Fetched(Fetched),
}

#[derive(Debug)]
pub(super) struct Fetched {
    algorithm: Algorithm,
    url: Url,
    /// Held while they are fetched: whoever waits has them next.
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    keys: Option<Arc<Keys>>,
    fetched: Option<Instant>,
    tried: Option<Instant>,
    /// Why the last try brought none.
    failed: Option<KeysError>,
}

impl KeySource {
    pub(super) fn fetched(algorithm: Algorithm, url: Url) -> Self {
        Self::Fetched(Fetched { algorithm, url, kept: Mutex::default() })
    }

    /// Checks a token; keys that do not know it are fetched again.
    pub(super) async fn verify(
        &self,
        sender: &Sender,
        token: &str,
        expected: &Expected<'_>,
        now: u64,
    ) -> Result<Claims, KeysError> {
        let fetched = match self {
            Self::Fixed(keys) => return Ok(jose::verify(token, keys, expected, now)?),
            Self::Fetched(fetched) => fetched,
        };
        let keys = fetched.keys(sender, FRESH).await?;
        match jose::verify(token, &keys, expected, now) {
            Err(TokenError::UnknownKey | TokenError::Signature) => {
                let keys = fetched.keys(sender, AGAIN).await?;
                Ok(jose::verify(token, &keys, expected, now)?)
            }
            other => Ok(other?),
        }
    }
}

impl Fetched {
    /// Keys no older than `age`, or older ones where newer ones cannot be had.
    async fn keys(&self, sender: &Sender, age: Duration) -> Result<Arc<Keys>, KeysError> {
        let mut kept = self.kept.lock().await;
        let is_younger = |at: Option<Instant>, than: Duration| at.is_some_and(|at| at.elapsed() < than);
        if let Some(keys) = &kept.keys
            && (is_younger(kept.fetched, age) || is_younger(kept.tried, AGAIN))
        {
            return Ok(Arc::clone(keys));
        }
        // Whoever names this issuer would wait for a fetch of their own while it cannot be reached.
        if let Some(error) = kept.failed
            && is_younger(kept.tried, FAILED_FOR)
        {
            return kept.keys.clone().ok_or(error);
        }
        kept.tried = Some(Instant::now());
        match self.fetch(sender).await {
            Ok(keys) => {
                let keys = Arc::new(keys);
                kept.keys = Some(Arc::clone(&keys));
                kept.fetched = kept.tried;
                kept.failed = None;
                Ok(keys)
            }
            Err(error) => {
                tracing::warn!(%error, "keys of an issuer are not renewed");
                kept.tried = Some(Instant::now());
                kept.failed = Some(error);
                kept.keys.clone().ok_or(error)
            }
        }
    }

    async fn fetch(&self, sender: &Sender) -> Result<Keys, KeysError> {
        let answer = sender.send(Outgoing::get(self.url.clone())).await?;
        if answer.status != 200 {
            return Err(KeysError::Status(answer.status.as_u16()));
        }
        Ok(Keys::set(self.algorithm, &answer.body)?)
    }
}
