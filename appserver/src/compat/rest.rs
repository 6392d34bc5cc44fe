//! Webitel's REST v1, on its own port: domains, accounts and channels, for a CRM's server.
//!
//! `{"status": "OK", "data": …}` or `{"status": "OK", "info": "+OK …\n"}`; `{"status": "error", "info": …}` otherwise. By
//! the credentials of an admin (HTTP Basic, RFC 7617) or an admin's access token.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json, Router,
    extract::{FromRequestParts, Path, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
    middleware,
    response::{IntoResponse, Response},
    routing::{MethodRouter, delete, get, post, put},
};
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use ringdown_compat::{AccountName, channel_row, dashed, is_channel};
use ringdown_control::{Command, CommandResult, Feature};
use ringdown_protocol::{CallInfo, Me, Role};
use ringdown_types::LegId;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};

use super::sign_in::username_of;
use crate::{
    headers,
    listen::Peer,
    problem::Refusal,
    rest::{
        BODY_WITHIN, MAX_BODY_BYTES,
        accounts::{self, NewUser},
        recordings::ask,
    },
    server::App,
    store::Account,
};

/// The routes at the root of the port, each under both names it went by.
pub(super) fn routes(app: &Arc<App>) -> Router<Arc<App>> {
    let mut router = Router::new();
    let mut serve = |names: &[&str], rest: &str, method: MethodRouter<Arc<App>>| {
        for name in names {
            router = std::mem::take(&mut router).route(&format!("/api/v1/{name}{rest}"), method.clone());
        }
    };
    serve(&["domains", "domain"], "", get(domains).post(create_domain));
    serve(&["domains", "domain"], "/{name}", delete(delete_domain));
    serve(&["accounts", "account"], "", get(list_accounts).post(create_account));
    let one = get(read_account).put(change_account).delete(delete_account);
    serve(&["accounts", "account"], "/{id}", one);
    serve(&["channels", "channel"], "", get(channels).post(originate).delete(hang_up_all));
    serve(&["channels", "channel"], "/{id}", put(change_channel).delete(hang_up));
    serve(&["fake"], "", post(echo));
    serve(&["reloadxml"], "", get(reload));
    router
        .route("/reloadxml", get(reload))
        .route("/status", get(status))
        .layer(middleware::from_fn_with_state(Arc::clone(app), headers::cross_origin))
}

/// `GET /api/v1/status`, which the server has a page of its own for: by its credentials it is known whose is meant.
pub(super) fn is_old_status(request: &Request) -> bool {
    let shown = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    request.uri().path() == "/api/v1/status" && shown.is_some_and(|shown| basic_of(shown).is_some())
}

/// How it went, as its clients read it.
type Answer = Result<Json<Value>, Failure>;

/// A refusal in the words of the protocol.
pub(super) struct Failure(Refusal);

impl<E: Into<Refusal>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let why = match &self.0 {
            Refusal::BadRequest(detail) => detail.0.clone(),
            // What is behind it belongs into the log, which the response below writes.
            Refusal::Internal(_) => "the store failed".to_owned(),
            other => other.to_string(),
        };
        let asks = matches!(self.0, Refusal::BadCredentials);
        let refused = self.0.into_response();
        let body = Json(json!({"status": "error", "info": format!("-ERR {why}\n")}));
        let mut response = (refused.status(), body).into_response();
        if let Some(wait) = refused.headers().get(header::RETRY_AFTER) {
            response.headers_mut().insert(header::RETRY_AFTER, wait.clone());
        }
        if asks {
            let basic = HeaderValue::from_static("Basic realm=\"Ringdown\", charset=\"UTF-8\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, basic);
        }
        response
    }
}

/// A caller that proved to be an admin.
pub(super) struct Admin;

impl FromRequestParts<Arc<App>> for Admin {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Failure> {
        let account = who(parts, app).await?;
        if account.role == Role::Admin { Ok(Self) } else { Err(Refusal::Forbidden.into()) }
    }
}

