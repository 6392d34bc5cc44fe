//! Telephones take part in the chat: what they write is kept, what they miss comes later, in order and once.

use std::time::Duration;

use ringdown_control::{ChatMessage, Command, Event, Party, RegistrationInfo};
use ringdown_desk::{ChatAsker, ChatNews, ChatTarget, ChatWork};
use ringdown_protocol::{ChatKind, ErrorCode, ErrorInfo};
use ringdown_types::{MessageId, Pii};

use crate::{
    chat::{TALK, kept, send, stored},
    world::{ALICE, BOB, LINK, World},
};

fn register(world: &mut World, bindings: u32) {
    world.event(Event::Registration { registration: RegistrationInfo { user: BOB, bindings } });
}

/// What the softswitch was asked to send, since the last look.
fn sent(world: &mut World) -> Vec<ChatMessage> {
    let mut all = Vec::new();
    for (_, _, command) in world.commands.drain(..) {
        if let Command::SendMessage { message } = command {
            all.push(message);
        }
    }
    all
}

fn delivered(world: &mut World, message: &ChatMessage, delivered: bool) {
    world.event(Event::MessageDelivered { message: message.id, delivered });
}

fn world() -> World {
    let mut world = World::new();
    world.connect_node(LINK, 1);
    world
}

fn mark(seq: u64) -> ChatWork {
    ChatWork::Mark { conversation: TALK, delivered: seq, read: 0 }
}

/// Alice writes to bob; it is kept.
fn write(world: &mut World, conn: ringdown_desk::ConnId, seq: u64, kind: ChatKind) {
    world.request(conn, seq as u32 + 10, send("102", "hello"));
    let job = world.job();
    world.done(&job, Ok(kept(stored(ALICE, seq, "hello"), kind, &[ALICE, BOB])));
}

#[test]
fn a_telephone_gets_one_message_after_the_other() {
    let mut world = world();
    register(&mut world, 1);
    let alice = world.hello(ALICE);
    write(&mut world, alice.conn, 1, ChatKind::Direct);
    write(&mut world, alice.conn, 2, ChatKind::Direct);
    let first = sent(&mut world);
    assert_eq!((first.len(), first[0].to, first[0].text.as_str()), (1, BOB, "hello"));
    delivered(&mut world, &first[0], true);
    assert_eq!(world.job().work, mark(1), "it is delivered");
    let second = sent(&mut world).pop().expect("the next");
    delivered(&mut world, &second, true);
    delivered(&mut world, &second, true);
    assert_eq!(world.job().work, mark(2), "once");
}

#[test]
fn what_no_telephone_took_waits_for_one() {
    let mut world = world();
    let alice = world.hello(ALICE);
    write(&mut world, alice.conn, 1, ChatKind::Direct);
    assert!(sent(&mut world).is_empty(), "bob has no telephone");
    register(&mut world, 1);
    let job = world.job();
    assert_eq!((job.user, &job.work, job.asker), (BOB, &ChatWork::Undelivered, ChatAsker::Nobody));
    let one = |seq| (stored(ALICE, seq, "late"), ChatKind::Direct, Pii::default());
    world.done(&job, Ok(ChatNews::Undelivered(vec![one(1), one(2)])));
    let first = sent(&mut world).pop().expect("the oldest");
    // One that fails leaves the rest in the store, for the next try.
    delivered(&mut world, &first, false);
    assert!(sent(&mut world).is_empty());
    world.pass(Duration::from_secs(5 * 60 + 1));
    let job = world.job();
    assert_eq!(job.work, ChatWork::Undelivered, "tried again after a while");
    world.done(&job, Ok(ChatNews::Undelivered(vec![one(1), one(2)])));
    for seq in [1, 2] {
        let message = sent(&mut world).pop().expect("one");
        delivered(&mut world, &message, true);
        assert_eq!(world.job().work, mark(seq));
    }
    register(&mut world, 0);
    register(&mut world, 1);
    assert_eq!(world.jobs(), [], "nothing waits any more");
}

