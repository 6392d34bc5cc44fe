//! Simulated time.

use std::time::{Duration, Instant};

/// A clock that moves only when told. Copies are independent: one simulation keeps one clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SimClock {
    base: Instant,
    elapsed: Duration,
}

impl SimClock {
    /// A clock at the beginning of its time.
    pub fn new() -> Self {
        // `Instant` has no constructor: this one reading is the origin of simulated time, and nothing depends on
        // which one it is.
        #[expect(clippy::disallowed_methods, reason = "the base of simulated time")]
        let base = Instant::now();
        Self { base, elapsed: Duration::ZERO }
    }

    /// The present.
    pub fn now(&self) -> Instant {
        self.base + self.elapsed
    }

    /// How much time went by since the beginning.
    pub const fn elapsed(&self) -> Duration {
        self.elapsed
    }

    /// Lets time go by, and returns the new present.
    pub fn advance(&mut self, by: Duration) -> Instant {
        self.elapsed += by;
        self.now()
    }

    /// Moves to `at`, and returns the new present; an instant in the past changes nothing.
    pub fn advance_to(&mut self, at: Instant) -> Instant {
        self.elapsed = self.elapsed.max(at.saturating_duration_since(self.base));
        self.now()
    }
}

impl Default for SimClock {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_moves_forward_only_and_only_when_told() {
        let mut clock = SimClock::new();
        let start = clock.now();
        assert_eq!(clock.now(), start);
        let later = clock.advance(Duration::from_secs(3600));
        assert_eq!(later - start, Duration::from_secs(3600));
        assert_eq!(clock.advance_to(start), later);
        assert_eq!(clock.elapsed(), Duration::from_secs(3600));
    }
}
