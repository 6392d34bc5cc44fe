//! `/node`: a softswitch's connection, the control link's server side.

use std::{sync::Arc, time::Duration};

use axum::{
    Extension,
    extract::{
        State, WebSocketUpgrade,
        ws::{CloseFrame, Message, WebSocket, rejection::WebSocketUpgradeRejection},
    },
    http::{HeaderMap, header},
    response::{IntoResponse as _, Response},
};
use ringdown_control::{AppFrame, MAX_FRAME_BYTES, NodeFrame, PROTOCOL_VERSION, decode, encode};
use ringdown_desk::{LinkId, NodeHello};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use tokio::{
    sync::{Notify, mpsc},
    time::{Instant, sleep_until, timeout},
};

use crate::{
    desk_task::{DeskMessage, Line, NODE_QUEUE, ToNode},
    listen::Peer,
    problem::Refusal,
    server::App,
};

/// `Hello` comes within this.
const HELLO_WITHIN: Duration = Duration::from_secs(5);
/// How often the link is pinged.
const PING_EVERY: Duration = Duration::from_secs(10);
/// A link silent for this long is closed.
const SILENT_FOR: Duration = Duration::from_secs(30);
/// A frame that cannot be written within this ends the link.
const WRITE_WITHIN: Duration = Duration::from_secs(10);
/// The longest name of a node, in characters.
const MAX_NAME: usize = 64;

/// What a softswitch must show, as its hash: comparing hashes takes the same time for any token.
#[derive(Clone)]
pub struct NodeToken([u8; 32]);

impl NodeToken {
    /// The token of the configuration.
    pub fn new(token: &str) -> Self {
        Self(Sha256::digest(token.as_bytes()).into())
    }

    fn admits(&self, headers: &HeaderMap) -> bool {
        let shown = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let Some(token) = shown.and_then(|value| value.strip_prefix("Bearer ")) else { return false };
        let shown: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        shown.ct_eq(&self.0).into()
    }
}

impl std::fmt::Debug for NodeToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NodeToken")
    }
}

/// Takes a softswitch's connection.
pub async fn upgrade(
    State(app): State<Arc<App>>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    // A browser has no business here, whatever its page.
    if headers.contains_key(header::ORIGIN) {
        return Refusal::ForeignOrigin.into_response();
    }
    if !app.allows_connection(peer.address) {
        return Refusal::RateLimited(2).into_response();
    }
    if !app.node_token.admits(&headers) {
        tracing::warn!(address = %peer.address, "a softswitch showed a wrong token");
        return Refusal::BadCredentials.into_response();
    }
    match upgrade {
        Err(rejection) => rejection.into_response(),
        Ok(upgrade) => upgrade
            .max_message_size(MAX_FRAME_BYTES)
            .max_frame_size(MAX_FRAME_BYTES)
            .on_upgrade(move |socket| run(app, peer, socket)),
    }
}

async fn run(app: Arc<App>, peer: Peer, mut socket: WebSocket) {
    let link = LinkId(app.next_id());
    let end = match timeout(HELLO_WITHIN, read_hello(&mut socket, link)).await {
        Err(_) => "no hello within 5 s",
        Ok(Err(reason)) => reason,
        Ok(Ok(hello)) => {
            tracing::info!(node = %hello.node, name = hello.name, address = %peer.address, "a softswitch is connected");
            let (queue, outgoing) = mpsc::channel(NODE_QUEUE);
            let cut = Arc::new(Notify::new());
            let line = Line { queue, cut: Arc::clone(&cut) };
            app.desk.send(DeskMessage::NodeHello(hello, line)).await;
            let end = serve(&app, &mut socket, link, outgoing, &cut).await;
            app.desk.send(DeskMessage::NodeDisconnected(link)).await;
            end
        }
    };
    tracing::info!(address = %peer.address, reason = end, "a softswitch is disconnected");
    let frame = CloseFrame { code: 1000, reason: end.into() };
    // The peer may be gone; a close is a courtesy.
    drop(timeout(Duration::from_secs(1), socket.send(Message::Close(Some(frame)))).await);
}

async fn read_hello(socket: &mut WebSocket, link: LinkId) -> Result<NodeHello, &'static str> {
    let Some(Ok(Message::Text(text))) = socket.recv().await else { return Err("no hello") };
    let Ok(NodeFrame::Hello { version, node, name, directory_version }) = decode(&text) else {
        return Err("the first frame is no hello");
    };
    // N talks to N-1 and N+1.
    if version.abs_diff(PROTOCOL_VERSION) > 1 || version == 0 {
        return Err("the protocol versions are too far apart");
    }
    if name.chars().count() > MAX_NAME {
        return Err("the name is longer than 64 characters");
    }
    let version = version.min(PROTOCOL_VERSION);
    Ok(NodeHello { link, node, name, version, directory_version })
}

async fn serve(
    app: &App,
    socket: &mut WebSocket,
    link: LinkId,
    mut outgoing: mpsc::Receiver<ToNode>,
    cut: &Notify,
) -> &'static str {
    let mut ping = tokio::time::interval_at(Instant::now() + PING_EVERY, PING_EVERY);
    let mut silent_at = Instant::now() + SILENT_FOR;
    loop {
        tokio::select! {
            message = socket.recv() => {
                silent_at = Instant::now() + SILENT_FOR;
                let message = match message {
                    Some(Ok(Message::Text(text))) => match read(link, &text) {
                        Ok(message) => message,
                        Err(reason) => return reason,
                    },
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => None,
                    Some(Ok(Message::Binary(_))) => return "text frames only",
                    Some(Ok(Message::Close(_))) | None => return "it left",
                    Some(Err(_)) => return "the connection failed",
                };
                if let Some(message) = message {
                    app.desk.send(message).await;
                }
            }
            message = outgoing.recv() => {
                let text = match message {
                    Some(ToNode::Frame(frame)) => encode(&frame),
                    Some(ToNode::Directory(directory)) => {
                        encode(&AppFrame::Directory { directory: (*directory).clone() })
                    }
                    None => return "another connection took its place",
                };
                if !matches!(timeout(WRITE_WITHIN, socket.send(Message::Text(text.into()))).await, Ok(Ok(()))) {
                    return "it does not read";
                }
            }
            _ = ping.tick() => {
                if !matches!(timeout(WRITE_WITHIN, socket.send(Message::Ping(Vec::new().into()))).await, Ok(Ok(()))) {
                    return "it does not read";
                }
            }
            () = sleep_until(silent_at) => return "silent for 30 s",
            () = cut.notified() => return "it is too slow, or another connection took its place",
            () = app.shutdown.wait() => return "the server stops",
        }
    }
}

fn read(link: LinkId, text: &str) -> Result<Option<DeskMessage>, &'static str> {
    let frame: NodeFrame = decode(text).map_err(|error| {
        tracing::warn!(%error, "a softswitch's frame is not understood");
        "a frame is not understood"
    })?;
    Ok(match frame {
        NodeFrame::Hello { .. } => return Err("a second hello"),
        NodeFrame::Snapshot { seq, snapshot } => Some(DeskMessage::NodeSnapshot(link, seq, snapshot)),
        NodeFrame::Event { seq, event } => Some(DeskMessage::NodeEvent(link, seq, event)),
        NodeFrame::Reply { id, result } => Some(DeskMessage::NodeReply(link, id, result)),
        NodeFrame::DirectoryApplied { version } => {
            tracing::debug!(version, "a softswitch applied the directory");
            None
        }
    })
}
