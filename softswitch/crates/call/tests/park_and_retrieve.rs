//! A parked side hears music until somebody dials its slot, or its parker gets it back.

mod support;

use std::time::Duration;

use ringdown_call::{CommandError, Destination, LegCommand, LegEvent, Parking, Party};
use ringdown_types::{EndReason, LegId};
use support::*;

/// Alice talks with bob; there are two slots.
fn world() -> (World, LegId, LegId) {
    let mut world = World::new();
    world.control.set_parking(Some(Parking { slots: 701..=702, timeout: Duration::from_secs(60) }));
    let (alice, bob) = world.talk((ALICE, ALICE_TAB), (BOB, BOB_TAB));
    (world, alice, bob)
}

fn park(world: &mut World, leg: LegId, slot: Option<u32>) -> Result<(), CommandError> {
    let result = world.control.handle_park(world.now, leg, slot);
    world.drain();
    let taken = result?;
    assert!(slot.is_none_or(|slot| slot == taken) && world.parked.contains_key(&taken));
    Ok(())
}

#[test]
fn a_parked_side_hears_music_and_is_fetched_by_its_slot() {
    let (mut world, alice, bob) = world();
    let first = world.call_of(alice);
    assert_eq!(park(&mut world, bob, None), Ok(()));
    assert_eq!(world.told[&bob], EndReason::Parked);
    assert_eq!(world.record_of(first).reason, EndReason::Parked);
    assert_eq!(world.parked[&701], world.call_of(alice));
    assert_eq!(world.hears(alice), music());

    let carol = world.call(CAROL, CAROL_PHONE, Destination::ParkSlot(701), false);
    world.assert_talking(alice, carol);
    assert!(world.answered.contains(&carol));
    assert!(world.parked.is_empty());
    assert_eq!(world.views[&alice].peer, Party::User(CAROL));
    assert_eq!(world.views[&carol].peer, Party::User(ALICE));
    world.device_hangs_up(carol);
    assert_eq!(world.records.len(), 2);
}

#[test]
fn a_slot_holds_one_side_and_the_next_free_one_is_taken() {
    let (mut world, _, bob) = world();
    assert_eq!(park(&mut world, bob, Some(701)), Ok(()));
    let (_, second) = world.talk((CAROL, CAROL_PHONE), (BOB, BOB_TAB));
    assert_eq!(park(&mut world, second, Some(701)), Err(CommandError::Full));
    assert_eq!(park(&mut world, second, Some(799)), Err(CommandError::Invalid));
    assert_eq!(park(&mut world, second, None), Ok(()));
    assert_eq!(world.parked.keys().copied().collect::<Vec<_>>(), [701, 702]);
    let (alice, third) = world.talk((ALICE, BOB_SOFTPHONE), (BOB, BOB_TAB));
    assert_eq!(park(&mut world, third, None), Err(CommandError::Full));
    world.assert_talking(alice, third);
}

#[test]
fn whoever_parked_is_rung_when_nobody_fetches_the_side() {
    let (mut world, alice, bob) = world();
    assert_eq!(park(&mut world, bob, None), Ok(()));
    world.advance(Duration::from_secs(59));
    assert_eq!(world.hears(alice), music());
    world.advance(Duration::from_secs(1));
    assert!(world.parked.is_empty());
    let back = world.newest();
    assert_eq!(world.views[&back].peer, Party::User(ALICE));
    world.event(back, LegEvent::Answered);
    world.assert_talking(alice, back);
}

#[test]
fn a_retrieval_just_after_the_time_comes_too_late() {
    let (mut world, alice, bob) = world();
    assert_eq!(park(&mut world, bob, None), Ok(()));
    world.advance(Duration::from_secs(60));
    let late = world.call(CAROL, CAROL_PHONE, Destination::ParkSlot(701), false);
    assert_eq!(world.told[&late], EndReason::NotFound);
    world.event(world.order[1], LegEvent::Answered);
    world.assert_talking(alice, world.order[1]);
}

#[test]
fn a_parked_side_may_give_up() {
    let (mut world, alice, bob) = world();
    assert_eq!(park(&mut world, bob, None), Ok(()));
    world.device_hangs_up(alice);
    assert!(world.parked.is_empty());
    assert_eq!(world.control.call_count(), 0);
}

#[test]
fn dialling_a_free_slot_parks_whom_one_holds_and_says_the_number() {
    for destination in [Destination::Park(None), Destination::ParkSlot(702)] {
        let (mut world, alice, bob) = world();
        assert_eq!(world.command(bob, LegCommand::Hold), Ok(()));
        let asks = world.call(BOB, BOB_TAB, destination, true);
        assert_eq!(world.parked.len(), 1);
        assert_eq!(world.told[&bob], EndReason::Parked);
        assert_eq!(world.hears(alice), music());
        for token in 1..=3 {
            assert!(!world.ended.contains_key(&asks), "three digits are said");
            world.event(asks, LegEvent::PlayFinished { token });
        }
        assert_eq!(world.told[&asks], EndReason::Hangup);
    }
}

#[test]
fn dialling_a_free_slot_without_holding_anybody_finds_nothing() {
    let (mut world, alice, bob) = world();
    let asks = world.call(BOB, BOB_PHONE, Destination::ParkSlot(701), true);
    assert_eq!(world.told[&asks], EndReason::NotFound);
    world.assert_talking(alice, bob);
}

#[test]
fn handing_on_to_a_slot_parks() {
    let (mut world, alice, bob) = world();
    world.numbers.insert("*68", Destination::Park(None));
    let to = number("*68").expect("a number");
    assert_eq!(world.command(bob, LegCommand::Transfer { to, stays: true }), Ok(()));
    assert_eq!(world.told[&bob], EndReason::Transferred);
    assert_eq!(world.hears(alice), music());
    world.advance(Duration::from_secs(60));
    let back = world.newest();
    assert!([BOB_TAB, BOB_PHONE].contains(&world.devices[&back]), "it comes back to bob");
}

#[test]
fn handing_on_to_a_taken_slot_joins_both() {
    let (mut world, alice, bob) = world();
    assert_eq!(park(&mut world, bob, Some(701)), Ok(()));
    world.numbers.insert("701", Destination::ParkSlot(701));
    let (carol, second) = world.talk((CAROL, CAROL_PHONE), (BOB, BOB_TAB));
    let to = number("701").expect("a number");
    assert_eq!(world.command(second, LegCommand::Transfer { to, stays: false }), Ok(()));
    world.assert_talking(alice, carol);
    assert_eq!(world.control.call_count(), 1);
}