async fn who(parts: &mut Parts, app: &Arc<App>) -> Result<Account, Refusal> {
    let peer = parts.extensions.get::<Peer>().map(|peer| peer.address).ok_or(Refusal::BadCredentials)?;
    let shown = shown_in(&parts.headers).ok_or(Refusal::BadCredentials)?;
    if let Some(token) = shown.strip_prefix("Bearer ") {
        return Ok(app.sign_in.authorize(token).await?.account);
    }
    let (name, password) = basic_of(shown).ok_or(Refusal::BadCredentials)?;
    if !app.password_sign_in {
        return Err(Refusal::BadCredentials);
    }
    let username = username_of(app, &AccountName::read(&name)).await?;
    app.sign_in.prove(peer, &username, &password).await
}

fn shown_in(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()
}

/// A name and a password (RFC 7617 §2). The scheme is written in any case.
fn basic_of(shown: &str) -> Option<(String, String)> {
    let (scheme, credentials) = shown.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(BASE64.decode(credentials.trim()).ok()?).ok()?;
    let (name, password) = decoded.split_once(':')?;
    Some((name.to_owned(), password.to_owned()))
}

/// A JSON body, whatever its type is called: these clients name none or a wrong one.
async fn body<T: DeserializeOwned>(request: Request) -> Result<T, Refusal> {
    let read = axum::body::to_bytes(request.into_body(), MAX_BODY_BYTES);
    let late = |_| Refusal::bad_request("the body did not come within 10 s");
    let bytes = tokio::time::timeout(BODY_WITHIN, read).await.map_err(late)?;
    let bytes = bytes.map_err(|_| Refusal::TooLarge(MAX_BODY_BYTES as u64))?;
    serde_json::from_slice(&bytes).map_err(|error| Refusal::bad_request(format!("the body: {error}")))
}

fn ok(info: &str) -> Answer {
    Ok(Json(json!({"status": "OK", "info": format!("+OK {info}\n")})))
}

fn data(data: Value) -> Answer {
    Ok(Json(json!({"status": "OK", "data": data})))
}

// Domains. There is one company; whatever stands behind an `@` is its own.

async fn domains(State(app): State<Arc<App>>, _: Admin) -> Answer {
    let users = app.store.accounts().await?.len();
    let domain = json!({
        "id": app.realm, "domain": app.realm, "user": users.to_string(), "acc/dvc": format!("{users}/0"),
    });
    data(json!({app.realm.as_str(): domain}))
}

#[derive(Deserialize)]
struct NewDomain {
    #[serde(alias = "domain")]
    domain_name: String,
}

async fn create_domain(_: Admin, request: Request) -> Answer {
    let NewDomain { domain_name } = body(request).await?;
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    if !(1..=253).contains(&domain_name.len()) || !domain_name.bytes().all(is_name) {
        return Err(Refusal::bad_request("domain_name is 1 to 253 of a-z 0-9 . - _").into());
    }
    ok(&format!("[{domain_name}] created !"))
}

async fn delete_domain(_: Admin) -> Answer {
    let why = "there is one company: remove its accounts one by one";
    Err(Refusal::Conflict(why.to_owned()).into())
}

// Accounts.

/// The account of a number or a sign-in name.
async fn account_of(app: &App, id: &str) -> Result<Account, Refusal> {
    let name = AccountName::read(id);
    let by_number = app.store.account_by_extension(&name.user).await?;
    let found = match by_number {
        Some(account) => Some(account),
        None => app.store.account_by_username(&username_of(app, &name).await?).await?,
    };
    found.ok_or(Refusal::NotFound("account"))
}

/// What names an account: its number, or its sign-in name where it has none.
fn id_of(account: &Account) -> String {
    account.extension.as_ref().map_or_else(|| account.username.0.clone(), ToString::to_string)
}

fn shown(app: &App, account: &Account, calls: &[(Me, CallInfo)]) -> Value {
    let user = account.id.to_string();
    let is_busy = calls.iter().any(|(me, _)| me.user_id == user);
    json!({
        "id": id_of(account),
        "domain": app.realm,
        "scheme": "account",
        "name": account.name.0,
        "role": role(account),
        "enabled": account.enabled,
        "state": if is_busy { "ISBUSY" } else { "ONHOOK" },
    })
}

fn role(account: &Account) -> &'static str {
    if account.role == Role::Admin { "admin" } else { "user" }
}

async fn list_accounts(State(app): State<Arc<App>>, _: Admin) -> Answer {
    let (accounts, calls) = (app.store.accounts().await?, app.desk.calls().await);
    let list: Map<_, _> =
        accounts.iter().map(|account| (id_of(account), shown(&app, account, &calls))).collect();
    data(Value::Object(list))
}