#[test]
fn a_new_message_does_not_overtake_those_that_wait() {
    let mut world = world();
    let alice = world.hello(ALICE);
    register(&mut world, 1);
    write(&mut world, alice.conn, 1, ChatKind::Direct);
    let first = sent(&mut world).pop().expect("sent");
    delivered(&mut world, &first, false);
    world.request(alice.conn, 90, send("102", "again"));
    let job = world.job();
    world.done(&job, Ok(kept(stored(ALICE, 2, "again"), ChatKind::Direct, &[ALICE, BOB])));
    assert!(sent(&mut world).is_empty());
    assert_eq!(world.job().work, ChatWork::Undelivered, "the store gives both in order");
}

#[test]
fn a_softswitch_that_says_nothing_or_a_store_that_fails_is_tried_again() {
    let mut world = world();
    register(&mut world, 1);
    let alice = world.hello(ALICE);
    write(&mut world, alice.conn, 1, ChatKind::Direct);
    world.pass(Duration::from_secs(31));
    world.pass(Duration::from_secs(5 * 60));
    let job = world.job();
    assert_eq!(job.work, ChatWork::Undelivered);
    world.done(&job, Err(ErrorInfo::new(ErrorCode::Internal, "the store failed")));
    world.pass(Duration::from_secs(5 * 60 + 1));
    assert_eq!(world.job().work, ChatWork::Undelivered);
}

#[test]
fn a_groups_messages_go_to_telephones_of_those_without_a_page() {
    let mut world = world();
    register(&mut world, 1);
    let (alice, bob) = (world.hello(ALICE), world.hello(BOB));
    write(&mut world, alice.conn, 1, ChatKind::Group);
    assert!(sent(&mut world).is_empty(), "bob reads it on his page");
    world.disconnect(bob.conn);
    world.pass(Duration::from_secs(20));
    write(&mut world, alice.conn, 2, ChatKind::Group);
    assert_eq!(sent(&mut world).pop().expect("sent").text.as_str(), "[Team] hello");
}

#[test]
fn what_a_telephone_writes_is_kept_and_shown() {
    let mut world = world();
    let bob = world.hello(BOB);
    let from = Party { user: Some(ALICE), number: Pii("101".into()), name: Pii("alice".into()) };
    let id = MessageId::from_u128(101);
    let message = ChatMessage { id, from, to: BOB, text: Pii("hi".into()), at: 7 };
    world.event(Event::Message { message: message.clone() });
    let job = world.job();
    assert_eq!((job.user, job.asker), (ALICE, ChatAsker::Telephone { link: LINK, message: id }));
    let ChatWork::Send { target, message: kept_as, .. } = &job.work else { panic!("{job:?}") };
    assert_eq!((target, *kept_as), (&ChatTarget::Person(BOB), id));
    let told = |world: &World| {
        let last = world.commands.iter().rev().find_map(|(_, _, command)| match command {
            Command::MessageTaken { message, taken } => Some((*message, *taken)),
            _ => None,
        });
        last.expect("the softswitch is told")
    };
    // bob's telephone is faster than the store.
    delivered(&mut world, &message, true);
    assert_eq!(world.jobs(), []);
    world.done(&job, Ok(kept(stored(ALICE, 1, "hi"), ChatKind::Direct, &[ALICE, BOB])));
    assert_eq!(told(&world), (id, true));
    assert_eq!(world.pushes(bob.conn, "chat.message")[0].1["message"]["text"], "hi");
    assert_eq!(world.job().work, mark(1));
    assert!(sent(&mut world).is_empty(), "the softswitch sends it to telephones itself");
    // What cannot be kept is refused, so that the sender knows.
    world.event(Event::Message { message: ChatMessage { id: MessageId::from_u128(9), ..message } });
    let job = world.job();
    world.done(&job, Err(ErrorInfo::new(ErrorCode::Internal, "the store failed")));
    assert_eq!(told(&world), (MessageId::from_u128(9), false));
}

#[test]
fn what_waited_before_a_restart_is_delivered_after_it() {
    let mut world = world();
    world.desk.expect_undelivered([BOB]);
    register(&mut world, 1);
    assert_eq!(world.job().work, ChatWork::Undelivered);
}
