//! The wire layer: messages, their parts, and how they are cut out of datagrams and streams (RFC 3261 §7,
//! §18.3, §25).
//!
//! Parsing accepts what the grammar allows (folded lines, compact names, white space before the colon, several
//! values in one header, unknown methods and headers), keeps bodies as bytes, and refuses the rest with a
//! [`ParseError`] that suggests a response. Every size is limited.

mod auth;
mod error;
mod framer;
mod header;
mod host;
mod method;
mod name_addr;
mod param;
mod parser;
mod private;
mod status;
pub(crate) mod token;
mod uri;
mod values;
mod via;

use std::fmt;

use bytes::{BufMut, Bytes, BytesMut};

pub use auth::{Algorithm, Challenge, Credentials, Protection};
pub use error::{Fault, HeaderError, ParseError, Problem};
pub use framer::{Datagram, Frame, StreamFramer, parse_datagram};
pub use header::{Header, HeaderName, Headers, MAX_VALUES};
pub use host::Host;
pub use method::Method;
pub use name_addr::NameAddr;
pub use param::{MAX_PARAMS, Params};
pub use private::{is_private, strip_private_headers};
pub use status::reason_phrase;
pub use uri::{MAX_URI, SipUri, TelUri, Uri};
pub use values::{CSeq, ContentType, Reason};
pub use via::{MAGIC_COOKIE, Via};

/// The longest message, headers and body, in bytes. A larger value lets one sender hold more memory.
pub const MAX_MESSAGE: usize = 65_535;
/// The longest start line and the longest header line after unfolding, in bytes.
pub const MAX_HEADER_LINE: usize = 8_192;
/// The most header fields of a message, besides Content-Length.
pub const MAX_HEADERS: usize = 128;

/// A request or a response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// A request.
    Request(Request),
    /// A response.
    Response(Response),
}

impl Message {
    /// The header fields.
    pub const fn headers(&self) -> &Headers {
        match self {
            Self::Request(request) => &request.headers,
            Self::Response(response) => &response.headers,
        }
    }

    /// The message as it goes on the wire.
    pub fn encode(&self) -> Bytes {
        match self {
            Self::Request(request) => request.encode(),
            Self::Response(response) => response.encode(),
        }
    }
}

/// A request.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The Request-URI.
    pub uri: Uri,
    /// The header fields, without Content-Length.
    pub headers: Headers,
    /// The body.
    pub body: Bytes,
}

impl Request {
    /// A request without headers and body.
    pub const fn new(method: Method, uri: Uri) -> Self {
        Self { method, uri, headers: Headers::new(), body: Bytes::new() }
    }

    /// The same with a header field appended.
    #[must_use]
    pub fn with(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.headers.push(name, value);
        self
    }

    /// The same with a body and its Content-Type.
    #[must_use]
    pub fn with_body(mut self, content_type: &str, body: Bytes) -> Self {
        self.headers.set(HeaderName::ContentType, content_type);
        self.body = body;
        self
    }

    /// The session description in the body: `None` if there is no body or it is of another type.
    pub fn sdp(&self) -> Option<Bytes> {
        sdp_of(&self.headers, &self.body)
    }

    /// The message as it goes on the wire, with its Content-Length.
    pub fn encode(&self) -> Bytes {
        encode(format_args!("{} {} SIP/2.0", self.method, self.uri), &self.headers, &self.body)
    }
}

/// Shows no header value and no URI: they name people.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ‹{} headers, {} bytes›", self.method, self.headers.len(), self.body.len())
    }
}

/// A response.
#[derive(Clone, PartialEq, Eq)]
pub struct Response {
    /// The status code, 100 to 699.
    pub status: u16,
    /// The reason phrase.
    pub reason: String,
    /// The header fields, without Content-Length.
    pub headers: Headers,
    /// The body.
    pub body: Bytes,
}

impl Response {
    /// A response to `request` with the usual reason phrase and the headers §8.2.6.2 asks for: Via, From, To,
    /// Call-ID, CSeq, and Timestamp for 100. The To tag is the transaction user's to add.
    pub fn to_request(request: &Request, status: u16) -> Self {
        let mut headers = Headers::with_capacity(12);
        for header in &request.headers {
            let copied = match header.name() {
                HeaderName::Via
                | HeaderName::From
                | HeaderName::To
                | HeaderName::CallId
                | HeaderName::CSeq => true,
                HeaderName::Timestamp => status == 100,
                _ => false,
            };
            if copied {
                headers.push_header(header.clone());
            }
        }
        Self { status, reason: reason_phrase(status).to_owned(), headers, body: Bytes::new() }
    }

    /// The same with another reason phrase. Line ends in it become spaces.
    #[must_use]
    pub fn with_reason(mut self, reason: &str) -> Self {
        self.reason = reason.replace(['\r', '\n', '\0'], " ");
        self
    }

    /// The same with a header field appended.
    #[must_use]
    pub fn with(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.headers.push(name, value);
        self
    }

    /// The same with a body and its Content-Type.
    #[must_use]
    pub fn with_body(mut self, content_type: &str, body: Bytes) -> Self {
        self.headers.set(HeaderName::ContentType, content_type);
        self.body = body;
        self
    }

    /// The same with a To tag, unless the To has one already (RFC 3261 §8.2.6.2).
    #[must_use]
    pub fn with_to_tag(mut self, tag: &str) -> Self {
        if self.headers.to().is_ok_and(|to| to.tag().is_none()) {
            let text = self.headers.text(&HeaderName::To).ok().flatten().unwrap_or_default();
            // The header is kept as it was written; a bare addr-spec takes its parameters likewise.
            let tagged = format!("{text};tag={tag}");
            self.headers.set(HeaderName::To, tagged);
        }
        self
    }

    /// Whether the status is provisional, 1xx.
    pub const fn is_provisional(&self) -> bool {
        self.status < 200
    }

    /// Whether the status is a success, 2xx.
    pub const fn is_success(&self) -> bool {
        self.status >= 200 && self.status < 300
    }

    /// The session description in the body: `None` if there is no body or it is of another type.
    pub fn sdp(&self) -> Option<Bytes> {
        sdp_of(&self.headers, &self.body)
    }

    /// The message as it goes on the wire, with its Content-Length.
    pub fn encode(&self) -> Bytes {
        encode(format_args!("SIP/2.0 {} {}", self.status, self.reason), &self.headers, &self.body)
    }
}

/// Shows no header value: they name people.
impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ‹{} headers, {} bytes›", self.status, self.headers.len(), self.body.len())
    }
}

/// The body, if there is one and Content-Type says it is a session description.
fn sdp_of(headers: &Headers, body: &Bytes) -> Option<Bytes> {
    let content_type = headers.content_type().ok().flatten()?;
    (!body.is_empty() && content_type.essence == ContentType::SDP).then(|| body.clone())
}

fn encode(start: fmt::Arguments<'_>, headers: &Headers, body: &Bytes) -> Bytes {
    use fmt::Write;
    let length: usize =
        headers.iter().map(|header| header.name().as_str().len() + header.value().len() + 4).sum();
    let mut out = BytesMut::with_capacity(length + body.len() + 192);
    // Writing to a growing buffer cannot fail.
    let _ = write!(out, "{start}\r\n");
    for header in headers {
        out.put_slice(header.name().as_str().as_bytes());
        out.put_slice(b": ");
        out.put_slice(header.value());
        out.put_slice(b"\r\n");
    }
    let _ = write!(out, "Content-Length: {}\r\n\r\n", body.len());
    out.put_slice(body);
    out.freeze()
}
