//! Browsers whose media went away.
//!
//! A page that closes its connection may be hanging up, reloading or changing networks, and its words, which travel
//! by way of the app server, arrive after its silence. So the leg waits for them.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use ringdown_types::LegId;

/// Legs that wait for their media to come back.
#[derive(Debug, Default)]
pub(crate) struct LostMedia(BTreeSet<(Instant, LegId)>);

impl LostMedia {
    /// A larger value keeps the other side in silence longer, a smaller one ends calls a reload would have saved.
    const GRACE: Duration = Duration::from_secs(15);

    pub(crate) fn lost(&mut self, now: Instant, leg: LegId) {
        if !self.0.iter().any(|(_, known)| *known == leg) {
            self.0.insert((now + Self::GRACE, leg));
        }
    }

    /// The media is back, or the leg is over.
    pub(crate) fn settled(&mut self, leg: LegId) {
        self.0.retain(|(_, known)| *known != leg);
    }

    /// A leg that waited in vain.
    pub(crate) fn take_expired(&mut self, now: Instant) -> Option<LegId> {
        let due = self.0.first().copied().filter(|(deadline, _)| *deadline <= now)?;
        self.0.remove(&due);
        Some(due.1)
    }

    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        self.0.first().map(|(deadline, _)| *deadline)
    }
}
