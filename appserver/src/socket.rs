//! WebSocket connections of browsers (RFC 6455): the upgrade, and frames that leave no large buffers behind.
//!
//! A connection keeps what its largest frame needed. The state of a large company is 50 kB, and ten thousand pages are
//! connected: so a long text is sent in parts (RFC 6455 5.4), which every browser puts together.

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use futures_util::{SinkExt as _, StreamExt as _};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        self, Bytes, Message, Utf8Bytes,
        handshake::derive_accept_key,
        protocol::{
            CloseFrame, Role, WebSocketConfig,
            frame::{
                Frame,
                coding::{CloseCode, Data, OpCode},
            },
        },
    },
};

/// Most requests are a few hundred bytes, and every connection has a buffer.
const READ_BUFFER_BYTES: usize = 2 * 1024;
/// The longest part of a text. Shorter parts save memory and cost system calls.
const PART_BYTES: usize = 4 * 1024;

/// A browser's connection.
#[derive(Debug)]
pub struct BrowserSocket<S = TokioIo<Upgraded>>(WebSocketStream<S>);

/// What a browser sends.
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
}

/// Takes a connection over; `serve` gets it once the answer is out. `max_bytes` is the longest message read.
///
/// # Errors
/// The answer for a request that asks for no WebSocket.
pub fn upgrade<F>(
    mut request: Request,
    max_bytes: usize,
    serve: impl FnOnce(BrowserSocket) -> F + Send + 'static,
) -> Response
where
    F: Future<Output = ()> + Send + 'static,
{
    let Some(accept) = accept_key(request.method(), request.headers()) else {
        let message =
            "this address speaks WebSocket: connect with GET, Upgrade and Sec-WebSocket-Version: 13\n";
        let headers = [(header::UPGRADE, "websocket"), (header::SEC_WEBSOCKET_VERSION, "13")];
        return (StatusCode::UPGRADE_REQUIRED, headers, message).into_response();
    };
    let upgraded = hyper::upgrade::on(&mut request);
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(0)
        .max_message_size(Some(max_bytes))
        .max_frame_size(Some(max_bytes));
    tokio::spawn(async move {
        // A browser that left before the answer is gone.
        let Ok(upgraded) = upgraded.await else { return };
        let socket =
            WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, Some(config)).await;
        serve(BrowserSocket(socket)).await;
    });
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    response
}

/// RFC 6455 4.2.1: what the client must send; the answer's key.
fn accept_key(method: &Method, headers: &HeaderMap) -> Option<HeaderValue> {
    let has = |name, token: &str| {
        let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
        values.flat_map(|value| value.split(',')).any(|value| value.trim().eq_ignore_ascii_case(token))
    };
    let key = headers.get(header::SEC_WEBSOCKET_KEY)?;
    let fits = *method == Method::GET
        && has(header::CONNECTION, "upgrade")
        && has(header::UPGRADE, "websocket")
        && has(header::SEC_WEBSOCKET_VERSION, "13");
    fits.then(|| HeaderValue::try_from(derive_accept_key(key.as_bytes())).ok()).flatten()
}

impl<S: AsyncRead + AsyncWrite + Unpin> BrowserSocket<S> {
    /// What the browser sends next.
    pub async fn recv(&mut self) -> Incoming {
        match self.0.next().await {
            Some(Ok(Message::Text(text))) => Incoming::Text(text),
            Some(Ok(Message::Binary(_))) => Incoming::Binary,
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => Incoming::Control,
            Some(Ok(Message::Close(_))) | None => Incoming::Gone,
            Some(Err(tungstenite::Error::ConnectionClosed | tungstenite::Error::Io(_))) => Incoming::Gone,
            Some(Err(_)) => Incoming::Unreadable,
        }
    }

    /// Sends a text.
    ///
    /// # Errors
    /// When the browser is gone.
    pub async fn send(&mut self, text: Utf8Bytes) -> tungstenite::Result<()> {
        if text.len() <= PART_BYTES {
            return self.0.send(Message::Text(text)).await;
        }
        let mut rest = Bytes::from(text);
        let mut kind = OpCode::Data(Data::Text);
        while !rest.is_empty() {
            let part = rest.split_to(PART_BYTES.min(rest.len()));
            let frame = Frame::message(part, kind, rest.is_empty());
            self.0.send(Message::Frame(frame)).await?;
            kind = OpCode::Data(Data::Continue);
        }
        Ok(())
    }

    /// Says why the connection ends. The browser may be gone: that is no error.
    pub async fn close(&mut self, code: u16, reason: String) {
        let frame = CloseFrame { code: CloseCode::from(code), reason: reason.into() };
        drop(self.0.send(Message::Close(Some(frame))).await);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_long_text_arrives_whole_and_in_parts_that_need_no_large_buffer() {
        let (ours, theirs) = tokio::io::duplex(1_024);
        let mut server = BrowserSocket(WebSocketStream::from_raw_socket(ours, Role::Server, None).await);
        let small = WebSocketConfig::default().max_frame_size(Some(PART_BYTES));
        let mut page = WebSocketStream::from_raw_socket(theirs, Role::Client, Some(small)).await;
        for length in [0, 1, PART_BYTES, PART_BYTES + 1, 3 * PART_BYTES, 70_000] {
            // Three bytes a letter: parts end within one.
            let text = "€".repeat(length / 3);
            let expected = text.clone();
            let (sent, heard) = tokio::join!(server.send(text.into()), page.next());
            sent.expect("it is written");
            assert_eq!(heard.expect("a message").expect("whole"), Message::text(expected), "{length} bytes");
        }
    }

    #[test]
    fn only_a_request_for_version_13_is_upgraded() {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONNECTION, HeaderValue::from_static("keep-alive, Upgrade"));
        headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
        headers.insert(header::SEC_WEBSOCKET_KEY, HeaderValue::from_static("dGhlIHNhbXBsZSBub25jZQ=="));
        // The example of RFC 6455 1.3.
        let accept = accept_key(&Method::GET, &headers);
        assert_eq!(accept.expect("an upgrade"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        assert_eq!(accept_key(&Method::POST, &headers), None);
        headers.insert(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static("8"));
        assert_eq!(accept_key(&Method::GET, &headers), None);
    }
}
