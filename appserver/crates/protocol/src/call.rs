//! Calls as a client sees them: one per leg of its user.

use std::{collections::BTreeMap, fmt};

use ringdown_types::Pii;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use crate::CallQuality;

/// A call of the user's, on one of the user's devices.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct CallInfo {
    /// Names this side of the call in every method.
    pub id: String,
    /// The same on both sides and in history.
    pub call_id: String,
    /// Whether this session holds the call's audio; a call on another of the user's devices is shown, not controlled.
    pub mine: bool,
    /// In or out.
    pub direction: CallDirection,
    /// Where it is in its life.
    pub state: CallState,
    /// The other side.
    pub peer: PeerInfo,
    /// The user put the other side on hold.
    pub held: bool,
    /// The other side put the user on hold.
    pub held_by_peer: bool,
    /// The other side's connection is lost and may come back within two minutes; the user hears a comfort tone.
    #[serde(default)]
    pub peer_lost: bool,
    /// The other side muted itself. Left out while it did not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub peer_muted: bool,
    /// Muted at the switch.
    pub muted: bool,
    /// Left out but while a conference room asks for its PIN: how many were wrong so far. Keys are the answer, `#` at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub pin_asked: Option<u8>,
    /// Whether the user may record it: `call.record`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub may_record: bool,
    /// Whether anybody records it: the user, the other side, a moderator of its room, an admin.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub is_recorded: bool,
    /// The user's own recording of it that goes on, for `call.stopRecording`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub recording: Option<String>,
    /// When it began, Unix time in milliseconds.
    #[ts(type = "number")]
    pub created_at: u64,
    /// When it was answered.
    #[ts(type = "number | null")]
    pub answered_at: Option<u64>,
    /// What the caller sent along.
    pub variables: BTreeMap<String, String>,
}

/// In or out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum CallDirection {
    /// Somebody calls the user.
    Inbound,
    /// The user calls.
    Outbound,
}

/// Where a call is in its life, as the server knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum CallState {
    /// Outbound: nobody rings yet.
    Dialing,
    /// The called side rings.
    Ringing,
    /// Answered.
    Active,
    /// Over.
    Ended,
}

/// The other side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PeerInfo {
    /// The account; null for a service or an unknown number.
    pub user_id: Option<String>,
    /// The number.
    #[ts(as = "String")]
    #[schema(value_type = String)]
    pub number: Pii<String>,
    /// The name, empty where there is none.
    #[ts(as = "String")]
    #[schema(value_type = String)]
    pub name: Pii<String>,
}

/// A session description, as `RTCSessionDescriptionInit`. It holds credentials: `Debug` shows its size only.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Description {
    /// Offer or answer.
    #[serde(rename = "type")]
    pub kind: DescriptionKind,
    /// The text, at most 32 KiB.
    pub sdp: String,
}

impl fmt::Debug for Description {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Description({:?}, {} bytes)", self.kind, self.sdp.len())
    }
}

/// How a description is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum DescriptionKind {
    /// An offer.
    Offer,
    /// An answer.
    Answer,
}

/// Who ended a call, seen from the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum EndedBy {
    /// The user.
    Local,
    /// The other side.
    Remote,
    /// The server.
    Server,
}

/// A finished call of the user's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HistoryEntry {
    /// The call.
    pub call_id: String,
    /// In or out.
    pub direction: CallDirection,
    /// The other side.
    pub peer: PeerInfo,
    /// When it began, Unix time in milliseconds.
    #[ts(type = "number")]
    pub started_at: u64,
    /// When it was answered.
    #[ts(type = "number | null")]
    pub answered_at: Option<u64>,
    /// When it ended.
    #[ts(type = "number")]
    pub ended_at: u64,
    /// Why it ended: an `EndReason` name.
    pub reason: String,
    /// What became of it for this user.
    pub outcome: CallOutcome,
    /// How good the audio of the user's device was; null for a call without audio.
    pub quality: Option<CallQuality>,
}

/// What became of a finished call for one of its sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CallOutcome {
    /// The user talked, on any of their devices.
    Answered,
    /// It rang for the user, and somebody else took it: another member of the group, or who picked it up.
    AnsweredElsewhere,
    /// It was for the user, who did not take it.
    Missed,
    /// The user declined it.
    Declined,
    /// The user's own call, which nobody answered: `reason` says why.
    Unanswered,
}
