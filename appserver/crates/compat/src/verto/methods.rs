//! What a client asks, and what it is answered.

use std::collections::BTreeMap;

use ringdown_protocol::{
    AnswerParams, CallStarted, ChatSendParams, CompleteParams, DeclineParams, DeclineReason, DescribeParams,
    Description, DescriptionKind, DtmfParams, ErrorCode, ErrorInfo, LegParams, Method, StartParams,
    TransferParams,
};
use ringdown_types::Pii;
use serde_json::{Map, Value, json};

use super::{
    MAX_DIALOGS, Verto,
    dialog::{Dialog, Stage},
    rpc::{self, Call, object, text},
};
use crate::{
    AccountName, CALL_ID_VARIABLE,
    cause::{Cause, NORMAL_CLEARING, cause_of},
    names::is_call_id,
};

/// What an answer of the desk is for.
#[derive(Debug)]
pub(super) enum Waiting {
    /// `verto.invite`.
    Start { rpc: Value, call: String },
    /// `verto.answer`.
    Answer { rpc: Value, call: String },
    /// An offer for a client that came back.
    Reoffer { call: String },
    /// `verto.attach`.
    Attach { rpc: Value, call: String },
    /// `verto.modify` with a description, whose answer comes by itself.
    Update { rpc: Value, call: String },
    /// `verto.bye`.
    Bye { rpc: Value, call: String, cause: Cause },
    /// `verto.modify`.
    Modify { rpc: Value, call: String, action: String, held: Option<bool>, message: Option<&'static str> },
    /// Anything whose answer says that it was sent.
    Sent { rpc: Value },
    /// A call whose client was not told of it.
    Nobody,
}

impl Verto {
    pub(super) fn call(&mut self, call: Call) {
        match call.method.as_str() {
            "login" => self.succeed(&call.id, object([("message", "logged in".into())])),
            "echo" | "verto.ping" => {
                let params = call.params.as_object().cloned().unwrap_or_default();
                self.succeed(&call.id, params);
            }
            "verto.invite" => self.invite(call),
            "verto.answer" => self.answer(call),
            "verto.attach" => self.attached(call),
            "verto.bye" => self.bye(call),
            "verto.modify" => self.modify(call),
            "verto.info" => self.info(call),
            "verto.subscribe" => self.subscribe(&call),
            "verto.unsubscribe" => self.unsubscribe(&call),
            "verto.broadcast" => self.refuse(&call.id, rpc::SESSION_ERROR, "Permission Denied."),
            // Among them `jsapi` and `fsapi`, which run commands in a softswitch.
            _ => {
                let message = "Invalid Method, Missing Method or Permission Denied";
                self.refuse(&call.id, rpc::NO_METHOD, message);
            }
        }
    }

    fn invite(&mut self, call: Call) {
        let dialog = call.params.get("dialogParams").unwrap_or(&Value::Null);
        let Some(id) = text(dialog, "callID").filter(|id| is_call_id(id)).map(str::to_owned) else {
            return self.refuse(&call.id, rpc::SESSION_ERROR, "CallID missing");
        };
        let Some(sdp) = text(&call.params, "sdp").map(str::to_owned) else {
            return self.refuse(&call.id, rpc::SESSION_ERROR, "SDP missing");
        };
        if self.dialogs.len() >= MAX_DIALOGS || self.dialogs.contains_key(&id) {
            return self.refuse_call(&call.id, &id, "the call exists already, or there are too many");
        }
        let to = AccountName::read(text(dialog, "destination_number").unwrap_or_default()).user;
        let mut variables = user_variables(dialog);
        variables.insert(CALL_ID_VARIABLE.to_owned(), id.clone());
        let description = Description { kind: DescriptionKind::Offer, sdp };
        self.dialogs.insert(id.clone(), Dialog::asked());
        let waiting = Waiting::Start { rpc: call.id, call: id };
        self.ask(Method::CallStart(StartParams { to, description, variables }), waiting);
    }

    fn answer(&mut self, call: Call) {
        let Some((id, leg, sdp)) = self.described_call(&call) else { return };
        let description = Some(Description { kind: DescriptionKind::Answer, sdp });
        let waiting = Waiting::Answer { rpc: call.id, call: id };
        self.ask(Method::CallAnswer(AnswerParams { call: leg, description }), waiting);
    }

