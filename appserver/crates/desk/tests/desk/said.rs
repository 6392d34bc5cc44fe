//! What somebody says of themselves reaches browsers and softswitches.

use std::time::Duration;

use ringdown_control::{Command, Event, PersonStatement, Snapshot, Statement};
use ringdown_protocol::{Activity, Method, PresenceParams};
use ringdown_types::{Pii, UserId};
use serde_json::json;

use crate::world::{ALICE, BOB, LINK, World};

fn says(activity: Option<Activity>, note: &str) -> Method {
    Method::PresenceSet(PresenceParams { activity, note: Some(Pii(note.to_owned())), until: None })
}

#[test]
fn what_alice_says_reaches_bob_and_every_softswitch() {
    let mut world = World::new();
    world.connect_node(LINK, 1);
    let (alice, bob) = (world.hello(ALICE), world.hello(BOB));
    world.pass(Duration::from_secs(1));
    world.frames.clear();
    world.request(alice.conn, 2, says(Some(Activity::Meeting), "until 3"));
    world.pass(Duration::from_secs(1));
    let told = world.pushes(bob.conn, "presence").pop().expect("told").1;
    let entry = json!({
        "userId": ALICE.to_string(), "presence": "online", "activity": "meeting", "note": "until 3"
    });
    assert_eq!(told["entries"], json!([entry]));
    let state = |world: &World| match world.commands.last() {
        Some((_, _, Command::State { people })) => people.len(),
        other => panic!("{other:?}"),
    };
    assert_eq!(state(&world), 1);
    // A softswitch that comes back is told again.
    world.lose_node(LINK);
    world.connect_node(LINK, 1);
    assert_eq!(state(&world), 1);
    world.request(alice.conn, 3, says(None, ""));
    world.pass(Duration::from_secs(1));
    let told = world.pushes(bob.conn, "presence").pop().expect("told").1;
    assert_eq!(told["entries"][0].get("activity"), None);
    world.request(alice.conn, 4, says(None, &"x".repeat(300)));
    assert_eq!(world.result(alice.conn, 4).expect_err("too long")["name"], "bad-request");
}

#[test]
fn what_telephones_publish_is_shown_until_their_softswitch_says_otherwise() {
    let mut world = World::new();
    world.connect_node(LINK, 1);
    let alice = world.hello(ALICE);
    let person = |user: UserId, activity| PersonStatement {
        user,
        statement: Statement { activity, note: Pii::default() },
    };
    world.event(Event::Published { person: person(BOB, Some(ringdown_control::Activity::Away)) });
    world.pass(Duration::from_secs(1));
    assert_eq!(world.pushes(alice.conn, "presence").pop().expect("told").1["entries"][0]["activity"], "away");
    world.desk.handle_snapshot(world.now, LINK, 9, Snapshot::default());
    world.pass(Duration::from_secs(1));
    let told = world.pushes(alice.conn, "presence").pop().expect("told").1;
    assert_eq!(told["entries"][0].get("activity"), None, "bob's telephone is gone");
}
