//! How good a way is, and what becomes of what is sent over it.

use std::time::{Duration, Instant};

use ringdown_types::Random;

/// How good one direction is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Link {
    /// The least time a datagram takes.
    pub latency: Duration,
    /// The most it takes beyond that, evenly spread. It alone never reorders.
    pub jitter: Duration,
    /// How many of 1,000 datagrams are lost, each by itself.
    pub loss_per_mille: u16,
    /// Losses that come in a row, beside those of `loss_per_mille`.
    pub burst: Burst,
    /// How many of 1,000 are delayed by up to `reorder_delay` and overtaken meanwhile.
    pub reorder_per_mille: u16,
    /// The most a reordered datagram is delayed.
    pub reorder_delay: Duration,
    /// How many of 1,000 arrive twice.
    pub duplicate_per_mille: u16,
}

/// Losses in a row: the two states of Gilbert's model. In the good state nothing is lost, in the bad one everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Burst {
    /// The chance of 1,000,000 that a datagram begins a burst; 0 for none ever.
    pub begins_per_million: u32,
    /// The chance of 1,000,000 that a datagram ends one.
    pub ends_per_million: u32,
}

impl Burst {
    /// Bursts of `mean_length` datagrams (1 to 1,000) on average that lose `loss_per_mille` (0 to 999) of all.
    pub const fn new(loss_per_mille: u16, mean_length: u16) -> Self {
        let loss = if loss_per_mille > 999 { 999 } else { loss_per_mille as u64 };
        let length = if mean_length == 0 { 1 } else { mean_length as u64 };
        // In the long run, begins × good = ends × bad, and bad is the loss.
        let ends = 1_000_000 / length;
        let begins = ends * loss / (1000 - loss);
        Self {
            begins_per_million: if begins > 1_000_000 { 1_000_000 } else { begins as u32 },
            ends_per_million: ends as u32,
        }
    }
}

impl Link {
    /// A link that only delays.
    pub const fn with_latency(latency: Duration) -> Self {
        Self {
            latency,
            jitter: Duration::ZERO,
            loss_per_mille: 0,
            burst: Burst { begins_per_million: 0, ends_per_million: 0 },
            reorder_per_mille: 0,
            reorder_delay: Duration::ZERO,
            duplicate_per_mille: 0,
        }
    }

    /// A link that only loses, each datagram by itself.
    pub const fn with_loss(loss_per_mille: u16) -> Self {
        Self { loss_per_mille, ..Self::with_latency(Duration::ZERO) }
    }

    /// A link that only loses, `mean_length` datagrams in a row on average.
    pub const fn with_bursts(loss_per_mille: u16, mean_length: u16) -> Self {
        Self { burst: Burst::new(loss_per_mille, mean_length), ..Self::with_latency(Duration::ZERO) }
    }
}

/// What a direction remembers from one datagram to the next.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Course {
    /// The last delivery, so that jitter does not reorder.
    latest: Option<Instant>,
    is_in_burst: bool,
}

/// What becomes of a datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Delivery {
    /// When it arrives.
    pub(super) at: Instant,
    /// When it arrives once more.
    pub(super) again_at: Option<Instant>,
    /// Whether others may overtake it.
    pub(super) is_reordered: bool,
}

impl Course {
    pub(super) const NEW: Self = Self { latest: None, is_in_burst: false };

    /// Throws the dice for a datagram sent at `now`; `None` for one that is lost.
    pub(super) fn send(&mut self, now: Instant, link: Link, random: &mut dyn Random) -> Option<Delivery> {
        let is_lost = happens(random, link.loss_per_mille);
        if self.step_burst(link.burst, random) || is_lost {
            return None;
        }
        let doubled = happens(random, link.duplicate_per_mille);
        let again_at = doubled.then(|| now + link.latency + up_to(random, link.jitter));
        let mut at = now + link.latency + up_to(random, link.jitter);
        let is_reordered = happens(random, link.reorder_per_mille);
        if is_reordered {
            at += up_to(random, link.reorder_delay);
        } else {
            at = self.latest.map_or(at, |latest| at.max(latest));
            self.latest = Some(at);
        }
        Some(Delivery { at, again_at, is_reordered })
    }

    fn step_burst(&mut self, burst: Burst, random: &mut dyn Random) -> bool {
        if burst.begins_per_million == 0 {
            self.is_in_burst = false;
            return false;
        }
        let chance = if self.is_in_burst { burst.ends_per_million } else { burst.begins_per_million };
        if random.u32() % 1_000_000 < chance {
            self.is_in_burst = !self.is_in_burst;
        }
        self.is_in_burst
    }
}

fn happens(random: &mut dyn Random, per_mille: u16) -> bool {
    // A chance of zero draws nothing, so a perfect link does not shift the dice of the others.
    per_mille > 0 && random.u32() % 1000 < u32::from(per_mille)
}

fn up_to(random: &mut dyn Random, most: Duration) -> Duration {
    if most.is_zero() {
        return Duration::ZERO;
    }
    let nanoseconds = u64::try_from(most.as_nanos()).unwrap_or(u64::MAX);
    Duration::from_nanos(random.u64() % nanoseconds.saturating_add(1))
}
