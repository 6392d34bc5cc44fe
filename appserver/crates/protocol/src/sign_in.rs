//! The REST bodies of signing in by the word of somebody else.

use std::fmt;

use ringdown_types::Pii;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

/// Result of `GET /api/v1/sign-in`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct SignInMethods {
    /// Whether a name and a password do.
    pub password: bool,
    /// OpenID providers.
    pub providers: Vec<SignInProvider>,
}

/// An OpenID provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct SignInProvider {
    /// Its name in paths.
    pub id: String,
    /// What its button says.
    pub title: String,
}

/// Body of `POST /api/v1/login/token`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct TokenLogin {
    /// A token that a trusted issuer signed, or a code of `POST /api/v1/login/for`.
    pub token: String,
}

impl fmt::Debug for TokenLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenLogin(‹redacted›)")
    }
}

/// Body of `POST /api/v1/login/for`: one of a trusted server's users.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct LoginFor {
    /// The sign-in name.
    #[ts(as = "String")]
    #[schema(value_type = String)]
    pub username: Pii<String>,
    /// The name others see; for an account that is made.
    #[serde(default)]
    #[ts(optional, as = "Option<String>")]
    #[schema(value_type = Option<String>)]
    pub name: Option<Pii<String>>,
    /// The number others dial; for an account that is made.
    #[serde(default)]
    #[ts(optional, as = "Option<String>")]
    #[schema(value_type = Option<String>)]
    pub extension: Option<Pii<String>>,
    /// Where they work; for an account that is made.
    #[serde(default)]
    #[ts(optional, as = "Option<String>")]
    #[schema(value_type = Option<String>)]
    pub department: Option<Pii<String>>,
}

/// Result of `POST /api/v1/login/for`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LoginCode {
    /// For `POST /api/v1/login/token`, once.
    pub token: String,
    /// How long it is good for, in seconds.
    pub expires_in: u32,
}

impl fmt::Debug for LoginCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LoginCode(‹redacted›)")
    }
}

/// Body of `POST /api/v1/oidc/redeem`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct OidcRedeem {
    /// What the window handed over.
    pub code: String,
    /// The secret the page made at the beginning.
    pub verifier: String,
}

impl fmt::Debug for OidcRedeem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OidcRedeem(‹redacted›)")
    }
}
