//! Mailboxes: the softswitch keeps the messages, and is asked for them. Each user reaches their own.

use std::{
    collections::{HashMap, HashSet},
    time::Instant,
};

use ringdown_control::{self as control, Command};
use ringdown_protocol::{
    ErrorCode, ErrorInfo, Mailbox, Method, PeerInfo, Push, VoicemailCount, VoicemailMessage,
};
use ringdown_types::{NodeId, RecordingId, SessionId, UserId};
use serde_json::Value;

use super::{ConnId, Desk, Output, requests::bad_request};
use crate::pending::Waiter;

/// How many messages there are, as the softswitch that spoke last told.
#[derive(Debug, Default)]
pub(super) struct Mailboxes(HashMap<UserId, (NodeId, VoicemailCount)>);

/// A mailbox as clients and REST show it.
pub fn mailbox_as_shown(messages: Vec<control::VoicemailMessage>) -> Mailbox {
    let saved = messages.iter().filter(|message| message.is_heard).count();
    let new = messages.len() - saved;
    let message = |message: control::VoicemailMessage| VoicemailMessage {
        id: message.id.to_string(),
        from: PeerInfo {
            user_id: message.from.user.map(|user| user.to_string()),
            number: message.from.number,
            name: message.from.name,
        },
        received_at: message.received_at,
        duration_ms: message.duration_ms,
        is_heard: message.is_heard,
    };
    Mailbox { messages: messages.into_iter().map(message).collect(), new, saved }
}

impl Desk {
    pub(super) fn voicemail_of(&self, user: UserId) -> VoicemailCount {
        self.mailboxes.0.get(&user).map(|(_, count)| *count).unwrap_or_default()
    }

    /// A mailbox has other numbers of messages.
    pub(super) fn set_voicemail(&mut self, node: NodeId, count: control::VoicemailCount) {
        let control::VoicemailCount { user, new, saved } = count;
        let count = VoicemailCount { new, saved };
        if count == self.voicemail_of(user) || self.roster.person(user).is_none() {
            return;
        }
        if count == VoicemailCount::default() {
            self.mailboxes.0.remove(&user);
        } else {
            self.mailboxes.0.insert(user, (node, count));
        }
        for session in self.sessions_of(user) {
            self.push(session, Push::Voicemail { count });
        }
    }

    /// Every mailbox with messages at a softswitch.
    pub(super) fn set_mailboxes(&mut self, node: NodeId, counts: Vec<control::VoicemailCount>) {
        let told: HashSet<_> = counts.iter().map(|count| count.user).collect();
        let held = self.mailboxes.0.iter().filter(|(user, (of, _))| *of == node && !told.contains(user));
        let empty: Vec<_> = held.map(|(user, _)| *user).collect();
        let empty = empty.into_iter().map(|user| control::VoicemailCount { user, new: 0, saved: 0 });
        for count in empty.chain(counts) {
            self.set_voicemail(node, count);
        }
    }

    pub(super) fn dispatch_voicemail(
        &mut self,
        now: Instant,
        (conn, session): (ConnId, SessionId),
        request: u32,
        method: Method,
    ) -> Result<Option<Value>, ErrorInfo> {
        let Some(user) = self.sessions.get(&session).map(|session| session.record.user) else {
            return Ok(None);
        };
        let (command, waiter) = match method {
            Method::VoicemailMark(params) => {
                let (message, is_heard) = (read_message(&params.message)?, params.is_heard);
                (Command::MarkVoicemail { user, message, is_heard }, Waiter::Plain { conn, request })
            }
            Method::VoicemailDelete(params) => {
                let message = read_message(&params.message)?;
                (Command::DeleteVoicemail { user, message }, Waiter::Plain { conn, request })
            }
            Method::VoicemailLink(params) => {
                let message = read_message(&params.message)?;
                self.outputs.push_back(Output::VoicemailLink { conn, request, user, message });
                return Ok(None);
            }
            _ => (Command::ListVoicemail { user }, Waiter::Mailbox { conn, request }),
        };
        let Some(node) = self.node_for_new_call() else {
            return Err(ErrorInfo::new(ErrorCode::SwitchUnavailable, "no softswitch is connected"));
        };
        self.send(now, node, session, command, waiter)
    }
}

fn read_message(id: &str) -> Result<RecordingId, ErrorInfo> {
    id.parse().map_err(|_| bad_request("a message's id is 32 hexadecimal digits"))
}
