//! Wall-clock times for what leaves the switch.

use std::time::{Duration, Instant};

/// Turns instants into Unix time. The switch is told the wall clock once; a step of the system's clock afterwards
/// does not reorder its events.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WallClock {
    base: Instant,
    unix_ms: u64,
}

impl WallClock {
    pub(crate) const fn new(base: Instant, unix_ms: u64) -> Self {
        Self { base, unix_ms }
    }

    /// Unix time in milliseconds.
    pub(crate) fn unix_ms(&self, at: Instant) -> u64 {
        let ms = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        match at.checked_duration_since(self.base) {
            Some(after) => self.unix_ms.saturating_add(ms(after)),
            None => self.unix_ms.saturating_sub(ms(self.base.duration_since(at))),
        }
    }
}
