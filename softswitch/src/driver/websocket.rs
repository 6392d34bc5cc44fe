//! SIP over WebSocket (RFC 7118): one message of the WebSocket is one SIP message.

use std::{
    net::IpAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use ringdown_sip::message::MAX_MESSAGE;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{MissedTickBehavior, interval, timeout},
};
use tokio_tungstenite::{
    WebSocketStream, accept_hdr_async_with_config,
    tungstenite::{
        Message, Utf8Bytes,
        handshake::server::{ErrorResponse, Request, Response},
        http::{HeaderValue, StatusCode, header},
        protocol::WebSocketConfig,
    },
};
use tracing::debug;

use super::connection::{FIRST_MESSAGE, Open, WRITE};
use crate::switch_task::SwitchInput;

/// A page that has not sent one whole SIP message by then is closed: it may wait for its user to log on, not for ever.
const FIRST_SIP_MESSAGE: Duration = Duration::from_secs(60);

/// How often a page is asked whether it is there, where it is silent. Browsers answer by themselves, also in
/// background tabs.
const PING: Duration = Duration::from_secs(30);

/// A page that was silent for this long, pings included, is gone.
const SILENCE: Duration = Duration::from_secs(75);

/// How often all of that is looked at.
const LOOK: Duration = Duration::from_secs(5);

/// A message that takes longer to arrive closes the connection.
const WHOLE_MESSAGE: Duration = FIRST_MESSAGE;

/// The subprotocol (RFC 7118 §4.1).
const SUBPROTOCOL: &str = "sip";

/// Which pages may connect, and under which names.
///
/// Nothing but digest credentials signs a page on, so a page of another site has nothing to use. The list keeps it from
/// trying, and from talking to a switch inside a network its maker cannot reach; the names keep a site from passing as
/// ours by pointing its own name at our address.
#[derive(Debug, Clone)]
pub(crate) struct WebSocketRules {
    /// Sites whose pages may connect beside those of this host: `https://crm.example.com`, or `*` for all.
    pub origins: Vec<String>,
    /// Names of this host. Addresses and `localhost` are always known.
    pub names: Vec<String>,
}

impl WebSocketRules {
    fn judge(&self, request: &Request) -> Result<(), (StatusCode, &'static str)> {
        let host = one(request, &header::HOST).and_then(host_of);
        let Some(host) = host.filter(|host| self.knows(host)) else {
            return Err((StatusCode::MISDIRECTED_REQUEST, "this host has another name"));
        };
        if !self.admits(request, &host) {
            return Err((StatusCode::FORBIDDEN, "pages of this site may not connect"));
        }
        let offered = request.headers().get_all(header::SEC_WEBSOCKET_PROTOCOL).iter();
        let mut offered = offered.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
        if !offered.any(|protocol| protocol.trim().eq_ignore_ascii_case(SUBPROTOCOL)) {
            return Err((StatusCode::BAD_REQUEST, "the subprotocol is `sip`"));
        }
        Ok(())
    }

    fn knows(&self, host: &str) -> bool {
        let is_address = host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok();
        let mut of_origins = self.origins.iter().filter_map(|origin| origin_host(origin));
        is_address
            || host == "localhost"
            || self.names.iter().any(|name| name.eq_ignore_ascii_case(host))
            || of_origins.any(|known| known == host)
    }

    fn admits(&self, request: &Request, host: &str) -> bool {
        if !request.headers().contains_key(header::ORIGIN) {
            // No browser: nobody else's page is behind it.
            return true;
        }
        let Some(origin) = one(request, &header::ORIGIN) else { return false };
        let is_listed = |known: &String| known == "*" || known.eq_ignore_ascii_case(origin);
        origin_host(origin).is_some_and(|of_page| of_page == host) || self.origins.iter().any(is_listed)
    }
}

/// The only value of a header.
fn one<'a>(request: &'a Request, name: &header::HeaderName) -> Option<&'a str> {
    let mut values = request.headers().get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}

/// The host of `host[:port]`, in small letters.
fn host_of(authority: &str) -> Option<String> {
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    };
    (!host.is_empty()).then(|| host.to_ascii_lowercase())
}

/// The host of `https://host[:port]`.
fn origin_host(origin: &str) -> Option<String> {
    let (scheme, authority) = origin.split_once("://")?;
    matches!(scheme, "http" | "https").then(|| host_of(authority))?
}

/// A page that shook hands.
pub(super) struct Page<S> {
    socket: WebSocketStream<Counting<S>>,
}

