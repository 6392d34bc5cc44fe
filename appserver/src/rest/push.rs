//! Web Push: subscribing browsers, and declining from a notification.

use std::sync::Arc;

use axum::{Json, extract::State, response::Response};
use ringdown_protocol::Problem;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Body, no_content};
use crate::{problem::Refusal, server::App, sign_in::Caller, store::PushSubscription};

/// Result of `GET /api/v1/push/key`.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PushKey {
    /// What `pushManager.subscribe` takes as `applicationServerKey`.
    public_key: String,
}

/// Body of `POST /api/v1/push/subscriptions`: a browser's `PushSubscription` as JSON.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewSubscription {
    /// Where its push service takes messages.
    endpoint: String,
    /// Its keys.
    keys: SubscriptionKeys,
}

/// The keys of a `PushSubscription`.
#[derive(Deserialize, ToSchema)]
pub(crate) struct SubscriptionKeys {
    /// Its public key, base64url.
    p256dh: String,
    /// Its secret, base64url.
    auth: String,
}

/// Body of `POST /api/v1/push/unsubscribe`.
#[derive(Deserialize, ToSchema)]
pub(crate) struct Unsubscribe {
    /// The subscription's endpoint.
    endpoint: String,
}

/// Body of `POST /api/v1/push/decline`.
#[derive(Deserialize, ToSchema)]
pub(crate) struct WakeDecline {
    /// The secret of the message that told of the call.
    token: String,
}

/// The key browsers subscribe with.
#[utoipa::path(
    get, path = "/api/v1/push/key", tag = "push", security(("bearer" = [])),
    responses((status = 200, body = PushKey), (status = 401, body = Problem))
)]
pub(crate) async fn key(State(app): State<Arc<App>>, _: Caller) -> Json<PushKey> {
    Json(PushKey { public_key: app.push.public_key() })
}

/// Has this browser woken when a call rings and no page is there, for as long as the sign-in goes on.
#[utoipa::path(
    post, path = "/api/v1/push/subscriptions", tag = "push", security(("bearer" = [])), request_body = NewSubscription,
    responses((status = 204), (status = 400, body = Problem), (status = 401, body = Problem))
)]
pub(crate) async fn subscribe(
    State(app): State<Arc<App>>,
    caller: Caller,
    Body(new): Body<NewSubscription>,
) -> Result<Response, Refusal> {
    let subscription = PushSubscription::new(new.endpoint, new.keys.p256dh, new.keys.auth);
    app.push.subscribe((caller.account.id, &caller.claims.family), &subscription).await?;
    Ok(no_content())
}

/// Wakes this browser no more.
#[utoipa::path(
    post, path = "/api/v1/push/unsubscribe", tag = "push", security(("bearer" = [])), request_body = Unsubscribe,
    responses((status = 204), (status = 401, body = Problem))
)]
pub(crate) async fn unsubscribe(
    State(app): State<Arc<App>>,
    caller: Caller,
    Body(Unsubscribe { endpoint }): Body<Unsubscribe>,
) -> Result<Response, Refusal> {
    app.push.unsubscribe(caller.account.id, &endpoint).await?;
    Ok(no_content())
}

/// Declines the call a push message told of, by the secret in it.
#[utoipa::path(
    post, path = "/api/v1/push/decline", tag = "push", request_body = WakeDecline,
    responses((status = 204), (status = 404, body = Problem))
)]
pub(crate) async fn decline(
    State(app): State<Arc<App>>,
    Body(WakeDecline { token }): Body<WakeDecline>,
) -> Result<Response, Refusal> {
    app.push.decline(&token).await?;
    Ok(no_content())
}
