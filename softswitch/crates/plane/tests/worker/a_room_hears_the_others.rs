//! Who hears whom in mixes of any size, and how loudly.

use proptest::prelude::*;
use ringdown_media::api::{AudioParameters, ComfortNoiseFormat, MediaCommand, MediaEvent};
use ringdown_plane::SocketKey;
use ringdown_testkit::audio::Tone;
use ringdown_types::{CodecId, LegId, MixId};

use crate::{
    phone::{G722, OPUS, PCMA, PCMU, Phone},
    rig::{Rig, audio},
};

const ROOM: MixId = MixId::from_u128(9);

/// The level of one frequency in dBFS.
pub(crate) fn level_of(phone: &Phone, from: usize, hertz: f64) -> f64 {
    let samples = &phone.heard[from..];
    let coefficient = 2.0 * (std::f64::consts::TAU * hertz / f64::from(phone.rate)).cos();
    let (mut one, mut two) = (0.0, 0.0);
    for &sample in samples {
        (one, two) = (f64::from(sample) + coefficient * one - two, one);
    }
    let peak = (one * one + two * two - coefficient * one * two).sqrt() * 2.0 / samples.len() as f64;
    20.0 * (peak.max(1e-3) / f64::from(i16::MAX)).log10()
}

fn enter(rig: &mut Rig, number: u16, codec: (CodecId, u8), tone: Option<(f64, f64)>) -> Phone {
    let mut phone = Phone::new(number, codec, None);
    phone.tone = tone.map(|(hertz, level)| Tone::new(hertz, phone.rate, level));
    rig.add_phone(&phone, audio(&[codec]));
    rig.command(MediaCommand::JoinMix { leg: phone.leg, mix: ROOM, is_link: false });
    phone
}

fn talk(rig: &mut Rig, phones: &mut [Phone], frames: usize) {
    rig.talk(&mut phones.iter_mut().collect::<Vec<_>>(), frames);
}

fn talkers(rig: &Rig) -> Vec<LegId> {
    let begins = rig.events.iter().filter_map(|event| match event {
        MediaEvent::Talking { leg, is_talking: true } => Some(*leg),
        _ => None,
    });
    begins.collect()
}

/// Tones apart enough for half a second to tell them, and no multiples of each other.
fn hertz(index: usize) -> f64 {
    430.0 + 170.0 * index as f64
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    /// Whoever is there, whatever they speak, whoever of them says something or is turned up or down: everybody hears
    /// exactly the others, as loud as they are meant to be.
    #[test]
    fn everybody_hears_exactly_the_others(
        room in prop::collection::vec((0_usize..4, any::<bool>(), -12_i8..=6), 2..=6)
    ) {
        let mut rig = Rig::new();
        let mut phones: Vec<Phone> = Vec::new();
        for (index, &(codec, talks, gain)) in room.iter().enumerate() {
            let tone = talks.then_some((hertz(index), -24.0));
            let phone = enter(&mut rig, index as u16 + 1, [PCMA, PCMU, G722, OPUS][codec], tone);
            rig.command(MediaCommand::SetGain { leg: phone.leg, decibels: gain });
            phones.push(phone);
        }
        talk(&mut rig, &mut phones, 60);
        let from: Vec<usize> = phones.iter().map(|phone| phone.heard.len()).collect();
        talk(&mut rig, &mut phones, 25);
        for (own, phone) in phones.iter().enumerate() {
            phone.assert_continuous();
            // Opus spends its bits on the loud: of tones of many levels the soft ones are off by some decibels.
            let tolerance = if room[own].0 == 3 { 5.0 } else { 2.0 };
            for (index, &(_, talks, gain)) in room.iter().enumerate() {
                let level = level_of(phone, from[own], hertz(index));
                if talks && index != own {
                    let meant = -24.0 + f64::from(gain);
                    prop_assert!((level - meant).abs() < tolerance, "{own} hears {index} at {level}, not {meant} dBFS");
                } else {
                    prop_assert!(level < -48.0, "{own} hears {index} at {level} dBFS");
                }
            }
        }
    }
}

#[test]
fn two_hundred_members_hear_the_three_who_talk() {
    let mut rig = Rig::new();
    let mut phones: Vec<Phone> = (0..200_u16)
        .map(|number| {
            let codec = if number % 20 == 0 { OPUS } else { [PCMA, PCMU, G722][usize::from(number) % 3] };
            // A fifth sends the noise of a quiet room, the others say nothing at all.
            let quiet = (number % 5 == 0).then_some((300.0, -70.0));
            let tone = if number < 3 { Some((hertz(number.into()), -20.0)) } else { quiet };
            enter(&mut rig, number + 1, codec, tone)
        })
        .collect();
    talk(&mut rig, &mut phones, 30);
    let from: Vec<usize> = phones.iter().map(|phone| phone.heard.len()).collect();
    talk(&mut rig, &mut phones, 15);
    for (own, phone) in phones.iter().enumerate() {
        assert!(phone.packets.len() >= 44, "{own} got {} packets", phone.packets.len());
        for index in 0..3 {
            let level = level_of(phone, from[own], hertz(index));
            if index == own {
                assert!(level < -48.0, "{own} hears itself at {level} dBFS");
            } else {
                assert!((level + 20.0).abs() < 1.5, "{own} hears {index} at {level} dBFS");
            }
        }
    }
    assert_eq!(talkers(&rig).len(), 3);
}

