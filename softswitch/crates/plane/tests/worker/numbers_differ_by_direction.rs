use ringdown_media::api::{AudioParameters, MediaCommand, MediaEvent, PayloadFormat, TelephoneEventFormat};
use ringdown_testkit::audio::assert_only_tone;
use ringdown_types::{CodecId, DtmfDigit};

use crate::{
    phone::{OPUS, Phone, RATE},
    rig::{Rig, audio},
};

/// We offered Opus as 111 and events as 101; the telephone answered with 96 and 97 (RFC 3264 §6.1). It expects its own
/// numbers and sends with ours, as it should, or with its own, as many do.
#[test]
fn audio_and_keys_go_both_ways() {
    for (audio_type, event_type) in [(111, 101), (96, 97)] {
        let mut rig = Rig::new();
        // What it hears has its own numbers.
        let mut alice = Phone::new(1, (CodecId::Opus, 96), Some(440.0));
        let mut bob = Phone::new(2, OPUS, Some(700.0));
        let answered = AudioParameters {
            codecs: vec![PayloadFormat { codec: CodecId::Opus, send: 96, receive: 111 }],
            telephone_events: vec![TelephoneEventFormat { clock_rate: 48_000, send: 97, receive: 101 }],
            ..audio(&[OPUS])
        };
        rig.add_phone(&alice, answered);
        rig.add_phone(&bob, audio(&[OPUS]));
        rig.connect(alice.leg, bob.leg);
        alice.sends_as = audio_type;
        rig.talk(&mut [&mut alice, &mut bob], 50);
        assert_only_tone(&alice.heard[1600..], RATE, 700.0);
        assert_only_tone(&bob.heard[1600..], RATE, 440.0);
        alice.press(&mut rig, event_type, 7, 5, 48_000);
        rig.talk(&mut [&mut alice, &mut bob], 10);
        bob.press(&mut rig, 110, 11, 6, 48_000);
        rig.talk(&mut [&mut alice, &mut bob], 10);
        let digit = DtmfDigit::from_char('3').expect("a key");
        rig.command(MediaCommand::SendDtmf { leg: alice.leg, digit, duration_ms: 100 });
        rig.talk(&mut [&mut alice, &mut bob], 25);

        let numbers = |phone: &Phone, known: [u8; 2]| {
            phone.packets.iter().all(|(packet, _)| known.contains(&packet.payload_type))
        };
        assert!(numbers(&alice, [96, 97]) && numbers(&bob, [111, 110]));
        let pressed = |phone: &Phone, number| -> Vec<(u8, u16)> {
            let events = phone.heard_events(number);
            let ends = events.iter().filter(|(_, payload)| payload.end);
            ends.map(|(_, payload)| (payload.event, payload.duration)).collect()
        };
        assert_eq!(pressed(&bob, 110), [(7, 4800); 3]);
        assert_eq!(pressed(&alice, 97), [[(11, 5760); 3], [(3, 4800); 3]].concat());
        let digits = rig.events.iter().filter(|event| matches!(event, MediaEvent::Dtmf { .. }));
        assert_eq!(digits.count(), 2);
        assert_eq!(rig.worker.stats(alice.leg).map(|stats| stats.packets_rejected), Some(0));
        alice.assert_continuous();
        bob.assert_continuous();
    }
}
