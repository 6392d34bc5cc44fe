//! Browsers that can be woken: rung while no page is there, and the page that opens answers.

use ringdown_control::{Command, Event, LegPlace};
use ringdown_desk::Output;
use ringdown_types::{EndReason, LegId, SessionId};

use crate::world::{ALICE, BOB, LINK, Tab, World, answered, leg, person};

fn world() -> World {
    let mut world = World::new();
    world.set_people(vec![person(ALICE, "alice", "101"), person(BOB, "bob", "102")], 2);
    world.connect_node(LINK, 1);
    world.know_all_calls();
    world
}

fn wakeable(world: &mut World, on: bool) {
    world.desk.handle_wakeable(world.now, ALICE, on);
    world.carry_out();
}

/// The session the softswitch may ring for alice.
fn standing(world: &World) -> Option<SessionId> {
    let up = world.commands.iter().rev().find_map(|(_, _, command)| match command {
        Command::SessionUp { session, user } if *user == ALICE => Some(*session),
        _ => None,
    })?;
    (world.announcements(up).last() == Some(&"up")).then_some(up)
}

fn tab(session: SessionId) -> Tab {
    Tab { conn: ringdown_desk::ConnId(0), session, secret: String::new() }
}

fn wakes(world: &World) -> usize {
    world.others.iter().filter(|output| matches!(output, Output::Wake(wake) if wake.user == ALICE)).count()
}

#[test]
fn a_call_wakes_the_browser_and_the_page_that_opens_has_its_offer() {
    let mut world = world();
    wakeable(&mut world, true);
    let standing = standing(&world).expect("a session stands by");
    world.ring(leg(1, ALICE, &tab(standing)));
    assert_eq!(wakes(&world), 1);
    let page = world.hello(ALICE);
    assert_eq!(page.session, standing, "the leg is the page's own");
    let offers = world.pushes(page.conn, "call.incoming");
    assert_eq!(offers.len(), 1);
    assert_eq!(offers[0].1["call"]["mine"], true);
    assert_eq!(world.announcements(standing), ["up"], "the softswitch sees no change");
}

#[test]
fn a_page_that_is_there_is_rung_alone() {
    let mut world = world();
    let page = world.hello(ALICE);
    wakeable(&mut world, true);
    assert_eq!(standing(&world), Some(page.session));
    world.ring(leg(1, ALICE, &page));
    assert_eq!(wakes(&world), 0);
    // It closes: from then on the browser is woken, before the page is given up.
    world.disconnect(page.conn);
    let stands = standing(&world).expect("a session stands by");
    assert_ne!(stands, page.session);
    // It comes back.
    world.resume(&page, 1).1.expect("its session goes on");
    assert_eq!(world.announcements(stands), ["up", "down"]);
}

#[test]
fn a_standing_session_makes_nobody_look_reachable_and_outlives_its_calls() {
    let mut world = world();
    let watcher = world.hello(BOB);
    wakeable(&mut world, true);
    world.pass(std::time::Duration::from_secs(300));
    let seen = world.pushes(watcher.conn, "presence");
    assert!(!seen.iter().any(|(_, data)| data.to_string().contains("online")), "{seen:?}");
    let stands = standing(&world).expect("it stands however long nothing happens");
    let rings = leg(1, ALICE, &tab(stands));
    world.ring(rings.clone());
    world.end(rings, EndReason::Cancelled);
    assert!(
        world
            .others
            .iter()
            .any(|output| matches!(output, Output::WakeOver { reason: EndReason::Cancelled, .. }))
    );
    assert_eq!(standing(&world), Some(stands));
    wakeable(&mut world, false);
    assert_eq!(standing(&world), None);
}

#[test]
fn a_call_is_declined_from_the_notification_by_its_own_user_only() {
    let mut world = world();
    wakeable(&mut world, true);
    let rings = leg(1, ALICE, &tab(standing(&world).expect("it stands")));
    world.ring(rings);
    let before = world.commands.len();
    world.desk.handle_wake_declined(BOB, LegId::from_u128(1));
    world.desk.handle_wake_declined(ALICE, LegId::from_u128(2));
    world.carry_out();
    assert_eq!(world.commands.len(), before);
    world.desk.handle_wake_declined(ALICE, LegId::from_u128(1));
    world.carry_out();
    let (_, _, command) = world.commands.last().expect("a command");
    assert_eq!(*command, Command::Decline { leg: LegId::from_u128(1), reason: EndReason::Declined });
}

