//! Alice, bob and carol in a room: PIN, lock, limits, moderators, and what crosses.

mod support;

use std::{sync::Arc, time::Duration};

use ringdown_call::{
    CommandError, Destination, EndedBy, LegCommand, LegEvent, Pin, PlaySource, RoomCommand, RoomPlan,
};
use ringdown_types::{EndReason, LegId, Pii, PromptId, RoomId, ToneId, UserId};
use support::{ALICE, ALICE_TAB, BOB, BOB_PHONE, BOB_TAB, CAROL, CAROL_PHONE, Hears, World, digit, music};

const ROOM: RoomId = RoomId::from_u128(600);

fn plan() -> RoomPlan {
    RoomPlan {
        room: ROOM,
        number: Pii(Arc::from("600")),
        pin: None,
        moderator_pin: None,
        moderators: vec![ALICE],
        max_members: 10,
    }
}

fn pin(digits: &str) -> Option<Pin> {
    Some(Pin::Plain(Pii(Arc::from(digits))))
}

fn enter(world: &mut World, user: UserId, plan: RoomPlan) -> LegId {
    let device = match user {
        ALICE => ALICE_TAB,
        BOB => BOB_PHONE,
        _ => CAROL_PHONE,
    };
    world.call(user, device, Destination::Room(Arc::new(plan)), true)
}

/// What is said to a leg at this moment.
fn said(world: &World, leg: LegId) -> Option<PromptId> {
    match world.hears(leg) {
        Hears::Play(PlaySource::Prompt(prompt), _) => Some(prompt),
        _ => None,
    }
}

/// The media plane has said what is being said.
fn finish(world: &mut World, leg: LegId) {
    let Hears::Play(_, token) = world.hears(leg) else { panic!("{:?}", world.hears(leg)) };
    world.event(leg, LegEvent::PlayFinished { token });
}

fn press(world: &mut World, leg: LegId, keys: &str) {
    for key in keys.chars() {
        world.event(leg, LegEvent::Dtmf { digit: digit(key), relayed: true });
    }
}

fn in_mix(world: &World, leg: LegId) -> bool {
    matches!(world.hears(leg), Hears::Mix(_))
}

fn members(world: &World) -> Vec<LegId> {
    world.rooms[&ROOM].members.iter().map(|member| member.leg).collect()
}

#[test]
fn who_is_alone_hears_music_and_who_is_not_the_others() {
    let mut world = World::new();
    let alice = enter(&mut world, ALICE, plan());
    assert_eq!(said(&world, alice), Some(PromptId::RoomAlone));
    finish(&mut world, alice);
    assert_eq!(world.hears(alice), music());
    let bob = enter(&mut world, BOB, plan());
    assert!(in_mix(&world, alice));
    assert_eq!(world.hears(alice), world.hears(bob));
    let Hears::Mix(mix) = world.hears(bob) else { panic!("a mix") };
    assert_eq!(world.mixed, [(mix, PlaySource::Tone(ToneId::MemberJoined))]);
    let carol = enter(&mut world, CAROL, plan());
    assert_eq!(members(&world), [alice, bob, carol]);
    world.device_hangs_up(alice);
    assert_eq!(world.mixed.last(), Some(&(mix, PlaySource::Tone(ToneId::MemberLeft))));
    world.device_hangs_up(bob);
    assert_eq!(world.hears(carol), music());
    world.device_hangs_up(carol);
    assert_eq!(members(&world), []);
    assert_eq!(world.control.rooms().count(), 0);
    assert_eq!(world.records.len(), 3);
}

#[test]
fn whoever_shows_the_call_learns_that_a_pin_is_asked_for_and_which_were_wrong() {
    let mut world = World::new();
    let asked = |world: &World, leg| world.views.get(&leg).and_then(|view| view.pin_asked);
    let bob = enter(&mut world, BOB, RoomPlan { pin: pin("4711"), ..plan() });
    assert_eq!(asked(&world, bob), Some(0));
    press(&mut world, bob, "0000#");
    assert_eq!(asked(&world, bob), Some(1));
    press(&mut world, bob, "4711#");
    assert_eq!(asked(&world, bob), None, "he is in");
    let carol = enter(&mut world, CAROL, plan());
    assert_eq!(asked(&world, carol), None, "no PIN, no question");
}

