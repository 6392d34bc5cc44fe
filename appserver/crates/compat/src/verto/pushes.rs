//! What the desk says, as a Verto client understands it.

use ringdown_protocol::{
    CallDirection, CallInfo, CallState, ChatMessage, Description, DescriptionKind, ErrorCode, ErrorInfo,
    LegParams, Method, PeerInfo, PresenceEntry, Push,
};
use serde_json::{Value, json};

use super::{
    MAX_DIALOGS, MAX_UNCLAIMED, Verto,
    dialog::{Dialog, Stage},
    methods::Waiting,
    rpc::{Call, object},
};
use crate::{
    SignedIn,
    cause::{Cause, cause_of},
    dashed,
    names::side_id,
};

/// The one channel of events there is.
const PRESENCE: &str = "presence";

impl Verto {
    /// What a client is told once it signed in: which calls it has again. A call that rings is offered once more by the
    /// desk.
    pub(super) fn greet(&mut self, signed_in: &SignedIn) {
        let attached: Vec<_> =
            signed_in.state.calls.iter().filter_map(|call| self.attach_again(call)).collect();
        self.send("verto.clientReady", json!({"reattached_sessions": attached}));
    }

    /// Asks for an offer of a call that an earlier connection of the client had; the name of the call.
    fn attach_again(&mut self, call: &CallInfo) -> Option<String> {
        let rings = call.direction == CallDirection::Inbound && call.state != CallState::Active;
        if !call.mine || rings || call.state == CallState::Ended || self.by_leg.contains_key(&call.id) {
            return None;
        }
        let id = side_id(call);
        if self.dialogs.contains_key(&id) || self.dialogs.len() >= MAX_DIALOGS {
            return None;
        }
        let stage = if call.state == CallState::Active { Stage::Answered } else { Stage::Ringing };
        self.by_leg.insert(call.id.clone(), id.clone());
        self.dialogs.insert(id.clone(), Dialog { is_attaching: true, ..Dialog::known(call, stage) });
        let method = Method::CallReoffer(LegParams { call: call.id.clone() });
        self.ask(method, Waiting::Reoffer { call: id.clone() });
        Some(id)
    }

    /// The softswitch's offer to a client that came back.
    fn attach(&mut self, id: &str, offer: Description) {
        let Some(dialog) = self.dialogs.get_mut(id) else { return };
        dialog.is_attaching = false;
        let Some(peer) = dialog.peer.clone() else { return };
        // Both ways the other side is whom a client shows: it takes an attached call for one that was offered to it.
        let mut params = object([
            ("callID", id.into()),
            ("sdp", offer.sdp.into()),
            ("display_direction", "outbound".into()),
            ("display_name", shown_name(&peer).into()),
            ("display_number", peer.number.0.clone().into()),
        ]);
        params.extend(self.own_id());
        params.extend(caller_id(&peer));
        self.send("verto.attach", Value::Object(params));
    }

    /// Every call there is, after the server was away.
    fn calls_are(&mut self, calls: &[CallInfo]) {
        let gone: Vec<_> =
            self.by_leg.keys().filter(|leg| !calls.iter().any(|call| call.id == **leg)).cloned().collect();
        for leg in gone {
            self.ended(&leg, cause_of("hangup", 16));
        }
        for call in calls {
            if self.attach_again(call).is_none() {
                self.changed(call);
            }
        }
    }

    /// Whether the client had the call.
    fn ended(&mut self, leg: &str, cause: Cause) -> bool {
        let Some(id) = self.by_leg.remove(leg) else { return false };
        let Some(dialog) = self.dialogs.remove(&id) else { return true };
        if !dialog.is_ending {
            let params = json!({"callID": id, "causeCode": cause.code, "cause": cause.name});
            self.send("verto.bye", params);
        }
        true
    }

    /// There is no offer for a client that came back: the call cannot go on here.
    pub(super) fn not_attached(&mut self, id: &str, error: &ErrorInfo) {
        let Some(dialog) = self.dialogs.get_mut(id) else { return };
        dialog.is_attaching = false;
        // The softswitch is away. A client that only lost its connection still has its media.
        if error.name == ErrorCode::SwitchUnavailable {
            return;
        }
        let Some(leg) = dialog.leg.clone() else { return };
        self.ask(Method::CallHangup(LegParams { call: leg.clone() }), Waiting::Nobody);
        self.ended(&leg, cause_of("failed", 41));
    }

