//! Conference rooms as their members see them.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::PeerInfo;

/// Parameters of `call.merge`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct MergeParams {
    /// The `id` of the call that goes on, in a conference room.
    pub call: String,
    /// The `id` of the user's other call, whose other side comes along. It ends.
    pub other: String,
}

/// Parameters of `room.mute`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RoomMuteParams {
    /// The room.
    pub room: String,
    /// The member: its `id`.
    pub member: String,
    /// Whether the others are not to hear it.
    pub muted: bool,
}

/// Parameters of `room.gain`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RoomGainParams {
    /// The room.
    pub room: String,
    /// The member: its `id`.
    pub member: String,
    /// How much louder the others are to hear it, in decibels: −60 (silence) to 20, 0 for as it is.
    pub decibels: i8,
}

/// Parameters of `room.remove`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RoomRemoveParams {
    /// The room.
    pub room: String,
    /// The member: its `id`.
    pub member: String,
}

/// Parameters of `room.lock`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RoomLockParams {
    /// The room.
    pub room: String,
    /// Whether only moderators may enter.
    pub locked: bool,
}

/// A conference room with somebody in it; its members are told of it. One without members is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RoomState {
    /// The room.
    pub room: String,
    /// The number that reaches it; empty for one that merging calls made.
    pub number: String,
    /// Whether only moderators may enter.
    pub is_locked: bool,
    /// Who is in it, in the order they came.
    pub members: Vec<RoomMember>,
    /// Who was invited and has not answered yet.
    pub invited: Vec<RoomInvitation>,
}

/// Somebody whom a room calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RoomInvitation {
    /// Names the invitation, for `room.uninvite`.
    pub id: String,
    /// Who it is, or the number that was dialled while that is not known.
    pub party: PeerInfo,
    /// The account of whoever invited them.
    pub by: String,
    /// Whether one of their devices rings.
    pub is_ringing: bool,
    /// Since when they are called, Unix time in milliseconds.
    #[ts(type = "number")]
    pub since: u64,
}

/// Parameters of `room.invite`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RoomInviteParams {
    /// The `id` of the user's call: in a room, or with one other side, of which a room is made.
    pub call: String,
    /// Whom the room calls: a number, at most 64 characters.
    pub to: String,
}

/// Result of `room.invite`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Invited {
    /// The room.
    pub room: String,
    /// The invitation's `id`.
    pub invitation: String,
}

/// Parameters of `room.uninvite`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RoomUninviteParams {
    /// The room.
    pub room: String,
    /// The invitation's `id`.
    pub invitation: String,
}

/// Somebody in a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RoomMember {
    /// Names the member; the `id` of the call if it is the user's own.
    pub id: String,
    /// Who it is.
    pub party: PeerInfo,
    /// Whether it may mute and remove others, set how loud they are and lock the room.
    pub is_moderator: bool,
    /// Whether the others do not hear it.
    pub is_muted: bool,
    /// Whether that is a moderator's doing, which the member cannot undo.
    pub is_silenced: bool,
    /// How much louder the others hear it than it is, in decibels.
    pub gain: i8,
    /// Since when it is there, Unix time in milliseconds.
    #[ts(type = "number")]
    pub since: u64,
}
