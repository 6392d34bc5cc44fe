//! The control link: dials the app server, keeps dialling, carries frames both ways (`docs/control-link.md`).
//!
//! The link holds no state of calls. It tells the switch task when it is up, which answers with a snapshot, and when
//! it is down. Outgoing frames wait in one bounded queue; a full one closes the link, and the snapshot of the next
//! connection makes up for what was lost.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures_util::{SinkExt, StreamExt};
use ringdown_control::{AppFrame, NodeFrame, PROTOCOL_VERSION, decode, encode};
use ringdown_types::NodeId;
use tokio::{
    net::TcpStream,
    sync::mpsc,
    time::{Instant, interval_at, sleep, timeout},
};
use tokio_tungstenite::{
    Connector, MaybeTlsStream, WebSocketStream, connect_async_tls_with_config,
    tungstenite::{
        Message, client::IntoClientRequest, http::header::AUTHORIZATION, protocol::WebSocketConfig,
    },
};
use tracing::{debug, info, warn};

use crate::{config::Secret, switch_task::SwitchInput};

/// Frames that wait for the app server. More costs memory while it is slow; fewer closes the link sooner.
const OUTGOING_FRAMES: usize = 8_192;

/// A connection attempt that takes longer is given up.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Both sides ping; a link silent for three of these is dead.
const PING_INTERVAL: Duration = Duration::from_secs(5);

/// The pauses between attempts. The last one repeats.
const RETRY_DELAYS: [Duration; 5] = [
    Duration::from_millis(50),
    Duration::from_millis(200),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
];

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Where the app server is and how to be admitted.
#[derive(Debug, Clone)]
pub(crate) struct LinkConfig {
    /// `ws://…/node` or `wss://…/node`.
    pub url: String,
    /// The node token.
    pub token: Secret,
    /// Accepts any certificate.
    pub insecure: bool,
    /// This instance.
    pub node: NodeId,
    /// Its name for people.
    pub name: String,
}

/// What the switch task hands to the link.
pub(crate) type Outgoing = mpsc::Sender<NodeFrame>;

/// Dials, runs and re-dials the link for as long as the switch task listens.
pub(crate) async fn run(
    config: LinkConfig,
    directory_version: Arc<AtomicU64>,
    switch: mpsc::Sender<SwitchInput>,
) {
    let mut failures = 0usize;
    while !switch.is_closed() {
        let version = directory_version.load(Ordering::Relaxed);
        match connect(&config, version).await {
            Ok(socket) => {
                info!("app server connected");
                failures = 0;
                let reason = serve(socket, &switch).await;
                if switch.is_closed() {
                    return;
                }
                warn!(reason, "app server link lost");
                if switch.send(SwitchInput::LinkDown).await.is_err() {
                    return;
                }
            }
            Err(error) => {
                if failures == 0 {
                    warn!(error, "app server not reachable; trying on");
                } else {
                    debug!(error, failures, "app server not reachable");
                }
            }
        }
        sleep(RETRY_DELAYS[failures.min(RETRY_DELAYS.len() - 1)]).await;
        failures += 1;
    }
}

/// Connects and exchanges `Hello` and `Welcome`.
async fn connect(config: &LinkConfig, directory_version: u64) -> Result<Socket, String> {
    let mut request = config.url.as_str().into_client_request().map_err(|error| error.to_string())?;
    let bearer = format!("Bearer {}", config.token.0).parse().map_err(|_| "node token has odd characters")?;
    request.headers_mut().insert(AUTHORIZATION, bearer);
    let limits = WebSocketConfig::default()
        .max_message_size(Some(ringdown_control::MAX_FRAME_BYTES))
        .max_frame_size(Some(ringdown_control::MAX_FRAME_BYTES));
    let connector = config.insecure.then(|| Connector::Rustls(Arc::new(crate::tls::trust_anything())));
    let dial = connect_async_tls_with_config(request, Some(limits), true, connector);
    let (mut socket, _) = timeout(CONNECT_TIMEOUT, dial)
        .await
        .map_err(|_| "timed out".to_owned())?
        .map_err(|error| error.to_string())?;
    let hello = NodeFrame::Hello {
        version: PROTOCOL_VERSION,
        node: config.node,
        name: config.name.clone(),
        directory_version,
    };
    socket.send(Message::text(encode(&hello))).await.map_err(|error| error.to_string())?;
    let welcome = timeout(CONNECT_TIMEOUT, socket.next()).await.map_err(|_| "no welcome".to_owned())?;
    match welcome {
        Some(Ok(Message::Text(text))) => match decode::<AppFrame>(&text) {
            Ok(AppFrame::Welcome { version }) if version.abs_diff(PROTOCOL_VERSION) <= 1 => Ok(socket),
            Ok(AppFrame::Welcome { version }) => Err(format!("app server speaks version {version}")),
            Ok(_) => Err("app server did not say welcome".to_owned()),
            Err(error) => Err(error.to_string()),
        },
        Some(Ok(_)) | None => Err("app server closed the link".to_owned()),
        Some(Err(error)) => Err(error.to_string()),
    }
}

/// Carries frames until the link breaks; says why it did.
async fn serve(mut socket: Socket, switch: &mpsc::Sender<SwitchInput>) -> &'static str {
    let (outgoing, mut frames) = mpsc::channel::<NodeFrame>(OUTGOING_FRAMES);
    if switch.send(SwitchInput::LinkUp(outgoing)).await.is_err() {
        return "the switch stopped";
    }
    let mut ping = interval_at(Instant::now() + PING_INTERVAL, PING_INTERVAL);
    let mut silent_pings = 0;
    loop {
        tokio::select! {
            frame = frames.recv() => match frame {
                Some(frame) => if socket.feed(Message::text(encode(&frame))).await.is_err() { return "write failed" },
                None if switch.is_closed() => return "the switch stopped",
                None => return "the outgoing queue overflowed",
            },
            message = socket.next() => match message {
                Some(Ok(Message::Text(text))) => {
                    silent_pings = 0;
                    if let Err(reason) = take(&text, switch).await { return reason }
                }
                Some(Ok(Message::Close(_))) | None => return "closed by the app server",
                Some(Ok(_)) => silent_pings = 0,
                Some(Err(_)) => return "read failed",
            },
            _ = ping.tick() => {
                silent_pings += 1;
                if silent_pings > 3 { return "the app server is silent" }
                if socket.feed(Message::Ping(Vec::new().into())).await.is_err() { return "write failed" }
            },
        }
        // Flushed once for a burst of frames that are ready together.
        if frames.is_empty() && socket.flush().await.is_err() {
            return "write failed";
        }
    }
}

async fn take(text: &str, switch: &mpsc::Sender<SwitchInput>) -> Result<(), &'static str> {
    let input = match decode::<AppFrame>(text) {
        Ok(AppFrame::Directory { directory }) => SwitchInput::Directory(directory),
        Ok(AppFrame::SnapshotRequest) => SwitchInput::SnapshotRequest,
        Ok(AppFrame::Command { id, command }) => SwitchInput::Command { id, command },
        Ok(AppFrame::Welcome { .. }) => return Ok(()),
        Err(error) => {
            warn!(%error, "frame from the app server refused");
            return Err("the app server sent a frame that is not understood");
        }
    };
    switch.send(input).await.map_err(|_| "the switch stopped")
}
