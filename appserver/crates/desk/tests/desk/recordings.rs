//! Recording one's own calls, with the right that REST asks for.

use std::sync::Arc;

use ringdown_control::{
    Command, CommandError, CommandResult, DirectorySnapshot, Event, LegInfo, Party, Recording,
    RecordingRight, RecordingState, RoomInfo, RoomMemberInfo, Snapshot,
};
use ringdown_desk::Person;
use ringdown_protocol::{Method, RecordParams, Role, StopRecordingParams};
use ringdown_types::{CallId, LegId, Pii, RecordedTracks, RecordingId, RoomId, SoundFormat, UserId};
use serde_json::{Value, json};

use crate::world::{ALICE, BOB, LINK, Tab, World, answered, leg, person};

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

fn record(tracks: Option<RecordedTracks>, format: Option<SoundFormat>) -> Method {
    Method::CallRecord(RecordParams { call: LegId::from_u128(1).to_string(), tracks, format })
}

fn stop(recording: &str) -> Method {
    let (call, recording) = (LegId::from_u128(1).to_string(), recording.to_owned());
    Method::CallStopRecording(StopRecordingParams { call, recording })
}

#[test]
fn it_begins_with_the_users_right_and_ends_by_its_id() {
    let (mut world, alice) = talking();
    let by = Some(ALICE);
    world.request(alice.conn, 2, record(None, None));
    let (_, id, command) = world.commands.last().expect("a command").clone();
    let (tracks, format) = (RecordedTracks::Mixed, SoundFormat::Ogg);
    assert_eq!(command, Command::RecordLeg { leg: LegId::from_u128(1), tracks, format, by });
    let recording = RecordingId::from_u128(9);
    world.reply(id, CommandResult::Recording { recording });
    let begun = world.result(alice.conn, 2).expect("it begins");
    assert_eq!(begun["recording"], recording.to_string());

    world.request(alice.conn, 3, stop("what"));
    assert_eq!(world.result(alice.conn, 3).expect_err("no id")["name"], "bad-request");
    world.request(alice.conn, 4, stop(&recording.to_string()));
    let (_, id, command) = world.commands.last().expect("a command").clone();
    assert_eq!(command, Command::StopRecording { recording, by });
    world.reply(id, CommandResult::Done);
    world.result(alice.conn, 4).expect("done");
}

#[test]
fn a_refusal_is_told_and_nobody_elses_call_is_recorded() {
    let (mut world, alice) = talking();
    world.know_all_calls();
    let bob = world.hello(BOB);
    world.request(bob.conn, 2, record(None, None));
    assert_eq!(world.result(bob.conn, 2).expect_err("alice's")["name"], "no-such-call");
    world.request(alice.conn, 2, record(Some(RecordedTracks::Split), Some(SoundFormat::Wav)));
    let (_, id, command) = world.commands.last().expect("a command").clone();
    let wanted = (RecordedTracks::Split, SoundFormat::Wav);
    assert!(matches!(command, Command::RecordLeg { tracks, format, .. } if (tracks, format) == wanted));
    let message = "recording is not allowed here".to_owned();
    world.reply(id, CommandResult::Refused { error: CommandError::NotAllowed, message });
    assert_eq!(world.result(alice.conn, 2).expect_err("admins alone")["name"], "forbidden");
}

#[test]
fn an_admin_needs_no_right() {
    let mut world = World::new();
    let admin = Person { role: Role::Admin, ..person(ALICE, "alice", "101") };
    world.set_people(vec![admin], 2);
    world.connect_node(LINK, 1);
    let alice = world.hello(ALICE);
    let rings = leg(1, ALICE, &alice);
    world.ring(rings.clone());
    world.event(Event::LegChanged { leg: answered(rings) });
    for (number, method) in [(2, record(None, None)), (3, stop(&RecordingId::from_u128(9).to_string()))] {
        world.request(alice.conn, number, method);
        let (_, _, command) = world.commands.last().expect("a command").clone();
        assert!(matches!(
            command,
            Command::RecordLeg { by: None, .. } | Command::StopRecording { by: None, .. }
        ));
    }
}

/// A recording of alice's leg 1, by her.
fn recording(state: RecordingState) -> Recording {
    Recording {
        id: RecordingId::from_u128(9),
        owner: Some(ALICE),
        call: Some(CallId::from_u128(9)),
        leg: Some(LegId::from_u128(1)),
        room: None,
        parties: Vec::new(),
        started_at: 1_700_000_000_600,
        duration_ms: 0,
        format: SoundFormat::Ogg,
        channels: 1,
        state,
    }
}

