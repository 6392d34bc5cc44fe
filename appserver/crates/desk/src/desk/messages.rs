//! Text messages between browsers, and between browsers and telephones. Nothing is kept: a message reaches a device, or
//! its sender is told that it did not.

use std::time::{Duration, Instant};

use ringdown_control::{ChatMessage as SwitchMessage, Command, MAX_MESSAGE_BYTES, Party};
use ringdown_protocol::{ChatMessage, ErrorCode, ErrorInfo, MessageParams, MessageSent, Push};
use ringdown_types::{MessageId, Pii, SessionId, UserId};
use serde_json::Value;

use super::{ConnId, Desk, LinkId, requests::bad_request};
use crate::{Person, timer::Timer};

/// A message of a browser that telephones may still take.
#[derive(Debug)]
pub(super) struct Pending {
    sender: UserId,
    /// Softswitches that have not said what became of it.
    waiting: usize,
}

/// Softswitches give telephones 25 s.
const PATIENCE: Duration = Duration::from_secs(30);
/// Messages on their way. A larger number lets a flood hold more memory.
const MAX_PENDING: usize = 8_192;

impl Desk {
    /// A browser writes to somebody.
    pub(super) fn send_message(
        &mut self,
        now: Instant,
        (conn, session): (ConnId, SessionId),
        request: u32,
        params: &MessageParams,
    ) -> Result<Option<Value>, ErrorInfo> {
        if params.text.is_empty() || params.text.len() > MAX_MESSAGE_BYTES || params.text.contains('\0') {
            return Err(bad_request("a message is 1 to 4,096 bytes of text"));
        }
        let Some(from) = self.sessions.get(&session).map(|session| session.record.user) else {
            return Ok(None);
        };
        let to = self.addressee(&params.to).ok_or_else(|| {
            ErrorInfo::new(ErrorCode::BadRequest, "nobody in the directory has this number or account")
        })?;
        if self.messages.len() >= MAX_PENDING {
            return Err(ErrorInfo::new(ErrorCode::RateLimited, "too many messages are on their way"));
        }
        let id = MessageId::random(self.random.as_mut());
        let message = SwitchMessage {
            id,
            // The softswitch looks number and name up.
            from: Party { user: Some(from), number: Pii(String::new()), name: Pii(String::new()) },
            to,
            text: params.text.clone(),
            at: self.unix_ms(now),
        };
        let shown = shown(from, &message);
        let sent = MessageSent { message: shown.clone() };
        let result = serde_json::to_value(sent).expect("string keys, finite numbers");
        self.respond(conn, request, Ok(result));
        let taken = self.show_message(now, &shown, (from, to), Some(session));
        let links: Vec<_> = self.by_link.keys().copied().collect();
        self.messages.insert(id, Pending { sender: from, waiting: links.len() });
        self.timers.set(now + PATIENCE, Timer::Message(id));
        for &link in &links {
            self.tell_node(link, Command::SendMessage { message: message.clone() });
        }
        if taken || links.is_empty() {
            self.settle_message(id, taken);
        }
        Ok(None)
    }

    /// A telephone wrote to somebody who has browsers.
    pub(super) fn handle_message(&mut self, now: Instant, link: LinkId, message: SwitchMessage) {
        let (id, to) = (message.id, message.to);
        let from = message.from.user;
        let taken = from.is_some_and(|from| self.show_message(now, &shown(from, &message), (from, to), None));
        self.tell_node(link, Command::MessageTaken { message: id, taken });
    }

    /// A softswitch knows whether a telephone took a browser's message.
    pub(super) fn message_delivered(&mut self, id: MessageId, delivered: bool) {
        let Some(pending) = self.messages.get_mut(&id) else { return };
        pending.waiting = pending.waiting.saturating_sub(1);
        if delivered || pending.waiting == 0 {
            self.settle_message(id, delivered);
        }
    }

    /// The sender's browsers are told, once.
    pub(super) fn settle_message(&mut self, id: MessageId, delivered: bool) {
        let Some(Pending { sender, .. }) = self.messages.remove(&id) else { return };
        for session in self.sessions_of(sender) {
            self.push(session, Push::MessageDelivery { message: id.to_string(), delivered });
        }
    }

    /// Shows a message to the browsers of both sides but the one that wrote it; whether one of the addressee's took it.
    fn show_message(
        &mut self,
        now: Instant,
        message: &ChatMessage,
        (from, to): (UserId, UserId),
        writer: Option<SessionId>,
    ) -> bool {
        let mut taken = false;
        let mut sessions = self.sessions_of(to);
        if from != to {
            sessions.extend(self.sessions_of(from));
        }
        for id in sessions.into_iter().filter(|id| Some(*id) != writer) {
            let is_theirs = |session: &&crate::session::Session| session.record.user == to;
            let session = self.sessions.get(&id).filter(is_theirs);
            taken |= session.is_some_and(|session| session.is_reachable(now));
            self.push(id, Push::Message { message: message.clone() });
        }
        taken
    }

    /// Whom a number or an account id names, if they are in the directory.
    fn addressee(&self, text: &str) -> Option<UserId> {
        let text = text.trim();
        let by_account = text.parse().ok().and_then(|user| self.roster.person(user));
        let person = by_account.or_else(|| self.roster.by_number(text))?;
        let is_listed = |person: &&Person| person.enabled && person.extension.is_some();
        Some(person).filter(is_listed).map(|person| person.id)
    }
}

fn shown(from: UserId, message: &SwitchMessage) -> ChatMessage {
    ChatMessage {
        id: message.id.to_string(),
        from: from.to_string(),
        to: message.to.to_string(),
        text: message.text.clone(),
        at: message.at,
    }
}