async fn read_account(State(app): State<Arc<App>>, _: Admin, Path(id): Path<String>) -> Answer {
    let account = account_of(&app, &id).await?;
    data(details(&app, &account))
}

/// An account with the parameters and variables its clients look for. No hash of a password is among them.
fn details(app: &App, account: &Account) -> Value {
    json!({
        "id": id_of(account),
        "webitel-extensions": account.extension.as_ref().map(ToString::to_string),
        "variable_w_domain": app.realm,
        "variable_user_scheme": "account",
        "variable_account_role": role(account),
        "variable_effective_caller_id_name": account.name.0,
        "variable_outbound_caller_id_name": account.name.0,
    })
}

/// `["name=value", …]` for `parameters` and `variables`.
#[derive(Deserialize)]
struct AccountBody {
    #[serde(default)]
    login: Option<String>,
    #[serde(default)]
    password: Option<String>,
    #[serde(default)]
    role: Option<String>,
    #[serde(default)]
    parameters: Vec<String>,
    #[serde(default)]
    variables: Vec<String>,
}

impl AccountBody {
    fn named<'a>(list: &'a [String], wanted: &str) -> Option<&'a str> {
        list.iter().find_map(|pair| pair.split_once('=').filter(|(name, _)| *name == wanted)).map(|(_, v)| v)
    }
}

async fn create_account(State(app): State<Arc<App>>, _: Admin, request: Request) -> Answer {
    let new: AccountBody = body(request).await?;
    let missing = |what: &str| Refusal::bad_request(format!("{what} is missing"));
    let login = AccountName::read(new.login.as_deref().ok_or_else(|| missing("login"))?).user;
    let password = new.password.clone().ok_or_else(|| missing("password"))?;
    let role = match new.role.as_deref().unwrap_or("user") {
        "admin" => Role::Admin,
        "user" => Role::User,
        _ => return Err(Refusal::bad_request("role is admin or user").into()),
    };
    let extension = AccountBody::named(&new.parameters, "webitel-extensions").unwrap_or(&login);
    let name = AccountBody::named(&new.variables, "effective_caller_id_name").unwrap_or(&login);
    let new = NewUser {
        username: login.clone(),
        name: name.to_owned(),
        extension: Some(extension.to_owned()),
        department: String::new(),
        role,
        password,
        ring_seconds: None,
        max_calls: None,
    };
    let account = accounts::make(&app, new).await?;
    data(details(&app, &account))
}

async fn change_account(
    State(app): State<Arc<App>>,
    _: Admin,
    Path(id): Path<String>,
    request: Request,
) -> Answer {
    let account = account_of(&app, &id).await?;
    let change: AccountBody = body(request).await?;
    let is_more = change.role.is_some() || !change.parameters.is_empty() || !change.variables.is_empty();
    let password = change.password.as_deref().filter(|_| !is_more);
    let only = || Refusal::bad_request("only password can be changed here; the rest is PATCH /api/v1/users");
    accounts::give_password(&app, account.id, password.ok_or_else(only)?).await?;
    data(details(&app, &account))
}

async fn delete_account(State(app): State<Arc<App>>, _: Admin, Path(id): Path<String>) -> Answer {
    let account = account_of(&app, &id).await?;
    accounts::remove(&app, account.id).await?;
    ok("destroyed!")
}

// Channels.

