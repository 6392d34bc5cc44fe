//! A person's refusal speaks for all their devices; a device's busy does not.

mod support;

use ringdown_call::{CommandError, DeclineReason, EndedBy, LegCommand, LegEvent};
use ringdown_types::EndReason;
use support::*;

#[test]
fn declining_in_the_browser_silences_the_desk_phone() {
    let mut world = World::new();
    let (alice, bob) = world.alice_calls_bob(&[BOB_TAB, BOB_PHONE]);
    world.event(bob[1], LegEvent::Ringing);
    assert_eq!(world.command(bob[0], LegCommand::Decline(DeclineReason::Declined)), Ok(()));

    assert_eq!(world.ended[&bob[0]], (EndReason::Declined, EndedBy::Local));
    assert_eq!(world.told[&bob[1]], EndReason::DeclinedElsewhere);
    assert_eq!(world.told[&alice], EndReason::Declined);
    assert_eq!(world.ended[&alice], (EndReason::Declined, EndedBy::Remote));
    assert_eq!((world.record().reason, world.record().by), (EndReason::Declined, EndedBy::Remote));
    assert_eq!(world.record().answered_at, None);
}

#[test]
fn a_telephones_603_is_a_persons_word() {
    let mut world = World::new();
    let (alice, bob) = world.alice_calls_bob(&[BOB_TAB, BOB_PHONE]);
    world.event(bob[1], LegEvent::Refused(EndReason::Declined));
    assert!(!world.told.contains_key(&bob[1]), "it knows");
    assert_eq!(world.told[&bob[0]], EndReason::DeclinedElsewhere);
    assert_eq!(world.told[&alice], EndReason::Declined);
}

#[test]
fn a_busy_person_is_busy_everywhere() {
    let mut world = World::new();
    let (alice, bob) = world.alice_calls_bob(&[BOB_TAB, BOB_PHONE]);
    assert_eq!(world.command(bob[0], LegCommand::Decline(DeclineReason::Busy)), Ok(()));
    assert_eq!(world.told[&bob[1]], EndReason::DeclinedElsewhere);
    assert_eq!(world.told[&alice], EndReason::Busy);
}

#[test]
fn a_busy_telephone_leaves_the_others_ringing() {
    let mut world = World::new();
    let (alice, bob) = world.alice_calls_bob(&[BOB_TAB, BOB_PHONE]);
    world.event(bob[0], LegEvent::Ringing);
    world.event(bob[1], LegEvent::Refused(EndReason::Busy));
    assert!(!world.ended.contains_key(&alice));
    assert_eq!(world.command(bob[0], LegCommand::Answer), Ok(()));
    world.assert_talking(alice, bob[0]);
}

#[test]
fn when_all_are_gone_the_most_telling_reason_wins() {
    let cases = [
        ([EndReason::Failed, EndReason::Busy], EndReason::Busy),
        ([EndReason::NoAnswer, EndReason::Busy], EndReason::Busy),
        ([EndReason::NotFound, EndReason::Failed], EndReason::Offline),
        ([EndReason::NotAcceptable, EndReason::Congestion], EndReason::NotAcceptable),
        ([EndReason::Forbidden, EndReason::Cancelled], EndReason::Failed),
    ];
    for (refusals, expected) in cases {
        for flip in [false, true] {
            let mut world = World::new();
            let (alice, bob) = world.alice_calls_bob(&[BOB_PHONE, BOB_SOFTPHONE]);
            let (first, second) = if flip { (1, 0) } else { (0, 1) };
            world.event(bob[first], LegEvent::Refused(refusals[first]));
            world.event(bob[second], LegEvent::Refused(refusals[second]));
            assert_eq!(world.told[&alice], expected, "{refusals:?}");
            assert_eq!(world.record().reason, expected);
        }
    }
}

#[test]
fn an_answered_leg_cannot_be_declined() {
    let mut world = World::new();
    let (alice, bob) = world.alice_calls_bob(&[BOB_TAB]);
    assert_eq!(
        world.command(alice, LegCommand::Decline(DeclineReason::Declined)),
        Err(CommandError::WrongState)
    );
    assert_eq!(world.command(bob[0], LegCommand::Answer), Ok(()));
    assert_eq!(
        world.command(bob[0], LegCommand::Decline(DeclineReason::Declined)),
        Err(CommandError::WrongState)
    );
    world.assert_talking(alice, bob[0]);
}

#[test]
fn hanging_up_a_ringing_leg_is_declining_it() {
    let mut world = World::new();
    let (alice, bob) = world.alice_calls_bob(&[BOB_TAB, BOB_PHONE]);
    assert_eq!(world.command(bob[0], LegCommand::Hangup), Ok(()));
    assert_eq!(world.told[&bob[0]], EndReason::Declined);
    assert_eq!(world.told[&alice], EndReason::Declined);
}
