//! What becomes of a dialled number.

use std::fmt;

use ringdown_control::SettingChange;
use ringdown_types::{EndReason, GroupId, ParkSlot, RoomId, UserId};
use serde::Serialize;

/// What becomes of a dialled number. Queues and trunks are further variants when they exist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Decision {
    /// Every device of this user rings.
    User {
        /// The user.
        user: UserId,
    },
    /// This user's devices answer by themselves.
    Intercom {
        /// The user.
        user: UserId,
    },
    /// The members of this group ring.
    Group {
        /// The group.
        group: GroupId,
    },
    /// The caller enters a conference.
    Room {
        /// The room.
        room: RoomId,
    },
    /// The echo test answers.
    EchoTest,
    /// The caller listens to their own messages.
    VoicemailMain,
    /// The caller leaves a message.
    VoicemailBox {
        /// Whose voicemail it is.
        user: UserId,
    },
    /// The call is parked on the next free slot.
    Park,
    /// The call parked there is taken back; where none is, the caller's own call is parked there.
    ParkSlot {
        /// The slot.
        slot: ParkSlot,
    },
    /// A call that rings somebody else is taken.
    PickUp {
        /// Whose.
        target: PickUpTarget,
    },
    /// One of the caller's settings changes.
    Setting {
        /// How.
        change: SettingChange,
    },
    /// The caller wants, or wants no more, to be rung once the user they found busy is free.
    Completion {
        /// Whether they want it.
        on: bool,
    },
    /// Nobody has this number.
    Unknown,
    /// The call is not made.
    Refused {
        /// Why.
        refusal: Refusal,
    },
}

/// Whose ringing call is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "of", rename_all = "kebab-case")]
pub enum PickUpTarget {
    /// Any that rings somebody in the caller's pick-up group.
    OwnGroup,
    /// One that rings this user.
    User {
        /// The user.
        user: UserId,
    },
    /// One that rings this group.
    Group {
        /// The group.
        group: GroupId,
    },
}

impl Decision {
    /// The reason the caller is told at once; `None` where a call is made.
    pub const fn end_reason(&self) -> Option<EndReason> {
        match self {
            Self::Unknown => Some(EndReason::NotFound),
            Self::Refused { refusal } => Some(refusal.end_reason()),
            _ => None,
        }
    }

    /// Whether a call somebody else made can be sent there: by a forward, a group's overflow, a time condition. What
    /// acts on the caller's own behalf, such as a change of settings, is nowhere to send others to.
    pub const fn takes_calls(&self) -> bool {
        matches!(
            self,
            Self::User { .. }
                | Self::Group { .. }
                | Self::Room { .. }
                | Self::EchoTest
                | Self::VoicemailBox { .. }
        )
    }

    /// What it is, in one word.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::User { .. } => "user",
            Self::Intercom { .. } => "intercom",
            Self::Group { .. } => "group",
            Self::Room { .. } => "room",
            Self::EchoTest => "echo-test",
            Self::VoicemailMain => "voicemail-main",
            Self::VoicemailBox { .. } => "voicemail-box",
            Self::Park => "park",
            Self::ParkSlot { .. } => "park-slot",
            Self::PickUp { .. } => "pick-up",
            Self::Setting { .. } => "setting",
            Self::Completion { .. } => "completion",
            Self::Unknown => "unknown",
            Self::Refused { .. } => "refused",
        }
    }
}

/// Why a call is not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Refusal {
    /// The text cannot be a number.
    Malformed,
    /// The caller is not in the directory.
    CallerUnknown,
    /// The caller's account is disabled.
    CallerDisabled,
    /// The called account is disabled; to the caller it does not exist.
    CalleeDisabled,
    /// A feature code that needs a number came without one.
    NumberMissing,
    /// The user takes no messages.
    NoVoicemail,
    /// Calls of others cannot be sent there.
    NotADestination,
    /// A user's calls would be forwarded to that user.
    ToOneself,
    /// Time conditions lead from one to the other without an end.
    Loop,
}

impl Refusal {
    /// What the caller is told.
    pub const fn end_reason(self) -> EndReason {
        match self {
            Self::CallerUnknown | Self::CallerDisabled => EndReason::Forbidden,
            Self::Malformed
            | Self::CalleeDisabled
            | Self::NumberMissing
            | Self::NoVoicemail
            | Self::NotADestination
            | Self::ToOneself
            | Self::Loop => EndReason::NotFound,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "what was dialled cannot be a number",
            Self::CallerUnknown => "the caller is not in the directory",
            Self::CallerDisabled => "the caller's account is disabled",
            Self::CalleeDisabled => "the called account is disabled",
            Self::NumberMissing => "this code must be followed by a number",
            Self::NoVoicemail => "this user takes no messages",
            Self::NotADestination => "calls of others cannot be sent there",
            Self::ToOneself => "a user's calls cannot be forwarded to that user",
            Self::Loop => "time conditions lead from one to the other without an end",
        })
    }
}
