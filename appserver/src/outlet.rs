//! A browser's WebSocket (RFC 6455) that its own task reads and whoever has something to say writes.
//!
//! Waking a task for each of ten thousand pages costs more than what is written to it. So a text is written to the socket
//! at once by whoever has it; what the network does not take waits, and the connection's task writes it when there is
//! room.
//!
//! A connection keeps what its largest frame needed. The state of a large company is 50 kB, and ten thousand pages are
//! connected: so a long text is sent in parts (RFC 6455 5.4), which every browser puts together.

use std::{
    collections::VecDeque,
    io::{self, Read, Write},
    pin::Pin,
    sync::{
        Mutex, MutexGuard,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker},
    time::Instant,
};

use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use ringdown_protocol::ErrorInfo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_tungstenite::tungstenite::{
    self, Bytes, Message, Utf8Bytes, WebSocket,
    protocol::{
        CloseFrame, Role, WebSocketConfig,
        frame::{
            Frame,
            coding::{CloseCode, Data, OpCode},
        },
    },
};

use crate::desk_task::{BROWSER_QUEUE, ToBrowser};

/// The longest part of a text. Shorter parts save memory and cost system calls.
const PART_BYTES: usize = 4 * 1024;
/// Most requests are a few hundred bytes, and every connection has a buffer.
const READ_BUFFER_BYTES: usize = 2 * 1024;

/// A browser's connection.
#[derive(Debug)]
pub struct Outlet<S = TokioIo<Upgraded>> {
    /// Held for a system call or two, never across an await.
    wire: Mutex<Wire<S>>,
    /// Messages that wait for the network.
    waiting: AtomicUsize,
}

/// What a browser sends, or what becomes of its connection.
#[derive(Debug)]
pub enum Incoming {
    /// A text.
    Text(Utf8Bytes),
    /// Something that is no text.
    Binary,
    /// Nothing for us: a ping was answered.
    Control,
    /// Longer than what is read, or not WebSocket.
    Unreadable,
    /// The browser left.
    Gone,
    /// Too much waits for it.
    TooSlow,
    /// It is to be closed, and everything before that is written.
    Close(Box<ErrorInfo>),
    /// The network takes nothing: [`Outlet::stalled_since`] tells for how long.
    Stalled,
}

/// There is no room; the connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooSlow;

#[derive(Debug)]
struct Wire<S> {
    socket: WebSocket<Polled<S>>,
    queue: VecDeque<Waiting>,
    stalled: Option<Stall>,
    is_too_slow: bool,
    is_gone: bool,
}

/// The network takes nothing.
#[derive(Debug)]
struct Stall {
    /// Since it last took something.
    since: Instant,
    /// Whether the connection's task watches it.
    is_watched: bool,
}

/// What waits.
#[derive(Debug)]
enum Waiting {
    Whole(ToBrowser),
    /// The rest of a text whose first part is sent.
    Rest(Bytes),
}

