//! Presence: derived from legs, sessions and registrations, told to everybody.

use std::{sync::Arc, time::Instant};

use ringdown_control::LegState;
use ringdown_protocol::{PresenceEntry, PresenceState, Push, SoundParams};
use ringdown_types::{SessionId, UserId};

use super::{ConnId, Desk, FLUSH_EVERY, GATHER, Output, statements::Shown};
use crate::{
    ring::{Kept, PushBody},
    timer::Timer,
};

/// What others are told of somebody's devices; by default there is none to be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) presence: PresenceState,
    pub(super) cannot_ring: bool,
}

impl Default for Told {
    fn default() -> Self {
        Self { presence: PresenceState::Offline, cannot_ring: false }
    }
}

impl Desk {
    /// What others were last told.
    pub(super) fn told(&self, user: UserId) -> Told {
        self.told.get(&user).copied().unwrap_or_default()
    }

    /// Looks at the user anew; a change is told with the next flush.
    pub(super) fn update_presence(&mut self, now: Instant, user: UserId) {
        self.update_standby(now, user);
        let told = self.derive_presence(now, user);
        if told == self.told(user) {
            return;
        }
        if told == Told::default() {
            self.told.remove(&user);
        } else {
            self.told.insert(user, told);
        }
        self.mark_stale(now, user);
    }

    fn derive_presence(&self, now: Instant, user: UserId) -> Told {
        let has_telephone = self.mirror.has_telephone(user);
        let sessions = self.by_user.get(&user).into_iter().flatten();
        let sessions = sessions.filter_map(|id| self.sessions.get(id));
        let sleeps = sessions.clone().any(|session| session.asleep && session.is_reachable(now));
        let mut reachable = sessions.filter(|session| session.can_ring(now)).peekable();
        let has_browser = reachable.peek().is_some();
        let cannot_ring = has_browser && !has_telephone && reachable.all(|session| session.sound_locked);
        let mut legs = self.mirror.legs_of(user).map(|leg| leg.info.state).peekable();
        let presence = if legs.peek().is_some() {
            let active = legs.any(|state| state == LegState::Active);
            if active { PresenceState::OnCall } else { PresenceState::Ringing }
        } else if has_browser || has_telephone {
            PresenceState::Online
        } else if sleeps {
            PresenceState::Asleep
        } else {
            PresenceState::Offline
        };
        Told { presence, cannot_ring }
    }

    /// Whether the page of a session may play sound.
    pub(super) fn set_sound(&mut self, now: Instant, id: SessionId, params: SoundParams) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        session.sound_locked = params.locked;
        let user = session.record.user;
        self.update_presence(now, user);
    }

    /// All who know the user are told with the next flush.
    pub(super) fn mark_stale(&mut self, now: Instant, user: UserId) {
        self.forget_texts();
        for id in self.watchers.of(user) {
            if let Some(session) = self.sessions.get_mut(&id) {
                session.stale_presence.insert(user);
                self.stale.insert(id);
            }
        }
        self.set_flush(now);
    }

    /// Something of this session is stale.
    pub(super) fn flush_soon(&mut self, now: Instant, id: SessionId) {
        self.stale.insert(id);
        self.set_flush(now);
    }

    /// Presence or the directory changed: what was written of it holds no more.
    pub(super) fn forget_texts(&mut self) {
        self.told_now.clear();
        self.everybody = None;
    }

    fn set_flush(&mut self, now: Instant) {
        if !self.stale.is_empty() && !std::mem::replace(&mut self.flush_set, true) {
            // The first change after a pause is told at once, with what comes in the same moment.
            let due = self.flushed_at.map_or(now, |flushed| flushed + FLUSH_EVERY).max(now + GATHER);
            self.timers.set(due, Timer::Flush);
        }
    }

    /// Asks the shell which connections have room; what stays stale comes again.
    pub(super) fn handle_flush_timer(&mut self, now: Instant) {
        self.flush_set = false;
        self.flushed_at = Some(now);
        self.told_now.clear();
        // One that nobody holds is told when it is resumed.
        self.stale.retain(|id| self.sessions.get(id).is_some_and(|session| session.conn().is_some()));
        let conns = self.stale.iter().filter_map(|id| self.sessions.get(id)?.conn());
        self.outputs.extend(conns.map(|conn| Output::FlushDue { conn }));
        self.set_flush(now);
    }

    /// Tells a connection what changed in presence and directory since it was last told.
    pub fn flush(&mut self, conn: ConnId) {
        let Some(&id) = self.by_conn.get(&conn) else { return };
        let Some(session) = self.sessions.get_mut(&id) else { return };
        self.stale.remove(&id);
        let entries = std::mem::take(&mut session.stale_entries);
        let mut presence = std::mem::take(&mut session.stale_presence);
        presence.retain(|user| !entries.contains(user));
        let stale = Stale {
            presence: presence.into_iter().collect(),
            entries: entries.into_iter().collect(),
            is_complete: self.watchers.is_complete(id),
        };
        let news = match self.told_now.get(&stale) {
            Some(news) => news.clone(),
            None => {
                let news = self.news_of(&stale);
                self.told_now.insert(stale, news.clone());
                news
            }
        };
        if let Some((body, users)) = news.entries {
            self.push_kept(id, body, Kept::Entries(users));
        }
        if let Some((body, users)) = news.presence {
            self.push_kept(id, body, Kept::Presence(users));
        }
    }

    /// How those who changed are now.
    fn news_of(&self, stale: &Stale) -> News {
        let mut news = News { entries: None, presence: None };
        if !stale.entries.is_empty() {
            let (mut entries, mut removed) = (Vec::new(), Vec::new());
            for &user in &stale.entries {
                match self.entry_of(user) {
                    Some(entry) => entries.push(entry),
                    None => removed.push(user.to_string()),
                }
            }
            let push = Push::DirectoryChanged { entries, removed, complete: stale.is_complete };
            news.entries = Some((PushBody::new(&push), stale.entries.as_slice().into()));
        }
        let listed = |user: &&UserId| self.roster.lists(**user);
        let entries: Vec<_> = stale
            .presence
            .iter()
            .filter(listed)
            .map(|&user| {
                let (told, Shown { activity, note, until }) = (self.told(user), self.shown(user));
                let Told { presence, cannot_ring } = told;
                PresenceEntry { user_id: user.to_string(), presence, activity, note, until, cannot_ring }
            })
            .collect();
        if !entries.is_empty() {
            let push = Push::Presence { entries };
            news.presence = Some((PushBody::new(&push), stale.presence.as_slice().into()));
        }
        news
    }
}

/// Whose presence and whose directory entries changed, sorted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Stale {
    presence: Vec<UserId>,
    entries: Vec<UserId>,
    /// Whether the session knows everybody.
    is_complete: bool,
}

/// What is told of them, and of whom.
#[derive(Debug, Clone)]
pub(super) struct News {
    entries: Option<(PushBody, Arc<[UserId]>)>,
    presence: Option<(PushBody, Arc<[UserId]>)>,
}
