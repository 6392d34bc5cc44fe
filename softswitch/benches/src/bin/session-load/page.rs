//! One simulated page: a WebSocket that never blocks, and what the client library would do with it.

use std::{
    io::{self, Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr},
    time::{Duration, Instant},
};

use mio::{Interest, Registry, Token, net::TcpStream};
use serde_json::Value;
use socket2::{Domain, Protocol, Socket, Type};
use tungstenite::{
    Message, WebSocket,
    protocol::{Role, WebSocketConfig},
};

/// Pages share this many addresses of the loopback network, as employees share offices.
const ADDRESSES: usize = 200;
/// The library's waits before attempts to come back, in milliseconds.
const DELAYS_MS: [u64; 6] = [0, 300, 1_200, 2_700, 4_800, 7_000];

/// What a page tells its owner.
#[derive(Debug)]
pub(crate) enum Heard {
    /// It has a session, or has its session back.
    Ready,
    /// A push, as it came.
    Push(String),
    /// The connection is gone.
    Lost,
    /// The server refused: a run with such is worth nothing.
    Refused(String),
}

#[derive(Debug)]
enum Line {
    Closed,
    /// The connection or the upgrade is under way; what came of the answer's head.
    Upgrading(TcpStream, Vec<u8>, bool),
    Open(Box<WebSocket<TcpStream>>),
}

/// A page.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) index: usize,
    line: Line,
    greeting: String,
    session: Option<(String, String)>,
    last_seq: u64,
    next_id: u32,
    ready: bool,
    attempt: usize,
    /// When it tries again.
    pub(crate) retry_at: Option<Instant>,
}

impl Page {
    /// A page that says `hello` with these parameters.
    pub(crate) fn new(index: usize, hello: &Value) -> Self {
        let greeting = serde_json::json!({"id": 1, "method": "hello", "params": hello}).to_string();
        Self {
            index,
            line: Line::Closed,
            greeting,
            session: None,
            last_seq: 0,
            next_id: 2,
            ready: false,
            attempt: 0,
            retry_at: None,
        }
    }

    pub(crate) const fn is_ready(&self) -> bool {
        self.ready
    }

