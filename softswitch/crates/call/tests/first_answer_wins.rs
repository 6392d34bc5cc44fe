//! Two devices answer at the same time.

mod support;

use ringdown_call::{CommandError, EndedBy, LegCommand, LegEvent};
use ringdown_types::EndReason;
use support::*;

#[test]
fn the_other_devices_learn_that_it_was_answered_elsewhere() {
    let mut world = World::new();
    let (alice, bob) = world.alice_calls_bob(&[BOB_TAB, BOB_PHONE, BOB_SOFTPHONE]);
    for leg in &bob {
        world.event(*leg, LegEvent::Ringing);
    }
    assert_eq!(world.hears(alice), ringback());
    world.event(bob[1], LegEvent::Answered);

    world.assert_talking(alice, bob[1]);
    assert!(world.answered.contains(&alice));
    for loser in [bob[0], bob[2]] {
        assert_eq!(world.told[&loser], EndReason::AnsweredElsewhere);
        assert_eq!(world.ended[&loser], (EndReason::AnsweredElsewhere, EndedBy::Switch));
    }
}

#[test]
fn an_answer_that_comes_second_changes_nothing() {
    let mut world = World::new();
    let (alice, bob) = world.alice_calls_bob(&[BOB_TAB, BOB_PHONE]);
    world.event(bob[1], LegEvent::Answered);
    assert_eq!(world.command(bob[0], LegCommand::Answer), Err(CommandError::NoSuchLeg));
    world.event(bob[1], LegEvent::Answered);
    world.assert_talking(alice, bob[1]);
}

#[test]
fn a_person_answers_a_browser_but_not_a_telephone() {
    let mut world = World::new();
    let (alice, bob) = world.alice_calls_bob(&[BOB_TAB, BOB_PHONE]);
    assert_eq!(world.command(bob[1], LegCommand::Answer), Err(CommandError::WrongState));
    assert_eq!(world.command(alice, LegCommand::Answer), Err(CommandError::WrongState));
    assert_eq!(world.command(bob[0], LegCommand::Answer), Ok(()));
    assert_eq!(world.command(bob[0], LegCommand::Answer), Err(CommandError::WrongState));
    world.assert_talking(alice, bob[0]);
}

#[test]
fn hang_up_from_either_side_ends_the_other() {
    for alice_hangs_up in [true, false] {
        let mut world = World::new();
        let (alice, bob) = world.alice_calls_bob(&[BOB_PHONE]);
        world.event(bob[0], LegEvent::Answered);
        let (first, second) = if alice_hangs_up { (alice, bob[0]) } else { (bob[0], alice) };
        world.device_hangs_up(first);

        assert_eq!(world.ended[&first], (EndReason::Hangup, EndedBy::Local));
        assert_eq!(world.ended[&second], (EndReason::Hangup, EndedBy::Remote));
        assert!(!world.told.contains_key(&first), "a device that hung up knows");
        assert_eq!(world.told[&second], EndReason::Hangup);
        let by = if alice_hangs_up { EndedBy::Local } else { EndedBy::Remote };
        assert_eq!((world.record().reason, world.record().by), (EndReason::Hangup, by));
        assert!(world.record().answered_at.is_some());
    }
}
