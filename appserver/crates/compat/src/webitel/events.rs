//! What the desk says, as the events a Webitel client waits for.

use ringdown_protocol::{CallDirection, CallInfo, CallState, ChatMessage, Push};
use serde_json::{Map, Value};

use super::{MAX_LATER, Webitel, channel::Channel};
use crate::cause::{Cause, cause_of};

impl Webitel {
    /// Something the desk says unasked.
    pub fn handle_push(&mut self, push: Push) {
        match push {
            // The call rings nobody here; whoever it rings is told by itself.
            Push::CallState { call } => self.call_is(call),
            Push::CallEnded { call, reason, code, .. } => {
                if self.awaits_asked() && !self.channels.contains_key(&call.id) {
                    return self.keep(Push::CallEnded {
                        call,
                        reason,
                        code,
                        by: ringdown_protocol::EndedBy::Server,
                        duration_ms: 0,
                    });
                }
                self.call_ended(&call.id, cause_of(&reason, code));
            }
            Push::Calls { calls } => {
                let gone: Vec<_> = self
                    .channels
                    .keys()
                    .filter(|known| !calls.iter().any(|call| call.id == **known))
                    .cloned()
                    .collect();
                for leg in gone {
                    self.call_ended(&leg, cause_of("hangup", 16));
                }
                calls.into_iter().for_each(|call| self.call_is(call));
            }
            Push::CallDtmf { call, digit } => {
                if let Some(mut event) = self.channel_event(&call, "DTMF") {
                    event.insert("DTMF-Digit".to_owned(), digit.into());
                    self.tell_call(event);
                }
            }
            Push::ChatMessage { message } => self.message(&message),
            Push::Presence { entries } => self.presence(entries),
            Push::DirectoryChanged { entries, removed, .. } => self.directory(entries, &removed),
            _ => {}
        }
    }

    /// Another client of the company says something to this one's user.
    pub fn handle_told(&mut self, text: &str) {
        self.say(text.to_owned());
    }

    /// Whether it is not known yet if what rings was asked for.
    pub(super) fn awaits_asked(&self) -> bool {
        self.waiting.values().any(super::Waiting::is_asked)
    }

    fn keep(&mut self, push: Push) {
        if self.later.len() < MAX_LATER {
            self.later.push_back(push);
        }
    }

    fn call_is(&mut self, call: CallInfo) {
        let Some(known) = self.channels.get_mut(&call.id) else {
            if self.awaits_asked() {
                return self.keep(Push::CallState { call });
            }
            return self.call_begins(call);
        };
        let before = std::mem::replace(&mut known.call, call);
        let (leg, now) = (known.call.id.clone(), known.call.clone());
        let is_originator = known.is_originator();
        if before.state != now.state {
            self.tell_channel(&leg, "CHANNEL_CALLSTATE");
        }
        let was_answered = before.answered_at.is_some() || before.state == CallState::Active;
        let is_answered = now.answered_at.is_some() || now.state == CallState::Active;
        let moved = before.call_id != now.call_id || before.peer != now.peer;
        if is_answered && !was_answered {
            self.tell_channel(&leg, "CHANNEL_ANSWER");
            if is_originator && now.direction == CallDirection::Outbound {
                self.tell_channel(&leg, "CHANNEL_BRIDGE");
            }
        } else if moved && is_answered {
            self.tell_channel(&leg, "CHANNEL_BRIDGE");
        }
        if before.held != now.held {
            self.tell_channel(&leg, if now.held { "CHANNEL_HOLD" } else { "CHANNEL_UNHOLD" });
        }
    }

    fn call_begins(&mut self, call: CallInfo) {
        if call.state == CallState::Ended {
            return;
        }
        let asked = self.asked.iter().find(|(known, _)| *known == call.call_id);
        let mut channel = Channel::new(call, asked.map(|(_, asked)| asked.clone()));
        if self.channels.values().any(|known| known.id == channel.id) {
            channel.id = crate::dashed(&channel.call.id);
        }
        let (leg, call) = (channel.call.id.clone(), channel.call.clone());
        self.channels.insert(leg.clone(), channel);
        self.tell_existing(&leg, &call);
    }

    /// A channel from its beginning to where it is.
    pub(super) fn tell_existing(&mut self, leg: &str, call: &CallInfo) {
        self.tell_channel(leg, "CHANNEL_CREATE");
        if call.state == CallState::Active {
            self.tell_channel(leg, "CHANNEL_ANSWER");
            self.tell_channel(leg, "CHANNEL_BRIDGE");
            if call.held {
                self.tell_channel(leg, "CHANNEL_HOLD");
            }
        }
    }

    fn call_ended(&mut self, leg: &str, cause: Cause) {
        let Some(channel) = self.channels.get_mut(leg) else { return };
        channel.hangup = Some(cause);
        let call = channel.call.call_id.clone();
        for name in ["CHANNEL_HANGUP", "CHANNEL_HANGUP_COMPLETE", "CHANNEL_DESTROY"] {
            self.tell_channel(leg, name);
        }
        self.channels.remove(leg);
        if !self.channels.values().any(|other| other.call.call_id == call) {
            self.asked.retain(|(asked, _)| *asked != call);
        }
    }

    fn tell_channel(&mut self, leg: &str, name: &str) {
        if let Some(event) = self.channel_event(leg, name) {
            self.tell_call(event);
        }
    }

    fn tell_call(&mut self, event: Map<String, Value>) {
        if self.listens {
            self.event(event);
        }
    }

    pub(super) fn channel_event(&self, leg: &str, name: &str) -> Option<Map<String, Value>> {
        let channel = self.channels.get(leg)?;
        Some(channel.event(name, &self.own_name().whole, self.me()?))
    }

    fn message(&mut self, message: &ChatMessage) {
        let me = self.me().map(|me| me.user_id.as_str());
        // These clients know neither changed messages nor their own of elsewhere.
        if me == message.from.user_id.as_deref() || message.edited_at.is_some() {
            return;
        }
        let from = self.with_domain(&message.from.number.0);
        let mut event = self.user_event("MESSAGE");
        event.insert("from".to_owned(), from.into());
        event.insert("body".to_owned(), message.text.0.clone().into());
        self.event(event);
    }
}
