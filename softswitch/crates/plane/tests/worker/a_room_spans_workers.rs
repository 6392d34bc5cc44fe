//! A mix on each of two workers, joined by one link whose ends are members of both.

use std::net::SocketAddr;

use ringdown_media::api::{MediaCommand, MediaEvent, RtpRemote, RtpSecurity, Transport};
use ringdown_plane::SocketKey;
use ringdown_testkit::audio::{Tone, assert_only_tone};
use ringdown_types::{LegId, MixId};

use crate::{
    a_room_hears_the_others::level_of,
    phone::{OPUS, PCMA, PCMU, Phone},
    rig::{FRAME, Rig, address, audio, leg},
};

const ROOM: MixId = MixId::from_u128(9);
const LINK_PORTS: [u16; 2] = [30_000, 30_100];

fn link_address(end: usize) -> SocketAddr {
    address(&format!("198.51.100.1:{}", LINK_PORTS[end]))
}

fn link_leg(end: usize) -> LegId {
    leg(100 + end as u128)
}

/// Two workers with two telephones each, and the link.
fn linked(phones: &[[Phone; 2]; 2]) -> [Rig; 2] {
    let mut rigs = [Rig::new(), Rig::new()];
    for (end, rig) in rigs.iter_mut().enumerate() {
        for phone in &phones[end] {
            rig.add_phone(phone, audio(&[(phone.codec, phone.payload_type)]));
            rig.command(MediaCommand::JoinMix { leg: phone.leg, mix: ROOM, is_link: false });
        }
        let rtp = link_address(1 - end);
        let rtcp = SocketAddr::new(rtp.ip(), rtp.port() + 1);
        let remote = Some(RtpRemote { rtp, rtcp, nat_source: None, security: RtpSecurity::None });
        let transport = Transport::Rtp { local_port: LINK_PORTS[end], remote };
        let audio = audio(&[OPUS, PCMA, PCMU]);
        rig.command(MediaCommand::AddLeg { leg: link_leg(end), transport, audio });
        rig.command(MediaCommand::JoinMix { leg: link_leg(end), mix: ROOM, is_link: true });
    }
    rigs
}

fn talk(rigs: &mut [Rig; 2], phones: &mut [[Phone; 2]; 2], frames: usize) {
    for _ in 0..frames {
        for (rig, phones) in rigs.iter_mut().zip(phones.iter_mut()) {
            phones.iter_mut().for_each(|phone| phone.speak(rig));
            rig.advance(FRAME);
        }
        for end in 0..2 {
            let sent = std::mem::take(&mut rigs[end].sent);
            phones[end].iter_mut().for_each(|phone| phone.listen(&sent));
            for packet in sent.iter().filter(|packet| packet.destination == link_address(1 - end)) {
                let socket = SocketKey::Rtp(LINK_PORTS[1 - end]);
                rigs[1 - end].deliver(socket, link_address(end), &packet.bytes);
            }
        }
    }
}

#[test]
fn who_talks_on_one_worker_is_heard_on_both_and_not_by_themselves() {
    let mut phones = [
        [Phone::new(1, PCMA, Some(440.0)), Phone::new(2, PCMU, None)],
        [Phone::new(3, OPUS, None), Phone::new(4, PCMA, None)],
    ];
    let mut rigs = linked(&phones);
    talk(&mut rigs, &mut phones, 100);
    let [[alice, bob], [carol, dave]] = &phones;
    for listener in [bob, carol, dave] {
        assert_only_tone(&listener.heard[8000..], listener.rate, 440.0);
        listener.assert_continuous();
    }
    let own = alice.heard.iter().skip(8000).map(|sample| sample.abs()).max();
    assert!(own < Some(200), "no echo comes back over the link: {own:?}");
    let told = |rig: &Rig| {
        let talks = |event: &&MediaEvent| matches!(event, MediaEvent::Talking { .. });
        rig.events.iter().filter(talks).cloned().collect::<Vec<_>>()
    };
    assert_eq!(told(&rigs[0]), [MediaEvent::Talking { leg: alice.leg, is_talking: true }]);
    assert_eq!(told(&rigs[1]), [], "a link is nobody");
}

#[test]
fn of_four_everybody_hears_the_three_others() {
    let tones = [440.0, 610.0, 950.0, 1210.0];
    let phone = |number: usize, codec| {
        let mut phone = Phone::new(number as u16, codec, None);
        phone.tone = Some(Tone::new(tones[number - 1], phone.rate, -20.0));
        phone
    };
    let mut phones = [[phone(1, PCMA), phone(2, OPUS)], [phone(3, OPUS), phone(4, PCMU)]];
    let mut rigs = linked(&phones);
    talk(&mut rigs, &mut phones, 100);
    for (own, phone) in phones.iter().flatten().enumerate() {
        for (index, &hertz) in tones.iter().enumerate() {
            let level = level_of(phone, 8000, hertz);
            if index == own {
                assert!(level < -48.0, "{own} hears itself at {level} dBFS");
            } else {
                assert!((level + 20.0).abs() < 2.0, "{own} hears {index} at {level} dBFS");
            }
        }
    }
}
