//! One deadline for each leg or mix, soonest first.

use std::{collections::BTreeSet, time::Instant};

#[derive(Debug)]
pub(crate) struct Deadlines<K> {
    ordered: BTreeSet<(Instant, K)>,
}

impl<K> Default for Deadlines<K> {
    fn default() -> Self {
        Self { ordered: BTreeSet::new() }
    }
}

impl<K: Copy + Ord> Deadlines<K> {
    /// Moves a deadline; `scheduled` remembers where it is.
    pub(crate) fn schedule(&mut self, key: K, scheduled: &mut Option<Instant>, at: Option<Instant>) {
        if *scheduled == at {
            return;
        }
        if let Some(old) = *scheduled {
            self.ordered.remove(&(old, key));
        }
        if let Some(at) = at {
            self.ordered.insert((at, key));
        }
        *scheduled = at;
    }

    pub(crate) fn next(&self) -> Option<Instant> {
        self.ordered.first().map(|(at, _)| *at)
    }

    /// The next that is due at `now`, taken out of the table.
    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<K> {
        let first = *self.ordered.first().filter(|(at, _)| *at <= now)?;
        self.ordered.remove(&first);
        Some(first.1)
    }
}
