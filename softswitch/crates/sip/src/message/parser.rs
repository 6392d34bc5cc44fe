//! From bytes to a [`Message`]: lines, unfolding, the start line, header fields (RFC 3261 §7).

use bytes::Bytes;

use super::{
    MAX_HEADER_LINE, MAX_HEADERS, MAX_MESSAGE, Message, Request, Response,
    error::{Fault, ParseError},
    header::{Header, HeaderName, Headers},
    method::Method,
    token,
    uri::Uri,
};

/// How the end of the body is known (RFC 3261 §18.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    /// A datagram: without Content-Length the body fills the rest; bytes beyond it are dropped.
    Datagram,
    /// Exactly one message of a stream.
    Stream,
}

/// Parses one message.
pub(super) fn parse(buffer: &Bytes, framing: Framing) -> Result<Message, ParseError> {
    if buffer.len() > MAX_MESSAGE {
        // The headers are read all the same, so that the sender learns why.
        return Err(match Head::parse(buffer) {
            Ok(head) => head.refuse(Fault::MessageTooLong),
            Err(_) => Fault::MessageTooLong.into(),
        });
    }
    let head = Head::parse(buffer)?;
    let rest = buffer.len() - head.end;
    let length = match (head.content_length, framing) {
        (Length::Absent, Framing::Datagram) => rest,
        (Length::Absent, Framing::Stream) => return Err(head.refuse(Fault::ContentLengthMissing)),
        // "If the body is shorter than Content-Length, the request is refused." RFC 3261 §18.3
        (Length::Bytes(length), _) if length <= rest => length,
        (Length::Bytes(_) | Length::Wrong, _) => return Err(head.refuse(Fault::ContentLength)),
    };
    let body = buffer.slice(head.end..head.end + length);
    head.finish(body)
}

/// What the Content-Length fields say together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Length {
    Absent,
    Bytes(usize),
    Wrong,
}

/// The start line and the headers of a message.
pub(super) struct Head {
    start: Result<Start, StartError>,
    headers: Headers,
    pub(super) content_length: Length,
    /// Where the body starts; not beyond the buffer's end.
    pub(super) end: usize,
}

enum Start {
    Request { method: Method, uri: Uri },
    Response { status: u16, reason: String },
}

/// A start line that cannot be used, with the method where it is a request's.
type StartError = (Fault, Option<Method>);

impl Head {
    /// Parses the head of a message. Fails where the place of the body cannot be known; a start line that
    /// cannot be used is reported by [`Self::finish`].
    pub(super) fn parse(buffer: &Bytes) -> Result<Self, ParseError> {
        let start_end = line_end(buffer, 0)?;
        let start = parse_start(buffer.get(..start_end).unwrap_or_default());
        let mut headers = Headers::with_capacity(16);
        match parse_fields(buffer, start_end + 2, &mut headers) {
            Ok((end, content_length)) => Ok(Self { start, headers, content_length, end }),
            Err(fault) => Err(Self { start, headers, content_length: Length::Wrong, end: 0 }.refuse(fault)),
        }
    }

    /// The message with its body.
    fn finish(self, body: Bytes) -> Result<Message, ParseError> {
        match self.start {
            Ok(Start::Request { method, uri }) => {
                Ok(Message::Request(Request { method, uri, headers: self.headers, body }))
            }
            Ok(Start::Response { status, reason }) => {
                Ok(Message::Response(Response { status, reason, headers: self.headers, body }))
            }
            Err((ref fault, _)) => {
                let fault = fault.clone();
                Err(self.refuse(fault))
            }
        }
    }

    pub(super) fn refuse(self, fault: Fault) -> ParseError {
        let method = match self.start {
            Ok(Start::Request { method, .. }) | Err((_, Some(method))) => Some(method),
            Ok(Start::Response { .. }) | Err((_, None)) => None,
        };
        ParseError { fault, request: method.map(|method| Box::new((method, self.headers))) }
    }
}

/// The offset of the CR that ends the line starting at `from`.
fn line_end(buffer: &[u8], from: usize) -> Result<usize, Fault> {
    let rest = buffer.get(from..).unwrap_or_default();
    let window = rest.get(..=MAX_HEADER_LINE).unwrap_or(rest);
    // Nearly every line: no control character at all before its CR LF. Looks at many bytes at once.
    if let Some(length) = memchr::memchr(b'\r', window)
        && rest.get(length + 1) == Some(&b'\n')
        && rest
            .get(..length)
            .is_some_and(|line| !line.iter().fold(false, |bad, &byte| bad | is_control(byte)))
    {
        return Ok(from + length);
    }
    odd_line_end(buffer, from)
}

/// Control characters a line may not hold as they are; tabs are white space.
const fn is_control(byte: u8) -> bool {
    (byte < b' ' && byte != b'\t') || byte == 127
}

/// The same for lines that are not plain: with a control character, without an end, too long.
fn odd_line_end(buffer: &[u8], from: usize) -> Result<usize, Fault> {
    let mut escaped = false;
    for (at, &byte) in buffer.iter().enumerate().skip(from) {
        match byte {
            b'\r' => {
                return match buffer.get(at + 1) {
                    Some(b'\n') => Ok(at),
                    Some(_) => Err(Fault::BareLineEnd),
                    None => Err(Fault::Unfinished),
                };
            }
            b'\n' => return Err(Fault::BareLineEnd),
            // A quoted pair may hold any character but CR and LF. RFC 3261 §25.1
            _ if is_control(byte) && !escaped => return Err(Fault::ControlCharacter),
            _ => {}
        }
        escaped = byte == b'\\' && !escaped;
        if at - from > MAX_HEADER_LINE {
            return Err(Fault::LineTooLong);
        }
    }
    Err(Fault::Unfinished)
}

