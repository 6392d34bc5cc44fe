//! REST: the router, what handlers take from a request, and the OpenAPI description.

pub(crate) mod accounts;
mod chat;
mod codes;
mod contacts;
mod devices;
mod explain;
mod files;
mod history;
mod numbers;
mod outside;
mod photos;
mod play;
mod push;
pub(crate) mod recordings;
mod session;
mod settings;
mod sound;
mod sound_settings;
mod status;
mod voicemail;

use std::{sync::Arc, time::Duration};

use axum::{
    Extension, Json, Router,
    extract::{DefaultBodyLimit, FromRequest, FromRequestParts, Request, rejection::JsonRejection},
    http::{StatusCode, header, request::Parts},
    middleware,
    response::{IntoResponse as _, Response},
    routing::{any, get},
};
use ringdown_protocol::Role;
use serde::de::DeserializeOwned;
use utoipa::{
    OpenApi,
    openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{compat, headers, listen::Peer, node, pages, problem::Refusal, server::App, sign_in::Caller, ws};

/// The longest body.
pub(crate) const MAX_BODY_BYTES: usize = 1024 * 1024;
/// A body comes within this.
pub(crate) const BODY_WITHIN: Duration = Duration::from_secs(10);

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Ringdown",
        description = "Accounts, extensions, telephones and call history. Calls and presence go over `/ws`: see docs/client-protocol.md. Errors are `application/problem+json`.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    modifiers(&Bearer)
)]
struct Description;

struct Bearer;

impl utoipa::Modify for Bearer {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
        let components = openapi.components.get_or_insert_default();
        components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
    }
}

/// Every route.
pub fn router(app: Arc<App>) -> Router {
    let (api, description) = OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(session::login))
        .routes(routes!(session::refresh))
        .routes(routes!(outside::methods))
        .routes(routes!(outside::embedding))
        .routes(routes!(outside::token))
        .routes(routes!(outside::code_for))
        .routes(routes!(outside::start))
        .routes(routes!(outside::callback))
        .routes(routes!(outside::redeem))
        .routes(routes!(push::key))
        .routes(routes!(push::subscribe))
        .routes(routes!(push::unsubscribe))
        .routes(routes!(push::decline))
        .routes(routes!(session::logout))
        .routes(routes!(session::ticket))
        .routes(routes!(session::me))
        .routes(routes!(session::change_password))
        .routes(routes!(accounts::list, accounts::create))
        .routes(routes!(accounts::read, accounts::change, accounts::delete))
        .routes(routes!(accounts::set_password))
        .routes(routes!(photos::set, photos::clear))
        .routes(routes!(photos::fetch))
        .routes(routes!(contacts::list, contacts::create))
        .routes(routes!(contacts::replace, contacts::delete))
        .routes(routes!(devices::list, devices::create))
        .routes(routes!(devices::delete))
        .routes(routes!(settings::read, settings::change))
        .routes(routes!(numbers::groups, numbers::create_group))
        .routes(routes!(numbers::replace_group, numbers::delete_group))
        .routes(routes!(numbers::rooms, numbers::create_room))
        .routes(routes!(numbers::replace_room, numbers::delete_room))
        .routes(routes!(numbers::time_conditions, numbers::create_time_condition))
        .routes(routes!(numbers::replace_time_condition, numbers::delete_time_condition))
        .routes(routes!(codes::codes, codes::change_codes))
        .routes(routes!(codes::parking, codes::change_parking))
        .routes(routes!(explain::explain))
        .routes(routes!(chat::delete))
        .routes(routes!(files::upload))
        .routes(routes!(files::fetch, files::delete))
        .routes(routes!(history::own))
        .routes(routes!(history::all))
        .routes(routes!(voicemail::list))
        .routes(routes!(voicemail::fetch, voicemail::mark, voicemail::delete))
        .routes(routes!(voicemail::fetch_by_link))
        .routes(routes!(recordings::list, recordings::begin))
        .routes(routes!(recordings::fetch, recordings::delete))
        .routes(routes!(recordings::stop))
        .routes(routes!(play::to_room, play::stop_in_room))
        .routes(routes!(play::to_call, play::stop_in_call))
        .routes(routes!(sound_settings::read, sound_settings::change))
        .routes(routes!(status::switch))
        .routes(routes!(status::server))
        .split_for_parts();
    let description = Arc::new(description);
    let api = api
        .route("/api/openapi.json", get(async move || Json((*description).clone())))
        .route("/api/{*rest}", any(async || Refusal::NotFound("path")))
        .method_not_allowed_fallback(async || Refusal::MethodNotAllowed)
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(middleware::from_fn_with_state(Arc::clone(&app), headers::cross_origin));
    Router::new()
        .merge(api)
        .merge(compat::routes(&app))
        .route("/ws", any(ws::upgrade))
        .route("/node", any(node::upgrade))
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(status::ready))
        .fallback(pages::serve)
        .layer(middleware::from_fn_with_state(Arc::clone(&app), headers::secure))
        .with_state(app)
}

/// A JSON body.
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<Arc<App>> for Body<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Refusal> {
        let read = Json::<T>::from_request(request, app);
        let read = tokio::time::timeout(BODY_WITHIN, read).await;
        match read.map_err(|_| Refusal::bad_request("the body did not come within 10 s"))? {
            Ok(Json(body)) => Ok(Self(body)),
            Err(JsonRejection::BytesRejection(error)) if error.status() == StatusCode::PAYLOAD_TOO_LARGE => {
                Err(Refusal::TooLarge(MAX_BODY_BYTES as u64))
            }
            Err(error) => Err(Refusal::bad_request(error.body_text())),
        }
    }
}

impl FromRequestParts<Arc<App>> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Refusal> {
        let shown = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = shown.and_then(|value| value.strip_prefix("Bearer ")).ok_or(Refusal::BadCredentials)?;
        app.sign_in.authorize(token).await
    }
}

/// A caller that is an admin.
pub(crate) struct Admin;

impl FromRequestParts<Arc<App>> for Admin {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Refusal> {
        let caller = Caller::from_request_parts(parts, app).await?;
        if caller.account.role == Role::Admin { Ok(Self) } else { Err(Refusal::Forbidden) }
    }
}

pub(crate) use accounts::{read_department, read_extension, read_name, read_username};

/// Where the request comes from.
pub(crate) type From = Extension<Peer>;

/// An empty answer.
pub(crate) fn no_content() -> Response {
    StatusCode::NO_CONTENT.into_response()
}

/// The id of a path.
pub(crate) fn read_id<T: std::str::FromStr>(text: &str, what: &'static str) -> Result<T, Refusal> {
    text.parse().map_err(|_| Refusal::NotFound(what))
}

/// A password somebody chose: long enough to resist guessing at the sign-in's rate, short enough to hash.
pub(crate) fn check_new_password(password: &str) -> Result<(), Refusal> {
    let length = password.chars().count();
    if length < 10 || password.len() > crate::sign_in::MAX_PASSWORD_BYTES {
        return Err(Refusal::bad_request("a password is 10 characters to 256 bytes"));
    }
    Ok(())
}
