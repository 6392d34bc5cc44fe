//! Two workers with a pair of link legs between them, as the switch makes for legs of merged calls.

use std::net::SocketAddr;

use ringdown_media::api::{
    AudioParameters, MediaCommand, RtpRemote, RtpSecurity, TelephoneEventFormat, Transport,
};
use ringdown_plane::SocketKey;
use ringdown_testkit::audio::assert_only_tone;
use ringdown_types::{CodecId, LegId};

use crate::{
    phone::{OPUS, PCMA, PCMU, Phone, RATE},
    rig::{FRAME, Rig, address, audio, leg},
};

const LINK_PORTS: [u16; 2] = [30_000, 30_100];

fn link_leg(end: usize) -> LegId {
    leg(100 + end as u128)
}

fn link_address(end: usize) -> SocketAddr {
    address(&format!("198.51.100.1:{}", LINK_PORTS[end]))
}

/// Every codec on fixed numbers, as the switch has it.
fn link_audio() -> AudioParameters {
    let mut audio = audio(&[OPUS, PCMA, PCMU]);
    audio.telephone_events =
        vec![TelephoneEventFormat::symmetric(8_000, 101), TelephoneEventFormat::symmetric(48_000, 110)];
    audio
}

/// Two workers, each with a telephone that is joined to its end of the link.
fn linked(phones: &[Phone; 2]) -> [Rig; 2] {
    let mut rigs = [Rig::new(), Rig::new()];
    for end in 0..2 {
        let far = link_address(1 - end);
        let rtcp = SocketAddr::new(far.ip(), far.port() + 1);
        let remote = Some(RtpRemote { rtp: far, rtcp, nat_source: None, security: RtpSecurity::None });
        let transport = Transport::Rtp { local_port: LINK_PORTS[end], remote };
        let rig = &mut rigs[end];
        rig.add_phone(&phones[end], audio(&[(phones[end].codec, phones[end].payload_type)]));
        rig.command(MediaCommand::AddLeg { leg: link_leg(end), transport, audio: link_audio() });
        rig.connect(phones[end].leg, link_leg(end));
    }
    rigs
}

/// What one worker sent over the link arrives at the other.
fn carry(rigs: &mut [Rig; 2], phones: &mut [Phone; 2]) {
    for end in 0..2 {
        let sent = std::mem::take(&mut rigs[end].sent);
        phones[end].listen(&sent);
        for packet in sent.iter().filter(|packet| packet.destination == link_address(1 - end)) {
            let socket = SocketKey::Rtp(LINK_PORTS[1 - end]);
            rigs[1 - end].deliver(socket, link_address(end), &packet.bytes);
        }
    }
}

fn talk(rigs: &mut [Rig; 2], phones: &mut [Phone; 2], frames: usize) {
    for _ in 0..frames {
        for end in 0..2 {
            phones[end].speak(&mut rigs[end]);
        }
        carry(rigs, phones);
        rigs.iter_mut().for_each(|rig| rig.advance(FRAME));
        carry(rigs, phones);
    }
}

#[test]
fn a_tone_crosses_the_link_both_ways_in_every_codec() {
    for (near, far) in [(PCMA, PCMA), (PCMU, PCMU), (PCMA, PCMU), (OPUS, OPUS), (OPUS, PCMA)] {
        let mut phones = [Phone::new(1, near, Some(440.0)), Phone::new(2, far, Some(700.0))];
        let mut rigs = linked(&phones);
        talk(&mut rigs, &mut phones, 60);
        for (phone, hertz) in phones.iter().zip([700.0, 440.0]) {
            phone.assert_continuous();
            assert!(phone.packets.len() > 50, "{near:?} and {far:?}: {} packets", phone.packets.len());
            assert_only_tone(&phone.heard[2_400..], RATE, hertz);
        }
    }
}

#[test]
fn what_both_know_crosses_as_it_is() {
    let mut phones = [Phone::new(1, OPUS, Some(440.0)), Phone::new(2, (CodecId::Opus, 96), None)];
    let mut rigs = linked(&phones);
    talk(&mut rigs, &mut phones, 50);
    assert_eq!(phones[1].packets.len(), 50, "relayed, not transcoded");
}

#[test]
fn a_key_crosses_the_link_once() {
    let mut phones = [Phone::new(1, PCMA, None), Phone::new(2, PCMA, None)];
    let mut rigs = linked(&phones);
    let (near, rest) = phones.split_at_mut(1);
    near[0].press(&mut rigs[0], 101, 5, 4, 8_000);
    let sent = std::mem::take(&mut rigs[0].sent);
    for packet in sent.iter().filter(|packet| packet.destination == link_address(1)) {
        rigs[1].deliver(SocketKey::Rtp(LINK_PORTS[1]), link_address(0), &packet.bytes);
        rigs[1].advance(FRAME);
    }
    rest[0].listen(&rigs[1].sent);
    let events = rest[0].heard_events(101);
    assert!(!events.is_empty(), "the far telephone hears the key");
    let starts = events.iter().filter(|(packet, _)| packet.marker).count();
    assert_eq!(starts, 1, "once");
    assert!(events.iter().all(|(_, event)| event.event == 5));
}
