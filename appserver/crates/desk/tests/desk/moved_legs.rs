//! A leg that moves to another call stays the same leg for its client.

use ringdown_control::Event;
use ringdown_types::{CallId, EndReason};

use crate::world::{ALICE, LINK, World, answered, leg};

#[test]
fn a_transferred_side_keeps_its_call_on_the_screen_under_a_new_number() {
    let mut world = World::new();
    world.connect_node(LINK, 1);
    let alice = world.hello(ALICE);
    let rings = leg(1, ALICE, &alice);
    world.ring(rings.clone());
    let talking = answered(rings);
    world.event(Event::LegChanged { leg: talking.clone() });

    let mut moved = talking.clone();
    moved.call = CallId::from_u128(10);
    moved.peer.name.0 = "carol".to_owned();
    world.event(Event::LegChanged { leg: moved.clone() });
    let (_, told) = world.pushes(alice.conn, "call.state").pop().expect("a push");
    assert_eq!(told["call"]["id"], talking.leg.to_string(), "the leg is the same");
    assert_eq!(told["call"]["callId"], moved.call.to_string());
    assert_eq!(told["call"]["peer"]["name"], "carol");
    assert!(world.pushes(alice.conn, "call.ended").is_empty());

    world.end(moved, EndReason::Hangup);
    assert_eq!(world.pushes(alice.conn, "call.ended").len(), 1, "it ends once");
}
