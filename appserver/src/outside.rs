//! Signing in by the word of somebody else: signed tokens, servers with a secret, OpenID providers.
//!
//! ```text
//!  CRM's server ─ signs a token ────────▶ page ─ POST login/token ─▶ tokens::Issuers ─┐
//!  CRM's server ─ POST login/for ─▶ code ▶ page ─ POST login/token ─▶ OneTime ────────┤
//!  window ─ oidc/{id}/start ─▶ provider ─▶ oidc/callback ─▶ code ─▶ oidc/redeem ──────┴▶ accounts ─▶ sign_in
//! ```

mod accounts;
mod keys;
mod numbers;
mod oidc;
mod one_time;
mod tokens;

use std::{
    collections::HashSet,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use ringdown_types::UserId;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use url::Url;

pub use accounts::Outsider;
pub use oidc::{Begun, Returned, SignedIn};

use crate::{
    config::{AccountRules, Config, Secret},
    outgoing::Sender,
    problem::Refusal,
    server::App,
};
pub(crate) use one_time::OneTime;

/// How long the code of a trusted server is good for.
pub const CODE_LIFETIME: Duration = Duration::from_secs(60);
/// Codes at once; beyond it the oldest give way.
const MAX_CODES: usize = 10_000;

/// Everybody whose word is taken.
#[derive(Debug)]
pub struct Outside {
    issuers: tokens::Issuers,
    servers: Vec<Server>,
    oidc: oidc::Providers,
    codes: OneTime<UserId>,
    numbers: numbers::Numbers,
    sender: Arc<Sender>,
}

#[derive(Debug)]
struct Server {
    name: String,
    secret_hash: [u8; 32],
    accounts: AccountRules,
}

impl Outside {
    /// Reads keys and secrets of the configuration.
    ///
    /// # Errors
    /// When a file cannot be read, or holds no key of its algorithm.
    pub fn load(config: &Config) -> anyhow::Result<Self> {
        let urls = config.trusted_issuers.iter().filter_map(|issuer| issuer.jwks_url.as_deref());
        let urls = urls.chain(config.oidc_providers.iter().map(|provider| provider.issuer.as_str()));
        let hosts: HashSet<_> =
            urls.filter_map(|url| Some(Url::parse(url).ok()?.host_str()?.to_owned())).collect();
        let mut servers = Vec::new();
        for server in &config.trusted_servers {
            let secret = secret(server.secret.as_ref(), server.secret_file.as_deref())?;
            let secret =
                secret.with_context(|| format!("the trusted server {} has no secret", server.name))?;
            anyhow::ensure!(
                secret.len() >= 32,
                "the secret of the trusted server {} is shorter than 32 characters",
                server.name
            );
            servers.push(Server {
                name: server.name.clone(),
                secret_hash: Sha256::digest(secret.as_bytes()).into(),
                accounts: server.accounts.clone(),
            });
        }
        Ok(Self {
            issuers: tokens::Issuers::load(&config.trusted_issuers)?,
            servers,
            oidc: oidc::Providers::load(config)?,
            codes: OneTime::new(CODE_LIFETIME, MAX_CODES),
            numbers: numbers::Numbers::default(),
            sender: Arc::new(Sender::new(hosts)),
        })
    }

    /// The providers' names and titles.
    pub fn providers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.oidc.titles()
    }

    /// Sends for those who sign in.
    pub fn sender(&self) -> &Sender {
        &self.sender
    }

    /// The account of a signed token or of a trusted server's code. Each is good once.
    ///
    /// # Errors
    /// [`Refusal::BadCredentials`] whatever is wrong with it: what exactly is in the log.
    pub async fn redeem(&self, app: &App, token: &str) -> Result<UserId, Refusal> {
        if token.contains('.') {
            return self.issuers.redeem(app, token).await;
        }
        self.codes.redeem(Instant::now(), token).ok_or(Refusal::BadCredentials)
    }

    /// A code for the account of somebody a trusted server names.
    ///
    /// # Errors
    /// When the secret is nobody's, or there is no such account and none may be made.
    pub async fn code_for(&self, app: &App, secret: &str, who: &Outsider) -> Result<String, Refusal> {
        let hash: [u8; 32] = Sha256::digest(secret.as_bytes()).into();
        let mut known = self.servers.iter().filter(|server| server.secret_hash.ct_eq(&hash).into());
        let server = known.next_back().ok_or(Refusal::BadCredentials)?;
        let account = accounts::find_or_create(app, who, &server.accounts).await?;
        tracing::info!(server = %server.name, account = %account.id, "a trusted server signs somebody in");
        Ok(self.codes.issue(Instant::now(), account.id))
    }

    /// Begins a sign-in with a provider.
    ///
    /// # Errors
    /// When there is no such provider, it does not answer, or what is asked for is not in order.
    pub async fn begin(&self, app: &App, begun: Begun) -> Result<Url, Refusal> {
        self.oidc.begin(app, begun).await
    }

    /// Takes what a provider sends back; where the window goes next.
    pub async fn finish(&self, app: &App, returned: Returned) -> String {
        self.oidc.finish(app, returned).await
    }

    /// The account of a sign-in with a provider, for the page that began it.
    ///
    /// # Errors
    /// When the code is not good any more, or the page is another.
    pub fn redeem_oidc(&self, signed_in: &SignedIn) -> Result<UserId, Refusal> {
        self.oidc.redeem(signed_in)
    }
}

/// A secret of the configuration or of the file it names.
fn secret(given: Option<&Secret>, file: Option<&Path>) -> anyhow::Result<Option<String>> {
    match (given, file) {
        (Some(secret), _) => Ok(Some(secret.0.clone())),
        (None, Some(path)) => {
            let text = std::fs::read_to_string(path);
            Ok(Some(text.with_context(|| format!("cannot read {}", path.display()))?.trim().to_owned()))
        }
        (None, None) => Ok(None),
    }
}
