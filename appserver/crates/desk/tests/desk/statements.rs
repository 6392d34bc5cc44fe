//! What people say of themselves: until when, over a restart, and do-not-disturb as a setting and as a word.

use std::{sync::Arc, time::Duration};

use ringdown_control::{self as control, Command, DirectorySnapshot, DirectoryUser, UserSettings};
use ringdown_desk::{Output, PeopleChange, PeopleRecords, SavedStatement};
use ringdown_protocol::{Activity, Method, PresenceParams, SoundParams};
use ringdown_types::Pii;
use serde_json::{Value, json};

use crate::world::{ALICE, BOB, LINK, Tab, World, person};

const NOW: u64 = 1_700_000_000_000;

fn says(activity: Option<Activity>, note: &str, until: Option<u64>) -> Method {
    let note = (!note.is_empty()).then(|| Pii(note.to_owned()));
    Method::PresenceSet(PresenceParams { activity, note, until })
}

/// How bob was last told alice is.
fn seen(world: &World, bob: &Tab) -> Value {
    let pushes = world.pushes(bob.conn, "presence");
    let mut alice = pushes
        .into_iter()
        .rev()
        .flat_map(|(_, data)| data["entries"].as_array().cloned().unwrap_or_default());
    alice.find(|entry| entry["userId"] == ALICE.to_string()).expect("bob was told")
}

fn kept(world: &World) -> Vec<&PeopleChange> {
    let changes = world.others.iter().filter_map(|output| match output {
        Output::People(change) => Some(change),
        _ => None,
    });
    changes.collect()
}

/// Everybody's settings as the store has them: alice does not want to be disturbed, or does.
fn set_undisturbed(world: &mut World, on: bool, version: u64) {
    let user = DirectoryUser {
        id: ALICE,
        extension: "101".parse().expect("a number"),
        name: Pii("alice".to_owned()),
        enabled: true,
        ring_seconds: 30,
        max_calls: 4,
        settings: UserSettings { do_not_disturb: on, ..UserSettings::default() },
    };
    let directory = DirectorySnapshot { version, users: vec![user], ..DirectorySnapshot::default() };
    let people = vec![person(ALICE, "alice", "101"), person(BOB, "bob", "102")];
    world.take_directory(people, Arc::new(directory));
}

#[test]
fn what_somebody_says_ends_when_they_said() {
    let mut world = World::new();
    world.connect_node(LINK, 1);
    let (alice, bob) = (world.hello(ALICE), world.hello(BOB));
    world.pass(Duration::from_secs(1));
    let until = NOW + 60_000;
    world.request(alice.conn, 2, says(Some(Activity::Break), "coffee", Some(until)));
    world.pass(Duration::from_millis(150));
    let told = seen(&world, &bob);
    assert_eq!(
        (&told["activity"], &told["note"], &told["until"]),
        (&json!("break"), &json!("coffee"), &json!(until))
    );
    world.pass(Duration::from_secs(60));
    let told = seen(&world, &bob);
    assert_eq!((told.get("activity"), told.get("note"), told.get("until")), (None, None, None));
    assert!(matches!(kept(&world).last(), Some(PeopleChange::NoStatement(user)) if *user == ALICE));
    let last = world.commands.iter().rev().find_map(|(_, _, command)| match command {
        Command::State { people } => people.first().map(|person| person.statement.clone()),
        _ => None,
    });
    assert_eq!(last, Some(control::Statement::default()), "telephones are told too");
}

#[test]
fn a_word_said_later_is_not_ended_by_the_one_before() {
    let mut world = World::new();
    let (alice, bob) = (world.hello(ALICE), world.hello(BOB));
    world.request(alice.conn, 2, says(Some(Activity::Meal), "", Some(NOW + 10_000)));
    world.request(alice.conn, 3, says(Some(Activity::Away), "dentist", None));
    world.pass(Duration::from_secs(3_600));
    assert_eq!(seen(&world, &bob)["note"], "dentist");
    for until in [Some(1), Some(NOW + 400 * 24 * 3_600_000)] {
        world.request(alice.conn, 4, says(Some(Activity::Away), "", until));
        assert_eq!(world.result(alice.conn, 4).expect_err("out of range")["name"], "bad-request");
        world.frames.retain(|(_, frame)| frame["id"] != 4);
    }
}

