//! Conference rooms with somebody in them.

use ringdown_types::{CallId, LegId, Pii, RoomId, UserId};
use serde::{Deserialize, Serialize};

use crate::Party;

/// A room as it is. One without members is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RoomInfo {
    /// The room: one of the directory, or one that merging two calls made.
    pub room: RoomId,
    /// The number that reaches it; empty for one that has none.
    pub number: Pii<String>,
    /// Whether only moderators may enter.
    pub is_locked: bool,
    /// Who is in it, in the order they came.
    pub members: Vec<RoomMemberInfo>,
    /// Who was invited and has not answered yet.
    #[serde(default)]
    pub invited: Vec<InvitationInfo>,
}

/// Somebody whom a room calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InvitationInfo {
    /// The call that reaches them; it names the invitation.
    pub call: CallId,
    /// Who it is, or what was dialled while that is not known.
    pub party: Party,
    /// Who invited them.
    pub by: UserId,
    /// Whether one of their devices rings.
    pub is_ringing: bool,
    /// Since when they are called, Unix time in milliseconds.
    pub since: u64,
}

/// A member of a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RoomMemberInfo {
    /// The member's leg.
    pub leg: LegId,
    /// Its call.
    pub call: CallId,
    /// Who it is.
    pub party: Party,
    /// Whether it may mute others, set how loud they are, remove them and lock the room.
    pub is_moderator: bool,
    /// Whether the others do not hear it.
    pub is_muted: bool,
    /// Whether that is a moderator's doing, which the member cannot undo.
    #[serde(default)]
    pub is_silenced: bool,
    /// How loud the others hear it, in decibels; 0 at first.
    #[serde(default)]
    pub gain: i8,
    /// Since when it is there, Unix time in milliseconds.
    pub since: u64,
}
