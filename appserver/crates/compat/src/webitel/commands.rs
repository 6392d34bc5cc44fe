//! What a client commands, and what it is answered.

use std::collections::BTreeMap;

use ringdown_protocol::{
    ChatSendParams, CompleteParams, DeclineParams, DeclineReason, DtmfParams, ErrorInfo, LegParams, Method,
    OriginateParams, Originated, ParkParams, TransferParams,
};
use ringdown_types::Pii;
use serde_json::{Map, Value, json};

use super::{Asked, MAX_ASKED, Webitel, channel::Channel};
use crate::{AccountName, Output, Text, output::Secret};

/// What an answer of the desk is for.
#[derive(Debug)]
pub(super) enum Waiting {
    /// A command whose answer says that it was done.
    Done { id: Value },
    /// A call the user asked for.
    Asked { id: Value, asked: Asked },
    /// A transfer with consultation of these two.
    Joined { id: Value, legs: [String; 2] },
    /// `token_generate`, which the shell answers.
    Token { id: Value },
    /// A part of a command that is answered by another.
    Nothing,
}

impl Waiting {
    pub(super) const fn is_asked(&self) -> bool {
        matches!(self, Self::Asked { .. })
    }
}

/// The arguments of a command.
struct Args<'a>(&'a Value);

impl Args<'_> {
    /// A text, or a number as one.
    fn text(&self, name: &str) -> String {
        match self.0.get(name) {
            Some(Value::String(text)) => text.trim().to_owned(),
            Some(Value::Number(number)) => number.to_string(),
            _ => String::new(),
        }
    }

    fn is_given(&self, name: &str) -> bool {
        match self.0.get(name) {
            None | Some(Value::Null | Value::Bool(false)) => false,
            Some(Value::String(text)) => !text.is_empty(),
            Some(Value::Array(list)) => !list.is_empty(),
            Some(_) => true,
        }
    }
}

impl Webitel {
    pub(super) fn command(&mut self, id: Value, function: &str, args: &Value) {
        let args = Args(args);
        match function {
            "login" => self.listen(&id),
            "logout" => {
                self.listens = false;
                self.succeed(&id, "+OK");
            }
            "ping" => self.succeed(&id, "+OK pong"),
            "call" => {
                let asked = Asked { number: number(&args.text("extension")), transfers: None };
                self.originate(id, &args, asked);
            }
            "attended_transfer" => {
                let number = number(&args.text("destination"));
                let transfers = self.named_leg(&args.text("call_uuid")).map(|(_, name)| name);
                self.consult(id, &args, number, transfers);
            }
            "att_xfer2" => {
                let number = number(&args.text("extension"));
                let named = self.named_leg(&args.text("parent_call_uuid"));
                let named = named.or_else(|| self.named_leg(&args.text("channel-uuid")));
                self.consult(id, &args, number, named.map(|(_, name)| name));
            }
            "att_xfer" => {
                let number = number(&args.text("destination"));
                let transfers = self.named_leg(&args.text("channel-uuid")).map(|(_, name)| name);
                self.consult(id, &args, number, transfers);
            }
            "api account list" | "api account_list" | "api list_users" => {
                let list = self.account_list();
                self.succeed(&id, &list);
            }
            "api account change" => self.change_account(id, &args),
            "api whoami" => {
                let who = json!({
                    "id": self.own_name().whole,
                    "domain": self.domain(),
                    "role": self.role(),
                });
                self.succeed(&id, &who.to_string());
            }
            "subscribe" | "unsubscribe" => self.subscribe(&id, &args, function == "subscribe"),
            "chat_send" => {
                let text =
                    [args.text("message"), args.text("body")].into_iter().find(|text| !text.is_empty());
                let to = Some(Pii(AccountName::read(&args.text("to")).user));
                let params =
                    ChatSendParams { to, text: Pii(text.unwrap_or_default()), ..ChatSendParams::default() };
                self.ask(Method::ChatSend(params), Waiting::Done { id });
            }
            "sys_msg" => self.tell(&id, &args),
            "token_generate" => {
                let password = Secret(args.text("password"));
                // It is answered by the shell, not by the desk: any number that is free will do.
                let key = u32::MAX - (self.waiting.len() as u32 & 0xffff);
                self.waiting.insert(key, Waiting::Token { id });
                self.outputs.push_back(Output::Token { password });
            }
            // The softswitch asks for a picture by itself.
            "video_refresh" => self.succeed(&id, "+OK Success"),
            "show_channel" => self.show_channels(&id),
            "rawapi" | "eavesdrop" | "displace" | "broadcast" | "setvar" => {
                self.fail(&id, "-ERR: Permission denied.");
            }
            _ => self.command_on_channel(id, function, &args),
        }
    }

