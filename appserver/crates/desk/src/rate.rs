//! Rates: token buckets per key, and a growing wait after failed sign-ins.

use std::{
    collections::HashMap,
    hash::Hash,
    time::{Duration, Instant},
};

/// How much is allowed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    /// How many at once, after a pause.
    pub burst: u32,
    /// How many per second in the long run.
    pub per_second: f64,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    tokens: f64,
    at: Instant,
}

/// One token bucket per key. Keys are forgotten once their bucket is full again, and at the bound the
/// fullest-looking half is dropped, so an attacker with many addresses cannot grow it.
#[derive(Debug)]
pub struct RateLimiter<K> {
    rate: Rate,
    buckets: HashMap<K, Bucket>,
    bound: usize,
}

impl<K: Hash + Eq + Clone> RateLimiter<K> {
    /// A limiter that remembers at most `bound` keys.
    pub fn new(rate: Rate, bound: usize) -> Self {
        Self { rate, buckets: HashMap::new(), bound: bound.max(1) }
    }

    /// Takes one token of `key`'s; whether there was one.
    pub fn allow(&mut self, now: Instant, key: &K) -> bool {
        if self.buckets.len() >= self.bound && !self.buckets.contains_key(key) {
            self.shrink(now);
        }
        let full = Bucket { tokens: f64::from(self.rate.burst), at: now };
        let bucket = self.buckets.entry(key.clone()).or_insert(full);
        bucket.tokens = level(self.rate, *bucket, now);
        bucket.at = now;
        let allowed = bucket.tokens >= 1.0;
        if allowed {
            bucket.tokens -= 1.0;
        }
        allowed
    }

    /// Whether `key` has a token, without taking it.
    pub fn has_token(&self, now: Instant, key: &K) -> bool {
        self.buckets.get(key).is_none_or(|bucket| level(self.rate, *bucket, now) >= 1.0)
    }

    /// How many keys are remembered.
    pub fn len(&self) -> usize {
        self.buckets.len()
    }

    /// Whether no key is remembered.
    pub fn is_empty(&self) -> bool {
        self.buckets.is_empty()
    }

    fn shrink(&mut self, now: Instant) {
        let rate = self.rate;
        self.buckets.retain(|_, bucket| level(rate, *bucket, now) < f64::from(rate.burst));
        if self.buckets.len() < self.bound {
            return;
        }
        let mut levels: Vec<_> = self.buckets.values().map(|bucket| level(rate, *bucket, now)).collect();
        levels.sort_by(f64::total_cmp);
        let middle = levels[levels.len() / 2];
        self.buckets.retain(|_, bucket| level(rate, *bucket, now) < middle);
        self.buckets.shrink_to_fit();
    }
}

fn level(rate: Rate, bucket: Bucket, now: Instant) -> f64 {
    let gained = now.saturating_duration_since(bucket.at).as_secs_f64() * rate.per_second;
    (bucket.tokens + gained).min(f64::from(rate.burst))
}

/// Failures of a key that cost nothing.
const FREE_FAILURES: u32 = 5;
/// The wait after the first failure that costs; it doubles with each further one.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// The longest wait. Longer hurts the owner of the account more than the guesser.
const LONGEST_WAIT: Duration = Duration::from_secs(15 * 60);
/// A key without failures for this long starts afresh.
const FORGIVEN_AFTER: Duration = Duration::from_secs(60 * 60);

#[derive(Debug, Clone, Copy)]
struct Failures {
    count: u32,
    last: Instant,
}

/// A wait that doubles with each failed try of a key.
#[derive(Debug)]
pub struct Backoff<K> {
    failures: HashMap<K, Failures>,
    bound: usize,
}

impl<K: Hash + Eq + Clone> Backoff<K> {
    /// Remembers at most `bound` keys; at the bound the one with the oldest failure is forgotten.
    pub fn new(bound: usize) -> Self {
        Self { failures: HashMap::new(), bound: bound.max(1) }
    }

    /// How long `key` must still wait; zero if it may try.
    pub fn wait(&self, now: Instant, key: &K) -> Duration {
        let Some(failures) = self.failures.get(key) else { return Duration::ZERO };
        let Some(over) = failures.count.checked_sub(FREE_FAILURES) else { return Duration::ZERO };
        let wait = FIRST_WAIT.saturating_mul(2u32.saturating_pow(over)).min(LONGEST_WAIT);
        wait.saturating_sub(now.saturating_duration_since(failures.last))
    }

    /// A try of `key`'s failed.
    pub fn handle_failure(&mut self, now: Instant, key: &K) {
        if self.failures.len() >= self.bound && !self.failures.contains_key(key) {
            self.failures.retain(|_, f| now.saturating_duration_since(f.last) < FORGIVEN_AFTER);
            let oldest = self.failures.iter().min_by_key(|(_, f)| f.last).map(|(key, _)| key.clone());
            if let (true, Some(oldest)) = (self.failures.len() >= self.bound, oldest) {
                self.failures.remove(&oldest);
            }
        }
        let entry = self.failures.entry(key.clone()).or_insert(Failures { count: 0, last: now });
        if now.saturating_duration_since(entry.last) >= FORGIVEN_AFTER {
            entry.count = 0;
        }
        entry.count = entry.count.saturating_add(1);
        entry.last = now;
    }

    /// A try of `key`'s succeeded.
    pub fn handle_success(&mut self, key: &K) {
        self.failures.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_then_the_long_run_rate_holds() {
        let start = Instant::now_for_test();
        let mut limiter = RateLimiter::new(Rate { burst: 3, per_second: 2.0 }, 8);
        let passed = (0..10).filter(|_| limiter.allow(start, &"a")).count();
        assert_eq!(passed, 3);
        assert!(limiter.allow(start, &"b"), "keys do not share");
        let later = start + Duration::from_secs(1);
        let passed = (0..10).filter(|_| limiter.allow(later, &"a")).count();
        assert_eq!(passed, 2);
    }

    #[test]
    fn many_keys_do_not_grow_it_and_do_not_free_a_limited_one() {
        let start = Instant::now_for_test();
        let mut limiter = RateLimiter::new(Rate { burst: 2, per_second: 0.1 }, 100);
        while limiter.allow(start, &0) {}
        for key in 1..10_000 {
            limiter.allow(start, &key);
            assert!(limiter.len() <= 100);
        }
        assert!(!limiter.allow(start, &0));
    }

    #[test]
    fn the_wait_doubles_to_its_bound_and_success_ends_it() {
        let mut now = Instant::now_for_test();
        let mut backoff = Backoff::new(10);
        for _ in 0..FREE_FAILURES {
            assert_eq!(backoff.wait(now, &"a"), Duration::ZERO);
            backoff.handle_failure(now, &"a");
        }
        assert_eq!(backoff.wait(now, &"a"), FIRST_WAIT);
        now += FIRST_WAIT;
        assert_eq!(backoff.wait(now, &"a"), Duration::ZERO);
        backoff.handle_failure(now, &"a");
        assert_eq!(backoff.wait(now, &"a"), FIRST_WAIT * 2);
        for _ in 0..40 {
            backoff.handle_failure(now, &"a");
        }
        assert_eq!(backoff.wait(now, &"a"), LONGEST_WAIT);
        backoff.handle_success(&"a");
        assert_eq!(backoff.wait(now, &"a"), Duration::ZERO);
    }

    trait TestClock {
        fn now_for_test() -> Instant;
    }

    impl TestClock for Instant {
        #[allow(clippy::disallowed_methods, reason = "an Instant has no other constructor; only its origin")]
        fn now_for_test() -> Instant {
            Self::now()
        }
    }
}
