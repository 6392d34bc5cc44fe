//! Names of spoken prompts and call-progress tones.

use serde::{Deserialize, Serialize};

/// A spoken prompt of the sound pack. `sounds/prompts.toml` holds one entry for each name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PromptId {
    /// "You are connected to the echo test. …"
    EchoTest,
    /// "The number you have dialled is not known."
    NumberNotKnown,
    /// "The person you are calling is not available."
    NotAvailable,
    /// Music for a held party; loops.
    MusicOnHold,
}

impl PromptId {
    /// Every prompt.
    pub const ALL: [Self; 4] = [Self::EchoTest, Self::NumberNotKnown, Self::NotAvailable, Self::MusicOnHold];

    /// The file name without its ending, as in the sound pack and in `prompts.toml`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::EchoTest => "echo-test",
            Self::NumberNotKnown => "number-not-known",
            Self::NotAvailable => "not-available",
            Self::MusicOnHold => "music-on-hold",
        }
    }
}

/// A call-progress tone, generated (ITU-T E.180/Q.35; European cadences at 425 Hz).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ToneId {
    /// Ringing tone: 1 s on, 4 s off.
    Ringback,
    /// Busy tone: 0.5 s on, 0.5 s off.
    Busy,
    /// Congestion tone: 0.25 s on, 0.25 s off.
    Congestion,
}
