//! What happens when a time comes.

use std::time::Instant;

use ringdown_control::{Command, CommandId};
use ringdown_protocol::{ErrorCode, ErrorInfo, Push};
use ringdown_types::SessionId;

use super::Desk;
use crate::{
    pending::{LATE_REPLY_WITHIN, Waiter},
    session::{ASLEEP_AFTER, Presence, RESUME_WINDOW, SessionKind},
    timer::Timer,
};

impl Desk {
    /// Does everything due at `now`.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some(timer) = self.timers.take_due(now) {
            match timer {
                Timer::Flush => self.handle_flush_timer(now),
                Timer::SessionUnreachable(id) => self.handle_session_unreachable(now, id),
                Timer::SessionAsleep(id) => self.handle_session_silent(now, id),
                Timer::SessionExpired(id) => self.handle_session_expired(now, id),
                Timer::TokenExpiring(id) => self.push(id, Push::TokenExpiring { seconds: 60 }),
                Timer::Command(id) => self.handle_command_timeout(now, CommandId(id)),
                Timer::CallsComplete => self.handle_calls_complete(),
                Timer::Statement(user) => self.handle_statement_timer(now, user),
                Timer::Message(message) => self.settle_message(now, message, false),
                Timer::Undelivered(user) => self.try_again(now, user),
                Timer::NodeGone(node) => self.handle_node_gone(now, node),
            }
        }
    }

    /// A client said something: it is awake, and will be looked at again.
    pub(super) fn note_heard(&mut self, now: Instant, id: SessionId) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        session.heard_at = Some(now);
        if session.kind != SessionKind::Phone {
            return;
        }
        if !std::mem::replace(&mut session.is_watched, true) {
            self.timers.set(now + ASLEEP_AFTER, Timer::SessionAsleep(id));
        }
        if std::mem::replace(&mut session.asleep, false) {
            let user = session.record.user;
            self.announce(id);
            self.update_presence(now, user);
        }
    }

    fn handle_session_silent(&mut self, now: Instant, id: SessionId) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        session.is_watched = false;
        // A session without a connection is told as unreachable.
        let (Some(heard_at), Presence::Attached { .. }) = (session.heard_at, session.presence) else {
            return;
        };
        let due = heard_at + ASLEEP_AFTER;
        if now < due {
            session.is_watched = true;
            self.timers.set(due, Timer::SessionAsleep(id));
            return;
        }
        session.asleep = true;
        self.handle_session_unreachable(now, id);
    }

    /// A tab that stays away or sleeps is not rung any more, unless it holds a call.
    pub(super) fn handle_session_unreachable(&mut self, now: Instant, id: SessionId) {
        let Some(session) = self.sessions.get(&id).filter(|session| !session.can_ring(now)) else {
            return;
        };
        if session.kind == SessionKind::Standby {
            return;
        }
        let user = session.record.user;
        let holds_call = self.mirror.legs_of(user).any(|leg| leg.session() == Some(id));
        if !holds_call
            && let Some(session) = self.sessions.get_mut(&id)
            && std::mem::replace(&mut session.announced, false)
        {
            self.tell_all_nodes(&Command::SessionDown { session: id });
        }
        self.update_presence(now, user);
    }

    fn handle_session_expired(&mut self, now: Instant, id: SessionId) {
        let expired = self.sessions.get(&id).is_some_and(|session| match session.presence {
            Presence::Detached { since } => now.saturating_duration_since(since) >= RESUME_WINDOW,
            Presence::Attached { .. } => false,
        });
        if expired {
            self.end_session(now, id, None);
        }
    }

    fn handle_command_timeout(&mut self, now: Instant, id: CommandId) {
        let Some(mut pending) = self.pending.take(id) else { return };
        let error = ErrorInfo::new(ErrorCode::SwitchUnavailable, "the softswitch did not answer in time");
        self.fail(&pending.waiter, error);
        if matches!(pending.waiter, Waiter::Start { .. }) {
            pending.waiter = Waiter::Nobody;
            pending.due = now + LATE_REPLY_WITHIN;
            self.timers.set_command(pending.due, id);
            self.pending.put(id, pending);
        }
    }
}