impl<S: AsyncRead + AsyncWrite + Unpin> Outlet<S> {
    /// A connection whose upgrade is done; `max_bytes` is the longest message read.
    pub fn new(stream: S, max_bytes: usize) -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER_BYTES)
            .write_buffer_size(0)
            .max_message_size(Some(max_bytes))
            .max_frame_size(Some(max_bytes));
        let stream = Polled { stream, waker: Waker::noop().clone(), has_written: false };
        let wire = Wire {
            socket: WebSocket::from_raw_socket(stream, Role::Server, Some(config)),
            queue: VecDeque::new(),
            stalled: None,
            is_too_slow: false,
            is_gone: false,
        };
        Self { wire: Mutex::new(wire), waiting: AtomicUsize::new(0) }
    }

    /// Writes a message, or keeps it until the network takes it.
    ///
    /// # Errors
    /// When [`BROWSER_QUEUE`] messages wait already. The connection's task is told and ends.
    pub fn give(&self, message: ToBrowser) -> Result<(), TooSlow> {
        let mut wire = self.lock();
        if wire.queue.len() >= BROWSER_QUEUE {
            wire.cut();
            return Err(TooSlow);
        }
        let closes = matches!(message, ToBrowser::Close(_));
        wire.queue.push_back(Waiting::Whole(message));
        if wire.stalled.is_none() {
            wire.write_queue();
            // The connection's task closes it, and watches how long the network takes nothing.
            if closes || wire.is_gone || wire.stalled.is_some() {
                wire.socket.get_ref().waker.wake_by_ref();
            }
        }
        self.waiting.store(wire.queue.len(), Ordering::Relaxed);
        Ok(())
    }

    /// Ends the connection for being too slow.
    pub fn cut(&self) {
        self.lock().cut();
    }

    /// Whether much more can be given.
    pub fn has_room(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) < BROWSER_QUEUE / 2
    }

    /// What the browser sends next. For the connection's task alone.
    pub async fn recv(&self) -> Incoming {
        std::future::poll_fn(|cx| {
            let mut wire = self.lock();
            wire.socket.get_mut().know(cx.waker());
            let incoming = wire.poll();
            self.waiting.store(wire.queue.len(), Ordering::Relaxed);
            incoming
        })
        .await
    }

    /// Since when the network takes nothing, if it does not.
    pub fn stalled_since(&self) -> Option<Instant> {
        self.lock().stalled.as_ref().map(|stall| stall.since)
    }

    /// Says why the connection ends, after what waits. The browser may be gone: that is no error. For the connection's
    /// task alone.
    pub async fn close(&self, code: u16, reason: String) {
        let mut frame = Some(CloseFrame { code: CloseCode::from(code), reason: reason.into() });
        std::future::poll_fn(|cx| {
            let mut wire = self.lock();
            wire.socket.get_mut().know(cx.waker());
            // What cannot be sent any more is not.
            wire.queue.retain(|waiting| !matches!(waiting, Waiting::Whole(ToBrowser::Close(_))));
            wire.write_on();
            if wire.stalled.is_some() {
                return Poll::Pending;
            }
            let outcome = match frame.take() {
                Some(frame) => wire.socket.close(Some(frame)),
                None => wire.socket.flush(),
            };
            if is_stall(&outcome) { Poll::Pending } else { Poll::Ready(()) }
        })
        .await;
    }

    fn lock(&self) -> MutexGuard<'_, Wire<S>> {
        self.wire.lock().expect("no holder of the lock panics")
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    fn cut(&mut self) {
        self.is_too_slow = true;
        self.socket.get_ref().waker.wake_by_ref();
    }

    /// Goes on in the connection's task.
    fn poll(&mut self) -> Poll<Incoming> {
        if self.is_too_slow {
            return Poll::Ready(Incoming::TooSlow);
        }
        self.write_on();
        if self.is_gone {
            return Poll::Ready(Incoming::Gone);
        }
        if let Some(stall) = &mut self.stalled {
            if !std::mem::replace(&mut stall.is_watched, true) {
                return Poll::Ready(Incoming::Stalled);
            }
        } else if let Some(Waiting::Whole(ToBrowser::Close(error))) =
            self.queue.pop_front_if(|next| matches!(next, Waiting::Whole(ToBrowser::Close(_))))
        {
            return Poll::Ready(Incoming::Close(error));
        }
        Poll::Ready(match self.socket.read() {
            Ok(Message::Text(text)) => Incoming::Text(text),
            Ok(Message::Binary(_)) => Incoming::Binary,
            Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_)) => Incoming::Control,
            Err(tungstenite::Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => {
                return Poll::Pending;
            }
            Ok(Message::Close(_))
            | Err(
                tungstenite::Error::ConnectionClosed
                | tungstenite::Error::AlreadyClosed
                | tungstenite::Error::Io(_),
            ) => Incoming::Gone,
            Err(_) => Incoming::Unreadable,
        })
    }

    /// Tries again what the network did not take, and goes on with what waits.
    fn write_on(&mut self) {
        if let Some(stall) = self.stalled.take() {
            self.socket.get_mut().has_written = false;
            if self.stalls(WebSocket::flush) {
                let has_written = self.socket.get_ref().has_written;
                let since = if has_written { Instant::now() } else { stall.since };
                self.stalled = Some(Stall { since, ..stall });
                return;
            }
        }
        self.write_queue();
    }

    /// Writes what waits as far as the network takes it, up to a close.
    fn write_queue(&mut self) {
        while let Some(waiting) = self.queue.pop_front() {
            let (text, is_first) = match waiting {
                Waiting::Whole(ToBrowser::Text(text)) => (Bytes::from(Utf8Bytes::from(&*text)), true),
                Waiting::Whole(ToBrowser::Push(seq, body)) => (body.frame(seq).into(), true),
                close @ Waiting::Whole(ToBrowser::Close(_)) => {
                    self.queue.push_front(close);
                    return;
                }
                Waiting::Rest(rest) => (rest, false),
            };
            if self.write_text(text, is_first) {
                return;
            }
        }
    }

    /// Writes a text, or the rest of one; whether the network takes no more.
    fn write_text(&mut self, mut rest: Bytes, mut is_first: bool) -> bool {
        loop {
            let part = rest.split_to(PART_BYTES.min(rest.len()));
            let kind = if is_first { Data::Text } else { Data::Continue };
            let frame = Frame::message(part, OpCode::Data(kind), rest.is_empty());
            is_first = false;
            let stalls = self.stalls(|socket| socket.send(Message::Frame(frame)));
            if stalls && !rest.is_empty() {
                self.queue.push_front(Waiting::Rest(rest));
                return true;
            }
            if stalls || rest.is_empty() {
                return stalls;
            }
        }
    }

    /// Writes; whether the network takes no more.
    fn stalls(
        &mut self,
        write: impl FnOnce(&mut WebSocket<Polled<S>>) -> Result<(), tungstenite::Error>,
    ) -> bool {
        let outcome = write(&mut self.socket);
        let stalls = is_stall(&outcome);
        if stalls {
            self.stalled = Some(Stall { since: Instant::now(), is_watched: false });
        } else if outcome.is_err() {
            self.is_gone = true;
        }
        stalls
    }
}

