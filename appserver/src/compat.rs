//! Older client protocols on endpoints of their own: `/compat/verto` and `/compat/webitel`.
//!
//! Off unless `compat` is set. What they say is translated by `ringdown-compat`; here are their sockets, sign-ins and
//! ports. The origin, the rates and the rights are those of `/ws`.

mod connection;
mod ports;
mod rest;
mod sign_in;

use std::sync::Arc;

use axum::{Router, routing::any};
use ringdown_compat::{AccountName, Verto, Webitel};
use tokio::sync::broadcast;

use crate::{problem::Refusal, server::App};

pub use ports::{OldPort, at_the_root};

/// What one client says to those of a colleague: about as many as come while a slow connection writes.
const TOLD: usize = 256;

/// What connections share.
#[derive(Debug)]
pub struct Compat {
    /// Whether anything of it is served.
    pub is_on: bool,
    told: broadcast::Sender<Told>,
}

/// Something for every Webitel client of an account.
#[derive(Debug, Clone)]
struct Told {
    user: String,
    text: Arc<str>,
}

impl Compat {
    /// Nobody is connected yet.
    pub fn new(is_on: bool) -> Self {
        Self { is_on, told: broadcast::channel(TOLD).0 }
    }
}

/// The sign-in name that an older client's `101@pbx.example` stands for: that name, or the one of the number's account.
///
/// # Errors
/// When the store fails.
pub async fn username_of(app: &App, written: &str) -> Result<String, Refusal> {
    sign_in::username_of(app, &AccountName::read(written)).await
}

/// The sockets, where they are on.
pub fn routes(app: &App) -> Router<Arc<App>> {
    if !app.compat.is_on {
        return Router::new();
    }
    Router::new()
        .route("/compat/verto", any(connection::upgrade::<Verto>))
        .route("/compat/webitel", any(connection::upgrade::<Webitel>))
}
