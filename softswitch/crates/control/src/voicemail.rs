//! Messages in mailboxes.

use ringdown_types::{RecordingId, UserId};
use serde::{Deserialize, Serialize};

use crate::Party;

/// A message somebody left. A softswitch keeps each beside its sound in this form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VoicemailMessage {
    /// The message, and its sound.
    pub id: RecordingId,
    /// Whose mailbox it is in.
    pub user: UserId,
    /// Who left it.
    pub from: Party,
    /// When its recording began, Unix time in milliseconds.
    pub received_at: u64,
    /// How long it is, in milliseconds.
    pub duration_ms: u32,
    /// Whether it was listened to, or marked so.
    pub is_heard: bool,
}

/// How full a mailbox is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VoicemailCount {
    /// Whose mailbox.
    pub user: UserId,
    /// Messages nobody has listened to.
    pub new: u32,
    /// The others.
    pub saved: u32,
}