#[test]
fn a_pin_is_asked_for_three_times() {
    let mut world = World::new();
    let locked = RoomPlan { pin: pin("4711"), moderator_pin: pin("0815"), ..plan() };
    let alice = enter(&mut world, ALICE, locked.clone());
    assert_eq!(members(&world), [alice], "moderators of the directory need none");
    let bob = enter(&mut world, BOB, locked.clone());
    assert_eq!(said(&world, bob), Some(PromptId::EnterPin));
    press(&mut world, bob, "471");
    assert_eq!(world.hears(bob), Hears::Nothing, "a key ends the prompt");
    press(&mut world, bob, "*4711#");
    assert_eq!(members(&world), [alice, bob]);
    let carol = enter(&mut world, CAROL, locked);
    press(&mut world, carol, "1#");
    assert_eq!(said(&world, carol), Some(PromptId::WrongPin));
    press(&mut world, carol, "2#3#");
    assert_eq!(said(&world, carol), Some(PromptId::WrongPin));
    finish(&mut world, carol);
    assert_eq!(said(&world, carol), Some(PromptId::Goodbye));
    press(&mut world, carol, "4711#");
    finish(&mut world, carol);
    assert!(world.ended.contains_key(&carol));
    assert_eq!(members(&world), [alice, bob]);
}

#[test]
fn nobody_waits_at_the_door_for_ever() {
    let mut world = World::new();
    let bob = enter(&mut world, BOB, RoomPlan { pin: pin("4711"), ..plan() });
    world.advance(Duration::from_secs(16));
    assert_eq!(said(&world, bob), Some(PromptId::Goodbye));
    finish(&mut world, bob);
    assert!(world.ended.contains_key(&bob));
    // Digits without a hash are taken when no more come.
    let bob = enter(&mut world, BOB, RoomPlan { pin: pin("4711"), ..plan() });
    press(&mut world, bob, "4711");
    world.advance(Duration::from_secs(6));
    assert_eq!(members(&world), [bob]);
}

#[test]
fn hanging_up_at_the_door_leaves_nothing() {
    let mut world = World::new();
    let bob = enter(&mut world, BOB, RoomPlan { pin: pin("4711"), ..plan() });
    press(&mut world, bob, "47");
    world.device_hangs_up(bob);
    assert_eq!((world.control.call_count(), world.control.rooms().count()), (0, 0));
}

#[test]
fn a_locked_room_lets_only_moderators_in() {
    let mut world = World::new();
    let alice = enter(&mut world, ALICE, plan());
    let bob = enter(&mut world, BOB, plan());
    assert_eq!(
        world.control.handle_room_command(world.now, ROOM, BOB, RoomCommand::Lock(true)),
        Err(CommandError::NotAllowed)
    );
    press(&mut world, alice, "*");
    assert_eq!(said(&world, alice), Some(PromptId::RoomModeratorMenu));
    press(&mut world, alice, "2");
    assert_eq!(said(&world, alice), Some(PromptId::RoomIsLocked));
    finish(&mut world, alice);
    assert!(in_mix(&world, alice) && world.rooms[&ROOM].is_locked);
    let carol = enter(&mut world, CAROL, plan());
    assert_eq!(said(&world, carol), Some(PromptId::RoomLocked));
    finish(&mut world, carol);
    assert!(world.ended.contains_key(&carol));
    world.device_hangs_up(alice);
    let alice = enter(&mut world, ALICE, plan());
    assert_eq!(members(&world), [bob, alice]);
}

#[test]
fn a_full_room_says_so() {
    let mut world = World::new();
    let small = RoomPlan { max_members: 2, ..plan() };
    let alice = enter(&mut world, ALICE, small.clone());
    let bob = enter(&mut world, BOB, small.clone());
    let carol = enter(&mut world, CAROL, small);
    assert_eq!(said(&world, carol), Some(PromptId::RoomFull));
    assert_eq!(members(&world), [alice, bob]);
}

