//! OpenID Connect: the authorization code flow with PKCE, state and nonce (OpenID Connect Core, RFC 7636, RFC 9207,
//! RFC 9700).
//!
//! It runs in a window of its own. The page that opens the window makes a secret, its *verifier*, and gives the hash
//! along; at the end the window hands a code to that page alone, by its origin, and only whoever has the verifier can
//! turn the code into tokens. So no cookie is needed: a sign-in that somebody else began, or that is led astray, is
//! worth nothing. Where a window is sent is never taken from a request.

use std::{
    net::IpAddr,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use anyhow::Context as _;
use axum::http::{HeaderValue, header};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD as BASE64},
};
use ringdown_desk::{Rate, RateLimiter};
use ringdown_types::UserId;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use tokio::sync::Mutex as AsyncMutex;
use url::{Url, form_urlencoded};

use super::{
    accounts::{self, Outsider},
    keys::KeySource,
    one_time::OneTime,
    secret,
};
use crate::{
    clock::unix_ms,
    config::{Config, OidcProvider},
    jose::{Expected, MAX_TOKEN_BYTES},
    origin::Origin,
    outgoing::{Outgoing, Sender},
    problem::Refusal,
    server::App,
};

/// Somebody types a password and a second factor within it.
const FLOW_LIFETIME: Duration = Duration::from_secs(10 * 60);
/// Sign-ins under way at once; beyond it the oldest give way.
const MAX_FLOWS: usize = 10_000;
/// A page fetches its tokens within it.
const CODE_LIFETIME: Duration = Duration::from_secs(60);
/// What a discovery document says is believed for so long.
const DISCOVERED_FOR: Duration = Duration::from_secs(60 * 60);
/// A provider that cannot be reached is asked again after this.
const DISCOVERED_AGAIN: Duration = Duration::from_secs(5);
/// Beginnings of one address: an office in the morning fits.
const BEGINNINGS: Rate = Rate { burst: 200, per_second: 5.0 };
/// The longest life of an ID token.
const MAX_LIFETIME: u64 = 24 * 60 * 60;

/// What a window begins with.
#[derive(Debug)]
pub struct Begun {
    /// Whose window.
    pub address: IpAddr,
    /// The provider's id.
    pub provider: String,
    /// base64url of SHA-256 of the page's verifier.
    pub challenge: String,
    /// The origin of the page that opened the window.
    pub origin: String,
}

/// What a provider sends a window back with.
#[derive(Debug, Deserialize)]
pub struct Returned {
    state: String,
    #[serde(default)]
    code: Option<String>,
    #[serde(default)]
    error: Option<String>,
    #[serde(default)]
    iss: Option<String>,
}

/// What a page shows for its tokens.
#[derive(Deserialize)]
pub struct SignedIn {
    /// What the window handed over.
    pub code: String,
    /// What the page made at the beginning.
    pub verifier: String,
}

/// Everybody people sign in with.
#[derive(Debug)]
pub(super) struct Providers {
    all: Vec<Provider>,
    /// Where providers send windows back to.
    redirect: String,
    flows: OneTime<Flow>,
    codes: OneTime<(UserId, String)>,
    beginnings: Mutex<RateLimiter<IpAddr>>,
}

#[derive(Debug)]
struct Provider {
    config: OidcProvider,
    secret: Option<String>,
    discovered: AsyncMutex<Kept>,
}

/// A provider's discovery document.
#[derive(Debug, Default)]
struct Kept {
    found: Option<(Instant, Arc<Discovered>)>,
    /// When it could not be had.
    failed: Option<Instant>,
}

/// A sign-in under way.
#[derive(Debug)]
struct Flow {
    provider: usize,
    nonce: String,
    /// Ours to the provider, by PKCE.
    verifier: String,
    /// The page's.
    challenge: String,
    origin: String,
}

#[derive(Deserialize)]
struct Document {
    issuer: String,
    authorization_endpoint: Url,
    token_endpoint: Url,
    jwks_uri: Url,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

#[derive(Debug)]
struct Discovered {
    authorization: Url,
    token: Url,
    keys: KeySource,
    takes_basic: bool,
    names_itself: bool,
}

impl Providers {
    pub(super) fn load(config: &Config) -> anyhow::Result<Self> {
        let mut all: Vec<Provider> = Vec::new();
        for provider in &config.oidc_providers {
            anyhow::ensure!(
                all.iter().all(|other| other.config.id != provider.id),
                "two of oidc_providers have the id {}",
                provider.id
            );
            let secret = secret(provider.client_secret.as_ref(), provider.client_secret_file.as_deref())
                .with_context(|| format!("the client secret of {}", provider.id))?;
            all.push(Provider { config: provider.clone(), secret, discovered: AsyncMutex::default() });
        }
        let public_url = config.public_url.as_deref().unwrap_or_default().trim_end_matches('/');
        Ok(Self {
            all,
            redirect: format!("{public_url}/api/v1/oidc/callback"),
            flows: OneTime::new(FLOW_LIFETIME, MAX_FLOWS),
            codes: OneTime::new(CODE_LIFETIME, MAX_FLOWS),
            beginnings: Mutex::new(RateLimiter::new(BEGINNINGS, 50_000)),
        })
    }

