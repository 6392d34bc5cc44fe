//! A connection that does not read: presence waits and shrinks to what counts, calls do not wait.

use std::time::Duration;

use crate::world::{ALICE, BOB, LINK, World, leg};

#[test]
fn presence_gathers_while_there_is_no_room_and_calls_go_out() {
    let mut world = World::new();
    world.connect_node(LINK, 1);
    let (alice, bob) = (world.hello(ALICE), world.hello(BOB));
    world.pass(Duration::from_secs(1));
    let before = world.pushes(alice.conn, "presence").len();
    world.full.push(alice.conn);
    for _ in 0..50 {
        world.ring(leg(1, BOB, &bob));
        world.pass(Duration::from_millis(300));
        world.end(leg(1, BOB, &bob), ringdown_types::EndReason::Cancelled);
        world.pass(Duration::from_millis(300));
    }
    assert_eq!(world.pushes(alice.conn, "presence").len(), before);
    world.ring(leg(2, ALICE, &alice));
    assert_eq!(world.pushes(alice.conn, "call.incoming").len(), 1, "a call is told at once");
    world.ring(leg(3, BOB, &bob));
    world.full.clear();
    world.pass(Duration::from_millis(200));
    let told = world.pushes(alice.conn, "presence");
    assert_eq!(told.len(), before + 1, "one push for fifty changes");
    let entries = told.last().expect("a push").1["entries"].as_array().expect("entries").clone();
    assert!(entries.iter().all(|entry| entry["presence"] == "ringing"), "{entries:?}");
}
