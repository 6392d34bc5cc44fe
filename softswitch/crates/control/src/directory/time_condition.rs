//! Numbers that lead elsewhere depending on the time.

use ringdown_types::{CivilDate, Extension, TimeConditionId, TimeOfDay, Weekday};
use serde::{Deserialize, Serialize};

/// A number that leads elsewhere depending on the time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TimeCondition {
    /// The condition.
    pub id: TimeConditionId,
    /// The number others dial.
    pub extension: Extension,
    /// A name for administrators, 1 to 64 characters.
    pub name: String,
    /// Whose clocks count, as the IANA time zone database names it: `Europe/Berlin`.
    pub time_zone: String,
    /// When it is open, week after week; at most [`TimeCondition::MAX_ENTRIES`].
    pub weekly: Vec<WeeklyHours>,
    /// Days with hours of their own; at most [`TimeCondition::MAX_ENTRIES`]. The first that covers a day counts.
    #[serde(default)]
    pub exceptions: Vec<DatedException>,
    /// Where calls go while it is open.
    pub open_to: Extension,
    /// Where they go otherwise.
    pub closed_to: Extension,
}

impl TimeCondition {
    /// The most weekly hours, and the most exceptions.
    pub const MAX_ENTRIES: usize = 400;
}

/// Open hours on some days of the week.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WeeklyHours {
    /// On which days they begin.
    pub days: Vec<Weekday>,
    /// From when to when.
    #[serde(flatten)]
    pub hours: HourSpan,
}

/// From a time to a time. Hours that end no later than they begin pass midnight and belong to the day they begin on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HourSpan {
    /// The first minute.
    pub from: TimeOfDay,
    /// The minute after the last one.
    pub until: TimeOfDay,
}

/// Days with hours of their own, such as holidays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DatedException {
    /// The first day.
    pub first: CivilDate,
    /// The last day; the first one again for a single day.
    pub last: CivilDate,
    /// A name for administrators, at most 64 characters.
    #[serde(default)]
    pub name: String,
    /// When it is open on each of them; none where it is closed.
    #[serde(default)]
    pub hours: Vec<HourSpan>,
}
