//! JSON-RPC 2.0 as Verto writes it.

use serde_json::{Map, Value, json};

/// Nobody signed in yet.
pub(super) const AUTH_REQUIRED: i64 = -32000;
/// The credentials are wrong.
pub(super) const AUTH_FAILED: i64 = -32001;
/// A call or a session cannot do it.
pub(super) const SESSION_ERROR: i64 = -32002;
/// The text is no request.
pub(super) const INVALID: i64 = -32600;
/// There is no such method.
pub(super) const NO_METHOD: i64 = -32601;

/// A request of the client's.
#[derive(Debug, Clone)]
pub(super) struct Call {
    /// What the answer names; null for a notification.
    pub(super) id: Value,
    pub(super) method: String,
    pub(super) params: Value,
}

/// What a text holds.
#[derive(Debug)]
pub(super) enum Incoming {
    Call(Call),
    /// An answer to something of ours, which needs nothing done.
    Answer,
    Invalid(Value),
}

pub(super) fn read(mut value: Value) -> Incoming {
    let id = value.get_mut("id").map(Value::take).unwrap_or_default();
    if value.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
        return Incoming::Invalid(id);
    }
    if value.get("result").is_some() || value.get("error").is_some() {
        return Incoming::Answer;
    }
    let Some(method) = value.get("method").and_then(Value::as_str).map(str::to_owned) else {
        return Incoming::Invalid(id);
    };
    let params = value.get_mut("params").map(Value::take).unwrap_or_default();
    Incoming::Call(Call { id, method, params })
}

pub(super) fn result(id: &Value, result: Map<String, Value>) -> String {
    json!({"jsonrpc": "2.0", "id": id, "result": result}).to_string()
}

pub(super) fn error(id: &Value, code: i64, message: &str, more: Map<String, Value>) -> String {
    let mut error = more;
    error.insert("code".to_owned(), code.into());
    error.insert("message".to_owned(), message.into());
    json!({"jsonrpc": "2.0", "id": id, "error": error}).to_string()
}

pub(super) fn request(id: u64, method: &str, params: Value) -> String {
    json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}).to_string()
}

/// A text among parameters.
pub(super) fn text<'a>(params: &'a Value, name: &str) -> Option<&'a str> {
    params.get(name).and_then(Value::as_str)
}

/// The object of these members.
pub(super) fn object<const N: usize>(members: [(&str, Value); N]) -> Map<String, Value> {
    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
