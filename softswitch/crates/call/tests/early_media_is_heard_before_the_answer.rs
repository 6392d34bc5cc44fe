//! What a caller hears while it rings.

mod support;

use ringdown_call::LegEvent;
use ringdown_types::EndReason;
use support::*;

#[test]
fn the_first_devices_early_media_replaces_the_ringing_tone() {
    let mut world = World::new();
    let (alice, bob) = world.alice_calls_bob(&[BOB_PHONE, BOB_SOFTPHONE]);
    world.event(bob[0], LegEvent::Ringing);
    assert_eq!(world.hears(alice), ringback());
    world.event(bob[0], LegEvent::EarlyMedia);
    world.event(bob[1], LegEvent::EarlyMedia);
    world.assert_talking(alice, bob[0]);
    assert!(world.progressed.contains(&alice));
}

#[test]
fn the_ringing_tone_returns_when_the_early_device_refuses() {
    let mut world = World::new();
    // A telephone that was told to expect early media makes no tone of its own any more.
    let alice = world.call(ALICE, BOB_TAB, bob(&[BOB_PHONE, BOB_SOFTPHONE]), false);
    let bob = world.order.clone();
    world.event(bob[0], LegEvent::EarlyMedia);
    world.event(bob[0], LegEvent::Refused(EndReason::Busy));
    assert_eq!(world.hears(alice), ringback());
    world.event(bob[1], LegEvent::Answered);
    world.assert_talking(alice, bob[1]);
}

#[test]
fn another_devices_answer_takes_the_caller_from_the_early_one() {
    let mut world = World::new();
    let (alice, bob) = world.alice_calls_bob(&[BOB_PHONE, BOB_SOFTPHONE]);
    world.event(bob[0], LegEvent::EarlyMedia);
    world.event(bob[1], LegEvent::Answered);
    world.assert_talking(alice, bob[1]);
    assert_eq!(world.told[&bob[0]], EndReason::AnsweredElsewhere);
}

#[test]
fn a_telephone_makes_its_own_ringing_tone() {
    let mut world = World::new();
    let alice = world.call(ALICE, BOB_TAB, bob(&[BOB_PHONE]), false);
    let bob = world.order[0];
    world.event(bob, LegEvent::Ringing);
    assert!(world.ringing.contains(&alice));
    assert_eq!(world.hears(alice), Hears::Nothing);
}