#[test]
fn nobody_stands_by_for_who_is_disabled_and_a_softswitch_that_comes_back_knows_who_does() {
    let mut world = world();
    wakeable(&mut world, true);
    world.lose_node(LINK);
    world.commands.clear();
    world.connect_node(LINK, 1);
    assert!(standing(&world).is_some());
    let mut alice = person(ALICE, "alice", "101");
    (alice.enabled, alice.epoch) = (false, 2);
    world.set_people(vec![alice, person(BOB, "bob", "102")], 3);
    assert_eq!(standing(&world), None);
}

#[test]
fn a_telephones_leg_wakes_nobody() {
    let mut world = world();
    wakeable(&mut world, true);
    let mut rings = leg(1, ALICE, &tab(SessionId::from_u128(5)));
    rings.place = LegPlace::Telephone { device: ringdown_types::Pii("101".to_owned()) };
    world.event(Event::LegChanged { leg: rings });
    assert_eq!(wakes(&world), 0);
}

/// Whom browsers were told not to ring for, with why.
fn overs(world: &World) -> Vec<EndReason> {
    let reason = |output: &Output| match output {
        Output::WakeOver { user, reason, .. } if *user == ALICE => Some(*reason),
        _ => None,
    };
    world.others.iter().filter_map(reason).collect()
}

#[test]
fn a_second_browser_that_was_woken_too_hears_that_the_first_one_answered() {
    let mut world = world();
    wakeable(&mut world, true);
    let rings = leg(1, ALICE, &tab(standing(&world).expect("it stands")));
    world.ring(rings.clone());
    world.hello(ALICE);
    assert_eq!(overs(&world), [], "it rings on in both");
    world.event(Event::LegChanged { leg: answered(rings.clone()) });
    assert_eq!(overs(&world), [EndReason::AnsweredElsewhere]);
    world.end(answered(rings), EndReason::Hangup);
    assert_eq!(overs(&world).len(), 1, "once");
}

#[test]
fn a_call_that_ends_in_the_page_that_opened_for_it_rings_no_browser_on() {
    let mut world = world();
    wakeable(&mut world, true);
    let rings = leg(1, ALICE, &tab(standing(&world).expect("it stands")));
    world.ring(rings.clone());
    world.hello(ALICE);
    world.end(rings, EndReason::Cancelled);
    assert_eq!(overs(&world), [EndReason::Cancelled]);
}

#[test]
fn a_frozen_page_that_thaws_while_the_browser_rings_ends_no_call() {
    let mut world = world();
    let page = world.hello(ALICE);
    wakeable(&mut world, true);
    world.pass(std::time::Duration::from_secs(36));
    let stands = standing(&world).expect("nothing awake is there");
    assert_ne!(stands, page.session);
    let rings = leg(1, ALICE, &tab(stands));
    world.ring(rings.clone());
    // A click on the notification brings the page back: it says hello anew and has the call.
    world.request(page.conn, 77, ringdown_protocol::Method::Ping(ringdown_protocol::Empty {}));
    assert_eq!(world.announcements(stands), ["up"]);
    let anew = world.hello(ALICE);
    assert_eq!(anew.session, stands);
    assert_eq!(world.pushes(anew.conn, "call.incoming").len(), 1);
}

#[test]
fn who_stood_by_for_a_call_stands_down_after_it_where_a_page_is_there() {
    let mut world = world();
    let page = world.hello(ALICE);
    wakeable(&mut world, true);
    world.pass(std::time::Duration::from_secs(36));
    let stands = standing(&world).expect("nothing awake is there");
    let rings = leg(1, ALICE, &tab(stands));
    world.ring(rings.clone());
    world.request(page.conn, 77, ringdown_protocol::Method::Ping(ringdown_protocol::Empty {}));
    world.end(rings, EndReason::Cancelled);
    assert_eq!(world.announcements(stands), ["up", "down"]);
}