    /// A client that came back takes its call.
    fn attached(&mut self, call: Call) {
        let Some((id, leg, sdp)) = self.described_call(&call) else { return };
        let description = Description { kind: DescriptionKind::Answer, sdp };
        let waiting = Waiting::Attach { rpc: call.id, call: id };
        self.ask(Method::CallDescribe(DescribeParams { call: leg, description }), waiting);
    }

    /// A client that changes networks or streams offers anew.
    fn update(&mut self, call: Call) {
        let Some((id, leg, sdp)) = self.described_call(&call) else { return };
        let waits = self.dialogs.get_mut(&id).and_then(|dialog| dialog.update.replace(call.id.clone()));
        if let Some(before) = waits {
            self.refuse(&before, rpc::SESSION_ERROR, "another offer took its place");
        }
        let description = Description { kind: DescriptionKind::Offer, sdp };
        let waiting = Waiting::Update { rpc: call.id, call: id };
        self.ask(Method::CallDescribe(DescribeParams { call: leg, description }), waiting);
    }

    /// A request with a description: the call, its name at the desk, the description.
    fn described_call(&mut self, call: &Call) -> Option<(String, String, String)> {
        let id = self.dialog_of(call)?;
        let Some(sdp) = text(&call.params, "sdp").map(str::to_owned) else {
            self.refuse(&call.id, rpc::SESSION_ERROR, "SDP missing");
            return None;
        };
        let Some(leg) = self.dialogs.get(&id).and_then(|dialog| dialog.leg.clone()) else {
            self.no_such_call(&call.id, &id);
            return None;
        };
        Some((id, leg, sdp))
    }

    fn bye(&mut self, call: Call) {
        let Some(id) = self.dialog_of(&call) else { return };
        let cause = text(&call.params, "cause").unwrap_or_default();
        let is_busy = cause == "USER_BUSY";
        let Some(dialog) = self.dialogs.get_mut(&id) else { return };
        dialog.is_ending = true;
        let stage = dialog.stage;
        let Some(leg) = dialog.leg.clone() else {
            // It is hung up once it has a name at the desk.
            let ended = object([
                ("callID", id.into()),
                ("message", "CALL ENDED".into()),
                ("causeCode", NORMAL_CLEARING.code.into()),
                ("cause", NORMAL_CLEARING.name.into()),
            ]);
            return self.succeed(&call.id, ended);
        };
        let (method, cause) = if stage == Stage::Rings {
            let reason = if is_busy { DeclineReason::Busy } else { DeclineReason::Declined };
            let cause = cause_of(if is_busy { "busy" } else { "declined" }, 16);
            (Method::CallDecline(DeclineParams { call: leg, reason }), cause)
        } else {
            (Method::CallHangup(LegParams { call: leg }), NORMAL_CLEARING)
        };
        self.ask(method, Waiting::Bye { rpc: call.id, call: id, cause });
    }

    fn modify(&mut self, call: Call) {
        let Some(id) = self.dialog_of(&call) else { return };
        let Some(action) = text(&call.params, "action").map(str::to_owned) else {
            return self.refuse(&call.id, rpc::SESSION_ERROR, "action missing");
        };
        if action.eq_ignore_ascii_case("updateMedia") {
            return self.update(call);
        }
        let Some((leg, held)) =
            self.dialogs.get(&id).and_then(|dialog| Some((dialog.leg.clone()?, dialog.held)))
        else {
            return self.no_such_call(&call.id, &id);
        };
        let wanted = match action.to_ascii_lowercase().as_str() {
            "hold" => Some(true),
            "unhold" => Some(false),
            "togglehold" => Some(!held),
            _ => None,
        };
        if let Some(wanted) = wanted {
            if wanted == held {
                return self.modified(&call.id, &id, &action, None);
            }
            let leg = LegParams { call: leg };
            let method = if wanted { Method::CallHold(leg) } else { Method::CallUnhold(leg) };
            let waiting =
                Waiting::Modify { rpc: call.id, call: id, action, held: Some(wanted), message: None };
            return self.ask(method, waiting);
        }
        let (method, message) = match action.to_ascii_lowercase().as_str() {
            "transfer" => {
                let Some(to) = text(&call.params, "destination").filter(|to| !to.is_empty()) else {
                    return self.refuse(&call.id, rpc::SESSION_ERROR, "destination missing");
                };
                let to = AccountName::read(to).user;
                (Method::CallTransfer(TransferParams { call: leg, to }), "CALL TRANSFERRED")
            }
            "replace" => {
                let other = text(&call.params, "replaceCallID").and_then(|other| self.dialogs.get(other));
                let Some(other) = other.and_then(|other| other.leg.clone()) else {
                    return self.refuse(&call.id, rpc::SESSION_ERROR, "invalid transfer leg");
                };
                (Method::CallComplete(CompleteParams { call: leg, other }), "CALL TRANSFERRED")
            }
            _ => return self.refuse(&call.id, rpc::SESSION_ERROR, "no such action"),
        };
        let message = Some(message);
        self.ask(method, Waiting::Modify { rpc: call.id, call: id, action, held: None, message });
    }

