//! Taking a call that rings elsewhere, or the place of a leg.

mod support;

use ringdown_call::{Destination, EndedBy, LegCommand, LegEvent, Originate, Party};
use ringdown_types::EndReason;
use support::*;

#[test]
fn a_ringing_call_is_taken_by_a_colleague() {
    let mut world = World::new();
    let (alice, bob) = world.alice_calls_bob(&[BOB_TAB, BOB_PHONE]);
    world.event(bob[1], LegEvent::Ringing);
    let carol = world.call(CAROL, CAROL_PHONE, Destination::PickUp(vec![BOB]), false);
    world.assert_talking(alice, carol);
    assert!(world.answered.contains(&alice) && world.answered.contains(&carol));
    for leg in bob {
        assert_eq!(world.ended[&leg], (EndReason::AnsweredElsewhere, EndedBy::Switch));
    }
    assert_eq!(world.views[&alice].peer, Party::User(CAROL));
    assert_eq!(world.views[&carol].peer, Party::User(ALICE));
    world.device_hangs_up(alice);
    assert_eq!(world.record().callee, Party::User(CAROL), "one call, one record");
}

#[test]
fn nothing_that_rings_is_not_found() {
    let mut world = World::new();
    let (alice, bob) = world.talk((ALICE, ALICE_TAB), (BOB, BOB_TAB));
    let carol = world.call(CAROL, CAROL_PHONE, Destination::PickUp(vec![BOB]), false);
    assert_eq!(world.told[&carol], EndReason::NotFound);
    world.assert_talking(alice, bob);
}

#[test]
fn the_call_that_rings_longest_is_taken() {
    let mut world = World::new();
    let (alice, _) = world.alice_calls_bob(&[BOB_TAB]);
    world.advance(std::time::Duration::from_secs(1));
    world.call(ALICE, BOB_SOFTPHONE, bob(&[BOB_PHONE]), false);
    let carol = world.call(CAROL, CAROL_PHONE, Destination::PickUp(vec![BOB]), false);
    world.assert_talking(alice, carol);
}

#[test]
fn an_answer_that_crosses_the_pick_up_comes_too_late() {
    let mut world = World::new();
    let (alice, bob) = world.alice_calls_bob(&[BOB_PHONE]);
    let carol = world.call(CAROL, CAROL_PHONE, Destination::PickUp(vec![BOB]), false);
    world.event(bob[0], LegEvent::Answered);
    world.assert_talking(alice, carol);
}

#[test]
fn own_devices_that_ring_for_a_call_of_ones_own_are_nobody_else_s() {
    let mut world = World::new();
    let to = number("102").expect("a number");
    world.control.originate(world.now, Originate { user: BOB, to, auto_answer: false }).expect("room");
    world.drain();
    let carol = world.call(CAROL, CAROL_PHONE, Destination::PickUp(vec![BOB]), false);
    assert_eq!(world.told[&carol], EndReason::NotFound);
}

#[test]
fn an_answered_leg_is_replaced() {
    let mut world = World::new();
    let (alice, bob) = world.talk((ALICE, ALICE_TAB), (BOB, BOB_TAB));
    let first = world.call_of(bob);
    let replace = |early_only| Destination::Replace { leg: bob, early_only };
    let refused = world.call(CAROL, CAROL_PHONE, replace(true), false);
    assert_eq!(world.told[&refused], EndReason::NotFound);
    let carol = world.call(CAROL, CAROL_PHONE, replace(false), false);
    world.assert_talking(alice, carol);
    assert_eq!(world.told[&bob], EndReason::Transferred);
    assert_eq!(world.record_of(first).reason, EndReason::Transferred);
    assert_eq!(world.views[&alice].peer, Party::User(CAROL));
    assert_eq!(world.views[&carol].peer, Party::User(ALICE));
}

#[test]
fn a_ringing_leg_is_replaced_as_if_picked_up() {
    let mut world = World::new();
    let (alice, bob) = world.alice_calls_bob(&[BOB_PHONE]);
    let replace = Destination::Replace { leg: bob[0], early_only: true };
    let carol = world.call(CAROL, CAROL_PHONE, replace, false);
    world.assert_talking(alice, carol);
}

#[test]
fn a_transferred_side_that_rings_somebody_can_be_picked_up() {
    let mut world = World::new();
    world.numbers.insert("103", user(CAROL, &[CAROL_PHONE]));
    let (alice, bob) = world.talk((ALICE, ALICE_TAB), (BOB, BOB_TAB));
    let to = number("103").expect("a number");
    assert_eq!(world.command(bob, LegCommand::Transfer { to, stays: true }), Ok(()));
    let colleague = world.call(BOB, BOB_SOFTPHONE, Destination::PickUp(vec![CAROL]), false);
    world.assert_talking(alice, colleague);
    assert_eq!(world.told[&bob], EndReason::Transferred);
}
