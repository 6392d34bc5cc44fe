//! The accept loop: TLS and plain HTTP on one port, with limits.
//!
//! The first byte tells TLS (0x16, RFC 8446 §5.1) from HTTP. Where TLS is on, plain HTTP is served to this host alone,
//! so that a softswitch beside the app server and `check` need no certificate; anybody else is sent to `https:`.

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    http::{Request, Response, StatusCode, header},
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    sync::watch,
    task::JoinSet,
    time::timeout,
};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt as _;

/// A TLS handshake and the headers of a request come within this.
const PATIENCE: Duration = Duration::from_secs(5);
/// The wait after an accept failed, so that running out of descriptors does not spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// Connections that wait to be accepted: all pages come back at once after a restart, and a page that finds no place tries
/// again after 1, 3, 7, 15 … seconds. The kernel allows 4,096 unless `net.core.somaxconn` says otherwise.
const BACKLOG: u32 = 4_096;
/// Bytes of a request's head.
const MAX_HEAD_BYTES: usize = 32 * 1024;

/// Who is connected. While a copy is kept, the connection counts.
#[derive(Debug, Clone)]
pub struct Peer {
    /// The address.
    pub address: IpAddr,
    _place: Arc<Place>,
}

/// Tells tasks to stop.
#[derive(Debug, Clone)]
pub struct Shutdown(watch::Receiver<bool>);

impl Shutdown {
    /// The switch and the view of it.
    pub fn new() -> (watch::Sender<bool>, Self) {
        let (sender, receiver) = watch::channel(false);
        (sender, Self(receiver))
    }

    /// Returns when it is time to stop.
    pub async fn wait(&self) {
        let mut receiver = self.0.clone();
        // An error means the switch is gone, which is a stop too.
        drop(receiver.wait_for(|stop| *stop).await);
    }
}

/// Connections now, with their bounds.
#[derive(Debug)]
pub struct Connections {
    counts: Mutex<(usize, HashMap<IpAddr, usize>)>,
    bounds: (usize, usize),
}

#[derive(Debug)]
struct Place {
    connections: Arc<Connections>,
    address: IpAddr,
}

impl Connections {
    /// None yet; at most `total`, of one address at most `per_address`.
    pub fn new(total: usize, per_address: usize) -> Arc<Self> {
        Arc::new(Self { counts: Mutex::default(), bounds: (total, per_address) })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.counts.lock().expect("no holder of the lock panics").0
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn take_place(self: &Arc<Self>, address: IpAddr) -> Option<Place> {
        let mut counts = self.counts.lock().expect("no holder of the lock panics");
        let (total, per_address) = &mut *counts;
        let count = per_address.entry(address).or_default();
        if *total >= self.bounds.0 || *count >= self.bounds.1 {
            if *count == 0 {
                per_address.remove(&address);
            }
            return None;
        }
        *count += 1;
        *total += 1;
        Some(Place { connections: Arc::clone(self), address })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.connections.counts.lock().expect("no holder of the lock panics");
        counts.0 -= 1;
        if let Some(count) = counts.1.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                counts.1.remove(&self.address);
            }
        }
    }
}

/// What the accept loop serves.
pub struct Listening {
    /// The socket.
    pub listener: TcpListener,
    /// TLS, where it is on.
    pub tls: Option<TlsAcceptor>,
    /// The pages and interfaces.
    pub router: Router,
    /// The places.
    pub connections: Arc<Connections>,
    /// When to stop.
    pub shutdown: Shutdown,
}

/// Listens on an address. Called in a runtime.
///
/// # Errors
/// When another program has it, or it is none of this host's.
pub fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // A server that comes back finds its port held by the connections of the one before.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Accepts until it is time to stop, then lets requests in progress end.
pub async fn run(listening: Listening) {
    let Listening { listener, tls, router, connections, shutdown } = listening;
    let mut tasks = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = tasks.join_next() => continue,
            () = shutdown.wait() => break,
        };
        let (stream, remote) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection cannot be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let address = remote.ip().to_canonical();
        // Beyond the bound a connection is closed at once: answering would cost what the bound protects.
        let Some(place) = connections.take_place(address) else { continue };
        let peer = Peer { address, _place: Arc::new(place) };
        tasks.spawn(handle(stream, peer, tls.clone(), router.clone(), shutdown.clone()));
    }
    drop(listener);
    let drained = async { while tasks.join_next().await.is_some() {} };
    if timeout(PATIENCE, drained).await.is_err() {
        tracing::debug!("requests are cut off by the stop");
    }
}

async fn handle(stream: TcpStream, peer: Peer, tls: Option<TlsAcceptor>, router: Router, shutdown: Shutdown) {
    // Signalling frames are small and must not wait for each other.
    drop(stream.set_nodelay(true));
    let Some(acceptor) = tls else { return serve(TokioIo::new(stream), peer, router, shutdown).await };
    let mut first = [0];
    match timeout(PATIENCE, stream.peek(&mut first)).await {
        Ok(Ok(1)) if first[0] == 0x16 => {
            if let Ok(Ok(stream)) = timeout(PATIENCE, acceptor.accept(stream)).await {
                serve(TokioIo::new(stream), peer, router, shutdown).await;
            }
        }
        Ok(Ok(1)) if is_this_host(&stream, peer.address) => {
            serve(TokioIo::new(stream), peer, router, shutdown).await;
        }
        Ok(Ok(1)) => serve(TokioIo::new(stream), peer, to_https(), shutdown).await,
        Ok(Ok(_) | Err(_)) | Err(_) => {}
    }
}

fn is_this_host(stream: &TcpStream, peer: IpAddr) -> bool {
    peer.is_loopback() || stream.local_addr().is_ok_and(|local| local.ip().to_canonical() == peer)
}

fn to_https() -> Router {
    Router::new().fallback(async |request: Request<Body>| {
        let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
        let response = Response::builder().header(header::CONNECTION, "close");
        let response =
            match host.filter(|host| crate::origin::Origin::of_url(&format!("https://{host}")).is_some()) {
                // 308 keeps the method.
                Some(host) => response
                    .status(StatusCode::PERMANENT_REDIRECT)
                    .header(header::LOCATION, format!("https://{host}{path}")),
                None => response.status(StatusCode::BAD_REQUEST),
            };
        response.body(Body::empty()).unwrap_or_default()
    })
}

async fn serve<I>(io: TokioIo<I>, peer: Peer, router: Router, shutdown: Shutdown)
where
    I: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let service = hyper::service::service_fn(move |request: Request<hyper::body::Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(peer.clone());
        router.clone().oneshot(request)
    });
    let mut builder = hyper::server::conn::http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(PATIENCE).max_buf_size(MAX_HEAD_BYTES);
    let connection = builder.serve_connection(io, service).with_upgrades();
    let mut connection = std::pin::pin!(connection);
    // An error here is the peer's: it left, or sent no HTTP.
    let ended = tokio::select! {
        _ = connection.as_mut() => true,
        () = shutdown.wait() => false,
    };
    if !ended {
        connection.as_mut().graceful_shutdown();
        drop(timeout(PATIENCE, connection).await);
    }
}
