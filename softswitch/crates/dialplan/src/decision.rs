//! What becomes of a dialled number.

use std::fmt;

use ringdown_types::{EndReason, UserId};
use serde::Serialize;

/// What becomes of a dialled number. Groups, queues and trunks are further variants when they exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Decision {
    /// Every device of this user rings.
    User {
        /// The user.
        user: UserId,
    },
    /// The echo test answers.
    EchoTest,
    /// Nobody has this number.
    Unknown,
    /// The call is not made.
    Refused {
        /// Why.
        refusal: Refusal,
    },
}

impl Decision {
    /// The reason the caller is told at once; `None` where a call is made.
    pub const fn end_reason(self) -> Option<EndReason> {
        match self {
            Self::User { .. } | Self::EchoTest => None,
            Self::Unknown => Some(EndReason::NotFound),
            Self::Refused { refusal } => Some(refusal.end_reason()),
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
}

impl Refusal {
    /// What the caller is told.
    pub const fn end_reason(self) -> EndReason {
        match self {
            Self::Malformed | Self::CalleeDisabled => EndReason::NotFound,
            Self::CallerUnknown | Self::CallerDisabled => EndReason::Forbidden,
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
        })
    }
}