/// Shakes hands; `None` where the peer does not, breaks a rule, or takes too long.
pub(super) async fn accept<S>(stream: S, rules: Arc<WebSocketRules>) -> Option<Page<S>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let config = WebSocketConfig::default()
        .read_buffer_size(4_096)
        .write_buffer_size(0)
        .max_write_buffer_size(4 * MAX_MESSAGE)
        .max_message_size(Some(MAX_MESSAGE))
        .max_frame_size(Some(MAX_MESSAGE));
    // The error's size is the library's choice.
    #[allow(clippy::result_large_err)]
    let judge = move |request: &Request, response: Response| answer(&rules, request, response);
    let counting = Counting { stream, bytes: 0 };
    let shaken = timeout(FIRST_MESSAGE, accept_hdr_async_with_config(counting, judge, Some(config))).await;
    match shaken {
        Ok(Ok(socket)) => Some(Page { socket }),
        Ok(Err(error)) => {
            debug!(%error, "no WebSocket");
            None
        }
        Err(_) => None,
    }
}

// The error's size is the library's choice.
#[allow(clippy::result_large_err)]
fn answer(
    rules: &WebSocketRules,
    request: &Request,
    mut response: Response,
) -> Result<Response, ErrorResponse> {
    match rules.judge(request) {
        Ok(()) => {
            let chosen = HeaderValue::from_static(SUBPROTOCOL);
            response.headers_mut().insert(header::SEC_WEBSOCKET_PROTOCOL, chosen);
            Ok(response)
        }
        Err((status, reason)) => {
            let mut refusal = ErrorResponse::new(Some(reason.to_owned()));
            *refusal.status_mut() = status;
            Err(refusal)
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Page<S> {
    /// Serves the page until it goes or breaks a limit.
    pub(super) async fn serve(mut self, mut open: Open) {
        let mut watch = Watch::new(Instant::now());
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                queued = open.queued.recv() => match queued {
                    Some(bytes) => if !self.send(to_message(bytes)).await { return },
                    None => {
                        drop(timeout(WRITE, self.socket.close(None)).await);
                        return;
                    }
                },
                message = self.socket.next() => {
                    let Some(Ok(message)) = message else { return };
                    watch.heard(Instant::now(), self.socket.get_ref().bytes);
                    if !self.take(message, &open, &mut watch).await { return }
                }
                _ = looks.tick() => match watch.look(Instant::now(), self.socket.get_ref().bytes) {
                    Verdict::Fine => {}
                    Verdict::Ask => if !self.send(Message::Ping(Bytes::new())).await { return },
                    Verdict::Close => return,
                },
            }
        }
    }

    /// `false` once the connection is over.
    async fn take(&mut self, message: Message, open: &Open, watch: &mut Watch) -> bool {
        let bytes = match message {
            Message::Text(text) => Bytes::from(text),
            // RFC 7118 §4.2: both kinds are to be taken.
            Message::Binary(bytes) => bytes,
            // The library answers pings and closes.
            Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => return true,
            Message::Close(_) => return false,
        };
        if bytes == DOUBLE_LINE_END {
            // RFC 5626 §3.5.1, for clients that have no pings of WebSocket to send.
            return self.send(Message::Text(Utf8Bytes::from_static("\r\n"))).await;
        }
        watch.has_spoken = true;
        // Waiting here is back-pressure: the peer's TCP stops.
        open.switch.send(SwitchInput::Datagram { flow: open.flow, bytes }).await.is_ok()
    }

    async fn send(&mut self, message: Message) -> bool {
        matches!(timeout(WRITE, self.socket.send(message)).await, Ok(Ok(())))
    }
}

const DOUBLE_LINE_END: &[u8] = b"\r\n\r\n";

/// RFC 7118 §4.2: what is not UTF-8 must not be a text.
fn to_message(bytes: Bytes) -> Message {
    match Utf8Bytes::try_from(bytes.clone()) {
        Ok(text) => Message::Text(text),
        Err(_) => Message::Binary(bytes),
    }
}

/// What a page's silence means.
struct Watch {
    opened: Instant,
    /// When its last whole message came, of any kind.
    heard: Instant,
    /// How many bytes had come by then.
    bytes: u64,
    /// Since when a message is unfinished.
    unfinished: Option<Instant>,
    has_spoken: bool,
    asked: Instant,
}

#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Fine,
    Ask,
    Close,
}