#[test]
fn of_ten_who_talk_the_loudest_six_are_heard_and_told_of() {
    let mut rig = Rig::new();
    let level = |number: u16| -40.0 + 2.0 * f64::from(number);
    let mut phones: Vec<Phone> = (0..10_u16)
        .map(|number| enter(&mut rig, number + 1, PCMA, Some((hertz(number.into()), level(number)))))
        .collect();
    phones.push(enter(&mut rig, 11, OPUS, None));
    talk(&mut rig, &mut phones, 60);
    let from = phones[10].heard.len();
    talk(&mut rig, &mut phones, 25);
    let heard: Vec<usize> =
        (0..10).filter(|&index| level_of(&phones[10], from, hertz(index)) > -45.0).collect();
    assert_eq!(heard, [4, 5, 6, 7, 8, 9]);
    let mut told = talkers(&rig);
    told.sort_unstable();
    assert_eq!(told, heard.iter().map(|&index| phones[index].leg).collect::<Vec<_>>());
    // The softest raises her voice, and is let in.
    phones[0].tone = Some(Tone::new(hertz(0), phones[0].rate, -18.0));
    talk(&mut rig, &mut phones, 50);
    let from = phones[10].heard.len();
    talk(&mut rig, &mut phones, 25);
    assert!(level_of(&phones[10], from, hertz(0)) > -20.0);
    assert!(level_of(&phones[10], from, hertz(4)) < -50.0, "the softest of the six gave way");
}

/// Who says nothing for long is not decoded. The first word after that is whole.
#[test]
fn a_member_that_was_silent_for_long_is_heard_at_once() {
    for codec in [PCMA, G722, OPUS] {
        let mut rig = Rig::new();
        let mut room = [enter(&mut rig, 1, codec, Some((440.0, -75.0))), enter(&mut rig, 2, PCMA, None)];
        talk(&mut rig, &mut room, 200);
        let before = room[1].heard.len();
        room[0].tone = Some(Tone::new(440.0, room[0].rate, -12.0));
        talk(&mut rig, &mut room, 30);
        let heard = &room[1].heard[before..];
        let first = heard.chunks(80).position(|chunk| chunk.iter().any(|sample| sample.abs() > 3000));
        let first = first.expect("it is heard");
        assert!(first <= 16, "{codec:?}: after {} ms", first * 10);
        let level = level_of(&room[1], before + (first + 2) * 80, 440.0);
        assert!((level + 12.0).abs() < 1.5, "{codec:?}: {level} dBFS");
    }
}

/// RFC 3389: one packet says that a pause begins. What is not sent after it is not lost.
#[test]
fn a_pause_of_comfort_noise_is_silence_and_the_next_word_is_whole() {
    let mut rig = Rig::new();
    let mut room = [enter(&mut rig, 1, PCMA, Some((440.0, -12.0))), enter(&mut rig, 2, PCMA, None)];
    let comfort_noise = Some(ComfortNoiseFormat { send: 13, receive: 13 });
    let described = AudioParameters { comfort_noise, ..audio(&[PCMA]) };
    rig.command(MediaCommand::SetAudio { leg: room[0].leg, audio: described });
    talk(&mut rig, &mut room, 50);
    let tone = room[0].tone.take();
    room[0].sequence = room[0].sequence.wrapping_add(1);
    let noise = room[0].packet(13, room[0].timestamp.wrapping_add(160), &[70]);
    rig.deliver(SocketKey::Rtp(room[0].port), room[0].address, &noise);
    talk(&mut rig, &mut room, 12);
    let before = room[1].heard.len();
    talk(&mut rig, &mut room, 40);
    let loudest = room[1].heard[before..].iter().map(|sample| sample.abs()).max();
    assert!(loudest < Some(64), "{loudest:?} in the pause");
    room[0].tone = tone;
    talk(&mut rig, &mut room, 40);
    let from = room[1].heard.len() - 4000;
    assert!((level_of(&room[1], from, 440.0) + 12.0).abs() < 1.0);
}

#[test]
fn a_late_member_hears_and_is_heard_at_once() {
    for codec in [PCMA, G722, OPUS] {
        let mut rig = Rig::new();
        let mut room = vec![enter(&mut rig, 1, codec, Some((440.0, -12.0))), enter(&mut rig, 2, codec, None)];
        talk(&mut rig, &mut room, 100);
        room.push(enter(&mut rig, 3, codec, Some((950.0, -12.0))));
        talk(&mut rig, &mut room, 20);
        assert!((level_of(&room[2], room[2].heard.len() / 4, 440.0) + 12.0).abs() < 1.5, "{codec:?}");
        let from = room[1].heard.len() - room[1].rate as usize / 5;
        assert!((level_of(&room[1], from, 950.0) + 12.0).abs() < 1.5, "{codec:?}");
    }
}
