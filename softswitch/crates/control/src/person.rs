//! What people say: of themselves, and to each other.

use ringdown_types::{MessageId, Pii, UserId};
use serde::{Deserialize, Serialize};

use crate::Party;

/// A short text from one person to another. The app server keeps it, a softswitch does not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChatMessage {
    /// Names it for its delivery report.
    pub id: MessageId,
    /// Who wrote it.
    pub from: Party,
    /// Who is to read it.
    pub to: UserId,
    /// What it says: plain text, at most [`MAX_MESSAGE_BYTES`].
    pub text: Pii<String>,
    /// When it was sent, Unix time in milliseconds.
    pub at: u64,
}

/// The longest text of a message, in bytes. With a larger one fewer telephones could be written to.
pub const MAX_MESSAGE_BYTES: usize = 4_096;

/// What a person says of themselves.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Statement {
    /// What they do; `None` for nothing in particular.
    pub activity: Option<Activity>,
    /// In their own words, empty for nothing. At most [`MAX_NOTE_BYTES`].
    pub note: Pii<String>,
}

/// The longest note, in bytes.
pub const MAX_NOTE_BYTES: usize = 256;

/// A person with what they say of themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PersonStatement {
    /// The account.
    pub user: UserId,
    /// What they say.
    pub statement: Statement,
}

/// What somebody does (RFC 4480 §3.2). Being in a call is not among them: that is seen, not said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Activity {
    /// Away from their devices.
    Away,
    /// Does not want to be disturbed.
    Busy,
    /// In a meeting.
    Meeting,
    /// At a meal.
    Meal,
    /// On holiday.
    Vacation,
}