#[test]
fn everybody_mutes_themselves_and_moderators_anybody() {
    let mut world = World::new();
    let alice = enter(&mut world, ALICE, plan());
    let bob = enter(&mut world, BOB, plan());
    press(&mut world, bob, "*");
    assert_eq!(said(&world, bob), Some(PromptId::RoomMenu));
    press(&mut world, bob, "1");
    assert_eq!(said(&world, bob), Some(PromptId::RoomMuted));
    assert!(world.muted[&bob]);
    finish(&mut world, bob);
    assert!(in_mix(&world, bob) && world.rooms[&ROOM].members[1].is_muted);
    let [mute, unmute] = [true, false].map(|muted| RoomCommand::Mute { leg: bob, muted });
    assert_eq!(ask(&mut world, CAROL, unmute), Err(CommandError::NotAllowed));
    assert_eq!(ask(&mut world, BOB, unmute), Ok(()));
    assert!(!world.muted[&bob]);
    assert_eq!(ask(&mut world, BOB, mute), Ok(()));
    assert!(world.rooms[&ROOM].members[1].is_muted);
    // The widget's own button is the same thing.
    world.command(bob, LegCommand::Mute(false)).expect("bob's leg is there");
    assert!(!world.rooms[&ROOM].members[1].is_muted && !world.muted[&bob]);
    assert_eq!(ask(&mut world, ALICE, mute), Ok(()));
    assert!(world.muted[&bob]);
    assert!(in_mix(&world, alice));
}

fn ask(world: &mut World, by: UserId, command: RoomCommand) -> Result<(), CommandError> {
    let result = world.control.handle_room_command(world.now, ROOM, by, command);
    world.drain();
    result
}

#[test]
fn who_was_muted_by_a_moderator_cannot_undo_it() {
    let mut world = World::new();
    let _alice = enter(&mut world, ALICE, plan());
    let bob = enter(&mut world, BOB, plan());
    let [mute, unmute] = [true, false].map(|muted| RoomCommand::Mute { leg: bob, muted });
    assert_eq!(ask(&mut world, ALICE, mute), Ok(()));
    assert_eq!(ask(&mut world, BOB, unmute), Err(CommandError::NotAllowed));
    press(&mut world, bob, "*1");
    assert_eq!(said(&world, bob), Some(PromptId::RoomMuted));
    finish(&mut world, bob);
    for muted in [true, false] {
        world.command(bob, LegCommand::Mute(muted)).expect("bob's leg is there");
        assert!(world.muted[&bob]);
    }
    assert_eq!(ask(&mut world, ALICE, unmute), Ok(()));
    assert!(!world.muted[&bob]);
}

#[test]
fn a_moderator_switches_on_nobodys_microphone() {
    let mut world = World::new();
    let alice = enter(&mut world, ALICE, plan());
    let bob = enter(&mut world, BOB, plan());
    let [mute, unmute] = [true, false].map(|muted| RoomCommand::Mute { leg: bob, muted });
    world.command(bob, LegCommand::Mute(true)).expect("bob's leg is there");
    for command in [mute, unmute] {
        assert_eq!(ask(&mut world, ALICE, command), Ok(()));
        assert!(world.muted[&bob]);
    }
    // Her own is hers, whoever muted it.
    for muted in [true, false] {
        assert_eq!(ask(&mut world, ALICE, RoomCommand::Mute { leg: alice, muted }), Ok(()));
        assert_eq!(world.muted[&alice], muted);
    }
}

#[test]
fn only_moderators_make_others_louder_and_within_limits() {
    let mut world = World::new();
    let _alice = enter(&mut world, ALICE, plan());
    let bob = enter(&mut world, BOB, plan());
    let gain = |decibels| RoomCommand::Gain { leg: bob, decibels };
    assert_eq!(ask(&mut world, BOB, gain(20)), Err(CommandError::NotAllowed));
    for decibels in [-61, 21, i8::MIN, i8::MAX] {
        assert_eq!(ask(&mut world, ALICE, gain(decibels)), Err(CommandError::Invalid));
    }
    for decibels in [-60, -6, -6, 20] {
        assert_eq!(ask(&mut world, ALICE, gain(decibels)), Ok(()));
        assert_eq!((world.gains[&bob], world.rooms[&ROOM].members[1].gain), (decibels, decibels));
    }
}

/// What a moderator did holds in the room, and not in the calls that come after it.
#[test]
fn what_holds_in_a_room_ends_with_it() {
    let mut world = World::new();
    let _alice = enter(&mut world, ALICE, plan());
    let bob = enter(&mut world, BOB, plan());
    assert_eq!(ask(&mut world, ALICE, RoomCommand::Mute { leg: bob, muted: true }), Ok(()));
    assert_eq!(ask(&mut world, ALICE, RoomCommand::Gain { leg: bob, decibels: -12 }), Ok(()));
    assert_eq!(ask(&mut world, ALICE, RoomCommand::Remove { leg: bob }), Ok(()));
    assert!(!world.muted[&bob]);
    assert_eq!(world.gains[&bob], 0);
}

