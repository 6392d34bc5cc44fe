//! Time conditions at their boundaries, over changes of the clock, on days of their own.

mod support;

use ringdown_control::{DatedException, TimeCondition, WeeklyHours};
use ringdown_dialplan::{Decision, Dialplan, Refusal};
use ringdown_types::{UserId, Weekday::*};

use support::{ALICE, BOB, HOUR, MINUTE, NOON, directory, plan, span, time_condition};

const OPEN: UserId = ALICE;
const CLOSED: UserId = BOB;

/// 400 leads to alice while open, to bob otherwise.
fn reaches(condition: TimeCondition, unix_ms: u64) -> UserId {
    let mut directory = directory();
    directory.time_conditions = vec![condition];
    let plan = Dialplan::compile(&directory).expect("it is sound");
    match plan.route("400", ALICE, unix_ms) {
        Decision::User { user } => user,
        other => panic!("{other:?}"),
    }
}

fn office() -> TimeCondition {
    time_condition("400", "101", "frontdesk")
}

#[test]
fn the_first_minute_is_in_and_the_last_is_out() {
    let nine = NOON - 3 * HOUR;
    let five = NOON + 5 * HOUR;
    assert_eq!(reaches(office(), nine - 1), CLOSED);
    assert_eq!(reaches(office(), nine), OPEN);
    assert_eq!(reaches(office(), five - 1), OPEN);
    assert_eq!(reaches(office(), five), CLOSED);
    let saturday_noon = NOON + 2 * 24 * HOUR;
    assert_eq!(reaches(office(), saturday_noon), CLOSED);
}

/// Berlin puts its clocks forward on 29 March 2026 at 01:00 UTC and back on 25 October at 01:00 UTC.
#[test]
fn nine_o_clock_stays_nine_o_clock_when_clocks_change() {
    // Friday 27 March, 08:00 UTC is 09:00; Monday 30 March, 07:00 UTC is 09:00.
    let friday = 1_774_598_400_000;
    let monday = friday + 71 * HOUR;
    for nine in [friday, monday] {
        assert_eq!(reaches(office(), nine - MINUTE), CLOSED);
        assert_eq!(reaches(office(), nine), OPEN);
    }
}

#[test]
fn hours_in_the_night_clocks_change_follow_what_clocks_show() {
    let mut night = office();
    night.weekly = vec![WeeklyHours { days: vec![Sun], hours: span("02:15", "02:45") }];
    // Sunday 25 October 2026: 02:30 happens twice, at 00:30 and at 01:30 UTC.
    let first = 1_792_888_200_000;
    assert_eq!(reaches(night.clone(), first), OPEN);
    assert_eq!(reaches(night.clone(), first + 30 * MINUTE), CLOSED);
    assert_eq!(reaches(night.clone(), first + HOUR), OPEN);
    // Sunday 29 March 2026: 02:30 does not happen; 01:00 UTC is 03:00.
    let jump = 1_774_746_000_000;
    for minute in 0..120 {
        assert_eq!(reaches(night.clone(), jump - HOUR + minute * MINUTE), CLOSED, "{minute}");
    }
}

#[test]
fn hours_that_pass_midnight_belong_to_the_day_they_begin_on() {
    let mut bar = office();
    bar.weekly = vec![WeeklyHours { days: vec![Thu], hours: span("20:00", "02:00") }];
    let midnight = NOON + 12 * HOUR;
    assert_eq!(reaches(bar.clone(), midnight - 4 * HOUR), OPEN);
    assert_eq!(reaches(bar.clone(), midnight + 2 * HOUR - 1), OPEN);
    assert_eq!(reaches(bar.clone(), midnight + 2 * HOUR), CLOSED);
    assert_eq!(reaches(bar, midnight - 23 * HOUR), CLOSED, "Wednesday's night is not open");
}

#[test]
fn around_the_clock_is_from_midnight_to_midnight() {
    let mut always = office();
    always.weekly =
        vec![WeeklyHours { days: vec![Mon, Tue, Wed, Thu, Fri, Sat, Sun], hours: span("00:00", "24:00") }];
    for hour in 0..200 {
        assert_eq!(reaches(always.clone(), NOON + hour * HOUR), OPEN);
    }
}

#[test]
fn an_exception_replaces_the_days_hours() {
    let mut holiday = office();
    let day = "2026-01-15".parse().expect("a date");
    let closed = DatedException { first: day, last: day, name: "Inventory".to_owned(), hours: Vec::new() };
    holiday.exceptions = vec![closed.clone()];
    assert_eq!(reaches(holiday.clone(), NOON), CLOSED);
    assert_eq!(reaches(holiday.clone(), NOON + 24 * HOUR), OPEN);
    holiday.exceptions = vec![DatedException { hours: vec![span("11:00", "12:30")], ..closed }];
    assert_eq!(reaches(holiday.clone(), NOON), OPEN);
    assert_eq!(reaches(holiday, NOON + 30 * MINUTE), CLOSED);
}

#[test]
fn another_time_zone_is_open_at_another_time() {
    let mut tokyo = office();
    tokyo.time_zone = "Asia/Tokyo".to_owned();
    assert_eq!(reaches(tokyo.clone(), NOON), CLOSED, "it is 20:00 there");
    assert_eq!(reaches(tokyo, NOON - 10 * HOUR), OPEN, "it is 10:00 there");
}

#[test]
fn conditions_that_lead_in_a_circle_end() {
    assert_eq!(plan().route("410", ALICE, NOON), Decision::Refused { refusal: Refusal::Loop });
}

#[test]
fn a_condition_that_leads_into_a_code_does_nothing_on_the_callers_behalf() {
    let mut directory = directory();
    // 430 forwards to 431, which leads back: a walk that followed both would never end.
    directory.time_conditions =
        vec![time_condition("430", "*72431", "*72431"), time_condition("431", "*72430", "*78")];
    let plan = Dialplan::compile(&directory).expect("it is sound");
    for dialled in ["430", "431", "*72430"] {
        assert_eq!(
            plan.route(dialled, ALICE, NOON),
            Decision::Refused { refusal: Refusal::NotADestination },
            "{dialled}"
        );
    }
}

#[test]
fn moments_outside_every_calendar_are_closed() {
    assert_eq!(reaches(office(), u64::MAX), CLOSED);
    assert_eq!(reaches(office(), i64::MAX.unsigned_abs()), CLOSED);
}
