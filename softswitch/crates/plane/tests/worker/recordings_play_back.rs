use ringdown_media::api::{
    MediaCommand, MediaEvent, PlaySource, RecordingEnd, RecordingForm, RecordingLimits, RecordingPurpose,
};
use ringdown_testkit::audio::{assert_only_tone, assert_silent, level_dbfs};
use ringdown_types::{PromptId, RecordedTracks, RecordingId, SoundFormat};

use crate::{
    phone::{OPUS, PCMA, PCMU, Phone, RATE},
    rig::{Rig, audio},
};

const MESSAGE: RecordingId = RecordingId::from_u128(5);

fn record(phone: &Phone, max_ms: u32, silence_ms: u32) -> MediaCommand {
    let limits = RecordingLimits { max_ms, silence_ms };
    let form = RecordingForm {
        tracks: RecordedTracks::Said,
        format: SoundFormat::Wav,
        purpose: RecordingPurpose::Message,
    };
    MediaCommand::Record { leg: phone.leg, recording: MESSAGE, form, limits }
}

fn play(phone: &Phone, token: u32) -> MediaCommand {
    MediaCommand::Play { leg: phone.leg, source: PlaySource::Recording(MESSAGE), repeat: false, token }
}

#[test]
fn what_went_in_comes_out_at_its_level() {
    for codec in [PCMA, PCMU, OPUS] {
        for listener in [PCMA, OPUS] {
            let mut rig = Rig::new();
            let mut alice = Phone::new(1, codec, Some(700.0));
            let mut bob = Phone::new(2, listener, None);
            rig.add_phone(&alice, audio(&[codec]));
            rig.add_phone(&bob, audio(&[listener]));
            rig.command(record(&alice, 60_000, 0));
            rig.talk(&mut [&mut alice], 100);
            rig.command(MediaCommand::StopRecording { leg: alice.leg });
            assert_eq!(rig.files.ends, [(MESSAGE, RecordingEnd::Stopped)]);
            let file = rig.files.stored[&MESSAGE].clone();
            assert!((30_000..=32_000).contains(&file.len()), "{} samples of two seconds", file.len());
            assert_only_tone(&file[3200..], 16_000, 700.0);
            let level = level_dbfs(&file[3200..]);
            assert!((level + 12.0).abs() < 1.0, "{codec:?}: {level} dBFS in the file");

            rig.command(play(&bob, 4));
            rig.talk(&mut [&mut bob], 110);
            assert!(rig.events.contains(&MediaEvent::PlayFinished { leg: bob.leg, token: 4 }));
            let heard = &bob.heard[3200..15_000];
            assert_only_tone(heard, RATE, 700.0);
            let level = level_dbfs(heard);
            assert!((level + 12.0).abs() < 1.0, "{codec:?} to {listener:?}: {level} dBFS");
            bob.assert_continuous();
        }
    }
}

#[test]
fn a_pause_stays_in_and_the_silence_at_the_end_goes() {
    let mut rig = Rig::new();
    let mut alice = Phone::new(1, PCMA, Some(700.0));
    rig.add_phone(&alice, audio(&[PCMA]));
    rig.command(record(&alice, 60_000, 3_000));
    rig.talk(&mut [&mut alice], 50);
    let tone = alice.tone.take();
    rig.talk(&mut [&mut alice], 100);
    alice.tone = tone;
    // The telephone's clock went on while it said nothing.
    alice.timestamp = alice.timestamp.wrapping_add(100 * 160);
    rig.talk(&mut [&mut alice], 50);
    alice.tone = None;
    rig.talk(&mut [&mut alice], 200);
    assert_eq!(rig.files.ends, [(MESSAGE, RecordingEnd::Silence)]);
    let file = &rig.files.stored[&MESSAGE];
    // One second, two of pause, one second, and the tail.
    assert!((64_000..72_000).contains(&file.len()), "{} samples", file.len());
    assert_silent(&file[20_800..44_800], 16_000);
}

#[test]
fn limits_end_it_and_so_does_the_end_of_the_leg() {
    let mut rig = Rig::new();
    let mut alice = Phone::new(1, PCMA, Some(700.0));
    rig.add_phone(&alice, audio(&[PCMA]));
    rig.command(record(&alice, 500, 0));
    rig.talk(&mut [&mut alice], 50);
    assert_eq!(rig.files.ends, [(MESSAGE, RecordingEnd::TooLong)]);
    assert_eq!(rig.files.stored[&MESSAGE].len(), 8000);
    rig.command(record(&alice, 60_000, 0));
    rig.talk(&mut [&mut alice], 20);
    rig.command(MediaCommand::RemoveLeg { leg: alice.leg });
    assert_eq!(rig.files.ends[1..], [(MESSAGE, RecordingEnd::LegRemoved)]);
}

#[test]
fn nothing_said_is_nothing_recorded() {
    let mut rig = Rig::new();
    let mut alice = Phone::new(1, PCMA, None);
    rig.add_phone(&alice, audio(&[PCMA]));
    rig.command(record(&alice, 60_000, 2_000));
    rig.talk(&mut [&mut alice], 120);
    assert_eq!(rig.files.ends, [(MESSAGE, RecordingEnd::Silence)]);
    assert!(rig.files.stored[&MESSAGE].is_empty());
}

#[test]
fn a_key_stops_playback_within_one_packet_and_the_next_prompt_has_no_jump() {
    let mut rig = Rig::new();
    let mut alice = Phone::new(1, PCMA, Some(700.0));
    rig.add_phone(&alice, audio(&[PCMA]));
    rig.command(record(&alice, 60_000, 0));
    rig.talk(&mut [&mut alice], 100);
    rig.command(MediaCommand::StopRecording { leg: alice.leg });
    rig.command(play(&alice, 1));
    rig.talk(&mut [&mut alice], 20);
    rig.command(MediaCommand::Disconnect { leg: alice.leg });
    let before = alice.packets.len();
    rig.talk(&mut [&mut alice], 20);
    assert!(alice.packets.len() <= before + 1);
    let source = PlaySource::Prompt(PromptId::EchoTest);
    rig.command(MediaCommand::Play { leg: alice.leg, source, repeat: false, token: 2 });
    rig.talk(&mut [&mut alice], 20);
    assert_only_tone(&alice.heard[alice.heard.len() - 1280..], RATE, 1000.0);
    alice.assert_continuous();
    assert!(!rig.events.contains(&MediaEvent::PlayFinished { leg: alice.leg, token: 1 }));
}

#[test]
fn a_recording_that_is_gone_is_over_at_once() {
    let mut rig = Rig::new();
    let alice = Phone::new(1, PCMA, None);
    rig.add_phone(&alice, audio(&[PCMA]));
    rig.command(play(&alice, 8));
    assert!(rig.events.contains(&MediaEvent::PlayFinished { leg: alice.leg, token: 8 }));
}
