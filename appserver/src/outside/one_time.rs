//! Secrets that are good once and not for long.

use std::{
    collections::HashMap,
    sync::Mutex,
    time::{Duration, Instant},
};

use crate::{access::hash_secret, random::secret};

/// Values behind secrets.
#[derive(Debug)]
pub(crate) struct OneTime<T> {
    lifetime: Duration,
    max: usize,
    kept: Mutex<HashMap<String, (Instant, T)>>,
}

impl<T> OneTime<T> {
    /// Keeps at most `max` values for `lifetime` each; beyond it the oldest give way.
    pub(crate) fn new(lifetime: Duration, max: usize) -> Self {
        Self { lifetime, max, kept: Mutex::default() }
    }

    /// Keeps a value; returns its secret.
    pub(crate) fn issue(&self, now: Instant, value: T) -> String {
        let name = secret();
        let mut kept = self.kept.lock().expect("no holder of the lock panics");
        if kept.len() >= self.max {
            kept.retain(|_, (ends, _)| *ends > now);
        }
        if kept.len() >= self.max
            && let Some(oldest) = kept.iter().min_by_key(|(_, (ends, _))| *ends).map(|(hash, _)| hash.clone())
        {
            kept.remove(&oldest);
        }
        kept.insert(hash_secret(&name), (now + self.lifetime, value));
        name
    }

    /// Gives a value out, once.
    pub(crate) fn redeem(&self, now: Instant, secret: &str) -> Option<T> {
        let mut kept = self.kept.lock().expect("no holder of the lock panics");
        let (ends, value) = kept.remove(&hash_secret(secret))?;
        (ends > now).then_some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_given_out_once_in_time_and_the_oldest_gives_way() {
        let (kept, now) = (OneTime::new(Duration::from_secs(60), 2), Instant::now());
        let first = kept.issue(now, 1);
        assert_eq!(kept.redeem(now, &first), Some(1));
        assert_eq!(kept.redeem(now, &first), None);
        let late = kept.issue(now, 2);
        assert_eq!(kept.redeem(now + Duration::from_secs(60), &late), None);
        let old = kept.issue(now, 3);
        let others =
            [kept.issue(now + Duration::from_secs(1), 4), kept.issue(now + Duration::from_secs(2), 5)];
        assert_eq!(kept.redeem(now, &old), None);
        assert_eq!(others.map(|one| kept.redeem(now, &one)), [Some(4), Some(5)]);
    }
}
