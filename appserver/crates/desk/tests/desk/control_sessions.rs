//! Sessions that look on and control, and sessions whose name is given.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr},
};

use ringdown_control::{Command, CommandResult, Event, LegInfo, LegRole, LegState};
use ringdown_desk::{ConnId, HelloInput, Output, SessionKind, SessionName};
use ringdown_protocol::{AnswerParams, Description, DescriptionKind, LegParams, Method, StartParams};
use ringdown_types::{LegId, SessionId, UserId};

use crate::world::{ALICE, BOB, LINK, World, answered, leg};

fn hello(world: &mut World, user: UserId, kind: SessionKind, name: Option<SessionName>) -> ConnId {
    let conn = world.next_conn();
    let hello = HelloInput {
        conn,
        request: 1,
        address: IpAddr::V4(Ipv4Addr::LOCALHOST),
        user,
        epoch: 1,
        family: "family".to_owned(),
        token_ends: None,
        kind,
        name,
    };
    world.desk.handle_hello(world.now, hello);
    world.carry_out();
    conn
}

fn session_of(world: &World, conn: ConnId) -> SessionId {
    let welcome = world.result(conn, 1).expect("a welcome");
    welcome["session"].as_str().and_then(|id| id.parse().ok()).expect("an id")
}

fn start() -> Method {
    Method::CallStart(StartParams {
        to: "102".to_owned(),
        description: Description { kind: DescriptionKind::Offer, sdp: "v=0".to_owned() },
        variables: BTreeMap::from([("ticket".to_owned(), "42".to_owned())]),
    })
}

#[test]
fn who_controls_is_not_rung_and_makes_nobody_reachable() {
    let mut world = World::new();
    world.connect_node(LINK, 1);
    let watcher = hello(&mut world, BOB, SessionKind::Phone, None);
    let conn = hello(&mut world, ALICE, SessionKind::Control, None);
    let session = session_of(&world, conn);
    world.pass(std::time::Duration::from_millis(200));
    assert!(world.announcements(session).is_empty());
    let alice = world.pushes(watcher, "presence");
    assert!(!alice.iter().any(|(_, data)| data.to_string().contains("online")), "{alice:?}");
    assert!(
        !world
            .others
            .iter()
            .any(|other| matches!(other, Output::SaveSession(record) if record.id == session))
    );
    world.connect_node(LINK, 1);
    assert!(world.announcements(session).is_empty(), "nor a softswitch that comes back");
}

#[test]
fn who_controls_is_told_of_a_ringing_telephone_once_its_offer_is_out_and_hangs_it_up() {
    let mut world = World::new();
    world.connect_node(LINK, 1);
    let phone = world.hello(ALICE);
    let conn = hello(&mut world, ALICE, SessionKind::Control, None);
    let rings = leg(1, ALICE, &phone);
    world.event(Event::LegChanged { leg: rings.clone() });
    assert!(world.pushes(conn, "call.state").is_empty());
    world.ring(rings.clone());
    let told = world.pushes(conn, "call.state");
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!((&told[0].1["call"]["state"], &told[0].1["call"]["mine"]), (&"ringing".into(), &false.into()));
    assert!(world.pushes(conn, "call.incoming").is_empty(), "it has no audio to answer with");

    let call = rings.leg.to_string();
    world.request(conn, 2, Method::CallHangup(LegParams { call: call.clone() }));
    let (_, _, command) = world.commands.last().expect("a command");
    assert_eq!(*command, Command::Hangup { leg: rings.leg });
    world.request(conn, 3, Method::CallAnswer(AnswerParams { call, description: None }));
    assert_eq!(world.result(conn, 3).expect_err("no audio")["name"], "forbidden");
    world.request(conn, 4, start());
    assert_eq!(world.result(conn, 4).expect_err("no audio")["name"], "forbidden");
}

#[test]
fn who_controls_controls_nobody_elses_calls() {
    let mut world = World::new();
    world.connect_node(LINK, 1);
    world.know_all_calls();
    let phone = world.hello(ALICE);
    let conn = hello(&mut world, BOB, SessionKind::Control, None);
    let talking = answered(leg(1, ALICE, &phone));
    world.event(Event::LegChanged { leg: talking.clone() });
    world.request(conn, 2, Method::CallHangup(LegParams { call: talking.leg.to_string() }));
    assert_eq!(world.result(conn, 2).expect_err("not bob's")["name"], "no-such-call");
    assert!(world.pushes(conn, "call.state").is_empty());
}

#[test]
fn it_ends_with_its_connection() {
    let mut world = World::new();
    let conn = hello(&mut world, ALICE, SessionKind::Control, None);
    world.disconnect(conn);
    assert_eq!(world.desk.stats().sessions, 0);
}

#[test]
fn a_named_session_is_found_again_by_its_name() {
    let mut world = World::new();
    let name = SessionName { id: SessionId::from_u128(77), secret: "known to one".to_owned() };
    let conn = hello(&mut world, ALICE, SessionKind::Phone, Some(name.clone()));
    let welcome = world.result(conn, 1).expect("a welcome");
    assert_eq!(session_of(&world, conn), name.id);
    assert_eq!(welcome["secret"], "known to one");
    let second = hello(&mut world, BOB, SessionKind::Phone, Some(name.clone()));
    assert_ne!(session_of(&world, second), name.id, "a name is given once");
}

#[test]
fn a_callers_other_pages_know_at_once_what_was_sent_along() {
    let mut world = World::new();
    world.connect_node(LINK, 1);
    let phone = world.hello(ALICE);
    let other = world.hello(ALICE);
    world.request(phone.conn, 2, start());
    let dialing = LegInfo { role: LegRole::Caller, state: LegState::Dialing, ..leg(2, ALICE, &phone) };
    world.event(Event::LegChanged { leg: dialing });
    let told = world.pushes(other.conn, "call.state");
    assert_eq!(told[0].1["call"]["variables"]["ticket"], "42", "{told:?}");
    assert_eq!(told[0].1["call"]["id"], LegId::from_u128(2).to_string());
}

#[test]
fn they_know_it_too_where_the_reply_comes_first() {
    let mut world = World::new();
    world.connect_node(LINK, 1);
    let phone = world.hello(ALICE);
    let other = world.hello(ALICE);
    world.request(phone.conn, 2, start());
    let (_, id, _) = world.commands.last().expect("a command").clone();
    let dialing = LegInfo { role: LegRole::Caller, state: LegState::Dialing, ..leg(2, ALICE, &phone) };
    world.reply(id, CommandResult::Started { call: dialing.call, leg: dialing.leg });
    world.event(Event::LegChanged { leg: dialing });
    let told = world.pushes(other.conn, "call.state");
    assert_eq!(told[0].1["call"]["variables"]["ticket"], "42", "{told:?}");
}
