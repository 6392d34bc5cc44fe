//! DTLS-SRTP without ICE (RFC 5763): both roles, with and without rtcp-mux, and who is not let in.

use std::{net::SocketAddr, time::Duration};

use ringdown_media::api::{
    DtlsRole, MediaCommand, MediaEvent, MediaFailure, RtpRemote, RtpSecurity, Transport,
};
use ringdown_plane::SocketKey;
use ringdown_rtc::{DtlsIdentity, DtlsOutput, DtlsTransport, Fingerprint, Received};

use crate::{
    phone::{PCMA, Phone},
    rig::{FRAME, Rig, Sent, address, audio},
};

/// A telephone's DTLS on one of its ports.
struct Port {
    socket: SocketKey,
    address: SocketAddr,
    dtls: DtlsTransport,
}

impl Port {
    fn new(
        rig: &Rig,
        socket: SocketKey,
        address: SocketAddr,
        identity: &DtlsIdentity,
        ours: DtlsRole,
    ) -> Self {
        let role = match ours {
            DtlsRole::Server => ringdown_rtc::DtlsRole::Client,
            DtlsRole::Client => ringdown_rtc::DtlsRole::Server,
        };
        let switch = rig.identity.fingerprint();
        Self { socket, address, dtls: DtlsTransport::new(rig.now(), identity, role, switch) }
    }

    /// Sends what is due, and takes what came. Returns the RTP and RTCP packets among it, decrypted.
    fn turn(&mut self, rig: &mut Rig, sent: &[Sent]) -> Vec<Vec<u8>> {
        let mut media = Vec::new();
        for Sent { bytes, .. } in sent.iter().filter(|sent| sent.destination == self.address) {
            let mut bytes = bytes.clone();
            if let Ok(Received::Rtp { length } | Received::Rtcp { length }) =
                self.dtls.handle_datagram(rig.now(), &mut bytes)
            {
                bytes.truncate(length);
                media.push(bytes);
            }
        }
        self.dtls.handle_timeout(rig.now());
        while let Some(output) = self.dtls.poll_output() {
            if let DtlsOutput::Transmit(bytes) = output {
                rig.deliver(self.socket, self.address, &bytes);
            }
        }
        media
    }
}

fn identity() -> DtlsIdentity {
    DtlsIdentity::generate().expect("randomness")
}

fn remote(phone: &Phone, fingerprint: Fingerprint, role: DtlsRole, is_multiplexed: bool) -> RtpRemote {
    let next = SocketAddr::new(phone.address.ip(), phone.address.port() + 1);
    RtpRemote {
        rtp: phone.address,
        rtcp: if is_multiplexed { phone.address } else { next },
        nat_source: None,
        security: RtpSecurity::Dtls { fingerprint: *fingerprint.as_bytes(), role },
    }
}

fn call(rig: &mut Rig, remote: RtpRemote) -> (Phone, Phone) {
    let (alice, bob) = (Phone::new(1, PCMA, Some(440.0)), Phone::new(2, PCMA, Some(700.0)));
    let transport = Transport::Rtp { local_port: alice.port, remote: Some(remote) };
    rig.command(MediaCommand::AddLeg { leg: alice.leg, transport, audio: audio(&[PCMA]) });
    rig.add_phone(&bob, audio(&[PCMA]));
    rig.connect(alice.leg, bob.leg);
    (alice, bob)
}

/// Lets both sides act until nothing more is said, half a second.
fn shake(rig: &mut Rig, ports: &mut [&mut Port]) {
    for _ in 0..50 {
        let sent = std::mem::take(&mut rig.sent);
        for port in ports.iter_mut() {
            port.turn(rig, &sent);
        }
        rig.advance(Duration::from_millis(10));
    }
}

fn failures(rig: &Rig) -> Vec<MediaFailure> {
    let failure = |event: &MediaEvent| match event {
        MediaEvent::LegFailed { failure, .. } => Some(*failure),
        _ => None,
    };
    rig.events.iter().filter_map(failure).collect()
}

#[test]
fn both_roles_with_one_port_or_two() {
    for role in [DtlsRole::Server, DtlsRole::Client] {
        for is_multiplexed in [true, false] {
            let (mut rig, certificate) = (Rig::new(), identity());
            let probe = Phone::new(1, PCMA, None);
            let remote = remote(&probe, certificate.fingerprint(), role, is_multiplexed);
            let (mut alice, mut bob) = call(&mut rig, remote);
            let (rtp, rtcp) = (SocketKey::Rtp(alice.port), SocketKey::Rtcp(alice.port));
            let mut media = Port::new(&rig, rtp, remote.rtp, &certificate, role);
            let mut reports = Port::new(&rig, rtcp, remote.rtcp, &certificate, role);
            if is_multiplexed {
                shake(&mut rig, &mut [&mut media]);
            } else {
                shake(&mut rig, &mut [&mut media, &mut reports]);
                assert!(reports.dtls.is_connected(), "{role:?}: RTCP has an association of its own");
            }
            assert!(media.dtls.is_connected(), "{role:?} {is_multiplexed}");
            assert!(rig.events.contains(&MediaEvent::LegConnected { leg: alice.leg }));

            let (mut heard, mut told) = (0, 0);
            for _ in 0..400 {
                let mut packet = alice.frame().expect("a tone");
                let length = packet.len();
                packet.resize(length + 20, 0);
                let length = media.dtls.protect_rtp(&mut packet, length).expect("keys");
                rig.deliver(rtp, alice.address, &packet[..length]);
                bob.speak(&mut rig);
                rig.advance(FRAME);
                let sent = std::mem::take(&mut rig.sent);
                bob.listen(&sent);
                for packet in media.turn(&mut rig, &sent) {
                    if ringdown_media::rtp::is_rtcp(&packet) { told += 1 } else { heard += 1 }
                }
                if !is_multiplexed {
                    told += reports.turn(&mut rig, &sent).len();
                }
            }
            assert_eq!((heard, bob.packets.len()), (400, 400), "{role:?} {is_multiplexed}");
            assert!(told > 0, "reports came, and could be decrypted");
        }
    }
}

