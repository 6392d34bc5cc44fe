//! The peer's certificate is not the announced one: no key leaves the handshake, not one media byte flows.

use std::time::Duration;

use ringdown_rtc::{DtlsRole, Event, FailReason, Rejected};

use crate::world::{CM80, GCM, World};

#[test]
fn announced_before_the_handshake() {
    for role in [DtlsRole::Client, DtlsRole::Server] {
        let mut world = World::new(role, &[CM80, GCM], 1);
        let mut remote = world.remote_params();
        remote.fingerprint = [7; 32].into();
        world.transport.set_remote(world.now, remote).unwrap();
        world.tell_browser();
        world.run(Duration::from_secs(2));
        assert!(world.has(&Event::Failed(FailReason::FingerprintMismatch)), "{:?}", world.events);
        refuses_media(&mut world);
    }
}

#[test]
fn announced_after_the_handshake() {
    let mut world = World::new(DtlsRole::Client, &[CM80, GCM], 2);
    world.tell_browser();
    world.run(Duration::from_secs(2));
    let mut remote = world.remote_params();
    remote.fingerprint = [7; 32].into();
    world.transport.set_remote(world.now, remote).unwrap();
    world.drain();
    assert!(world.has(&Event::Failed(FailReason::FingerprintMismatch)));
    refuses_media(&mut world);
}

fn refuses_media(world: &mut World) {
    assert!(!world.has(&Event::Connected));
    assert_eq!(world.send_media(), None);
    world.run(Duration::from_secs(1));
    assert!(world.browser.closed_by_peer, "the peer is told");
    if world.browser.srtp.is_some() {
        let (rtp, _) = world.browser.rtp();
        assert_eq!(world.deliver(world.browser.address, rtp), Err(Rejected::Unexpected));
    }
    assert!(world.received.is_empty());
    assert_eq!(world.transport.next_timeout(), None);
}
