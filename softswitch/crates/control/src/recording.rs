//! Recordings of calls and rooms.

use ringdown_types::{CallId, LegId, RecordingId, RoomId, SoundFormat, UserId};
use serde::{Deserialize, Serialize};

use crate::Party;

/// A recording of a call or a room. A softswitch keeps each beside its sound in this form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Recording {
    /// The recording.
    pub id: RecordingId,
    /// Who asked for it, and may hear and delete it; `None` for administrators alone.
    pub owner: Option<UserId>,
    /// The call; `None` for a room.
    #[serde(default)]
    pub call: Option<CallId>,
    /// The leg that is recorded, wherever its call goes; `None` for a room.
    #[serde(default)]
    pub leg: Option<LegId>,
    /// The room; `None` for a call.
    #[serde(default)]
    pub room: Option<RoomId>,
    /// Who took part when it began; in a call the recorded side first.
    pub parties: Vec<Party>,
    /// When it began, Unix time in milliseconds.
    pub started_at: u64,
    /// How long it is, in milliseconds; 0 while it goes on.
    pub duration_ms: u32,
    /// What its file is.
    pub format: SoundFormat,
    /// One or two.
    pub channels: u8,
    /// What became of it.
    pub state: RecordingState,
}

/// What became of a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RecordingState {
    /// It goes on.
    Running,
    /// It is whole.
    Stored,
    /// It ends before what it recorded did: the disk was full or too slow, or the softswitch stopped. What there is can
    /// be heard.
    Cut,
    /// There is nothing of it.
    Failed,
    /// What a newer softswitch says.
    #[serde(other)]
    Unknown,
}

/// Who may have calls recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RecordingRight {
    /// Administrators alone.
    #[default]
    Admins,
    /// Administrators, users their own calls, and moderators their rooms.
    Everybody,
}
