//! SRTP by keys in the descriptions, between telephones that know different suites, or none.

use std::time::Duration;

use ringdown_media::api::{MediaCommand, RtpSecurity, Transport};
use ringdown_plane::SocketKey;
use ringdown_rtc::{SRTP_OVERHEAD, SrtpSender};
use ringdown_types::SrtpProfile;

use crate::{
    phone::{PCMA, Phone},
    rig::{FRAME, Rig, audio},
};

fn pair(alice: Option<SrtpProfile>, bob: Option<SrtpProfile>) -> (Rig, Phone, Phone) {
    let mut rig = Rig::new();
    let mut phones = [(1, 440.0, alice), (2, 700.0, bob)].map(|(number, hertz, profile)| {
        let mut phone = Phone::new(number, PCMA, Some(hertz));
        if let Some(profile) = profile {
            phone.encrypt(profile, u64::from(number));
        }
        rig.add_phone(&phone, audio(&[PCMA]));
        phone
    });
    rig.connect(phones[0].leg, phones[1].leg);
    let [alice, bob] = &mut phones;
    rig.talk(&mut [alice, bob], 1);
    let [alice, bob] = phones;
    (rig, alice, bob)
}

/// Also across the roll-over of sequence numbers: the telephones begin at 65,500.
#[test]
fn every_suite_with_every_other_and_with_none() {
    let suites = || SrtpProfile::ALL.into_iter().map(Some).chain([None]);
    for (one, two) in suites().flat_map(|one| suites().map(move |two| (one, two))) {
        let (mut rig, mut alice, mut bob) = pair(one, two);
        rig.talk(&mut [&mut alice, &mut bob], 60);
        assert!(alice.packets.len() >= 60 && bob.packets.len() >= 60, "{one:?} {two:?}");
        alice.assert_continuous();
        bob.assert_continuous();
    }
}

#[test]
fn reports_and_goodbyes_are_encrypted_too() {
    let (mut rig, mut alice, mut bob) = pair(Some(SrtpProfile::Aes128CmSha1_32), None);
    rig.talk(&mut [&mut alice, &mut bob], 400);
    assert!(!alice.rtcp.is_empty(), "a report within 8 s, and it could be decrypted");
    rig.command(MediaCommand::RemoveLeg { leg: alice.leg });
    let sent = std::mem::take(&mut rig.sent);
    alice.listen(&sent);
    let bye = alice.rtcp.last().expect("a BYE");
    assert!(bye.windows(2).any(|bytes| bytes == [0x81, 203]), "{bye:?}");
}

/// RFC 3711 §3.3.2 and the tag: none of it is relayed, none of it ends the call.
#[test]
fn replays_and_forgeries_are_dropped() {
    let (mut rig, mut alice, mut bob) = pair(Some(SrtpProfile::Aes128CmSha1_80), None);
    let mut kept = Vec::new();
    for _ in 0..200 {
        let plain = alice.frame().expect("a tone");
        let packet = alice.sealed(&plain);
        rig.deliver(SocketKey::Rtp(alice.port), alice.address, &packet);
        kept.push(packet);
        rig.advance(FRAME);
    }
    let before = rig.sent.len();
    for packet in &kept {
        rig.deliver(SocketKey::Rtp(alice.port), alice.address, packet);
        let mut forged = packet.clone();
        let last = forged.len() - 1;
        forged[last] ^= 1;
        rig.deliver(SocketKey::Rtp(alice.port), alice.address, &forged);
    }
    assert_eq!(rig.sent.len(), before, "nothing was relayed");
    let rejected = rig.worker.stats(alice.leg).map(|stats| stats.packets_rejected);
    assert_eq!(rejected, Some(400));
    rig.sent.clear();
    let heard = bob.packets.len();
    rig.talk(&mut [&mut alice, &mut bob], 10);
    assert_eq!(bob.packets.len(), heard + 10, "the call goes on");
}

