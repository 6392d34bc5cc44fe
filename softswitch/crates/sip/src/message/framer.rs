//! Cutting messages out of datagrams and streams (RFC 3261 §7.5, §18.3; keep-alives of RFC 5626 §3.5.1).

use std::time::{Duration, Instant};

use bytes::{Buf, Bytes, BytesMut};

use super::{
    MAX_HEADER_LINE, MAX_HEADERS, MAX_MESSAGE, Message,
    error::{Fault, ParseError},
    parser::{self, Framing, Head, Length},
};

/// What a datagram holds.
#[derive(Debug, Clone, PartialEq, Eq)]
// A message is moved once on its way; a box would be an allocation for each.
#[allow(clippy::large_enum_variant)]
pub enum Datagram {
    /// A message.
    Message(Message),
    /// Nothing but line ends or zero bytes: a keep-alive. It needs no answer.
    KeepAlive,
}

/// Parses a datagram. Line ends before the start line are skipped (RFC 3261 §7.5).
///
/// # Errors
/// What is no well-formed message; the error suggests a response.
pub fn parse_datagram(datagram: &Bytes) -> Result<Datagram, ParseError> {
    let Some(start) = datagram.iter().position(|byte| !matches!(byte, b'\r' | b'\n')) else {
        return Ok(Datagram::KeepAlive);
    };
    // Some telephones keep their NAT mapping alive with zero bytes.
    if datagram.iter().skip(start).all(|&byte| byte == 0) {
        return Ok(Datagram::KeepAlive);
    }
    parser::parse(&datagram.slice(start..), Framing::Datagram).map(Datagram::Message)
}

/// What comes out of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// A message.
    Message(Message),
    /// A message that is malformed, but whose end is known: answer with the error's response, if it has one,
    /// and go on.
    Malformed(ParseError),
    /// A keep-alive ping (`CRLF CRLF`): answer with [`StreamFramer::PONG`] (RFC 5626 §4.4.1).
    Ping,
}

/// Cuts messages out of one stream. Holds at most [`MAX_MESSAGE`] bytes and one read.
///
/// After an error the place of the next message is not known: answer with the error's response, if it has one,
/// and close the connection. Everything pushed afterwards is ignored.
#[derive(Debug, Default)]
pub struct StreamFramer {
    buffer: BytesMut,
    scan: Scan,
    /// The length of the message the buffer starts with, once its head is read.
    total: Option<usize>,
    /// When the first byte of the unfinished message came.
    started: Option<Instant>,
    broken: bool,
}

/// How far the head at the start of the buffer was searched for its end. Each byte is looked at once, however
/// small the pieces it comes in.
#[derive(Debug, Default)]
struct Scan {
    at: usize,
    line_start: usize,
    lines: usize,
}

impl StreamFramer {
    /// The answer to a ping.
    pub const PONG: &'static [u8] = b"\r\n";
    /// A message must be complete this long after its first byte. A larger value lets slow senders hold
    /// connections.
    pub const MESSAGE_TIMEOUT: Duration = Duration::from_secs(5);
    /// The most lines of a head. Folded lines count: eight to a field are beyond any telephone.
    const MAX_LINES: usize = 8 * MAX_HEADERS;

    /// A framer for a fresh connection.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes what was read. Call [`Self::poll_frame`] until it returns `None` before the next read.
    pub fn handle_data(&mut self, now: Instant, data: &[u8]) {
        if !self.broken {
            self.buffer.extend_from_slice(data);
            if self.is_mid_message() {
                self.started.get_or_insert(now);
            }
        }
    }

    /// The next frame, if one is complete.
    ///
    /// # Errors
    /// What leaves the place of the next message unknown. The stream is of no use afterwards.
    pub fn poll_frame(&mut self) -> Option<Result<Frame, ParseError>> {
        if self.broken {
            return None;
        }
        let frame = self.cut().transpose();
        match &frame {
            Some(Err(_)) => *self = Self { broken: true, ..Self::default() },
            // What is left came with this frame's last bytes, so its time goes on from the same moment.
            Some(Ok(_)) if !self.is_mid_message() => self.started = None,
            Some(Ok(_)) | None => {}
        }
        frame
    }

