//! Accounts, for admins.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use ringdown_control::{DirectorySnapshot, DirectoryUser, UserSettings};
use ringdown_protocol::{Problem, Role};
use ringdown_types::{Extension, Pii, UserId};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use super::{Admin, Body, check_new_password, no_content, read_id};
use crate::{
    clock::unix_ms,
    dialplan,
    first_run::{DEFAULT_MAX_CALLS, DEFAULT_RING_SECONDS},
    problem::Refusal,
    random::OsRandom,
    server::App,
    store::{Account, AccountChange},
};

/// An account.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct User {
    /// The account.
    id: String,
    /// The sign-in name.
    username: String,
    /// The name others see.
    name: String,
    /// The number others dial.
    extension: Option<String>,
    /// Where they work; empty for no department.
    department: String,
    /// The path of their picture.
    photo: Option<String>,
    /// What it may do.
    role: Role,
    /// Whether it may sign in, call and be called.
    enabled: bool,
    /// How long its devices ring, in seconds.
    ring_seconds: u16,
    /// Calls it may have at once.
    max_calls: u8,
    /// When it was made, Unix time in milliseconds.
    created_at: u64,
}

/// Body of `POST /api/v1/users`.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewUser {
    /// The sign-in name: 1 to 64 of `a-z 0-9 . _ @ -`; capitals are lowered.
    pub(crate) username: String,
    /// The name others see, 1 to 100 characters.
    pub(crate) name: String,
    /// The number others dial: 1 to 32 of `0-9 A-Z a-z * # + - . _`.
    #[serde(default)]
    pub(crate) extension: Option<String>,
    /// Where they work, at most 100 characters.
    #[serde(default)]
    pub(crate) department: String,
    /// What it may do.
    pub(crate) role: Role,
    /// 10 characters to 256 bytes.
    pub(crate) password: String,
    /// 5 to 300; 30 if left out.
    #[serde(default)]
    pub(crate) ring_seconds: Option<u16>,
    /// 1 to 100; 4 if left out.
    #[serde(default)]
    pub(crate) max_calls: Option<u8>,
}

/// Body of `PATCH /api/v1/users/{id}`: what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct UserChange {
    /// The name others see.
    #[serde(default)]
    name: Option<String>,
    /// The number others dial; null takes it away.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    extension: Option<Option<String>>,
    /// Where they work; empty takes it away.
    #[serde(default)]
    department: Option<String>,
    /// What it may do; a change signs the account out.
    #[serde(default)]
    role: Option<Role>,
    /// Whether it may sign in; disabling signs the account out.
    #[serde(default)]
    enabled: Option<bool>,
    /// 5 to 300.
    #[serde(default)]
    ring_seconds: Option<u16>,
    /// 1 to 100.
    #[serde(default)]
    max_calls: Option<u8>,
}

/// Body of `PUT /api/v1/users/{id}/password`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPassword {
    /// 10 characters to 256 bytes.
    password: String,
}

/// Tells null from left out.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

impl From<Account> for User {
    fn from(account: Account) -> Self {
        Self {
            id: account.id.to_string(),
            username: account.username.0,
            name: account.name.0,
            extension: account.extension.map(|extension| extension.to_string()),
            department: account.department.0,
            photo: account.photo.map(|file| format!("/api/v1/photos/{file}")),
            role: account.role,
            enabled: account.enabled,
            ring_seconds: account.ring_seconds,
            max_calls: account.max_calls,
            created_at: account.created_at,
        }
    }
}

/// Every account, by name.
#[utoipa::path(
    get, path = "/api/v1/users", tag = "users", security(("bearer" = [])),
    responses((status = 200, body = Vec<User>), (status = 403, body = Problem))
)]
pub(crate) async fn list(State(app): State<Arc<App>>, _: Admin) -> Result<Json<Vec<User>>, Refusal> {
    Ok(Json(app.store.accounts().await?.into_iter().map(User::from).collect()))
}

