//! One deadline for each leg, soonest first.

use std::{collections::BTreeSet, time::Instant};

use crate::legs::Slot;

#[derive(Debug, Default)]
pub(crate) struct Deadlines {
    ordered: BTreeSet<(Instant, Slot)>,
}

impl Deadlines {
    /// Moves a leg's deadline; `scheduled` remembers where it is.
    pub(crate) fn schedule(&mut self, slot: Slot, scheduled: &mut Option<Instant>, at: Option<Instant>) {
        if *scheduled == at {
            return;
        }
        if let Some(old) = *scheduled {
            self.ordered.remove(&(old, slot));
        }
        if let Some(at) = at {
            self.ordered.insert((at, slot));
        }
        *scheduled = at;
    }

    pub(crate) fn next(&self) -> Option<Instant> {
        self.ordered.first().map(|(at, _)| *at)
    }

    /// The next leg that is due at `now`, taken out of the table.
    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<Slot> {
        let first = *self.ordered.first().filter(|(at, _)| *at <= now)?;
        self.ordered.remove(&first);
        Some(first.1)
    }
}
