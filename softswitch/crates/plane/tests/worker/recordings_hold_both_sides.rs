use ringdown_media::{
    api::{MediaCommand, PlaySource, RecordingEnd, RecordingForm, RecordingLimits, RecordingPurpose},
    mix::MIX_RATE,
    wide::WIDE_RATE,
};
use ringdown_testkit::audio::{assert_only_tone, assert_silent, level_dbfs};
use ringdown_types::{MixId, PromptId, RecordedTracks, RecordingId, SoundFormat};

use crate::{
    phone::{OPUS, PCMA, PCMU, Phone},
    rig::{Rig, audio},
};

const FILE: RecordingId = RecordingId::from_u128(5);
const ROOM: MixId = MixId::from_u128(9);
const LIMITS: RecordingLimits = RecordingLimits { max_ms: 600_000, silence_ms: 0 };

fn record(phone: &Phone, tracks: RecordedTracks) -> MediaCommand {
    let form = RecordingForm { tracks, format: SoundFormat::Ogg, purpose: RecordingPurpose::Call };
    MediaCommand::Record { leg: phone.leg, recording: FILE, form, limits: LIMITS }
}

fn channel(file: &[i16], which: usize) -> Vec<i16> {
    file.iter().skip(which).step_by(2).copied().collect()
}

/// How loud a frequency is beside others.
fn has(pcm: &[i16], rate: u32, hertz: f64) -> bool {
    let step = std::f64::consts::TAU * hertz / f64::from(rate);
    let (mut re, mut im) = (0.0, 0.0);
    for (index, &sample) in pcm.iter().enumerate() {
        re += f64::from(sample) * (index as f64 * step).cos();
        im += f64::from(sample) * (index as f64 * step).sin();
    }
    re.hypot(im) * 2.0 / pcm.len() as f64 > 1000.0
}

#[test]
fn both_sides_of_a_call_are_to_the_left_and_to_the_right() {
    // Relayed, by table, transcoded both ways.
    for (hers, his) in [(PCMA, PCMA), (PCMA, PCMU), (OPUS, PCMA), (PCMA, OPUS)] {
        let mut rig = Rig::new();
        let mut alice = Phone::new(1, hers, Some(700.0));
        let mut bob = Phone::new(2, his, Some(1900.0));
        rig.add_phone(&alice, audio(&[hers]));
        rig.add_phone(&bob, audio(&[his]));
        rig.connect(alice.leg, bob.leg);
        rig.command(record(&alice, RecordedTracks::Split));
        rig.talk(&mut [&mut alice, &mut bob], 150);
        rig.command(MediaCommand::StopRecording { leg: alice.leg });
        assert_eq!(rig.files.ends, [(FILE, RecordingEnd::Stopped)]);
        let file = &rig.files.stored[&FILE];
        assert!((94_000..=96_000).contains(&file.len()), "{} samples of three seconds", file.len());
        for (which, hertz) in [(0, 700.0), (1, 1900.0)] {
            let side = &channel(file, which)[8_000..46_000];
            assert_only_tone(side, WIDE_RATE, hertz);
            let level = level_dbfs(side);
            assert!((level + 12.0).abs() < 1.5, "{hers:?} with {his:?}: {level} dBFS at {hertz} Hz");
        }
        bob.assert_continuous();
    }
}

#[test]
fn one_channel_has_both_and_goes_on_through_music_and_silence() {
    let mut rig = Rig::new();
    let mut alice = Phone::new(1, PCMA, Some(700.0));
    let mut bob = Phone::new(2, OPUS, Some(1900.0));
    rig.add_phone(&alice, audio(&[PCMA]));
    rig.add_phone(&bob, audio(&[OPUS]));
    rig.connect(alice.leg, bob.leg);
    rig.command(record(&alice, RecordedTracks::Mixed));
    rig.talk(&mut [&mut alice, &mut bob], 100);
    // Bob holds: alice hears music of 600 Hz.
    let source = PlaySource::Prompt(PromptId::MusicOnHold);
    rig.command(MediaCommand::Play { leg: alice.leg, source, repeat: true, token: 1 });
    alice.tone = None;
    rig.talk(&mut [&mut alice, &mut bob], 100);
    rig.command(MediaCommand::Disconnect { leg: alice.leg });
    rig.talk(&mut [&mut alice, &mut bob], 100);
    rig.command(MediaCommand::RemoveLeg { leg: alice.leg });
    assert_eq!(rig.files.ends, [(FILE, RecordingEnd::LegRemoved)]);
    let file = &rig.files.stored[&FILE];
    assert!((95_000..=96_400).contains(&file.len()), "the silence at the end stays: {} samples", file.len());
    let talk = &file[8_000..30_000];
    assert!(has(talk, WIDE_RATE, 700.0) && has(talk, WIDE_RATE, 1900.0));
    assert_only_tone(&file[40_000..60_000], WIDE_RATE, 600.0);
    assert_silent(&file[76_000..95_000], WIDE_RATE);
}

#[test]
fn a_room_is_recorded_with_everybody_and_ends_with_the_last() {
    let mut rig = Rig::new();
    let mut alice = Phone::new(1, PCMA, Some(700.0));
    let mut bob = Phone::new(2, OPUS, Some(1900.0));
    let carol = Phone::new(3, PCMU, None);
    for (phone, codec) in [(&alice, PCMA), (&bob, OPUS), (&carol, PCMU)] {
        rig.add_phone(phone, audio(&[codec]));
        rig.command(MediaCommand::JoinMix { leg: phone.leg, mix: ROOM, is_link: false });
    }
    let format = SoundFormat::Ogg;
    rig.command(MediaCommand::RecordMix { mix: ROOM, recording: FILE, format, limits: LIMITS });
    rig.talk(&mut [&mut alice, &mut bob], 150);
    for leg in [alice.leg, bob.leg, carol.leg] {
        assert!(rig.files.ends.is_empty());
        rig.command(MediaCommand::Disconnect { leg });
    }
    assert_eq!(rig.files.ends, [(FILE, RecordingEnd::LegRemoved)]);
    let file = &rig.files.stored[&FILE];
    let seconds = file.len() as f64 / f64::from(MIX_RATE);
    assert!((2.9..=3.1).contains(&seconds), "{seconds} s");
    let talk = &file[MIX_RATE as usize..2 * MIX_RATE as usize];
    assert!(has(talk, MIX_RATE, 700.0) && has(talk, MIX_RATE, 1900.0));
}