/// Makes an account.
#[utoipa::path(
    post, path = "/api/v1/users", tag = "users", security(("bearer" = [])), request_body = NewUser,
    responses((status = 201, body = User), (status = 400, body = Problem), (status = 409, body = Problem))
)]
pub(crate) async fn create(
    State(app): State<Arc<App>>,
    _: Admin,
    Body(new): Body<NewUser>,
) -> Result<(StatusCode, Json<User>), Refusal> {
    Ok((StatusCode::CREATED, Json(make(&app, new).await?.into())))
}

/// Makes an account, by whichever way it was asked for.
pub(crate) async fn make(app: &App, new: NewUser) -> Result<Account, Refusal> {
    let username = read_username(&new.username)?;
    check_new_password(&new.password)?;
    let account = Account {
        id: UserId::random(&mut OsRandom),
        username,
        name: read_name(&new.name)?,
        extension: new.extension.as_deref().map(read_extension).transpose()?,
        department: read_department(&new.department)?,
        photo: None,
        role: new.role,
        password_hash: String::new(),
        enabled: true,
        epoch: 1,
        ring_seconds: check_ring_seconds(new.ring_seconds)?.unwrap_or(DEFAULT_RING_SECONDS),
        max_calls: check_max_calls(new.max_calls)?.unwrap_or(DEFAULT_MAX_CALLS),
        created_at: unix_ms(),
    };
    let password_hash = app.sign_in.hash_password(&new.password).await?;
    let account = Account { password_hash, ..account };
    let _one_at_a_time = app.dialplan_changes.lock().await;
    if let Some(extension) = &account.extension {
        check_number(app, account.id, extension).await?;
    }
    app.store.create_account(&account).await?;
    app.directory.changed().await;
    Ok(account)
}

/// One account.
#[utoipa::path(
    get, path = "/api/v1/users/{id}", tag = "users", security(("bearer" = [])), params(("id" = String, Path)),
    responses((status = 200, body = User), (status = 404, body = Problem))
)]
pub(crate) async fn read(
    State(app): State<Arc<App>>,
    _: Admin,
    Path(id): Path<String>,
) -> Result<Json<User>, Refusal> {
    let account = app.store.account(read_id(&id, "account")?).await?;
    Ok(Json(account.ok_or(Refusal::NotFound("account"))?.into()))
}

/// Changes an account.
#[utoipa::path(
    patch, path = "/api/v1/users/{id}", tag = "users", security(("bearer" = [])), params(("id" = String, Path)),
    request_body = UserChange,
    responses((status = 200, body = User), (status = 404, body = Problem), (status = 409, body = Problem))
)]
pub(crate) async fn change(
    State(app): State<Arc<App>>,
    _: Admin,
    Path(id): Path<String>,
    Body(change): Body<UserChange>,
) -> Result<Json<User>, Refusal> {
    let extension = match change.extension {
        None => None,
        Some(None) => Some(None),
        Some(Some(text)) => Some(Some(read_extension(&text)?)),
    };
    let change = AccountChange {
        name: change.name.as_deref().map(read_name).transpose()?,
        extension,
        department: change.department.as_deref().map(read_department).transpose()?,
        role: change.role,
        enabled: change.enabled,
        ring_seconds: check_ring_seconds(change.ring_seconds)?,
        max_calls: check_max_calls(change.max_calls)?,
    };
    let id = read_id(&id, "account")?;
    let _one_at_a_time = app.dialplan_changes.lock().await;
    if let Some(Some(extension)) = &change.extension {
        check_number(&app, id, extension).await?;
    }
    let account = app.store.change_account(id, change).await?;
    let account = account.ok_or(Refusal::NotFound("account"))?;
    app.directory.changed().await;
    Ok(Json(account.into()))
}

/// Removes an account with its devices; it is signed out everywhere.
#[utoipa::path(
    delete, path = "/api/v1/users/{id}", tag = "users", security(("bearer" = [])), params(("id" = String, Path)),
    responses((status = 204), (status = 404, body = Problem), (status = 409, body = Problem))
)]
pub(crate) async fn delete(
    State(app): State<Arc<App>>,
    _: Admin,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    remove(&app, read_id(&id, "account")?).await?;
    Ok(no_content())
}

