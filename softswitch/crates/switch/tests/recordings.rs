//! Recordings of calls and rooms: who may have one, what becomes of them, and who may hear them.

mod support;

use ringdown_control::{
    Command, CommandError, CommandId, CommandResult, ConferenceRoom, Event, PlayedSound, Recording,
    RecordingRight, RecordingState,
};
use ringdown_media::api::{MediaEvent, PlaySource, RecordingEnd};
use ringdown_types::{LegId, Pii, RecordedTracks, RecordingId, RoomId, SoundFormat, ToneId, UserId};
use support::{browser::ALL, *};

const ROOM: RoomId = RoomId::from_u128(600);

fn office(right: RecordingRight) -> Office {
    let mut office = Office::new();
    office.new_directory(|directory| {
        directory.recording = right;
        directory.rooms = vec![ConferenceRoom {
            id: ROOM,
            extension: "600".parse().expect("an extension"),
            name: "Stand-up".to_owned(),
            pin: None,
            moderator_pin: None,
            moderators: vec![ALICE],
            max_members: 10,
        }];
    });
    office
}

/// Alice talks with bob; her leg and his.
fn talk(office: &mut Office) -> (LegId, LegId) {
    let (alice, bob) = (office.tab(ALICE), office.phone("bob-phone"));
    let a = office.browser_calls(alice, ALICE, "102", &ALL);
    office.at(bob, |phone| phone.answer());
    (a, office.leg_of(BOB))
}

fn record(leg: LegId, by: Option<UserId>) -> Command {
    Command::RecordLeg { leg, tracks: RecordedTracks::Split, format: SoundFormat::Ogg, by }
}

fn begun(result: CommandResult) -> RecordingId {
    match result {
        CommandResult::Recording { recording } => recording,
        other => panic!("{other:?}"),
    }
}

fn refused(result: CommandResult) -> CommandError {
    match result {
        CommandResult::Refused { error, .. } => error,
        other => panic!("{other:?}"),
    }
}

fn list(office: &mut Office, by: Option<UserId>) -> Vec<Recording> {
    match office.command(Command::ListRecordings { by }) {
        CommandResult::Recordings { recordings } => recordings,
        other => panic!("{other:?}"),
    }
}

fn ended(
    office: &mut Office,
    leg: Option<LegId>,
    recording: RecordingId,
    end: RecordingEnd,
    is_stored: bool,
) {
    office.media_event(MediaEvent::RecordingEnded { leg, recording, end, duration_ms: 5_000, is_stored });
}

#[test]
fn a_call_is_recorded_until_its_owner_stops_it_and_only_they_hear_it() {
    let mut office = office(RecordingRight::Everybody);
    let (a, b) = talk(&mut office);
    assert_eq!(refused(office.command(record(b, Some(ALICE)))), CommandError::NotAllowed);
    let recording = begun(office.command(record(a, Some(ALICE))));
    assert_eq!(office.media[&a].recording, Some(recording));
    assert_eq!(office.recordings[&recording].state, RecordingState::Running, "kept before its first sound");
    assert_eq!(refused(office.command(record(a, Some(ALICE)))), CommandError::WrongState);
    assert!(office.switch.recording(recording, None).is_none(), "it goes on");
    let [running] = office.switch.snapshot().recordings.try_into().expect("one");
    assert_eq!((running.id, running.leg), (recording, Some(a)));

    let stop = |by| Command::StopRecording { recording, by };
    assert_eq!(refused(office.command(stop(Some(BOB)))), CommandError::NoSuchRecording);
    assert_eq!(office.command(stop(Some(ALICE))), CommandResult::Done);
    assert_eq!(office.media[&a].recording, None);
    ended(&mut office, Some(a), recording, RecordingEnd::Stopped, true);

    assert!(office.switch.snapshot().recordings.is_empty());
    let [told] = list(&mut office, Some(ALICE)).try_into().expect("one");
    let names: Vec<&str> = told.parties.iter().map(|party| party.name.as_str()).collect();
    assert_eq!(
        (told.state, told.duration_ms, told.channels, names),
        (RecordingState::Stored, 5_000, 2, vec!["Alice", "Bob"])
    );
    assert_eq!(office.events.last(), Some(&Event::RecordingChanged { recording: told.clone() }));
    assert_eq!(office.recordings[&recording], told);
    assert!(
        list(&mut office, Some(BOB)).is_empty() && office.switch.recording(recording, Some(BOB)).is_none()
    );
    assert_eq!(list(&mut office, None), [told]);

    let delete = |by| Command::DeleteRecording { recording, by };
    assert_eq!(refused(office.command(delete(Some(BOB)))), CommandError::NoSuchRecording);
    assert_eq!(office.command(delete(Some(ALICE))), CommandResult::Done);
    assert!(office.recordings.is_empty() && list(&mut office, None).is_empty());
    office.hang_up(a);
    office.assert_quiet();
}

