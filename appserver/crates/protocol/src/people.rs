//! People.

use std::sync::Arc;

use ringdown_types::Pii;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
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

/// People as a state has them. Most sessions are given the same, so it is written once.
#[derive(Debug, Clone)]
pub struct DirectoryText(Arc<RawValue>);

impl DirectoryText {
    /// These people.
    pub fn new(entries: &[DirectoryEntry]) -> Self {
        let text = serde_json::value::to_raw_value(entries);
        Self(text.expect("entries have string keys and finite numbers").into())
    }

    /// The people, for who reads them. Nobody, where the text is not what [`Self::new`] writes.
    pub fn entries(&self) -> Vec<DirectoryEntry> {
        serde_json::from_str(self.0.get()).unwrap_or_default()
    }
}

impl PartialEq for DirectoryText {
    fn eq(&self, other: &Self) -> bool {
        self.0.get() == other.0.get()
    }
}

impl Serialize for DirectoryText {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for DirectoryText {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(Box::<RawValue>::deserialize(deserializer)?.into()))
    }
}
