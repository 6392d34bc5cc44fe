//! Wrong numbers, absent, busy and unwilling people.

mod support;

use std::{collections::BTreeMap, time::Duration};

use ringdown_control::{Command, CommandError, CommandResult, EndedBy};
use ringdown_media::api::{MediaEvent, MediaFailure, Transport};
use ringdown_sip::message::Method;
use ringdown_types::{EndReason, LegId};
use support::{browser::ALL, phone::Manner, *};

#[test]
fn a_wrong_number_is_404() {
    let mut office = Office::new();
    let alice = office.phone("alice-phone");
    office.at(alice, |phone| phone.dial("999"));
    assert_eq!(office.phones[alice].statuses(), [401, 404]);
    let tab = office.tab(BOB);
    let leg = office.browser_calls(tab, BOB, "0044207", &ALL);
    assert_eq!(office.ended[&leg], (EndReason::NotFound, EndedBy::Switch));
    assert!(office.media.is_empty(), "no media for a call that never was");
    assert_eq!(office.records().len(), 2);
    office.assert_quiet();
}

#[test]
fn somebody_without_a_device_is_480() {
    let mut office = Office::new();
    let alice = office.phone("alice-phone");
    office.at(alice, |phone| phone.dial("102"));
    assert_eq!(office.phones[alice].statuses(), [401, 480]);
    assert_eq!(office.records()[0].reason, EndReason::Offline);
    office.assert_quiet();
}

#[test]
fn a_busy_phone_is_486() {
    let mut office = Office::new();
    let (alice, bob) = (office.phone("alice-phone"), office.phone("bob-phone"));
    office.phones[bob].manner = Manner::Busy;
    office.at(alice, |phone| phone.dial("102"));
    assert_eq!(office.phones[alice].statuses(), [401, 486]);
    office.assert_quiet();
}

#[test]
fn one_call_too_many_is_busy() {
    let mut office = Office::new();
    let (alice, bob, carol) = (office.tab(ALICE), office.tab(BOB), office.phone("carol-phone"));
    for _ in 0..2 {
        office.browser_calls(alice, ALICE, "102", &ALL);
    }
    office.at(carol, |phone| phone.dial("102"));
    assert_eq!(office.phones[carol].statuses(), [401, 486]);
    assert_eq!(office.browsers[&bob].offered.len(), 2);
    for leg in office.legs_of(ALICE) {
        office.hang_up(leg);
    }
    office.assert_quiet();
}

#[test]
fn declining_in_the_browser_is_603_for_the_caller() {
    let mut office = Office::new();
    let (alice, bob, desk) = (office.phone("alice-phone"), office.tab(BOB), office.phone("bob-phone"));
    office.at(alice, |phone| phone.dial("102"));
    let (leg, _) = office.browsers[&bob].offered[0];
    office.command(Command::Decline { leg, reason: EndReason::Declined });
    assert_eq!(office.phones[alice].statuses(), [401, 180, 603]);
    let cancel = office.phones[desk].last_request(&Method::Cancel).expect("the desk phone stops ringing");
    assert_eq!(cancel.headers.reasons()[0].cause, Some(603));
    office.assert_quiet();
}

#[test]
fn declining_at_the_phone_ends_the_browser_too() {
    let mut office = Office::new();
    let (alice, bob, desk) = (office.tab(ALICE), office.tab(BOB), office.phone("bob-phone"));
    let a = office.browser_calls(alice, ALICE, "102", &ALL);
    office.at(desk, |phone| phone.refuse(603));
    assert_eq!(office.ended[&a], (EndReason::Declined, EndedBy::Remote));
    let (b, _) = office.browsers[&bob].offered[0];
    assert_eq!(office.ended[&b], (EndReason::DeclinedElsewhere, EndedBy::Switch));
    office.assert_quiet();
}

#[test]
fn nobody_answers_in_time() {
    let mut office = Office::new();
    let (alice, bob) = (office.tab(ALICE), office.phone("bob-phone"));
    let a = office.browser_calls(alice, ALICE, "102", &ALL);
    office.advance(Duration::from_secs(31));
    assert_eq!(office.ended[&a], (EndReason::NoAnswer, EndedBy::Switch));
    assert_eq!(office.phones[bob].methods(), ["INVITE", "CANCEL"]);
    office.assert_quiet();
}

