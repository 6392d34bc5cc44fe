//! Handing a call on, with phones and browsers mixed, by command as the API asks for it.

mod support;

use std::time::Duration;

use ringdown_control::{Command, CommandError, CommandResult, EndedBy};
use ringdown_sip::message::Method;
use ringdown_types::EndReason;
use support::{browser::ALL, phone::Manner, *};

fn transfer(leg: ringdown_types::LegId, to: &str) -> Command {
    Command::Transfer { leg, to: to.to_owned() }
}

#[test]
fn a_browser_hands_a_phone_on_to_a_phone() {
    let mut office = Office::new();
    let (alice, bob, carol) = (office.phone("alice-phone"), office.tab(BOB), office.phone("carol-phone"));
    office.at(alice, |phone| phone.dial("102"));
    let b = office.browser_answers(bob);
    let a = office.leg_of(ALICE);
    office.assert_talking(a, b);
    assert_eq!(office.command(transfer(b, "103")), CommandResult::Done);
    assert_eq!(office.ended[&b], (EndReason::Transferred, EndedBy::Local));

    let invite = office.phones[carol].last_request(&Method::Invite).expect("carol's phone rings");
    let from = invite.headers.from().expect("a From").uri.sip().expect("sip").decoded_user();
    assert_eq!(from.as_deref(), Some("101"), "it shows who waits, not who handed on");
    office.at(carol, |phone| phone.answer());
    let c = office.leg_of(CAROL);
    office.assert_talking(a, c);
    assert_eq!(office.legs[&a].peer.number.0, "103");
    assert_eq!(office.legs[&c].peer.number.0, "101");
    assert_eq!(office.phones[alice].statuses(), [401, 180, 200], "alice's dialog goes on untouched");
    office.at(alice, |phone| phone.hang_up());
    let records = office.records();
    assert_eq!(records.len(), 2);
    assert_eq!((records[0].reason, records[1].reason), (EndReason::Transferred, EndReason::Hangup));
    office.assert_quiet();
}

#[test]
fn a_busy_target_rings_the_transferor_again() {
    let mut office = Office::new();
    let (alice, bob) = (office.tab(ALICE), office.phone("bob-phone"));
    let carol = office.phone("carol-phone");
    office.phones[carol].manner = Manner::Busy;
    let a = office.browser_calls(alice, ALICE, "102", &ALL);
    office.at(bob, |phone| phone.answer());
    let b = office.leg_of(BOB);
    assert_eq!(office.command(transfer(b, "103")), CommandResult::Done);
    assert_eq!(office.phones[bob].methods(), ["INVITE", "BYE", "INVITE"], "bob's phone rings again");
    office.at(bob, |phone| phone.answer());
    office.assert_talking(a, office.leg_of(BOB));
    office.hang_up(a);
    office.assert_quiet();
}

#[test]
fn a_target_that_answers_just_after_its_time_finds_nobody() {
    let mut office = Office::new();
    let (alice, bob) = (office.tab(ALICE), office.tab(BOB));
    office.phone("carol-phone");
    let a = office.browser_calls(alice, ALICE, "102", &ALL);
    let b = office.browser_answers(bob);
    assert_eq!(office.command(transfer(b, "103")), CommandResult::Done);
    office.advance(Duration::from_secs(30));
    let b = office.browser_answers(bob);
    office.assert_talking(a, b);
    office.hang_up(b);
    office.assert_quiet();
}

#[test]
fn two_calls_of_a_browser_become_one_of_the_others() {
    for answered in [true, false] {
        let mut office = Office::new();
        let (alice, bob, carol) = (office.phone("alice-phone"), office.tab(BOB), office.phone("carol-phone"));
        office.at(alice, |phone| phone.dial("102"));
        let first = office.browser_answers(bob);
        let a = office.leg_of(ALICE);
        assert_eq!(office.command(Command::Hold { leg: first }), CommandResult::Done);
        let second = office.browser_calls(bob, BOB, "103", &ALL);
        if answered {
            office.at(carol, |phone| phone.answer());
        }
        let complete = Command::CompleteTransfer { leg: first, other: second };
        assert_eq!(office.command(complete), CommandResult::Done);
        for leg in [first, second] {
            assert_eq!(office.ended[&leg].0, EndReason::Transferred);
        }
        if !answered {
            office.at(carol, |phone| phone.answer());
        }
        office.assert_talking(a, office.leg_of(CAROL));
        office.at(carol, |phone| phone.hang_up());
        assert_eq!(office.records().len(), 3);
        office.assert_quiet();
    }
}

#[test]
fn a_transferor_who_is_gone_leaves_the_others_alone() {
    let mut office = Office::new();
    let (alice, bob, carol) = (office.tab(ALICE), office.phone("bob-phone"), office.tab(CAROL));
    let a = office.browser_calls(alice, ALICE, "102", &ALL);
    office.at(bob, |phone| phone.answer());
    let b = office.leg_of(BOB);
    assert_eq!(office.command(transfer(b, "103")), CommandResult::Done);
    office.at(bob, |phone| phone.register(0));
    let c = office.browser_answers(carol);
    office.assert_talking(a, c);
    assert!(matches!(
        office.command(transfer(b, "103")),
        CommandResult::Refused { error: CommandError::NoSuchLeg, .. }
    ));
    office.hang_up(a);
    office.assert_quiet();
}

#[test]
fn a_repeated_command_hands_on_once() {
    let mut office = Office::new();
    let (alice, bob, carol) = (office.tab(ALICE), office.tab(BOB), office.tab(CAROL));
    let a = office.browser_calls(alice, ALICE, "102", &ALL);
    let b = office.browser_answers(bob);
    let id = ringdown_control::CommandId(77);
    for _ in 0..2 {
        let result = office.switch.handle_command(office.now, id, transfer(b, "103"));
        office.run();
        assert_eq!(result, CommandResult::Done);
    }
    let c = office.browser_answers(carol);
    office.assert_talking(a, c);
    office.hang_up(c);
    office.assert_quiet();
}
