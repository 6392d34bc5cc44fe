//! People and their presence.

use ringdown_types::Pii;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use crate::Activity;

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
}

/// Whether somebody can be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum PresenceState {
    /// No device is reachable.
    Offline,
    /// A device is reachable.
    Online,
    /// A device rings, or the user is calling somebody who has not answered.
    Ringing,
    /// In an answered call.
    OnCall,
}

/// A change of presence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PresenceEntry {
    /// The account.
    pub user_id: String,
    /// The presence.
    pub presence: PresenceState,
    /// What they say they do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub activity: Option<Activity>,
    /// The same in their own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, as = "Option<String>")]
    pub note: Option<Pii<String>>,
}
