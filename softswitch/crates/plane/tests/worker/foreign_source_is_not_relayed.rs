use std::time::Duration;

use ringdown_media::api::{MediaCommand, RtpRemote, RtpSecurity, Transport};
use ringdown_plane::SocketKey;

use crate::{
    phone::{PCMA, Phone},
    rig::{FRAME, Rig, address, audio},
};

fn call() -> (Rig, Phone, Phone) {
    let mut rig = Rig::new();
    let alice = Phone::new(1, PCMA, Some(440.0));
    let bob = Phone::new(2, PCMA, Some(700.0));
    rig.add_phone(&alice, audio(&[PCMA]));
    rig.add_phone(&bob, audio(&[PCMA]));
    rig.connect(alice.leg, bob.leg);
    (rig, alice, bob)
}

#[test]
fn nor_learned_nor_answered() {
    let (mut rig, mut alice, mut bob) = call();
    let stranger = address("203.0.113.66:4001");
    for _ in 0..50 {
        let forged = alice.frame().expect("a tone");
        rig.deliver(SocketKey::Rtp(alice.port), stranger, &forged);
        rig.advance(FRAME);
    }
    assert!(rig.sent.is_empty(), "{:?}", rig.sent.first());
    rig.talk(&mut [&mut alice, &mut bob], 10);
    assert_eq!((alice.packets.len(), bob.packets.len()), (10, 10));
    assert_eq!(rig.worker.stats(alice.leg).map(|stats| stats.packets_rejected), Some(50));
}

/// A telephone that sends from another port than it listens at is heard, until the announced port says something.
#[test]
fn another_port_of_the_announced_host_yields_to_the_announced_one() {
    let (mut rig, mut alice, mut bob) = call();
    let (announced, other) = (alice.address, address("10.0.0.1:4002"));
    let mut say_from = |source, frames| {
        alice.address = source;
        rig.talk(&mut [&mut alice, &mut bob], frames);
        bob.packets.len()
    };
    assert_eq!(say_from(other, 5), 5);
    assert_eq!(say_from(announced, 5), 10);
    assert_eq!(say_from(other, 5), 10, "the announced source is locked");
}

/// Behind a NAT, the first source of the signalling's host is kept while it is alive.
#[test]
fn a_nat_source_is_locked() {
    let (mut rig, mut alice, mut bob) = call();
    let nat = "198.51.100.7".parse().expect("an address");
    let remote = RtpRemote {
        rtp: address("192.168.1.5:4000"),
        rtcp: address("192.168.1.5:4001"),
        nat_source: Some(nat),
        security: RtpSecurity::None,
    };
    let transport = Transport::Rtp { local_port: alice.port, remote: Some(remote) };
    rig.command(MediaCommand::SetTransport { leg: alice.leg, transport });
    alice.address = address("198.51.100.7:61000");
    rig.talk(&mut [&mut alice, &mut bob], 10);
    // The first packet of bob left before alice's mapping was known, to the announced address.
    assert!(alice.packets.len() >= 9 && bob.packets.len() == 10);

    let injector = address("198.51.100.7:61001");
    for _ in 0..20 {
        let forged = alice.frame().expect("a tone");
        rig.deliver(SocketKey::Rtp(alice.port), injector, &forged);
        alice.speak(&mut rig);
        rig.advance(FRAME);
    }
    let sent = std::mem::take(&mut rig.sent);
    assert!(sent.iter().all(|sent| sent.destination != injector));
    bob.listen(&sent);
    assert_eq!(bob.packets.len(), 30);

    // A mapping that died is replaced.
    rig.advance(Duration::from_secs(6));
    alice.address = injector;
    rig.sent.clear();
    rig.talk(&mut [&mut alice, &mut bob], 10);
    assert!(alice.packets.len() >= 18);
}
