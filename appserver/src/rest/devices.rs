//! SIP devices of an account, for admins.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use ringdown_protocol::Problem;
use ringdown_types::UserId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Admin, Body, no_content, read_id};
use crate::{problem::Refusal, server::App, sip_device, store::Device};

/// Devices one account may have.
const MAX_DEVICES: usize = 16;

/// A SIP device.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SipDevice {
    /// The digest user name, and the user part of its address of record.
    username: String,
    /// What people call it.
    label: String,
    /// When it was made, Unix time in milliseconds.
    created_at: u64,
}

/// Body of `POST /api/v1/users/{id}/devices`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewDevice {
    /// What people call it, 1 to 64 characters.
    label: String,
}

/// A new SIP device. The password is shown this once: only hashes are kept.
#[derive(Serialize, ToSchema)]
pub(crate) struct CreatedDevice {
    /// The digest user name.
    username: String,
    /// The password.
    password: String,
    /// The SIP domain and digest realm.
    realm: String,
}

impl From<Device> for SipDevice {
    fn from(device: Device) -> Self {
        Self { username: device.username, label: device.label.0, created_at: device.created_at }
    }
}

/// An account's devices.
#[utoipa::path(
    get, path = "/api/v1/users/{id}/devices", tag = "devices", security(("bearer" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = Vec<SipDevice>), (status = 404, body = Problem))
)]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    _: Admin,
    Path(id): Path<String>,
) -> Result<Json<Vec<SipDevice>>, Refusal> {
    let user = read_id(&id, "account")?;
    app.store.account(user).await?.ok_or(Refusal::NotFound("account"))?;
    Ok(Json(app.store.devices_of(user).await?.into_iter().map(SipDevice::from).collect()))
}

/// Makes a device for an account with an extension. The first one's user name is the extension.
#[utoipa::path(
    post, path = "/api/v1/users/{id}/devices", tag = "devices", security(("bearer" = [])),
    params(("id" = String, Path)), request_body = NewDevice,
    responses((status = 201, body = CreatedDevice), (status = 404, body = Problem), (status = 409, body = Problem))
)]
pub(crate) async fn create(
    State(app): State<Arc<App>>,
    _: Admin,
    Path(id): Path<String>,
    Body(new): Body<NewDevice>,
) -> Result<(StatusCode, Json<CreatedDevice>), Refusal> {
    let user: UserId = read_id(&id, "account")?;
    let label = new.label.trim();
    if !(1..=64).contains(&label.chars().count()) || label.chars().any(char::is_control) {
        return Err(Refusal::bad_request("a label is 1 to 64 printable characters"));
    }
    let account = app.store.account(user).await?.ok_or(Refusal::NotFound("account"))?;
    let Some(extension) = account.extension else {
        return Err(Refusal::Conflict("the account has no extension".to_owned()));
    };
    if app.store.devices_of(user).await?.len() >= MAX_DEVICES {
        return Err(Refusal::Conflict(format!("the account has {MAX_DEVICES} devices")));
    }
    let taken: std::collections::HashSet<_> =
        app.store.devices().await?.into_iter().map(|device| device.username).collect();
    let numbered = (2u32..).map(|number| format!("{extension}-{number}"));
    let mut names = std::iter::once(extension.to_string()).chain(numbered);
    let username = names.find(|name| !taken.contains(name)).ok_or(Refusal::Overloaded)?;
    let (device, password) = sip_device::create(&username, user, label, &app.realm);
    app.store.create_device(&device).await?;
    app.directory.changed().await;
    Ok((StatusCode::CREATED, Json(CreatedDevice { username, password, realm: app.realm.clone() })))
}

/// Removes a device; its registrations end.
#[utoipa::path(
    delete, path = "/api/v1/users/{id}/devices/{username}", tag = "devices", security(("bearer" = [])),
    params(("id" = String, Path), ("username" = String, Path)),
    responses((status = 204), (status = 404, body = Problem))
)]
pub(crate) async fn delete(
    State(app): State<Arc<App>>,
    _: Admin,
    Path((id, username)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    if !app.store.delete_device(read_id(&id, "account")?, &username).await? {
        return Err(Refusal::NotFound("device"));
    }
    app.directory.changed().await;
    Ok(no_content())
}
