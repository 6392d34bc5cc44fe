//! Errors as a client sees them.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What kind of error it is; the wire name is kebab-case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum ErrorCode {
    /// The frame is not a request, or a parameter is missing or out of range.
    BadRequest,
    /// The frame breaks a limit; the connection is closed.
    TooLarge,
    /// No such method.
    UnknownMethod,
    /// `hello` or `resume` first.
    NotAuthenticated,
    /// The token, ticket or session secret is not valid; sign in again.
    BadCredentials,
    /// The account may not do this.
    Forbidden,
    /// The session is unknown or expired; `hello` again.
    SessionExpired,
    /// Too many requests; try again later.
    RateLimited,
    /// The call is not known; it may have just ended.
    NoSuchCall,
    /// The call's state does not allow it.
    WrongState,
    /// The session description cannot be used.
    NotAcceptable,
    /// No softswitch is connected, or it is full.
    SwitchUnavailable,
    /// A fault of the server's.
    Internal,
}

/// An error: `{"code": …, "name": …, "message": …, "causes": […], "solutions": […], "fatal": false}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ErrorInfo {
    /// A stable number: 4000 + the place in [`ErrorCode`].
    pub code: u16,
    /// The kind.
    pub name: ErrorCode,
    /// What is wrong, in one sentence.
    pub message: String,
    /// What may have led to it.
    pub causes: Vec<String>,
    /// What to do about it.
    pub solutions: Vec<String>,
    /// Whether the connection or session is over.
    pub fatal: bool,
}

impl ErrorInfo {
    /// An error of this kind with its standing causes and solutions.
    pub fn new(name: ErrorCode, message: impl Into<String>) -> Self {
        let (causes, solutions, fatal) = advice(name);
        let own = |lines: &[&str]| lines.iter().map(|&line| line.to_owned()).collect();
        Self {
            code: 4000 + name as u16,
            name,
            message: message.into(),
            causes: own(causes),
            solutions: own(solutions),
            fatal,
        }
    }
}

type Advice = (&'static [&'static str], &'static [&'static str], bool);

const fn advice(name: ErrorCode) -> Advice {
    match name {
        ErrorCode::BadRequest => {
            (&["The client and the server disagree on the protocol."], &["Update the client."], false)
        }
        ErrorCode::TooLarge => {
            (&["A frame is longer than 64 KiB or nested deeper than 32."], &["Send smaller frames."], true)
        }
        ErrorCode::UnknownMethod => {
            (&["The server is older than the client."], &["Update the server."], false)
        }
        ErrorCode::NotAuthenticated => {
            (&["A method was called before hello."], &["Send hello or resume first."], false)
        }
        ErrorCode::BadCredentials => (
            &["The token expired.", "The password was changed.", "The account was disabled."],
            &["Sign in again."],
            true,
        ),
        ErrorCode::Forbidden => {
            (&["The account has not the right."], &["Ask an admin for the right."], false)
        }
        ErrorCode::SessionExpired => {
            (&["The connection was lost for longer than the resume window."], &["Send hello again."], true)
        }
        ErrorCode::RateLimited => (&["Too many requests in a short time."], &["Wait a few seconds."], false),
        ErrorCode::NoSuchCall => (&["The call ended meanwhile."], &["Refresh the list of calls."], false),
        ErrorCode::WrongState => {
            (&["The call changed meanwhile."], &["Look at the call's state before acting."], false)
        }
        ErrorCode::NotAcceptable => (
            &["The browser offered no codec the server knows.", "The description is malformed."],
            &["Offer Opus, PCMU or PCMA."],
            false,
        ),
        ErrorCode::SwitchUnavailable => (
            &["The softswitch restarts or is full."],
            &["Try again in a few seconds.", "Tell an admin."],
            false,
        ),
        ErrorCode::Internal => {
            (&["A fault in the server."], &["Try again.", "Tell an admin; the log has details."], false)
        }
    }
}
