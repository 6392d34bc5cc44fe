//! A number that leads elsewhere depending on the time of the day.

mod support;

use std::time::Duration;

use ringdown_control::{HourSpan, TimeCondition, WeeklyHours};
use ringdown_types::{TimeConditionId, Weekday};
use support::{browser::ALL, *};

/// The office's clock starts on Sunday 15 June 2025 at 15:06:40 UTC, 17:06:40 in Berlin.
fn with_hours(from: &str, until: &str) -> Office {
    let mut office = Office::new();
    let time = |text: &str| text.parse().expect("a time");
    office.new_directory(|directory| {
        directory.time_conditions = vec![TimeCondition {
            id: TimeConditionId::from_u128(1),
            extension: "400".parse().expect("an extension"),
            name: "Office".to_owned(),
            time_zone: "Europe/Berlin".to_owned(),
            weekly: vec![WeeklyHours {
                days: Weekday::ALL.to_vec(),
                hours: HourSpan { from: time(from), until: time(until) },
            }],
            exceptions: Vec::new(),
            open_to: "102".parse().expect("an extension"),
            closed_to: "103".parse().expect("an extension"),
        }];
    });
    office
}

#[test]
fn calls_before_and_after_the_hour_go_to_different_people() {
    let mut office = with_hours("09:00", "17:10");
    let (alice, bob, carol) = (office.tab(ALICE), office.tab(BOB), office.tab(CAROL));
    let call = |office: &mut Office| {
        let a = office.browser_calls(alice, ALICE, "400", &ALL);
        office.hang_up(a);
        (office.browsers[&bob].offered.len(), office.browsers[&carol].offered.len())
    };
    assert_eq!(call(&mut office), (1, 0));
    // 17:09:59.999
    office.advance(Duration::from_millis(3 * 60_000 + 19_999));
    assert_eq!(call(&mut office), (2, 0));
    office.advance(Duration::from_millis(1));
    assert_eq!(call(&mut office), (2, 1), "at 17:10 it is closed");
    office.assert_quiet();
}

#[test]
fn a_clock_that_was_set_right_counts() {
    let mut office = with_hours("09:00", "17:10");
    let (alice, carol) = (office.tab(ALICE), office.tab(CAROL));
    // The machine had started before it knew the time: an hour later it is 18:06:40.
    office.switch.handle_wall_clock(office.now, 1_750_003_600_000);
    let a = office.browser_calls(alice, ALICE, "400", &ALL);
    assert_eq!(office.browsers[&carol].offered.len(), 1);
    office.hang_up(a);
    office.assert_quiet();
}
