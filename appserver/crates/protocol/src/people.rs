//! People.

use ringdown_types::Pii;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use crate::{Activity, PresenceState};

/// What an account may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Everything.
    Admin,
    /// Calls, and the own account.
    User,
}

/// Who signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Me {
    /// The account.
    pub user_id: String,
    /// The sign-in name.
    #[ts(as = "String")]
    #[schema(value_type = String)]
    pub username: Pii<String>,
    /// The name others see.
    #[ts(as = "String")]
    #[schema(value_type = String)]
    pub name: Pii<String>,
    /// The number others dial; null for an account without a telephone.
    #[ts(type = "string | null")]
    #[schema(value_type = Option<String>)]
    pub extension: Option<Pii<String>>,
    /// What the account may do.
    pub role: Role,
}

/// A colleague.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct DirectoryEntry {
    /// The account.
    pub user_id: String,
    /// The name.
    #[ts(as = "String")]
    pub name: Pii<String>,
    /// The number to dial.
    #[ts(as = "String")]
    pub extension: Pii<String>,
    /// Where they work; empty for no department.
    #[serde(default)]
    #[ts(as = "String")]
    pub department: Pii<String>,
    /// Their picture: a path on the server, which needs no sign-in and changes with the picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub photo: Option<String>,
    /// Presence.
    pub presence: PresenceState,
    /// What they say they do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub activity: Option<Activity>,
    /// The same in their own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, as = "Option<String>")]
    pub note: Option<Pii<String>>,
    /// Until when they said so, Unix time in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub until: Option<u64>,
    /// Whether the only devices they could be reached at are pages that may play no sound yet.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub cannot_ring: bool,
}
