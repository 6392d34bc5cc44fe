//! Signing in and out, tickets, and the own account.

use std::sync::Arc;

use axum::{Json, extract::State, response::Response};
use ringdown_protocol::{LoginRequest, Me, Problem, RefreshRequest, Ticket, Tokens};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{Body, From, check_new_password, no_content};
use crate::{
    compat,
    problem::Refusal,
    server::App,
    sign_in::{Caller, person},
};

/// Signs in with a name and a password.
#[utoipa::path(
    post, path = "/api/v1/login", tag = "session", request_body = LoginRequest,
    responses((status = 200, body = Tokens), (status = 401, body = Problem), (status = 429, body = Problem))
)]
pub(crate) async fn login(
    State(app): State<Arc<App>>,
    peer: From,
    Body(login): Body<LoginRequest>,
) -> Result<Json<Tokens>, Refusal> {
    if !app.password_sign_in {
        return Err(Refusal::BadCredentials);
    }
    let username = if app.compat.is_on {
        // Pages of older clients know their users by number.
        compat::username_of(&app, &login.username).await?
    } else {
        login.username
    };
    Ok(Json(app.sign_in.login(peer.address, &username, &login.password).await?))
}

/// Trades a refresh token for new tokens. A token used twice ends the sign-in.
#[utoipa::path(
    post, path = "/api/v1/refresh", tag = "session", request_body = RefreshRequest,
    responses((status = 200, body = Tokens), (status = 401, body = Problem))
)]
pub(crate) async fn refresh(
    State(app): State<Arc<App>>,
    peer: From,
    Body(refresh): Body<RefreshRequest>,
) -> Result<Json<Tokens>, Refusal> {
    Ok(Json(app.sign_in.refresh(peer.address, &refresh.refresh_token).await?))
}

/// Ends the sign-in of a refresh token, its tokens and its sessions.
#[utoipa::path(
    post, path = "/api/v1/logout", tag = "session", request_body = RefreshRequest,
    responses((status = 204))
)]
pub(crate) async fn logout(
    State(app): State<Arc<App>>,
    Body(refresh): Body<RefreshRequest>,
) -> Result<Response, Refusal> {
    app.sign_in.logout(&refresh.refresh_token).await?;
    Ok(no_content())
}

/// Makes a ticket for one `hello`.
#[utoipa::path(
    post, path = "/api/v1/ticket", tag = "session", security(("bearer" = [])),
    responses((status = 200, body = Ticket), (status = 401, body = Problem))
)]
pub(crate) async fn ticket(State(app): State<Arc<App>>, caller: Caller) -> Json<Ticket> {
    Json(app.sign_in.ticket(&caller))
}

/// Who is signed in.
#[utoipa::path(
    get, path = "/api/v1/me", tag = "session", security(("bearer" = [])),
    responses((status = 200, body = Me), (status = 401, body = Problem))
)]
pub(crate) async fn me(caller: Caller) -> Json<Me> {
    Json(person(&caller.account).me())
}

/// Body of `PUT /api/v1/me/password`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasswordChange {
    /// The password so far.
    current: String,
    /// The new one: 10 characters to 256 bytes.
    new: String,
}

/// Changes the own password, signs out everywhere, and answers with a fresh sign-in.
#[utoipa::path(
    put, path = "/api/v1/me/password", tag = "session", security(("bearer" = [])), request_body = PasswordChange,
    responses((status = 200, body = Tokens), (status = 400, body = Problem), (status = 401, body = Problem))
)]
pub(crate) async fn change_password(
    State(app): State<Arc<App>>,
    caller: Caller,
    peer: From,
    Body(change): Body<PasswordChange>,
) -> Result<Json<Tokens>, Refusal> {
    check_new_password(&change.new)?;
    let account = caller.account;
    if !app.sign_in.check_password(peer.address, &account, &change.current).await? {
        return Err(Refusal::BadCredentials);
    }
    let hash = app.sign_in.hash_password(&change.new).await?;
    app.store.set_password(account.id, &hash).await?;
    app.directory.changed().await;
    let account = app.store.account(account.id).await?.ok_or(Refusal::NotFound("account"))?;
    Ok(Json(app.sign_in.start_family(&account).await?))
}