async fn channels(State(app): State<Arc<App>>, _: Admin) -> Answer {
    let rows: Vec<_> = app
        .desk
        .calls()
        .await
        .into_iter()
        .map(|(me, call)| {
            let number = me.extension.as_ref().map_or(&me.username.0, |number| &number.0);
            let account = format!("{number}@{}", app.realm);
            channel_row(call, &me, &account)
        })
        .collect();
    data(json!({"row_count": rows.len(), "rows": rows}))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewCall {
    called_id: String,
    caller_id: String,
    #[serde(default, rename = "auto_answer_param")]
    auto_answer_param: Option<String>,
}

/// Rings a user's own devices, then calls.
async fn originate(State(app): State<Arc<App>>, _: Admin, request: Request) -> Answer {
    let NewCall { called_id, caller_id, auto_answer_param } = body(request).await?;
    let auto_answer = auto_answer_param.is_some_and(|param| !param.is_empty());
    ring(&app, &caller_id, AccountName::read(&called_id).user, auto_answer).await
}

#[derive(Deserialize)]
struct FakeCall {
    number: String,
}

/// A call that the user hears themselves in.
async fn echo(State(app): State<Arc<App>>, _: Admin, request: Request) -> Answer {
    let FakeCall { number } = body(request).await?;
    let (_, directory) = crate::directory::read(&app.store, &app.realm).await?;
    let code = directory.feature_codes.get(Feature::EchoTest).map(ToString::to_string);
    let code = code.ok_or_else(|| Refusal::Conflict("the echo test has no number".to_owned()))?;
    ring(&app, &number, code, false).await
}

async fn ring(app: &App, user: &str, to: String, auto_answer: bool) -> Answer {
    let account = account_of(app, user).await?;
    if !account.enabled {
        return Err(Refusal::Conflict("the account is disabled".to_owned()).into());
    }
    if to.is_empty() || to.chars().count() > MAX_NUMBER || to.chars().any(char::is_control) {
        return Err(Refusal::bad_request("a number is 1 to 64 printable characters").into());
    }
    let command = Command::Originate { user: account.id, to, auto_answer, variables: BTreeMap::new() };
    match ask(app, command).await? {
        CommandResult::Originated { call } => ok(&dashed(&call.to_string())),
        _ => Err(Refusal::SwitchUnavailable("the softswitch places no calls for users".to_owned()).into()),
    }
}

async fn hang_up_all(State(app): State<Arc<App>>, _: Admin) -> Answer {
    let mut ended = 0;
    for (_, call) in app.desk.calls().await {
        // Its other side may have taken it along.
        match ask(&app, Command::Hangup { leg: leg_of(&call)? }).await {
            Ok(_) => ended += 1,
            Err(Refusal::NotFound(_)) => {}
            Err(refusal) => return Err(refusal.into()),
        }
    }
    ok(&format!("{ended} channels"))
}

async fn hang_up(State(app): State<Arc<App>>, _: Admin, Path(id): Path<String>) -> Answer {
    ask(&app, Command::Hangup { leg: named_leg(&app, &id).await? }).await?;
    ok("")
}

#[derive(Deserialize)]
struct ChannelChange {
    state: String,
}

async fn change_channel(
    State(app): State<Arc<App>>,
    _: Admin,
    Path(id): Path<String>,
    request: Request,
) -> Answer {
    let ChannelChange { state } = body(request).await?;
    let leg = named_leg(&app, &id).await?;
    let command = match state.as_str() {
        "hold" => Command::Hold { leg },
        "unhold" => Command::Unhold { leg },
        _ => return Err(Refusal::bad_request("state is hold or unhold").into()),
    };
    ask(&app, command).await?;
    ok("Success")
}

/// The side of that name; of several the one it is the own name of.
async fn named_leg(app: &App, id: &str) -> Result<LegId, Refusal> {
    let calls = app.desk.calls().await;
    let found = calls.iter().find(|(_, call)| dashed(&call.id) == id);
    let found = found.or_else(|| calls.iter().find(|(_, call)| is_channel(call, id)));
    found.map_or(Err(Refusal::NotFound("channel")), |(_, call)| leg_of(call))
}

fn leg_of(call: &CallInfo) -> Result<LegId, Refusal> {
    call.id.parse().map_err(|_| Refusal::NotFound("channel"))
}

// The server.

/// Says the directory to the softswitches anew.
async fn reload(State(app): State<Arc<App>>, _: Admin) -> Answer {
    app.directory.changed().await;
    ok("[Success]")
}

async fn status(State(app): State<Arc<App>>, _: Admin) -> (StatusCode, Json<Value>) {
    let stats = app.desk.stats().await;
    let switch = if stats.nodes > 0 {
        format!("UP: {} softswitch(es), {} channel(s)", stats.nodes, stats.legs)
    } else {
        "DOWN".to_owned()
    };
    let store = if app.store.is_healthy().await { "Connected" } else { "Offline" };
    let body = json!({
        "Version": crate::server::VERSION,
        "Process ID": std::process::id(),
        "Users_Session": stats.attached,
        "Domain_Session": 1,
        "Webitel": {"Status": store},
        "freeSWITCH": switch,
    });
    (StatusCode::OK, Json(body))
}

/// The longest dialled number, in characters.
const MAX_NUMBER: usize = 64;
