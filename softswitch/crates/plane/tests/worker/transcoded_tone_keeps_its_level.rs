use ringdown_media::codec::{Decoder, Encoder, OpusSettings};
use ringdown_testkit::audio::{assert_only_tone, level_dbfs};
use ringdown_types::CodecId;

use crate::{
    phone::{G722, OPUS, PCMA, PCMU, Phone, RATE},
    rig::{Rig, audio},
};

#[test]
fn any_two_codecs_hear_each_other() {
    for (one, other) in [(OPUS, PCMA), (OPUS, PCMU), (OPUS, G722), (G722, PCMA), (PCMU, G722), (PCMU, PCMA)] {
        let mut rig = Rig::new();
        let mut alice = Phone::new(1, one, Some(440.0));
        let mut bob = Phone::new(2, other, Some(700.0));
        rig.add_phone(&alice, audio(&[one]));
        rig.add_phone(&bob, audio(&[other]));
        rig.connect(alice.leg, bob.leg);
        rig.talk(&mut [&mut alice, &mut bob], 100);
        for (phone, hertz) in [(&alice, 700.0), (&bob, 440.0)] {
            let heard = &phone.heard[phone.rate as usize * 2 / 5..];
            assert!(heard.len() > phone.rate as usize / 50 * 70, "{} samples", heard.len());
            assert_only_tone(heard, phone.rate, hertz);
            let level = level_dbfs(heard);
            assert!((level + 12.0).abs() < 1.0, "{level} dBFS, {} in", phone.codec.encoding_name());
            phone.assert_continuous();
        }
    }
}

/// G.722 to Opus and back by way of 8 kHz would be a telephone from 1960.
#[test]
fn what_both_ends_can_carry_is_not_narrowed() {
    let mut rig = Rig::new();
    let mut alice = Phone::new(1, G722, Some(5500.0));
    let mut bob = Phone::new(2, OPUS, None);
    rig.add_phone(&alice, audio(&[G722]));
    rig.add_phone(&bob, audio(&[OPUS]));
    rig.connect(alice.leg, bob.leg);
    let mut tone = ringdown_testkit::audio::Tone::new(5200.0, 48_000, -12.0);
    let mut encoder = Encoder::new(CodecId::Opus, 48_000, OpusSettings::default()).expect("its rate");
    for _ in 0..100 {
        let mut payload = [0; 960];
        let length = encoder.encode(&tone.samples(960), &mut payload).expect("20 ms");
        bob.sequence = bob.sequence.wrapping_add(1);
        bob.timestamp = bob.timestamp.wrapping_add(960);
        let packet = bob.packet(111, bob.timestamp, &payload[..length]);
        rig.deliver(ringdown_plane::SocketKey::Rtp(bob.port), bob.address, &packet);
        rig.talk(&mut [&mut alice, &mut bob], 1);
        bob.timestamp = bob.timestamp.wrapping_sub(960);
    }
    assert_only_tone(&alice.heard[6400..], 16_000, 5200.0);
    let level = level_dbfs(&alice.heard[6400..]);
    assert!((level + 12.0).abs() < 1.0, "{level} dBFS to G.722");
    let mut decoder = Decoder::new(CodecId::Opus, 16_000).expect("a rate of Opus");
    let mut heard = Vec::new();
    for (_, payload) in &bob.packets {
        let mut pcm = [0; 1920];
        let samples = decoder.decode(payload, &mut pcm).expect("a packet");
        heard.extend_from_slice(&pcm[..samples]);
    }
    assert_only_tone(&heard[6400..], 16_000, 5500.0);
    let level = level_dbfs(&heard[6400..]);
    assert!((level + 12.0).abs() < 1.0, "{level} dBFS to Opus");
}

#[test]
fn a_silent_partner_costs_no_packets() {
    let mut rig = Rig::new();
    let mut alice = Phone::new(1, OPUS, Some(440.0));
    let mut bob = Phone::new(2, PCMA, None);
    rig.add_phone(&alice, audio(&[OPUS]));
    rig.add_phone(&bob, audio(&[PCMA]));
    rig.connect(alice.leg, bob.leg);
    rig.talk(&mut [&mut alice, &mut bob], 50);
    alice.tone = None;
    rig.talk(&mut [&mut alice, &mut bob], 25);
    let before = bob.packets.len();
    rig.talk(&mut [&mut alice, &mut bob], 50);
    assert_eq!(bob.packets.len(), before);
    alice.tone = Some(ringdown_testkit::audio::Tone::new(440.0, RATE, -12.0));
    rig.talk(&mut [&mut alice, &mut bob], 50);
    assert!(bob.packets.len() > before + 40);
    for pair in bob.packets.windows(2) {
        assert_eq!(pair[1].0.sequence, pair[0].0.sequence.wrapping_add(1));
    }
}