    pub(super) fn titles(&self) -> impl Iterator<Item = (&str, &str)> {
        self.all.iter().map(|provider| (provider.config.id.as_str(), provider.config.title.as_str()))
    }

    pub(super) async fn begin(&self, app: &App, begun: Begun) -> Result<Url, Refusal> {
        let place = self.all.iter().position(|provider| provider.config.id == begun.provider);
        let place = place.ok_or(Refusal::NotFound("provider"))?;
        if !self
            .beginnings
            .lock()
            .expect("no holder of the lock panics")
            .allow(Instant::now(), &begun.address)
        {
            return Err(Refusal::RateLimited(1));
        }
        // 32 octets, as RFC 7636 §4.2 has them.
        if BASE64.decode(&begun.challenge).ok().is_none_or(|hash| hash.len() != 32) {
            return Err(Refusal::bad_request("challenge is base64url of SHA-256 of the page's verifier"));
        }
        let origin = Origin::of_url(&begun.origin).filter(|origin| app.origins.has(origin));
        let origin = origin.ok_or(Refusal::ForeignOrigin)?;
        let provider = &self.all[place];
        let discovered = provider.discover(app.outside.sender()).await?;
        let (nonce, verifier) =
            (crate::random::secret(), format!("{}{}", crate::random::secret(), crate::random::secret()));
        let mut url = discovered.authorization.clone();
        let scopes = ["openid"].into_iter().chain(provider.config.scopes.iter().map(String::as_str));
        let scope = scopes.collect::<Vec<_>>().join(" ");
        let hash = BASE64.encode(Sha256::digest(verifier.as_bytes()));
        let flow = Flow {
            provider: place,
            nonce: nonce.clone(),
            verifier,
            challenge: begun.challenge,
            origin: origin.as_text(),
        };
        let state = self.flows.issue(Instant::now(), flow);
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &provider.config.client_id)
            .append_pair("redirect_uri", &self.redirect)
            .append_pair("scope", &scope)
            .append_pair("state", &state)
            .append_pair("nonce", &nonce)
            .append_pair("code_challenge", &hash)
            .append_pair("code_challenge_method", "S256");
        Ok(url)
    }

    /// Where the window goes: always to our own page, which hands what lies behind `#` to the page that opened it.
    pub(super) async fn finish(&self, app: &App, returned: Returned) -> String {
        let Some(flow) = self.flows.redeem(Instant::now(), &returned.state) else {
            return page(&[("error", "expired")]);
        };
        match self.complete(app, &flow, &returned).await {
            Ok(user) => {
                let code = self.codes.issue(Instant::now(), (user, flow.challenge));
                page(&[("code", &code), ("origin", &flow.origin)])
            }
            Err(error) => page(&[("error", error), ("origin", &flow.origin)]),
        }
    }

    async fn complete(&self, app: &App, flow: &Flow, returned: &Returned) -> Result<UserId, &'static str> {
        let failed = |error: &dyn std::fmt::Display| {
            tracing::warn!(%error, "a sign-in with a provider failed");
            "failed"
        };
        let provider = &self.all[flow.provider];
        let sender = app.outside.sender();
        let discovered = provider.discover(sender).await.map_err(|error| failed(&error))?;
        // RFC 9207: an answer of another provider is not taken for this one's.
        let is_ours = match &returned.iss {
            Some(issuer) => *issuer == provider.config.issuer,
            None => !discovered.names_itself,
        };
        if !is_ours {
            return Err(failed(&"the answer is not of the provider that was asked"));
        }
        if returned.error.is_some() {
            return Err("refused");
        }
        let code = returned.code.as_deref().ok_or_else(|| failed(&"the answer has no code"))?;
        let token = provider.token(sender, &discovered, &self.redirect, (code, &flow.verifier)).await;
        let token = token.map_err(|error| failed(&error))?;
        let expected = Expected {
            issuer: &provider.config.issuer,
            audience: &provider.config.client_id,
            max_lifetime: MAX_LIFETIME,
            has_id: false,
            nonce: Some(&flow.nonce),
        };
        let claims = discovered.keys.verify(sender, &token, &expected, unix_ms() / 1000).await;
        let claims = claims.map_err(|error| failed(&error))?;
        let who = Outsider {
            identity: Some((claims.iss.clone(), claims.sub.clone())),
            ..Outsider::of(&claims, &provider.config.username_claim)
        };
        match accounts::find_or_create(app, &who, &provider.config.accounts).await {
            Ok(account) => Ok(account.id),
            Err(Refusal::Internal(error)) => Err(failed(&error)),
            Err(_) => Err("not-allowed"),
        }
    }

    pub(super) fn redeem(&self, signed_in: &SignedIn) -> Result<UserId, Refusal> {
        let code = self.codes.redeem(Instant::now(), &signed_in.code);
        let (user, challenge) = code.ok_or(Refusal::BadCredentials)?;
        let hash = BASE64.encode(Sha256::digest(signed_in.verifier.as_bytes()));
        if hash.as_bytes().ct_eq(challenge.as_bytes()).into() {
            Ok(user)
        } else {
            Err(Refusal::BadCredentials)
        }
    }
}

