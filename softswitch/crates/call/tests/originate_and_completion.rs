//! Calls the switch places for a user: asked for, or because somebody busy became free.

mod support;

use std::time::Duration;

use ringdown_call::{
    Callee, CommandError, CompletionState, Destination, LegEvent, OfferError, Originate, Party,
};
use ringdown_types::EndReason;
use support::*;

fn originate(world: &mut World) {
    let to = number("102").expect("a number");
    let asked = Originate { user: ALICE, to, auto_answer: false };
    world.control.originate(world.now, asked).expect("there is room");
    world.drain();
}

#[test]
fn own_devices_ring_first_and_the_one_that_answers_calls() {
    let mut world = World::new();
    world.numbers.insert("102", bob(&[BOB_PHONE]));
    originate(&mut world);
    let alice = world.newest();
    assert_eq!(world.devices[&alice], ALICE_TAB);
    assert_eq!(world.views[&alice].peer, Party::Number(number("102").expect("a number")));
    world.event(alice, LegEvent::Ringing);
    assert_eq!(world.hears(alice), Hears::Nothing);
    world.event(alice, LegEvent::Answered);
    let bob = world.newest();
    assert_eq!(world.hears(alice), ringback());
    assert_eq!(world.views[&bob].peer, Party::User(ALICE));
    world.event(bob, LegEvent::Answered);
    world.assert_talking(alice, bob);
    world.device_hangs_up(bob);
    assert_eq!((&world.record().caller, &world.record().callee), (&Party::User(ALICE), &Party::User(BOB)));
}

#[test]
fn a_user_who_does_not_answer_calls_nobody() {
    let mut world = World::new();
    originate(&mut world);
    world.advance(RING);
    assert_eq!(world.record().reason, EndReason::Offline);
    originate(&mut world);
    world.device_hangs_up(world.newest());
    assert_eq!(world.control.call_count(), 0);
    assert_eq!(world.order.len(), 2, "102 never rang");
}

#[test]
fn nothing_to_dial_is_refused() {
    let mut world = World::new();
    let to = number("").expect("text");
    let asked = Originate { user: ALICE, to, auto_answer: false };
    assert_eq!(world.control.originate(world.now, asked), Err(OfferError::Invalid));
    assert_eq!(world.control.call_count(), 0);
}

/// Alice found bob busy and asked for completion; bob still talks with carol.
fn alice_waits() -> (World, ringdown_types::LegId) {
    let mut world = World::new();
    let one = |devices| Destination::User(Callee { max_calls: 1, ..callee(BOB, devices) });
    world.numbers.insert("102", one(&[BOB_PHONE]));
    let (carol, _) = world.talk((CAROL, CAROL_PHONE), (BOB, BOB_PHONE));
    let alice = world.call(ALICE, ALICE_TAB, one(&[BOB_PHONE]), true);
    assert_eq!(world.told[&alice], EndReason::Busy);
    let asks = world.call(ALICE, ALICE_TAB, Destination::Completion { on: true }, true);
    assert_eq!(world.completions, [(ALICE, BOB, CompletionState::Waiting)]);
    world.event(asks, LegEvent::PlayFinished { token: 1 });
    assert_eq!(world.told[&asks], EndReason::Hangup);
    (world, carol)
}

#[test]
fn once_both_are_free_the_call_is_placed() {
    let (mut world, carol) = alice_waits();
    world.device_hangs_up(carol);
    assert_eq!(world.completions[1], (ALICE, BOB, CompletionState::Ringing));
    let alice = world.newest();
    world.event(alice, LegEvent::Answered);
    let bob = world.newest();
    world.event(bob, LegEvent::Answered);
    world.assert_talking(alice, bob);
    assert_eq!(world.control.completion_count(), 0);
}

#[test]
fn a_caller_who_talks_meanwhile_is_rung_afterwards() {
    let (mut world, carol) = alice_waits();
    let alice = world.call(ALICE, ALICE_TAB, Destination::EchoTest, true);
    world.device_hangs_up(carol);
    assert_eq!(world.completions.len(), 1);
    world.device_hangs_up(alice);
    assert_eq!(world.completions.len(), 2);
}

#[test]
fn a_wish_taken_back_or_too_old_is_not_fulfilled() {
    let (mut world, carol) = alice_waits();
    assert_eq!(world.control.cancel_completion(ALICE), 1);
    world.drain();
    world.device_hangs_up(carol);
    assert_eq!(world.completions[1], (ALICE, BOB, CompletionState::Cancelled));

    let (mut world, carol) = alice_waits();
    world.advance(Duration::from_secs(45 * 60));
    assert_eq!(world.completions[1], (ALICE, BOB, CompletionState::Expired));
    world.device_hangs_up(carol);
    assert_eq!(world.control.next_timeout(), None);
}

#[test]
fn several_who_wait_are_served_one_after_the_other() {
    let (mut world, carol) = alice_waits();
    let one = Destination::User(Callee { max_calls: 1, ..callee(BOB, &[BOB_PHONE]) });
    world.device_hangs_up(carol);
    let alice = world.newest();
    world.event(alice, LegEvent::Answered);
    let bob = world.newest();
    let carol = world.call(CAROL, CAROL_PHONE, one, true);
    assert_eq!(world.told[&carol], EndReason::Busy);
    assert_eq!(world.control.want_completion(world.now, CAROL), Ok(BOB));
    assert_eq!(world.control.want_completion(world.now, CAROL), Ok(BOB), "twice is once");
    world.drain();
    assert_eq!(world.control.completion_count(), 1);
    world.event(bob, LegEvent::Answered);
    world.device_hangs_up(bob);
    assert_eq!(world.completions.last(), Some(&(CAROL, BOB, CompletionState::Ringing)));
}

#[test]
fn who_found_nobody_busy_has_nothing_to_wait_for() {
    let mut world = World::new();
    assert_eq!(world.control.want_completion(world.now, ALICE), Err(CommandError::WrongState));
    let asks = world.call(ALICE, ALICE_TAB, Destination::Completion { on: true }, true);
    assert_eq!(world.told[&asks], EndReason::NotFound);
}
