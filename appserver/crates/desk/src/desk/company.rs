//! Whom a session knows: everybody, or in a large company those its user has to do with and those it watches.

use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    time::Instant,
};

use ringdown_protocol::{
    Activity, DirectoryEntry, DirectoryText, ErrorInfo, FavouriteParams, Method, Push, SearchResult,
    WatchParams, WatchResult,
};
use ringdown_types::{Pii, SessionId, UserId};
use serde_json::{Value, json};

use super::{ConnId, Desk, Output, requests::bad_request};
use crate::known::{EVERYBODY_UP_TO, Known, MAX_GIVEN, MAX_WATCHED};

/// The longest search, in characters.
const MAX_QUERY: usize = 64;
/// People one search finds.
const MAX_FOUND: usize = 50;
/// Favourites of one user. They are part of every state.
const MAX_FAVOURITES: usize = 100;
/// People one user spoke to last that are remembered.
const MAX_RECENT: usize = 20;

/// What is remembered of people over a restart, for [`Desk::restore_people`].
#[derive(Debug, Clone, Default)]
pub struct PeopleRecords {
    /// What they say of themselves.
    pub statements: Vec<SavedStatement>,
    /// Their favourites, each list in the order it was made.
    pub favourites: Vec<(UserId, Vec<UserId>)>,
    /// Who spoke to whom, the latest last.
    pub recent: Vec<(UserId, UserId)>,
    /// How many missed calls they have not seen.
    pub missed: Vec<(UserId, u32)>,
}

/// What somebody says of themselves, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedStatement {
    /// Who says it.
    pub user: UserId,
    /// What they do.
    pub activity: Option<Activity>,
    /// In their own words; empty for nothing.
    pub note: Pii<String>,
    /// Until when, Unix time in milliseconds.
    pub until: Option<u64>,
}

/// What is kept of people. Changes of one person must be written in this order.
#[derive(Debug, Clone, PartialEq)]
pub enum PeopleChange {
    /// Somebody says something else of themselves.
    Statement(SavedStatement),
    /// Somebody says nothing of themselves any more.
    NoStatement(UserId),
    /// Somebody's favourites, all of them.
    Favourites(UserId, Vec<UserId>),
    /// Somebody's setting changes, because they said so in their presence.
    DoNotDisturb(UserId, bool),
}

/// Whom people have to do with, bounded by the accounts there are.
#[derive(Debug, Default)]
pub(super) struct Company {
    favourites: HashMap<UserId, Vec<UserId>>,
    /// The latest first.
    recent: HashMap<UserId, VecDeque<UserId>>,
}

impl Company {
    pub(super) fn restore(&mut self, favourites: Vec<(UserId, Vec<UserId>)>, recent: Vec<(UserId, UserId)>) {
        self.favourites = favourites.into_iter().collect();
        for (user, peer) in recent {
            self.note(user, peer);
        }
    }

    /// Forgets who has no account any more.
    pub(super) fn retain(&mut self, is_known: impl Fn(UserId) -> bool) {
        self.favourites.retain(|user, _| is_known(*user));
        self.recent.retain(|user, _| is_known(*user));
        for users in self.favourites.values_mut() {
            users.retain(|user| is_known(*user));
        }
        for users in self.recent.values_mut() {
            users.retain(|user| is_known(*user));
        }
    }

    fn note(&mut self, user: UserId, peer: UserId) {
        if user != peer {
            let recent = self.recent.entry(user).or_default();
            recent.retain(|other| *other != peer);
            recent.push_front(peer);
            recent.truncate(MAX_RECENT);
        }
    }

    fn favourites(&self, user: UserId) -> &[UserId] {
        self.favourites.get(&user).map(Vec::as_slice).unwrap_or_default()
    }
}

impl Desk {
    /// Presence, favourites, seen calls, voicemail.
    pub(super) fn dispatch_people(
        &mut self,
        now: Instant,
        (conn, session): (ConnId, SessionId),
        request: u32,
        method: Method,
    ) -> Result<Option<Value>, ErrorInfo> {
        match method {
            Method::DirectorySearch(params) => self.search(&params.query).map(Some),
            Method::DirectoryFavourite(params) => self.set_favourite(now, session, &params),
            Method::PresenceSet(params) => self.set_statement(now, session, params),
            Method::PresenceWatch(params) => self.watch(session, &params).map(Some),
            Method::PresenceUnwatch(params) => self.unwatch(session, &params).map(Some),
            Method::PresenceSound(params) => {
                self.set_sound(now, session, params);
                Ok(Some(json!({})))
            }
            Method::HistorySeen(_) => {
                let user = self.sessions.get(&session).map(|session| session.record.user);
                user.into_iter().for_each(|user| self.see_missed(user));
                Ok(Some(json!({})))
            }
            method => self.dispatch_voicemail(now, (conn, session), request, method),
        }
    }

    /// Somebody as others see them.
    pub(super) fn entry_of(&self, user: UserId) -> Option<DirectoryEntry> {
        let entry = self.roster.entry(user)?;
        let (told, shown) = (self.told(user), self.shown(user));
        Some(DirectoryEntry {
            presence: told.presence,
            cannot_ring: told.cannot_ring,
            activity: shown.activity,
            note: shown.note,
            until: shown.until,
            ..entry
        })
    }

    /// Decides anew whom the session knows, and returns them in the directory's order.
    pub(super) fn give_directory(&mut self, id: SessionId) -> DirectoryText {
        let Some(user) = self.sessions.get(&id).map(|session| session.record.user) else {
            return DirectoryText::new(&[]);
        };
        if self.roster.listed().len() <= EVERYBODY_UP_TO {
            self.watchers.set(id, Known::Everybody);
            return self.everybody();
        }
        let mut users = self.acquaintances(user);
        let mut given = users.clone();
        given.sort_unstable();
        self.roster.sort(&mut users);
        self.watchers.set(id, Known::Some { given, watched: Vec::new() });
        self.text_of(&users)
    }

