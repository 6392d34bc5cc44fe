//! Handing calls on, parking them, and who is told of it.

use std::collections::BTreeMap;

use ringdown_control::{Command, CommandResult, CompletionState, Event, ParkedInfo, Party};
use ringdown_protocol::{
    CompleteParams, CompletionParams, Method, OriginateParams, ParkParams, TransferParams,
};
use ringdown_types::{CallId, LegId, Pii};

use crate::world::{ALICE, BOB, LINK, Tab, World, answered, leg};

fn party(number: &str) -> Party {
    Party { user: None, number: Pii(number.to_owned()), name: Pii(String::new()) }
}

fn parked(slot: u32) -> ParkedInfo {
    ParkedInfo {
        slot,
        call: CallId::from_u128(9),
        party: party("103"),
        by: party("101"),
        until: 1_700_000_060_000,
    }
}

/// Alice, who talks on leg 1.
fn talking() -> (World, Tab) {
    let mut world = World::new();
    world.connect_node(LINK, 1);
    let alice = world.hello(ALICE);
    let rings = leg(1, ALICE, &alice);
    world.ring(rings.clone());
    world.event(Event::LegChanged { leg: answered(rings) });
    (world, alice)
}

fn call(id: u128) -> String {
    LegId::from_u128(id).to_string()
}

#[test]
fn a_transfer_reaches_the_softswitch_and_nobody_elses_call_does() {
    let (mut world, alice) = talking();
    world.know_all_calls();
    let bob = world.hello(BOB);
    let transfer = |id| Method::CallTransfer(TransferParams { call: call(id), to: " 103 ".to_owned() });
    world.request(bob.conn, 2, transfer(1));
    assert_eq!(world.result(bob.conn, 2).expect_err("alice's")["name"], "no-such-call");
    world.request(alice.conn, 2, transfer(1));
    let (_, id, command) = world.commands.last().expect("a command").clone();
    assert_eq!(command, Command::Transfer { leg: LegId::from_u128(1), to: "103".to_owned() });
    world.reply(id, CommandResult::Done);
    world.result(alice.conn, 2).expect("done");
}

#[test]
fn two_calls_are_joined_only_if_both_are_the_users() {
    let (mut world, alice) = talking();
    world.know_all_calls();
    let bob = world.hello(BOB);
    world.ring(leg(5, BOB, &bob));
    world.ring(leg(2, ALICE, &alice));
    let complete = |other| Method::CallComplete(CompleteParams { call: call(1), other: call(other) });
    world.request(alice.conn, 2, complete(5));
    assert_eq!(world.result(alice.conn, 2).expect_err("bob's")["name"], "no-such-call");
    world.request(alice.conn, 3, complete(2));
    let (_, _, command) = world.commands.last().expect("a command").clone();
    let (leg, other) = (LegId::from_u128(1), LegId::from_u128(2));
    assert_eq!(command, Command::CompleteTransfer { leg, other });
}

#[test]
fn everybody_sees_who_is_parked_until_somebody_takes_them() {
    let (mut world, alice) = talking();
    let bob = world.hello(BOB);
    world.request(alice.conn, 2, Method::CallPark(ParkParams { call: call(1), slot: None }));
    let (_, id, _) = world.commands.last().expect("a command").clone();
    world.event(Event::Parked { parked: parked(701) });
    world.reply(id, CommandResult::Parked { slot: 701 });
    assert_eq!(world.result(alice.conn, 2).expect("a slot")["slot"], 701);
    let (_, told) = world.pushes(bob.conn, "parked").pop().expect("a push");
    assert_eq!(told["calls"][0]["party"]["number"], "103");
    let (conn, resumed) = world.resume(&bob, 0);
    assert_eq!(resumed.expect("a state")["state"]["parked"][0]["slot"], 701);
    world.event(Event::SlotFree { slot: 701 });
    let (_, told) = world.pushes(conn, "parked").pop().expect("a push");
    assert_eq!(told["calls"].as_array().map(Vec::len), Some(0));
}

#[test]
fn a_call_on_another_device_is_parked_to_be_fetched_here_and_nobody_elses() {
    let (mut world, alice) = talking();
    world.know_all_calls();
    let (second, bob) = (world.hello(ALICE), world.hello(BOB));
    let park = || Method::CallPark(ParkParams { call: call(1), slot: None });
    world.request(bob.conn, 2, park());
    assert_eq!(world.result(bob.conn, 2).expect_err("alice's")["name"], "no-such-call");
    world.request(second.conn, 2, park());
    let (_, _, command) = world.commands.last().expect("a command").clone();
    assert_eq!(command, Command::Park { leg: LegId::from_u128(1), slot: None });
    assert_ne!(alice.conn, second.conn);
}

#[test]
fn a_softswitch_that_is_gone_has_nobody_parked() {
    let (mut world, alice) = talking();
    world.event(Event::Parked { parked: parked(701) });
    world.lose_node(LINK);
    world.connect_node(LINK, 1);
    let (_, told) = world.pushes(alice.conn, "parked").pop().expect("a push");
    assert_eq!(told["calls"].as_array().map(Vec::len), Some(0), "its snapshot names nobody");
}

#[test]
fn calls_the_user_asks_for_name_the_user() {
    let (mut world, alice) = talking();
    let params = OriginateParams { to: "103".to_owned(), auto_answer: true, variables: BTreeMap::new() };
    world.request(alice.conn, 2, Method::CallOriginate(params));
    let (_, id, command) = world.commands.last().expect("a command").clone();
    assert!(matches!(command, Command::Originate { user: ALICE, auto_answer: true, .. }), "{command:?}");
    world.reply(id, CommandResult::Originated { call: CallId::from_u128(7) });
    assert_eq!(world.result(alice.conn, 2).expect("a call")["callId"], CallId::from_u128(7).to_string());
    world.request(alice.conn, 3, Method::CallCompletion(CompletionParams { on: true }));
    let (_, _, command) = world.commands.last().expect("a command").clone();
    assert_eq!(command, Command::Completion { user: ALICE, on: true });
    let bob = world.hello(BOB);
    world.event(Event::Completion { user: ALICE, target: party("102"), state: CompletionState::Ringing });
    assert_eq!(world.pushes(alice.conn, "completion")[0].1["state"], "ringing");
    assert!(world.pushes(bob.conn, "completion").is_empty(), "it is alice's alone");
}
