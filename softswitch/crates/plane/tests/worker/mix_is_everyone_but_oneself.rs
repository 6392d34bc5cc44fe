use ringdown_media::api::{MediaCommand, MediaEvent, PlaySource};
use ringdown_testkit::audio::{Tone, assert_only_tone, assert_silent};
use ringdown_types::{LegId, MixId, RecordingId, ToneId};

use crate::{
    phone::{OPUS, PCMA, PCMU, Phone, RATE},
    rig::{Rig, audio},
};

const ROOM: MixId = MixId::from_u128(9);

/// The level of one frequency in dBFS (Goertzel).
fn level_of(samples: &[i16], hertz: f64) -> f64 {
    let coefficient = 2.0 * (std::f64::consts::TAU * hertz / f64::from(RATE)).cos();
    let (mut one, mut two) = (0.0, 0.0);
    for &sample in samples {
        (one, two) = (f64::from(sample) + coefficient * one - two, one);
    }
    let peak = (one * one + two * two - coefficient * one * two).sqrt() * 2.0 / samples.len() as f64;
    20.0 * (peak.max(1e-3) / f64::from(i16::MAX)).log10()
}

fn join(rig: &mut Rig, phone: &Phone, codec: (ringdown_types::CodecId, u8)) {
    rig.add_phone(phone, audio(&[codec]));
    rig.command(MediaCommand::JoinMix { leg: phone.leg, mix: ROOM, is_link: false });
}

fn talks(rig: &Rig, leg: LegId) -> Vec<bool> {
    let of = |event: &MediaEvent| match event {
        MediaEvent::Talking { leg: who, is_talking } if *who == leg => Some(*is_talking),
        _ => None,
    };
    rig.events.iter().filter_map(of).collect()
}

#[test]
fn three_members_hear_the_two_others_and_not_themselves() {
    for codecs in [[PCMA, PCMA, PCMA], [OPUS, PCMA, PCMU], [OPUS, OPUS, OPUS]] {
        let mut rig = Rig::new();
        let tones = [440.0, 700.0, 950.0];
        let mut alice = Phone::new(1, codecs[0], Some(tones[0]));
        let mut bob = Phone::new(2, codecs[1], Some(tones[1]));
        let mut carol = Phone::new(3, codecs[2], Some(tones[2]));
        for (phone, codec) in [&alice, &bob, &carol].into_iter().zip(codecs) {
            join(&mut rig, phone, codec);
        }
        rig.talk(&mut [&mut alice, &mut bob, &mut carol], 150);
        for (phone, own) in [(&alice, 0), (&bob, 1), (&carol, 2)] {
            let heard = &phone.heard[8000..];
            for (index, &hertz) in tones.iter().enumerate() {
                let level = level_of(heard, hertz);
                if index == own {
                    assert!(level < -45.0, "{codecs:?}: {own} hears itself at {level} dBFS");
                } else {
                    assert!((level + 12.0).abs() < 1.0, "{codecs:?}: {own} hears {hertz} Hz at {level} dBFS");
                }
            }
            phone.assert_continuous();
            assert_eq!(talks(&rig, phone.leg), [true]);
        }
    }
}

#[test]
fn a_muted_member_is_not_heard_and_hears() {
    let mut rig = Rig::new();
    let mut alice = Phone::new(1, PCMA, Some(440.0));
    let mut bob = Phone::new(2, OPUS, Some(700.0));
    join(&mut rig, &alice, PCMA);
    join(&mut rig, &bob, OPUS);
    rig.talk(&mut [&mut alice, &mut bob], 50);
    rig.command(MediaCommand::Mute { leg: alice.leg, muted: true });
    rig.talk(&mut [&mut alice, &mut bob], 50);
    let before = (alice.heard.len(), bob.heard.len());
    rig.talk(&mut [&mut alice, &mut bob], 50);
    assert_only_tone(&alice.heard[before.0..], RATE, 700.0);
    assert_silent(&bob.heard[before.1..], RATE);
    assert_eq!(talks(&rig, alice.leg), [true, false]);
    bob.assert_continuous();
}

#[test]
fn loud_members_together_keep_their_shape() {
    let mut rig = Rig::new();
    let mut phones: Vec<Phone> = (1..=4).map(|number| Phone::new(number, PCMA, Some(440.0))).collect();
    for phone in &mut phones {
        phone.tone = Some(Tone::new(440.0, RATE, -1.0));
        join(&mut rig, phone, PCMA);
    }
    let mut everybody: Vec<&mut Phone> = phones.iter_mut().collect();
    rig.talk(&mut everybody, 100);
    // Three sines in phase, three times too loud: cut or wrapped they would be no tone.
    let heard = &phones[0].heard[8000..];
    assert_only_tone(heard, RATE, 440.0);
    let level = level_of(heard, 440.0);
    assert!((-1.0..0.0).contains(&level), "{level} dBFS");
}

