//! The caller gives up in the moment somebody answers: whichever arrives first decides.

mod support;

use ringdown_call::{CommandError, EndedBy, LegCommand, LegEvent};
use ringdown_types::EndReason;
use support::*;

#[test]
fn a_cancel_that_comes_first_wins() {
    let mut world = World::new();
    let (alice, bob) = world.alice_calls_bob(&[BOB_TAB, BOB_PHONE]);
    world.event(bob[1], LegEvent::Ringing);
    assert_eq!(world.command(alice, LegCommand::Hangup), Ok(()));
    for leg in &bob {
        assert_eq!(world.told[leg], EndReason::Cancelled);
        assert_eq!(world.ended[leg], (EndReason::Cancelled, EndedBy::Remote));
    }
    world.event(bob[1], LegEvent::Answered);
    assert_eq!(world.command(bob[0], LegCommand::Answer), Err(CommandError::NoSuchLeg));

    assert!(world.answered.is_empty());
    assert_eq!((world.record().reason, world.record().by), (EndReason::Cancelled, EndedBy::Local));
}

#[test]
fn an_answer_that_comes_first_makes_it_a_hang_up() {
    let mut world = World::new();
    let (alice, bob) = world.alice_calls_bob(&[BOB_PHONE]);
    world.event(bob[0], LegEvent::Answered);
    world.device_hangs_up(alice);
    assert_eq!(world.told[&bob[0]], EndReason::Hangup);
    assert_eq!(world.record().reason, EndReason::Hangup);
}

#[test]
fn a_telephone_that_cancelled_is_not_told() {
    let mut world = World::new();
    let alice = world.call(ALICE, support::BOB_SOFTPHONE, bob(&[BOB_PHONE]), false);
    world.device_hangs_up(alice);
    assert!(!world.told.contains_key(&alice));
    assert_eq!(world.ended[&alice], (EndReason::Cancelled, EndedBy::Local));
}

#[test]
fn a_caller_who_is_lost_cancels_too() {
    let mut world = World::new();
    let (alice, bob) = world.alice_calls_bob(&[BOB_PHONE]);
    world.event(alice, LegEvent::Ended { reason: EndReason::ResumeExpired, by: EndedBy::Switch });
    assert_eq!(world.told[&bob[0]], EndReason::Cancelled);
    assert_eq!((world.record().reason, world.record().by), (EndReason::ResumeExpired, EndedBy::Switch));
}
