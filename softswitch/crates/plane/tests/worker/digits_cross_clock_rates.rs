use ringdown_media::{
    api::{AudioParameters, MediaCommand, MediaEvent, TelephoneEventFormat},
    rtp::{EventPayload, FinishedDigit, TelephoneEventReceiver},
};
use ringdown_plane::SocketKey;
use ringdown_types::DtmfDigit;

use crate::{
    phone::{OPUS, PCMA, Phone},
    rig::{Rig, audio},
};

fn digits(rig: &Rig) -> Vec<(char, u16)> {
    let digit = |event: &MediaEvent| match event {
        MediaEvent::Dtmf { digit, duration_ms, .. } => Some((digit.as_char(), *duration_ms)),
        _ => None,
    };
    rig.events.iter().filter_map(digit).collect()
}

/// Both negotiated Opus, alice with events at 8,000 Hz alone, bob at 48,000 Hz. Alice counts durations in the stream's
/// clock, as RFC 4733 §2.1 has it and baresip does, or in the format's.
#[test]
fn relayed_both_ways() {
    for counted_in in [8000, 48_000] {
        let mut rig = Rig::new();
        let mut alice = Phone::new(1, OPUS, Some(440.0));
        let mut bob = Phone::new(2, OPUS, Some(700.0));
        let slow = vec![TelephoneEventFormat::symmetric(8000, 101)];
        rig.add_phone(&alice, AudioParameters { telephone_events: slow, ..audio(&[OPUS]) });
        rig.add_phone(&bob, audio(&[OPUS]));
        rig.connect(alice.leg, bob.leg);
        rig.talk(&mut [&mut alice, &mut bob], 10);
        for _ in 0..2 {
            alice.press(&mut rig, 101, 7, 5, counted_in);
            rig.talk(&mut [&mut alice, &mut bob], 5);
        }
        bob.press(&mut rig, 110, 11, 6, 48_000);
        rig.talk(&mut [&mut alice, &mut bob], 5);

        let heard = bob.heard_events(110);
        assert_eq!(heard.len(), 16);
        for heard in heard.chunks(8) {
            let last = heard[7].1;
            assert_eq!((last.event, last.end, last.duration), (7, true, 4800), "counted in {counted_in} Hz");
            assert!(heard.iter().all(|(packet, _)| packet.timestamp == heard[0].0.timestamp));
        }
        let heard = alice.heard_events(101);
        let last = heard.last().expect("an end").1;
        assert_eq!((heard.len(), last.event, last.duration), (9, 11, 5760));
        assert_eq!(digits(&rig), [('7', 100), ('7', 100), ('#', 120)]);
        alice.assert_continuous();
        bob.assert_continuous();
    }
}

/// What baresip 1.0 does: audio goes on by turns with the events, and a field that is full wraps.
#[test]
fn a_long_key_beneath_which_audio_goes_on() {
    let mut rig = Rig::new();
    let mut alice = Phone::new(1, OPUS, Some(440.0));
    let mut bob = Phone::new(2, PCMA, None);
    let slow = vec![TelephoneEventFormat::symmetric(8000, 101)];
    rig.add_phone(&alice, AudioParameters { telephone_events: slow, ..audio(&[OPUS]) });
    rig.add_phone(&bob, audio(&[PCMA]));
    rig.connect(alice.leg, bob.leg);
    rig.talk(&mut [&mut alice, &mut bob], 10);
    let began = alice.timestamp.wrapping_add(960);
    for update in 1_u32..=103 {
        alice.speak(&mut rig);
        let duration = (update.min(100) * 960) as u16;
        let payload = EventPayload { event: 4, end: update > 100, volume: 10, duration }.to_bytes();
        alice.sequence = alice.sequence.wrapping_add(1);
        let packet = alice.packet(101, began, &payload);
        rig.deliver(SocketKey::Rtp(alice.port), alice.address, &packet);
        rig.talk(&mut [&mut bob], 1);
    }
    rig.talk(&mut [&mut alice, &mut bob], 120);
    assert_eq!(digits(&rig), [('4', 2000)]);
    let last =
        bob.heard_events(101).last().map(|(_, payload)| (payload.event, payload.end, payload.duration));
    assert_eq!(last, Some((4, true, 16_000)));
    bob.assert_continuous();
}

