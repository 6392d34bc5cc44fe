//! The own mailbox.

use ringdown_types::Pii;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use crate::PeerInfo;

/// A message in the own mailbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct VoicemailMessage {
    /// The message.
    pub id: String,
    /// Who left it.
    pub from: PeerInfo,
    /// When, Unix time in milliseconds.
    #[ts(type = "number")]
    pub received_at: u64,
    /// How long it is, in milliseconds.
    pub duration_ms: u32,
    /// Whether it was listened to, or marked so.
    pub is_heard: bool,
}

/// The own mailbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Mailbox {
    /// Its messages, oldest first.
    pub messages: Vec<VoicemailMessage>,
    /// How many nobody has listened to.
    pub new: usize,
    /// How many are left.
    pub saved: usize,
}

/// How many messages there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, TS)]
pub struct VoicemailCount {
    /// Those nobody has listened to.
    pub new: u32,
    /// The others.
    pub saved: u32,
}

/// Parameters of `voicemail.delete`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct VoicemailParams {
    /// The message.
    pub message: String,
}

/// Parameters of `voicemail.mark`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct VoicemailMarkParams {
    /// The message.
    pub message: String,
    /// Whether it counts as listened to.
    pub is_heard: bool,
}

/// Result of `voicemail.link`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct VoicemailLink {
    /// Where the message's sound is as a WAV file, for an `<audio>` element: a path on the server that needs no
    /// sign-in.
    #[ts(as = "String")]
    pub path: Pii<String>,
    /// How long it is good, in seconds.
    pub expires_in: u32,
}

/// The path holds a secret.
impl std::fmt::Debug for VoicemailLink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("VoicemailLink").field("expires_in", &self.expires_in).finish_non_exhaustive()
    }
}