    /// The whole directory: thousands are given the same when they come back after a restart.
    fn everybody(&mut self) -> DirectoryText {
        if let Some(text) = &self.everybody {
            return text.clone();
        }
        let text = self.text_of(self.roster.listed());
        self.everybody = Some(text.clone());
        text
    }

    fn text_of(&self, users: &[UserId]) -> DirectoryText {
        let entries: Vec<_> = users.iter().filter_map(|user| self.entry_of(*user)).collect();
        DirectoryText::new(&entries)
    }

    /// Whom a user in a large company has to do with: themselves, favourites, those they spoke to lately, their
    /// department.
    fn acquaintances(&self, user: UserId) -> Vec<UserId> {
        let recent = self.company.recent.get(&user).into_iter().flatten();
        let all = [user];
        let all = all.iter().chain(self.company.favourites(user)).chain(recent);
        let all = all.chain(self.roster.colleagues(user)).filter(|user| self.roster.lists(**user));
        let mut seen = BTreeSet::new();
        all.filter(|user| seen.insert(**user)).take(MAX_GIVEN).copied().collect()
    }

    /// The company outgrew being told whole: who was told everybody goes on with those there were.
    pub(super) fn limit_known(&mut self, before: &[UserId]) {
        if self.roster.listed().len() <= EVERYBODY_UP_TO {
            return;
        }
        for session in self.watchers.of_everybody() {
            let mut given: Vec<_> = before.iter().copied().filter(|user| self.roster.lists(*user)).collect();
            given.sort_unstable();
            self.watchers.set(session, Known::Some { given, watched: Vec::new() });
        }
    }

    pub(super) fn favourites_of(&self, user: UserId) -> Vec<String> {
        let listed = |user: &&UserId| self.roster.lists(**user);
        self.company.favourites(user).iter().filter(listed).map(ToString::to_string).collect()
    }

    /// A user takes somebody among their favourites, or out of them.
    pub(super) fn set_favourite(
        &mut self,
        now: Instant,
        session: SessionId,
        params: &FavouriteParams,
    ) -> Result<Option<Value>, ErrorInfo> {
        let Some(user) = self.sessions.get(&session).map(|session| session.record.user) else {
            return Ok(None);
        };
        let peer = params.user.parse().ok().filter(|peer| self.roster.lists(*peer));
        let peer = peer.ok_or_else(|| bad_request("nobody in the directory has this id"))?;
        let favourites = self.company.favourites.entry(user).or_default();
        let is_one = favourites.contains(&peer);
        if params.on == is_one {
            return Ok(Some(json!({})));
        }
        if !params.on {
            favourites.retain(|other| *other != peer);
        } else if favourites.len() < MAX_FAVOURITES {
            favourites.push(peer);
        } else {
            return Err(bad_request("a user has at most 100 favourites"));
        }
        let all = favourites.clone();
        self.outputs.push_back(Output::People(PeopleChange::Favourites(user, all)));
        let users = self.favourites_of(user);
        for session in self.sessions_of(user) {
            self.push(session, Push::Favourites { users: users.clone() });
        }
        if params.on {
            self.introduce(now, user, peer);
        }
        Ok(Some(json!({})))
    }

    /// Two spoke to each other, or tried to.
    pub(super) fn note_contact(&mut self, now: Instant, user: UserId, peer: UserId) {
        if self.roster.lists(peer) {
            self.company.note(user, peer);
            self.introduce(now, user, peer);
        }
    }

    /// The user's sessions know `peer` from now on.
    fn introduce(&mut self, now: Instant, user: UserId, peer: UserId) {
        for id in self.sessions_of(user) {
            if self.watchers.give(id, peer)
                && let Some(session) = self.sessions.get_mut(&id)
            {
                session.stale_entries.insert(peer);
                self.flush_soon(now, id);
            }
        }
    }

    pub(super) fn search(&self, query: &str) -> Result<Value, ErrorInfo> {
        if query.chars().count() > MAX_QUERY {
            return Err(bad_request("a query is at most 64 characters"));
        }
        let found = self.roster.search(query, MAX_FOUND);
        let entries = found.into_iter().filter_map(|user| self.entry_of(user)).collect();
        Ok(json!(SearchResult { entries }))
    }

    /// A session shows people it was not given.
    pub(super) fn watch(&mut self, session: SessionId, params: &WatchParams) -> Result<Value, ErrorInfo> {
        let mut users = read_users(params)?;
        users.retain(|user| self.roster.lists(*user));
        if !self.watchers.watch(session, &users) {
            return Err(bad_request(
                "a session watches at most 500 people; end others with presence.unwatch",
            ));
        }
        let entries = users.into_iter().filter_map(|user| self.entry_of(user)).collect();
        Ok(json!(WatchResult { entries }))
    }

    /// It shows them no more.
    pub(super) fn unwatch(&mut self, session: SessionId, params: &WatchParams) -> Result<Value, ErrorInfo> {
        self.watchers.unwatch(session, &read_users(params)?);
        Ok(json!({}))
    }
}

fn read_users(params: &WatchParams) -> Result<Vec<UserId>, ErrorInfo> {
    if params.users.len() > MAX_WATCHED {
        return Err(bad_request("at most 500 people at once"));
    }
    let users: Result<Vec<_>, _> = params.users.iter().map(|user| user.parse()).collect();
    users.map_err(|_| bad_request("an account's id is 32 hexadecimal digits"))
}