    /// Commands that name a channel.
    fn command_on_channel(&mut self, id: Value, function: &str, args: &Args<'_>) {
        let names = ["channel-uuid", "call-uuid", "uuid", "channel_uuid_A", "channel-uuid-leg-a"];
        let named = match function {
            "att_xfer_cancel" => self.named_leg(&args.text("channel-uuid-leg-c")),
            "hangup" | "park" | "hold" | "unhold" | "toggle_hold" | "dtmf" | "transfer" | "bridge"
            | "att_xfer_bridge" | "channel_dump" | "getvar" => {
                names.iter().find_map(|name| self.named_leg(&args.text(name)))
            }
            _ => return self.fail(&id, &format!("{} - not found.", shortened(function))),
        };
        let Some((leg, _)) = named else { return self.fail(&id, "-ERR No such channel!") };
        let Some(channel) = self.channels.get(&leg) else { return };
        let own = LegParams { call: leg.clone() };
        let method = match function {
            "hangup" | "att_xfer_cancel" => hang_up(channel, &args.text("cause")),
            "park" => Method::CallPark(ParkParams { call: leg, slot: None }),
            "hold" => Method::CallHold(own),
            "unhold" => Method::CallUnhold(own),
            "toggle_hold" if channel.call.held => Method::CallUnhold(own),
            "toggle_hold" => Method::CallHold(own),
            "dtmf" => Method::CallDtmf(DtmfParams { call: leg, digits: args.text("digits") }),
            "transfer" => {
                Method::CallTransfer(TransferParams { call: leg, to: number(&args.text("destination")) })
            }
            "channel_dump" => {
                let dump = self.channel_event(&leg, "CHANNEL_DATA").map(Value::Object);
                return self.succeed(&id, &dump.unwrap_or_default().to_string());
            }
            "getvar" => {
                let name = args.text("variable");
                let value = channel.call.variables.get(&name).cloned();
                return self.succeed(&id, &value.unwrap_or_else(|| "_undef_".to_owned()));
            }
            _ => return self.join(id, leg, args),
        };
        self.ask(method, Waiting::Done { id });
    }

    /// `bridge` and `att_xfer_bridge`: the other sides of two of the user's calls talk.
    fn join(&mut self, id: Value, leg: String, args: &Args<'_>) {
        let names = ["channel_uuid_B", "channel-uuid-leg-c", "channel-uuid-leg-d"];
        let others: Vec<_> = names.iter().filter_map(|name| self.named_leg(&args.text(name))).collect();
        let Some((other, _)) = others.into_iter().find(|(other, _)| *other != leg) else {
            return self.fail(&id, "-ERR No such channel!");
        };
        for leg in [&leg, &other] {
            if let Some(channel) = self.channels.get_mut(leg) {
                channel.transfer = Some("confirmed");
            }
        }
        let params = CompleteParams { call: leg.clone(), other: other.clone() };
        self.ask(Method::CallComplete(params), Waiting::Joined { id, legs: [leg, other] });
    }

