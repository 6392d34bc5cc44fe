//! A room calls somebody: who answers is in it, who does not is told of, and nobody rings for a room that is over.

mod support;

use std::sync::Arc;

use ringdown_call::{
    CommandError, DepositPlan, Destination, EndedBy, Forwards, LegCommand, LegEvent, Limits, Party, Pin,
    RoomCommand, RoomPlan,
};
use ringdown_types::{CallId, EndReason, LegId, Pii, RoomId, UserId};
use support::{
    ALICE, ALICE_TAB, BOB, BOB_PHONE, BOB_TAB, CAROL, CAROL_PHONE, DAVE, DAVE_PHONE, Hears, RING, World,
    callee, number, user,
};

const ROOM: RoomId = RoomId::from_u128(600);

fn plan() -> RoomPlan {
    RoomPlan {
        room: ROOM,
        number: Pii(Arc::from("600")),
        pin: Some(Pin::Plain(Pii(Arc::from("4711")))),
        moderator_pin: None,
        moderators: vec![ALICE],
        max_members: 3,
    }
}

fn world() -> World {
    let mut world = World::new();
    world.numbers.insert("102", user(BOB, &[BOB_TAB, BOB_PHONE]));
    world.numbers.insert("103", user(CAROL, &[CAROL_PHONE]));
    world.numbers.insert("104", user(DAVE, &[DAVE_PHONE]));
    world
}

/// Alice is in her room.
fn alice_in_her_room(world: &mut World) -> LegId {
    world.call(ALICE, ALICE_TAB, Destination::Room(Arc::new(plan())), true)
}

fn invite(world: &mut World, leg: LegId, to: &str) -> Result<(RoomId, CallId), CommandError> {
    let result = world.control.handle_invite(world.now, leg, Pii(Arc::from(to)));
    world.drain();
    result
}

fn uninvite(world: &mut World, invitation: CallId, by: UserId) -> Result<(), CommandError> {
    let result = world.control.handle_uninvite(world.now, (ROOM, invitation), by);
    world.drain();
    result
}

fn members(world: &World, room: RoomId) -> Vec<UserId> {
    world.rooms[&room].members.iter().map(|member| member.user).collect()
}

/// Who was invited, and whether they ring.
fn invited(world: &World, room: RoomId) -> Vec<(Party, bool)> {
    world.rooms[&room].invited.iter().map(|invited| (invited.to.clone(), invited.is_ringing)).collect()
}

#[test]
fn who_was_invited_and_answers_is_in_the_room_without_a_pin() {
    let mut world = world();
    let alice = alice_in_her_room(&mut world);
    let (room, invitation) = invite(&mut world, alice, "102").expect("alice is in the room");
    assert_eq!(room, ROOM);
    assert_eq!(invited(&world, ROOM), [(Party::User(BOB), false)]);
    let [tab, phone] = world.order[..] else { panic!("both of bob's devices are called") };
    assert_eq!(world.views[&tab].peer, Party::User(ALICE), "he sees who invites him");
    world.event(tab, LegEvent::Ringing);
    world.event(phone, LegEvent::Ringing);
    assert_eq!(invited(&world, ROOM), [(Party::User(BOB), true)]);

    world.event(tab, LegEvent::Answered);
    assert_eq!(world.ended[&phone].0, EndReason::AnsweredElsewhere);
    assert_eq!((members(&world, ROOM), invited(&world, ROOM)), (vec![ALICE, BOB], vec![]));
    assert!(matches!((world.hears(alice), world.hears(tab)), (Hears::Mix(a), Hears::Mix(b)) if a == b));
    assert_eq!(world.views[&tab].peer, Party::Number(Pii(Arc::from("600"))));
    assert_eq!(world.uninvited, []);
    world.device_hangs_up(tab);
    let record = world.record_of(invitation);
    assert_eq!((&record.caller, &record.callee), (&Party::User(ALICE), &Party::User(BOB)));
    assert!(record.answered_at.is_some());
}

