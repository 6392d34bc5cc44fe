//! What can be wrong with a message, and the response each fault suggests.

use thiserror::Error;

use super::{
    MAX_HEADER_LINE, MAX_HEADERS, MAX_MESSAGE, Request, Response,
    header::{HeaderName, Headers},
    method::Method,
    uri::Uri,
};

/// What is wrong with a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Problem {
    /// It must be there and is not.
    #[error("Missing")]
    Missing,
    /// It must be there once.
    #[error("Repeated")]
    Repeated,
    /// It does not follow its grammar, or is not UTF-8.
    #[error("Malformed")]
    Malformed,
}

/// A header that cannot be used. Suggests 400.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{problem} {header}")]
pub struct HeaderError {
    /// Which header.
    pub header: HeaderName,
    /// What is wrong with it.
    pub problem: Problem,
}

/// What is wrong with a message.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Fault {
    /// Longer than [`MAX_MESSAGE`].
    #[error("Message longer than {MAX_MESSAGE} bytes")]
    MessageTooLong,
    /// A start line or an unfolded header line longer than [`MAX_HEADER_LINE`].
    #[error("Header line longer than {MAX_HEADER_LINE} bytes")]
    LineTooLong,
    /// More than [`MAX_HEADERS`] header fields.
    #[error("More than {MAX_HEADERS} header fields")]
    TooManyHeaders,
    /// The data ends before the empty line.
    #[error("Headers without an end")]
    Unfinished,
    /// CR without LF, or LF without CR.
    #[error("CR or LF alone")]
    BareLineEnd,
    /// A control character outside a quoted pair.
    #[error("Control character in a header")]
    ControlCharacter,
    /// Neither a request line nor a status line.
    #[error("Malformed start line")]
    StartLine,
    /// A protocol version other than SIP/2.0.
    #[error("Version not supported")]
    Version,
    /// A request line whose URI is malformed.
    #[error("Malformed Request-URI")]
    RequestUri,
    /// A line that is no header field.
    #[error("Malformed header field")]
    HeaderField,
    /// A stream message without Content-Length (RFC 3261 §18.3).
    #[error("Missing Content-Length")]
    ContentLengthMissing,
    /// A Content-Length that is no number, contradicts another, or exceeds the datagram.
    #[error("Wrong Content-Length")]
    ContentLength,
    /// A header that cannot be used.
    #[error(transparent)]
    Header(#[from] HeaderError),
}

impl Fault {
    /// The status code that tells the sender (RFC 3261 §21.4, §21.5).
    pub const fn status(&self) -> u16 {
        match self {
            Self::MessageTooLong => 513,
            Self::Version => 505,
            _ => 400,
        }
    }
}

/// A message that could not be parsed, with what could be read of it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{fault}")]
pub struct ParseError {
    /// What is wrong.
    pub fault: Fault,
    /// The request's method and headers, as far as they could be read; `None` for what is no request.
    pub(crate) request: Option<Box<(Method, Headers)>>,
}

impl ParseError {
    /// The response that tells the sender what is wrong. `None` for responses, ACKs, and for requests whose
    /// Via, From, To, Call-ID or CSeq are not among what was read: those are dropped.
    pub fn response(&self) -> Option<Response> {
        let (method, headers) = self.request.as_deref()?;
        let core = [HeaderName::Via, HeaderName::From, HeaderName::To, HeaderName::CallId, HeaderName::CSeq];
        if *method == Method::Ack || !core.iter().all(|name| headers.contains(name)) {
            return None;
        }
        let request = Request {
            method: method.clone(),
            uri: Uri::Other(String::new()),
            headers: headers.clone(),
            body: bytes::Bytes::new(),
        };
        let mut response = Response::to_request(&request, self.fault.status());
        if self.fault.status() == 400 {
            response.reason = self.fault.to_string();
        }
        Some(response)
    }
}

impl From<Fault> for ParseError {
    fn from(fault: Fault) -> Self {
        Self { fault, request: None }
    }
}
