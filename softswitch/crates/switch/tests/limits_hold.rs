//! A full switch refuses politely, frees what calls held, and does nothing twice.

mod support;

use std::collections::BTreeMap;

use ringdown_control::{Command, CommandError, CommandId, CommandResult};
use ringdown_media::api::{MediaEvent, MediaFailure};
use ringdown_sip::message::HeaderName;
use ringdown_types::{EndReason, LegId};
use support::{browser::ALL, *};

#[test]
fn one_call_too_many_is_503_with_a_time_to_retry() {
    let mut office = Office::with(|config| config.limits.calls = 1);
    let (alice, carol, bob) = (office.tab(ALICE), office.phone("carol-phone"), office.tab(BOB));
    let a = office.browser_calls(alice, ALICE, "102", &ALL);
    office.at(carol, |phone| phone.dial("102"));
    assert_eq!(office.phones[carol].statuses(), [401, 503]);
    assert!(office.phones[carol].last_response().headers.contains(&HeaderName::RetryAfter));
    let offer = support::browser::offer(&ALL);
    let start =
        Command::StartCall { session: bob, user: BOB, to: "101".into(), offer, variables: BTreeMap::new() };
    let refused = office.command(start);
    assert!(matches!(refused, CommandResult::Refused { error: CommandError::Congestion, .. }), "{refused:?}");
    office.hang_up(a);
    office.at(carol, |phone| phone.dial("102"));
    assert_eq!(office.phones[carol].last_response().status, 180);
    office.at(carol, |phone| phone.cancel());
    office.assert_quiet();
}

#[test]
fn ports_are_given_back_by_calls_of_every_kind() {
    // Room for one call between two telephones.
    let mut office = Office::with(|config| config.workers[0].rtp_ports = 20_000..=20_003);
    let (alice, bob) = (office.phone("alice-phone"), office.phone("bob-phone"));
    for round in 0..15 {
        office.at(alice, |phone| phone.dial(if round % 5 == 3 { "999" } else { "102" }));
        match round % 5 {
            0 => {
                office.at(bob, |phone| phone.answer());
                office.at(alice, |phone| phone.hang_up());
            }
            1 => office.at(alice, |phone| phone.cancel()),
            2 => office.at(bob, |phone| phone.refuse(486)),
            // The worker cannot serve the leg.
            4 => {
                assert_eq!(office.phones[alice].last_response().status, 180, "round {round}");
                let (leg, failure) = (office.leg_of(ALICE), MediaFailure::SocketUnavailable);
                office.media_event(MediaEvent::LegFailed { leg, failure });
                continue;
            }
            _ => {}
        }
        assert_ne!(office.phones[alice].last_response().status, 503, "round {round}");
    }
    office.assert_quiet();
}

#[test]
fn without_a_port_the_phone_is_not_rung() {
    let mut office = Office::with(|config| config.workers[0].rtp_ports = 20_000..=20_001);
    let (alice, _bob) = (office.phone("alice-phone"), office.phone("bob-phone"));
    office.at(alice, |phone| phone.dial("102"));
    assert_eq!(office.phones[alice].statuses(), [401, 503]);
    assert_eq!(office.records()[0].reason, EndReason::Congestion);
    office.assert_quiet();
}

#[test]
fn a_session_has_so_many_legs_and_no_more() {
    let mut office = Office::with(|config| config.limits.legs_per_session = 2);
    let alice = office.tab(ALICE);
    let legs: Vec<LegId> = (0..2).map(|_| office.browser_calls(alice, ALICE, "*43", &ALL)).collect();
    let offer = support::browser::offer(&ALL);
    let third = Command::StartCall {
        session: alice,
        user: ALICE,
        to: "*43".into(),
        offer,
        variables: BTreeMap::new(),
    };
    assert!(matches!(office.command(third), CommandResult::Refused { error: CommandError::Congestion, .. }));
    for leg in legs {
        office.hang_up(leg);
    }
    office.assert_quiet();
}

#[test]
fn a_repeated_command_is_obeyed_once() {
    let mut office = Office::new();
    let alice = office.tab(ALICE);
    let offer = support::browser::offer(&ALL);
    let start = Command::StartCall {
        session: alice,
        user: ALICE,
        to: "*43".into(),
        offer,
        variables: BTreeMap::new(),
    };
    let first = office.switch.handle_command(office.now, CommandId(77), start.clone());
    office.run();
    let second = office.switch.handle_command(office.now, CommandId(77), start);
    office.run();
    assert_eq!(first, second);
    assert_eq!(office.switch.call_count(), 1);
    let leg = office.leg_of(ALICE);
    office.hang_up(leg);
    office.assert_quiet();
}

#[test]
fn a_stopping_switch_hangs_up_and_says_why() {
    let mut office = Office::new();
    let (alice, bob) = (office.tab(ALICE), office.phone("bob-phone"));
    let a = office.browser_calls(alice, ALICE, "102", &ALL);
    office.at(bob, |phone| phone.answer());
    assert_eq!(office.switch.snapshot().calls[0].legs.len(), 2);
    office.switch.handle_shutdown(office.now);
    office.run();
    assert_eq!(office.ended[&a].0, EndReason::ServerRestart);
    assert_eq!(office.phones[bob].methods(), ["INVITE", "BYE"]);
    office.assert_quiet();
}

#[test]
fn a_stopping_switch_tells_a_calling_telephone_too() {
    let mut office = Office::new();
    let (alice, bob) = (office.phone("alice-phone"), office.phone("bob-phone"));
    office.at(alice, |phone| phone.dial("102"));
    office.at(bob, |phone| phone.answer());
    let (_, ringing) = (office.phone("bob-softphone"), office.phone("carol-phone"));
    office.at(ringing, |phone| phone.dial("102"));
    office.switch.handle_shutdown(office.now);
    office.run();
    assert_eq!(office.phones[alice].methods(), ["BYE"]);
    assert_eq!(office.phones[ringing].last_response().status, 503);
    assert!(office.records().iter().all(|record| record.reason == EndReason::ServerRestart));
    assert_eq!(office.records().len(), 2);
    office.assert_quiet();
}

#[test]
fn a_directory_that_contradicts_itself_is_refused_and_the_old_one_stays() {
    let mut office = Office::new();
    let mut broken = directory();
    broken.version = 2;
    broken.users[1].extension = broken.users[0].extension.clone();
    assert!(office.switch.apply_directory(office.now, broken).is_err());
    let mut ownerless = directory();
    ownerless.users.pop();
    assert!(office.switch.apply_directory(office.now, ownerless).is_err());
    assert_eq!(office.switch.directory_version(), 1);
}
