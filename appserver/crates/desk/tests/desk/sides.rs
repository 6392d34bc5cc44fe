//! Each side of a call has what became of it in its history, and missed calls are counted until they are seen.

use ringdown_control::{CallRecord, EndedBy, Event, LegInfo, LegRole, Party, VoicemailCount};
use ringdown_desk::{CallSide, Output, PeopleRecords};
use ringdown_protocol::{CallDirection, CallOutcome, Empty, Method};
use ringdown_types::{CallId, EndReason, Pii, UserId};
use serde_json::json;

use crate::world::{ALICE, BOB, LINK, Tab, World, answered, leg, person};

const CAROL: UserId = UserId::from_u128(3);

fn world() -> World {
    let mut world = World::new();
    let people = [(ALICE, "alice", "101"), (BOB, "bob", "102"), (CAROL, "carol", "103")];
    world.set_people(people.map(|(id, name, number)| person(id, name, number)).to_vec(), 2);
    world.connect_node(LINK, 1);
    world
}

fn party(user: UserId, number: &str) -> Party {
    Party { user: Some(user), number: Pii(number.to_owned()), name: Pii(String::new()) }
}

fn caller(tab: &Tab) -> LegInfo {
    LegInfo { role: LegRole::Caller, peer: party(BOB, "102"), ..leg(1, ALICE, tab) }
}

fn callee(id: u128, user: UserId, tab: &Tab) -> LegInfo {
    LegInfo { peer: party(ALICE, "101"), ..leg(id, user, tab) }
}

fn over(reason: EndReason, answered_at: Option<u64>, callee: Party) -> CallRecord {
    CallRecord {
        call: CallId::from_u128(9),
        caller: party(ALICE, "101"),
        callee,
        passed_by: Vec::new(),
        dialled: Pii("102".to_owned()),
        started_at: 1_700_000_000_000,
        answered_at,
        ended_at: 1_700_000_009_000,
        reason,
        by: EndedBy::Switch,
    }
}

fn end(world: &mut World, leg: LegInfo, reason: EndReason, by: EndedBy) {
    world.event(Event::LegEnded { leg, reason, by });
}

/// The last word on each side.
fn sides(world: &World) -> Vec<(UserId, CallDirection, CallOutcome)> {
    let mut sides: std::collections::BTreeMap<UserId, &CallSide> = std::collections::BTreeMap::new();
    for output in &world.others {
        if let Output::Side(side) = output {
            sides.insert(side.user, side);
        }
    }
    sides.into_iter().map(|(user, side)| (user, side.direction, side.outcome)).collect()
}

#[test]
fn of_a_group_one_answers_and_the_others_see_that_somebody_did() {
    let mut world = world();
    let (alice, bob, tab, carol) =
        (world.hello(ALICE), world.hello(BOB), world.hello(BOB), world.hello(CAROL));
    world.event(Event::LegChanged { leg: caller(&alice) });
    let (to_bob, to_tab, to_carol) = (callee(2, BOB, &bob), callee(3, BOB, &tab), callee(4, CAROL, &carol));
    for leg in [&to_bob, &to_tab, &to_carol] {
        world.ring(leg.clone());
    }
    world.event(Event::LegChanged { leg: answered(to_bob.clone()) });
    for leg in [to_tab, to_carol] {
        end(&mut world, leg, EndReason::AnsweredElsewhere, EndedBy::Switch);
    }
    let told = world.pushes(carol.conn, "history");
    assert_eq!(told[0].1["entry"]["outcome"], "answered-elsewhere", "at once, while the call goes on");
    assert!(world.pushes(bob.conn, "history").is_empty(), "he talks");
    end(&mut world, answered(to_bob), EndReason::Hangup, EndedBy::Remote);
    end(&mut world, answered(caller(&alice)), EndReason::Hangup, EndedBy::Local);
    let record = over(EndReason::Hangup, Some(1_700_000_000_500), party(BOB, "102"));
    world.event(Event::CallEnded { record });
    let (inbound, outbound) = (CallDirection::Inbound, CallDirection::Outbound);
    assert_eq!(
        sides(&world),
        [
            (ALICE, outbound, CallOutcome::Answered),
            (BOB, inbound, CallOutcome::Answered),
            (CAROL, inbound, CallOutcome::AnsweredElsewhere)
        ]
    );
    let entry = world.pushes(bob.conn, "history").pop().expect("told").1;
    assert_eq!((&entry["missed"], &entry["entry"]["peer"]["number"]), (&json!(0), &json!("101")));
    assert_eq!(world.pushes(tab.conn, "history").len(), 1, "in every tab, once");
}