    fn listen(&mut self, id: &Value) {
        self.succeed(id, "+OK");
        if std::mem::replace(&mut self.listens, true) {
            return;
        }
        let calls: Vec<_> = self.channels.values().map(|channel| channel.call.clone()).collect();
        for call in calls {
            self.tell_existing(&call.id, &call);
        }
    }

    fn consult(&mut self, id: Value, args: &Args<'_>, number: String, transfers: Option<String>) {
        if transfers.is_none() {
            return self.fail(&id, "-ERR No such channel!");
        }
        self.originate(id, args, Asked { number, transfers });
    }

    /// Rings the user's own devices, then calls.
    fn originate(&mut self, id: Value, args: &Args<'_>, asked: Asked) {
        let user = args.text("user");
        let is_own = user.is_empty() || AccountName::read(&user).user == self.own_name().user;
        if !is_own {
            return self.fail(&id, "-ERR: Permission denied.");
        }
        let auto_answer = args.is_given("auto_answer_param");
        let variables = variables(args.0.get("params"));
        let params = OriginateParams { to: asked.number.clone(), auto_answer, variables };
        self.ask(Method::CallOriginate(params), Waiting::Asked { id, asked });
    }

    fn change_account(&mut self, id: Value, args: &Args<'_>) {
        let user = AccountName::read(&args.text("user")).user;
        if user != self.own_name().user {
            return self.fail(&id, "-ERR: Permission denied.");
        }
        match args.text("param").as_str() {
            "status" | "state" => self.set_status(id, &args.text("value")),
            // Accounts are changed over REST, by who may.
            _ => self.fail(&id, "-ERR: Permission denied."),
        }
    }

    fn subscribe(&mut self, id: &Value, args: &Args<'_>, on: bool) {
        let event = args.text("event").to_uppercase();
        if !EVENTS.contains(&event.as_str()) {
            return self.fail(id, "-ERR: Permission denied.");
        }
        let text = format!("+OK {} {event}", if on { "subscribed" } else { "unsubscribed" });
        if on {
            self.subscribed.insert(event);
        } else {
            self.subscribed.remove(&event);
        }
        self.succeed(id, &text);
    }

    /// Something for the other clients of a colleague, such as that the camera went on.
    fn tell(&mut self, id: &Value, args: &Args<'_>) {
        let to = AccountName::read(&args.text("to")).user;
        let known =
            self.people.iter().find(|entry| entry.extension.0 == to).map(|entry| entry.user_id.clone());
        let Some(user) = known else { return self.fail(id, "-ERR: no such account") };
        let mut event = self.user_event("WEBITEL-CUSTOM-MESSAGE");
        event.insert("from".to_owned(), self.own_name().whole.clone().into());
        event.insert("body".to_owned(), args.0.get("body").cloned().unwrap_or_default());
        self.outputs.push_back(Output::Tell { user, text: Text(Value::Object(event).to_string()) });
        self.succeed(id, "+OK");
    }

    fn show_channels(&mut self, id: &Value) {
        let rows: Vec<Value> = self
            .channels
            .keys()
            .filter_map(|leg| self.channel_event(leg, "CHANNEL_DATA"))
            .map(|event| row(&event))
            .collect();
        let shown = json!({"row_count": rows.len(), "rows": rows});
        self.succeed(id, &shown.to_string());
    }

    /// A channel of the user's by the name of either of its sides, with its own name. Of several names with commas the
    /// first that is known.
    fn named_leg(&self, names: &str) -> Option<(String, String)> {
        let mut named = names.split(',').map(str::trim).filter(|name| !name.is_empty());
        named.find_map(|name| {
            let own = self.channels.iter().find(|(_, channel)| channel.id == name);
            let (leg, channel) =
                own.or_else(|| self.channels.iter().find(|(_, channel)| channel.is_named(name)))?;
            Some((leg.clone(), channel.id.clone()))
        })
    }

