//! RTP spray and ClientHello race (reliability rules M01 and M03): a hundred calls of every kind, and somebody who sends
//! to every port from addresses of his own.

use ringdown_media::api::{MediaCommand, RtpRemote, RtpSecurity, Transport};
use ringdown_plane::SocketKey;
use ringdown_types::SrtpProfile;

use crate::{
    phone::{PCMA, Phone},
    rig::{Rig, address, audio},
};

/// Fifty calls between two telephones each: plain ones, plain ones behind a NAT, and encrypted ones.
fn calls(rig: &mut Rig) -> Vec<Phone> {
    let mut phones = Vec::new();
    for call in 0..50_u16 {
        for side in 0..2 {
            let number = 1 + call * 2 + side;
            let mut phone = Phone::new(number, PCMA, Some(300.0 + f64::from(number) * 10.0));
            let announced = phone.address;
            let is_behind_nat = call % 3 == 1;
            if is_behind_nat {
                phone.address = address(&format!("198.51.100.{number}:61000"));
            } else if call % 3 == 2 {
                phone.encrypt(SrtpProfile::Aes128CmSha1_80, u64::from(number));
            }
            let remote = RtpRemote {
                rtp: announced,
                rtcp: std::net::SocketAddr::new(announced.ip(), announced.port() + 1),
                nat_source: is_behind_nat.then_some(phone.address.ip()),
                security: phone.security,
            };
            let transport = Transport::Rtp { local_port: phone.port, remote: Some(remote) };
            rig.command(MediaCommand::AddLeg { leg: phone.leg, transport, audio: audio(&[PCMA]) });
            phones.push(phone);
        }
    }
    for pair in phones.chunks(2) {
        rig.connect(pair[0].leg, pair[1].leg);
    }
    phones
}

#[test]
fn a_spray_over_all_ports_injects_nothing_and_learns_nothing() {
    let mut rig = Rig::new();
    let mut phones = calls(&mut rig);
    let attackers = [address("203.0.113.66:4000"), address("203.0.113.67:9")];
    let mut forged = vec![0x80, 8, 0, 0, 0, 0, 0, 0, 0xde, 0xad, 0xbe, 0xef];
    forged.extend([0x55; 160]);
    let hello = [22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0];
    let stun = [0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
    let ports: Vec<u16> = phones.iter().map(|phone| phone.port).collect();
    let frames = 30;
    for frame in 0..frames {
        forged[3] = frame as u8;
        // Before the telephones say anything, while they talk, and with what DTLS and ICE begin with.
        for port in &ports {
            for attacker in attackers {
                rig.deliver(SocketKey::Rtp(*port), attacker, &forged);
                rig.deliver(SocketKey::Rtcp(*port), attacker, &forged);
                rig.deliver(SocketKey::Rtp(*port), attacker, &hello);
                rig.deliver(SocketKey::Rtp(*port), attacker, &stun);
            }
        }
        assert!(rig.sent.iter().all(|sent| !attackers.contains(&sent.destination)), "nothing leaks");
        let mut all: Vec<&mut Phone> = phones.iter_mut().collect();
        rig.talk(&mut all, 1);
    }
    for phone in &phones {
        // The first packets towards a telephone behind a NAT go to its announced address.
        assert!(phone.packets.len() >= frames - 5, "{} heard {}", phone.leg, phone.packets.len());
        assert!(
            phone.packets.iter().all(|(_, payload)| payload != &vec![0x55; 160]),
            "{} heard the attacker",
            phone.leg
        );
    }
}

/// Ten thousand packets a second with bad tags for two seconds, from the telephone's own address and from others: the
/// call goes on, and nothing grows.
#[test]
fn bad_tags_at_ten_thousand_a_second_end_nothing() {
    let mut rig = Rig::new();
    let mut alice = Phone::new(1, PCMA, Some(440.0));
    alice.encrypt(SrtpProfile::Aes128CmSha1_80, 5);
    let mut bob = Phone::new(2, PCMA, Some(700.0));
    rig.add_phone(&alice, audio(&[PCMA]));
    rig.add_phone(&bob, audio(&[PCMA]));
    rig.connect(alice.leg, bob.leg);
    assert!(matches!(alice.security, RtpSecurity::Sdes { .. }));
    let sources = [alice.address, address("10.0.0.1:9999"), address("203.0.113.66:4000")];
    let mut forged = alice.frame().expect("a tone");
    forged.extend([0; 10]);
    for frame in 0..100_u16 {
        for number in 0..200_u16 {
            forged[2..4].copy_from_slice(&(frame * 200 + number).to_be_bytes());
            let source = sources[usize::from(number) % sources.len()];
            rig.deliver(SocketKey::Rtp(alice.port), source, &forged);
        }
        rig.talk(&mut [&mut alice, &mut bob], 1);
    }
    assert_eq!((alice.packets.len(), bob.packets.len()), (100, 100));
    let stats = rig.worker.stats(alice.leg).expect("a leg");
    assert_eq!((stats.packets_rejected, stats.packets_received), (20_000, 100));
}
