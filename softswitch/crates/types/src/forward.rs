//! When a call to a user goes elsewhere.

use std::fmt;

use serde::{Deserialize, Serialize};

/// When a call to a user goes elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ForwardKind {
    /// At once, whatever the user is doing.
    Always,
    /// The user has as many calls as they may, wants no second one, or does not want to be disturbed.
    Busy,
    /// No device answered in time.
    NoAnswer,
    /// No device can be reached.
    Offline,
}

impl ForwardKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Always, Self::Busy, Self::NoAnswer, Self::Offline];

    /// The name used on every protocol.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::Busy => "busy",
            Self::NoAnswer => "no-answer",
            Self::Offline => "offline",
        }
    }

    /// The kind's place in [`ForwardKind::ALL`].
    pub const fn index(self) -> usize {
        match self {
            Self::Always => 0,
            Self::Busy => 1,
            Self::NoAnswer => 2,
            Self::Offline => 3,
        }
    }
}

impl fmt::Display for ForwardKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