#[test]
fn two_who_talk_become_a_room_with_a_third() {
    let mut world = world();
    let (alice, bob) = world.talk((ALICE, ALICE_TAB), (BOB, BOB_PHONE));
    let (room, _) = invite(&mut world, alice, "103").expect("alice talks");
    assert!(matches!((world.hears(alice), world.hears(bob)), (Hears::Mix(a), Hears::Mix(b)) if a == b));
    let carol = world.newest();
    world.event(carol, LegEvent::Ringing);
    assert_eq!(
        (members(&world, room), invited(&world, room)),
        (vec![ALICE, BOB], vec![(Party::User(CAROL), true)])
    );
    world.event(carol, LegEvent::Answered);
    assert_eq!(members(&world, room), [ALICE, BOB, CAROL]);
    assert!(world.rooms[&room].members[0].is_moderator, "whoever made it moderates");
    // Bob invites too.
    invite(&mut world, bob, "104").expect("bob is in the room");
    for leg in [alice, bob, carol] {
        world.device_hangs_up(leg);
    }
    assert_eq!(world.control.call_count(), 0, "nobody rings for nobody");
}

#[test]
fn who_refuses_is_busy_or_is_not_there_is_told_of() {
    let mut world = world();
    let alice = alice_in_her_room(&mut world);
    for (refusal, reason) in [(EndReason::Declined, EndReason::Declined), (EndReason::Busy, EndReason::Busy)]
    {
        invite(&mut world, alice, "103").expect("alice is in the room");
        let carol = world.newest();
        world.event(carol, LegEvent::Refused(refusal));
        assert_eq!(world.uninvited.pop(), Some((Party::User(CAROL), reason)));
        assert_eq!((members(&world, ROOM), invited(&world, ROOM)), (vec![ALICE], vec![]));
    }
    invite(&mut world, alice, "103").expect("alice is in the room");
    let carol = world.newest();
    world.event(carol, LegEvent::Ringing);
    world.advance(RING * 2);
    assert_eq!(world.uninvited.pop(), Some((Party::User(CAROL), EndReason::NoAnswer)));
    invite(&mut world, alice, "999").expect("alice is in the room");
    let unknown = Party::Number(Pii(Arc::from("999")));
    assert_eq!(world.uninvited.pop(), Some((unknown, EndReason::NotFound)));
}

#[test]
fn an_invitation_is_taken_back_by_whoever_invited_and_by_moderators() {
    let mut world = world();
    let alice = alice_in_her_room(&mut world);
    let (_, invitation) = invite(&mut world, alice, "102").expect("alice is in the room");
    let bob = world.newest();
    world.event(bob, LegEvent::Answered);
    assert_eq!(uninvite(&mut world, invitation, ALICE), Err(CommandError::NoSuchLeg), "he is in already");
    let (_, invitation) = invite(&mut world, bob, "103").expect("bob is in the room");
    let carol = world.newest();
    assert_eq!(uninvite(&mut world, invitation, CAROL), Err(CommandError::NotAllowed));
    assert_eq!(uninvite(&mut world, invitation, ALICE), Ok(()));
    assert_eq!(world.ended[&carol], (EndReason::Cancelled, EndedBy::Local));
    assert_eq!(world.uninvited, [(Party::User(CAROL), EndReason::Cancelled)]);
    assert_eq!(uninvite(&mut world, invitation, ALICE), Err(CommandError::NoSuchLeg));
}

#[test]
fn an_invitation_outlives_whoever_invited_but_not_the_room() {
    let mut world = world();
    let (alice, bob) = world.talk((ALICE, ALICE_TAB), (BOB, BOB_PHONE));
    let (room, _) = invite(&mut world, alice, "103").expect("alice talks");
    let carol = world.newest();
    world.device_hangs_up(alice);
    assert_eq!(invited(&world, room).len(), 1);
    world.device_hangs_up(bob);
    assert_eq!(world.told[&carol], EndReason::Cancelled);
    assert_eq!((world.control.call_count(), world.control.rooms().count()), (0, 0));
}

