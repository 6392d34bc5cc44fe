//! Tabs that the browser froze, and connections that are half open: they stand and say nothing.

use std::time::Duration;

use ringdown_control::Event;
use ringdown_protocol::{Empty, Method};

use crate::world::{ALICE, BOB, LINK, Tab, World, answered, leg};

fn told(world: &World, watcher: ringdown_desk::ConnId) -> String {
    let pushes = world.pushes(watcher, "presence");
    let entry = &pushes.last().expect("a push of presence").1["entries"][0];
    entry["presence"].as_str().expect("a word").to_owned()
}

fn say(world: &mut World, tab: &Tab, method: Method) -> serde_json::Value {
    // Every answer of the story is kept, and the newest of an id is looked for: so each has its own.
    let id = world.frames.len() as u32 + 1_000;
    world.request(tab.conn, id, method);
    world.result(tab.conn, id).expect("a result")
}

#[test]
fn a_silent_tab_is_asleep_and_not_rung_until_it_says_something() {
    let mut world = World::new();
    world.connect_node(LINK, 1);
    let (watcher, tab) = (world.hello(ALICE), world.hello(BOB));
    for _ in 0..4 {
        world.pass(Duration::from_secs(25));
        say(&mut world, &tab, Method::Ping(Empty {}));
        say(&mut world, &watcher, Method::Ping(Empty {}));
    }
    assert_eq!(world.announcements(tab.session), ["up"]);
    world.pass(Duration::from_secs(20));
    say(&mut world, &watcher, Method::Ping(Empty {}));
    world.pass(Duration::from_secs(16));
    assert_eq!(told(&world, watcher.conn), "asleep");
    assert_eq!(world.announcements(tab.session), ["up", "down"]);
    say(&mut world, &tab, Method::Ping(Empty {}));
    world.pass(Duration::from_secs(1));
    assert_eq!(told(&world, watcher.conn), "online");
    assert_eq!(world.announcements(tab.session), ["up", "down", "up"]);
}

#[test]
fn one_that_resumes_is_awake() {
    let mut world = World::new();
    world.connect_node(LINK, 1);
    let tab = world.hello(BOB);
    world.pass(Duration::from_secs(36));
    assert_eq!(world.announcements(tab.session), ["up", "down"]);
    world.resume(&tab, 0).1.expect("the session stands");
    assert_eq!(world.announcements(tab.session), ["up", "down", "up"]);
    world.pass(Duration::from_secs(36));
    assert_eq!(world.announcements(tab.session), ["up", "down", "up", "down"]);
}

#[test]
fn one_that_holds_a_call_keeps_it() {
    let mut world = World::new();
    world.connect_node(LINK, 1);
    let tab = world.hello(BOB);
    world.ring(leg(1, BOB, &tab));
    world.event(Event::LegChanged { leg: answered(leg(1, BOB, &tab)) });
    world.pass(Duration::from_secs(60));
    assert_eq!(world.announcements(tab.session), ["up"]);
}

#[test]
fn another_tab_is_given_the_state_as_it_is() {
    let mut world = World::new();
    world.connect_node(LINK, 1);
    let tab = world.hello(BOB);
    world.ring(leg(1, BOB, &tab));
    let state = say(&mut world, &tab, Method::SessionState(Empty {}));
    assert_eq!(
        (state["session"].as_str(), state["secret"].as_str()),
        (Some(&*tab.session.to_string()), Some(""))
    );
    assert_eq!(state["state"]["calls"].as_array().map(Vec::len), Some(1));
    let last = world.pushes(tab.conn, "call.incoming").last().map(|push| push.0);
    assert!(state["seq"].as_u64() >= last);
}