/// Keys of ours to a leg with Opus and events at 8,000 Hz alone.
#[test]
fn sent_in_the_clock_of_the_stream() {
    let mut rig = Rig::new();
    let mut alice = Phone::new(1, OPUS, None);
    let mut bob = Phone::new(2, OPUS, Some(700.0));
    let slow = vec![TelephoneEventFormat::symmetric(8000, 101)];
    rig.add_phone(&alice, AudioParameters { telephone_events: slow, ..audio(&[OPUS]) });
    rig.add_phone(&bob, audio(&[OPUS]));
    rig.connect(alice.leg, bob.leg);
    rig.talk(&mut [&mut alice, &mut bob], 10);
    let digit = DtmfDigit::from_char('8').expect("a key");
    rig.command(MediaCommand::SendDtmf { leg: alice.leg, digit, duration_ms: 2000 });
    rig.talk(&mut [&mut alice, &mut bob], 120);
    let mut receiver = TelephoneEventReceiver::default();
    let heard = alice.heard_events(101);
    let heard: Vec<_> = heard
        .into_iter()
        .filter_map(|(packet, payload)| receiver.handle_packet(rig.now(), packet.timestamp, 48_000, payload))
        .collect();
    assert_eq!(heard, [FinishedDigit { digit, duration_ms: 2000 }]);
    alice.assert_continuous();
}

#[test]
fn made_anew_behind_a_transcoder() {
    let mut rig = Rig::new();
    let mut alice = Phone::new(1, OPUS, Some(440.0));
    let mut bob = Phone::new(2, PCMA, Some(700.0));
    rig.add_phone(&alice, audio(&[OPUS]));
    rig.add_phone(&bob, audio(&[PCMA]));
    rig.connect(alice.leg, bob.leg);
    rig.talk(&mut [&mut alice, &mut bob], 25);
    for event in [1, 2, 2] {
        alice.press(&mut rig, 110, event, 5, 48_000);
    }
    rig.talk(&mut [&mut alice, &mut bob], 25);
    let heard = bob.heard_events(101);
    let ends: Vec<u8> =
        heard.iter().filter(|(_, payload)| payload.end).map(|(_, payload)| payload.event).collect();
    assert_eq!(ends, [1, 1, 1, 2, 2, 2, 2, 2, 2]);
    assert!(heard.iter().filter(|(_, payload)| payload.end).all(|(_, payload)| payload.duration == 800));
    bob.assert_continuous();
    bob.press(&mut rig, 101, 9, 5, 8000);
    rig.talk(&mut [&mut alice, &mut bob], 25);
    let heard = alice.heard_events(110);
    assert_eq!(heard.last().map(|(_, payload)| (payload.event, payload.duration)), Some((9, 4800)));
    assert_eq!(digits(&rig).len(), 4);
}

#[test]
fn sent_by_command() {
    let mut rig = Rig::new();
    let mut alice = Phone::new(1, PCMA, None);
    let mut bob = Phone::new(2, PCMA, Some(700.0));
    rig.add_phone(&alice, audio(&[PCMA]));
    rig.add_phone(&bob, audio(&[PCMA]));
    rig.connect(alice.leg, bob.leg);
    rig.talk(&mut [&mut alice, &mut bob], 10);
    for key in ['4', '2'] {
        let digit = DtmfDigit::from_char(key).expect("a key");
        let command = MediaCommand::SendDtmf { leg: alice.leg, digit, duration_ms: 100 };
        rig.command(command);
    }
    rig.talk(&mut [&mut alice, &mut bob], 40);
    let heard = alice.heard_events(101);
    let ends: Vec<u8> =
        heard.iter().filter(|(_, payload)| payload.end).map(|(_, payload)| payload.event).collect();
    assert_eq!(ends, [4, 4, 4, 2, 2, 2]);
    assert_eq!(heard.iter().filter(|(packet, _)| packet.marker).count(), 2);
    alice.assert_continuous();
}
