//! Webitel's WebSocket protocol: commands `exec-uuid`, `exec-func`, `exec-args`, and events with `webitel-event-name`.
//!
//! A client of it looks on and controls: it sees every channel of its account, on whichever device, and has no audio of
//! its own. What it once pasted into a softswitch's commands (`rawapi`, variables, dial strings) is not served.

mod accounts;
mod channel;
mod commands;
mod events;

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use ringdown_protocol::{CallInfo, ErrorInfo, Me, Method, Push, Request, Role};
use serde_json::{Map, Value, json};

use crate::{
    AccountName, MAX_TEXT_BYTES, Output, Proof, SignIn, SignInFailure, SignedIn, Text, dashed,
    login::{Login, Outcome},
    output::Secret,
    people::People,
};
use channel::Channel;
use commands::Waiting;

/// A connection of a Webitel client.
#[derive(Debug)]
pub struct Webitel {
    login: Login,
    people: People,
    /// The user's channels by the desk's name of the call.
    channels: BTreeMap<String, Channel>,
    /// What the user last said of themselves, in the client's words.
    away: Away,
    waiting: HashMap<u32, Waiting>,
    /// Calls that ring the user's own devices first, by the desk's name of the call, until they end.
    asked: VecDeque<(String, Asked)>,
    /// Pushes that wait until it is known whether a call was asked for.
    later: VecDeque<Push>,
    /// The client asked for events by `login` and did not take it back.
    listens: bool,
    /// Events of the server the client named.
    subscribed: BTreeSet<String>,
    next_request: u32,
    outputs: VecDeque<Output>,
}

/// What a call that the user asked for carries.
#[derive(Debug, Clone, Default)]
struct Asked {
    /// What is dialled once the user's device answered.
    number: String,
    /// The channel it is to be joined with.
    transfers: Option<String>,
}

/// What the user says of themselves.
#[derive(Debug, Clone, Default)]
struct Away {
    cause: String,
    tag: String,
}

/// Calls the user asked for and has not seen the end of; the oldest goes.
const MAX_ASKED: usize = 64;
/// Pushes kept while a call is asked for; the desk answers within seconds.
const MAX_LATER: usize = 512;

impl Default for Webitel {
    fn default() -> Self {
        Self::new()
    }
}

impl Webitel {
    /// A connection nobody signed in on.
    pub fn new() -> Self {
        Self {
            login: Login::Nobody,
            people: People::default(),
            channels: BTreeMap::new(),
            away: Away::default(),
            waiting: HashMap::new(),
            asked: VecDeque::new(),
            later: VecDeque::new(),
            listens: false,
            subscribed: BTreeSet::new(),
            next_request: 1,
            outputs: VecDeque::new(),
        }
    }

    /// The next thing to do; `None` when all is said.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Whether somebody signed in.
    pub const fn is_signed_in(&self) -> bool {
        self.login.is_in()
    }

    /// A text of the client's. Whatever it holds, it is answered.
    pub fn handle_text(&mut self, text: &str) {
        let value =
            (text.len() <= MAX_TEXT_BYTES).then(|| serde_json::from_str::<Value>(text).ok()).flatten();
        let Some(Value::Object(mut frame)) = value else {
            return self.fail(&Value::Null, "-ERR: not a command");
        };
        let id = frame.remove("exec-uuid").unwrap_or_default();
        let args = frame.remove("exec-args").unwrap_or_default();
        let function = frame.remove("exec-func");
        let Some(function) = function.as_ref().and_then(Value::as_str) else {
            return self.fail(&id, "-ERR: exec-func is missing");
        };
        match (&self.login, function) {
            (Login::Nobody, "auth") => self.authenticate(id, &args),
            (Login::Nobody | Login::Checking { .. }, _) => self.fail(&id, "-ERR: auth comes first"),
            (Login::In { .. }, "auth") => self.fail(&id, "-ERR: signed in already"),
            (Login::In { .. }, _) => self.command(id, function, &args),
        }
    }

    /// What became of [`Output::SignIn`].
    pub fn handle_signed_in(&mut self, outcome: Result<SignedIn, SignInFailure>) {
        let Some(Outcome { id, result, .. }) = self.login.settle(outcome) else { return };
        let SignedIn { session, state, .. } = match result {
            Ok(signed_in) => signed_in,
            Err(failure) => {
                return self.reply(&id, "+ERR", json!({"login": failure.text("secret incorrect")}));
            }
        };
        self.people = People::of(state.directory.entries());
        let (state_of, away) = self.own_state();
        let response = json!({
            "login": self.own_name().whole,
            "role": self.role(),
            "domain": self.domain(),
            "state": state_of,
            "status": away.cause,
            "cc-agent": false,
            "session": crate::dashed(&session),
            "ws-count": 1,
            "cc-logged": false,
            "acl": {},
        });
        self.reply(&id, "+OK", response);
        for call in state.calls {
            self.handle_push(Push::CallState { call });
        }
    }

