//! How a decision came about, for administrators.

use std::fmt;

use ringdown_control::Feature;
use ringdown_types::{GroupId, ParkSlot, Pii, RoomId, UserId};
use serde::Serialize;

use crate::{Decision, Refusal};

/// A decision and the steps that led to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// What was looked at, in order.
    pub steps: Vec<Step>,
    /// The outcome, the same [`crate::Dialplan::route`] gives.
    pub decision: Decision,
}

/// One thing the dialplan looked at. `Display` is the sentence an administrator reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "step", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Step {
    /// Separators were dropped and case was folded.
    Normalised {
        /// What is looked up.
        key: Pii<String>,
    },
    /// The caller may call.
    CallerAllowed {
        /// The caller.
        caller: UserId,
    },
    /// A feature code matched.
    FeatureCode {
        /// What it reaches.
        feature: Feature,
        /// The number that followed it.
        argument: Option<Pii<String>>,
    },
    /// No feature code matched.
    NoFeatureCode,
    /// A user has this extension.
    UserExtension {
        /// The user.
        user: UserId,
    },
    /// A ring group has this extension.
    GroupExtension {
        /// The group.
        group: GroupId,
    },
    /// A conference room has this extension.
    RoomExtension {
        /// The room.
        room: RoomId,
    },
    /// A parking slot has this number.
    Slot {
        /// The slot.
        slot: ParkSlot,
    },
    /// A time condition has this extension.
    TimeCondition {
        /// Its name.
        name: String,
        /// What clocks show there.
        local_time: String,
        /// Whether it is open at that time.
        open: bool,
        /// Where it leads.
        to: Pii<String>,
    },
    /// Nobody has this number.
    NoNumber,
    /// The walk ended here.
    Refused {
        /// Why.
        refusal: Refusal,
    },
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // Explanations are shown to the administrator who asked; logs take `Debug`, which redacts.
            Self::Normalised { key } => write!(f, "without separators this is \"{}\"", key.0),
            Self::CallerAllowed { .. } => f.write_str("the caller is in the directory and enabled"),
            Self::FeatureCode { feature, argument: None } => {
                write!(f, "this is the code {}", words(*feature))
            }
            Self::FeatureCode { feature, argument: Some(argument) } => {
                write!(f, "this is the code {}, followed by \"{}\"", words(*feature), argument.0)
            }
            Self::NoFeatureCode => f.write_str("this does not begin with a feature code"),
            Self::UserExtension { user } => write!(f, "this is the extension of user {user}"),
            Self::GroupExtension { group } => write!(f, "this is the extension of ring group {group}"),
            Self::RoomExtension { room } => write!(f, "this is the extension of conference room {room}"),
            Self::Slot { slot } => write!(f, "this is parking slot {slot}"),
            Self::TimeCondition { name, local_time, open, to } => {
                let state = if *open { "open" } else { "closed" };
                write!(
                    f,
                    "the time condition \"{name}\" is {state} at {local_time} and leads to \"{}\"",
                    to.0
                )
            }
            Self::NoNumber => f.write_str("nobody has this number, and no outside line exists"),
            Self::Refused { refusal } => write!(f, "refused: {refusal}"),
        }
    }
}

/// What a code does, as in "the code …".
const fn words(feature: Feature) -> &'static str {
    match feature {
        Feature::EchoTest => "of the echo test",
        Feature::PickUp => "to pick up a ringing call",
        Feature::Intercom => "to call somebody's loudspeaker",
        Feature::Park => "to park a call",
        Feature::VoicemailMain => "to listen to one's messages",
        Feature::VoicemailBox => "to leave a message",
        Feature::DoNotDisturbOn => "to switch do-not-disturb on",
        Feature::DoNotDisturbOff => "to switch do-not-disturb off",
        Feature::ForwardAlwaysOn => "to forward every call",
        Feature::ForwardAlwaysOff => "to stop forwarding every call",
        Feature::ForwardBusyOn => "to forward calls while busy",
        Feature::ForwardBusyOff => "to stop forwarding calls while busy",
        Feature::ForwardNoAnswerOn => "to forward calls that are not answered",
        Feature::ForwardNoAnswerOff => "to stop forwarding calls that are not answered",
        Feature::ForwardOfflineOn => "to forward calls while offline",
        Feature::ForwardOfflineOff => "to stop forwarding calls while offline",
        Feature::CompletionOn => "to be rung when a busy user is free",
        Feature::CompletionOff => "not to be rung any more when a busy user is free",
    }
}
