//! Browsers whose media went away.
//!
//! A page that fell silent may be hanging up, reloading, crashed or changing networks, and its words, which travel by
//! way of the app server, arrive after its silence. So the leg waits for them, and its partner hears a comfort tone.

use std::{
    collections::{BTreeSet, HashMap},
    time::{Duration, Instant},
};

use ringdown_types::LegId;

/// Legs that wait for their media to come back.
#[derive(Debug, Default)]
pub(crate) struct LostMedia {
    /// Until when each of them waits.
    waiting: HashMap<LegId, Instant>,
    /// The same in order: a building's network takes hundreds at once.
    deadlines: BTreeSet<(Instant, LegId)>,
}

impl LostMedia {
    /// As long as its session waits for a page. A larger value keeps the other side longer with somebody who is gone, a
    /// smaller one ends calls that a slow start of a computer would have saved.
    const PAGE_GRACE: Duration = Duration::from_secs(120);
    /// A telephone in a page forgets its calls with the page: it can come back from another network alone.
    const TELEPHONE_GRACE: Duration = Duration::from_secs(15);

    /// `is_page` says whether the leg is a page's at the app server, which may come back as another page.
    pub(crate) fn lost(&mut self, now: Instant, leg: LegId, is_page: bool) {
        if !self.is_lost(leg) {
            let deadline = now + if is_page { Self::PAGE_GRACE } else { Self::TELEPHONE_GRACE };
            self.waiting.insert(leg, deadline);
            self.deadlines.insert((deadline, leg));
        }
    }

    pub(crate) fn is_lost(&self, leg: LegId) -> bool {
        self.waiting.contains_key(&leg)
    }

    /// The media is back, or the leg is over. Returns whether it was lost.
    pub(crate) fn settled(&mut self, leg: LegId) -> bool {
        let Some(deadline) = self.waiting.remove(&leg) else { return false };
        self.deadlines.remove(&(deadline, leg))
    }

    /// A leg that waited in vain.
    pub(crate) fn take_expired(&mut self, now: Instant) -> Option<LegId> {
        let (_, leg) = self.deadlines.first().copied().filter(|(deadline, _)| *deadline <= now)?;
        self.settled(leg);
        Some(leg)
    }

    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        self.deadlines.first().map(|(deadline, _)| *deadline)
    }
}
