//! Browser sessions: who can be rung in a browser.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use ringdown_types::{LegId, SessionId, UserId};

/// The live browser sessions and their legs.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    sessions: BTreeMap<SessionId, Session>,
    users: BTreeMap<UserId, BTreeSet<SessionId>>,
    /// When sessions the app server has not named again since it connected are gone.
    deadline: Option<Instant>,
}

#[derive(Debug)]
struct Session {
    user: UserId,
    legs: BTreeSet<LegId>,
    /// Not named again since the app server connected.
    is_doubtful: bool,
}

impl Sessions {
    /// A page in a background tab is woken once a minute only, and then has to reach the app server. A smaller value
    /// ends calls of sleeping tabs after a restart of the app server, a larger one rings tabs that are gone.
    const PATIENCE: Duration = Duration::from_secs(90);

    /// A session can be rung. Its repetition changes nothing; a session that changes hands loses its legs, which
    /// are returned.
    pub(crate) fn up(&mut self, session: SessionId, user: UserId) -> Vec<LegId> {
        if let Some(known) = self.sessions.get_mut(&session).filter(|known| known.user == user) {
            known.is_doubtful = false;
            return Vec::new();
        }
        let orphans = self.down(session);
        self.sessions.insert(session, Session { user, legs: BTreeSet::new(), is_doubtful: false });
        self.users.entry(user).or_default().insert(session);
        orphans
    }

    /// A session is gone; its legs are returned.
    pub(crate) fn down(&mut self, session: SessionId) -> Vec<LegId> {
        let Some(gone) = self.sessions.remove(&session) else { return Vec::new() };
        if let Some(sessions) = self.users.get_mut(&gone.user) {
            sessions.remove(&session);
            if sessions.is_empty() {
                self.users.remove(&gone.user);
            }
        }
        gone.legs.into_iter().collect()
    }

    /// The app server connected: it names every live session again, and what it does not name is gone.
    pub(crate) fn doubt_all(&mut self, now: Instant) {
        for session in self.sessions.values_mut() {
            session.is_doubtful = true;
        }
        self.deadline = (!self.sessions.is_empty()).then_some(now + Self::PATIENCE);
    }

    /// Drops what the app server did not name in time; the legs of those sessions.
    pub(crate) fn handle_timeout(&mut self, now: Instant) -> Vec<LegId> {
        if self.deadline.is_none_or(|deadline| deadline > now) {
            return Vec::new();
        }
        self.deadline = None;
        let doubtful = |(id, session): (&SessionId, &Session)| session.is_doubtful.then_some(*id);
        let gone: Vec<SessionId> = self.sessions.iter().filter_map(doubtful).collect();
        gone.into_iter().flat_map(|session| self.down(session)).collect()
    }

    pub(crate) const fn next_timeout(&self) -> Option<Instant> {
        self.deadline
    }

    pub(crate) fn user_of(&self, session: SessionId) -> Option<UserId> {
        self.sessions.get(&session).map(|session| session.user)
    }

    /// A user's sessions.
    pub(crate) fn of_user(&self, user: UserId) -> impl Iterator<Item = SessionId> {
        self.users.get(&user).into_iter().flatten().copied()
    }

    /// How many legs a session has.
    pub(crate) fn leg_count(&self, session: SessionId) -> usize {
        self.sessions.get(&session).map_or(0, |session| session.legs.len())
    }

    pub(crate) fn add_leg(&mut self, session: SessionId, leg: LegId) {
        if let Some(session) = self.sessions.get_mut(&session) {
            session.legs.insert(leg);
        }
    }

    pub(crate) fn remove_leg(&mut self, session: SessionId, leg: LegId) {
        if let Some(session) = self.sessions.get_mut(&session) {
            session.legs.remove(&leg);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALICE: UserId = UserId::from_u128(1);
    const BOB: UserId = UserId::from_u128(2);
    const TAB: SessionId = SessionId::from_u128(10);
    const LEG: LegId = LegId::from_u128(20);

    #[test]
    fn a_session_that_changes_hands_loses_its_legs() {
        let mut sessions = Sessions::default();
        assert!(sessions.up(TAB, ALICE).is_empty());
        sessions.add_leg(TAB, LEG);
        assert!(sessions.up(TAB, ALICE).is_empty(), "a repetition changes nothing");
        assert_eq!(sessions.leg_count(TAB), 1);
        assert_eq!(sessions.up(TAB, BOB), [LEG]);
        assert_eq!(sessions.of_user(ALICE).count(), 0);
        assert_eq!(sessions.of_user(BOB).count(), 1);
        assert!(sessions.down(TAB).is_empty());
        assert_eq!(sessions.user_of(TAB), None);
    }
}
