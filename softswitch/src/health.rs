//! Health, readiness and metrics over HTTP, for containers, for `softswitch check` and for Prometheus.

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{
    Json, Router,
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
    routing::get,
};
use serde::Serialize;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
    time::timeout,
};

use crate::{
    exposition::CONTENT_TYPE,
    metrics::{self, EndedCalls, WorkerFigures},
    watchdog::Pulse,
};

/// What the tasks tell about themselves. Read by anyone, each field written by one task.
#[derive(Debug, Default)]
pub(crate) struct Health {
    /// SIP is served and every media worker runs.
    pub serving: AtomicBool,
    /// A directory is in force, so calls can be routed.
    pub directory: AtomicBool,
    /// The app server is connected.
    pub linked: AtomicBool,
    /// Live calls.
    pub calls: AtomicU64,
    /// Live legs of calls.
    pub legs: AtomicU64,
    /// Live registrations.
    pub registrations: AtomicU64,
    /// SIP transactions under way.
    pub transactions: AtomicU64,
    /// Calls that ended.
    pub ended: EndedCalls,
    /// SIP messages that could not be read.
    pub malformed: AtomicU64,
    /// Events that were left out because the app server was too slow.
    pub link_shed: AtomicU64,
    /// Requests answered 503 because the switch held as many transactions as it may, or because they waited too long.
    pub shed: AtomicU64,
    /// Messages that were not read: of strangers beyond their budget, or of a flood.
    pub unheard: AtomicU64,
    /// Bugs that ended a call and nothing else.
    pub failures: AtomicU64,
    /// Whether the switch task works.
    pub pulse: Pulse,
    /// The switch task does not get on.
    pub stuck: AtomicBool,
}

#[derive(Serialize)]
struct Report {
    ready: bool,
    serving: bool,
    directory: bool,
    app_server: bool,
    calls: u64,
    shed_requests: u64,
    unheard_messages: u64,
    contained_failures: u64,
    stuck: bool,
    version: &'static str,
}

/// Whom a page asks.
#[derive(Clone)]
struct Sources {
    health: Arc<Health>,
    workers: Arc<[watch::Receiver<WorkerFigures>]>,
}

/// Answers `/healthz`, `/readyz` and `/metrics` for as long as it is polled.
///
/// # Errors
/// When the address cannot be bound.
pub(crate) async fn serve(
    listen: SocketAddr,
    health: Arc<Health>,
    workers: Vec<watch::Receiver<WorkerFigures>>,
) -> io::Result<()> {
    let listener = TcpListener::bind(listen).await?;
    let routes = Router::new()
        .route("/healthz", get(|| async { "ok" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(Sources { health, workers: workers.into() });
    axum::serve(listener, routes).await
}

async fn ready(State(Sources { health, .. }): State<Sources>) -> (StatusCode, Json<Report>) {
    let (serving, directory) =
        (health.serving.load(Ordering::Relaxed), health.directory.load(Ordering::Relaxed));
    let stuck = health.stuck.load(Ordering::Relaxed);
    let ready = serving && directory && !stuck;
    let report = Report {
        ready,
        serving,
        directory,
        app_server: health.linked.load(Ordering::Relaxed),
        calls: health.calls.load(Ordering::Relaxed),
        shed_requests: health.shed.load(Ordering::Relaxed),
        unheard_messages: health.unheard.load(Ordering::Relaxed),
        contained_failures: health.failures.load(Ordering::Relaxed),
        stuck,
        version: env!("CARGO_PKG_VERSION"),
    };
    (if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, Json(report))
}

async fn metrics(State(Sources { health, workers }): State<Sources>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, CONTENT_TYPE)], metrics::page(&health, &workers))
}

/// Asks a running softswitch whether it is ready.
///
/// # Errors
/// When it does not answer within 2 s.
pub(crate) async fn check(address: SocketAddr) -> io::Result<bool> {
    let ask = async {
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await?;
        let mut head = [0; 12];
        stream.read_exact(&mut head).await?;
        Ok(&head == b"HTTP/1.1 200")
    };
    timeout(Duration::from_secs(2), ask).await.map_err(io::Error::from)?
}