#[test]
fn a_tone_is_heard_by_all_beneath_what_they_say() {
    let mut rig = Rig::new();
    let mut alice = Phone::new(1, PCMA, Some(440.0));
    let mut bob = Phone::new(2, OPUS, None);
    join(&mut rig, &alice, PCMA);
    join(&mut rig, &bob, OPUS);
    rig.talk(&mut [&mut alice, &mut bob], 50);
    let before = (alice.heard.len(), bob.heard.len());
    rig.command(MediaCommand::PlayToMix { mix: ROOM, source: PlaySource::Tone(ToneId::Beep) });
    rig.talk(&mut [&mut alice, &mut bob], 20);
    let (alices, bobs) = (&alice.heard[before.0 + 1000..], &bob.heard[before.1 + 1000..]);
    assert_only_tone(alices, RATE, 1000.0);
    assert!((level_of(bobs, 1000.0) - level_of(alices, 1000.0)).abs() < 1.5);
    assert!(level_of(bobs, 440.0) > -14.0);
    rig.talk(&mut [&mut alice, &mut bob], 50);
    assert_silent(&alice.heard[alice.heard.len() - 1600..], RATE);
}

#[test]
fn a_file_is_heard_by_all_until_it_is_stopped() {
    let mut rig = Rig::new();
    let mut alice = Phone::new(1, PCMA, Some(440.0));
    let mut bob = Phone::new(2, OPUS, None);
    join(&mut rig, &alice, PCMA);
    join(&mut rig, &bob, OPUS);
    rig.talk(&mut [&mut alice, &mut bob], 50);
    let file = RecordingId::from_u128(9);
    let step = std::f64::consts::TAU * 1000.0 / 16_000.0;
    let samples = (0..160_000).map(|index| ((f64::from(index) * step).sin() * 8000.0) as i16).collect();
    rig.files.stored.insert(file, samples);
    let before = (alice.heard.len(), bob.heard.len());
    rig.command(MediaCommand::PlayToMix { mix: ROOM, source: PlaySource::Recording(file) });
    rig.talk(&mut [&mut alice, &mut bob], 20);
    let (alices, bobs) = (&alice.heard[before.0 + 1000..], &bob.heard[before.1 + 1000..]);
    assert_only_tone(alices, RATE, 1000.0);
    assert!((level_of(bobs, 1000.0) - level_of(alices, 1000.0)).abs() < 1.5);
    rig.command(MediaCommand::StopPlayToMix { mix: ROOM });
    rig.talk(&mut [&mut alice, &mut bob], 50);
    assert_silent(&alice.heard[alice.heard.len() - 1600..], RATE);
    let none = PlaySource::Recording(RecordingId::from_u128(10));
    for _ in 0..8 {
        rig.command(MediaCommand::PlayToMix { mix: ROOM, source: none });
    }
    rig.command(MediaCommand::PlayToMix { mix: ROOM, source: PlaySource::Recording(file) });
    rig.talk(&mut [&mut alice, &mut bob], 20);
    assert!(
        level_of(&alice.heard[alice.heard.len() - 1600..], 1000.0) > -20.0,
        "what is not there takes no place"
    );
}

#[test]
fn silence_is_sent_so_that_nobody_takes_the_call_for_dead() {
    let mut rig = Rig::new();
    let mut alice = Phone::new(1, PCMA, None);
    let mut bob = Phone::new(2, OPUS, None);
    join(&mut rig, &alice, PCMA);
    join(&mut rig, &bob, OPUS);
    rig.talk(&mut [&mut alice, &mut bob], 50);
    assert!(alice.packets.len() >= 49 && bob.packets.len() >= 49);
    assert_silent(&alice.heard, RATE);
    alice.assert_continuous();
    bob.assert_continuous();
}

#[test]
fn a_member_leaves_for_a_call_and_the_mix_goes_with_its_last() {
    let mut rig = Rig::new();
    let mut alice = Phone::new(1, PCMA, Some(440.0));
    let mut bob = Phone::new(2, PCMA, Some(700.0));
    let mut carol = Phone::new(3, PCMA, Some(950.0));
    for phone in [&alice, &bob] {
        join(&mut rig, phone, PCMA);
    }
    rig.add_phone(&carol, audio(&[PCMA]));
    rig.talk(&mut [&mut alice, &mut bob, &mut carol], 50);
    assert!(carol.heard.is_empty());
    rig.connect(alice.leg, carol.leg);
    let before = (alice.heard.len(), bob.heard.len());
    rig.talk(&mut [&mut alice, &mut bob, &mut carol], 60);
    assert_only_tone(&alice.heard[before.0 + 320..], RATE, 950.0);
    assert_only_tone(&carol.heard[320..], RATE, 440.0);
    assert_silent(&bob.heard[before.1 + 1600..], RATE);
    alice.assert_continuous();
    for phone in [&alice, &bob, &carol] {
        rig.command(MediaCommand::RemoveLeg { leg: phone.leg });
    }
    assert_eq!(rig.worker.next_timeout(), None);
    let dropped = rig.worker.counts().commands_dropped;
    rig.command(MediaCommand::PlayToMix { mix: ROOM, source: PlaySource::Tone(ToneId::Beep) });
    assert_eq!(rig.worker.counts().commands_dropped, dropped + 1);
}