fn is_stall(outcome: &Result<(), tungstenite::Error>) -> bool {
    matches!(outcome, Err(tungstenite::Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock)
}

/// A stream that says `WouldBlock` and wakes the connection's task, whoever reads or writes.
#[derive(Debug)]
struct Polled<S> {
    stream: S,
    waker: Waker,
    /// Whether something was written since this was looked at.
    has_written: bool,
}

impl<S> Polled<S> {
    fn know(&mut self, waker: &Waker) {
        self.waker.clone_from(waker);
    }
}

fn blocking<T>(poll: Poll<io::Result<T>>) -> io::Result<T> {
    match poll {
        Poll::Ready(outcome) => outcome,
        Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
    }
}

impl<S: AsyncRead + Unpin> Read for Polled<S> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let mut buffer = ReadBuf::new(bytes);
        let mut cx = Context::from_waker(&self.waker);
        blocking(Pin::new(&mut self.stream).poll_read(&mut cx, &mut buffer))?;
        Ok(buffer.filled().len())
    }
}

impl<S: AsyncWrite + Unpin> Write for Polled<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut cx = Context::from_waker(&self.waker);
        let written = blocking(Pin::new(&mut self.stream).poll_write(&mut cx, bytes))?;
        self.has_written = true;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        let mut cx = Context::from_waker(&self.waker);
        blocking(Pin::new(&mut self.stream).poll_flush(&mut cx))
    }
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt as _;
    use ringdown_protocol::ErrorCode;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
    use tokio_tungstenite::WebSocketStream;

    use super::*;

    fn pair(bytes: usize) -> (Outlet<DuplexStream>, DuplexStream) {
        let (ours, theirs) = tokio::io::duplex(bytes);
        (Outlet::new(ours, 64 * 1024), theirs)
    }

    fn text(text: impl Into<String>) -> ToBrowser {
        ToBrowser::Text(text.into().into())
    }

    /// A frame of a browser (RFC 6455 5.2), its mask all zero.
    fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
        let length = u8::try_from(payload.len()).expect("short");
        assert!(length < 126, "short");
        [&[first, 0x80 | length, 0, 0, 0, 0], payload].concat()
    }

    async fn page(stream: DuplexStream) -> WebSocketStream<DuplexStream> {
        let small = WebSocketConfig::default().max_frame_size(Some(PART_BYTES));
        WebSocketStream::from_raw_socket(stream, Role::Client, Some(small)).await
    }

    #[tokio::test]
    async fn a_long_text_arrives_whole_and_in_parts_that_need_no_large_buffer() {
        let (outlet, theirs) = pair(1_024);
        let mut page = page(theirs).await;
        for length in [0, 1, PART_BYTES, PART_BYTES + 1, 3 * PART_BYTES, 70_000] {
            // Three bytes a letter: parts end within one.
            let expected = "€".repeat(length / 3);
            outlet.give(text(expected.clone())).expect("room");
            let written = async {
                loop {
                    match outlet.recv().await {
                        Incoming::Stalled => {}
                        other => panic!("{other:?}"),
                    }
                }
            };
            tokio::select! {
                () = written => {}
                heard = page.next() => {
                    let heard = heard.expect("a message").expect("whole");
                    assert_eq!(heard, Message::text(expected), "{length} bytes");
                }
            }
        }
    }

    #[tokio::test]
    async fn what_a_slow_browser_is_given_stays_in_order_and_ends_with_the_close() {
        let (outlet, theirs) = pair(64);
        for number in 0..100 {
            outlet.give(text(format!("number {number}"))).expect("room");
        }
        assert!(outlet.stalled_since().is_some(), "64 bytes hold no hundred texts");
        outlet.give(ToBrowser::Close(Box::new(ErrorInfo::new(ErrorCode::Internal, "over")))).expect("room");
        let mut page = page(theirs).await;
        let ended = async {
            loop {
                match outlet.recv().await {
                    Incoming::Stalled => {}
                    Incoming::Close(error) => break outlet.close(error.code, "over".to_owned()).await,
                    other => panic!("{other:?}"),
                }
            }
        };
        let heard = async {
            for number in 0..100 {
                let heard = page.next().await.expect("a message").expect("whole");
                assert_eq!(heard, Message::text(format!("number {number}")));
            }
            page.next().await.expect("a close").expect("whole")
        };
        let ((), last) = tokio::join!(ended, heard);
        let Message::Close(Some(frame)) = last else { panic!("{last:?}") };
        assert_eq!(frame.reason, "over");
    }

    #[tokio::test]
    async fn a_browser_that_reads_nothing_is_ended_and_holds_a_bounded_queue() {
        let (outlet, _theirs) = pair(64);
        let given = (0..10_000).take_while(|_| outlet.give(text("x".repeat(100))).is_ok()).count();
        assert!((BROWSER_QUEUE..BROWSER_QUEUE + 10).contains(&given), "{given}");
        assert!(!outlet.has_room());
        assert!(matches!(outlet.recv().await, Incoming::TooSlow));
    }

    #[tokio::test]
    async fn a_text_in_parts_with_a_ping_between_is_one_text_and_an_answer() {
        let (outlet, mut theirs) = pair(4_096);
        let parts = [frame(0x01, "Grü".as_bytes()), frame(0x89, b"!"), frame(0x80, "ße".as_bytes())];
        theirs.write_all(&parts.concat()).await.expect("open");
        assert!(matches!(outlet.recv().await, Incoming::Control), "the ping");
        let Incoming::Text(text) = outlet.recv().await else { panic!("no text") };
        assert_eq!(text.as_str(), "Grüße");
        let mut pong = [0; 3];
        theirs.read_exact(&mut pong).await.expect("a pong");
        assert_eq!(pong, [0x8a, 1, b'!']);
    }

    #[tokio::test]
    async fn frames_that_break_the_rules_end_the_connection() {
        let unmasked = vec![0x81, 1, b'x'];
        for (what, bytes) in [
            ("not masked (5.1)", unmasked),
            ("a reserved bit (5.2)", frame(0xc1, b"x")),
            ("a reserved opcode (5.2)", frame(0x83, b"x")),
            ("a ping in parts (5.5)", frame(0x09, b"x")),
            ("a continuation of nothing (5.4)", frame(0x80, b"x")),
            ("a text within a text (5.4)", [frame(0x01, b"x"), frame(0x81, b"x")].concat()),
            ("no UTF-8 (8.1)", frame(0x81, b"\xc3\x28")),
            ("a surrogate (8.1)", frame(0x81, b"\xed\xa0\x80")),
            ("a letter cut at the end (8.1)", frame(0x81, b"\xe2\x82")),
            ("a long control frame (5.5)", [&[0x89, 0xfe, 0, 126, 0, 0, 0, 0][..], &[0; 126]].concat()),
            (
                "a length beyond the limit",
                [&[0x81, 0xff][..], &(1_u64 << 40).to_be_bytes(), &[0; 4]].concat(),
            ),
            ("a length with the highest bit (5.2)", [&[0x81, 0xff][..], &[0xff; 8], &[0; 4]].concat()),
        ] {
            let (outlet, mut theirs) = pair(4_096);
            theirs.write_all(&bytes).await.expect("open");
            assert!(matches!(outlet.recv().await, Incoming::Unreadable), "{what}");
        }
    }

    #[tokio::test]
    async fn a_close_is_answered_and_a_lost_line_is_noticed() {
        let (outlet, mut theirs) = pair(4_096);
        theirs.write_all(&frame(0x88, &1_000_u16.to_be_bytes())).await.expect("open");
        assert!(matches!(outlet.recv().await, Incoming::Gone));
        outlet.close(1_001, String::new()).await;
        let mut answer = [0; 4];
        theirs.read_exact(&mut answer).await.expect("an answer");
        assert_eq!(answer, [0x88, 2, 0x03, 0xe8]);

        let (outlet, theirs) = pair(4_096);
        drop(theirs);
        outlet.give(text("into the void")).expect("room");
        assert!(matches!(outlet.recv().await, Incoming::Gone));
    }

    #[tokio::test]
    async fn a_flood_of_pings_is_answered_without_a_queue_of_answers() {
        let (outlet, mut theirs) = pair(1 << 20);
        theirs.write_all(&frame(0x89, b"ping").repeat(10_000)).await.expect("open");
        for _ in 0..10_000 {
            assert!(matches!(outlet.recv().await, Incoming::Control));
        }
        assert!(outlet.has_room() && outlet.lock().queue.is_empty());
    }
}