#[test]
fn only_administrators_record_where_nobody_else_may() {
    let mut office = office(RecordingRight::Admins);
    let (a, _) = talk(&mut office);
    assert_eq!(refused(office.command(record(a, Some(ALICE)))), CommandError::NotAllowed);
    let recording = begun(office.command(record(a, None)));
    // The call ends first.
    office.hang_up(a);
    ended(&mut office, Some(a), recording, RecordingEnd::LegRemoved, true);
    assert_eq!(list(&mut office, None)[0].state, RecordingState::Stored);
    assert!(list(&mut office, Some(ALICE)).is_empty());
    assert_eq!(refused(office.command(record(a, None))), CommandError::NoSuchLeg);
}

#[test]
fn a_full_disk_ends_the_recording_and_not_the_call() {
    let mut office = office(RecordingRight::Everybody);
    let (a, b) = talk(&mut office);
    for (is_stored, state) in [(true, RecordingState::Cut), (false, RecordingState::Failed)] {
        let recording = begun(office.command(record(a, Some(ALICE))));
        ended(&mut office, Some(a), recording, RecordingEnd::Failed, is_stored);
        assert_eq!(office.media[&a].recording, None, "the worker is told that nobody writes");
        let told = office.events.iter().rev().find_map(|event| match event {
            Event::RecordingChanged { recording } => Some(recording.state),
            _ => None,
        });
        assert_eq!(told, Some(state));
        assert_eq!(office.recordings.contains_key(&recording), is_stored);
    }
    office.assert_talking(a, b);
}