#[test]
fn a_phone_that_lost_its_power_is_offline() {
    let mut office = Office::new();
    let (alice, bob) = (office.tab(ALICE), office.phone("bob-phone"));
    office.phones[bob].manner = Manner::Dead;
    let a = office.browser_calls(alice, ALICE, "102", &ALL);
    office.advance(Duration::from_secs(31));
    assert_eq!(office.ended[&a].0, EndReason::Offline);
    // The INVITE is repeated until its transaction gives up.
    office.advance(Duration::from_secs(40));
    office.phones[bob].call = None;
    office.assert_quiet();
}

#[test]
fn a_phone_that_cannot_be_reached_is_offline_before_the_ring_time_is_over() {
    let mut office = Office::new();
    let (alice, bob) = (office.tab(ALICE), office.phone("bob-phone"));
    let mut patient = directory();
    patient.users[1].ring_seconds = 60;
    office.switch.apply_directory(office.now, patient).expect("it is sound");
    office.phones[bob].manner = Manner::Dead;
    let a = office.browser_calls(alice, ALICE, "102", &ALL);
    // RFC 3261 §17.1.1.2: timer B.
    office.advance(Duration::from_secs(33));
    assert_eq!(office.ended[&a].0, EndReason::Offline);
    office.phones[bob].call = None;
    office.assert_quiet();
}

#[test]
fn calling_oneself_rings_the_other_devices() {
    let mut office = Office::new();
    let (tab, desk) = (office.tab(BOB), office.phone("bob-phone"));
    office.at(desk, |phone| phone.dial("102"));
    assert_eq!(office.phones[desk].methods(), [""; 0], "the calling phone does not ring");
    assert_eq!(office.browsers[&tab].offered.len(), 1);
    office.at(desk, |phone| phone.cancel());
    office.assert_quiet();
}

#[test]
fn a_call_without_media_in_common_is_488() {
    let mut office = Office::new();
    let (alice, _) = (office.phone("alice-phone"), office.tab(BOB));
    office.phones[alice].codecs = vec![(18, "G729/8000")];
    office.at(alice, |phone| phone.dial("102"));
    assert_eq!(office.phones[alice].statuses(), [401, 488]);
    office.assert_quiet();
}

#[test]
fn what_a_browser_asks_is_checked() {
    let mut office = Office::new();
    let session = office.tab(ALICE);
    let call = |offer: ringdown_control::SessionDescription, to: String, variables| Command::StartCall {
        session,
        user: ALICE,
        to,
        offer,
        variables,
    };
    let offer = support::browser::offer(&ALL);
    let broken = ringdown_control::SessionDescription { sdp: "v=1".to_owned(), ..offer.clone() };
    let deaf = support::browser::offer(&[13]);
    let many: BTreeMap<_, _> = (0..33).map(|n| (n.to_string(), String::new())).collect();
    for (command, expected) in [
        (call(broken, "102".to_owned(), BTreeMap::new()), CommandError::Invalid),
        (call(deaf, "102".to_owned(), BTreeMap::new()), CommandError::NotAcceptable),
        (call(offer.clone(), "1".repeat(129), BTreeMap::new()), CommandError::Invalid),
        (call(offer, "102".to_owned(), many), CommandError::Invalid),
    ] {
        match office.command(command) {
            CommandResult::Refused { error, .. } => assert_eq!(error, expected),
            other => panic!("refused, not {other:?}"),
        }
    }
    assert!(office.events.is_empty(), "nothing happened: {:?}", office.events);
}

#[test]
fn a_port_of_another_program_fails_one_call_and_not_the_next() {
    let mut office = Office::with(|config| config.workers[0].rtp_ports = 20_000..=20_003);
    let alice = office.phone("alice-phone");
    office.at(alice, |phone| phone.dial("*43"));
    let first = office.leg_of(ALICE);
    let port = |office: &Office, leg: LegId| match &office.media[&leg].transport {
        Transport::Rtp { local_port, .. } => *local_port,
        other => panic!("a telephone, not {other:?}"),
    };
    let held = port(&office, first);
    office.media_event(MediaEvent::LegFailed { leg: first, failure: MediaFailure::SocketUnavailable });
    assert_eq!(office.ended[&first].0, EndReason::MediaFailed);
    for _ in 0..3 {
        office.at(alice, |phone| phone.dial("*43"));
        let leg = office.leg_of(ALICE);
        assert_ne!(port(&office, leg), held);
        office.hang_up(leg);
    }
}