/// What a tab was told last of its call: may it record, is it recorded, and its own recording.
fn told(world: &World, tab: &Tab) -> (bool, bool, Value) {
    let (_, last) = world.pushes(tab.conn, "call.state").pop().expect("a state");
    let call = &last["call"];
    (call["mayRecord"] == json!(true), call["isRecorded"] == json!(true), call["recording"].clone())
}

/// Bob's leg 2 of the same call.
fn bob_talks(world: &mut World) -> (Tab, LegInfo) {
    let bob = world.hello(BOB);
    let rings = leg(2, BOB, &bob);
    world.ring(rings.clone());
    world.event(Event::LegChanged { leg: answered(rings.clone()) });
    (bob, answered(rings))
}

#[test]
fn both_sides_are_told_of_a_recording_and_whose_it_is_alone_that_it_can_be_stopped() {
    let (mut world, alice) = talking();
    let (bob, _) = bob_talks(&mut world);
    assert_eq!(told(&world, &alice), (false, false, Value::Null), "admins alone record here");
    world.event(Event::RecordingChanged { recording: recording(RecordingState::Running) });
    assert_eq!(told(&world, &alice), (false, true, json!(RecordingId::from_u128(9).to_string())));
    assert_eq!(told(&world, &bob), (false, true, Value::Null));
    let (_, resumed) = world.resume(&bob, 0);
    assert_eq!(
        resumed.expect("a state")["state"]["calls"][0]["isRecorded"],
        json!(true),
        "after a reload too"
    );
    world.event(Event::RecordingChanged { recording: recording(RecordingState::Stored) });
    assert_eq!(told(&world, &alice), (false, false, Value::Null));
}

#[test]
fn an_app_server_that_was_away_learns_which_recordings_go_on() {
    let (mut world, alice) = talking();
    let call = ringdown_control::CallInfo {
        call: CallId::from_u128(9),
        caller: Party { user: None, number: Pii("101".to_owned()), name: Pii(String::new()) },
        dialled: Pii("101".to_owned()),
        started_at: 1_700_000_000_000,
        legs: vec![answered(leg(1, ALICE, &alice))],
    };
    let running = vec![recording(RecordingState::Running)];
    let snapshot = Snapshot { calls: vec![call.clone()], recordings: running, ..Snapshot::default() };
    world.desk.handle_snapshot(world.now, LINK, 50, snapshot);
    world.carry_out();
    assert!(told(&world, &alice).1);
    let snapshot = Snapshot { calls: vec![call], ..Snapshot::default() };
    world.desk.handle_snapshot(world.now, LINK, 60, snapshot);
    world.carry_out();
    assert!(!told(&world, &alice).1, "it ended meanwhile");
}

#[test]
fn who_comes_into_a_recorded_room_is_told_and_who_left_it_no_more() {
    let (mut world, _alice) = talking();
    let bob = world.hello(BOB);
    let rings = LegInfo { call: CallId::from_u128(10), ..leg(2, BOB, &bob) };
    world.ring(rings.clone());
    world.event(Event::LegChanged { leg: answered(rings) });
    let member = |leg: u128, user: UserId| RoomMemberInfo {
        leg: LegId::from_u128(leg),
        call: CallId::from_u128(8 + leg),
        party: Party { user: Some(user), number: Pii("101".to_owned()), name: Pii(String::new()) },
        is_moderator: user == ALICE,
        is_muted: false,
        is_silenced: false,
        gain: 0,
        since: 1_700_000_000_000,
    };
    let room = |members| Event::RoomChanged {
        room: RoomInfo {
            room: RoomId::from_u128(60),
            number: Pii("600".to_owned()),
            is_locked: false,
            invited: Vec::new(),
            members,
        },
    };
    world.event(room(vec![member(1, ALICE)]));
    world.event(Event::RecordingChanged { recording: recording(RecordingState::Running) });
    assert!(!told(&world, &bob).1);
    world.event(room(vec![member(1, ALICE), member(2, BOB)]));
    assert!(told(&world, &bob).1, "what he says is recorded");
    world.event(room(vec![member(1, ALICE)]));
    assert!(!told(&world, &bob).1);
}

#[test]
fn a_changed_right_is_told_within_the_call() {
    let (mut world, alice) = talking();
    let directory = DirectorySnapshot {
        version: 2,
        recording: RecordingRight::Everybody,
        ..DirectorySnapshot::default()
    };
    world.take_directory(vec![person(ALICE, "alice", "101")], Arc::new(directory));
    assert!(told(&world, &alice).0);
}
