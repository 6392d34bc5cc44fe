//! The frames of the control link and their limits.

use ringdown_types::NodeId;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{Command, CommandId, CommandResult, DirectorySnapshot, Event, Snapshot};

/// The version this crate speaks. N talks to N−1 and N+1.
pub const PROTOCOL_VERSION: u32 = 1;

/// The longest frame either side accepts, in bytes: a directory of 50,000 users fits.
pub const MAX_FRAME_BYTES: usize = 32 * 1024 * 1024;

/// What a softswitch sends.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum NodeFrame {
    /// First frame on a connection. The node token travels in the `Authorization: Bearer` header of the upgrade.
    Hello {
        /// The highest version it speaks.
        version: u32,
        /// The instance; a restarted process has a new one.
        node: NodeId,
        /// A name for people.
        name: String,
        /// The version of the directory it already has, 0 for none.
        directory_version: u64,
    },
    /// Everything live. Sent after `Welcome`, and again when the app server asks.
    Snapshot {
        /// The sequence number of the last event it includes.
        seq: u64,
        /// The state.
        snapshot: Snapshot,
    },
    /// Something happened. `seq` grows by one; a gap means events were lost and a snapshot is due.
    Event {
        /// Its number.
        seq: u64,
        /// What happened.
        event: Event,
    },
    /// The outcome of a command.
    Reply {
        /// The command's id.
        id: CommandId,
        /// Its outcome.
        result: CommandResult,
    },
    /// A directory was compiled and is in force.
    DirectoryApplied {
        /// Its version.
        version: u64,
    },
}

/// What the app server sends.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum AppFrame {
    /// Answer to `Hello`.
    Welcome {
        /// The version both speak.
        version: u32,
    },
    /// The whole directory; replaces the one before.
    Directory {
        /// The directory.
        directory: DirectorySnapshot,
    },
    /// Do something. A repeated id gets the first outcome again and does nothing twice.
    Command {
        /// Names the command.
        id: CommandId,
        /// What to do.
        command: Command,
    },
    /// Send a snapshot: the app server saw a gap.
    SnapshotRequest,
}

/// A frame that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// Longer than [`MAX_FRAME_BYTES`].
    #[error("frame of {0} bytes is longer than {MAX_FRAME_BYTES}")]
    TooLong(usize),
    /// Not the JSON of a known frame.
    #[error("frame is not understood: {0}")]
    Malformed(#[from] serde_json::Error),
}

/// Reads a frame.
///
/// # Errors
/// When it is too long or not understood; the connection is then closed.
pub fn decode<T: DeserializeOwned>(text: &str) -> Result<T, FrameError> {
    if text.len() > MAX_FRAME_BYTES {
        return Err(FrameError::TooLong(text.len()));
    }
    Ok(serde_json::from_str(text)?)
}

/// Writes a frame.
///
/// # Panics
/// Never: every frame type has string keys and finite numbers.
pub fn encode<T: Serialize>(frame: &T) -> String {
    serde_json::to_string(frame).expect("control frames have string keys and finite numbers")
}
