use ringdown_media::{
    api::{AudioParameters, MediaEvent},
    tone,
};
use ringdown_testkit::audio::{Tone, analyse};
use ringdown_types::DtmfDigit;

use crate::{
    phone::{G722, OPUS, PCMA, PCMU, Phone},
    rig::{Rig, audio},
};

/// A telephone without telephone-event that says a second of tone, the keys, and a second of tone.
fn press_in_band(rig: &mut Rig, alice: &mut Phone, bob: &mut Phone, keys: &str) {
    rig.talk(&mut [alice, bob], 50);
    for key in keys.chars() {
        let digit = DtmfDigit::from_char(key).expect("a key");
        let pcm = tone::dtmf(digit);
        let pcm = ringdown_media::resample::resample(&pcm, 8000, alice.rate);
        for frame in pcm.chunks_exact(alice.rate as usize / 50) {
            alice.say(rig, frame);
            rig.talk(&mut [bob], 1);
            let sent = std::mem::take(&mut rig.sent);
            alice.listen(&sent);
        }
    }
    rig.talk(&mut [alice, bob], 50);
}

fn pressed(rig: &Rig) -> String {
    let digits = rig.events.iter().filter_map(|event| match event {
        MediaEvent::Dtmf { leg, digit, .. } if *leg == crate::rig::leg(1) => Some(digit.as_char()),
        _ => None,
    });
    digits.collect()
}

#[test]
fn become_events_for_a_listener_that_knows_them_and_are_not_heard_twice() {
    for (own, theirs, event_type) in [(PCMA, PCMA, 101), (PCMU, OPUS, 110), (G722, PCMU, 101)] {
        let mut rig = Rig::new();
        let mut alice = Phone::new(1, own, Some(440.0));
        let mut bob = Phone::new(2, theirs, None);
        rig.add_phone(&alice, AudioParameters { telephone_events: Vec::new(), ..audio(&[own]) });
        rig.add_phone(&bob, audio(&[theirs]));
        rig.connect(alice.leg, bob.leg);
        press_in_band(&mut rig, &mut alice, &mut bob, "1#7");
        assert_eq!(pressed(&rig), "1#7");
        let events = bob.heard_events(event_type);
        let ends: Vec<u8> =
            events.iter().filter(|(_, event)| event.end).map(|(_, event)| event.event).collect();
        let keys: Vec<u8> = ends.chunks(3).map(|repeated| repeated[0]).collect();
        assert_eq!((keys, ends.len()), (vec![1, 11, 7], 9), "{theirs:?}");
        // Each event has one timestamp, also while the next key sounds already (RFC 4733 §2.5.1.2).
        let mut stamps: Vec<u32> = events.iter().map(|(packet, _)| packet.timestamp).collect();
        stamps.dedup();
        assert_eq!(stamps.len(), 3, "{theirs:?}");
        bob.assert_continuous();
        // Two blocks of 12.75 ms pass before a key is known.
        let frame = bob.rate as usize / 50;
        let loud = bob.heard.chunks_exact(frame).filter(|pcm| {
            let report = analyse(pcm, bob.rate);
            report.level_dbfs > -14.0 && (report.dominant_hz - 440.0).abs() > 100.0
        });
        assert!(loud.count() <= 3 * 3, "{theirs:?}");
    }
}

#[test]
fn are_left_in_the_sound_for_a_listener_without_events() {
    let mut rig = Rig::new();
    let mut alice = Phone::new(1, PCMU, Some(440.0));
    let mut bob = Phone::new(2, PCMU, None);
    for phone in [&alice, &bob] {
        rig.add_phone(phone, AudioParameters { telephone_events: Vec::new(), ..audio(&[PCMU]) });
    }
    rig.connect(alice.leg, bob.leg);
    press_in_band(&mut rig, &mut alice, &mut bob, "5");
    assert_eq!(pressed(&rig), "5");
    assert_eq!(bob.heard.len(), 160 * 110, "every packet is passed on");
    let key = analyse(&bob.heard[160 * 51..160 * 57], 8000);
    assert!((key.dominant_hz - 1336.0).abs() < 15.0, "{key:?}");
}

#[test]
fn are_not_listened_for_where_events_were_negotiated() {
    let mut rig = Rig::new();
    let mut alice = Phone::new(1, PCMU, Some(440.0));
    let mut bob = Phone::new(2, PCMU, None);
    rig.add_phone(&alice, audio(&[PCMU]));
    rig.add_phone(&bob, audio(&[PCMU]));
    rig.connect(alice.leg, bob.leg);
    press_in_band(&mut rig, &mut alice, &mut bob, "5");
    assert_eq!(pressed(&rig), "");
    alice.tone = Some(Tone::new(440.0, 8000, -12.0));
}
