//! Verto: FreeSWITCH's JSON-RPC for browsers (`mod_verto`), from login to the last `verto.bye`.
//!
//! Media is the softswitch's: descriptions pass through unchanged, without trickling. Holding, transferring and joining
//! are done by the switch, so nothing is negotiated anew for them.

mod dialog;
mod methods;
mod pushes;
mod rpc;

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use ringdown_protocol::{ErrorInfo, Me, Method, Push, Request};
use serde_json::{Value, json};

use crate::{
    AccountName, MAX_TEXT_BYTES, Output, Proof, SignIn, SignInFailure, SignedIn, Text,
    login::{Login, Outcome},
    people::People,
};
use dialog::Dialog;
use methods::Waiting;
use rpc::{Call, Incoming, object};

/// A connection of a Verto client.
#[derive(Debug)]
pub struct Verto {
    login: Login,
    /// The client's own name for its session, or ours.
    session: String,
    dialogs: BTreeMap<String, Dialog>,
    /// Dialogs by the desk's name of the call.
    by_leg: HashMap<String, String>,
    /// What the desk said of calls whose start it has not confirmed yet.
    unclaimed: VecDeque<Push>,
    waiting: HashMap<u32, Waiting>,
    people: People,
    /// Channels of events the client listens to.
    channels: BTreeSet<String>,
    next_request: u32,
    next_call: u64,
    outputs: VecDeque<Output>,
}

/// Requests of one text.
const MAX_BATCH: usize = 32;
/// Calls of one client, over the desk's own limit.
const MAX_DIALOGS: usize = 64;
/// Pushes kept for calls whose start is not confirmed; the oldest goes.
const MAX_UNCLAIMED: usize = 64;

impl Default for Verto {
    fn default() -> Self {
        Self::new()
    }
}

impl Verto {
    /// A connection nobody signed in on.
    pub fn new() -> Self {
        Self {
            login: Login::Nobody,
            session: String::new(),
            dialogs: BTreeMap::new(),
            by_leg: HashMap::new(),
            unclaimed: VecDeque::new(),
            waiting: HashMap::new(),
            people: People::default(),
            channels: BTreeSet::new(),
            next_request: 1,
            next_call: 1,
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

    /// A text of the client's. Whatever it holds, it is answered or passed over.
    pub fn handle_text(&mut self, text: &str) {
        // Measuring the line's speed, which says nothing of a softswitch's.
        if text.starts_with("#SP") {
            return;
        }
        let too_long = text.len() > MAX_TEXT_BYTES;
        let value = if too_long { None } else { serde_json::from_str::<Value>(text).ok() };
        match value {
            Some(Value::Array(batch)) if batch.len() <= MAX_BATCH => {
                for value in batch {
                    self.handle_value(value);
                }
            }
            Some(value @ Value::Object(_)) => self.handle_value(value),
            _ => self.refuse(&Value::Null, rpc::INVALID, "Invalid Request"),
        }
    }

    /// What became of [`Output::SignIn`].
    pub fn handle_signed_in(&mut self, outcome: Result<SignedIn, SignInFailure>) {
        let Some(Outcome { id, later, result }) = self.login.settle(outcome) else { return };
        match result {
            Ok(signed_in) => {
                if self.session.is_empty() {
                    self.session = crate::dashed(&signed_in.session);
                }
                self.people = People::of(signed_in.state.directory.entries());
                let result = object([("message", "logged in".into())]);
                self.succeed(&id, result);
                self.greet(&signed_in);
            }
            Err(failure) => {
                self.refuse(&id, rpc::AUTH_FAILED, failure.text("Authentication Failure"));
            }
        }
        for value in later {
            self.handle_value(value);
        }
    }

    /// The desk's answer to a request.
    pub fn handle_response(&mut self, id: u32, outcome: Result<Value, ErrorInfo>) {
        if let Some(waiting) = self.waiting.remove(&id) {
            self.answered(waiting, outcome);
        }
    }

    /// The session is over, or another connection has it: the client must not come back by itself.
    pub fn handle_session_over(&mut self) {
        self.send("verto.punt", json!({}));
        self.outputs.push_back(Output::Close);
    }

    fn handle_value(&mut self, value: Value) {
        if self.login.keep(&value) {
            return;
        }
        match rpc::read(value) {
            Incoming::Answer => {}
            Incoming::Invalid(id) => self.refuse(&id, rpc::INVALID, "Invalid message"),
            Incoming::Call(call) if self.is_signed_in() => self.call(call),
            Incoming::Call(call) => self.sign_in(call),
        }
    }

    /// Whatever the method: the first request that brings credentials signs in.
    fn sign_in(&mut self, call: Call) {
        let (login, secret) = (rpc::text(&call.params, "login"), rpc::text(&call.params, "passwd"));
        let (Some(login), Some(secret)) = (login.filter(|login| !login.is_empty()), secret) else {
            self.refuse(&call.id, rpc::AUTH_REQUIRED, "Authentication Required");
            return;
        };
        let session = rpc::text(&call.params, "sessid").filter(|id| crate::names::is_call_id(id));
        self.session = session.unwrap_or_default().to_owned();
        let name = AccountName::read(login);
        let proof = Proof::of(secret);
        let session = session.map(str::to_owned);
        self.outputs.push_back(Output::SignIn(SignIn { name: name.clone(), proof, session }));
        self.login.check(call.id, name);
    }

    fn ask(&mut self, method: Method, waiting: Waiting) {
        let id = self.next_request;
        self.next_request = self.next_request.checked_add(1).unwrap_or(1);
        self.waiting.insert(id, waiting);
        self.outputs.push_back(Output::Desk(Request { id, method }));
    }

    fn send(&mut self, method: &str, params: Value) {
        let id = self.next_call;
        self.next_call += 1;
        self.say(rpc::request(id, method, params));
    }

    fn succeed(&mut self, id: &Value, mut result: serde_json::Map<String, Value>) {
        result.insert("sessid".to_owned(), self.session.clone().into());
        if !id.is_null() {
            self.say(rpc::result(id, result));
        }
    }

    fn refuse(&mut self, id: &Value, code: i64, message: &str) {
        self.say(rpc::error(id, code, message, serde_json::Map::new()));
    }

    fn say(&mut self, text: String) {
        self.outputs.push_back(Output::Client(Text(text)));
    }

    const fn own_name(&self) -> &AccountName {
        self.login.name()
    }

    const fn me(&self) -> Option<&Me> {
        self.login.me()
    }
}
