//! Commands that are answered late, twice, or by the wrong softswitch.

use std::{collections::BTreeMap, time::Duration};

use ringdown_control::{self as control, Command, CommandId, CommandResult, Event, LegInfo, LegRole};
use ringdown_protocol::{Description, DescriptionKind, Method, StartParams};
use ringdown_types::{CallId, EndReason, LegId};

use crate::world::{ALICE, LINK, World, leg};

fn start() -> Method {
    Method::CallStart(StartParams {
        to: "102".to_owned(),
        description: Description { kind: DescriptionKind::Offer, sdp: "v=0".to_owned() },
        variables: BTreeMap::new(),
    })
}

fn started() -> CommandResult {
    CommandResult::Started { call: CallId::from_u128(1), leg: LegId::from_u128(2) }
}

fn last_command(world: &World) -> (CommandId, Command) {
    let (_, id, command) = world.commands.last().expect("a command").clone();
    (id, command)
}

#[test]
fn a_callers_answer_comes_ahead_of_its_leg() {
    let mut world = World::new();
    world.connect_node(LINK, 1);
    let tab = world.hello(ALICE);
    world.request(tab.conn, 2, start());
    let description =
        control::SessionDescription { kind: control::DescriptionKind::Answer, sdp: "v=0".to_owned() };
    world.event(Event::Description { leg: LegId::from_u128(2), session: tab.session, description });
    let pushes = world.pushes(tab.conn, "call.description");
    assert_eq!(pushes.len(), 1, "the softswitch names the session: {pushes:?}");
}

#[test]
fn a_call_refused_at_once_tells_its_caller_why() {
    let mut world = World::new();
    world.connect_node(LINK, 1);
    let tab = world.hello(ALICE);
    world.request(tab.conn, 2, start());
    let caller = LegInfo { role: LegRole::Caller, ..leg(2, ALICE, &tab) };
    world.end(caller, EndReason::NotFound);
    let pushes = world.pushes(tab.conn, "call.ended");
    assert_eq!(pushes.len(), 1, "{pushes:?}");
    assert_eq!(pushes[0].1["reason"], "not-found");
}

#[test]
fn a_call_started_too_late_is_hung_up() {
    let mut world = World::new();
    world.connect_node(LINK, 1);
    let tab = world.hello(ALICE);
    world.request(tab.conn, 2, start());
    let (id, _) = last_command(&world);
    world.pass(Duration::from_millis(5_100));
    assert_eq!(world.result(tab.conn, 2).expect_err("no reply")["name"], "switch-unavailable");
    world.reply(id, started());
    assert_eq!(last_command(&world).1, Command::Hangup { leg: LegId::from_u128(2) });
    let count = world.commands.len();
    world.reply(id, started());
    assert_eq!(world.commands.len(), count, "a reply counts once");
}

#[test]
fn a_reply_comes_from_the_softswitch_that_was_asked() {
    let mut world = World::new();
    world.connect_node(LINK, 1);
    let tab = world.hello(ALICE);
    world.request(tab.conn, 2, start());
    let (id, _) = last_command(&world);
    let other = ringdown_desk::LinkId(2_000);
    world.connect_node(other, 2);
    world.desk.handle_reply(world.now, other, id, started());
    world.pass(Duration::ZERO);
    assert!(!world.frames.iter().any(|(_, frame)| frame["id"] == 2), "not its to answer");
    world.reply(id, started());
    assert_eq!(world.result(tab.conn, 2).expect("a call")["call"]["createdAt"], 1_700_000_000_000u64);
}

#[test]
fn a_softswitch_back_in_time_gets_the_command_again_and_a_new_one_does_not() {
    let mut world = World::new();
    world.connect_node(LINK, 1);
    let tab = world.hello(ALICE);
    world.request(tab.conn, 2, start());
    let (id, command) = last_command(&world);
    world.lose_node(LINK);
    world.connect_node(LINK, 1);
    assert_eq!(last_command(&world), (id, command));
    world.reply(id, started());
    world.result(tab.conn, 2).expect("a call");

    world.request(tab.conn, 3, start());
    world.lose_node(LINK);
    world.connect_node(ringdown_desk::LinkId(2_000), 2);
    assert_eq!(world.result(tab.conn, 3).expect_err("it is gone")["name"], "switch-unavailable");
}

#[test]
fn a_session_has_only_so_many_commands_waiting() {
    let mut world = World::new();
    world.connect_node(LINK, 1);
    let tab = world.hello(ALICE);
    for id in 2..80 {
        world.request(tab.conn, id, start());
    }
    assert_eq!(world.result(tab.conn, 79).expect_err("too many")["name"], "rate-limited");
    world.pass(Duration::from_secs(70));
    world.request(tab.conn, 99, start());
    let (id, _) = last_command(&world);
    world.reply(id, started());
    world.result(tab.conn, 99).expect("room again");
}
