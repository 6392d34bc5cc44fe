//! Of a large company a session is told those its user has to do with and those it watches, and nobody else.

use std::{collections::BTreeSet, time::Duration};

use ringdown_desk::{Output, PeopleChange, PeopleRecords, Person};
use ringdown_protocol::{FavouriteParams, Method, PresenceParams, SearchParams, WatchParams};
use ringdown_types::{Pii, UserId};
use serde_json::Value;

use crate::world::{ALICE, BOB, World, person};

/// Alice and bob in Sales with two others, and `others` in Works.
fn company(others: u128) -> Vec<Person> {
    let works = |number: u128| Person {
        department: Pii("Works".to_owned()),
        ..person(UserId::from_u128(number), &format!("worker {number}"), &number.to_string())
    };
    let sales = |person: Person| Person { department: Pii("Sales".to_owned()), ..person };
    let mut people: Vec<_> = (1_000..1_000 + others).map(works).collect();
    people.push(sales(person(ALICE, "alice", "101")));
    people.push(sales(person(BOB, "bob", "102")));
    people.push(sales(person(UserId::from_u128(3), "carol", "103")));
    people.push(sales(person(UserId::from_u128(4), "dave", "104")));
    people
}

fn names(state: &Value) -> Vec<String> {
    let people = state["directory"].as_array().expect("people").iter();
    people.map(|entry| entry["name"].as_str().expect("a name").to_owned()).collect()
}

fn state(world: &World, conn: ringdown_desk::ConnId) -> Value {
    world.result(conn, 1).expect("a welcome")["state"].clone()
}

fn watch(users: impl IntoIterator<Item = u128>) -> WatchParams {
    WatchParams { users: users.into_iter().map(|user| UserId::from_u128(user).to_string()).collect() }
}

#[test]
fn a_large_company_is_told_in_part() {
    let mut world = World::new();
    world.set_people(company(2_000), 2);
    let favourites = vec![(ALICE, vec![UserId::from_u128(1_500)])];
    let recent = vec![(ALICE, UserId::from_u128(1_700)), (ALICE, UserId::from_u128(77))];
    let records = PeopleRecords { favourites, recent, ..PeopleRecords::default() };
    world.desk.restore_people(world.now, records);
    let alice = world.hello(ALICE);
    let told = state(&world, alice.conn);
    assert_eq!(told["directoryComplete"], false);
    assert_eq!(names(&told), ["alice", "bob", "carol", "dave", "worker 1500", "worker 1700"]);
    assert_eq!(told["favourites"], serde_json::json!([UserId::from_u128(1_500).to_string()]));
    // A department larger than what is told is cut.
    let worker = world.hello(UserId::from_u128(1_234));
    let told = names(&state(&world, worker.conn));
    assert_eq!(told.len(), 200);
    assert!(told.contains(&"worker 1234".to_owned()), "one is told of oneself");
    // The others are found.
    world.request(alice.conn, 2, Method::DirectorySearch(SearchParams { query: "worker 1999".to_owned() }));
    let found = world.result(alice.conn, 2).expect("found");
    assert_eq!(found["entries"][0]["extension"], "1999");
}

#[test]
fn presence_goes_to_who_knows_somebody_and_to_nobody_else() {
    let mut world = World::new();
    world.set_people(company(2_000), 2);
    let (alice, bob) = (world.hello(ALICE), world.hello(BOB));
    world.pass(Duration::from_secs(1));
    world.frames.clear();
    let worker = world.hello(UserId::from_u128(1_500));
    world.pass(Duration::from_secs(1));
    assert!(world.pushes(alice.conn, "presence").is_empty(), "she has nothing to do with them");
    world.request(alice.conn, 2, Method::PresenceWatch(watch([1_500, 1_501, 99])));
    let watched = world.result(alice.conn, 2).expect("entries")["entries"].clone();
    assert_eq!(watched.as_array().expect("entries").len(), 2, "one of them is nobody");
    assert_eq!(watched[0]["presence"], "online");
    world.request(worker.conn, 9, Method::Bye(Default::default()));
    world.pass(Duration::from_secs(1));
    let told = world.pushes(alice.conn, "presence");
    assert_eq!(told[0].1["entries"][0]["presence"], "offline");
    assert!(world.pushes(bob.conn, "presence").is_empty());
    world.request(alice.conn, 3, Method::PresenceUnwatch(watch([1_500])));
    world.hello(UserId::from_u128(1_500));
    world.pass(Duration::from_secs(1));
    assert_eq!(world.pushes(alice.conn, "presence").len(), 1, "she watches no more");
    // Colleagues are told without asking, and unwatching does not end it.
    world.request(alice.conn, 4, Method::PresenceUnwatch(watch([2])));
    world.request(bob.conn, 2, Method::Bye(Default::default()));
    world.pass(Duration::from_secs(1));
    assert_eq!(world.pushes(alice.conn, "presence").len(), 2);
}

