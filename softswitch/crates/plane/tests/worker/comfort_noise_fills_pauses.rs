use ringdown_media::api::{AudioParameters, ComfortNoiseFormat};
use ringdown_plane::SocketKey;
use ringdown_testkit::audio::{Tone, level_dbfs};

use crate::{
    phone::{OPUS, PCMA, PCMU, Phone},
    rig::{Rig, audio},
};

const NOISE: u8 = 13;

fn with_noise(codec: (ringdown_types::CodecId, u8)) -> AudioParameters {
    let comfort_noise = Some(ComfortNoiseFormat { send: NOISE, receive: NOISE });
    AudioParameters { comfort_noise, ..audio(&[codec]) }
}

/// Alice speaks, tells of a silence at −50 dB, and says nothing for 1.2 s.
fn pause(rig: &mut Rig, alice: &mut Phone, bob: &mut Phone) -> usize {
    rig.talk(&mut [alice, bob], 50);
    alice.tone = None;
    let spoken = bob.heard.len();
    alice.sequence = alice.sequence.wrapping_add(1);
    alice.timestamp = alice.timestamp.wrapping_add(160);
    let noise = alice.packet(NOISE, alice.timestamp, &[50]);
    rig.deliver(SocketKey::Rtp(alice.port), alice.address, &noise);
    rig.talk(&mut [alice, bob], 60);
    spoken
}

#[test]
fn it_is_passed_on_to_who_knows_it() {
    let mut rig = Rig::new();
    let mut alice = Phone::new(1, PCMU, Some(440.0));
    let mut bob = Phone::new(2, PCMA, None);
    rig.add_phone(&alice, with_noise(PCMU));
    rig.add_phone(&bob, with_noise(PCMA));
    rig.connect(alice.leg, bob.leg);
    pause(&mut rig, &mut alice, &mut bob);
    let (packet, payload) = bob.packets.last().expect("noise");
    assert_eq!((packet.payload_type, payload.as_slice()), (NOISE, &[50][..]));
    assert_eq!(bob.packets.len(), 51);
    alice.tone = Some(Tone::new(440.0, 8000, -12.0));
    rig.talk(&mut [&mut alice, &mut bob], 20);
    bob.assert_continuous();
}

#[test]
fn it_is_heard_as_noise_by_who_does_not() {
    for listener in [PCMU, PCMA, OPUS] {
        let mut rig = Rig::new();
        let mut alice = Phone::new(1, PCMU, Some(440.0));
        let mut bob = Phone::new(2, listener, None);
        rig.add_phone(&alice, with_noise(PCMU));
        rig.add_phone(&bob, audio(&[listener]));
        rig.connect(alice.leg, bob.leg);
        let spoken = pause(&mut rig, &mut alice, &mut bob);
        let noise = &bob.heard[spoken + 1600..];
        assert!(noise.len() > 160 * 45, "{} samples", noise.len());
        let level = level_dbfs(noise);
        // dBFS counts from a sine, 3 dB below the square wave of RFC 3389.
        assert!((-51.0..-43.0).contains(&level), "{listener:?}: {level}");
        // Speech is passed on again, as it is where the codec is the same.
        alice.tone = Some(Tone::new(440.0, 8000, -12.0));
        rig.talk(&mut [&mut alice, &mut bob], 50);
        let level = level_dbfs(&bob.heard[bob.heard.len() - 1600..]);
        assert!((level + 12.0).abs() < 1.0, "{listener:?}: {level}");
        bob.assert_continuous();
    }
}

#[test]
fn silence_is_told_as_noise_to_who_knows_it() {
    let mut rig = Rig::new();
    let mut alice = Phone::new(1, OPUS, Some(440.0));
    let mut bob = Phone::new(2, PCMA, None);
    rig.add_phone(&alice, audio(&[OPUS]));
    rig.add_phone(&bob, with_noise(PCMA));
    rig.connect(alice.leg, bob.leg);
    rig.talk(&mut [&mut alice, &mut bob], 50);
    alice.tone = Some(Tone::new(3000.0, 8000, -62.0));
    rig.talk(&mut [&mut alice, &mut bob], 50);
    let before = bob.packets.len();
    rig.talk(&mut [&mut alice, &mut bob], 100);
    let during = bob.packets[before..].to_vec();
    assert!((3..=8).contains(&during.len()), "{} packets in two seconds of silence", during.len());
    assert!(during.iter().all(|(packet, _)| packet.payload_type == NOISE));
    let told = during[0].1[0];
    assert!((58..=70).contains(&told), "{told} dB below full scale");
    alice.tone = Some(Tone::new(440.0, 8000, -12.0));
    rig.talk(&mut [&mut alice, &mut bob], 50);
    assert!(bob.packets.len() >= before + during.len() + 40);
    // Time went on while nothing was sent.
    let elapsed = (bob.packets.last().expect("audio").0.timestamp).wrapping_sub(bob.packets[0].0.timestamp);
    assert!((elapsed as i32 - 160 * 247).abs() <= 160 * 4, "{elapsed} ticks");
}
