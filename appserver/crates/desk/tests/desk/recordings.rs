//! Recording one's own calls, with the right that REST asks for.

use ringdown_control::{Command, CommandError, CommandResult, Event};
use ringdown_desk::Person;
use ringdown_protocol::{Method, RecordParams, Role, StopRecordingParams};
use ringdown_types::{LegId, RecordedTracks, RecordingId, SoundFormat};

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
