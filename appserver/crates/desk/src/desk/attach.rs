//! `hello`, `resume`, losing a connection, and the end of a session.

use std::time::Instant;

use ringdown_control::Command;
use ringdown_protocol::{CallInfo, ErrorCode, ErrorInfo, Me, Push, ResumeResult, State, Welcome};
use ringdown_types::{SessionId, UserId};
use serde_json::Value;

use super::{ConnId, Desk, HelloInput, Output, ResumeInput, signed_out};
use crate::{
    ring::{Kept, PushBody},
    session::{
        MAX_SESSIONS_PER_USER, PING_INTERVAL, Presence, RESUME_WINDOW, Session, SessionKind, SessionName,
        SessionRecord, UNREACHABLE_AFTER, secret_hash,
    },
    timer::Timer,
};

/// A client is told this long before its access token ends.
const TOKEN_WARNING: std::time::Duration = std::time::Duration::from_secs(60);
/// The highest push number a client may claim: what JavaScript counts exactly.
const MAX_SEQ: u64 = (1 << 53) - 1;

impl Desk {
    /// Starts a session.
    pub fn handle_hello(&mut self, now: Instant, hello: HelloInput) {
        let HelloInput { conn, request, address, user, epoch, family, token_ends, kind, name } = hello;
        let refusal = match self.roster.person(user) {
            Some(person) if person.enabled && person.epoch == epoch => None,
            _ => Some(signed_out()),
        };
        let refusal = refusal.or_else(|| (!self.make_room(now, user)).then(too_many_sessions));
        let person = self.roster.person(user);
        let (None, Some(me)) = (&refusal, person.map(crate::Person::me)) else {
            let error = refusal.unwrap_or_else(signed_out);
            self.respond(conn, request, Err(error.clone()));
            self.outputs.push_back(Output::Close { conn, error });
            return;
        };
        let may_relieve = kind == SessionKind::Phone && name.is_none();
        let relieved = may_relieve.then(|| self.relieve_standby(user)).flatten();
        let SessionName { id, secret } =
            name.filter(|name| !self.sessions.contains_key(&name.id)).unwrap_or_else(|| SessionName {
                id: relieved.unwrap_or_else(|| SessionId::random(self.random.as_mut())),
                secret: self.random.token(32),
            });
        let record = SessionRecord { id, secret_hash: secret_hash(&secret), user, epoch, family };
        if kind == SessionKind::Phone {
            self.outputs.push_back(Output::SaveSession(record.clone()));
        }
        let mut session = Session::new(record, Presence::Attached { conn }, false);
        session.kind = kind;
        session.announced = relieved.is_some();
        session.address = Some(address);
        self.sessions.insert(id, session);
        self.by_user.entry(user).or_default().insert(id);
        self.by_conn.insert(conn, id);
        if let Some(ends) = token_ends {
            let warn = ends.checked_sub(TOKEN_WARNING).unwrap_or(now).max(now);
            self.timers.set(warn, Timer::TokenExpiring(id));
        }
        self.note_heard(now, id);
        self.announce(id);
        self.update_presence(now, user);
        let welcome = Welcome { secret, ..self.welcome(id, me) };
        self.mark_told(id);
        self.respond_with(conn, request, &welcome);
        self.push_offers(id);
    }

