//! A small table of running timers.

use std::time::Instant;

/// The timers of RFC 3261 §17 and RFC 6026, by letter; see the [module](super) for the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Timer {
    A,
    B,
    D,
    E,
    F,
    G,
    H,
    I,
    J,
    K,
    L,
    M,
    /// The automatic 100.
    Trying,
}

/// Up to `N` running timers, each with its deadline. A machine knows how many it needs: setting one more is a bug.
#[derive(Debug, Clone)]
pub struct TimerTable<K, const N: usize = 4> {
    slots: [Option<(K, Instant)>; N],
}

impl<K: Copy + PartialEq, const N: usize> TimerTable<K, N> {
    /// No timer runs.
    pub const fn new() -> Self {
        Self { slots: [None; N] }
    }

    /// Starts `timer`, or moves its deadline.
    pub fn set(&mut self, timer: K, deadline: Instant) {
        let free = |slot: &Option<(K, Instant)>| slot.is_none_or(|(running, _)| running == timer);
        let at = self.position(timer).or_else(|| self.slots.iter().position(free));
        debug_assert!(at.is_some(), "a machine runs at most {N} timers");
        if let Some(slot) = at.and_then(|at| self.slots.get_mut(at)) {
            *slot = Some((timer, deadline));
        }
    }

    /// Stops `timer`, if it runs.
    pub fn stop(&mut self, timer: K) {
        for slot in &mut self.slots {
            if slot.is_some_and(|(running, _)| running == timer) {
                *slot = None;
            }
        }
    }

    /// Stops all.
    pub fn clear(&mut self) {
        self.slots = [None; N];
    }

    /// Whether `timer` runs.
    pub fn is_running(&self, timer: K) -> bool {
        self.position(timer).is_some()
    }

    /// The earliest deadline.
    pub fn next_timeout(&self) -> Option<Instant> {
        self.slots.iter().flatten().map(|&(_, deadline)| deadline).min()
    }

    /// Takes the earliest timer whose deadline is not after `now`.
    pub fn take_expired(&mut self, now: Instant) -> Option<(K, Instant)> {
        let (timer, deadline) = self.slots.iter().flatten().copied().min_by_key(|&(_, deadline)| deadline)?;
        if deadline > now {
            return None;
        }
        self.stop(timer);
        Some((timer, deadline))
    }

    fn position(&self, timer: K) -> Option<usize> {
        self.slots.iter().position(|slot| slot.is_some_and(|(running, _)| running == timer))
    }
}

impl<K: Copy + PartialEq, const N: usize> Default for TimerTable<K, N> {
    fn default() -> Self {
        Self::new()
    }
}
