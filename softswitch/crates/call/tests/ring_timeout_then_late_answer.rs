//! Nobody answers in time, and then somebody does.

mod support;

use std::time::Duration;

use ringdown_call::{Callee, Destination, EndedBy, LegEvent};
use ringdown_types::EndReason;
use support::*;

#[test]
fn an_answer_after_the_ring_time_is_dropped() {
    let mut world = World::new();
    let (alice, bob) = world.alice_calls_bob(&[BOB_TAB, BOB_PHONE]);
    world.event(bob[1], LegEvent::Ringing);
    world.advance(RING - Duration::from_millis(1));
    assert!(!world.ended.contains_key(&alice));
    world.advance(Duration::from_millis(1));

    for leg in [alice, bob[0], bob[1]] {
        assert_eq!(world.told[&leg], EndReason::NoAnswer);
        assert_eq!(world.ended[&leg], (EndReason::NoAnswer, EndedBy::Switch));
    }
    world.event(bob[1], LegEvent::Answered);
    assert!(world.answered.is_empty());
    assert_eq!(world.record().reason, EndReason::NoAnswer);
}

#[test]
fn when_nothing_even_rang_the_callee_is_offline() {
    let mut world = World::new();
    let (alice, _) = world.alice_calls_bob(&[BOB_PHONE]);
    world.advance(RING);
    assert_eq!(world.told[&alice], EndReason::Offline);
}

#[test]
fn an_answer_stops_the_clock() {
    let mut world = World::new();
    let (alice, bob) = world.alice_calls_bob(&[BOB_PHONE]);
    world.event(bob[0], LegEvent::Answered);
    assert_eq!(world.control.next_timeout(), None);
    world.advance(Duration::from_secs(3_600));
    world.assert_talking(alice, bob[0]);
}

#[test]
fn absurd_ring_times_are_clamped() {
    for (asked, obeyed) in [(0, 5), (86_400, 300)] {
        let mut world = World::new();
        let callee = Callee { ring: Duration::from_secs(asked), ..callee(BOB, &[BOB_PHONE]) };
        let alice = world.call(ALICE, ALICE_TAB, Destination::User(callee), true);
        world.advance(Duration::from_secs(obeyed) - Duration::from_millis(1));
        assert!(!world.ended.contains_key(&alice));
        world.advance(Duration::from_millis(1));
        assert!(world.ended.contains_key(&alice));
    }
}