    /// Goes on with a session. An unknown session and a wrong secret are answered alike.
    pub fn handle_resume(&mut self, now: Instant, resume: ResumeInput) {
        let ResumeInput { conn, request, address, session: id, secret_hash, last_seq } = resume;
        let known = self.sessions.get(&id).is_some_and(|session| session.has_secret(&secret_hash));
        if !known || last_seq > MAX_SEQ {
            let error = ErrorInfo::new(ErrorCode::SessionExpired, "no such session");
            self.respond(conn, request, Err(error.clone()));
            self.outputs.push_back(Output::Close { conn, error });
            return;
        }
        if !self.is_authorized(id) {
            self.respond(conn, request, Err(signed_out()));
            self.outputs.push_back(Output::Close { conn, error: signed_out() });
            self.end_session(now, id, None);
            return;
        }
        self.take_over(id, conn);
        let Some(session) = self.sessions.get_mut(&id) else { return };
        session.address = Some(address);
        session.presence = Presence::Attached { conn };
        session.asleep = false;
        // The numbers of a restored session are not known: a replay would mix two counts.
        let restored = std::mem::replace(&mut session.restored, false);
        let missed: Option<Vec<_>> = if restored || last_seq == 0 {
            None
        } else {
            session.ring.replay(last_seq).map(|kept| kept.cloned().collect())
        };
        let user = session.record.user;
        self.note_heard(now, id);
        let Some(session) = self.sessions.get_mut(&id) else { return };
        if missed.is_none() {
            session.ring.restart_after(last_seq);
        }
        let seq = if missed.is_some() { last_seq } else { session.ring.seq() };
        self.announce(id);
        self.update_presence(now, user);
        let state = missed.is_none().then(|| self.state_for(id));
        let whole = state.is_some();
        self.respond_with(conn, request, &ResumeResult { seq, state });
        if whole {
            self.mark_told(id);
            self.push_offers(id);
        } else {
            self.replay(id, conn, last_seq, missed.into_iter().flatten());
            self.flush_soon(now, id);
        }
    }

