//! Presence: whether somebody can be reached, what they say of themselves, and whose presence a session is told.

use ringdown_types::Pii;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::DirectoryEntry;

/// Whether somebody can be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum PresenceState {
    /// No device is reachable.
    Offline,
    /// Browsers alone, and the machine they run on sleeps or froze them: a call would ring into nothing.
    Asleep,
    /// A device is reachable.
    Online,
    /// A device rings, or the user is calling somebody who has not answered.
    Ringing,
    /// In an answered call.
    OnCall,
}

/// What somebody does, in their own word. Being in a call is not among them: that is seen. Who says nothing is ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum Activity {
    /// Away from their devices.
    Away,
    /// Does not want to be disturbed. Calls ring all the same.
    Busy,
    /// Is not disturbed: callers hear busy, or go where calls go while the user is busy. The setting `doNotDisturb` in
    /// other words: each follows the other.
    Dnd,
    /// Has a break.
    Break,
    /// In a meeting.
    Meeting,
    /// At a meal.
    Meal,
    /// On holiday.
    Vacation,
}

/// Parameters of `presence.set`: what the user says of themselves, until they say something else.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PresenceParams {
    /// What they do; left out: nothing in particular, they are ready.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub activity: Option<Activity>,
    /// In their own words, at most 256 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, as = "Option<String>")]
    pub note: Option<Pii<String>>,
    /// Until when, Unix time in milliseconds; at most a year ahead. Then nothing is said any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub until: Option<u64>,
}

/// Somebody's presence as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PresenceEntry {
    /// The account.
    pub user_id: String,
    /// The presence.
    pub presence: PresenceState,
    /// What they say they do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub activity: Option<Activity>,
    /// The same in their own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, as = "Option<String>")]
    pub note: Option<Pii<String>>,
    /// Until when they said so, Unix time in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub until: Option<u64>,
    /// Whether the only devices they could be reached at are pages that may play no sound yet.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub cannot_ring: bool,
}

/// Parameters of `presence.sound`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SoundParams {
    /// Whether the browser plays no sound yet, because nobody touched the page: a call would ring into silence.
    pub locked: bool,
}

/// Parameters of `presence.watch` and `presence.unwatch`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct WatchParams {
    /// Accounts, at most 500.
    pub users: Vec<String>,
}

/// Result of `presence.watch`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct WatchResult {
    /// Those of them who are in the directory, as they are.
    pub entries: Vec<DirectoryEntry>,
}

/// Parameters of `directory.favourite`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct FavouriteParams {
    /// The account.
    pub user: String,
    /// Whether it is among the user's favourites.
    pub on: bool,
}