#[test]
fn what_was_said_outlives_a_restart_and_still_ends() {
    let mut world = World::new();
    let statements = vec![
        SavedStatement {
            user: ALICE,
            activity: Some(Activity::Vacation),
            note: Pii("sea".to_owned()),
            until: Some(NOW + 5_000),
        },
        SavedStatement {
            user: BOB,
            activity: Some(Activity::Away),
            note: Pii::default(),
            until: Some(NOW - 1),
        },
    ];
    world.desk.restore_people(world.now, PeopleRecords { statements, ..PeopleRecords::default() });
    world.pass(Duration::from_millis(1));
    let bob = world.hello(BOB);
    let state = world.result(bob.conn, 1).expect("a welcome")["state"].clone();
    assert_eq!(
        (&state["directory"][0]["activity"], &state["directory"][0]["note"]),
        (&json!("vacation"), &json!("sea"))
    );
    assert_eq!(state["directory"][1].get("activity"), None, "his was over before the restart was");
    world.pass(Duration::from_secs(6));
    assert_eq!(seen(&world, &bob).get("activity"), None);
}

#[test]
fn do_not_disturb_is_one_whether_said_or_set() {
    let mut world = World::new();
    let (alice, bob) = (world.hello(ALICE), world.hello(BOB));
    world.request(alice.conn, 2, says(Some(Activity::Dnd), "deep work", Some(NOW + 60_000)));
    world.pass(Duration::from_secs(1));
    assert_eq!(seen(&world, &bob)["activity"], "dnd", "at once");
    assert!(kept(&world).contains(&&PeopleChange::DoNotDisturb(ALICE, true)), "the setting follows");
    set_undisturbed(&mut world, true, 2);
    world.pass(Duration::from_secs(1));
    let told = seen(&world, &bob);
    assert_eq!((&told["note"], &told["until"]), (&json!("deep work"), &json!(NOW + 60_000)));
    world.pass(Duration::from_secs(60));
    assert_eq!(kept(&world).last(), Some(&&PeopleChange::NoStatement(ALICE)));
    assert!(kept(&world).contains(&&PeopleChange::DoNotDisturb(ALICE, false)), "it ends with what was said");
    set_undisturbed(&mut world, false, 3);
    world.pass(Duration::from_secs(1));
    assert_eq!(seen(&world, &bob).get("activity"), None);

    // A telephone sets it, over what she says; and takes it back.
    world.request(alice.conn, 3, says(Some(Activity::Meeting), "", None));
    set_undisturbed(&mut world, true, 4);
    world.pass(Duration::from_secs(1));
    assert_eq!(seen(&world, &bob)["activity"], "dnd");
    set_undisturbed(&mut world, false, 5);
    world.pass(Duration::from_secs(1));
    assert_eq!(seen(&world, &bob)["activity"], "meeting");
    // Said in the browser, taken back at the telephone: nothing of it stays.
    world.request(alice.conn, 4, says(Some(Activity::Dnd), "", None));
    set_undisturbed(&mut world, true, 6);
    set_undisturbed(&mut world, false, 7);
    world.pass(Duration::from_secs(1));
    assert_eq!(seen(&world, &bob).get("activity"), None);
    // Ready in the browser ends what a telephone set.
    set_undisturbed(&mut world, true, 8);
    world.others.clear();
    world.request(alice.conn, 5, says(None, "", None));
    assert!(kept(&world).contains(&&PeopleChange::DoNotDisturb(ALICE, false)));
}

#[test]
fn a_page_that_may_play_no_sound_cannot_ring() {
    let mut world = World::new();
    let (alice, bob) = (world.hello(ALICE), world.hello(BOB));
    world.request(alice.conn, 2, Method::PresenceSound(SoundParams { locked: true }));
    world.pass(Duration::from_millis(150));
    assert_eq!(seen(&world, &bob)["cannotRing"], true);
    let tab = world.hello(ALICE);
    world.pass(Duration::from_millis(150));
    assert_eq!(seen(&world, &bob).get("cannotRing"), None, "another tab of hers can");
    world.request(tab.conn, 2, Method::Bye(Default::default()));
    world.request(alice.conn, 3, Method::PresenceSound(SoundParams { locked: false }));
    world.pass(Duration::from_secs(1));
    assert_eq!(seen(&world, &bob).get("cannotRing"), None);
}

#[test]
fn somebody_who_changes_their_mind_all_day_leaves_no_timers_behind() {
    let mut world = World::new();
    let alice = world.hello(ALICE);
    world.pass(Duration::from_secs(1));
    for seconds in 2..30 {
        let until = Some(NOW + 1_000 + seconds * 1_000);
        world.request(alice.conn, 2, says(None, "soon", until));
    }
    world.request(alice.conn, 3, says(None, "", None));
    world.pass(Duration::from_millis(150));
    let next = world.desk.next_timeout().expect("a page is looked after");
    assert!(next > world.now + Duration::from_secs(30), "what is taken back has no end to wait for");
}