#[test]
fn keys_of_the_menu_mean_nothing_outside_it() {
    let mut world = World::new();
    let _alice = enter(&mut world, ALICE, plan());
    let bob = enter(&mut world, BOB, plan());
    press(&mut world, bob, "12#");
    assert!(in_mix(&world, bob) && world.muted.is_empty());
    press(&mut world, bob, "*2");
    assert_eq!(said(&world, bob), Some(PromptId::InvalidKey), "bob is no moderator");
    assert!(!world.rooms[&ROOM].is_locked);
    press(&mut world, bob, "**");
    assert!(in_mix(&world, bob));
}

#[test]
fn a_removed_member_is_told_and_cannot_be_removed_twice() {
    let mut world = World::new();
    let alice = enter(&mut world, ALICE, plan());
    let bob = enter(&mut world, BOB, plan());
    let carol = enter(&mut world, CAROL, plan());
    let remove = RoomCommand::Remove { leg: bob };
    assert_eq!(
        world.control.handle_room_command(world.now, ROOM, CAROL, remove),
        Err(CommandError::NotAllowed)
    );
    assert_eq!(world.control.handle_room_command(world.now, ROOM, ALICE, remove), Ok(()));
    world.drain();
    assert_eq!(said(&world, bob), Some(PromptId::RoomRemoved));
    assert_eq!(members(&world), [alice, carol]);
    assert_eq!(
        world.control.handle_room_command(world.now, ROOM, ALICE, remove),
        Err(CommandError::NoSuchLeg)
    );
    finish(&mut world, bob);
    assert_eq!(world.ended[&bob], (EndReason::Removed, EndedBy::Switch));
    press(&mut world, alice, "*3");
    assert_eq!(said(&world, carol), Some(PromptId::RoomRemoved), "carol came last");
    assert_eq!(world.hears(alice), music());
    assert_eq!(
        world.control.handle_room_command(world.now, RoomId::from_u128(1), ALICE, remove),
        Err(CommandError::NoSuchRoom)
    );
}

#[test]
fn a_removed_member_whose_sound_never_came_leaves_all_the_same() {
    let mut world = World::new();
    let _alice = enter(&mut world, ALICE, plan());
    let bob = enter(&mut world, BOB, plan());
    let remove = RoomCommand::Remove { leg: bob };
    assert_eq!(world.control.handle_room_command(world.now, ROOM, ALICE, remove), Ok(()));
    world.drain();
    world.advance(Duration::from_secs(7));
    assert!(!world.ended.contains_key(&bob), "the longest prompt is heard to its end");
    world.advance(Duration::from_secs(2));
    assert_eq!(world.ended[&bob], (EndReason::Removed, EndedBy::Switch));
}

/// A moderator means somebody who is still at the door.
#[test]
fn removing_crosses_joining() {
    let mut world = World::new();
    let alice = enter(&mut world, ALICE, plan());
    let bob = enter(&mut world, BOB, RoomPlan { pin: pin("4711"), ..plan() });
    let remove = RoomCommand::Remove { leg: bob };
    assert_eq!(
        world.control.handle_room_command(world.now, ROOM, ALICE, remove),
        Err(CommandError::NoSuchLeg)
    );
    press(&mut world, bob, "4711#");
    assert_eq!(members(&world), [alice, bob]);
}

#[test]
fn whoever_comes_first_moderates_a_room_that_names_nobody() {
    let mut world = World::new();
    let open = RoomPlan { moderators: Vec::new(), ..plan() };
    let bob = enter(&mut world, BOB, open.clone());
    let carol = enter(&mut world, CAROL, open.clone());
    let of = |world: &World, leg| {
        world.rooms[&ROOM].members.iter().any(|member| member.leg == leg && member.is_moderator)
    };
    assert!(of(&world, bob) && !of(&world, carol));
    // The same number from two devices of one person, joining at once.
    let first = world.call(BOB, BOB_TAB, Destination::Room(Arc::new(open)), true);
    assert_eq!(members(&world), [bob, carol, first]);
}