    /// Says again what was missed. Of presence and the directory only what holds now counts: the next flush tells it,
    /// and an empty push keeps the number.
    fn replay(&mut self, id: SessionId, conn: ConnId, last_seq: u64, missed: impl Iterator<Item = Kept>) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let nothing = PushBody::new(&Push::Presence { entries: Vec::new() });
        for (seq, kept) in (last_seq + 1..).zip(missed) {
            let body = match kept {
                Kept::Push(body) => body,
                Kept::Presence(users) => {
                    session.stale_presence.extend(users.iter());
                    nothing.clone()
                }
                Kept::Entries(users) => {
                    session.stale_entries.extend(users.iter());
                    nothing.clone()
                }
            };
            self.outputs.push_back(Output::Push { conn, seq, body });
        }
    }

    /// What `hello` answers, without the secret.
    fn welcome(&mut self, id: SessionId, me: Me) -> Welcome {
        Welcome {
            session: id.to_string(),
            secret: String::new(),
            me,
            seq: self.sessions.get(&id).map(|session| session.ring.seq()).unwrap_or_default(),
            state: self.state_for(id),
            server_version: self.server_version.clone(),
            ice_servers: Vec::new(),
            ping_interval_ms: PING_INTERVAL.as_millis() as u32,
            resume_window_ms: RESUME_WINDOW.as_millis() as u32,
        }
    }

    /// The same at any time, for another tab of the same browser that shares the session.
    pub(super) fn welcome_again(&mut self, id: SessionId) -> Option<Value> {
        let user = self.sessions.get(&id)?.record.user;
        let me = self.roster.person(user)?.me();
        let welcome = self.welcome(id, me);
        Some(serde_json::to_value(welcome).expect("string keys, finite numbers"))
    }

    /// A connection is gone.
    pub fn handle_disconnected(&mut self, now: Instant, conn: ConnId) {
        let Some(id) = self.by_conn.remove(&conn) else { return };
        let Some(session) = self.sessions.get_mut(&id) else { return };
        session.presence = Presence::Detached { since: now };
        let user = session.record.user;
        if session.kind == SessionKind::Control {
            self.end_session(now, id, None);
        } else {
            self.set_detached_timers(now, id);
            self.update_standby(now, user);
        }
    }

    pub(super) fn set_detached_timers(&mut self, now: Instant, id: SessionId) {
        self.timers.set(now + UNREACHABLE_AFTER, Timer::SessionUnreachable(id));
        self.timers.set(now + RESUME_WINDOW, Timer::SessionExpired(id));
    }

    /// Ends a session; with an error its connection is closed.
    pub(super) fn end_session(&mut self, now: Instant, id: SessionId, error: Option<ErrorInfo>) {
        let Some(session) = self.sessions.remove(&id) else { return };
        let user = session.record.user;
        if let Some(conn) = session.conn() {
            self.by_conn.remove(&conn);
            if let Some(error) = error {
                self.outputs.push_back(Output::Close { conn, error });
            }
        }
        self.watchers.forget(id);
        self.stale.remove(&id);
        if let Some(sessions) = self.by_user.get_mut(&user) {
            sessions.remove(&id);
            if sessions.is_empty() {
                self.by_user.remove(&user);
            }
        }
        self.forget_standby(user, id);
        if session.announced {
            self.tell_all_nodes(&Command::SessionDown { session: id });
        }
        if session.kind == SessionKind::Phone {
            self.outputs.push_back(Output::DropSession(id));
        }
        self.update_presence(now, user);
    }

    /// The connection that had the session is closed; `conn` has it.
    fn take_over(&mut self, id: SessionId, conn: ConnId) {
        if let Some(old) = self.sessions.get(&id).and_then(Session::conn) {
            self.by_conn.remove(&old);
            let error = ErrorInfo::new(ErrorCode::SessionExpired, "the session was resumed elsewhere");
            self.outputs.push_back(Output::Close { conn: old, error });
        }
        self.by_conn.insert(conn, id);
    }

    /// Whether the user may have one more session; the one detached for longest makes room.
    fn make_room(&mut self, now: Instant, user: UserId) -> bool {
        let sessions = self.sessions_of(user);
        if sessions.len() < MAX_SESSIONS_PER_USER {
            return true;
        }
        let detached = sessions.into_iter().filter_map(|id| match self.sessions.get(&id)?.presence {
            Presence::Detached { since } => Some((since, id)),
            Presence::Attached { .. } => None,
        });
        let Some((_, oldest)) = detached.min() else { return false };
        self.end_session(now, oldest, None);
        true
    }

    /// Lets the softswitches ring the session.
    pub(super) fn announce(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        if session.kind != SessionKind::Control && !std::mem::replace(&mut session.announced, true) {
            let up = Command::SessionUp { session: id, user: session.record.user };
            self.tell_all_nodes(&up);
        }
    }

    pub(super) fn tell_all_nodes(&mut self, command: &Command) {
        let links: Vec<_> = self.by_link.keys().copied().collect();
        for link in links {
            self.tell_node(link, command.clone());
        }
    }

    fn state_for(&mut self, id: SessionId) -> State {
        let user = self.sessions.get(&id).map(|session| session.record.user);
        let directory = self.give_directory(id);
        State {
            directory,
            directory_complete: self.watchers.is_complete(id),
            favourites: user.map(|user| self.favourites_of(user)).unwrap_or_default(),
            missed: user.and_then(|user| self.missed.get(&user).copied()).unwrap_or_default(),
            voicemail: user.map(|user| self.voicemail_of(user)).unwrap_or_default(),
            calls: self.calls_for(id),
            calls_complete: self.calls_complete,
            rooms: user.map(|user| self.rooms_of(user)).unwrap_or_default(),
            parked: self.parked_calls(),
            switch_up: self.switch_up,
            tones: self.tones(),
        }
    }

    /// The live calls of a session's user, as the session is shown them.
    pub(super) fn calls_for(&self, id: SessionId) -> Vec<CallInfo> {
        let user = self.sessions.get(&id).map(|session| session.record.user);
        let legs = user.into_iter().flat_map(|user| self.mirror.legs_of(user));
        legs.filter(|leg| self.is_shown(leg, id)).map(|leg| self.call_info(leg, id)).collect()
    }

    /// The state was given: nothing of the directory is stale for this session.
    fn mark_told(&mut self, id: SessionId) {
        if let Some(session) = self.sessions.get_mut(&id) {
            session.stale_presence.clear();
            session.stale_entries.clear();
        }
    }

    /// The state holds no offers; a ringing call is pushed once more, so that it can be answered.
    fn push_offers(&mut self, id: SessionId) {
        let Some(user) = self.sessions.get(&id).map(|session| session.record.user) else { return };
        let offers: Vec<_> = self
            .mirror
            .legs_of(user)
            .filter(|leg| leg.session() == Some(id) && leg.info.answered_at.is_none())
            .filter_map(|leg| {
                let (call, description) = (self.call_info(leg, id), leg.offer.clone()?);
                Some(Push::CallIncoming { call, description, auto_answer: leg.auto_answer })
            })
            .collect();
        for offer in offers {
            self.push(id, offer);
        }
    }
}

fn too_many_sessions() -> ErrorInfo {
    let message = format!("the account has {MAX_SESSIONS_PER_USER} open sessions");
    ErrorInfo::new(ErrorCode::RateLimited, message)
}
