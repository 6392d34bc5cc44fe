//! Bob's browser and both his phones ring; one of them answers.

mod support;

use ringdown_control::{Command, CommandError, CommandResult};
use ringdown_sip::message::Method;
use ringdown_types::EndReason;
use support::{browser::ALL, *};

#[test]
fn the_phones_learn_that_the_browser_answered() {
    let mut office = Office::new();
    let (alice, bob) = (office.tab(ALICE), office.tab(BOB));
    let (desk, soft) = (office.phone("bob-phone"), office.phone("bob-softphone"));
    let a = office.browser_calls(alice, ALICE, "102", &ALL);
    assert_eq!(office.legs_of(BOB).len(), 3);
    let b = office.browser_answers(bob);
    office.assert_talking(a, b);
    for phone in [desk, soft] {
        let cancel = office.phones[phone].last_request(&Method::Cancel).expect("it stops ringing");
        let reason = &cancel.headers.reasons()[0];
        assert_eq!((reason.protocol.as_str(), reason.cause), ("SIP", Some(200)), "RFC 3326");
        assert!(office.phones[phone].call.is_none());
    }
    office.hang_up(a);
    office.assert_quiet();
}

#[test]
fn the_browser_learns_that_the_phone_answered() {
    let mut office = Office::new();
    let (alice, bob, desk) = (office.phone("alice-phone"), office.tab(BOB), office.phone("bob-phone"));
    office.at(alice, |phone| phone.dial("102"));
    let (leg, offer) = office.browsers[&bob].offered[0].clone();
    office.at(desk, |phone| phone.answer());
    assert_eq!(office.ended[&leg].0, EndReason::AnsweredElsewhere);

    let late = Command::Answer { leg, description: Some(support::browser::answer(&offer)) };
    let refused = office.command(late);
    assert!(matches!(refused, CommandResult::Refused { error: CommandError::NoSuchLeg, .. }), "{refused:?}");
    office.assert_talking(office.leg_of(ALICE), office.leg_of(BOB));
    office.at(alice, |phone| phone.hang_up());
    office.assert_quiet();
}

#[test]
fn two_phones_answer_at_once_and_one_is_hung_up() {
    let mut office = Office::new();
    let alice = office.tab(ALICE);
    let (desk, soft) = (office.phone("bob-phone"), office.phone("bob-softphone"));
    office.browser_calls(alice, ALICE, "102", &ALL);
    // Both 200s are on their way before the switch has seen either.
    office.phones[soft].answer();
    office.phones[desk].answer();
    office.run();
    let (winner, loser) = if office.phones[desk].call.is_some() { (desk, soft) } else { (soft, desk) };
    assert!(office.phones[winner].call.is_some());
    assert!(office.phones[loser].call.is_none(), "the loser was acknowledged and hung up");
    assert_eq!(office.phones[loser].methods().last(), Some(&"BYE"));
    assert!(office.phones[loser].last_request(&Method::Ack).is_some());
    office.at(winner, |phone| phone.hang_up());
    office.assert_quiet();
}

#[test]
fn a_busy_phone_leaves_the_browser_ringing() {
    let mut office = Office::new();
    let (alice, bob, desk) = (office.phone("alice-phone"), office.tab(BOB), office.phone("bob-phone"));
    office.at(alice, |phone| phone.dial("102"));
    office.at(desk, |phone| phone.refuse(486));
    let b = office.browser_answers(bob);
    office.assert_talking(office.leg_of(ALICE), b);
    office.hang_up(b);
    office.assert_quiet();
}