#[test]
fn another_certificate_gets_no_media_and_ends_the_leg() {
    let (mut rig, announced, held) = (Rig::new(), identity(), identity());
    let probe = Phone::new(1, PCMA, None);
    let (alice, mut bob) = call(&mut rig, remote(&probe, announced.fingerprint(), DtlsRole::Server, true));
    let rtp = SocketKey::Rtp(alice.port);
    let mut impostor = Port::new(&rig, rtp, alice.address, &held, DtlsRole::Server);
    shake(&mut rig, &mut [&mut impostor]);
    assert_eq!(failures(&rig), [MediaFailure::FingerprintMismatch]);
    for _ in 0..20 {
        bob.speak(&mut rig);
        rig.advance(FRAME);
    }
    let to_alice = rig.sent.iter().filter(|sent| sent.destination == alice.address);
    assert_eq!(to_alice.filter(|sent| sent.bytes[0] >= 128).count(), 0, "not one packet of media");
}

/// Strangers' ClientHellos, before, during and after the handshake: not answered, and in nobody's way.
#[test]
fn strangers_do_not_shake_hands() {
    let (mut rig, certificate) = (Rig::new(), identity());
    let probe = Phone::new(1, PCMA, None);
    let (alice, _bob) = call(&mut rig, remote(&probe, certificate.fingerprint(), DtlsRole::Server, true));
    let rtp = SocketKey::Rtp(alice.port);
    let stranger = address("203.0.113.66:5000");
    let hello = hello_of(&rig, stranger);
    let mut media = Port::new(&rig, rtp, alice.address, &certificate, DtlsRole::Server);
    for _ in 0..50 {
        for _ in 0..10 {
            rig.deliver(rtp, stranger, &hello);
        }
        let sent = std::mem::take(&mut rig.sent);
        assert!(sent.iter().all(|sent| sent.destination != stranger), "no answer, no alert");
        media.turn(&mut rig, &sent);
        rig.advance(Duration::from_millis(10));
    }
    assert!(media.dtls.is_connected());
    assert!(failures(&rig).is_empty());
}

/// Behind the telephone's NAT sits somebody who begins handshakes and does not end them, at ports of his own and with
/// nonsense: the telephone's own goes through.
#[test]
fn a_race_behind_one_nat_is_won_by_the_certificate() {
    let (mut rig, certificate) = (Rig::new(), identity());
    let mut probe = Phone::new(1, PCMA, None);
    probe.address = address("192.168.1.5:4000");
    let nat = "198.51.100.7".parse().expect("an address");
    let announced = remote(&probe, certificate.fingerprint(), DtlsRole::Server, true);
    let (alice, _bob) = call(&mut rig, RtpRemote { nat_source: Some(nat), ..announced });
    let rtp = SocketKey::Rtp(alice.port);
    let others: Vec<SocketAddr> = (1..=8).map(|port| SocketAddr::new(nat, 50_000 + port)).collect();
    let hello = hello_of(&rig, others[0]);
    let mut spoilt = hello.clone();
    let end = spoilt.len() - 1;
    spoilt[end / 2..end].fill(0xff);
    let mut media = Port::new(&rig, rtp, SocketAddr::new(nat, 61_000), &certificate, DtlsRole::Server);
    for step in 0..400 {
        let other = others[step % others.len()];
        rig.deliver(rtp, other, if step % 3 == 0 { &spoilt } else { &hello });
        let sent = std::mem::take(&mut rig.sent);
        media.turn(&mut rig, &sent);
        rig.advance(Duration::from_millis(10));
        if media.dtls.is_connected() {
            break;
        }
    }
    assert!(media.dtls.is_connected(), "within four seconds");
    assert!(rig.events.contains(&MediaEvent::LegConnected { leg: alice.leg }));
    assert!(failures(&rig).is_empty());
}

#[test]
fn a_telephone_that_never_begins_fails_after_thirty_seconds() {
    let (mut rig, certificate) = (Rig::new(), identity());
    let probe = Phone::new(1, PCMA, None);
    call(&mut rig, remote(&probe, certificate.fingerprint(), DtlsRole::Server, true));
    rig.advance(Duration::from_secs(29));
    assert!(failures(&rig).is_empty());
    rig.advance(Duration::from_secs(2));
    assert_eq!(failures(&rig), [MediaFailure::DtlsFailed]);
}

/// The first datagram of somebody who wants to be the client.
fn hello_of(rig: &Rig, source: SocketAddr) -> Vec<u8> {
    let mut port = Port::new(rig, SocketKey::Rtp(0), source, &identity(), DtlsRole::Server);
    loop {
        if let Some(DtlsOutput::Transmit(bytes)) = port.dtls.poll_output() {
            return bytes.to_vec();
        }
    }
}