/// Removes an account, by whichever way it was asked for.
pub(crate) async fn remove(app: &App, id: UserId) -> Result<(), Refusal> {
    if !app.store.delete_account(id).await? {
        return Err(Refusal::NotFound("account"));
    }
    app.directory.changed().await;
    Ok(())
}

/// Sets somebody's password and signs them out everywhere.
#[utoipa::path(
    put, path = "/api/v1/users/{id}/password", tag = "users", security(("bearer" = [])),
    params(("id" = String, Path)), request_body = NewPassword,
    responses((status = 204), (status = 400, body = Problem), (status = 404, body = Problem))
)]
pub(crate) async fn set_password(
    State(app): State<Arc<App>>,
    _: Admin,
    Path(id): Path<String>,
    Body(new): Body<NewPassword>,
) -> Result<Response, Refusal> {
    give_password(&app, read_id(&id, "account")?, &new.password).await?;
    Ok(no_content())
}

/// Sets a password, by whichever way it was asked for.
pub(crate) async fn give_password(app: &App, id: UserId, password: &str) -> Result<(), Refusal> {
    check_new_password(password)?;
    let hash = app.sign_in.hash_password(password).await?;
    if app.store.set_password(id, &hash).await?.is_none() {
        return Err(Refusal::NotFound("account"));
    }
    app.directory.changed().await;
    Ok(())
}

pub(crate) fn read_username(name: &str) -> Result<Pii<String>, Refusal> {
    let username = name.trim().to_lowercase();
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._@-".contains(&byte);
    if !(1..=64).contains(&username.len()) || !username.bytes().all(allowed) {
        return Err(Refusal::bad_request("a sign-in name is 1 to 64 of a-z 0-9 . _ @ -"));
    }
    Ok(Pii(username))
}

pub(crate) fn read_name(name: &str) -> Result<Pii<String>, Refusal> {
    let name = name.trim();
    if !(1..=100).contains(&name.chars().count()) || name.chars().any(char::is_control) {
        return Err(Refusal::bad_request("a name is 1 to 100 printable characters"));
    }
    Ok(Pii(name.to_owned()))
}

pub(crate) fn read_department(department: &str) -> Result<Pii<String>, Refusal> {
    let department = department.trim();
    if department.chars().count() > 100 || department.chars().any(char::is_control) {
        return Err(Refusal::bad_request("a department is at most 100 printable characters"));
    }
    Ok(Pii(department.to_owned()))
}

pub(crate) fn read_extension(text: &str) -> Result<Extension, Refusal> {
    text.parse().map_err(|error| Refusal::bad_request(format!("{error}")))
}

/// Whether an account can have this number beside everything else that has one.
async fn check_number(app: &App, id: UserId, extension: &Extension) -> Result<(), Refusal> {
    let change = |directory: &mut DirectorySnapshot| {
        directory.users.retain(|user| user.id != id);
        directory.users.push(DirectoryUser {
            id,
            extension: extension.clone(),
            name: Pii(String::new()),
            enabled: true,
            ring_seconds: DEFAULT_RING_SECONDS,
            max_calls: DEFAULT_MAX_CALLS,
            settings: UserSettings::default(),
        });
    };
    dialplan::check(app, change, &[]).await.map(drop)
}

fn check_ring_seconds(seconds: Option<u16>) -> Result<Option<u16>, Refusal> {
    match seconds {
        Some(seconds) if !(5..=300).contains(&seconds) => {
            Err(Refusal::bad_request("ringSeconds is 5 to 300"))
        }
        fits => Ok(fits),
    }
}

fn check_max_calls(calls: Option<u8>) -> Result<Option<u8>, Refusal> {
    match calls {
        Some(calls) if !(1..=100).contains(&calls) => Err(Refusal::bad_request("maxCalls is 1 to 100")),
        fits => Ok(fits),
    }
}