    pub(crate) fn connect(&mut self, server: SocketAddr, registry: &Registry) -> io::Result<()> {
        self.retry_at = None;
        let office = u8::try_from(self.index % ADDRESSES).unwrap_or_default();
        let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP))?;
        socket.set_nonblocking(true)?;
        // Ports of one address would run out.
        socket.bind(&SocketAddr::from((Ipv4Addr::new(127, 78, 0, office), 0)).into())?;
        match socket.connect(&server.into()) {
            Err(error) if error.raw_os_error() != Some(nix::libc::EINPROGRESS) => return Err(error),
            _ => {}
        }
        let mut stream = TcpStream::from_std(socket.into());
        registry.register(&mut stream, Token(self.index), Interest::READABLE | Interest::WRITABLE)?;
        self.line = Line::Upgrading(stream, Vec::new(), false);
        Ok(())
    }

    /// The socket has news.
    pub(crate) fn handle_event(&mut self, heard: &mut Vec<Heard>) {
        if let Err(error) = self.advance(heard) {
            let is_wait =
                matches!(&error, tungstenite::Error::Io(io) if io.kind() == io::ErrorKind::WouldBlock);
            if !is_wait {
                self.lose(heard);
            }
        }
    }

    fn lose(&mut self, heard: &mut Vec<Heard>) {
        self.line = Line::Closed;
        self.ready = false;
        heard.push(Heard::Lost);
    }

    /// Comes back as the library does: `chance` is 0 ≤ x < 1.
    pub(crate) fn schedule_retry(&mut self, now: Instant, chance: f64) {
        let delay = DELAYS_MS.get(self.attempt).or(DELAYS_MS.last()).copied().unwrap_or_default();
        self.attempt += 1;
        let spread = (delay as f64 * 0.3).max(250.0);
        self.retry_at =
            Some(now + Duration::from_millis(delay) + Duration::from_secs_f64(chance * spread / 1e3));
    }

    fn advance(&mut self, heard: &mut Vec<Heard>) -> tungstenite::Result<()> {
        if let Line::Upgrading(stream, head, asked) = &mut self.line {
            if !*asked {
                if let Some(error) = stream.take_error()? {
                    return Err(error.into());
                }
                stream.write_all(UPGRADE)?;
                *asked = true;
            }
            let mut buffer = [0; 2_048];
            loop {
                let count = stream.read(&mut buffer)?;
                if count == 0 {
                    return Err(tungstenite::Error::ConnectionClosed);
                }
                head.extend_from_slice(&buffer[..count]);
                if head.windows(4).any(|four| four == b"\r\n\r\n") {
                    break;
                }
            }
            self.open(heard)?;
        }
        loop {
            let Line::Open(socket) = &mut self.line else { return Ok(()) };
            match socket.read()? {
                Message::Text(text) => self.take(text.as_str(), heard)?,
                Message::Close(_) => return Err(tungstenite::Error::ConnectionClosed),
                _ => {}
            }
        }
    }

    fn open(&mut self, heard: &mut Vec<Heard>) -> tungstenite::Result<()> {
        let Line::Upgrading(stream, head, _) = std::mem::replace(&mut self.line, Line::Closed) else {
            return Ok(());
        };
        let status = String::from_utf8_lossy(&head).lines().next().unwrap_or_default().to_owned();
        if !status.contains(" 101 ") {
            heard.push(Heard::Refused(status));
            return Err(tungstenite::Error::ConnectionClosed);
        }
        let end = head.windows(4).position(|four| four == b"\r\n\r\n").map_or(head.len(), |at| at + 4);
        let config = WebSocketConfig::default().read_buffer_size(8 * 1024).write_buffer_size(0);
        let rest = head.get(end..).unwrap_or_default().to_vec();
        let mut socket = WebSocket::from_partially_read(stream, rest, Role::Client, Some(config));
        let greeting = match &self.session {
            None => self.greeting.clone(),
            Some((session, secret)) => serde_json::json!({"id": 1, "method": "resume",
                "params": {"session": session, "secret": secret, "lastSeq": self.last_seq}})
            .to_string(),
        };
        socket.send(Message::text(greeting))?;
        self.line = Line::Open(Box::new(socket));
        Ok(())
    }

    fn take(&mut self, text: &str, heard: &mut Vec<Heard>) -> tungstenite::Result<()> {
        if let Some(seq) = text.strip_prefix("{\"seq\":") {
            let seq = seq.split(',').next().and_then(|seq| seq.parse().ok()).unwrap_or(0);
            if text.contains("\"event\":\"ping\"") {
                return self.request("ping", &serde_json::json!({}));
            }
            if seq > 0 {
                self.last_seq = seq;
            }
            heard.push(Heard::Push(text.to_owned()));
        } else if text.starts_with("{\"id\":1,") {
            let answer: Value = serde_json::from_str(text).unwrap_or_default();
            if answer["error"]["fatal"] == true {
                heard.push(Heard::Refused(answer["error"]["message"].to_string()));
            } else {
                self.greeted(&answer["result"]);
                heard.push(Heard::Ready);
            }
        }
        Ok(())
    }

    fn greeted(&mut self, result: &Value) {
        if let (Some(session), Some(secret)) = (result["session"].as_str(), result["secret"].as_str()) {
            self.session = Some((session.to_owned(), secret.to_owned()));
        }
        self.last_seq = result["seq"].as_u64().unwrap_or(self.last_seq);
        self.ready = true;
        self.attempt = 0;
    }

    /// Asks the server something; nobody waits for the answer.
    pub(crate) fn request(&mut self, method: &str, params: &Value) -> tungstenite::Result<()> {
        let Line::Open(socket) = &mut self.line else { return Ok(()) };
        self.next_id += 1;
        let text = serde_json::json!({"id": self.next_id, "method": method, "params": params}).to_string();
        socket.send(Message::text(text))
    }
}

const UPGRADE: &[u8] =
    b"GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
