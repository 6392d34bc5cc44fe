//! The deadlines of many machines, in order.

use std::{collections::BTreeSet, hash::Hash, time::Instant};

use rustc_hash::FxHashMap;

/// One deadline for each key, and the earliest of all at hand.
#[derive(Debug)]
pub(crate) struct TimerQueue<K> {
    order: BTreeSet<(Instant, K)>,
    /// Keys are numbers of ours, which nobody outside chooses.
    deadlines: FxHashMap<K, Instant>,
}

impl<K: Copy + Ord + Hash> TimerQueue<K> {
    pub(crate) fn new() -> Self {
        Self { order: BTreeSet::new(), deadlines: FxHashMap::default() }
    }

    /// Sets or, with `None`, removes the deadline of `key`.
    pub(crate) fn set(&mut self, key: K, deadline: Option<Instant>) {
        let known = match deadline {
            Some(deadline) => self.deadlines.insert(key, deadline),
            None => self.deadlines.remove(&key),
        };
        if known == deadline {
            return;
        }
        if let Some(known) = known {
            self.order.remove(&(known, key));
        }
        if let Some(deadline) = deadline {
            self.order.insert((deadline, key));
        }
    }

    /// The earliest deadline.
    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        self.order.first().map(|&(deadline, _)| deadline)
    }

    /// Removes and returns a key whose deadline is not after `now`, earliest first.
    pub(crate) fn take_expired(&mut self, now: Instant) -> Option<K> {
        let &(deadline, key) = self.order.first().filter(|(deadline, _)| *deadline <= now)?;
        self.order.remove(&(deadline, key));
        self.deadlines.remove(&key);
        Some(key)
    }
}