    /// The desk's answer to a request.
    pub fn handle_response(&mut self, id: u32, outcome: Result<Value, ErrorInfo>) {
        if let Some(waiting) = self.waiting.remove(&id) {
            self.answered(waiting, outcome);
        }
        if !self.awaits_asked() {
            for push in std::mem::take(&mut self.later) {
                self.handle_push(push);
            }
        }
    }

    /// What became of [`Output::Token`]: a token and how many seconds it lasts.
    pub fn handle_token(&mut self, outcome: Result<(String, u32), SignInFailure>) {
        let waiting = self.waiting.iter().find(|(_, waiting)| matches!(waiting, Waiting::Token { .. }));
        let Some(key) = waiting.map(|(key, _)| *key) else { return };
        let Some(Waiting::Token { id }) = self.waiting.remove(&key) else { return };
        match outcome {
            Ok((token, seconds)) => {
                let response = json!({
                    "key": self.own_name().whole,
                    "token": token,
                    "expiresIn": seconds,
                    "username": self.own_name().whole,
                    "domain": self.domain(),
                    "roleName": self.role(),
                });
                self.reply(&id, "+OK", response);
            }
            Err(_) => self.fail(&id, "-ERR: secret incorrect"),
        }
    }

    /// Nobody signed in within the time there is.
    pub fn handle_late(&mut self) {
        if !self.is_signed_in() {
            self.handle_session_over();
        }
    }

    /// The session is over: the client is told, and the connection ends.
    pub fn handle_session_over(&mut self) {
        let event = json!({"webitel-event-name": "account", "Event-Name": "DISCONNECT"});
        self.say(event.to_string());
        self.outputs.push_back(Output::Close);
    }

    fn authenticate(&mut self, id: Value, args: &Value) {
        let text = |name: &str| args.get(name).and_then(Value::as_str).unwrap_or_default();
        let name = AccountName::read(text("account"));
        let (secret, token) = (text("secret"), text("token"));
        let proof = if secret.is_empty() && !token.is_empty() {
            Proof::Token(Secret(token.to_owned()))
        } else {
            Proof::of(secret)
        };
        self.outputs.push_back(Output::SignIn(SignIn { name: name.clone(), proof, session: None }));
        self.login.check(id, name);
    }

    fn ask(&mut self, method: Method, waiting: Waiting) {
        let id = self.next_request;
        self.next_request = self.next_request.checked_add(1).unwrap_or(1);
        self.waiting.insert(id, waiting);
        self.outputs.push_back(Output::Desk(Request { id, method }));
    }

    fn reply(&mut self, id: &Value, complete: &str, response: Value) {
        let frame = json!({"exec-uuid": id, "exec-complete": complete, "exec-response": response});
        self.say(frame.to_string());
    }

    /// A command went well; the answer is a text, as a softswitch would give.
    fn succeed(&mut self, id: &Value, response: &str) {
        self.reply(id, "+OK", json!({"response": response}));
    }

    fn fail(&mut self, id: &Value, why: &str) {
        self.reply(id, "-ERR", json!({"response": why}));
    }

    fn event(&mut self, event: Map<String, Value>) {
        self.say(Value::Object(event).to_string());
    }

    fn say(&mut self, text: String) {
        self.outputs.push_back(Output::Client(Text(text)));
    }

    const fn own_name(&self) -> &AccountName {
        self.login.name()
    }

    fn domain(&self) -> String {
        self.own_name().domain.clone()
    }

    const fn me(&self) -> Option<&Me> {
        self.login.me()
    }

    fn role(&self) -> &'static str {
        match self.me().map(|me| me.role) {
            Some(Role::Admin) => "admin",
            Some(Role::User) | None => "user",
        }
    }

    /// An account id with the client's domain.
    fn with_domain(&self, id: &str) -> String {
        let domain = &self.own_name().domain;
        if domain.is_empty() { id.to_owned() } else { format!("{id}@{domain}") }
    }
}

/// A side of a call as a softswitch lists its channels. `account` is the name of its account.
pub fn channel_row(call: CallInfo, me: &Me, account: &str) -> Value {
    commands::row(&Channel::new(call, None).event("CHANNEL_DATA", account, me))
}

/// Whether `name` is what a client calls this side of a call, or the side it talks with.
pub fn is_channel(call: &CallInfo, name: &str) -> bool {
    name == dashed(&call.id) || Channel::new(call.clone(), None).is_named(name)
}