#[test]
fn missed_calls_are_counted_until_they_are_seen() {
    let mut world = world();
    let (alice, bob) = (world.hello(ALICE), world.hello(BOB));
    world.event(Event::LegChanged { leg: caller(&alice) });
    world.ring(callee(2, BOB, &bob));
    end(&mut world, callee(2, BOB, &bob), EndReason::NoAnswer, EndedBy::Switch);
    end(&mut world, caller(&alice), EndReason::NoAnswer, EndedBy::Switch);
    world.event(Event::CallEnded { record: over(EndReason::NoAnswer, None, party(BOB, "102")) });
    assert_eq!(world.pushes(bob.conn, "history").len(), 1, "the record says nothing new");
    assert_eq!(world.pushes(bob.conn, "history")[0].1["missed"], 1);
    assert_eq!(world.pushes(alice.conn, "history")[0].1["entry"]["outcome"], "unanswered");
    let tab = world.hello(BOB);
    assert_eq!(world.result(tab.conn, 1).expect("a welcome")["state"]["missed"], 1);
    world.request(tab.conn, 2, Method::HistorySeen(Empty {}));
    assert_eq!(world.pushes(bob.conn, "history")[1].1, json!({"entry": null, "missed": 0}));
    assert!(world.others.contains(&Output::HistorySeen { user: BOB }));
    let missed = vec![(BOB, 7), (UserId::from_u128(99), 3)];
    world.desk.restore_people(world.now, PeopleRecords { missed, ..PeopleRecords::default() });
    let tab = world.hello(BOB);
    assert_eq!(world.result(tab.conn, 1).expect("a welcome")["state"]["missed"], 7, "over a restart");
}

#[test]
fn a_call_that_found_no_device_or_went_on_to_voicemail_was_missed() {
    let mut world = world();
    let alice = world.hello(ALICE);
    world.event(Event::LegChanged { leg: caller(&alice) });
    end(&mut world, caller(&alice), EndReason::Offline, EndedBy::Switch);
    world.event(Event::CallEnded { record: over(EndReason::Offline, None, party(BOB, "102")) });
    assert_eq!(sides(&world).pop(), Some((BOB, CallDirection::Inbound, CallOutcome::Missed)));
    world.others.clear();
    let voicemail = Party { user: None, number: Pii("*98".to_owned()), name: Pii(String::new()) };
    let record = CallRecord {
        call: CallId::from_u128(10),
        passed_by: vec![party(BOB, "102")],
        ..over(EndReason::Hangup, Some(1_700_000_000_500), voicemail)
    };
    world.event(Event::CallEnded { record });
    assert_eq!(sides(&world).pop(), Some((BOB, CallDirection::Inbound, CallOutcome::Missed)));
    // Who forbade the call was not called.
    world.others.clear();
    let record =
        CallRecord { call: CallId::from_u128(11), ..over(EndReason::Forbidden, None, party(BOB, "102")) };
    world.event(Event::CallEnded { record });
    assert_eq!(sides(&world), [(ALICE, CallDirection::Outbound, CallOutcome::Unanswered)]);
}

#[test]
fn declining_is_no_missed_call_on_any_device() {
    let mut world = world();
    let (alice, bob, tab) = (world.hello(ALICE), world.hello(BOB), world.hello(BOB));
    world.event(Event::LegChanged { leg: caller(&alice) });
    world.ring(callee(2, BOB, &bob));
    world.ring(callee(3, BOB, &tab));
    end(&mut world, callee(3, BOB, &tab), EndReason::Declined, EndedBy::Local);
    end(&mut world, callee(2, BOB, &bob), EndReason::DeclinedElsewhere, EndedBy::Switch);
    let told = world.pushes(bob.conn, "history").pop().expect("told").1;
    assert_eq!(
        (&told["entry"]["outcome"], &told["entry"]["reason"]),
        (&json!("declined"), &json!("declined"))
    );
    assert_eq!(told["missed"], 0);
}

#[test]
fn ones_own_devices_that_ring_for_an_asked_call_miss_nothing() {
    let mut world = world();
    let alice = world.hello(ALICE);
    let own = LegInfo { peer: party(BOB, "102"), ..callee(2, ALICE, &alice) };
    world.ring(own.clone());
    end(&mut world, own.clone(), EndReason::NoAnswer, EndedBy::Switch);
    assert!(sides(&world).is_empty(), "whose call it was is not known yet");
    world.event(Event::CallEnded { record: over(EndReason::NoAnswer, None, party(BOB, "102")) });
    let outcome = sides(&world).into_iter().find(|(user, _, _)| *user == ALICE);
    assert_eq!(outcome, Some((ALICE, CallDirection::Outbound, CallOutcome::Unanswered)));
}

#[test]
fn a_mailbox_is_told_to_every_tab() {
    let mut world = world();
    let alice = world.hello(ALICE);
    world.event(Event::VoicemailChanged { count: VoicemailCount { user: ALICE, new: 2, saved: 1 } });
    assert_eq!(world.pushes(alice.conn, "voicemail")[0].1, json!({"count": {"new": 2, "saved": 1}}));
    let tab = world.hello(ALICE);
    assert_eq!(world.result(tab.conn, 1).expect("a welcome")["state"]["voicemail"]["new"], 2);
    // Another snapshot of the same softswitch has none.
    world.lose_node(LINK);
    world.connect_node(LINK, 1);
    assert_eq!(world.pushes(tab.conn, "voicemail")[0].1["count"]["new"], 0);
}
