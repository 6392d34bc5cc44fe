//! How a ring group's members ring.

use serde::{Deserialize, Serialize};

/// How a ring group's members ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RingStrategy {
    /// All at the same time.
    All,
    /// One after the other, always from the first.
    InOrder,
    /// One after the other, starting after the member who answered last.
    RoundRobin,
    /// One after the other, first whoever has been without a call for the longest.
    LongestIdle,
}

impl RingStrategy {
    /// The name used on every protocol.
    pub const fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::InOrder => "in-order",
            Self::RoundRobin => "round-robin",
            Self::LongestIdle => "longest-idle",
        }
    }
}
