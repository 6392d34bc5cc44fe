//! A channel: one side of a call as FreeSWITCH names it in its events.

use ringdown_protocol::{CallDirection, CallInfo, CallState, Me};
use serde_json::{Map, Value};

use super::Asked;
use crate::{
    cause::Cause,
    dashed,
    names::{given_id, side_id},
};

/// The user's side of a call on one device.
#[derive(Debug, Clone)]
pub(super) struct Channel {
    /// What names it, from its creation to its end.
    pub(super) id: String,
    pub(super) call: CallInfo,
    /// The call was asked for: the user's own device rings first.
    pub(super) asked: Option<Asked>,
    /// A transfer with consultation was told to the softswitch: how it went.
    pub(super) transfer: Option<&'static str>,
    pub(super) hangup: Option<Cause>,
}

impl Channel {
    pub(super) fn new(call: CallInfo, asked: Option<Asked>) -> Self {
        let id = side_id(&call);
        Self { id, call, asked, transfer: None, hangup: None }
    }

    pub(super) fn is_answered(&self) -> bool {
        self.call.answered_at.is_some() || self.call.state == CallState::Active
    }

    /// Whether it called, or was rung for a call of its own.
    pub(super) fn is_originator(&self) -> bool {
        self.asked.is_some() || self.call.direction == CallDirection::Outbound
    }

    /// What names the other side: of a call somebody else made what their client named it.
    pub(super) fn other(&self) -> String {
        if self.is_originator() {
            return other_of(&self.call.call_id);
        }
        given_id(&self.call).map_or_else(|| dashed(&self.call.call_id), str::to_owned)
    }

    /// Whether `id` names this side or the one it talks with.
    pub(super) fn is_named(&self, id: &str) -> bool {
        self.id == id || self.other() == id
    }

    /// An event about it.
    pub(super) fn event(&self, name: &str, account: &str, me: &Me) -> Map<String, Value> {
        let mut event = Map::new();
        let mut put = |name: &str, value: String| event.insert(name.to_owned(), value.into());
        put("webitel-event-name", "call".to_owned());
        put("Event-Name", name.to_owned());
        put("Channel-Presence-ID", account.to_owned());
        put("Unique-ID", self.id.clone());
        put("Channel-Call-UUID", if self.is_originator() { self.id.clone() } else { self.other() });
        let (state, number, call_state) = self.states();
        put("Channel-Call-State", call_state.to_owned());
        put("Channel-State-Number", number.to_owned());
        put("Channel-State", state.to_owned());
        let answer = match (self.hangup, self.is_answered()) {
            (Some(_), _) => "hangup",
            (None, true) => "answered",
            (None, false) => "ringing",
        };
        put("Answer-State", answer.to_owned());
        // Seen from the softswitch: a call the user makes comes in.
        let comes_in = self.call.direction == CallDirection::Outbound;
        put("Call-Direction", if comes_in { "inbound" } else { "outbound" }.to_owned());
        put("Caller-Logical-Direction", if comes_in { "inbound" } else { "outbound" }.to_owned());
        put("Channel-HIT-Dialplan", self.is_originator().to_string());
        self.put_parties(me, &mut put);
        put("Other-Leg-Unique-ID", self.other());
        put("Caller-Channel-Created-Time", micros(Some(self.call.created_at)));
        put("Caller-Channel-Answered-Time", micros(self.call.answered_at));
        if let Some(asked) = &self.asked {
            put("variable_w_jsclient_originate_number", encoded(&asked.number));
            if let Some(transfers) = &asked.transfers {
                put("variable_w_jsclient_xtransfer", transfers.clone());
            }
        }
        if let Some(result) = self.transfer {
            put("variable_w_transfer_result", result.to_owned());
        }
        if let Some(cause) = self.hangup {
            put("variable_hangup_cause", cause.name.to_owned());
        }
        if let Some(data) = self.call.variables.get("webitel_data") {
            put("variable_webitel_data", format!("'{data}'"));
        }
        event
    }

    fn put_parties<R>(&self, me: &Me, put: &mut impl FnMut(&str, String) -> R) {
        let own_number =
            me.extension.as_ref().map_or_else(|| me.username.0.clone(), |number| number.0.clone());
        let own = (me.name.0.clone(), own_number);
        let number = match &self.asked {
            Some(asked) if self.call.peer.number.0.is_empty() => asked.number.clone(),
            _ => self.call.peer.number.0.clone(),
        };
        let name = Some(self.call.peer.name.0.clone()).filter(|name| !name.is_empty());
        let peer = (name.unwrap_or_else(|| number.clone()), number);
        let (caller, callee) = if self.is_originator() { (own, peer) } else { (peer, own) };
        put("Caller-Caller-ID-Name", encoded(&caller.0));
        put("Caller-Caller-ID-Number", encoded(&caller.1));
        put("Caller-Callee-ID-Name", encoded(&callee.0));
        put("Caller-Callee-ID-Number", encoded(&callee.1));
        put("Caller-Destination-Number", encoded(&callee.1));
    }

    fn states(&self) -> (&'static str, &'static str, &'static str) {
        if self.hangup.is_some() {
            return ("CS_HANGUP", "10", "HANGUP");
        }
        match self.call.state {
            CallState::Active if self.call.held => ("CS_EXCHANGE_MEDIA", "5", "HELD"),
            CallState::Active => ("CS_EXCHANGE_MEDIA", "5", "ACTIVE"),
            CallState::Dialing => ("CS_ROUTING", "2", "DOWN"),
            CallState::Ringing => ("CS_CONSUME_MEDIA", "7", "RINGING"),
            CallState::Ended => ("CS_HANGUP", "10", "HANGUP"),
        }
    }
}

/// Clients take names and numbers for percent-encoded.
pub(super) fn encoded(text: &str) -> String {
    text.replace('%', "%25")
}

/// Milliseconds as the softswitch's microseconds; none are 0.
fn micros(at: Option<u64>) -> String {
    at.map_or_else(|| "0".to_owned(), |at| at.saturating_mul(1_000).to_string())
}

/// A name for the called side, which has none that its caller knows: the call's with another first digit.
fn other_of(call: &str) -> String {
    let named = dashed(call);
    let mut letters = named.chars();
    let first = letters.next().and_then(|digit| digit.to_digit(16)).unwrap_or_default();
    let turned = char::from_digit(first ^ 8, 16).unwrap_or('8');
    format!("{turned}{}", letters.as_str())
}