    /// When the unfinished message is too late; the connection is then to be closed.
    pub fn next_timeout(&self) -> Option<Instant> {
        self.started.map(|started| started + Self::MESSAGE_TIMEOUT)
    }

    /// Whether a message has begun and is not complete. Line ends before a message do not begin one.
    pub fn is_mid_message(&self) -> bool {
        self.buffer.iter().any(|byte| !matches!(byte, b'\r' | b'\n'))
    }

    fn cut(&mut self) -> Result<Option<Frame>, ParseError> {
        if self.total.is_none() && self.scan.at == 0 && self.skip_line_ends()? {
            return Ok(Some(Frame::Ping));
        }
        let total = match self.total {
            Some(total) => total,
            None => match self.find_head_end()? {
                Some(end) => *self.total.insert(self.measure(end)?),
                None if self.buffer.len() > MAX_MESSAGE => return Err(Fault::MessageTooLong.into()),
                None => return Ok(None),
            },
        };
        if self.buffer.len() < total {
            return Ok(None);
        }
        let message = self.buffer.split_to(total).freeze();
        self.total = None;
        self.scan = Scan::default();
        Ok(Some(match parser::parse(&message, Framing::Stream) {
            Ok(message) => Frame::Message(message),
            Err(error) => Frame::Malformed(error),
        }))
    }

    /// The length of the message whose head ends at `end`.
    fn measure(&self, end: usize) -> Result<usize, ParseError> {
        let head = Head::parse(&Bytes::copy_from_slice(self.buffer.get(..end).unwrap_or_default()))?;
        match head.content_length {
            Length::Bytes(length) if length <= MAX_MESSAGE - head.end.min(MAX_MESSAGE) => {
                Ok(head.end + length)
            }
            Length::Bytes(_) => Err(head.refuse(Fault::MessageTooLong)),
            Length::Absent => Err(head.refuse(Fault::ContentLengthMissing)),
            Length::Wrong => Err(head.refuse(Fault::ContentLength)),
        }
    }

    /// Skips line ends before a message; says whether they were a ping. One CRLF alone is the pong to a ping
    /// of ours or a stray line end (RFC 3261 §7.5) and is dropped when a message follows.
    fn skip_line_ends(&mut self) -> Result<bool, Fault> {
        loop {
            match self.buffer.as_ref() {
                [b'\r', b'\n', b'\r', b'\n', ..] => {
                    self.buffer.advance(4);
                    return Ok(true);
                }
                [b'\r', b'\n', b'\r'] | [b'\r', b'\n'] | [b'\r'] | [] => return Ok(false),
                [b'\r', b'\n', ..] => self.buffer.advance(2),
                [b'\r' | b'\n', ..] => return Err(Fault::BareLineEnd),
                [_, ..] => return Ok(false),
            }
        }
    }

