//! Frames and their limits.

use ringdown_types::Pii;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{ErrorInfo, Method};

/// The longest frame a client may send, in bytes.
pub const MAX_FRAME_BYTES: usize = 64 * 1024;

/// The deepest nesting of a client's JSON.
pub const MAX_DEPTH: usize = 32;

/// A client's request: `{"id": 7, "method": "call.hangup", "params": {…}}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct Request {
    /// Names the request in its response; the client counts up.
    pub id: u32,
    /// What is asked, with its parameters.
    #[serde(flatten)]
    pub method: Method,
}

/// The server's answer: `{"id": 7, "result": {…}}` or `{"id": 7, "error": {…}}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct Response {
    /// The request's id; 0 where the frame had none that could be read.
    pub id: u32,
    /// The method's result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "unknown")]
    pub result: Option<serde_json::Value>,
    /// What went wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub error: Option<ErrorInfo>,
}

/// Why a frame was refused before its method was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FrameRefusal {
    /// Longer than [`MAX_FRAME_BYTES`].
    TooLong,
    /// Nested deeper than [`MAX_DEPTH`].
    TooDeep,
    /// Not JSON, or not a request.
    Malformed {
        /// The id, where it could be read.
        id: u32,
        /// What is wrong; quotes the input, so it goes to the client only.
        message: Pii<String>,
    },
    /// No such method.
    UnknownMethod {
        /// The request's id.
        id: u32,
    },
}

/// Reads a client's frame.
///
/// # Errors
/// When the frame breaks a limit or is no request.
pub fn parse_request(text: &str) -> Result<Request, FrameRefusal> {
    if text.len() > MAX_FRAME_BYTES {
        return Err(FrameRefusal::TooLong);
    }
    if depth(text) > MAX_DEPTH {
        return Err(FrameRefusal::TooDeep);
    }
    serde_json::from_str(text).map_err(|error| {
        #[derive(Deserialize)]
        struct Outline {
            #[serde(default)]
            id: u32,
            method: Option<String>,
        }
        match serde_json::from_str::<Outline>(text) {
            Ok(Outline { id, method: Some(method) }) if !Method::NAMES.contains(&method.as_str()) => {
                FrameRefusal::UnknownMethod { id }
            }
            Ok(Outline { id, .. }) => FrameRefusal::Malformed { id, message: Pii(error.to_string()) },
            Err(_) => FrameRefusal::Malformed { id: 0, message: Pii(error.to_string()) },
        }
    })
}

/// The deepest nesting of brackets outside strings.
fn depth(text: &str) -> usize {
    let (mut depth, mut deepest, mut in_string, mut escaped) = (0usize, 0usize, false, false);
    for byte in text.bytes() {
        match (in_string, byte) {
            (true, _) if escaped => escaped = false,
            (true, b'\\') => escaped = true,
            (_, b'"') => in_string = !in_string,
            (false, b'{' | b'[') => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            (false, b'}' | b']') => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}
