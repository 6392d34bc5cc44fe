//! How the server does.

use std::sync::{Arc, atomic::Ordering};

use axum::{Json, extract::State, http::StatusCode};
use ringdown_protocol::Problem;
use serde::Serialize;
use utoipa::ToSchema;

use super::Admin;
use crate::{server::App, sign_in::Caller};

/// Whether calls can be placed.
#[derive(Serialize, ToSchema)]
pub(crate) struct SwitchStatus {
    /// A softswitch is connected.
    up: bool,
}

/// How much there is, and what was shed since the start.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ServerStatus {
    /// The server's version.
    version: &'static str,
    /// Connections of any kind.
    connections: usize,
    /// Sessions, attached or waiting for a resume.
    sessions: usize,
    /// Sessions with a connection.
    attached: usize,
    /// Legs of calls that are not over.
    legs: usize,
    /// Softswitches connected.
    nodes: usize,
    /// Requests over `/ws` refused because they came too fast.
    rate_limited: u64,
    /// Finished calls written to history.
    history_written: u64,
    /// Finished calls that found no room while the store was away.
    history_shed: u64,
    /// Browsers disconnected because they did not read.
    slow_browsers: u64,
    /// Softswitches disconnected because they did not read.
    slow_nodes: u64,
}

/// Whether calls can be placed.
#[utoipa::path(
    get, path = "/api/v1/switch", tag = "status", security(("bearer" = [])),
    responses((status = 200, body = SwitchStatus), (status = 401, body = Problem))
)]
pub(crate) async fn switch(State(app): State<Arc<App>>, _: Caller) -> Json<SwitchStatus> {
    Json(SwitchStatus { up: app.desk.stats().await.nodes > 0 })
}

/// How much there is, and what was shed since the start.
#[utoipa::path(
    get, path = "/api/v1/status", tag = "status", security(("bearer" = [])),
    responses((status = 200, body = ServerStatus), (status = 403, body = Problem))
)]
pub(crate) async fn server(State(app): State<Arc<App>>, _: Admin) -> Json<ServerStatus> {
    let stats = app.desk.stats().await;
    let counters = &app.counters;
    Json(ServerStatus {
        version: crate::server::VERSION,
        connections: app.connections.len(),
        sessions: stats.sessions,
        attached: stats.attached,
        legs: stats.legs,
        nodes: stats.nodes,
        rate_limited: stats.rate_limited,
        history_written: counters.history_written.load(Ordering::Relaxed),
        history_shed: counters.history_shed.load(Ordering::Relaxed),
        slow_browsers: counters.slow_browsers.load(Ordering::Relaxed),
        slow_nodes: counters.slow_nodes.load(Ordering::Relaxed),
    })
}

/// Whether the stores answer. A missing softswitch does not count: the app server is what it waits for.
pub(crate) async fn ready(State(app): State<Arc<App>>) -> (StatusCode, &'static str) {
    if app.store.is_healthy().await {
        (StatusCode::OK, "ready\n")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "the store does not answer\n")
    }
}
