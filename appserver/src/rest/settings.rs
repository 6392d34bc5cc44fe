//! What users decide themselves: theirs to read and change, and admins'.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use ringdown_protocol::{Problem, Role, Settings, SettingsChange};
use ringdown_types::UserId;

use super::{Body, read_id};
use crate::{problem::Refusal, server::App, settings, sign_in::Caller};

/// An account's settings.
#[utoipa::path(
    get, path = "/api/v1/users/{id}/settings", tag = "settings", security(("bearer" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = Settings), (status = 403, body = Problem), (status = 404, body = Problem))
)]
pub(crate) async fn read(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Settings>, Refusal> {
    let user = own_or_admin(&caller, &id)?;
    app.store.account(user).await?.ok_or(Refusal::NotFound("account"))?;
    Ok(Json(settings::of(&app.store, user).await?))
}

/// Changes an account's settings; what is left out stays, and null takes a value away.
#[utoipa::path(
    patch, path = "/api/v1/users/{id}/settings", tag = "settings", security(("bearer" = [])),
    params(("id" = String, Path)), request_body = SettingsChange,
    responses((status = 200, body = Settings), (status = 400, body = Problem), (status = 403, body = Problem))
)]
pub(crate) async fn change(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    Body(body): Body<SettingsChange>,
) -> Result<Json<Settings>, Refusal> {
    let user = own_or_admin(&caller, &id)?;
    // Whose calls one takes is not one's own to say.
    if body.pickup_group.is_some() && caller.account.role != Role::Admin {
        return Err(Refusal::Forbidden);
    }
    Ok(Json(settings::change(&app.store, &app.directory, (user, &app.realm), body).await?))
}

fn own_or_admin(caller: &Caller, id: &str) -> Result<UserId, Refusal> {
    let user: UserId = read_id(id, "account")?;
    if caller.account.id == user || caller.account.role == Role::Admin {
        Ok(user)
    } else {
        Err(Refusal::Forbidden)
    }
}
