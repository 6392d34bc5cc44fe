//! Signing in by signed tokens, by trusted servers and with OpenID providers.

use std::sync::Arc;

use axum::{
    Json,
    extract::{FromRequestParts, Path, Query, State},
    http::{HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse as _, Response},
};
use ringdown_protocol::{
    LoginCode, LoginFor, OidcRedeem, Problem, SignInMethods, SignInProvider, TokenLogin, Tokens,
};
use ringdown_types::Pii;
use serde::Deserialize;

use super::{Body, From, no_content};
use crate::{
    origin::Origin,
    outside::{Begun, CODE_LIFETIME, Outsider, Returned, SignedIn},
    problem::Refusal,
    server::App,
};

/// How people can sign in.
#[utoipa::path(get, path = "/api/v1/sign-in", tag = "session", responses((status = 200, body = SignInMethods)))]
pub(crate) async fn methods(State(app): State<Arc<App>>) -> Json<SignInMethods> {
    let providers = app.outside.providers();
    let providers =
        providers.map(|(id, title)| SignInProvider { id: id.to_owned(), title: title.to_owned() });
    Json(SignInMethods { password: app.password_sign_in, providers: providers.collect() })
}

/// Signs in with a token that a trusted issuer signed, or with a code of `POST /api/v1/login/for`. Each is good once.
#[utoipa::path(
    post, path = "/api/v1/login/token", tag = "session", request_body = TokenLogin,
    responses((status = 200, body = Tokens), (status = 401, body = Problem), (status = 403, body = Problem), (status = 429, body = Problem), (status = 502, body = Problem))
)]
pub(crate) async fn token(
    State(app): State<Arc<App>>,
    peer: From,
    Body(login): Body<TokenLogin>,
) -> Result<Json<Tokens>, Refusal> {
    app.sign_in.check_address(peer.address)?;
    let redeemed = app.outside.redeem(&app, &login.token).await;
    let user = redeemed.inspect_err(|refusal| note_failure(&app, &peer, refusal))?;
    Ok(Json(app.sign_in.start(user).await?))
}

/// A code for one of a trusted server's users, to be handed to their page and shown at `POST /api/v1/login/token`
/// within a minute. The server shows its secret as a bearer token.
#[utoipa::path(
    post, path = "/api/v1/login/for", tag = "session", security(("bearer" = [])), request_body = LoginFor,
    responses((status = 200, body = LoginCode), (status = 401, body = Problem), (status = 403, body = Problem))
)]
pub(crate) async fn code_for(
    State(app): State<Arc<App>>,
    peer: From,
    ServerSecret(secret): ServerSecret,
    Body(login): Body<LoginFor>,
) -> Result<Json<LoginCode>, Refusal> {
    app.sign_in.check_address(peer.address)?;
    let who = Outsider {
        identity: None,
        username: Some(login.username),
        name: login.name,
        extension: login.extension,
        department: login.department,
    };
    let code = app.outside.code_for(&app, &secret, &who).await;
    let token = code.inspect_err(|refusal| note_failure(&app, &peer, refusal))?;
    Ok(Json(LoginCode { token, expires_in: CODE_LIFETIME.as_secs() as u32 }))
}

/// Counts what was shown against its address, if it was wrong: a provider that cannot be reached and a number that is
/// taken are nobody's guess.
fn note_failure(app: &App, peer: &From, refusal: &Refusal) {
    if matches!(refusal, Refusal::BadCredentials | Refusal::Forbidden) {
        app.sign_in.handle_failure(peer.address);
    }
}

/// What a trusted server shows; looked at before the body is.
pub(crate) struct ServerSecret(String);

impl FromRequestParts<Arc<App>> for ServerSecret {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<App>) -> Result<Self, Refusal> {
        let shown = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let secret = shown.and_then(|value| value.strip_prefix("Bearer ")).ok_or(Refusal::BadCredentials)?;
        Ok(Self(secret.to_owned()))
    }
}

/// The page a phone in a window of its own asks about.
#[derive(Deserialize)]
pub(crate) struct Embedder {
    origin: String,
}

/// Whether pages of an origin may embed the phone: for our own pages, which take orders from no others.
#[utoipa::path(
    get, path = "/api/v1/embedding", tag = "session", params(("origin" = String, Query)),
    responses((status = 204), (status = 403, body = Problem))
)]
pub(crate) async fn embedding(
    State(app): State<Arc<App>>,
    Query(Embedder { origin }): Query<Embedder>,
) -> Result<Response, Refusal> {
    match Origin::of_url(&origin).is_some_and(|origin| app.origins.has(&origin)) {
        true => Ok(no_content()),
        false => Err(Refusal::ForeignOrigin),
    }
}

/// What the window of a sign-in begins with.
#[derive(Deserialize)]
pub(crate) struct Start {
    challenge: String,
    origin: String,
}

/// Begins a sign-in with a provider: for a window of its own. `challenge` is base64url of SHA-256 of a secret of the page
/// that opens the window, `origin` that page's origin.
#[utoipa::path(
    get, path = "/api/v1/oidc/{provider}/start", tag = "session",
    params(("provider" = String, Path), ("challenge" = String, Query), ("origin" = String, Query)),
    responses((status = 303, description = "To the provider."), (status = 403, body = Problem), (status = 404, body = Problem))
)]
pub(crate) async fn start(
    State(app): State<Arc<App>>,
    peer: From,
    Path(provider): Path<String>,
    Query(Start { challenge, origin }): Query<Start>,
) -> Result<Response, Refusal> {
    let begun = Begun { address: peer.address, provider, challenge, origin };
    let url = app.outside.begin(&app, begun).await?;
    Ok(go(url.as_str()))
}

/// Where a provider sends the window back to.
#[utoipa::path(
    get, path = "/api/v1/oidc/callback", tag = "session",
    params(("state" = String, Query), ("code" = Option<String>, Query), ("error" = Option<String>, Query)),
    responses((status = 303, description = "To the page that ends the sign-in."))
)]
pub(crate) async fn callback(State(app): State<Arc<App>>, Query(returned): Query<Returned>) -> Response {
    go(&app.outside.finish(&app, returned).await)
}

/// Tokens for the page that began a sign-in with a provider: for the code its window handed over, and its own secret.
#[utoipa::path(
    post, path = "/api/v1/oidc/redeem", tag = "session", request_body = OidcRedeem,
    responses((status = 200, body = Tokens), (status = 401, body = Problem))
)]
pub(crate) async fn redeem(
    State(app): State<Arc<App>>,
    peer: From,
    Body(OidcRedeem { code, verifier }): Body<OidcRedeem>,
) -> Result<Json<Tokens>, Refusal> {
    app.sign_in.check_address(peer.address)?;
    let redeemed = app.outside.redeem_oidc(&SignedIn { code, verifier });
    let user = redeemed.inspect_err(|refusal| note_failure(&app, &peer, refusal))?;
    Ok(Json(app.sign_in.start(user).await?))
}

/// Sends a window on. It keeps its opener, which is told of the end.
fn go(to: &str) -> Response {
    let Ok(location) = HeaderValue::from_str(to) else {
        return Refusal::NotFound("page").into_response();
    };
    let mut response = StatusCode::SEE_OTHER.into_response();
    let headers = response.headers_mut();
    headers.insert(header::LOCATION, location);
    headers.insert("cross-origin-opener-policy", HeaderValue::from_static("unsafe-none"));
    response
}

/// Names of people stay out of logs.
impl std::fmt::Debug for Start {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Start").field("origin", &Pii(&self.origin)).finish_non_exhaustive()
    }
}
