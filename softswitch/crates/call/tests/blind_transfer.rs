//! A partner is handed on to a number, and comes back when nobody takes them.

mod support;

use ringdown_call::{
    CommandError, Destination, DeviceId, EndedBy, LegCommand, LegEvent, Party, TransferProgress,
};
use ringdown_types::{EndReason, LegId};
use support::*;

fn to(text: &str, stays: bool) -> LegCommand {
    LegCommand::Transfer { to: number(text).expect("a number"), stays }
}

/// Alice talks with bob; carol has 103.
fn world() -> (World, LegId, LegId) {
    let mut world = World::new();
    world.numbers.insert("103", user(CAROL, &[CAROL_PHONE]));
    let (alice, bob) = world.talk((ALICE, ALICE_TAB), (BOB, BOB_TAB));
    (world, alice, bob)
}

#[test]
fn the_callee_hands_the_caller_on() {
    let (mut world, alice, bob) = world();
    let first = world.call_of(alice);
    assert_eq!(world.command(bob, to("103", false)), Ok(()));
    assert_eq!(world.ended[&bob], (EndReason::Transferred, EndedBy::Local));
    assert_eq!(world.told[&bob], EndReason::Transferred);
    assert_eq!(world.record_of(first).reason, EndReason::Transferred);
    assert_eq!(world.lookups[0].2, BOB, "with the rights of who hands on");

    let second = world.call_of(alice);
    assert_ne!(first, second, "a call of its own");
    let carol = world.newest();
    assert_eq!(world.hears(alice), ringback(), "an answered side hears the ringing, whatever its device is");
    world.event(carol, LegEvent::Ringing);
    assert_eq!(world.views[&alice].peer, Party::User(CAROL));
    assert_eq!(world.views[&carol].peer, Party::User(ALICE));
    world.event(carol, LegEvent::Answered);
    world.assert_talking(alice, carol);
    world.device_hangs_up(alice);
    let record = world.record_of(second);
    assert_eq!((&record.caller, &record.callee), (&Party::User(ALICE), &Party::User(CAROL)));
    assert_eq!((record.reason, record.by), (EndReason::Hangup, EndedBy::Local));
}

#[test]
fn the_caller_hands_the_callee_on() {
    let (mut world, alice, bob) = world();
    assert_eq!(world.command(alice, to("103", false)), Ok(()));
    let carol = world.newest();
    world.event(carol, LegEvent::Answered);
    world.assert_talking(bob, carol);
    assert_eq!(world.views[&bob].peer, Party::User(CAROL));
    assert_eq!(world.views[&carol].peer, Party::User(BOB));
}

#[test]
fn a_target_that_does_not_answer_brings_the_partner_back() {
    let (mut world, alice, bob) = world();
    assert_eq!(world.command(bob, to("103", false)), Ok(()));
    let carol = world.newest();
    world.event(carol, LegEvent::Ringing);
    world.advance(RING);
    assert_eq!(world.ended[&carol].0, EndReason::NoAnswer);
    let again: Vec<_> = world.order.iter().filter(|leg| !world.ended.contains_key(leg)).copied().collect();
    assert!(again.iter().any(|leg| world.devices[leg] == BOB_PHONE), "all of bob's devices ring");
    assert_eq!(world.views[&again[1]].peer, Party::User(ALICE));
    world.event(again[1], LegEvent::Answered);
    world.assert_talking(alice, again[1]);
}

#[test]
fn busy_unknown_and_offline_targets_bring_the_partner_back_at_once() {
    for destination in
        [Destination::Refused(EndReason::NotFound), Destination::Refused(EndReason::Busy), user(CAROL, &[])]
    {
        let (mut world, alice, bob) = world();
        world.numbers.insert("103", destination);
        assert_eq!(world.command(bob, to("103", false)), Ok(()));
        let back = world.newest();
        assert!([BOB_TAB, BOB_PHONE].contains(&world.devices[&back]));
        world.event(back, LegEvent::Answered);
        world.assert_talking(alice, back);
    }
}

#[test]
fn a_recall_nobody_takes_goes_where_the_target_s_calls_go_or_ends_with_the_first_reason() {
    for forwards in [None, number("43")] {
        let (mut world, alice, bob) = world();
        let goes_on = forwards.is_some();
        let Destination::User(mut carol) = user(CAROL, &[CAROL_PHONE]) else { unreachable!() };
        carol.forwards.busy = forwards;
        world.numbers.insert("103", Destination::User(carol));
        world.numbers.insert("43", Destination::EchoTest);
        assert_eq!(world.command(bob, to("103", false)), Ok(()));
        let second = world.call_of(alice);
        world.event(world.newest(), LegEvent::Refused(EndReason::Busy));
        world.advance(RING);
        if goes_on {
            assert!(matches!(world.hears(alice), Hears::Play(..)), "the echo test speaks");
        } else {
            assert_eq!(world.record_of(second).reason, EndReason::Busy, "not that bob did not answer");
            assert_eq!(world.told[&alice], EndReason::Busy);
        }
    }
}

