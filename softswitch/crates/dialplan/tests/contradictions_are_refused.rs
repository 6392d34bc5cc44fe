//! A directory that contradicts itself is refused, and the error says where.

mod support;

use ringdown_control::{DatedException, DirectorySnapshot, Feature, ParkingLot};
use ringdown_dialplan::{CompileError, Dialplan};

use support::{ALICE, STRANGER, directory, extension, time_condition, user};

fn refused(change: impl FnOnce(&mut DirectorySnapshot)) -> CompileError {
    let mut directory = directory();
    change(&mut directory);
    Dialplan::compile(&directory).expect_err("it contradicts itself")
}

#[test]
fn two_entries_with_one_number() {
    let duplicate = |number: &str| CompileError::DuplicateExtension { extension: extension(number) };
    assert_eq!(refused(|it| it.users.push(user(STRANGER, "10.1", true))), duplicate("10.1"));
    assert_eq!(refused(|it| it.groups[0].extension = extension("101")), duplicate("101"));
    assert_eq!(refused(|it| it.rooms[0].extension = extension("200")), duplicate("200"));
    assert_eq!(refused(|it| it.rooms[0].extension = extension("705")), duplicate("705"));
    assert_eq!(refused(|it| it.time_conditions[0].extension = extension("300")), duplicate("300"));
    assert_eq!(refused(|it| it.users.push(user(STRANGER, "*43", true))), duplicate("*43"));
    assert_eq!(refused(|it| it.feature_codes.set(Feature::Park, Some(extension("*43")))), duplicate("*43"));
}

#[test]
fn two_users_with_one_id() {
    assert_eq!(refused(|it| it.users.push(user(ALICE, "109", true))), CompileError::DuplicateUser(ALICE));
}

#[test]
fn a_number_nobody_can_dial() {
    let error = refused(|it| it.users.push(user(STRANGER, "--", true)));
    assert_eq!(error, CompileError::Undiallable { extension: extension("--") });
}

#[test]
fn a_group_of_nobody_or_of_strangers() {
    let sales = || extension("200");
    assert!(matches!(refused(|it| it.groups[0].members.clear()), CompileError::OutOfRange { .. }));
    assert_eq!(
        refused(|it| it.groups[0].members.push(STRANGER)),
        CompileError::UnknownMember { extension: sales(), member: STRANGER }
    );
    assert_eq!(
        refused(|it| it.groups[0].members.push(ALICE)),
        CompileError::DuplicateMember { extension: sales(), member: ALICE }
    );
}

#[test]
fn values_out_of_their_range() {
    let lot = |first, last| Some(ParkingLot { first, last, timeout_seconds: 60 });
    for change in [
        (|it: &mut DirectorySnapshot, _: fn(u32, u32) -> Option<ParkingLot>| it.groups[0].ring_seconds = 4)
            as fn(&mut DirectorySnapshot, fn(u32, u32) -> Option<ParkingLot>),
        |it, _| it.groups[0].name.clear(),
        |it, _| it.rooms[0].max_members = 1,
        |it, _| it.rooms[0].pin = Some(ringdown_types::Pii("12a4".to_owned())),
        |it, lot| it.parking = lot(720, 701),
        |it, lot| it.parking = lot(1, u32::MAX),
        |it, _| it.parking = Some(ParkingLot { timeout_seconds: 1, ..ParkingLot::default() }),
    ] {
        let error = refused(|it| change(it, lot));
        assert!(matches!(error, CompileError::OutOfRange { .. }), "{error:?}");
    }
}

#[test]
fn a_time_zone_that_does_not_exist_and_days_that_run_backwards() {
    let error = refused(|it| it.time_conditions[0].time_zone = "Europe/Atlantis".to_owned());
    assert!(matches!(error, CompileError::UnknownTimeZone { .. }), "{error:?}");
    let day = |text: &str| text.parse().expect("a date");
    let error = refused(|it| {
        let mut condition = time_condition("420", "101", "101");
        condition.exceptions = vec![DatedException {
            first: day("2026-12-26"),
            last: day("2026-12-25"),
            name: String::new(),
            hours: Vec::new(),
        }];
        it.time_conditions.push(condition);
    });
    assert!(matches!(error, CompileError::OutOfRange { .. }), "{error:?}");
}

#[test]
fn a_code_that_hides_a_number_that_exists() {
    // Intercom is `*80`, so `*8` cannot pick up a number that begins with 0, once there is one.
    let error = refused(|it| it.users.push(user(STRANGER, "0", true)));
    let hidden = CompileError::Hidden { by: extension("*80"), code: extension("*8"), number: extension("0") };
    assert_eq!(error, hidden);
    // A number that looks like a code followed by a number.
    let error = refused(|it| it.users.push(user(STRANGER, "*72200", true)));
    assert!(matches!(error, CompileError::Hidden { .. }), "{error:?}");
    // `*81` would hide every number that begins with 1.
    let error = refused(|it| it.feature_codes.set(Feature::Intercom, Some(extension("*81"))));
    assert!(matches!(error, CompileError::Hidden { .. }), "{error:?}");
}

#[test]
fn errors_name_no_number_in_logs() {
    let error = refused(|it| it.users.push(user(STRANGER, "10.1", true)));
    assert!(!format!("{error} {error:?}").contains("10.1"));
    assert_eq!(error.number(), Some(&extension("10.1")));
}