#[test]
fn a_locked_room_is_opened_to_guests_of_moderators_alone() {
    let mut world = world();
    let alice = alice_in_her_room(&mut world);
    invite(&mut world, alice, "102").expect("alice is in the room");
    let bob = world.newest();
    world.event(bob, LegEvent::Answered);
    assert_eq!(world.control.handle_room_command(world.now, ROOM, ALICE, RoomCommand::Lock(true)), Ok(()));
    world.drain();
    assert_eq!(invite(&mut world, bob, "103"), Err(CommandError::NotAllowed));
    invite(&mut world, alice, "103").expect("she moderates");
    let carol = world.newest();
    assert_eq!(invite(&mut world, alice, "104"), Err(CommandError::Full), "the invited have their places");
    world.event(carol, LegEvent::Answered);
    assert_eq!(members(&world, ROOM), [ALICE, BOB, CAROL]);
}

#[test]
fn machines_and_members_are_not_invited() {
    let mut world = world();
    world.numbers.insert("*43", Destination::EchoTest);
    world.numbers.insert("600", Destination::Room(Arc::new(plan())));
    world.numbers.insert("voicemail", Destination::Deposit(DepositPlan { mailbox: CAROL, is_full: false }));
    let away = Forwards { no_answer: number("voicemail"), ..Forwards::default() };
    let Destination::User(carol) = user(CAROL, &[CAROL_PHONE]) else { unreachable!() };
    world.numbers.insert("103", Destination::User(ringdown_call::Callee { forwards: away, ..carol }));
    world.numbers.insert("101", Destination::User(callee(ALICE, &[ALICE_TAB])));
    let alice = alice_in_her_room(&mut world);
    for (to, reason) in [("*43", EndReason::NotFound), ("600", EndReason::NotFound), ("101", EndReason::Busy)]
    {
        invite(&mut world, alice, to).expect("alice is in the room");
        assert_eq!(world.uninvited.pop().map(|(_, reason)| reason), Some(reason), "{to}");
    }
    invite(&mut world, alice, "103").expect("alice is in the room");
    let leg = world.newest();
    world.event(leg, LegEvent::Ringing);
    world.advance(RING * 2);
    assert_eq!(world.uninvited.pop(), Some((Party::User(CAROL), EndReason::NoAnswer)));
    assert_eq!(members(&world, ROOM), [ALICE]);
}

#[test]
fn a_forward_takes_an_invitation_along() {
    let mut world = world();
    world.numbers.insert("103", Destination::Forwarded { user: CAROL, to: Pii(Arc::from("104")) });
    let alice = alice_in_her_room(&mut world);
    invite(&mut world, alice, "103").expect("alice is in the room");
    let dave = world.newest();
    world.event(dave, LegEvent::Answered);
    assert_eq!(members(&world, ROOM), [ALICE, DAVE]);
}

#[test]
fn nobody_is_invited_from_a_call_that_rings_or_holds_nobody() {
    let mut world = world();
    let (alice, _) = world.alice_calls_bob(&[BOB_PHONE]);
    assert_eq!(invite(&mut world, alice, "103"), Err(CommandError::WrongState));
    assert_eq!(invite(&mut world, LegId::from_u128(99), "103"), Err(CommandError::NoSuchLeg));
    assert_eq!(invite(&mut world, alice, ""), Err(CommandError::Invalid));
    let mut small = World::with_limits(Limits { calls: 3, ..Limits::default() });
    let (alice, _) = small.talk((ALICE, ALICE_TAB), (BOB, BOB_PHONE));
    assert_eq!(invite(&mut small, alice, "103"), Err(CommandError::Full));
    small.command(alice, LegCommand::Hangup).expect("she talks");
}