    pub(super) fn answered(&mut self, waiting: Waiting, outcome: Result<Value, ErrorInfo>) {
        match (waiting, outcome) {
            (Waiting::Done { id }, Ok(_)) => self.succeed(&id, "+OK Success"),
            (Waiting::Joined { id, .. }, Ok(_)) => self.succeed(&id, "+OK Success"),
            (Waiting::Asked { id, asked }, Ok(result)) => {
                let call = serde_json::from_value::<Originated>(result).map(|call| call.call_id);
                let Ok(call) = call else { return self.fail(&id, "-ERR: no call") };
                self.succeed(&id, &format!("+OK {}", crate::dashed(&call)));
                self.asked.push_back((call, asked));
                if self.asked.len() > MAX_ASKED {
                    self.asked.pop_front();
                }
            }
            (Waiting::Joined { id, legs }, Err(error)) => {
                for leg in legs {
                    if let Some(channel) = self.channels.get_mut(&leg) {
                        channel.transfer = Some("error");
                    }
                }
                self.fail(&id, &format!("-ERR: {}", error.message));
            }
            (Waiting::Done { id } | Waiting::Asked { id, .. } | Waiting::Token { id }, Err(error)) => {
                self.fail(&id, &format!("-ERR: {}", error.message));
            }
            (Waiting::Token { .. } | Waiting::Nothing, _) => {}
        }
    }
}

/// Events a client may ask for. All of them come anyway, as they did.
const EVENTS: [&str; 17] = [
    "CHANNEL_CREATE",
    "CHANNEL_ANSWER",
    "CHANNEL_BRIDGE",
    "CHANNEL_UNBRIDGE",
    "CHANNEL_HOLD",
    "CHANNEL_UNHOLD",
    "CHANNEL_HANGUP",
    "CHANNEL_HANGUP_COMPLETE",
    "CHANNEL_DESTROY",
    "CHANNEL_CALLSTATE",
    "DTMF",
    "MESSAGE",
    "ACCOUNT_STATUS",
    "ACCOUNT_ONLINE",
    "ACCOUNT_OFFLINE",
    "USER_CREATE",
    "USER_DESTROY",
];

fn hang_up(channel: &Channel, cause: &str) -> Method {
    let call = channel.call.id.clone();
    let rings = !channel.is_answered()
        && !matches!(channel.call.direction, ringdown_protocol::CallDirection::Outbound);
    if !rings {
        return Method::CallHangup(LegParams { call });
    }
    let reason = if cause == "USER_BUSY" { DeclineReason::Busy } else { DeclineReason::Declined };
    Method::CallDecline(DeclineParams { call, reason })
}

/// What is dialled: a domain behind it is the company's own.
fn number(text: &str) -> String {
    AccountName::read(text).user
}

/// `["name=value", …]`.
fn variables(params: Option<&Value>) -> BTreeMap<String, String> {
    let given = params.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    given
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name.trim().to_owned(), value.to_owned()))
        .collect()
}

fn shortened(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(64).collect()
}

/// A channel as a softswitch lists it.
pub(super) fn row(event: &Map<String, Value>) -> Value {
    let field = |name: &str| event.get(name).cloned().unwrap_or_default();
    json!({
        "uuid": field("Unique-ID"),
        "direction": field("Call-Direction"),
        "created_epoch": field("Caller-Channel-Created-Time"),
        "state": field("Channel-State"),
        "cid_name": field("Caller-Caller-ID-Name"),
        "cid_num": field("Caller-Caller-ID-Number"),
        "dest": field("Caller-Destination-Number"),
        "presence_id": field("Channel-Presence-ID"),
        "callstate": field("Channel-Call-State"),
        "callee_name": field("Caller-Callee-ID-Name"),
        "callee_num": field("Caller-Callee-ID-Number"),
        "call_uuid": field("Channel-Call-UUID"),
    })
}
