//! A session whose connection is lost.

use std::time::Duration;

use ringdown_desk::{MAX_SESSIONS_PER_USER, Output, SessionRecord, secret_hash};
use ringdown_types::{EndReason, SessionId};

use crate::world::{ALICE, BOB, LINK, Tab, World, answered, leg};

#[test]
fn it_is_rung_for_ten_seconds_and_kept_for_two_minutes() {
    let mut world = World::new();
    world.connect_node(LINK, 1);
    let (watcher, tab) = (world.hello(ALICE), world.hello(BOB));
    world.disconnect(tab.conn);
    world.pass(Duration::from_millis(9_900));
    assert_eq!(world.announcements(tab.session), ["up"]);
    world.pass(Duration::from_millis(300));
    assert_eq!(world.announcements(tab.session), ["up", "down"]);
    let told = world.pushes(watcher.conn, "presence");
    assert_eq!(told.last().expect("a push").1["entries"][0]["presence"], "offline");

    world.pass(Duration::from_secs(109));
    let (conn, resumed) = world.resume(&tab, 0);
    resumed.expect("119 s are within the window");
    assert_eq!(world.announcements(tab.session), ["up", "down", "up"]);
    world.disconnect(conn);
    world.pass(Duration::from_secs(121));
    let (_, resumed) = world.resume(&tab, 0);
    assert_eq!(resumed.expect_err("121 s are not")["name"], "session-expired");
    assert!(world.others.contains(&Output::DropSession(tab.session)));
}

#[test]
fn one_that_holds_a_call_waits_for_its_browser() {
    let mut world = World::new();
    world.connect_node(LINK, 1);
    let tab = world.hello(BOB);
    let call = answered(leg(1, BOB, &tab));
    world.ring(leg(1, BOB, &tab));
    world.event(ringdown_control::Event::LegChanged { leg: call.clone() });
    world.disconnect(tab.conn);
    world.pass(Duration::from_secs(60));
    assert_eq!(world.announcements(tab.session), ["up"], "its leg is not taken from it");
    world.end(call, EndReason::Hangup);
    assert_eq!(world.announcements(tab.session), ["up", "down"], "nothing is left to wait for");
    world.pass(Duration::from_secs(61));
    assert_eq!(world.resume(&tab, 0).1.expect_err("over")["name"], "session-expired");
}

#[test]
fn one_of_an_earlier_run_gets_the_state_whatever_it_saw() {
    let mut world = World::new();
    let tab = Tab { conn: world.next_conn(), session: SessionId::from_u128(5), secret: "kept".to_owned() };
    let record = SessionRecord {
        id: tab.session,
        secret_hash: secret_hash("kept"),
        user: BOB,
        epoch: 1,
        family: "f".to_owned(),
    };
    world.desk.restore(world.now, vec![record]);
    world.connect_node(LINK, 1);
    assert_eq!(world.announcements(tab.session), ["up"]);
    world.ring(leg(1, BOB, &tab));
    // Its numbers start anew here, so a replay after number 1 would be of another count.
    let (conn, resumed) = world.resume(&tab, 1);
    assert!(resumed.expect("a resume").get("state").is_some());
    assert_eq!(world.pushes(conn, "call.incoming").len(), 1, "what rings can be answered");
    world.disconnect(conn);
    let (_, resumed) = world.resume(&tab, (1 << 53) + 1);
    assert_eq!(resumed.expect_err("no number of ours")["name"], "session-expired");
}

#[test]
fn a_page_that_is_back_before_the_softswitch_keeps_its_call() {
    let mut world = World::new();
    let tab = Tab { conn: world.next_conn(), session: SessionId::from_u128(5), secret: "kept".to_owned() };
    let record = SessionRecord {
        id: tab.session,
        secret_hash: secret_hash("kept"),
        user: BOB,
        epoch: 1,
        family: "f".to_owned(),
    };
    world.desk.restore(world.now, vec![record]);
    let (conn, resumed) = world.resume(&tab, 9);
    let state = resumed.expect("a resume")["state"].clone();
    assert_eq!((&state["calls"], &state["callsComplete"]), (&serde_json::json!([]), &false.into()));
    let call = leg(1, BOB, &tab);
    let id = call.leg.to_string();
    world.request(
        conn,
        2,
        ringdown_protocol::Method::CallHangup(ringdown_protocol::LegParams { call: id.clone() }),
    );
    assert_eq!(world.result(conn, 2).expect_err("not known")["name"], "switch-unavailable");

    world.pass(Duration::from_secs(20));
    assert!(world.pushes(conn, "calls").is_empty(), "nobody told of calls yet");
    world.connect_node(LINK, 1);
    world.event(ringdown_control::Event::LegChanged { leg: answered(call) });
    world.pass(Duration::from_secs(6));
    let told = world.pushes(conn, "calls");
    assert_eq!(told.len(), 1);
    assert!(world.pushes(conn, "call.ended").is_empty());
    let (_, resumed) = world.resume(&tab, 0);
    let state = resumed.expect("a resume")["state"].clone();
    assert_eq!((&state["calls"][0]["id"], &state["callsComplete"]), (&id.into(), &true.into()));
}

#[test]
fn the_first_of_two_softswitches_back_does_not_end_the_calls_of_the_other() {
    let mut world = World::new();
    world.connect_node(LINK, 1);
    let tab = world.hello(BOB);
    world.pass(Duration::from_secs(4));
    assert!(world.pushes(tab.conn, "calls").is_empty(), "the other may still be on its way");
    world.pass(Duration::from_secs(2));
    assert_eq!(world.pushes(tab.conn, "calls").len(), 1);
}

#[test]
fn the_oldest_detached_one_makes_room() {
    let mut world = World::new();
    let first = world.hello(BOB);
    world.disconnect(first.conn);
    for _ in 1..MAX_SESSIONS_PER_USER {
        world.hello(BOB);
    }
    world.hello(BOB);
    assert!(world.resume(&first, 0).1.is_err(), "it made room");
    let conn = world.next_conn();
    world.desk.handle_hello(
        world.now,
        ringdown_desk::HelloInput {
            conn,
            request: 1,
            address: [127, 0, 0, 1].into(),
            user: BOB,
            epoch: 1,
            family: String::new(),
            token_ends: None,
            kind: ringdown_desk::SessionKind::Phone,
            name: None,
        },
    );
    world.pass(Duration::ZERO);
    world.request(conn, 2, ringdown_protocol::Method::Ping(ringdown_protocol::Empty {}));
    assert_eq!(world.result(conn, 1).expect_err("full")["name"], "rate-limited");
}

#[test]
fn the_token_is_said_to_end_a_minute_before() {
    let mut world = World::new();
    let tab = world.hello(BOB);
    world.pass(Duration::from_secs(539));
    assert!(world.pushes(tab.conn, "token.expiring").is_empty());
    world.pass(Duration::from_secs(2));
    assert_eq!(world.pushes(tab.conn, "token.expiring")[0].1["seconds"], 60);
}