    /// Something the desk says unasked.
    pub fn handle_push(&mut self, push: Push) {
        match push {
            Push::CallIncoming { call, description, .. } => self.incoming(&call, description),
            Push::CallDescription { call, description } if !self.described(&call, &description) => {
                self.keep(Push::CallDescription { call, description });
            }
            Push::CallState { call } if !self.changed(&call) => self.keep(Push::CallState { call }),
            Push::CallEnded { ref call, ref reason, code, .. }
                if call.mine && !self.ended(&call.id, cause_of(reason, code)) =>
            {
                self.keep(push);
            }
            Push::Calls { calls } if self.is_signed_in() => self.calls_are(&calls),
            Push::DirectoryChanged { entries, removed, .. } => self.people.change(entries, &removed),
            Push::ChatMessage { message } => self.message(&message),
            Push::Presence { entries } => self.presence(&entries),
            _ => {}
        }
    }

    /// Tells what the desk said of a call before it confirmed its start.
    pub(super) fn claim(&mut self, leg: &str) {
        let kept = std::mem::take(&mut self.unclaimed);
        for push in kept {
            if leg_of(&push) == Some(leg) {
                self.handle_push(push);
            } else {
                self.unclaimed.push_back(push);
            }
        }
    }

    /// Keeps a push for a call whose start is under way; where none is, it is of a call the client has not.
    fn keep(&mut self, push: Push) {
        if self.dialogs.values().any(|dialog| dialog.stage == Stage::Asked) {
            self.unclaimed.push_back(push);
            if self.unclaimed.len() > MAX_UNCLAIMED {
                self.unclaimed.pop_front();
            }
        } else {
            self.unclaimed.clear();
        }
    }

    fn incoming(&mut self, call: &CallInfo, offer: Description) {
        let id = dashed(&call.id);
        if self.dialogs.contains_key(&id) {
            return;
        }
        let mut params = object([
            ("callID", id.clone().into()),
            ("sdp", offer.sdp.into()),
            // Seen from the softswitch, which is what clients read: the caller is whom to show.
            ("display_direction", "outbound".into()),
        ]);
        params.extend(self.own_id());
        params.extend(caller_id(&call.peer));
        self.by_leg.insert(call.id.clone(), id.clone());
        self.dialogs.insert(id, Dialog::known(call, Stage::Rings));
        self.send("verto.invite", Value::Object(params));
    }

    /// Whether the call is the client's.
    fn described(&mut self, leg: &str, description: &Description) -> bool {
        let Some(id) = self.by_leg.get(leg).cloned() else { return false };
        let Some(dialog) = self.dialogs.get_mut(&id) else { return true };
        if dialog.is_attaching && description.kind == DescriptionKind::Offer {
            self.attach(&id, description.clone());
            return true;
        }
        if description.kind == DescriptionKind::Answer
            && let Some(rpc) = dialog.update.take()
        {
            let sdp = description.sdp.clone();
            let result =
                object([("callID", id.into()), ("action", "updateMedia".into()), ("sdp", sdp.into())]);
            self.succeed(&rpc, result);
            return true;
        }
        // A Verto client answers no offer within a call: what the other side shows since is not seen here.
        let is_first = !std::mem::replace(&mut dialog.is_described, true);
        if is_first && description.kind == DescriptionKind::Answer && !dialog.is_ending {
            self.send("verto.media", json!({"callID": id, "sdp": description.sdp}));
        }
        true
    }

