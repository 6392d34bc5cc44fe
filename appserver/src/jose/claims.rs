//! What a token says, and whether it says it to us and in time.

use std::fmt;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::TokenError;

/// Clocks may differ by so many seconds. More would lengthen the life of every stolen token.
pub const SKEW: u64 = 30;
/// The longest `sub` and `jti`.
const MAX_ID_BYTES: usize = 255;

/// Claims (RFC 7519 §4.1, OpenID Connect Core §2).
#[derive(Clone, Deserialize)]
pub struct Claims {
    /// Who signed.
    pub iss: String,
    /// Whom it speaks of.
    pub sub: String,
    /// Whom it is for: one name or several.
    aud: Audience,
    /// To whom it was given, where `aud` has several.
    #[serde(default)]
    azp: Option<String>,
    /// When it ends, Unix seconds; a fraction is cut off.
    exp: f64,
    #[serde(default)]
    nbf: Option<f64>,
    #[serde(default)]
    iat: Option<f64>,
    /// Its own name.
    #[serde(default)]
    pub jti: Option<String>,
    #[serde(default)]
    nonce: Option<String>,
    /// Everything else.
    #[serde(flatten)]
    rest: Map<String, Value>,
}

/// Claims are about a person.
impl fmt::Debug for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Claims(‹redacted›)")
    }
}

#[derive(Clone, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

/// What must hold.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// The only issuer.
    pub issuer: &'a str,
    /// How `aud` must name us.
    pub audience: &'a str,
    /// How far ahead `exp` may lie, in seconds.
    pub max_lifetime: u64,
    /// Whether `jti` must be there.
    pub has_id: bool,
    /// The nonce that was asked for.
    pub nonce: Option<&'a str>,
}

impl Claims {
    pub(super) fn check(&self, expected: &Expected<'_>, now: u64) -> Result<(), TokenError> {
        if self.iss != expected.issuer {
            return Err(TokenError::Issuer);
        }
        self.check_audience(expected.audience)?;
        let exp = seconds(self.exp).ok_or(TokenError::Expired)?;
        if exp + SKEW <= now {
            return Err(TokenError::Expired);
        }
        if exp > now + SKEW + expected.max_lifetime {
            return Err(TokenError::TooLong);
        }
        for begin in [self.nbf, self.iat].into_iter().flatten() {
            if seconds(begin).is_none_or(|begin| begin > now + SKEW) {
                return Err(TokenError::Early);
            }
        }
        let fits = |text: &str| (1..=MAX_ID_BYTES).contains(&text.len());
        if !fits(&self.sub) {
            return Err(TokenError::Claim("sub"));
        }
        if expected.has_id && !self.jti.as_deref().is_some_and(fits) {
            return Err(TokenError::Claim("jti"));
        }
        if expected.nonce.is_some() && self.nonce.as_deref() != expected.nonce {
            return Err(TokenError::Claim("nonce"));
        }
        Ok(())
    }

    fn check_audience(&self, ours: &str) -> Result<(), TokenError> {
        let is_named = match &self.aud {
            Audience::One(name) => name == ours,
            Audience::Many(names) => names.iter().any(|name| name == ours),
        };
        // OpenID Connect Core §3.1.3.7: of several, `azp` says to whom it was given.
        let is_given = self.azp.as_deref().is_none_or(|azp| azp == ours);
        if is_named && is_given { Ok(()) } else { Err(TokenError::Audience) }
    }

    /// A claim that is a text.
    pub fn text(&self, name: &str) -> Option<&str> {
        match name {
            "sub" => Some(&self.sub),
            name => self.rest.get(name)?.as_str(),
        }
    }

    /// A claim that is yes or no; some providers write it as a text.
    pub fn is(&self, name: &str) -> bool {
        match self.rest.get(name) {
            Some(Value::Bool(yes)) => *yes,
            Some(Value::String(text)) => text == "true",
            _ => false,
        }
    }

    /// When it can be forgotten, Unix seconds.
    pub fn forgotten_at(&self) -> u64 {
        seconds(self.exp).unwrap_or_default() + SKEW
    }
}

/// A NumericDate; `None` where it is none that a clock will ever show.
fn seconds(date: f64) -> Option<u64> {
    const YEAR_9999: f64 = 253_402_300_799.0;
    (0.0..=YEAR_9999).contains(&date).then_some(date as u64)
}
