//! Wrong numbers, absent and busy people, a full switch.

mod support;

use ringdown_call::{Callee, Destination, EndedBy, LegEvent, Limits, OfferError, OfferedCall};
use ringdown_types::{EndReason, LegId};
use support::*;

#[test]
fn a_wrong_number_is_refused_and_recorded() {
    let mut world = World::new();
    let alice = world.call(ALICE, ALICE_TAB, Destination::Refused(EndReason::NotFound), true);
    assert_eq!(world.told[&alice], EndReason::NotFound);
    assert_eq!((world.record().reason, world.record().by), (EndReason::NotFound, EndedBy::Switch));
    assert_eq!(world.hears(alice), Hears::Nothing);
}

#[test]
fn nobody_there_is_offline() {
    let mut world = World::new();
    let alice = world.call(ALICE, ALICE_TAB, bob(&[]), true);
    assert_eq!(world.told[&alice], EndReason::Offline);
}

#[test]
fn one_call_more_than_allowed_is_busy() {
    let mut world = World::new();
    let bob_with_one = || Destination::User(Callee { max_calls: 1, ..callee(BOB, &[BOB_TAB]) });
    let alice = world.call(ALICE, ALICE_TAB, bob_with_one(), true);
    let carol = world.call(CAROL, BOB_PHONE, bob_with_one(), false);
    assert_eq!(world.told[&carol], EndReason::Busy);
    assert!(!world.ended.contains_key(&alice));

    world.device_hangs_up(alice);
    let again = world.call(CAROL, BOB_PHONE, bob_with_one(), false);
    assert!(!world.ended.contains_key(&again), "bob is free again");
}

#[test]
fn calling_oneself_rings_the_other_devices_only() {
    let mut world = World::new();
    let tab = world.call(BOB, BOB_TAB, bob(&[BOB_TAB, BOB_PHONE, BOB_PHONE]), true);
    assert_eq!(world.order.len(), 1, "one leg, to the other device, once");
    let phone = world.order[0];
    assert_eq!(world.devices[&phone], BOB_PHONE);
    assert_eq!(world.control.user_calls(BOB), 1);
    world.event(phone, LegEvent::Answered);
    world.assert_talking(tab, phone);

    world.device_hangs_up(phone);
    let alone = world.call(BOB, BOB_TAB, bob(&[BOB_TAB]), true);
    assert_eq!(world.told[&alone], EndReason::Offline);
}

#[test]
fn a_full_switch_takes_no_call_and_says_nothing() {
    let mut world = World::with_limits(Limits { calls: 1, ..Limits::default() });
    world.alice_calls_bob(&[BOB_PHONE]);
    let offer = |leg| OfferedCall {
        leg: LegId::from_u128(leg),
        user: CAROL,
        device: BOB_TAB,
        dialled: "102".to_owned(),
        destination: bob(&[BOB_PHONE]),
        wants_generated_ringback: true,
    };
    let refused = world.control.handle_offer(world.now, offer(999));
    assert_eq!(refused, Err(OfferError::Congestion));
    assert_eq!(world.control.poll_output(), None);
}

#[test]
fn a_leg_id_in_use_is_refused() {
    let mut world = World::new();
    let (alice, _) = world.alice_calls_bob(&[BOB_PHONE]);
    let offer = OfferedCall {
        leg: alice,
        user: CAROL,
        device: BOB_TAB,
        dialled: "102".to_owned(),
        destination: bob(&[BOB_PHONE]),
        wants_generated_ringback: true,
    };
    let refused = world.control.handle_offer(world.now, offer);
    assert_eq!(refused, Err(OfferError::DuplicateLeg));
}

#[test]
fn forgotten_registrations_do_not_multiply_a_call() {
    let mut world = World::with_limits(Limits { devices_per_call: 3, ..Limits::default() });
    let devices: Vec<_> = (0..50).map(ringdown_call::DeviceId::Telephone).collect();
    world.call(ALICE, ALICE_TAB, bob(&devices), true);
    assert_eq!(world.order.len(), 3);
}

#[test]
fn lost_media_of_one_ringing_device_leaves_the_other() {
    let mut world = World::new();
    let (alice, bob) = world.alice_calls_bob(&[BOB_TAB, BOB_PHONE]);
    world.event(bob[0], LegEvent::MediaFailed);
    assert_eq!(world.told[&bob[0]], EndReason::MediaFailed);
    world.event(bob[1], LegEvent::Answered);
    world.assert_talking(alice, bob[1]);
    world.event(alice, LegEvent::MediaFailed);
    assert_eq!(world.ended[&bob[1]], (EndReason::MediaFailed, EndedBy::Switch));
}
