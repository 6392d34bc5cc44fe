//! Whether a time condition is open at a moment.

use jiff::{Timestamp, civil, tz::TimeZone, tz::TimeZoneDatabase};
use ringdown_control::{DatedException, HourSpan, TimeCondition, WeeklyHours};
use ringdown_types::{CivilDate, Extension, Weekday};

/// A time condition, ready to be asked.
#[derive(Debug, Clone)]
pub(crate) struct Hours {
    pub(crate) name: String,
    pub(crate) open_to: Extension,
    pub(crate) closed_to: Extension,
    zone: TimeZone,
    /// For each day of the week, Monday first.
    weekly: [Vec<HourSpan>; 7],
    exceptions: Vec<DatedException>,
}

/// What [`Hours::at`] finds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    /// Whether it is open.
    pub(crate) open: bool,
    /// What clocks show there; `None` where the moment is outside every calendar.
    pub(crate) local: Option<civil::DateTime>,
}

impl Hours {
    /// `None` where no such time zone exists. The data is the program's own, so that two machines agree and nothing
    /// is read from disk.
    pub(crate) fn compile(condition: &TimeCondition) -> Option<Self> {
        let zone = TimeZoneDatabase::bundled().get(&condition.time_zone).ok()?;
        Some(Self {
            name: condition.name.clone(),
            open_to: condition.open_to.clone(),
            closed_to: condition.closed_to.clone(),
            zone,
            weekly: Weekday::ALL.map(|day| spans_of(&condition.weekly, day)),
            exceptions: condition.exceptions.clone(),
        })
    }

    /// Whether it is open at a moment, in milliseconds of Unix time. Going from a moment to a local time has one
    /// answer, also where clocks are put back and a local time happens twice.
    pub(crate) fn at(&self, unix_ms: u64) -> Moment {
        let timestamp = i64::try_from(unix_ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
        let Some(timestamp) = timestamp else { return Moment { open: false, local: None } };
        let local = self.zone.to_datetime(timestamp);
        let minute = minute_of(local);
        let today = self.spans(local.date()).iter().any(|span| begins_before(span, minute));
        // Hours that began yesterday and pass midnight.
        let from_yesterday = local.date().yesterday().is_ok_and(|yesterday| {
            self.spans(yesterday).iter().any(|span| passes_midnight(span) && minute < span.until.minutes())
        });
        Moment { open: today || from_yesterday, local: Some(local) }
    }

    /// The hours that begin on a day.
    fn spans(&self, date: civil::Date) -> &[HourSpan] {
        let exception = civil_date(date).and_then(|date| {
            self.exceptions.iter().find(|exception| (exception.first..=exception.last).contains(&date))
        });
        match exception {
            Some(exception) => &exception.hours,
            None => {
                let day = usize::try_from(date.weekday().to_monday_zero_offset()).unwrap_or_default();
                self.weekly.get(day).map_or(&[], Vec::as_slice)
            }
        }
    }
}

fn spans_of(weekly: &[WeeklyHours], day: Weekday) -> Vec<HourSpan> {
    weekly.iter().filter(|hours| hours.days.contains(&day)).map(|hours| hours.hours).collect()
}

/// Whether a minute of the day the span begins on is within it.
fn begins_before(span: &HourSpan, minute: u16) -> bool {
    span.from.minutes() <= minute && (passes_midnight(span) || minute < span.until.minutes())
}

fn passes_midnight(span: &HourSpan) -> bool {
    span.until <= span.from
}

fn minute_of(local: civil::DateTime) -> u16 {
    u16::try_from(i32::from(local.hour()) * 60 + i32::from(local.minute())).unwrap_or_default()
}

fn civil_date(date: civil::Date) -> Option<CivilDate> {
    let year = u16::try_from(date.year()).ok()?;
    CivilDate::new(year, u8::try_from(date.month()).ok()?, u8::try_from(date.day()).ok()?)
}