impl Watch {
    const fn new(now: Instant) -> Self {
        Self { opened: now, heard: now, bytes: 0, unfinished: None, has_spoken: false, asked: now }
    }

    const fn heard(&mut self, now: Instant, bytes: u64) {
        (self.heard, self.bytes, self.unfinished) = (now, bytes, None);
    }

    fn look(&mut self, now: Instant, bytes: u64) -> Verdict {
        if bytes > self.bytes {
            self.unfinished.get_or_insert(now);
        }
        let is_slow = self.unfinished.is_some_and(|since| now - since >= WHOLE_MESSAGE);
        let is_mute = !self.has_spoken && now - self.opened >= FIRST_SIP_MESSAGE;
        if is_slow || is_mute || now - self.heard >= SILENCE {
            Verdict::Close
        } else if now - self.heard >= PING && now - self.asked >= PING {
            self.asked = now;
            Verdict::Ask
        } else {
            Verdict::Fine
        }
    }
}

/// A stream that counts what is read from it: only so can be seen that a frame has begun.
struct Counting<S> {
    stream: S,
    bytes: u64,
}

impl<S: AsyncRead + Unpin> AsyncRead for Counting<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let before = buffer.filled().len();
        let result = Pin::new(&mut self.stream).poll_read(cx, buffer);
        self.bytes += (buffer.filled().len() - before) as u64;
        result
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Counting<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(host: &str, origin: Option<&str>, protocol: &str) -> Result<(), StatusCode> {
        let rules = WebSocketRules {
            origins: vec!["https://crm.example.com".to_owned()],
            names: vec!["pbx.example.com".to_owned()],
        };
        let mut request = Request::builder().header(header::HOST, host);
        request = request.header(header::SEC_WEBSOCKET_PROTOCOL, protocol);
        if let Some(origin) = origin {
            request = request.header(header::ORIGIN, origin);
        }
        rules.judge(&request.body(()).expect("a request")).map_err(|(status, _)| status)
    }

    #[test]
    fn pages_of_this_host_and_of_listed_sites_may_connect() {
        assert_eq!(judge("192.0.2.1:7443", Some("https://192.0.2.1:8443"), "sip"), Ok(()));
        assert_eq!(judge("[2001:db8::1]:7443", Some("https://[2001:db8::1]"), "sip"), Ok(()));
        assert_eq!(judge("PBX.example.com", Some("https://pbx.example.com"), "msrp, sip"), Ok(()));
        assert_eq!(judge("192.0.2.1:7443", Some("https://crm.example.com"), "sip"), Ok(()));
        assert_eq!(judge("localhost:7443", None, "sip"), Ok(()));
    }

    #[test]
    fn other_pages_other_names_and_other_protocols_may_not() {
        let (forbidden, misdirected) = (Err(StatusCode::FORBIDDEN), Err(StatusCode::MISDIRECTED_REQUEST));
        assert_eq!(judge("192.0.2.1:7443", Some("https://evil.example"), "sip"), forbidden);
        assert_eq!(judge("192.0.2.1:7443", Some("null"), "sip"), forbidden);
        assert_eq!(judge("192.0.2.1:7443", Some("https://crm.example.com.evil.example"), "sip"), forbidden);
        // A name that was pointed at our address is no name of ours.
        assert_eq!(judge("evil.example:7443", Some("http://evil.example"), "sip"), misdirected);
        assert_eq!(judge("192.0.2.1:7443", None, "mqtt"), Err(StatusCode::BAD_REQUEST));
    }

    #[test]
    fn silence_is_asked_about_and_half_messages_are_not_waited_for() {
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        let mut watch = Watch::new(start);
        assert_eq!(watch.look(after(55), 0), Verdict::Ask);
        assert_eq!(watch.look(after(60), 0), Verdict::Close, "it never spoke");

        let mut watch = Watch { has_spoken: true, ..Watch::new(start) };
        watch.heard(after(1), 100);
        assert_eq!(watch.look(after(30), 100), Verdict::Fine);
        assert_eq!(watch.look(after(35), 100), Verdict::Ask);
        assert_eq!(watch.look(after(40), 100), Verdict::Fine, "asked already");
        watch.heard(after(41), 102);
        assert_eq!(watch.look(after(70), 103), Verdict::Fine, "a frame begins");
        assert_eq!(watch.look(after(80), 104), Verdict::Close, "and does not end");

        let mut watch = Watch { has_spoken: true, ..Watch::new(start) };
        assert_eq!(watch.look(after(75), 0), Verdict::Close, "it answers no ping");
    }
}