#[test]
fn a_transferor_who_stays_is_told_and_let_go() {
    let (mut world, alice, bob) = world();
    assert_eq!(world.command(bob, to("103", true)), Ok(()));
    assert_eq!(world.call_of(bob), world.call_of(alice));
    let carol = world.newest();
    world.event(carol, LegEvent::Ringing);
    assert_eq!(world.progress, [(bob, TransferProgress::Ringing)]);
    world.event(carol, LegEvent::Answered);
    assert_eq!(world.progress[1], (bob, TransferProgress::Answered));
    assert_eq!(world.ended[&bob], (EndReason::Transferred, EndedBy::Local));
    world.assert_talking(alice, carol);
}

#[test]
fn a_transferor_who_stays_gets_the_partner_back() {
    let (mut world, alice, bob) = world();
    assert_eq!(world.command(bob, LegCommand::Hold), Ok(()));
    assert_eq!(world.command(bob, to("103", true)), Ok(()));
    world.event(world.newest(), LegEvent::Refused(EndReason::Busy));
    assert_eq!(world.progress, [(bob, TransferProgress::Failed(EndReason::Busy))]);
    assert_eq!(world.hears(alice), music(), "bob's device holds still");
    assert_eq!(world.command(bob, LegCommand::Unhold), Ok(()));
    world.assert_talking(alice, bob);
}

#[test]
fn a_transferor_who_hangs_up_meanwhile_is_recalled() {
    let (mut world, alice, bob) = world();
    assert_eq!(world.command(bob, to("103", true)), Ok(()));
    world.device_hangs_up(bob);
    assert_eq!(world.ended[&bob], (EndReason::Transferred, EndedBy::Local));
    let carol = world.order[1];
    world.event(carol, LegEvent::Refused(EndReason::Busy));
    let back = world.newest();
    assert_ne!(back, carol);
    assert_eq!(world.progress, [(bob, TransferProgress::Failed(EndReason::Busy))], "its device is told");
    world.event(back, LegEvent::Answered);
    world.assert_talking(alice, back);
}

#[test]
fn a_transferred_side_that_hangs_up_takes_everybody_along() {
    let (mut world, alice, bob) = world();
    assert_eq!(world.command(bob, to("103", true)), Ok(()));
    let carol = world.newest();
    world.device_hangs_up(alice);
    assert_eq!(world.progress, [(bob, TransferProgress::Failed(EndReason::Cancelled))]);
    assert_eq!(world.ended[&bob], (EndReason::Hangup, EndedBy::Remote));
    assert_eq!(world.told[&carol], EndReason::Cancelled);
    assert_eq!(world.control.call_count(), 0);
}

#[test]
fn a_late_answer_of_the_target_does_not_cut_the_recall() {
    let (mut world, alice, bob) = world();
    assert_eq!(world.command(bob, to("103", false)), Ok(()));
    let carol = world.newest();
    world.event(carol, LegEvent::Ringing);
    world.advance(RING);
    world.event(carol, LegEvent::Answered);
    let back = world.newest();
    world.event(back, LegEvent::Answered);
    world.assert_talking(alice, back);
}

#[test]
fn only_who_talks_can_hand_on() {
    let mut world = World::new();
    let (alice, bob) = world.alice_calls_bob(&[BOB_TAB]);
    assert_eq!(world.command(alice, to("103", false)), Err(CommandError::WrongState));
    assert_eq!(world.command(bob[0], to("103", false)), Err(CommandError::WrongState));
    world.event(bob[0], LegEvent::Answered);
    assert_eq!(world.command(bob[0], to("", false)), Err(CommandError::Invalid));
    assert_eq!(world.command(bob[0], to(&"1".repeat(129), false)), Err(CommandError::Invalid));
    world.assert_talking(alice, bob[0]);
}

#[test]
fn a_handed_on_side_may_be_handed_on_again() {
    let (mut world, alice, bob) = world();
    world.numbers.insert("104", user(BOB, &[BOB_SOFTPHONE]));
    assert_eq!(world.command(bob, to("103", false)), Ok(()));
    let carol = world.newest();
    world.event(carol, LegEvent::Answered);
    assert_eq!(world.command(carol, to("104", false)), Ok(()));
    let bob = world.newest();
    assert_eq!(world.devices[&bob], DeviceId::Telephone(21));
    world.event(bob, LegEvent::Answered);
    world.assert_talking(alice, bob);
    world.device_hangs_up(bob);
    assert_eq!(world.records.len(), 3, "one record for each part");
}
