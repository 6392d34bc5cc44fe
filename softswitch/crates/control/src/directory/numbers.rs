//! Numbers that are not one user's: groups, rooms, the parking lot.

use std::fmt;

use ringdown_types::{Extension, GroupId, Pii, RingStrategy, RoomId, UserId};
use serde::{Deserialize, Serialize};

/// A number that rings several users.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RingGroup {
    /// The group.
    pub id: GroupId,
    /// The number others dial.
    pub extension: Extension,
    /// The name members see when it rings, 1 to 64 characters.
    pub name: String,
    /// Who rings, 1 to [`RingGroup::MAX_MEMBERS`], each once. The order counts for some strategies.
    pub members: Vec<UserId>,
    /// How they ring.
    pub strategy: RingStrategy,
    /// How long they ring, in seconds, 5 to 300: all together, or each in their turn.
    pub ring_seconds: u16,
    /// Where the call goes when nobody answers; `None` ends it.
    #[serde(default)]
    pub overflow: Option<Extension>,
}

impl RingGroup {
    /// The most members. More would let one call start more legs than a switch should for a stranger.
    pub const MAX_MEMBERS: usize = 64;
}

/// A number whose callers all talk with each other.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConferenceRoom {
    /// The room.
    pub id: RoomId,
    /// The number others dial.
    pub extension: Extension,
    /// The name members see, 1 to 64 characters.
    pub name: String,
    /// Digits everybody must press to enter, 4 to 12; `None` where everybody may.
    #[serde(default)]
    pub pin: Option<Pii<String>>,
    /// Digits that make whoever presses them a moderator, 4 to 12 and other than `pin`.
    #[serde(default)]
    pub moderator_pin: Option<Pii<String>>,
    /// Who moderates without a PIN.
    #[serde(default)]
    pub moderators: Vec<UserId>,
    /// The most members, 2 to [`ConferenceRoom::MAX_MEMBERS`].
    pub max_members: u16,
}

impl ConferenceRoom {
    /// The most members a room may allow. More cost more of a core than one call should.
    pub const MAX_MEMBERS: u16 = 200;
}

/// PINs are secrets, so `Debug` shows which room it is and no more.
impl fmt::Debug for ConferenceRoom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConferenceRoom").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Where parked calls wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ParkingLot {
    /// The first slot, a number others dial to take the call back.
    pub first: u32,
    /// The last slot; at most [`ParkingLot::MAX_SLOTS`] in all.
    pub last: u32,
    /// How long a call waits before it rings whoever parked it, in seconds, 10 to 3,600.
    pub timeout_seconds: u16,
}

impl ParkingLot {
    /// The most slots.
    pub const MAX_SLOTS: u32 = 1_000;

    /// The slots' numbers.
    pub const fn slots(&self) -> std::ops::RangeInclusive<u32> {
        self.first..=self.last
    }
}

impl Default for ParkingLot {
    fn default() -> Self {
        Self { first: 701, last: 720, timeout_seconds: 60 }
    }
}