impl Provider {
    async fn discover(&self, sender: &Sender) -> Result<Arc<Discovered>, Refusal> {
        let mut kept = self.discovered.lock().await;
        if let Some((since, discovered)) = &kept.found
            && since.elapsed() < DISCOVERED_FOR
        {
            return Ok(Arc::clone(discovered));
        }
        // The one from before is better than none.
        let old = kept.found.as_ref().map(|(_, discovered)| Arc::clone(discovered));
        if kept.failed.is_some_and(|at| at.elapsed() < DISCOVERED_AGAIN) {
            return old.ok_or_else(|| Refusal::ProviderUnavailable);
        }
        match self.fetch(sender).await {
            Ok(discovered) => {
                let discovered = Arc::new(discovered);
                *kept = Kept { found: Some((Instant::now(), Arc::clone(&discovered))), failed: None };
                Ok(discovered)
            }
            Err(error) => {
                tracing::warn!(provider = %self.config.id, %error, "a provider's discovery document cannot be read");
                kept.failed = Some(Instant::now());
                old.ok_or_else(|| Refusal::ProviderUnavailable)
            }
        }
    }

    /// OpenID Connect Discovery §4.
    async fn fetch(&self, sender: &Sender) -> anyhow::Result<Discovered> {
        let base = self.config.issuer.trim_end_matches('/');
        let url = Url::parse(&format!("{base}/.well-known/openid-configuration"))?;
        let answer = sender.send(Outgoing::get(url)).await?;
        anyhow::ensure!(answer.status == 200, "status {}", answer.status);
        let document: Document = serde_json::from_slice(&answer.body)?;
        anyhow::ensure!(document.issuer == self.config.issuer, "it is another issuer's");
        for url in [&document.authorization_endpoint, &document.token_endpoint, &document.jwks_uri] {
            sender.check(url).context("one of its addresses")?;
        }
        let methods = document.token_endpoint_auth_methods_supported;
        Ok(Discovered {
            authorization: document.authorization_endpoint,
            token: document.token_endpoint,
            keys: KeySource::fetched(self.config.algorithm, document.jwks_uri),
            takes_basic: methods
                .is_none_or(|methods| methods.iter().any(|method| method == "client_secret_basic")),
            names_itself: document.authorization_response_iss_parameter_supported,
        })
    }

    /// Trades the code for an ID token (RFC 6749 §4.1.3).
    async fn token(
        &self,
        sender: &Sender,
        discovered: &Discovered,
        redirect: &str,
        (code, verifier): (&str, &str),
    ) -> anyhow::Result<String> {
        #[derive(Deserialize)]
        struct Answer {
            id_token: String,
        }
        let request = self.token_request(discovered, redirect, (code, verifier))?;
        let answer = sender.send(request).await?;
        anyhow::ensure!(answer.status == 200, "the token endpoint answers with status {}", answer.status);
        let Answer { id_token } =
            serde_json::from_slice(&answer.body).context("the token endpoint's answer")?;
        anyhow::ensure!(id_token.len() <= MAX_TOKEN_BYTES, "the ID token is too long");
        Ok(id_token)
    }
    fn token_request(
        &self,
        discovered: &Discovered,
        redirect: &str,
        (code, verifier): (&str, &str),
    ) -> anyhow::Result<Outgoing> {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "authorization_code")
            .append_pair("code", code)
            .append_pair("redirect_uri", redirect)
            .append_pair("code_verifier", verifier);
        let mut credentials = None;
        match &self.secret {
            Some(secret) if discovered.takes_basic => {
                // RFC 6749 §2.3.1: both are form-encoded first.
                let encode =
                    |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
                let pair = format!("{}:{}", encode(&self.config.client_id), encode(secret));
                credentials = Some(HeaderValue::from_str(&format!("Basic {}", STANDARD.encode(pair)))?);
            }
            Some(secret) => {
                form.append_pair("client_id", &self.config.client_id).append_pair("client_secret", secret);
            }
            None => {
                form.append_pair("client_id", &self.config.client_id);
            }
        }
        let request =
            Outgoing::post(discovered.token.clone(), "application/x-www-form-urlencoded", form.finish());
        Ok(match credentials {
            Some(credentials) => request.with(header::AUTHORIZATION, credentials),
            None => request,
        })
    }
}

/// Our page that ends a sign-in, with what it hands over. Behind `#` it is in no log and no `Referer`.
fn page(pairs: &[(&str, &str)]) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(pairs);
    format!("/signed-in.html#{}", form.finish())
}
