//! Text messages.
//! What people say of themselves.

use ringdown_types::Pii;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A text message from one person to another. Nobody keeps it: what is not delivered is told to its sender.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ChatMessage {
    /// Names it.
    pub id: String,
    /// The account that wrote it.
    pub from: String,
    /// The account it is for.
    pub to: String,
    /// What it says: plain text.
    #[ts(as = "String")]
    pub text: Pii<String>,
    /// When it was sent, Unix time in milliseconds.
    #[ts(type = "number")]
    pub at: u64,
}

/// Parameters of `message.send`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct MessageParams {
    /// The number or the account of the addressee.
    #[ts(as = "String")]
    pub to: Pii<String>,
    /// Plain text: 1 to 4,096 bytes of UTF-8.
    #[ts(as = "String")]
    pub text: Pii<String>,
}

/// Result of `message.send`: the message is on its way. A `message.delivery` push says what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct MessageSent {
    /// The message as it was sent.
    pub message: ChatMessage,
/// What somebody does, in their own word. Being in a call is not among them: that is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum Activity {
    /// Away from their devices.
    Away,
    /// Does not want to be disturbed. Calls ring all the same; do-not-disturb is a setting.
    Busy,
    /// In a meeting.
    Meeting,
    /// At a meal.
    Meal,
    /// On holiday.
    Vacation,
}

/// Parameters of `presence.set`: what the user says of themselves, until they say something else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PresenceParams {
    /// What they do; left out: nothing in particular.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub activity: Option<Activity>,
    /// In their own words, at most 256 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, as = "Option<String>")]
    pub note: Option<Pii<String>>,
}