/// What arrives late within the window is relayed, out of order as it came.
#[test]
fn reordered_packets_are_taken_once() {
    let (mut rig, mut alice, bob) = pair(Some(SrtpProfile::AeadAes128Gcm), None);
    let packets: Vec<Vec<u8>> = (0..40)
        .map(|_| {
            let plain = alice.frame().expect("a tone");
            alice.sealed(&plain)
        })
        .collect();
    rig.sent.clear();
    for pair in packets.chunks(2) {
        for packet in pair.iter().rev() {
            rig.deliver(SocketKey::Rtp(alice.port), alice.address, packet);
        }
    }
    assert_eq!(rig.sent.iter().filter(|sent| sent.destination == bob.address).count(), 40);
}

/// A flood of new SSRCs with a valid key: sixteen are followed, the seventeenth is refused, the call goes on.
#[test]
fn a_flood_of_sources_is_bounded() {
    let (mut rig, mut alice, mut bob) = pair(Some(SrtpProfile::Aes128CmSha1_80), None);
    let ssrc = alice.ssrc;
    let RtpSecurity::Sdes { receive: key, .. } = alice.security else { panic!("it encrypts") };
    for number in 0..500 {
        alice.ssrc = 0xbad_0000 + number;
        let mut packet = alice.frame().expect("a tone");
        let length = packet.len();
        packet.resize(length + SRTP_OVERHEAD, 0);
        let sender = SrtpSender::new(key.profile(), key.master_key(), key.master_salt());
        let length = sender.expect("a key").protect_rtp(&mut packet, length).expect("its first packet");
        rig.deliver(SocketKey::Rtp(alice.port), alice.address, &packet[..length]);
    }
    let stats = rig.worker.stats(alice.leg).expect("a leg");
    assert!(stats.packets_rejected >= 480, "{stats:?}");
    rig.sent.clear();
    alice.ssrc = ssrc;
    let before = bob.packets.len();
    rig.talk(&mut [&mut alice, &mut bob], 10);
    assert_eq!(bob.packets.len(), before + 10);
}

#[test]
fn a_telephone_that_encrypts_is_not_believed_in_the_clear() {
    let (mut rig, mut alice, bob) = pair(Some(SrtpProfile::Aes128CmSha1_80), None);
    rig.sent.clear();
    for _ in 0..20 {
        let plain = alice.frame().expect("a tone");
        rig.deliver(SocketKey::Rtp(alice.port), alice.address, &plain);
    }
    assert!(rig.sent.iter().all(|sent| sent.destination != bob.address));
}

/// A re-INVITE with the same keys (hold) goes on counting; one with new keys begins anew, on both sides.
#[test]
fn keys_stay_or_change_with_a_new_description() {
    let (mut rig, mut alice, mut bob) = pair(Some(SrtpProfile::Aes128CmSha1_80), None);
    rig.talk(&mut [&mut alice, &mut bob], 60);
    let describe = |rig: &mut Rig, phone: &Phone| {
        let rtcp = std::net::SocketAddr::new(phone.address.ip(), phone.address.port() + 1);
        let remote = ringdown_media::api::RtpRemote {
            rtp: phone.address,
            rtcp,
            nat_source: None,
            security: phone.security,
        };
        let transport = Transport::Rtp { local_port: phone.port, remote: Some(remote) };
        rig.command(MediaCommand::SetTransport { leg: phone.leg, transport });
    };
    let transport = Transport::Rtp { local_port: alice.port, remote: None };
    rig.command(MediaCommand::SetTransport { leg: alice.leg, transport });
    rig.advance(Duration::from_millis(200));
    describe(&mut rig, &alice);
    rig.talk(&mut [&mut alice, &mut bob], 20);
    let (heard, said) = (alice.packets.len(), bob.packets.len());
    assert!(heard >= 80 && said >= 80, "{heard} {said}");

    alice.encrypt(SrtpProfile::AeadAes256Gcm, 77);
    describe(&mut rig, &alice);
    rig.talk(&mut [&mut alice, &mut bob], 20);
    assert_eq!((alice.packets.len(), bob.packets.len()), (heard + 20, said + 20));
    assert!(matches!(alice.security, RtpSecurity::Sdes { .. }));
}
