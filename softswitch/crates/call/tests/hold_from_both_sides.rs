//! Alice holds, bob holds, and they come back in any order.

mod support;

use ringdown_call::{CommandError, LegCommand, LegEvent};
use ringdown_types::{LegId, MediaDirection};
use support::*;

fn talking(world: &mut World) -> (LegId, LegId) {
    let (alice, bob) = world.alice_calls_bob(&[BOB_PHONE]);
    world.event(bob[0], LegEvent::Answered);
    (alice, bob[0])
}

#[test]
fn the_held_side_hears_music_and_the_holder_nothing() {
    let mut world = World::new();
    let (alice, bob) = talking(&mut world);
    assert_eq!(world.command(alice, LegCommand::Hold), Ok(()));

    assert_eq!((world.hears(alice), world.hears(bob)), (Hears::Nothing, music()));
    assert!(world.views[&alice].held && !world.views[&alice].held_by_peer);
    assert!(!world.views[&bob].held && world.views[&bob].held_by_peer);
    assert_eq!(world.views[&alice].direction, MediaDirection::Inactive);
    assert_eq!(world.views[&bob].direction, MediaDirection::RecvOnly);

    assert_eq!(world.command(alice, LegCommand::Unhold), Ok(()));
    world.assert_talking(alice, bob);
    assert!(!world.views[&bob].held_by_peer);
}

#[test]
fn both_hold_and_each_comes_back_alone() {
    for alice_returns_first in [true, false] {
        let mut world = World::new();
        let (alice, bob) = talking(&mut world);
        world.event(bob, LegEvent::HoldRequested(true));
        assert_eq!(world.hears(alice), music());
        assert_eq!(world.command(alice, LegCommand::Hold), Ok(()));
        assert_eq!((world.hears(alice), world.hears(bob)), (Hears::Nothing, Hears::Nothing));

        if alice_returns_first {
            assert_eq!(world.command(alice, LegCommand::Unhold), Ok(()));
            assert_eq!((world.hears(alice), world.hears(bob)), (music(), Hears::Nothing));
            world.event(bob, LegEvent::HoldRequested(false));
        } else {
            world.event(bob, LegEvent::HoldRequested(false));
            assert_eq!((world.hears(alice), world.hears(bob)), (Hears::Nothing, music()));
            assert_eq!(world.command(alice, LegCommand::Unhold), Ok(()));
        }
        world.assert_talking(alice, bob);
    }
}

#[test]
fn holding_twice_is_holding_once() {
    let mut world = World::new();
    let (alice, bob) = talking(&mut world);
    for command in [LegCommand::Hold, LegCommand::Hold] {
        assert_eq!(world.command(alice, command), Ok(()));
    }
    assert_eq!(world.hears(bob), music());
    for command in [LegCommand::Unhold, LegCommand::Unhold] {
        assert_eq!(world.command(alice, command), Ok(()));
    }
    world.assert_talking(alice, bob);
}

#[test]
fn only_an_answered_leg_holds() {
    let mut world = World::new();
    let (alice, bob) = world.alice_calls_bob(&[BOB_PHONE]);
    assert_eq!(world.command(alice, LegCommand::Hold), Err(CommandError::WrongState));
    world.event(bob[0], LegEvent::HoldRequested(true));
    world.event(bob[0], LegEvent::Answered);
    world.assert_talking(alice, bob[0]);
}

#[test]
fn a_hang_up_during_hold_ends_both() {
    let mut world = World::new();
    let (alice, bob) = talking(&mut world);
    assert_eq!(world.command(alice, LegCommand::Hold), Ok(()));
    world.device_hangs_up(bob);
    assert!(world.ended.contains_key(&alice));
    assert_eq!(world.records.len(), 1);
}

#[test]
fn a_muted_leg_is_told_once() {
    let mut world = World::new();
    let (alice, _) = talking(&mut world);
    for muted in [true, true, false] {
        assert_eq!(world.command(alice, LegCommand::Mute(muted)), Ok(()));
        assert_eq!(world.views[&alice].muted, muted);
    }
    assert!(!world.muted[&alice]);
}

#[test]
fn each_side_knows_that_the_other_muted_itself() {
    let mut world = World::new();
    let (alice, bobs) = world.alice_calls_bob(&[BOB_PHONE]);
    world.event(bobs[0], LegEvent::Answered);
    world.command(alice, LegCommand::Mute(true)).expect("she talks");
    assert!(world.views[&bobs[0]].peer_muted && !world.views[&alice].peer_muted);
    world.command(alice, LegCommand::Mute(false)).expect("she talks");
    assert!(!world.views[&bobs[0]].peer_muted);
}
