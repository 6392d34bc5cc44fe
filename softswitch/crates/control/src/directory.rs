//! What a softswitch must know to connect calls without the app server.

mod feature_codes;
mod numbers;
mod time_condition;
mod user_settings;

use std::fmt;

use ringdown_types::{Extension, Pii, TonePlan, UserId};
use serde::{Deserialize, Serialize};

use crate::RecordingRight;

pub use feature_codes::{Argument, Feature, FeatureCodes};
pub use numbers::{ConferenceRoom, ParkingLot, RingGroup};
pub use time_condition::{DatedException, HourSpan, TimeCondition, WeeklyHours};
pub use user_settings::{Forwards, SettingChange, UserSettings, VoicemailSettings};

/// The whole directory, versioned. A softswitch keeps the newest in memory and in its state folder.
///
/// Fields an older app server does not send have the value that leaves its switch as it was: no group, no room, no
/// slot, no code but those it names.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DirectorySnapshot {
    /// Grows with every change; never 0.
    pub version: u64,
    /// The SIP domain and digest realm.
    pub realm: String,
    /// People and services.
    pub users: Vec<DirectoryUser>,
    /// SIP devices that may register.
    pub devices: Vec<SipDevice>,
    /// Feature codes.
    pub feature_codes: FeatureCodes,
    /// Numbers that ring several users.
    #[serde(default)]
    pub groups: Vec<RingGroup>,
    /// Conference rooms.
    #[serde(default)]
    pub rooms: Vec<ConferenceRoom>,
    /// Where parked calls wait; `None` where nothing can be parked.
    #[serde(default)]
    pub parking: Option<ParkingLot>,
    /// Numbers that lead elsewhere depending on the time.
    #[serde(default)]
    pub time_conditions: Vec<TimeCondition>,
    /// The country whose tones callers hear; the international ones where the switch does not know it.
    #[serde(default)]
    pub tone_plan: TonePlan,
    /// Who may have calls recorded.
    #[serde(default)]
    pub recording: RecordingRight,
}

/// Somebody who can be called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DirectoryUser {
    /// The account.
    pub id: UserId,
    /// The number others dial.
    pub extension: Extension,
    /// The name others see.
    pub name: Pii<String>,
    /// A disabled user can neither call nor be called.
    pub enabled: bool,
    /// How long the user's devices ring, in seconds: 5 to 300.
    pub ring_seconds: u16,
    /// Calls the user may have at once, 1 to 100; one more caller hears busy.
    pub max_calls: u8,
    /// What the user decides themselves.
    #[serde(default)]
    pub settings: UserSettings,
}

/// A telephone's credentials. The password itself is never stored.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SipDevice {
    /// The digest user name, and the user part of the address of record.
    pub username: String,
    /// Whose device it is.
    pub user: UserId,
    /// SHA-256 of `username:realm:password`, 64 lower-case hexadecimal digits (RFC 8760).
    pub ha1_sha256: String,
    /// MD5 of the same, 32 digits, for telephones that know nothing better.
    pub ha1_md5: String,
}

impl fmt::Debug for SipDevice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SipDevice").field("user", &self.user).finish_non_exhaustive()
    }
}