#[test]
fn a_session_watches_at_most_500() {
    let mut world = World::new();
    world.set_people(company(2_000), 2);
    let alice = world.hello(ALICE);
    world.request(alice.conn, 2, Method::PresenceWatch(watch(1_000..1_500)));
    world.result(alice.conn, 2).expect("500 fit");
    world.request(alice.conn, 3, Method::PresenceWatch(watch([1_600])));
    assert_eq!(world.result(alice.conn, 3).expect_err("a refusal")["name"], "bad-request");
    world.request(alice.conn, 4, Method::PresenceUnwatch(watch([1_000])));
    world.request(alice.conn, 5, Method::PresenceWatch(watch([1_600])));
    world.result(alice.conn, 5).expect("there is room again");
    world.request(alice.conn, 6, Method::PresenceWatch(watch(1_000..1_501)));
    assert_eq!(world.result(alice.conn, 6).expect_err("a refusal")["name"], "bad-request");
}

#[test]
fn a_favourite_is_known_from_then_on() {
    let mut world = World::new();
    world.set_people(company(2_000), 2);
    let (alice, tab) = (world.hello(ALICE), world.hello(ALICE));
    world.pass(Duration::from_secs(1));
    let favourite = |user: u128, on| {
        Method::DirectoryFavourite(FavouriteParams { user: UserId::from_u128(user).to_string(), on })
    };
    world.request(alice.conn, 2, favourite(1_500, true));
    world.pass(Duration::from_secs(1));
    let users = serde_json::json!([UserId::from_u128(1_500).to_string()]);
    assert_eq!(world.pushes(tab.conn, "favourites")[0].1["users"], users, "in every tab");
    let entry = world.pushes(tab.conn, "directory.changed").pop().expect("the entry").1;
    assert_eq!((&entry["entries"][0]["name"], &entry["complete"]), (&"worker 1500".into(), &false.into()));
    let kept = Output::People(PeopleChange::Favourites(ALICE, vec![UserId::from_u128(1_500)]));
    assert!(world.others.contains(&kept));
    world.request(alice.conn, 3, favourite(99, true));
    assert_eq!(world.result(alice.conn, 3).expect_err("nobody")["name"], "bad-request");
    world.request(alice.conn, 4, favourite(1_500, false));
    assert_eq!(world.pushes(tab.conn, "favourites")[1].1["users"], serde_json::json!([]));
}

#[test]
fn a_company_that_outgrows_being_told_whole_is_not_told_its_new_people() {
    let mut world = World::new();
    world.set_people(company(400), 2);
    let alice = world.hello(ALICE);
    assert_eq!(state(&world, alice.conn)["directoryComplete"], true);
    world.set_people(company(2_000), 3);
    world.pass(Duration::from_secs(1));
    assert!(world.pushes(alice.conn, "directory.changed").is_empty(), "1,600 newcomers are not hers");
    let mut people = company(2_000);
    people.retain(|person| person.id != UserId::from_u128(1_001));
    world.set_people(people, 4);
    world.pass(Duration::from_secs(1));
    let told = world.pushes(alice.conn, "directory.changed").pop().expect("somebody she knew is gone").1;
    assert_eq!((&told["complete"], told["removed"].as_array().map(Vec::len)), (&false.into(), Some(1)));
}

#[test]
fn a_change_costs_those_who_know_alone() {
    let mut world = World::new();
    world.set_people(company(3_000), 2);
    let tabs: Vec<_> = (1_000..1_300).map(|user| world.hello(UserId::from_u128(user))).collect();
    let alice = world.hello(ALICE);
    world.pass(Duration::from_secs(1));
    world.frames.clear();
    let away = PresenceParams { note: Some(Pii("back at 3".to_owned())), ..PresenceParams::default() };
    world.request(alice.conn, 2, Method::PresenceSet(away));
    world.pass(Duration::from_secs(1));
    let told: BTreeSet<_> =
        world.frames.iter().filter(|(_, frame)| frame["event"] == "presence").map(|(to, _)| *to).collect();
    assert_eq!(told, BTreeSet::from([alice.conn]), "of {} sessions", tabs.len());
}
