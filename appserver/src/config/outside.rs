//! Who else may say who somebody is: issuers of signed tokens, servers with a secret, OpenID providers.

use std::{ops::RangeInclusive, path::PathBuf, str::FromStr};

use serde::Deserialize;
use url::{Host, Url};

use super::{ConfigError, Secret};
use crate::jose::Algorithm;

/// An issuer of signed tokens, such as a CRM: `[[trusted_issuers]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustedIssuer {
    /// What its tokens have as `iss`.
    pub issuer: String,
    /// What they have as `aud`.
    #[serde(default = "default_audience")]
    pub audience: String,
    /// How they are signed; no other way is taken.
    pub algorithm: Algorithm,
    /// Its public key in PEM, or for HS256 a file with the secret.
    pub key_file: Option<PathBuf>,
    /// The secret for HS256.
    pub secret: Option<Secret>,
    /// Where its public keys are fetched as a JSON web key set.
    pub jwks_url: Option<String>,
    /// The claim that names the account.
    #[serde(default = "default_subject")]
    pub username_claim: String,
    /// How far ahead `exp` may lie, in seconds. Longer makes a stolen token worth more.
    #[serde(default = "default_lifetime")]
    pub max_lifetime: u64,
    /// Whose accounts it speaks for.
    #[serde(default)]
    pub accounts: AccountRules,
}

/// A server that asks for sign-ins with a secret: `[[trusted_servers]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustedServer {
    /// A name for the log.
    pub name: String,
    /// The secret, 32 characters or more.
    pub secret: Option<Secret>,
    /// A file that holds it.
    pub secret_file: Option<PathBuf>,
    /// Whose accounts it speaks for.
    #[serde(default)]
    pub accounts: AccountRules,
}

/// An OpenID provider people sign in with: `[[oidc_providers]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OidcProvider {
    /// Its name in paths: letters, digits and hyphens.
    pub id: String,
    /// What its button says.
    pub title: String,
    /// Its issuer; the discovery document lies below.
    pub issuer: String,
    /// As what we are registered there.
    pub client_id: String,
    /// The secret of the registration; a public one has none.
    pub client_secret: Option<Secret>,
    /// A file that holds it.
    pub client_secret_file: Option<PathBuf>,
    /// What is asked for beside `openid`.
    #[serde(default = "default_scopes")]
    pub scopes: Vec<String>,
    /// How its ID tokens are signed; no other way is taken.
    #[serde(default = "default_algorithm")]
    pub algorithm: Algorithm,
    /// The claim that names the account at the first sign-in; later `sub` does. `email` counts where it is verified.
    #[serde(default = "default_preferred")]
    pub username_claim: String,
    /// Whose accounts it speaks for.
    #[serde(default)]
    pub accounts: AccountRules,
}

/// Whose accounts somebody else speaks for.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AccountRules {
    /// Whether an account is made for whoever has none.
    pub create: bool,
    /// The numbers new accounts get, `200-299`; without, only those the token names in `extension`.
    pub extensions: Option<ExtensionRange>,
    /// Whether admins may be signed in.
    pub admins: bool,
}

/// Numbers of equal length.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct ExtensionRange {
    digits: usize,
    range: RangeInclusive<u64>,
}

impl ExtensionRange {
    /// The numbers, lowest first.
    pub fn numbers(&self) -> impl Iterator<Item = String> + use<> {
        let digits = self.digits;
        self.range.clone().map(move |number| format!("{number:0digits$}"))
    }
}

impl FromStr for ExtensionRange {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WRONG: &str = "extensions are a range of numbers of equal length, such as 200-299";
        let (first, last) = text.split_once('-').ok_or(WRONG)?;
        let is_number =
            |text: &str| (1..=9).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        if !is_number(first) || !is_number(last) || first.len() != last.len() || first > last {
            return Err(WRONG);
        }
        let read = |text: &str| text.parse().map_err(|_| WRONG);
        Ok(Self { digits: first.len(), range: read(first)?..=read(last)? })
    }
}