    fn info(&mut self, call: Call) {
        if let Some(message) = call.params.get("msg") {
            let (to, body) = (text(message, "to"), text(message, "body"));
            let (Some(to), Some(body)) = (to, body) else {
                let message = "INVALID MESSAGE to and body params required";
                return self.refuse(&call.id, rpc::SESSION_ERROR, message);
            };
            // A name may say which protocol it is of: `verto.rtc+101@pbx.example`.
            let to = to.rsplit_once('+').map_or(to, |(_, to)| to);
            let to = Some(Pii(AccountName::read(to).user));
            let params = ChatSendParams { to, text: Pii(body.to_owned()), ..ChatSendParams::default() };
            return self.ask(Method::ChatSend(params), Waiting::Sent { rpc: call.id });
        }
        let Some(id) = self.dialog_of(&call) else { return };
        let leg = self.dialogs.get(&id).and_then(|dialog| dialog.leg.clone());
        let digits = text(&call.params, "dtmf").map(str::to_owned);
        match (leg, digits) {
            (Some(call_leg), Some(digits)) => {
                let digits: String = digits.chars().filter(|digit| !PAUSES.contains(digit)).collect();
                let params = DtmfParams { call: call_leg, digits };
                self.ask(Method::CallDtmf(params), Waiting::Sent { rpc: call.id });
            }
            (None, _) => self.no_such_call(&call.id, &id),
            (_, None) => self.succeed(&call.id, Map::new()),
        }
    }

    /// The dialog a request is about; a request about none is answered here.
    fn dialog_of(&mut self, call: &Call) -> Option<String> {
        let id = call.params.get("dialogParams").and_then(|dialog| text(dialog, "callID"));
        let Some(id) = id.map(str::to_owned) else {
            self.refuse(&call.id, rpc::SESSION_ERROR, "CallID missing");
            return None;
        };
        if self.dialogs.contains_key(&id) {
            return Some(id);
        }
        self.no_such_call(&call.id, &id);
        None
    }

    fn no_such_call(&mut self, id: &Value, call: &str) {
        let more = object([("callID", call.into())]);
        self.say(rpc::error(id, rpc::SESSION_ERROR, "CALL DOES NOT EXIST", more));
    }

    fn refuse_call(&mut self, id: &Value, call: &str, why: &str) {
        let more = object([
            ("callID", call.into()),
            ("causeCode", 41.into()),
            ("cause", "NORMAL_TEMPORARY_FAILURE".into()),
            ("reason", why.into()),
        ]);
        self.say(rpc::error(id, rpc::SESSION_ERROR, "CALL ERROR", more));
    }

