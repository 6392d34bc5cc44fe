//! A call that its callee does not take goes on; a group rings in stages.

mod support;

use std::time::Duration;

use ringdown_call::{Callee, Destination, EndedBy, Forwards, Group, LegEvent, Party, Stage};
use ringdown_types::EndReason;
use support::*;

fn bob_with(forwards: Forwards) -> Destination {
    Destination::User(Callee { forwards, ..callee(BOB, &[BOB_PHONE]) })
}

fn group(stages: Vec<Vec<Callee>>, overflow: Option<&str>) -> Destination {
    let stages = stages.into_iter().map(|members| Stage { members, ring: Duration::from_secs(10) }).collect();
    let number = number("600").expect("a number");
    Destination::Group(Group { number, stages, overflow: overflow.and_then(support::number) })
}

#[test]
fn a_busy_callee_s_calls_go_where_busy_ones_go() {
    let mut world = World::new();
    world.numbers.insert("103", user(CAROL, &[CAROL_PHONE]));
    let forwards = Forwards { busy: number("103"), ..Forwards::default() };
    let alice = world.call(ALICE, ALICE_TAB, bob_with(forwards), true);
    world.event(world.order[0], LegEvent::Refused(EndReason::Busy));
    let carol = world.order[1];
    assert_eq!(world.devices[&carol], CAROL_PHONE);
    assert_eq!(world.lookups[0].2, BOB, "with the rights of who forwards");
    world.event(carol, LegEvent::Ringing);
    assert_eq!(world.hears(alice), ringback());
    world.event(carol, LegEvent::Answered);
    world.assert_talking(alice, carol);
    assert_eq!(world.views[&alice].peer, Party::User(CAROL));
    world.device_hangs_up(carol);
    assert_eq!(world.record().callee, Party::User(CAROL));
}

#[test]
fn each_reason_has_its_own_target() {
    let forwards = || Forwards { busy: None, no_answer: number("103"), offline: number("104") };
    let mut world = World::new();
    world.numbers.insert("103", user(CAROL, &[CAROL_PHONE]));
    world.numbers.insert("104", Destination::EchoTest);
    let alice = world.call(ALICE, ALICE_TAB, bob_with(forwards()), true);
    world.event(world.order[0], LegEvent::Ringing);
    world.advance(RING);
    assert_eq!(world.ended[&world.order[0]].0, EndReason::NoAnswer);
    assert_eq!(world.devices[&world.order[1]], CAROL_PHONE);
    world.device_hangs_up(alice);

    let Destination::User(absent) = bob_with(forwards()) else { unreachable!() };
    let absent = Destination::User(Callee { devices: vec![], ..absent });
    let caller = world.call(ALICE, ALICE_TAB, absent, true);
    assert!(world.answered.contains(&caller), "the echo test took it");
}

#[test]
fn a_loop_of_forwards_comes_to_an_end() {
    let mut world = World::new();
    world.numbers.insert("102", bob_with(Forwards::always(number("102"))));
    let alice = world.call(ALICE, ALICE_TAB, world.numbers["102"].clone(), true);
    for _ in 0..20 {
        if let Some(leg) = world.order.iter().find(|leg| !world.ended.contains_key(leg)).copied() {
            world.event(leg, LegEvent::Refused(EndReason::Busy));
        }
    }
    assert_eq!(world.order.len(), 9, "eight times sent on");
    assert_eq!(world.told[&alice], EndReason::Busy);
}

#[test]
fn a_forward_to_nowhere_tells_why_it_was_followed() {
    let mut world = World::new();
    let alice = world.call(ALICE, ALICE_TAB, bob_with(Forwards::always(number("999"))), true);
    world.event(world.order[0], LegEvent::Refused(EndReason::Busy));
    assert_eq!(world.told[&alice], EndReason::Busy);
    assert_eq!((world.record().reason, world.record().by), (EndReason::Busy, EndedBy::Remote));
}

#[test]
fn a_group_rings_stage_after_stage() {
    let mut world = World::new();
    let stages = vec![vec![callee(BOB, &[BOB_TAB, BOB_PHONE])], vec![callee(CAROL, &[CAROL_PHONE])]];
    let alice = world.call(ALICE, ALICE_TAB, group(stages, None), true);
    assert_eq!(world.order.len(), 2);
    world.event(world.order[0], LegEvent::Ringing);
    world.advance(Duration::from_secs(10));
    assert_eq!(world.ended[&world.order[0]], (EndReason::NoAnswer, EndedBy::Switch));
    let carol = world.order[2];
    world.event(carol, LegEvent::Answered);
    world.assert_talking(alice, carol);
}

#[test]
fn a_member_who_declines_takes_only_themselves_out() {
    let mut world = World::new();
    let everybody = vec![callee(BOB, &[BOB_TAB, BOB_PHONE]), callee(CAROL, &[CAROL_PHONE])];
    let alice = world.call(ALICE, ALICE_TAB, group(vec![everybody], None), true);
    let bob = world.order[0];
    world.event(bob, LegEvent::Refused(EndReason::Declined));
    assert_eq!(world.ended[&world.order[1]].0, EndReason::DeclinedElsewhere, "bob's other device");
    assert!(!world.ended.contains_key(&world.order[2]), "carol rings on");
    world.event(world.order[2], LegEvent::Refused(EndReason::Declined));
    assert_eq!(world.told[&alice], EndReason::Declined);
}

#[test]
fn a_group_nobody_answers_flows_over() {
    let mut world = World::new();
    world.numbers.insert("700", Destination::EchoTest);
    let busy = Callee { max_calls: 0, ..callee(BOB, &[BOB_PHONE]) };
    let stages = vec![vec![busy], vec![callee(CAROL, &[CAROL_PHONE])]];
    let alice = world.call(ALICE, ALICE_TAB, group(stages, Some("700")), true);
    assert_eq!(world.devices[&world.order[0]], CAROL_PHONE, "who may take no call more is passed over");
    world.advance(Duration::from_secs(10));
    assert!(world.answered.contains(&alice));
    assert_eq!(world.lookups[0].2, ALICE, "with the caller's rights");
}
