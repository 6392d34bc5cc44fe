//! Everything live on a softswitch.

use ringdown_types::{CallId, Pii};
use serde::{Deserialize, Serialize};

use crate::{
    LegInfo, ParkedInfo, Party, PersonStatement, Recording, RegistrationInfo, RoomInfo, SettingChanged,
    VoicemailCount,
};

/// Everything live, as of one event number.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Snapshot {
    /// Calls that are not over.
    pub calls: Vec<CallInfo>,
    /// Users with at least one reachable telephone.
    pub registrations: Vec<RegistrationInfo>,
    /// Conference rooms with somebody in them.
    #[serde(default)]
    pub rooms: Vec<RoomInfo>,
    /// Mailboxes with messages.
    #[serde(default)]
    pub voicemail: Vec<VoicemailCount>,
    /// Settings changed on the switch that the directory in force does not hold, oldest first for each user.
    #[serde(default)]
    pub settings: Vec<SettingChanged>,
    /// Users whose telephones say something of them.
    #[serde(default)]
    pub published: Vec<PersonStatement>,
    /// Who is parked where.
    #[serde(default)]
    pub parked: Vec<ParkedInfo>,
    /// Recordings that go on.
    #[serde(default)]
    pub recordings: Vec<Recording>,
}

/// A call and its legs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CallInfo {
    /// The call.
    pub call: CallId,
    /// Who calls.
    pub caller: Party,
    /// What was dialled.
    pub dialled: Pii<String>,
    /// When it began, Unix time in milliseconds.
    pub started_at: u64,
    /// Its legs.
    pub legs: Vec<LegInfo>,
}
