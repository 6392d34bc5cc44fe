//! Consent (RFC 7675): nothing authentic from the selected address for 30 s, and media stops.

use std::time::Duration;

use ringdown_rtc::{DtlsRole, Event, FailReason, IceCredentials, ProtectError, Rejected, SRTP_OVERHEAD};

use crate::{
    browser::rtp_packet,
    world::{CM80, World},
};

#[test]
fn silence_ends_media_between_30_and_31_seconds() {
    let mut world = World::connected(1);
    world.browser.silent = true;
    world.run(Duration::from_millis(27_400));
    assert!(world.events.is_empty());
    world.run(Duration::from_millis(3_600));
    assert_eq!(
        world.events,
        [Event::AddressForgotten(world.browser.address), Event::Failed(FailReason::ConsentExpired)]
    );
    assert_eq!(world.transport.selected(), None);
    let packet = rtp_packet(1, 1);
    let mut buffer = [packet.clone(), vec![0; SRTP_OVERHEAD]].concat();
    assert_eq!(world.transport.protect_rtp(&mut buffer, packet.len()), Err(ProtectError::NotConnected));
    let (rtp, _) = world.browser.rtp();
    assert_eq!(world.deliver(world.browser.address, rtp), Err(Rejected::Source));
    let check = world.browser.check().unwrap();
    let (result, answers) = world.probe(world.browser.address, check);
    assert_eq!((result, answers.len()), (Err(Rejected::Unexpected), 0), "only a restart revives the pair");
}

#[test]
fn authentic_media_is_consent_too_and_forged_media_is_not() {
    let mut world = World::connected(2);
    world.browser.silent = true;
    for _ in 0..10 {
        world.run(Duration::from_secs(10));
        let (rtp, _) = world.browser.rtp();
        assert!(world.deliver(world.browser.address, rtp).is_ok());
    }
    assert!(world.transport.is_connected());
    for _ in 0..4 {
        world.run(Duration::from_secs(10));
        let (mut rtp, _) = world.browser.rtp();
        rtp[40] ^= 1;
        let _ = world.deliver(world.browser.address, rtp);
    }
    assert!(world.has(&Event::Failed(FailReason::ConsentExpired)));
}

#[test]
fn a_restart_revives_the_leg_with_the_same_keys() {
    let mut world = World::connected(3);
    world.browser.silent = true;
    world.run(Duration::from_secs(60));
    assert!(!world.transport.is_connected());
    world.events.clear();

    world.browser.silent = false;
    world.browser.address = "198.51.100.99:1234".parse().unwrap();
    world.browser.ice = IceCredentials::generate(&mut world.random);
    let local = IceCredentials::generate(&mut world.random);
    world.transport.restart(world.now, local, Some(world.browser.ice.clone())).unwrap();
    world.tell_browser();
    world.run(Duration::from_secs(1));
    assert!(world.has(&Event::Connected), "{:?}", world.events);
    assert!(world.media_flows());
}

#[test]
fn a_peer_that_never_comes_times_out_once_its_answer_is_there() {
    let mut world = World::new(DtlsRole::Client, &[CM80], 4);
    world.run(Duration::from_secs(600));
    assert!(world.events.is_empty(), "ringing may take long");
    world.browser.silent = true;
    world.introduce();
    world.run(Duration::from_millis(29_999));
    assert!(world.events.is_empty());
    world.run(Duration::from_millis(2));
    assert_eq!(world.events, [Event::Failed(FailReason::ConnectTimeout)]);
    assert_eq!(world.transport.next_timeout(), None);
}