impl TryFrom<String> for ExtensionRange {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl TrustedIssuer {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let sources = [self.key_file.is_some(), self.secret.is_some(), self.jwks_url.is_some()];
        let fits = match self.algorithm {
            Algorithm::Hs256 => self.jwks_url.is_none(),
            _ => self.secret.is_none(),
        };
        if sources.into_iter().filter(|&given| given).count() != 1 || !fits {
            return Err(ConfigError::Inconsistent(
                "each of trusted_issuers has one of key_file, secret (HS256 only) and jwks_url (not for HS256)",
            ));
        }
        if self.issuer.is_empty() || self.audience.is_empty() || !(1..=86_400).contains(&self.max_lifetime) {
            return Err(ConfigError::Inconsistent(
                "trusted_issuers need issuer and audience, and max_lifetime is 1 to 86400 seconds",
            ));
        }
        if self.jwks_url.as_deref().is_some_and(|url| !is_safe(url)) {
            return Err(ConfigError::Inconsistent("jwks_url is an https: URL, or http: on this host"));
        }
        Ok(())
    }
}

impl TrustedServer {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if self.secret.is_some() == self.secret_file.is_some() {
            return Err(ConfigError::Inconsistent("each of trusted_servers has secret or secret_file"));
        }
        Ok(())
    }
}

impl OidcProvider {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let is_id = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if !(1..=32).contains(&self.id.len()) || !self.id.bytes().all(is_id) {
            return Err(ConfigError::Inconsistent(
                "the id of each of oidc_providers is 1 to 32 letters, digits and hyphens",
            ));
        }
        if !is_safe(&self.issuer) || self.client_id.is_empty() || self.algorithm == Algorithm::Hs256 {
            return Err(ConfigError::Inconsistent(
                "oidc_providers have an https: issuer, a client_id, and an algorithm with public keys",
            ));
        }
        if self.client_secret.is_some() && self.client_secret_file.is_some() {
            return Err(ConfigError::Inconsistent("oidc_providers have client_secret or client_secret_file"));
        }
        Ok(())
    }
}

/// Whether what comes from there comes from there: TLS, or this very host.
fn is_safe(url: &str) -> bool {
    let Ok(url) = Url::parse(url) else { return false };
    match url.host() {
        Some(Host::Ipv4(address)) if url.scheme() == "http" => address.is_loopback(),
        Some(Host::Ipv6(address)) if url.scheme() == "http" => address.is_loopback(),
        Some(Host::Domain(name)) if url.scheme() == "http" => name == "localhost",
        Some(_) => url.scheme() == "https",
        None => false,
    }
}

fn default_audience() -> String {
    "ringdown".to_owned()
}

fn default_subject() -> String {
    "sub".to_owned()
}

fn default_preferred() -> String {
    "preferred_username".to_owned()
}

const fn default_lifetime() -> u64 {
    300
}

fn default_scopes() -> Vec<String> {
    vec!["profile".to_owned(), "email".to_owned()]
}

const fn default_algorithm() -> Algorithm {
    Algorithm::Rs256
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_counts_with_its_leading_zeros() {
        let range: ExtensionRange = "098-101".parse().expect("a range");
        assert_eq!(range.numbers().collect::<Vec<_>>(), ["098", "099", "100", "101"]);
        for wrong in ["", "1", "1-", "-1", "9-10", "300-200", "a-b", "1-2-3", "1000000000-1000000001"] {
            assert!(wrong.parse::<ExtensionRange>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn keys_come_over_tls_or_from_this_host() {
        for safe in ["https://id.example", "http://127.0.0.1:1/x", "http://[::1]", "http://localhost:8080"] {
            assert!(is_safe(safe), "{safe}");
        }
        for unsafe_one in
            ["http://id.example", "http://localhost.example", "ftp://id.example", "id.example", ""]
        {
            assert!(!is_safe(unsafe_one), "{unsafe_one}");
        }
    }
}
