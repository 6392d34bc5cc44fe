//! Signed JSON web tokens (RFC 7515, 7519) of others: keys, signatures and claims. Pure.
//!
//! A key is made for one algorithm, and a token's header may only agree with it: there is no `none`, and a public key
//! can never be taken for a secret. `jwk`, `jku` and `x5u` of a header are not looked at, `crit` refuses the token.

mod claims;
mod key;

pub use claims::{Claims, Expected, SKEW};
pub use key::{Algorithm, Key, KeyError, Keys};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use serde::Deserialize;

/// The longest token that is read.
pub const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// Why a token is not taken. Told to whoever runs the servers, never to who shows the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// No JSON web token, or one of more than [`MAX_TOKEN_BYTES`].
    #[error("it is no signed JSON web token")]
    Malformed,
    /// The header names another algorithm than the key is for.
    #[error("it is signed by another algorithm than its key is for")]
    Algorithm,
    /// The header asks for what is not understood.
    #[error("its header has `crit`")]
    Critical,
    /// The header names a key that is not known.
    #[error("its key is not known")]
    UnknownKey,
    /// The signature is not the key's.
    #[error("its signature does not fit")]
    Signature,
    /// `iss` is somebody else.
    #[error("`iss` is not the issuer")]
    Issuer,
    /// `aud` names somebody else.
    #[error("`aud` does not name this server")]
    Audience,
    /// `exp` is missing or over.
    #[error("it is over, or has no `exp`")]
    Expired,
    /// `nbf` or `iat` lies ahead.
    #[error("it is not valid yet")]
    Early,
    /// `exp` lies too far ahead.
    #[error("it lives too long")]
    TooLong,
    /// `sub`, `jti` or `nonce` is missing or out of bounds.
    #[error("`{0}` is missing, too long or not the one expected")]
    Claim(&'static str),
}

/// What a header may say; everything else in it is passed over.
#[derive(Deserialize)]
struct Header {
    alg: String,
    #[serde(default)]
    kid: Option<String>,
    #[serde(default)]
    crit: Option<serde_json::Value>,
}

/// The key id a token names, and its issuer as it claims: only to choose whose keys to ask, for nothing is checked.
///
/// # Errors
/// When it is no token.
pub fn claimed(token: &str) -> Result<(Option<String>, String), TokenError> {
    #[derive(Deserialize)]
    struct Issuer {
        iss: String,
    }
    let (header, claims, _) = split(token)?;
    let header: Header = read(header)?;
    let Issuer { iss } = read(claims)?;
    Ok((header.kid, iss))
}

/// Checks a token's signature by one of the keys, then its claims by what is expected at `now`, Unix seconds.
///
/// # Errors
/// When it may not be trusted.
pub fn verify(token: &str, keys: &Keys, expected: &Expected<'_>, now: u64) -> Result<Claims, TokenError> {
    let (header, claims, signature) = split(token)?;
    let signed = &token[..header.len() + 1 + claims.len()];
    let header: Header = read(header)?;
    if header.crit.is_some() {
        return Err(TokenError::Critical);
    }
    if header.alg != keys.algorithm().name() {
        return Err(TokenError::Algorithm);
    }
    let signature = BASE64.decode(signature).map_err(|_| TokenError::Malformed)?;
    keys.verify(header.kid.as_deref(), signed.as_bytes(), &signature)?;
    let claims: Claims = read(claims)?;
    claims.check(expected, now)?;
    Ok(claims)
}

fn split(token: &str) -> Result<(&str, &str, &str), TokenError> {
    if token.len() > MAX_TOKEN_BYTES {
        return Err(TokenError::Malformed);
    }
    let mut parts = token.split('.');
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(header), Some(claims), Some(signature), None) => Ok((header, claims, signature)),
        _ => Err(TokenError::Malformed),
    }
}

fn read<T: serde::de::DeserializeOwned>(part: &str) -> Result<T, TokenError> {
    let bytes = BASE64.decode(part).map_err(|_| TokenError::Malformed)?;
    serde_json::from_slice(&bytes).map_err(|_| TokenError::Malformed)
}

#[cfg(test)]
mod tests;
