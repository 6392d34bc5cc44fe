//! Tokens that others sign: whose they are, and that each is shown once.

use anyhow::Context as _;
use ringdown_types::UserId;
use url::Url;

use super::{
    accounts::{self, Outsider},
    keys::{KeySource, KeysError},
    secret,
};
use crate::{
    access::hash_secret,
    clock::unix_ms,
    config::{AccountRules, TrustedIssuer},
    jose::{self, Algorithm, Expected, Key, Keys},
    problem::Refusal,
    server::App,
};

/// Everybody who signs tokens.
#[derive(Debug)]
pub(super) struct Issuers(Vec<Issuer>);

#[derive(Debug)]
struct Issuer {
    name: String,
    audience: String,
    keys: KeySource,
    username_claim: String,
    max_lifetime: u64,
    accounts: AccountRules,
}

impl Issuers {
    pub(super) fn load(issuers: &[TrustedIssuer]) -> anyhow::Result<Self> {
        issuers.iter().map(Issuer::load).collect::<anyhow::Result<_>>().map(Self)
    }

    /// The account a token speaks of.
    pub(super) async fn redeem(&self, app: &App, token: &str) -> Result<UserId, Refusal> {
        let claimed = jose::claimed(token).map_err(|error| refused(&error))?;
        // Two entries may share an issuer: with a key that is on its way out, or for another audience.
        let mut outcome = Err(Refusal::BadCredentials);
        for issuer in self.0.iter().filter(|issuer| issuer.name == claimed.1) {
            outcome = match (issuer.redeem(app, token).await, outcome) {
                (Err(Refusal::BadCredentials), outcome) => outcome,
                (Err(Refusal::ProviderUnavailable), _) => Err(Refusal::ProviderUnavailable),
                (decided, _) => return decided,
            };
        }
        outcome
    }
}

impl Issuer {
    fn load(config: &TrustedIssuer) -> anyhow::Result<Self> {
        let about = || format!("the key of the trusted issuer {}", config.issuer);
        let keys = match (&config.jwks_url, config.algorithm) {
            (Some(url), algorithm) => KeySource::fetched(algorithm, Url::parse(url).with_context(about)?),
            (None, algorithm) => {
                let text = secret(config.secret.as_ref(), config.key_file.as_deref()).with_context(about)?;
                let text = text.with_context(about)?;
                let key = match algorithm {
                    Algorithm::Hs256 => Key::secret(text.as_bytes()),
                    _ => Key::pem(algorithm, text.as_bytes()),
                };
                KeySource::Fixed(Keys::one(algorithm, key.with_context(about)?))
            }
        };
        Ok(Self {
            name: config.issuer.clone(),
            audience: config.audience.clone(),
            keys,
            username_claim: config.username_claim.clone(),
            max_lifetime: config.max_lifetime,
            accounts: config.accounts.clone(),
        })
    }

    async fn redeem(&self, app: &App, token: &str) -> Result<UserId, Refusal> {
        let now = unix_ms() / 1000;
        let expected = Expected {
            issuer: &self.name,
            audience: &self.audience,
            max_lifetime: self.max_lifetime,
            has_id: true,
            nonce: None,
        };
        let verified = self.keys.verify(app.outside.sender(), token, &expected, now).await;
        let claims = verified.map_err(|error| match error {
            KeysError::Token(error) => refused(&error),
            // Nobody showed anything wrong: its keys are not to be had.
            KeysError::Fetch(_) | KeysError::Status(_) | KeysError::Unusable(_) => {
                tracing::warn!(issuer = %self.name, %error, "nobody is signed in by the word of an issuer");
                Refusal::ProviderUnavailable
            }
        })?;
        // Marked before anything is done: of two who show it at once, one gets in.
        let name = format!("{} {}", self.name, claims.jti.as_deref().unwrap_or_default());
        if !app.store.show_token(&hash_secret(&name), claims.forgotten_at(), now).await? {
            return Err(refused(&"it was shown before"));
        }
        let is_subject = self.username_claim == "sub";
        let who = Outsider {
            // Where `sub` names the account, it does so anew each time: a name that changes hands goes along.
            identity: (!is_subject).then(|| (self.name.clone(), claims.sub.clone())),
            ..Outsider::of(&claims, &self.username_claim)
        };
        Ok(accounts::find_or_create(app, &who, &self.accounts).await?.id)
    }
}

/// What is wrong is for whoever runs the servers; the page learns that it is.
fn refused(error: &dyn std::fmt::Display) -> Refusal {
    tracing::info!(%error, "a signed token is refused");
    Refusal::BadCredentials
}
