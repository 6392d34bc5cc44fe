//! A message reaches a device of its addressee, or its sender is told that it did not; what somebody says of themselves
//! reaches browsers and softswitches.

use std::time::Duration;

use ringdown_control::{ChatMessage, Command, Event, Party, PersonStatement, Snapshot, Statement};
use ringdown_protocol::{Activity, MessageParams, Method, PresenceParams};
use ringdown_types::{MessageId, Pii, UserId};
use serde_json::json;

use crate::world::{ALICE, BOB, LINK, World};

fn write(to: &str) -> Method {
    Method::MessageSend(MessageParams { to: Pii(to.to_owned()), text: Pii("hello <bob>".to_owned()) })
}

fn sent(world: &World) -> Option<ChatMessage> {
    world.commands.iter().find_map(|(_, _, command)| match command {
        Command::SendMessage { message } => Some(message.clone()),
        _ => None,
    })
}

#[test]
fn a_browser_that_is_there_takes_a_message_at_once() {
    let mut world = World::new();
    world.connect_node(LINK, 1);
    let (alice, other, bob) = (world.hello(ALICE), world.hello(ALICE), world.hello(BOB));
    world.request(alice.conn, 2, write("102"));
    let id = world.result(alice.conn, 2).expect("sent")["message"]["id"].clone();
    assert_eq!(world.pushes(bob.conn, "message")[0].1["message"]["text"], "hello <bob>");
    assert_eq!(world.pushes(bob.conn, "message")[0].1["message"]["from"], ALICE.to_string());
    assert_eq!(world.pushes(other.conn, "message").len(), 1, "alice's other tab shows what she wrote");
    assert!(world.pushes(alice.conn, "message").is_empty());
    let delivery = world.pushes(alice.conn, "message.delivery");
    assert_eq!(delivery[0].1, json!({ "message": id, "delivered": true }));
    assert!(sent(&world).is_some(), "bob's telephones show it too");
}

#[test]
fn a_message_to_telephones_alone_waits_for_them() {
    let mut world = World::new();
    world.connect_node(LINK, 1);
    let alice = world.hello(ALICE);
    world.request(alice.conn, 2, write(&BOB.to_string()));
    let message = sent(&world).expect("the softswitch is asked").id;
    assert!(world.pushes(alice.conn, "message.delivery").is_empty());
    world.event(Event::MessageDelivered { message, delivered: false });
    assert_eq!(world.pushes(alice.conn, "message.delivery")[0].1["delivered"], false);
    world.event(Event::MessageDelivered { message, delivered: true });
    assert_eq!(world.pushes(alice.conn, "message.delivery").len(), 1, "told once");
}

#[test]
fn a_softswitch_that_says_nothing_does_not_leave_the_sender_waiting() {
    let mut world = World::new();
    world.connect_node(LINK, 1);
    let alice = world.hello(ALICE);
    world.request(alice.conn, 2, write("102"));
    world.pass(Duration::from_secs(31));
    assert_eq!(world.pushes(alice.conn, "message.delivery")[0].1["delivered"], false);
}

#[test]
fn a_message_to_nobody_is_refused() {
    let mut world = World::new();
    let alice = world.hello(ALICE);
    world.request(alice.conn, 2, write("999"));
    assert_eq!(world.result(alice.conn, 2).expect_err("nobody")["name"], "bad-request");
    // bob exists; he has no device, and there is no softswitch.
    world.request(alice.conn, 3, write("102"));
    assert_eq!(world.pushes(alice.conn, "message.delivery")[0].1["delivered"], false);
}

#[test]
fn a_telephones_message_is_shown_and_the_softswitch_told() {
    let mut world = World::new();
    world.connect_node(LINK, 1);
    let bob = world.hello(BOB);
    let from = Party { user: Some(ALICE), number: Pii("101".into()), name: Pii("alice".into()) };
    let id = MessageId::from_u128(5);
    let message = ChatMessage { id, from, to: BOB, text: Pii("hi".into()), at: 7 };
    world.event(Event::Message { message: message.clone() });
    assert_eq!(world.pushes(bob.conn, "message")[0].1["message"]["text"], "hi");
    let taken = |world: &World| match world.commands.last() {
        Some((_, _, Command::MessageTaken { message, taken })) => (*message, *taken),
        other => panic!("{other:?}"),
    };
    assert_eq!(taken(&world), (id, true));
    // A tab that went away does not count as told.
    world.disconnect(bob.conn);
    world.pass(Duration::from_secs(20));
    world.event(Event::Message { message });
    assert_eq!(taken(&world), (id, false));
}

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