/// Parses the header fields from `at` to the empty line; returns where the body starts and its length.
fn parse_fields(buffer: &Bytes, mut at: usize, headers: &mut Headers) -> Result<(usize, Length), Fault> {
    let (mut content_length, mut fields) = (Length::Absent, 0);
    loop {
        let end = line_end(buffer, at)?;
        if end == at {
            return Ok((at + 2, content_length));
        }
        let line = buffer.get(at..end).unwrap_or_default();
        let colon = memchr::memchr(b':', line).ok_or(Fault::HeaderField)?;
        let name =
            line.get(..colon).and_then(|name| std::str::from_utf8(name).ok()).ok_or(Fault::HeaderField)?;
        // White space before the colon is allowed and means nothing. RFC 3261 §7.3.1
        let name = HeaderName::parse(name.trim_end_matches([' ', '\t'])).ok_or(Fault::HeaderField)?;
        let (value, next) = unfold(buffer, at + colon + 1, end)?;
        if value.len() + colon > MAX_HEADER_LINE {
            return Err(Fault::LineTooLong);
        }
        // Content-Length comes back with printing: what was read must be within the limit when it is written.
        fields += usize::from(name != HeaderName::ContentLength);
        if fields > MAX_HEADERS {
            return Err(Fault::TooManyHeaders);
        }
        if name == HeaderName::ContentLength {
            content_length = add_length(content_length, &value);
        } else {
            headers.push_wire(Header::from_wire(name, value));
        }
        at = next;
    }
}

/// The trimmed value between `from` and the CR at `end`, with the lines folded onto it; and the offset of the
/// next field. Line ends and the white space around them become one space (RFC 3261 §7.3.1).
fn unfold(buffer: &Bytes, from: usize, end: usize) -> Result<(Bytes, usize), Fault> {
    let is_folded = |next: usize| matches!(buffer.get(next), Some(b' ' | b'\t'));
    let mut next = end + 2;
    if !is_folded(next) {
        let (from, end) = trimmed(buffer, from, end);
        return Ok((buffer.slice(from..end), next));
    }
    let (first, last) = trimmed(buffer, from, end);
    let mut value = buffer.get(first..last).unwrap_or_default().to_vec();
    while is_folded(next) {
        let end = line_end(buffer, next)?;
        let (first, last) = trimmed(buffer, next, end);
        if first < last {
            if !value.is_empty() {
                value.push(b' ');
            }
            value.extend_from_slice(buffer.get(first..last).unwrap_or_default());
        }
        if value.len() > MAX_HEADER_LINE {
            return Err(Fault::LineTooLong);
        }
        next = end + 2;
    }
    Ok((Bytes::from(value), next))
}

fn trimmed(buffer: &[u8], mut from: usize, mut end: usize) -> (usize, usize) {
    let is_space = |at: usize| matches!(buffer.get(at), Some(b' ' | b'\t'));
    while from < end && is_space(from) {
        from += 1;
    }
    while from < end && is_space(end - 1) {
        end -= 1;
    }
    (from, end)
}

/// Two Content-Length fields that disagree are how messages are smuggled: such a message is refused.
fn add_length(known: Length, value: &[u8]) -> Length {
    let number = std::str::from_utf8(value)
        .ok()
        .and_then(token::decimal)
        .and_then(|number| usize::try_from(number).ok());
    match (known, number) {
        (Length::Absent, Some(length)) => Length::Bytes(length),
        (Length::Bytes(known), Some(length)) if known == length => Length::Bytes(length),
        _ => Length::Wrong,
    }
}

/// Parses the start line.
fn parse_start(line: &[u8]) -> Result<Start, StartError> {
    let text = std::str::from_utf8(line).map_err(|_| (Fault::StartLine, None))?;
    let (first, rest) = text.split_once(' ').ok_or((Fault::StartLine, None))?;
    // A method is a token and holds no slash, so a first word with one is a version. RFC 3261 §7.1, §7.2
    if first.contains('/') {
        check_version(first).map_err(|fault| (fault, None))?;
        let (status, reason) = rest.split_once(' ').unwrap_or((rest, ""));
        let status = token::decimal(status).filter(|status| (100..700).contains(status));
        let status = status.and_then(|status| u16::try_from(status).ok()).ok_or((Fault::StartLine, None))?;
        return Ok(Start::Response { status, reason: reason.to_owned() });
    }
    let method = Method::parse(first).ok_or((Fault::StartLine, None))?;
    let Some((uri, version)) = rest.rsplit_once(' ') else {
        return Err((Fault::StartLine, Some(method)));
    };
    match (check_version(version), Uri::parse(uri)) {
        (Ok(()), Some(uri)) => Ok(Start::Request { method, uri }),
        (Ok(()), None) => Err((Fault::RequestUri, Some(method))),
        (Err(fault), _) => Err((fault, Some(method))),
    }
}

fn check_version(text: &str) -> Result<(), Fault> {
    let version = text.get(..4).filter(|name| name.eq_ignore_ascii_case("SIP/")).and_then(|_| text.get(4..));
    match version {
        Some("2.0") => Ok(()),
        Some(version) => match version.split_once('.') {
            Some((major, minor)) if token::decimal(major).is_some() && token::decimal(minor).is_some() => {
                Err(Fault::Version)
            }
            _ => Err(Fault::StartLine),
        },
        None => Err(Fault::StartLine),
    }
}
