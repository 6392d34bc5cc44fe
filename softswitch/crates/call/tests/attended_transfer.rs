//! Two calls of one user become one call of the other two.

mod support;

use ringdown_call::{CommandError, LegCommand, LegEvent, Party};
use ringdown_types::{EndReason, LegId};
use support::*;

const BOB_SECOND: ringdown_call::DeviceId = BOB_PHONE;

/// Alice called bob, and bob calls carol from the same telephone.
fn world() -> (World, LegId, LegId, LegId, LegId) {
    let mut world = World::new();
    let (alice, bob) = world.talk((ALICE, ALICE_TAB), (BOB, BOB_SECOND));
    assert_eq!(world.command(bob, LegCommand::Hold), Ok(()));
    let consult = world.call(BOB, BOB_SECOND, user(CAROL, &[CAROL_PHONE]), false);
    let carol = world.newest();
    world.event(carol, LegEvent::Ringing);
    (world, alice, bob, consult, carol)
}

fn complete(world: &mut World, leg: LegId, other: LegId) -> Result<(), CommandError> {
    world.command(leg, LegCommand::CompleteTransfer { other })
}

#[test]
fn both_calls_of_who_asked_become_one_of_the_others() {
    let (mut world, alice, bob, consult, carol) = world();
    world.event(carol, LegEvent::Answered);
    let (first, second) = (world.call_of(bob), world.call_of(consult));
    assert_eq!(complete(&mut world, bob, consult), Ok(()));
    world.assert_talking(alice, carol);
    for (leg, call) in [(bob, first), (consult, second)] {
        assert_eq!(world.told[&leg], EndReason::Transferred);
        assert_eq!(world.record_of(call).reason, EndReason::Transferred);
    }
    assert_eq!(world.views[&alice].peer, Party::User(CAROL));
    assert_eq!(world.views[&carol].peer, Party::User(ALICE));
    assert_eq!(world.call_of(alice), world.call_of(carol));
    world.device_hangs_up(carol);
    assert_eq!(world.records.len(), 3);
}

#[test]
fn either_leg_may_be_named_first() {
    let (mut world, alice, bob, consult, carol) = world();
    world.event(carol, LegEvent::Answered);
    assert_eq!(complete(&mut world, consult, bob), Ok(()));
    world.assert_talking(alice, carol);
}

#[test]
fn a_target_that_still_rings_rings_on_for_the_other() {
    let (mut world, alice, bob, consult, carol) = world();
    assert_eq!(complete(&mut world, bob, consult), Ok(()));
    assert!(!world.ended.contains_key(&carol), "her telephone rings on");
    assert_eq!(world.hears(alice), ringback());
    assert_eq!(world.views[&carol].peer, Party::User(ALICE));
    world.event(carol, LegEvent::Answered);
    world.assert_talking(alice, carol);
}

#[test]
fn a_target_that_never_answers_brings_the_partner_back() {
    let (mut world, alice, bob, consult, carol) = world();
    assert_eq!(complete(&mut world, bob, consult), Ok(()));
    world.advance(RING);
    assert_eq!(world.ended[&carol].0, EndReason::NoAnswer);
    let back = world.newest();
    world.event(back, LegEvent::Answered);
    world.assert_talking(alice, back);
}

#[test]
fn early_media_of_the_target_is_heard_by_the_other() {
    let (mut world, alice, bob, consult, carol) = world();
    world.event(carol, LegEvent::EarlyMedia);
    world.assert_talking(consult, carol);
    assert_eq!(complete(&mut world, bob, consult), Ok(()));
    world.assert_talking(alice, carol);
    world.event(carol, LegEvent::Answered);
    world.assert_talking(alice, carol);
}

#[test]
fn legs_of_different_users_or_of_one_call_are_not_joined() {
    let (mut world, alice, bob, consult, carol) = world();
    assert_eq!(complete(&mut world, consult, bob), Err(CommandError::WrongState), "carol has not answered");
    world.event(carol, LegEvent::Answered);
    assert_eq!(complete(&mut world, bob, carol), Err(CommandError::WrongState));
    assert_eq!(complete(&mut world, alice, consult), Err(CommandError::WrongState));
    assert_eq!(complete(&mut world, bob, bob), Err(CommandError::WrongState));
    assert_eq!(complete(&mut world, bob, LegId::from_u128(999)), Err(CommandError::NoSuchLeg));
    world.assert_talking(consult, carol);
}

#[test]
fn both_may_have_called_who_asked() {
    let mut world = World::new();
    let (alice, bob) = world.talk((ALICE, ALICE_TAB), (BOB, BOB_PHONE));
    let (carol, second) = world.talk((CAROL, CAROL_PHONE), (BOB, BOB_TAB));
    assert_eq!(complete(&mut world, bob, second), Ok(()));
    world.assert_talking(alice, carol);
    assert_eq!(world.control.call_count(), 1);
}
