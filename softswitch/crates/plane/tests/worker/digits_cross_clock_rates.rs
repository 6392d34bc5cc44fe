use ringdown_media::api::{AudioParameters, MediaEvent, TelephoneEventFormat};
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

/// Both negotiated Opus, alice with events at 8,000 Hz, bob at 48,000 Hz.
#[test]
fn relayed_both_ways() {
    let mut rig = Rig::new();
    let mut alice = Phone::new(1, OPUS, Some(440.0));
    let mut bob = Phone::new(2, OPUS, Some(700.0));
    let slow = vec![TelephoneEventFormat { payload_type: 101, clock_rate: 8000 }];
    rig.add_phone(&alice, AudioParameters { telephone_events: slow, ..audio(&[OPUS]) });
    rig.add_phone(&bob, audio(&[OPUS]));
    rig.connect(alice.leg, bob.leg);
    rig.talk(&mut [&mut alice, &mut bob], 10);
    alice.press(&mut rig, 101, 7, 5, 8000);
    rig.talk(&mut [&mut alice, &mut bob], 5);
    bob.press(&mut rig, 110, 11, 6, 48_000);
    rig.talk(&mut [&mut alice, &mut bob], 5);

    let heard = bob.heard_events(110);
    assert_eq!(heard.len(), 8);
    let last = heard.last().expect("an end").1;
    assert_eq!((last.event, last.end, last.duration), (7, true, 4800));
    assert!(heard.iter().all(|(packet, _)| packet.timestamp == heard[0].0.timestamp));
    let heard = alice.heard_events(101);
    let last = heard.last().expect("an end").1;
    assert_eq!((heard.len(), last.event, last.duration), (9, 11, 960));
    assert_eq!(digits(&rig), [('7', 100), ('#', 120)]);
    alice.assert_continuous();
    bob.assert_continuous();
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
        let command = ringdown_media::api::MediaCommand::SendDtmf { leg: alice.leg, digit, duration_ms: 100 };
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
