//! Whose presence each session is told, and the way back: who is told of a change.

use std::collections::{BTreeSet, HashMap};

use ringdown_types::{SessionId, UserId};

/// Companies up to this size are told whole. Larger, and a state would take long to make and to send.
pub const EVERYBODY_UP_TO: usize = 500;
/// In larger ones a session is given this many people.
pub(crate) const MAX_GIVEN: usize = 200;
/// And may watch this many more.
pub(crate) const MAX_WATCHED: usize = 500;

/// Whom a session knows.
#[derive(Debug)]
pub(crate) enum Known {
    /// Everybody in the directory.
    Everybody,
    /// Some. Both are sorted.
    Some {
        /// With the state, and whom the user came to know since.
        given: Vec<UserId>,
        /// Asked for.
        watched: Vec<UserId>,
    },
}

/// Nobody: a session that was not given its state yet.
impl Default for Known {
    fn default() -> Self {
        Self::Some { given: Vec::new(), watched: Vec::new() }
    }
}

impl Known {
    pub(crate) const fn is_complete(&self) -> bool {
        matches!(self, Self::Everybody)
    }

    fn knows(&self, user: UserId) -> bool {
        match self {
            Self::Everybody => true,
            Self::Some { given, watched } => {
                given.binary_search(&user).is_ok() || watched.binary_search(&user).is_ok()
            }
        }
    }

    fn all(&self) -> impl Iterator<Item = UserId> + '_ {
        let (given, watched): (&[_], &[_]) = match self {
            Self::Everybody => (&[], &[]),
            Self::Some { given, watched } => (given, watched),
        };
        given.iter().chain(watched).copied()
    }
}

/// Who is told of whom.
#[derive(Debug, Default)]
pub(crate) struct Watchers {
    known: HashMap<SessionId, Known>,
    /// The sessions that know everybody.
    of_all: BTreeSet<SessionId>,
    /// The others by whom they know, sorted.
    of_one: HashMap<UserId, Vec<SessionId>>,
}

impl Watchers {
    /// Whether the session is told of everybody.
    pub(crate) fn is_complete(&self, session: SessionId) -> bool {
        self.known.get(&session).is_some_and(Known::is_complete)
    }

    /// The session is told of these and of nobody else.
    pub(crate) fn set(&mut self, session: SessionId, known: Known) {
        self.forget(session);
        if known.is_complete() {
            self.of_all.insert(session);
        }
        for user in known.all() {
            insert(self.of_one.entry(user).or_default(), session);
        }
        self.known.insert(session, known);
    }

    /// The session is over.
    pub(crate) fn forget(&mut self, session: SessionId) {
        self.of_all.remove(&session);
        let known = self.known.remove(&session);
        for user in known.iter().flat_map(Known::all) {
            self.unlink(session, user);
        }
    }

    /// The session came to know somebody; whether it did not before.
    pub(crate) fn give(&mut self, session: SessionId, user: UserId) -> bool {
        let Some(known) = self.known.get_mut(&session).filter(|known| !known.knows(user)) else {
            return false;
        };
        let Known::Some { given, .. } = known else { return false };
        insert(given, user);
        insert(self.of_one.entry(user).or_default(), session);
        true
    }

    /// The session watches these too. `false`, and nothing is done, where it would watch too many.
    pub(crate) fn watch(&mut self, session: SessionId, users: &[UserId]) -> bool {
        let Some(known) = self.known.get_mut(&session) else { return false };
        let new: BTreeSet<_> = users.iter().copied().filter(|user| !known.knows(*user)).collect();
        let Known::Some { watched, .. } = known else { return true };
        if watched.len() + new.len() > MAX_WATCHED {
            return false;
        }
        for user in new {
            insert(watched, user);
            insert(self.of_one.entry(user).or_default(), session);
        }
        true
    }

    /// The session watches these no more.
    pub(crate) fn unwatch(&mut self, session: SessionId, users: &[UserId]) {
        let Some(Known::Some { watched, .. }) = self.known.get_mut(&session) else { return };
        let before = std::mem::take(watched);
        let (gone, kept): (Vec<_>, Vec<_>) = before.into_iter().partition(|user| users.contains(user));
        *watched = kept;
        for user in gone {
            self.unlink(session, user);
        }
    }

    /// The sessions that are told of `user`.
    pub(crate) fn of(&self, user: UserId) -> impl Iterator<Item = SessionId> + '_ {
        self.of_all.iter().copied().chain(self.of_one.get(&user).into_iter().flatten().copied())
    }

    /// The sessions that know everybody.
    pub(crate) fn of_everybody(&self) -> Vec<SessionId> {
        self.of_all.iter().copied().collect()
    }

    fn unlink(&mut self, session: SessionId, user: UserId) {
        let Some(sessions) = self.of_one.get_mut(&user) else { return };
        if let Ok(place) = sessions.binary_search(&session) {
            sessions.remove(place);
        }
        if sessions.is_empty() {
            self.of_one.remove(&user);
        }
    }
}

fn insert<T: Ord>(sorted: &mut Vec<T>, value: T) {
    if let Err(place) = sorted.binary_search(&value) {
        sorted.insert(place, value);
    }
}