    pub(super) fn answered(&mut self, waiting: Waiting, outcome: Result<Value, ErrorInfo>) {
        match (waiting, outcome) {
            (Waiting::Start { rpc, call }, Ok(result)) => self.started(&rpc, call, result),
            (Waiting::Start { rpc, call }, Err(error)) => {
                self.dialogs.remove(&call);
                self.refuse_call(&rpc, &call, &error.message);
            }
            (Waiting::Answer { rpc, call }, Ok(_)) => {
                if let Some(dialog) = self.dialogs.get_mut(&call) {
                    dialog.stage = Stage::Answered;
                }
                let result = object([("message", "CALL ANSWERED".into()), ("callID", call.into())]);
                self.succeed(&rpc, result);
            }
            (Waiting::Bye { rpc, call, cause }, Ok(_)) => {
                let result = object([
                    ("callID", call.into()),
                    ("message", "CALL ENDED".into()),
                    ("causeCode", cause.code.into()),
                    ("cause", cause.name.into()),
                ]);
                self.succeed(&rpc, result);
            }
            (Waiting::Bye { rpc, call, .. }, Err(error)) => {
                // The softswitch is away: the call goes on, and the client may try again.
                if error.name == ErrorCode::SwitchUnavailable
                    && let Some(dialog) = self.dialogs.get_mut(&call)
                {
                    dialog.is_ending = false;
                }
                self.failed(&rpc, &call, &error);
            }
            (Waiting::Modify { rpc, call, action, held, message }, Ok(_)) => {
                if let (Some(held), Some(dialog)) = (held, self.dialogs.get_mut(&call)) {
                    dialog.held = held;
                }
                self.modified(&rpc, &call, &action, message);
            }
            (Waiting::Attach { rpc, call }, Ok(_)) => {
                let result = object([("message", "CALL ATTACHED".into()), ("callID", call.into())]);
                self.succeed(&rpc, result);
            }
            (Waiting::Reoffer { call }, Err(error)) => self.not_attached(&call, &error),
            (Waiting::Update { rpc, call }, Err(error)) => {
                let waits = self.dialogs.get_mut(&call).and_then(|dialog| dialog.update.take());
                if waits.is_some() {
                    self.failed(&rpc, &call, &error);
                }
            }
            (
                Waiting::Answer { rpc, call }
                | Waiting::Attach { rpc, call }
                | Waiting::Modify { rpc, call, .. },
                Err(error),
            ) => self.failed(&rpc, &call, &error),
            (Waiting::Sent { rpc }, Ok(_)) => {
                self.succeed(&rpc, object([("message", "SENT".into())]));
            }
            (Waiting::Sent { rpc }, Err(error)) => self.refuse(&rpc, rpc::SESSION_ERROR, &error.message),
            // The description that follows says it.
            (Waiting::Reoffer { .. } | Waiting::Update { .. }, Ok(_)) | (Waiting::Nobody, _) => {}
        }
    }

    /// The desk placed the call: the client is told so, then what happened to it already.
    fn started(&mut self, rpc: &Value, id: String, result: Value) {
        let Ok(CallStarted { call }) = serde_json::from_value(result) else {
            self.dialogs.remove(&id);
            return self.refuse_call(rpc, &id, "the server's answer cannot be read");
        };
        let Some(dialog) = self.dialogs.get_mut(&id) else { return };
        dialog.leg = Some(call.id.clone());
        dialog.stage = Stage::Ringing;
        dialog.peer = Some(call.peer.clone());
        let is_ending = dialog.is_ending;
        self.by_leg.insert(call.id.clone(), id.clone());
        self.succeed(rpc, object([("message", "CALL CREATED".into()), ("callID", id.clone().into())]));
        self.claim(&call.id);
        if is_ending {
            self.ask(Method::CallHangup(LegParams { call: call.id }), Waiting::Nobody);
        }
    }

    fn modified(&mut self, rpc: &Value, id: &str, action: &str, message: Option<&str>) {
        let held = self.dialogs.get(id).is_some_and(|dialog| dialog.held);
        let mut result = object([
            ("callID", id.into()),
            ("action", action.into()),
            ("holdState", if held { "held" } else { "active" }.into()),
        ]);
        if let Some(message) = message {
            result.insert("message".to_owned(), message.into());
        }
        self.succeed(rpc, result);
    }

    fn failed(&mut self, rpc: &Value, call: &str, error: &ErrorInfo) {
        let message = match error.name {
            ErrorCode::NoSuchCall => "CALL DOES NOT EXIST",
            ErrorCode::NotAcceptable => "CODEC ERROR",
            _ => error.message.as_str(),
        };
        let mut more = object([("callID", call.into())]);
        // Clients read the state a hold left behind, also of one that failed.
        let held = self.dialogs.get(call).is_some_and(|dialog| dialog.held);
        more.insert("holdState".to_owned(), json!(if held { "held" } else { "active" }));
        self.say(rpc::error(rpc, rpc::SESSION_ERROR, message, more));
    }
}

/// Letters in digits that ask for a pause.
const PAUSES: [char; 4] = ['w', 'W', ',', ' '];

/// What the client sends along with the call.
fn user_variables(dialog: &Value) -> BTreeMap<String, String> {
    let given = dialog.get("userVariables").and_then(Value::as_object);
    let pairs = given.into_iter().flatten().filter_map(|(name, value)| {
        let value = match value {
            Value::String(text) => text.clone(),
            Value::Number(_) | Value::Bool(_) => value.to_string(),
            _ => return None,
        };
        Some((name.clone(), value))
    });
    pairs.collect()
}
