//! The REST bodies a client needs before and beside `/ws`. `GET /api/openapi.json` describes all of them.

use std::fmt;

use ringdown_types::Pii;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use crate::Me;

/// Body of `POST /api/v1/login`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct LoginRequest {
    /// The sign-in name.
    pub username: String,
    /// The password.
    pub password: String,
}

/// A password never reaches a log.
impl fmt::Debug for LoginRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LoginRequest(‹redacted›)")
    }
}

/// Body of `POST /api/v1/refresh` and `POST /api/v1/logout`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RefreshRequest {
    /// The newest refresh token. Each is good for one refresh; using one twice ends the whole sign-in.
    pub refresh_token: String,
}

impl fmt::Debug for RefreshRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RefreshRequest(‹redacted›)")
    }
}

/// Result of `POST /api/v1/login` and `POST /api/v1/refresh`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Tokens {
    /// Goes into `Authorization: Bearer` and into `hello`.
    pub access_token: String,
    /// How long the access token is valid, in seconds.
    pub expires_in: u32,
    /// For the next `POST /api/v1/refresh`.
    pub refresh_token: String,
    /// Who signed in.
    pub me: Me,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens").field("me", &self.me.user_id).finish_non_exhaustive()
    }
}

/// Result of `POST /api/v1/ticket`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Ticket {
    /// Good for one `hello`.
    pub ticket: String,
    /// How long it is valid, in seconds.
    pub expires_in: u32,
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticket").field("expires_in", &self.expires_in).finish_non_exhaustive()
    }
}

/// Every REST error, as `application/problem+json` (RFC 9457).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Problem {
    /// `urn:ringdown:problem:` and the kind, such as `bad-credentials`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What is wrong here.
    #[ts(as = "String")]
    #[schema(value_type = String)]
    pub detail: Pii<String>,
    /// What to do about it.
    pub solutions: Vec<String>,
}
