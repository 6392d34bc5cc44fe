//! Messages in mailboxes.

use std::{borrow::Cow, fmt};

use base64::{Engine, engine::general_purpose::STANDARD};
use ringdown_types::{RecordingId, UserId};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

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

/// Bytes of a sound; Base64 (RFC 4648 §4) on the link.
#[derive(Clone, PartialEq, Eq)]
pub struct SoundBytes(pub Vec<u8>);

impl SoundBytes {
    /// The most bytes one reply carries. More would hold up the events behind it.
    pub const MAX: usize = 256 * 1024;
}

impl fmt::Debug for SoundBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SoundBytes({} bytes)", self.0.len())
    }
}

impl Serialize for SoundBytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for SoundBytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <Cow<'de, str>>::deserialize(deserializer)?;
        STANDARD.decode(text.as_bytes()).map(Self).map_err(de::Error::custom)
    }
}
