//! Ports that older clients have in their settings: the protocol is served at the root, everything else as elsewhere.

use std::sync::Arc;

use axum::{
    Extension, Router,
    extract::{FromRequestParts as _, Request, State, WebSocketUpgrade},
    http::{HeaderMap, Uri, header},
    middleware,
    response::{IntoResponse as _, Response},
    routing::any,
};
use ringdown_compat::{Verto, Webitel};
use tower::ServiceExt as _;

use super::{connection::upgrade, rest as old_rest};
use crate::{headers, listen::Peer, server::App};

/// Which protocol a port is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OldPort {
    /// Webitel's 10022.
    Webitel,
    /// Verto's 8081 and 8082.
    Verto,
}

/// Everything of `main`, the protocol where a WebSocket is opened at `/`, and Webitel's REST on its port.
pub fn at_the_root(port: OldPort, app: Arc<App>, main: Router) -> Router {
    let rest = main.clone();
    let root = async move |State(app): State<Arc<App>>, headers: HeaderMap, request: Request| {
        let is_socket = headers
            .get(header::UPGRADE)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|value| value.eq_ignore_ascii_case("websocket"));
        if !is_socket {
            return rest.oneshot(request).await.into_response();
        }
        open(port, app, headers, request).await
    };
    let router = Router::new().route("/", any(root));
    let router = match port {
        OldPort::Webitel => router
            .merge(old_rest::routes(&app))
            .layer(middleware::from_fn_with_state(Arc::clone(&app), headers::secure)),
        OldPort::Verto => router,
    };
    let router = router.with_state(app).fallback_service(main);
    if port == OldPort::Verto {
        return router;
    }
    // Both have a page of this name.
    let renamed = async move |mut request: Request| {
        if old_rest::is_old_status(&request) {
            *request.uri_mut() = Uri::from_static("/status");
        }
        router.clone().oneshot(request).await.into_response()
    };
    Router::new().fallback(renamed)
}

async fn open(port: OldPort, app: Arc<App>, headers: HeaderMap, request: Request) -> Response {
    let (mut parts, _) = request.into_parts();
    let Ok(peer) = Extension::<Peer>::from_request_parts(&mut parts, &app).await else {
        return axum::http::StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let socket = WebSocketUpgrade::from_request_parts(&mut parts, &app).await;
    match port {
        OldPort::Webitel => upgrade::<Webitel>(State(app), peer, headers, socket).await,
        OldPort::Verto => upgrade::<Verto>(State(app), peer, headers, socket).await,
    }
}
