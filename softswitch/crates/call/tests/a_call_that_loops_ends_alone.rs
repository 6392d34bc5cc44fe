//! A call whose inputs cause each other without end is ended; others go on.

mod support;

use std::time::Duration;

use ringdown_call::{Destination, LegEvent};
use ringdown_types::{DtmfDigit, EndReason};
use support::*;

#[test]
fn a_call_that_loops_ends_alone() {
    let mut world = World::new();
    let looping = world.call(ALICE, ALICE_TAB, Destination::EchoTest, true);
    let other = world.call(CAROL, CAROL_PHONE, Destination::EchoTest, true);
    let digit = DtmfDigit::from_char('1').expect("a key");
    for _ in 0..20_000 {
        world.control.handle_leg_event(world.now, looping, LegEvent::Dtmf { digit, relayed: true });
        world.drain();
    }
    assert_eq!(world.ended[&looping].0, EndReason::Failed);
    assert_eq!((world.control.failures(), world.control.call_count()), (1, 1));
    // As many inputs over time are a long call.
    for _ in 0..20_000 {
        world.now += Duration::from_millis(20);
        world.control.handle_leg_event(world.now, other, LegEvent::Dtmf { digit, relayed: true });
        world.drain();
    }
    assert_eq!(world.control.call_count(), 1);
}
