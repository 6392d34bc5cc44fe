//! Days, dates and times of day as people write opening hours: no time zone, no clock.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Weekday {
    /// Monday.
    Mon,
    /// Tuesday.
    Tue,
    /// Wednesday.
    Wed,
    /// Thursday.
    Thu,
    /// Friday.
    Fri,
    /// Saturday.
    Sat,
    /// Sunday.
    Sun,
}

impl Weekday {
    /// Every day, Monday first (ISO 8601).
    pub const ALL: [Self; 7] = [Self::Mon, Self::Tue, Self::Wed, Self::Thu, Self::Fri, Self::Sat, Self::Sun];
}

/// Text that is no `HH:MM` or `YYYY-MM-DD`, or names a time that does not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParseCivilError;

impl fmt::Display for ParseCivilError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a time is HH:MM from 00:00 to 24:00, a date YYYY-MM-DD")
    }
}

impl std::error::Error for ParseCivilError {}

/// A time of day to the minute, `00:00` to `24:00`, the end of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TimeOfDay(u16);

impl TimeOfDay {
    /// The time with so many minutes since midnight, at most 1,440.
    pub const fn from_minutes(minutes: u16) -> Option<Self> {
        if minutes <= 24 * 60 { Some(Self(minutes)) } else { None }
    }

    /// Minutes since midnight.
    pub const fn minutes(self) -> u16 {
        self.0
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl FromStr for TimeOfDay {
    type Err = ParseCivilError;

    fn from_str(text: &str) -> Result<Self, ParseCivilError> {
        let (hours, minutes) = text.split_once(':').ok_or(ParseCivilError)?;
        let (hours, minutes) = (digits(hours, 2)?, digits(minutes, 2)?);
        if minutes > 59 {
            return Err(ParseCivilError);
        }
        Self::from_minutes(hours * 60 + minutes).ok_or(ParseCivilError)
    }
}

/// A day of the Gregorian calendar, 1970 to 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CivilDate {
    year: u16,
    month: u8,
    day: u8,
}

impl CivilDate {
    /// The day; `None` where the calendar has none.
    pub fn new(year: u16, month: u8, day: u8) -> Option<Self> {
        let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let days = match month {
            2 => 28 + u8::from(leap),
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => return None,
        };
        let exists = (1970..=9999).contains(&year) && (1..=days).contains(&day);
        exists.then_some(Self { year, month, day })
    }
}

impl fmt::Display for CivilDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl FromStr for CivilDate {
    type Err = ParseCivilError;

    fn from_str(text: &str) -> Result<Self, ParseCivilError> {
        let mut parts = text.splitn(3, '-');
        let mut part = |length| digits(parts.next().unwrap_or_default(), length);
        let (year, month, day) = (part(4)?, part(2)?, part(2)?);
        let small = |value| u8::try_from(value).map_err(|_| ParseCivilError);
        Self::new(year, small(month)?, small(day)?).ok_or(ParseCivilError)
    }
}

/// Exactly `length` digits.
fn digits(text: &str, length: usize) -> Result<u16, ParseCivilError> {
    if text.len() != length || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(ParseCivilError);
    }
    text.parse().map_err(|_| ParseCivilError)
}

macro_rules! as_text {
    ($name:ident) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                text.parse().map_err(de::Error::custom)
            }
        }
    };
}

as_text!(TimeOfDay);
as_text!(CivilDate);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_dates_that_do_not_exist_are_refused() {
        for good in ["00:00", "09:30", "24:00"] {
            assert_eq!(good.parse::<TimeOfDay>().map(|time| time.to_string()), Ok(good.to_owned()));
        }
        for bad in ["", "9:00", "24:01", "12:60", "+1:00", "12:00:00", "ab:cd"] {
            assert_eq!(bad.parse::<TimeOfDay>(), Err(ParseCivilError), "{bad}");
        }
        for good in ["2024-02-29", "2026-12-31"] {
            assert_eq!(good.parse::<CivilDate>().map(|date| date.to_string()), Ok(good.to_owned()));
        }
        for bad in ["2026-02-29", "2026-13-01", "2026-00-01", "2026-1-01", "2026-01-01-01", "1969-12-31"] {
            assert_eq!(bad.parse::<CivilDate>(), Err(ParseCivilError), "{bad}");
        }
    }
}
