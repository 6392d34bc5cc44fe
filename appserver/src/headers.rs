//! Headers of every response, and CORS for the listed sites.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};

use crate::{origin::Verdict, problem::Refusal, server::App};

/// Adds the headers that keep a browser strict.
pub async fn secure(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let mut set = |name: &'static str, value: &'static str| {
        headers.insert(name, HeaderValue::from_static(value));
    };
    set("x-content-type-options", "nosniff");
    // It knows no list; where sites are listed, the pages' `frame-ancestors` says it alone.
    if app.origins.listed().next().is_none() {
        set("x-frame-options", "SAMEORIGIN");
    }
    set("referrer-policy", "no-referrer");
    set(
        "permissions-policy",
        "microphone=(self), camera=(self), autoplay=(self), display-capture=(self), speaker-selection=(self), \
         geolocation=(), payment=(), usb=()",
    );
    // A window that talks to the page that opened it says so itself.
    headers.entry("cross-origin-opener-policy").or_insert_with(|| HeaderValue::from_static("same-origin"));
    if app.has_trusted_tls {
        headers.insert("strict-transport-security", HeaderValue::from_static("max-age=31536000"));
    }
    response
}

/// Refuses pages of foreign sites, answers preflights and names the listed site in responses to it.
pub async fn cross_origin(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let verdict = app.origins.judge(request.headers());
    if verdict == Verdict::Foreign {
        return Refusal::ForeignOrigin.into_response();
    }
    let origin = request.headers().get(header::ORIGIN).cloned();
    let preflight = request.method() == Method::OPTIONS
        && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let mut response =
        if preflight { StatusCode::NO_CONTENT.into_response() } else { next.run(request).await };
    let headers = response.headers_mut();
    // What never changes says so itself.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
    if let (Verdict::Listed, Some(origin)) = (verdict, origin) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        if preflight {
            let mut set = |name, value| headers.insert(name, HeaderValue::from_static(value));
            set(header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, PUT, PATCH, DELETE");
            set(header::ACCESS_CONTROL_ALLOW_HEADERS, "authorization, content-type");
            set(header::ACCESS_CONTROL_MAX_AGE, "600");
        }
    }
    response
}