    /// Whether nothing needs to be kept of it.
    fn changed(&mut self, call: &CallInfo) -> bool {
        if !call.mine {
            return true;
        }
        let Some(id) = self.by_leg.get(&call.id).cloned() else { return false };
        let Some(dialog) = self.dialogs.get_mut(&id) else { return true };
        dialog.held = call.held;
        let answered = call.state == CallState::Active && dialog.stage == Stage::Ringing;
        if call.state == CallState::Active {
            dialog.stage = Stage::Answered;
        }
        let shows_other = dialog.peer.as_ref() != Some(&call.peer);
        dialog.peer = Some(call.peer.clone());
        if answered {
            self.send("verto.answer", json!({"callID": id}));
        }
        if shows_other {
            let mut params = object([
                ("callID", id.into()),
                ("display_name", shown_name(&call.peer).into()),
                ("display_number", call.peer.number.0.clone().into()),
            ]);
            params.extend(caller_id(&call.peer));
            self.send("verto.display", Value::Object(params));
        }
        true
    }

    /// The user, as the called side of what comes.
    fn own_id(&self) -> serde_json::Map<String, Value> {
        let own = self.me().and_then(|me| me.extension.clone()).map(|number| number.0).unwrap_or_default();
        let name = self.me().map(|me| me.name.0.clone()).unwrap_or_default();
        object([("callee_id_name", name.into()), ("callee_id_number", own.into())])
    }

    fn message(&mut self, message: &ChatMessage) {
        let me = self.me().map(|me| me.user_id.as_str());
        // These clients know neither changed messages nor their own of elsewhere.
        if me == message.from.user_id.as_deref() || message.edited_at.is_some() {
            return;
        }
        let to = self.own_name().whole.clone();
        let from = &message.from.number.0;
        let params = json!({"msg": {"from": from, "to": to, "body": message.text.0}});
        self.send("verto.info", params);
    }

    fn presence(&mut self, entries: &[PresenceEntry]) {
        if !self.channels.contains(PRESENCE) {
            return;
        }
        for entry in entries {
            let number = self.people.number_of(&entry.user_id);
            let state = serde_json::to_value(entry.presence).unwrap_or_default();
            let data = json!({"id": number, "state": state});
            self.send("verto.event", json!({"eventChannel": PRESENCE, "data": data}));
        }
    }

    pub(super) fn subscribe(&mut self, call: &Call) {
        let (mut taken, mut known, mut refused) = (Vec::new(), Vec::new(), Vec::new());
        for channel in channels(&call.params) {
            let own = channel == self.session;
            if channel != PRESENCE && !own {
                refused.push(channel);
            } else if self.channels.insert(channel.clone()) {
                taken.push(channel);
            } else {
                known.push(channel);
            }
        }
        let lists = [
            ("subscribedChannels", taken),
            ("unauthorizedChannels", refused),
            ("alreadySubscribedChannels", known),
        ];
        self.answer_channels(call, lists);
    }

    pub(super) fn unsubscribe(&mut self, call: &Call) {
        let (left, unknown): (Vec<_>, Vec<_>) =
            channels(&call.params).into_iter().partition(|channel| self.channels.remove(channel));
        let lists = [("unsubscribedChannels", left), ("notSubscribedChannels", unknown), ("", Vec::new())];
        self.answer_channels(call, lists);
    }

    fn answer_channels(&mut self, call: &Call, lists: [(&str, Vec<String>); 3]) {
        let filled = lists.into_iter().filter(|(_, list)| !list.is_empty());
        let result = filled.map(|(name, list)| (name.to_owned(), list.into())).collect();
        self.succeed(&call.id, result);
    }
}

/// The call a push is about.
fn leg_of(push: &Push) -> Option<&str> {
    match push {
        Push::CallDescription { call, .. } => Some(call),
        Push::CallState { call } | Push::CallEnded { call, .. } => Some(&call.id),
        _ => None,
    }
}

fn shown_name(peer: &PeerInfo) -> String {
    if peer.name.0.is_empty() { peer.number.0.clone() } else { peer.name.0.clone() }
}

fn caller_id(peer: &PeerInfo) -> serde_json::Map<String, Value> {
    object([("caller_id_name", shown_name(peer).into()), ("caller_id_number", peer.number.0.clone().into())])
}

/// At most 32 names of channels.
fn channels(params: &Value) -> Vec<String> {
    let short = |name: &str| name.chars().take(128).collect::<String>();
    match params.get("eventChannel") {
        Some(Value::String(name)) => vec![short(name)],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).map(short).take(32).collect(),
        _ => Vec::new(),
    }
}