#[test]
fn a_held_member_is_not_in_the_mix_and_comes_back() {
    let mut world = World::new();
    let alice = enter(&mut world, ALICE, plan());
    let bob = enter(&mut world, BOB, plan());
    world.event(bob, LegEvent::HoldRequested(true));
    assert_eq!(world.hears(bob), Hears::Nothing);
    assert!(in_mix(&world, alice));
    world.event(bob, LegEvent::HoldRequested(false));
    assert!(in_mix(&world, bob));
    world.event(bob, LegEvent::Talking(true));
    assert_eq!(world.talking, [(bob, true)]);
}

/// Alice talks with bob, holds him, and talks with carol.
fn two_calls(world: &mut World) -> ([LegId; 2], [LegId; 2]) {
    let (first, bobs) = world.alice_calls_bob(&[BOB_PHONE]);
    world.event(bobs[0], LegEvent::Answered);
    world.command(first, LegCommand::Hold).expect("alice talks");
    let before = world.order.len();
    let second = world.call(ALICE, ALICE_TAB, support::user(CAROL, &[CAROL_PHONE]), true);
    let carol = world.order[before];
    world.event(carol, LegEvent::Answered);
    world.assert_talking(second, carol);
    ([first, bobs[0]], [second, carol])
}

#[test]
fn two_calls_merged_are_a_conference_of_three() {
    let mut world = World::new();
    let ([first, bob], [second, carol]) = two_calls(&mut world);
    let room = world.control.handle_merge(world.now, first, second).expect("alice is in both");
    world.drain();
    assert!(world.ended.contains_key(&second));
    for leg in [first, bob, carol] {
        assert!(in_mix(&world, leg), "{:?}", world.hears(leg));
        assert!(!world.views[&leg].held);
    }
    let seen = &world.rooms[&room];
    assert_eq!(seen.members.iter().map(|member| member.leg).collect::<Vec<_>>(), [first, bob, carol]);
    assert!(seen.members[0].is_moderator && !seen.members[1].is_moderator);
    assert_eq!(
        world.control.handle_room_command(world.now, room, ALICE, RoomCommand::Remove { leg: bob }),
        Ok(())
    );
    world.drain();
    finish(&mut world, bob);
    world.device_hangs_up(first);
    assert_eq!(world.hears(carol), music());
    world.device_hangs_up(carol);
    assert_eq!((world.control.call_count(), world.control.rooms().count()), (0, 0));
}

#[test]
fn a_third_call_is_merged_into_the_room() {
    let mut world = World::new();
    let alice = enter(&mut world, ALICE, plan());
    let (second, bobs) = world.alice_calls_bob(&[BOB_PHONE]);
    world.event(bobs[0], LegEvent::Answered);
    assert_eq!(world.control.handle_merge(world.now, alice, second), Ok(ROOM));
    world.drain();
    assert_eq!(members(&world), [alice, bobs[0]]);
}

#[test]
fn who_held_the_room_to_ask_somebody_is_heard_in_it_again() {
    let mut world = World::new();
    let alice = enter(&mut world, ALICE, plan());
    let carol = enter(&mut world, CAROL, plan());
    world.command(alice, LegCommand::Hold).expect("it is answered");
    let (second, bobs) = world.alice_calls_bob(&[BOB_PHONE]);
    world.event(bobs[0], LegEvent::Answered);
    assert_eq!(world.control.handle_merge(world.now, alice, second), Ok(ROOM));
    world.drain();
    assert!(!world.views[&alice].held);
    for leg in [alice, bobs[0], carol] {
        assert!(in_mix(&world, leg), "{:?}", world.hears(leg));
    }
}

#[test]
fn what_cannot_be_merged_stays_as_it_is() {
    let mut world = World::new();
    let ([first, bob], [second, carol]) = two_calls(&mut world);
    let merge = |world: &mut World, a, b| world.control.handle_merge(world.now, a, b);
    assert_eq!(merge(&mut world, first, first), Err(CommandError::WrongState));
    assert_eq!(merge(&mut world, first, carol), Err(CommandError::WrongState));
    assert_eq!(merge(&mut world, first, LegId::from_u128(99)), Err(CommandError::NoSuchLeg));
    world.drain();
    world.assert_talking(second, carol);
    world.device_hangs_up(bob);
    assert_eq!(merge(&mut world, first, second), Err(CommandError::NoSuchLeg));
    world.drain();
    world.assert_talking(second, carol);
}
