//! Presence: derived from legs, sessions and registrations, told to everybody.

use std::{sync::Arc, time::Instant};

use ringdown_control::LegState;
use ringdown_protocol::{PresenceEntry, PresenceState, Push};
use ringdown_types::UserId;

use super::{ConnId, Desk, FLUSH_EVERY, Output};
use crate::{
    ring::{Kept, PushBody},
    timer::Timer,
};

impl Desk {
    /// What others were last told.
    pub(super) fn presence_of(&self, user: UserId) -> PresenceState {
        self.told.get(&user).copied().unwrap_or(PresenceState::Offline)
    }

    /// Looks at the user anew; a change is told with the next flush.
    pub(super) fn update_presence(&mut self, now: Instant, user: UserId) {
        let presence = self.derive_presence(now, user);
        if presence == self.presence_of(user) {
            return;
        }
        if presence == PresenceState::Offline {
            self.told.remove(&user);
        } else {
            self.told.insert(user, presence);
        }
        for session in self.sessions.values_mut() {
            session.stale_presence.insert(user);
        }
        self.set_flush(now);
    }

    fn derive_presence(&self, now: Instant, user: UserId) -> PresenceState {
        let mut legs = self.mirror.legs_of(user).map(|leg| leg.info.state).peekable();
        if legs.peek().is_some() {
            let active = legs.any(|state| state == LegState::Active);
            return if active { PresenceState::OnCall } else { PresenceState::Ringing };
        }
        let mut sessions = self.by_user.get(&user).into_iter().flatten();
        let browser = sessions.any(|id| self.sessions.get(id).is_some_and(|s| s.can_ring(now)));
        if browser || self.mirror.has_telephone(user) {
            PresenceState::Online
        } else {
            PresenceState::Offline
        }
    }

    pub(super) fn set_flush(&mut self, now: Instant) {
        self.told_now.clear();
        if !std::mem::replace(&mut self.flush_set, true) {
            self.timers.set(now + FLUSH_EVERY, Timer::Flush);
        }
    }

    /// Asks the shell which connections have room; what stays stale comes again.
    pub(super) fn handle_flush_timer(&mut self, now: Instant) {
        self.flush_set = false;
        self.told_now.clear();
        let stale: Vec<_> = self
            .sessions
            .values()
            .filter(|session| session.is_stale())
            .filter_map(|session| session.conn())
            .collect();
        for &conn in &stale {
            self.outputs.push_back(Output::FlushDue { conn });
        }
        if !stale.is_empty() {
            self.set_flush(now);
        }
    }

    /// Tells a connection what changed in presence and directory since it was last told.
    pub fn flush(&mut self, conn: ConnId) {
        let Some(&id) = self.by_conn.get(&conn) else { return };
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let entries = std::mem::take(&mut session.stale_entries);
        let mut presence = std::mem::take(&mut session.stale_presence);
        presence.retain(|user| !entries.contains(user));
        let stale =
            Stale { presence: presence.into_iter().collect(), entries: entries.into_iter().collect() };
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
        let told = |user| self.presence_of(user);
        let mut news = News { entries: None, presence: None };
        if !stale.entries.is_empty() {
            let (mut entries, mut removed) = (Vec::new(), Vec::new());
            for &user in &stale.entries {
                match self.roster.entry(user, told) {
                    Some(entry) => entries.push(self.statements.with(entry)),
                    None => removed.push(user.to_string()),
                }
            }
            let push = Push::DirectoryChanged { entries, removed };
            news.entries = Some((PushBody::new(&push), stale.entries.as_slice().into()));
        }
        let listed = |user: &&UserId| self.roster.entry(**user, |_| PresenceState::Offline).is_some();
        let entries: Vec<_> = stale
            .presence
            .iter()
            .filter(listed)
            .map(|&user| {
                let (activity, note) = self.statements.shown(user);
                PresenceEntry { user_id: user.to_string(), presence: self.presence_of(user), activity, note }
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
}

/// What is told of them, and of whom.
#[derive(Debug, Clone)]
pub(super) struct News {
    entries: Option<(PushBody, Arc<[UserId]>)>,
    presence: Option<(PushBody, Arc<[UserId]>)>,
}