    /// Where the head ends: behind its empty line.
    fn find_head_end(&mut self) -> Result<Option<usize>, Fault> {
        if !self.is_mid_message() {
            return Ok(None);
        }
        let scan = &mut self.scan;
        for (at, &byte) in self.buffer.iter().enumerate().skip(scan.at) {
            let after_cr = at > scan.line_start && self.buffer.get(at - 1) == Some(&b'\r');
            if (byte == b'\n') != after_cr {
                return Err(Fault::BareLineEnd);
            }
            if byte == b'\n' {
                scan.lines += 1;
                if at == scan.line_start + 1 {
                    return Ok(Some(at + 1));
                }
                scan.line_start = at + 1;
            }
            if at - scan.line_start.min(at) > MAX_HEADER_LINE {
                return Err(Fault::LineTooLong);
            }
            if scan.lines > Self::MAX_LINES {
                return Err(Fault::TooManyHeaders);
            }
            scan.at = at + 1;
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPTIONS: &str = "OPTIONS sip:a@h SIP/2.0\r\nContent-Length: 4\r\n\r\nbody";

    #[test]
    fn line_ends_and_zero_bytes_are_keep_alives() {
        for keep_alive in [&b"\r\n\r\n"[..], b"\r\n", b"", b"\0\0\0\0"] {
            assert_eq!(parse_datagram(&Bytes::from_static(keep_alive)), Ok(Datagram::KeepAlive));
        }
        let datagram = Bytes::from(format!("\r\n\r\n{OPTIONS}trailing"));
        let Ok(Datagram::Message(Message::Request(request))) = parse_datagram(&datagram) else {
            panic!("a message after line ends is a message")
        };
        assert_eq!(&request.body[..], b"body");
    }

    fn frames(framer: &mut StreamFramer) -> Vec<Result<Frame, Fault>> {
        std::iter::from_fn(|| framer.poll_frame()).map(|frame| frame.map_err(|error| error.fault)).collect()
    }

    fn now() -> Instant {
        // The one clock a test may read is the one it never lets run.
        static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
        #[allow(clippy::disallowed_methods)]
        *START.get_or_init(Instant::now)
    }

    #[test]
    fn messages_and_pings_come_out_byte_by_byte() {
        let mut framer = StreamFramer::new();
        let mut seen = Vec::new();
        for byte in format!("{OPTIONS}\r\n\r\n{OPTIONS}\r\n{OPTIONS}").bytes() {
            framer.handle_data(now(), &[byte]);
            seen.extend(frames(&mut framer));
        }
        let kinds: Vec<_> = seen.iter().map(|frame| matches!(frame, Ok(Frame::Message(_)))).collect();
        assert_eq!(kinds, [true, false, true, true]);
        assert_eq!(seen.get(1), Some(&Ok(Frame::Ping)));
        assert_eq!(framer.next_timeout(), None);
    }

    #[test]
    fn an_unfinished_message_has_a_deadline_and_a_pong_has_none() {
        let mut framer = StreamFramer::new();
        framer.handle_data(now(), b"\r\n");
        assert_eq!(frames(&mut framer), []);
        assert_eq!(framer.next_timeout(), None);
        framer.handle_data(now(), b"OPT");
        assert_eq!(frames(&mut framer), []);
        assert_eq!(framer.next_timeout(), Some(now() + StreamFramer::MESSAGE_TIMEOUT));
    }

    #[test]
    fn a_stream_that_cannot_be_framed_is_broken_for_good() {
        for (bad, fault) in [
            ("OPTIONS sip:a@h SIP/2.0\r\n\r\n", Fault::ContentLengthMissing),
            ("OPTIONS sip:a@h SIP/2.0\r\nl: 1\r\nContent-Length: 2\r\n\r\nab", Fault::ContentLength),
            ("OPTIONS sip:a@h SIP/2.0\r\nl: 70000\r\n\r\n", Fault::MessageTooLong),
            ("OPTIONS sip:a@h SIP/2.0\nl: 0\r\n\r\n", Fault::BareLineEnd),
            ("OPTIONS sip:a@h SIP/2.0\r\nX: a\rb\r\nl: 0\r\n\r\n", Fault::BareLineEnd),
            ("\nOPTIONS", Fault::BareLineEnd),
        ] {
            let mut framer = StreamFramer::new();
            framer.handle_data(now(), bad.as_bytes());
            assert_eq!(frames(&mut framer), [Err(fault)], "{bad:?}");
            framer.handle_data(now(), OPTIONS.as_bytes());
            assert_eq!(frames(&mut framer), []);
        }
        let mut framer = StreamFramer::new();
        framer.handle_data(now(), &[b'a'; 9000]);
        assert_eq!(frames(&mut framer), [Err(Fault::LineTooLong)]);
    }

    #[test]
    fn a_malformed_message_with_a_known_end_does_not_end_the_stream() {
        let mut framer = StreamFramer::new();
        framer.handle_data(now(), format!("OPTIONS <sip:a@h> SIP/2.0\r\nl: 0\r\n\r\n{OPTIONS}").as_bytes());
        let seen = frames(&mut framer);
        assert!(matches!(seen[..], [Ok(Frame::Malformed(_)), Ok(Frame::Message(_))]), "{seen:?}");
    }
}
