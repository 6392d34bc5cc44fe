//! A small company.
#![allow(dead_code, reason = "each test file uses its part")]

use ringdown_control::{
    ConferenceRoom, DirectorySnapshot, DirectoryUser, FeatureCodes, HourSpan, ParkingLot, RingGroup,
    TimeCondition, UserSettings, VoicemailSettings, WeeklyHours,
};
use ringdown_dialplan::{Decision, Dialplan};
use ringdown_types::{Extension, GroupId, Pii, RingStrategy, RoomId, TimeConditionId, UserId, Weekday::*};

pub(crate) const ALICE: UserId = UserId::from_u128(1);
pub(crate) const BOB: UserId = UserId::from_u128(2);
pub(crate) const DAVE: UserId = UserId::from_u128(4);
pub(crate) const STRANGER: UserId = UserId::from_u128(99);
pub(crate) const SALES: GroupId = GroupId::from_u128(20);
pub(crate) const DOOR: RoomId = RoomId::from_u128(30);

/// Thursday 15 January 2026, 12:00 in Berlin.
pub(crate) const NOON: u64 = 1_768_474_800_000;
/// The same day, 03:00 in Berlin.
pub(crate) const NIGHT: u64 = NOON - 9 * HOUR;
pub(crate) const MINUTE: u64 = 60_000;
pub(crate) const HOUR: u64 = 60 * MINUTE;

pub(crate) fn extension(text: &str) -> Extension {
    text.parse().expect("the test writes extensions")
}

pub(crate) fn user(id: UserId, number: &str, enabled: bool) -> DirectoryUser {
    DirectoryUser {
        id,
        extension: extension(number),
        name: Pii("Somebody".to_owned()),
        enabled,
        ring_seconds: 30,
        max_calls: 2,
        settings: UserSettings::default(),
    }
}

pub(crate) fn time_condition(number: &str, open_to: &str, closed_to: &str) -> TimeCondition {
    TimeCondition {
        id: TimeConditionId::from_u128(number.parse().expect("a number")),
        extension: extension(number),
        name: "Office".to_owned(),
        time_zone: "Europe/Berlin".to_owned(),
        weekly: vec![WeeklyHours { days: vec![Mon, Tue, Wed, Thu, Fri], hours: span("09:00", "17:00") }],
        exceptions: Vec::new(),
        open_to: extension(open_to),
        closed_to: extension(closed_to),
    }
}

pub(crate) fn span(from: &str, until: &str) -> HourSpan {
    HourSpan { from: from.parse().expect("a time"), until: until.parse().expect("a time") }
}

pub(crate) fn directory() -> DirectorySnapshot {
    let mut alice = user(ALICE, "101", true);
    alice.settings.voicemail = Some(VoicemailSettings::default());
    DirectorySnapshot {
        version: 1,
        realm: "pbx.test".to_owned(),
        users: vec![alice, user(BOB, "Front-Desk", true), user(DAVE, "104", false)],
        feature_codes: FeatureCodes::default(),
        groups: vec![RingGroup {
            id: SALES,
            extension: extension("200"),
            name: "Sales".to_owned(),
            members: vec![ALICE, BOB],
            strategy: RingStrategy::All,
            ring_seconds: 20,
            overflow: None,
        }],
        rooms: vec![ConferenceRoom {
            id: DOOR,
            extension: extension("300"),
            name: "Daily".to_owned(),
            pin: None,
            moderator_pin: None,
            moderators: Vec::new(),
            max_members: 20,
        }],
        parking: Some(ParkingLot::default()),
        // 410 leads to itself at any time.
        time_conditions: vec![time_condition("400", "200", "*98101"), time_condition("410", "410", "410")],
        ..DirectorySnapshot::default()
    }
}

pub(crate) fn plan() -> Dialplan {
    Dialplan::compile(&directory()).expect("the directory is sound")
}

/// What becomes of it when alice dials it at noon.
pub(crate) fn route(dialled: &str) -> Decision {
    plan().route(dialled, ALICE, NOON)
}
