use ringdown_media::api::{MediaCommand, MediaEvent, MediaFailure};
use ringdown_plane::{Datagram, SocketKey};
use ringdown_testkit::audio::assert_only_tone;
use ringdown_types::{MixId, contain};

use crate::{
    phone::{OPUS, PCMA, PCMU, Phone, RATE},
    rig::{FRAME, Rig, audio},
};

/// A datagram of a telephone, on the way of which something panics when it is sent on.
fn deliver_and_panic(rig: &mut Rig, from: &mut Phone) {
    let packet = from.frame().expect("a telephone that speaks");
    let mut buffer = [0; 1600];
    buffer[..packet.len()].copy_from_slice(&packet);
    let datagram = Datagram {
        socket: SocketKey::Rtp(from.port),
        source: from.address,
        buffer: &mut buffer,
        length: packet.len(),
    };
    let now = rig.now();
    let worker = &mut rig.worker;
    let struck =
        contain(|| worker.handle_datagram(now, datagram, &mut |_, _, _| panic!("injected by the test")));
    assert!(struck.is_err());
    worker.handle_panic(now);
    rig.drain();
}

fn failures(rig: &Rig) -> Vec<ringdown_types::LegId> {
    let failed = |event: &MediaEvent| match event {
        MediaEvent::LegFailed { leg, failure: MediaFailure::Internal } => Some(*leg),
        _ => None,
    };
    rig.events.iter().filter_map(failed).collect()
}

#[test]
fn ninety_nine_calls_miss_no_packet() {
    let mut rig = Rig::new();
    let codecs = [(PCMA, PCMA), (PCMA, PCMU), (OPUS, PCMA), (OPUS, OPUS)];
    let mut phones: Vec<Phone> = (0..200_u16)
        .map(|number| {
            let pair = codecs[usize::from(number / 2) % codecs.len()];
            let codec = if number % 2 == 0 { pair.0 } else { pair.1 };
            Phone::new(number + 1, codec, Some(if number % 2 == 0 { 440.0 } else { 700.0 }))
        })
        .collect();
    for phone in &phones {
        rig.add_phone(phone, audio(&[(phone.codec, phone.payload_type)]));
    }
    for call in phones.chunks(2) {
        rig.connect(call[0].leg, call[1].leg);
    }
    let talk = |rig: &mut Rig, phones: &mut Vec<Phone>, frames| {
        rig.talk(&mut phones.iter_mut().collect::<Vec<_>>(), frames);
    };
    talk(&mut rig, &mut phones, 25);
    let (unlucky, partner) = (phones.remove(80), phones.remove(80));
    let mut unlucky = unlucky;
    deliver_and_panic(&mut rig, &mut unlucky);
    talk(&mut rig, &mut phones, 25);

    let failed = failures(&rig);
    assert_eq!(failed.len(), 1, "one leg is struck");
    assert!(failed[0] == unlucky.leg || failed[0] == partner.leg);
    for (number, phone) in phones.iter().enumerate() {
        phone.assert_continuous();
        assert!(phone.packets.len() >= 45, "phone {number} heard {} packets", phone.packets.len());
        let hertz = if number % 2 == 0 { 700.0 } else { 440.0 };
        assert_only_tone(&phone.heard[1600..], RATE, hertz);
    }
    // Call control ends the struck call: both legs go, whatever is left of them.
    rig.events.clear();
    for leg in [unlucky.leg, partner.leg] {
        rig.command(MediaCommand::RemoveLeg { leg });
    }
    let removed = rig.events.iter().filter(|event| matches!(event, MediaEvent::LegRemoved { .. })).count();
    assert_eq!(removed, 2);
    assert_eq!(rig.ports.len(), phones.len());
}

#[test]
fn a_mix_goes_on_without_the_member_that_was_struck() {
    let mut rig = Rig::new();
    let mut phones: Vec<Phone> = [400.0, 700.0, 1000.0]
        .into_iter()
        .zip(1..)
        .map(|(hertz, number)| Phone::new(number, PCMA, Some(hertz)))
        .collect();
    for phone in &phones {
        rig.add_phone(phone, audio(&[PCMA]));
        rig.command(MediaCommand::JoinMix { leg: phone.leg, mix: MixId::from_u128(1), is_link: false });
    }
    rig.talk(&mut phones.iter_mut().collect::<Vec<_>>(), 25);
    let struck = {
        let at = rig.worker.next_timeout().expect("a mix has a clock");
        rig.clock.advance_to(at.max(rig.now()));
        let (now, worker) = (rig.now() + FRAME, &mut rig.worker);
        assert!(
            contain(|| worker.handle_timeout(now, &mut |_, _, _| panic!("injected by the test"))).is_err()
        );
        rig.clock.advance_to(now);
        rig.worker.handle_panic(now);
        rig.drain();
        failures(&rig)
    };
    assert_eq!(struck.len(), 1);
    phones.retain(|phone| phone.leg != struck[0]);
    for phone in &mut phones {
        phone.heard.clear();
    }
    rig.talk(&mut phones.iter_mut().collect::<Vec<_>>(), 50);
    for phone in &phones {
        assert!(phone.heard.len() > 40 * 160, "{} samples", phone.heard.len());
        phone.assert_continuous();
    }
}