#[test]
fn moderators_record_their_room() {
    let mut office = office(RecordingRight::Everybody);
    let (alice, carol) = (office.tab(ALICE), office.tab(CAROL));
    let room = |by| Command::RecordRoom { room: ROOM, format: SoundFormat::Wav, by };
    assert_eq!(refused(office.command(room(Some(ALICE)))), CommandError::NoSuchRoom);
    let alices = office.browser_calls(alice, ALICE, "600", &ALL);
    assert_eq!(refused(office.command(room(Some(ALICE)))), CommandError::WrongState, "she is alone");
    let carols = office.browser_calls(carol, CAROL, "600", &ALL);
    assert_eq!(refused(office.command(room(Some(CAROL)))), CommandError::NotAllowed);
    let play = |by| Command::PlayToRoom { room: ROOM, sound: PlayedSound::Tone(ToneId::Beep), by };
    assert_eq!(refused(office.command(play(Some(CAROL)))), CommandError::NotAllowed);
    assert_eq!(office.command(play(Some(ALICE))), CommandResult::Done);
    assert_eq!(office.mixed.last().map(|(_, source)| *source), Some(PlaySource::Tone(ToneId::Beep)));
    let stop = |by| Command::StopPlayingToRoom { room: ROOM, by };
    assert_eq!(refused(office.command(stop(Some(CAROL)))), CommandError::NotAllowed);
    assert_eq!(office.command(stop(Some(ALICE))), CommandResult::Done);
    assert!(office.mixed.is_empty());
    let play = |by| Command::PlayToLeg { leg: carols, sound: PlayedSound::Tone(ToneId::Howler), by };
    assert_eq!(refused(office.command(play(Some(CAROL)))), CommandError::NotAllowed);
    let before = office.hears(carols);
    assert_eq!(office.command(play(Some(ALICE))), CommandResult::Done);
    assert!(matches!(office.hears(carols), Hears::Play(PlaySource::Tone(ToneId::Howler), _)));
    assert_eq!(office.hears(alices), before, "the room goes on");
    let stop = |by| Command::StopPlayingToLeg { leg: carols, by };
    assert_eq!(refused(office.command(stop(Some(CAROL)))), CommandError::NotAllowed);
    assert_eq!(office.command(stop(Some(ALICE))), CommandResult::Done);
    assert_eq!(office.hears(carols), before);
    let sound = || PlayedSound::Url(Pii("https://media.example.com/a.wav".to_owned()));
    let play = |by| Command::PlayToLeg { leg: carols, sound: sound(), by };
    assert!(
        office.switch.wants_fetched(&play(Some(CAROL))).is_err(),
        "nothing is fetched for whoever may not"
    );
    assert!(matches!(office.switch.wants_fetched(&play(Some(ALICE))), Ok(Some(_))));
    let to_room = Command::PlayToRoom { room: ROOM, sound: sound(), by: Some(ALICE) };
    for (id, command) in [(9_001, play(None)), (9_002, to_room)] {
        let (file, now) = (RecordingId::from_u128(id.into()), office.now);
        let fetched = (CommandId(id), command);
        assert_eq!(office.switch.handle_fetched(now, fetched.clone(), file), CommandResult::Done);
        office.run();
        let source = PlaySource::Recording(file);
        let played = (office.mixed.last().map(|(_, source)| *source), office.hears(carols));
        assert!(played.0 == Some(source) || matches!(played.1, Hears::Play(heard, _) if heard == source));
    }
    assert_eq!(office.command(stop(Some(ALICE))), CommandResult::Done);
    let recording = begun(office.command(room(Some(ALICE))));
    assert_eq!(office.recorded_mixes.values().copied().collect::<Vec<_>>(), [recording]);
    assert_eq!(office.command(Command::StopRecording { recording, by: None }), CommandResult::Done);
    assert!(office.recorded_mixes.is_empty());
    ended(&mut office, None, recording, RecordingEnd::Stopped, true);
    let [told] = list(&mut office, Some(ALICE)).try_into().expect("one");
    assert_eq!((told.room, told.parties.len(), told.format), (Some(ROOM), 2, SoundFormat::Wav));
    office.hang_up(alices);
    office.hang_up(carols);
    office.assert_quiet();
}

#[test]
fn a_worker_that_is_lost_ends_its_recordings() {
    let mut office = office(RecordingRight::Admins);
    let (a, _) = talk(&mut office);
    let recording = begun(office.command(record(a, None)));
    office.lose_worker(0);
    assert_eq!(office.ended_recordings, [recording]);
    ended(&mut office, Some(a), recording, RecordingEnd::Failed, true);
    assert_eq!(list(&mut office, None)[0].state, RecordingState::Cut);
}

#[test]
fn what_the_last_run_recorded_is_there_again() {
    let mut office = office(RecordingRight::Everybody);
    let (a, _) = talk(&mut office);
    let recording = begun(office.command(record(a, Some(ALICE))));
    ended(&mut office, Some(a), recording, RecordingEnd::LegRemoved, true);
    let kept: Vec<Recording> = office.recordings.values().cloned().collect();
    let mut next = self::office(RecordingRight::Everybody);
    next.switch.restore_recordings(kept.clone());
    assert_eq!(list(&mut next, Some(ALICE)), kept);
}
