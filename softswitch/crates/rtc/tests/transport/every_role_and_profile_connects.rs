//! Offerer and answerer, client and server, both profiles, with and without loss: all end in media both ways.

use std::time::Duration;

use ringdown_rtc::{DtlsRole, Event, Rejected, RemoteChangeError, SrtpProfile};

use crate::world::{BROWSER, CM80, GCM, World};

#[test]
fn both_roles_and_profiles_without_loss() {
    for role in [DtlsRole::Client, DtlsRole::Server] {
        for (profiles, expected) in [
            (&[CM80][..], SrtpProfile::Aes128CmSha1_80),
            (&[GCM][..], SrtpProfile::AeadAes128Gcm),
            (
                &[CM80, GCM][..],
                if role == DtlsRole::Client {
                    SrtpProfile::Aes128CmSha1_80
                } else {
                    SrtpProfile::AeadAes128Gcm
                },
            ),
        ] {
            let mut world = World::new(role, profiles, 1);
            world.introduce();
            world.run(Duration::from_millis(500));
            assert!(world.has(&Event::Connected), "{role:?} {profiles:?}: {:?}", world.events);
            assert_eq!(world.events[0], Event::AddressLearned(BROWSER.parse().unwrap()));
            assert_eq!(world.transport.profile(), Some(expected));
            assert_eq!(world.transport.selected(), Some(world.browser.address));
            assert!(world.media_flows());
        }
    }
}

#[test]
fn one_datagram_in_five_lost() {
    for role in [DtlsRole::Client, DtlsRole::Server] {
        for seed in 0..100 {
            let mut world = World::new(role, &[CM80, GCM], seed);
            world.loss = 200;
            world.introduce();
            world.run(Duration::from_secs(20));
            assert!(world.transport.is_connected(), "{role:?} seed {seed}: {:?}", world.events);
            world.loss = 0;
            assert!(world.media_flows(), "{role:?} seed {seed}");
        }
    }
}

/// The server offers; the browser's checks and ClientHello arrive before its answer does.
#[test]
fn everything_overtakes_the_answer() {
    let mut world = World::new(DtlsRole::Client, &[CM80], 3);
    world.tell_browser();
    world.run(Duration::from_secs(5));
    assert!(world.browser.srtp.is_some(), "the handshake went through");
    assert!(!world.has(&Event::Connected));
    assert_eq!(world.send_media(), None, "nothing is sent before the fingerprint is known");
    let (early, _) = world.browser.rtp();
    assert_eq!(world.deliver(world.browser.address, early), Err(Rejected::Unexpected));
    world.tell_transport();
    assert!(world.has(&Event::Connected));
    assert!(world.media_flows());
}

/// The server offers, a ClientHello comes early, and the answer makes the browser the server after all.
#[test]
fn an_answer_that_contradicts_the_early_client_hello() {
    let mut world = World::new(DtlsRole::Server, &[CM80], 4);
    let mut impostor = crate::browser::Browser::new(BROWSER, DtlsRole::Client, &[CM80], 9);
    world.tell_browser();
    world.run(Duration::from_millis(200));
    let hello = impostor.client_hello(world.now);
    let (result, answers) = world.probe(world.browser.address, hello);
    assert!(result.is_ok() && !answers.is_empty());
    world.tell_transport();
    world.run(Duration::from_secs(1));
    assert!(world.transport.is_connected(), "{:?}", world.events);
    assert!(world.media_flows());
}

#[test]
fn the_same_parameters_again_change_nothing_and_others_are_refused() {
    let mut world = World::connected(5);
    let now = world.now;
    let remote = world.remote_params();
    assert_eq!(world.transport.set_remote(now, remote.clone()), Ok(()));
    let mut other = remote.clone();
    other.role = DtlsRole::Client;
    assert_eq!(world.transport.set_remote(now, other), Err(RemoteChangeError::DtlsChanged));
    let mut other = remote.clone();
    other.fingerprint = [0; 32].into();
    assert_eq!(world.transport.set_remote(now, other), Err(RemoteChangeError::DtlsChanged));
    let mut other = remote;
    other.ice = world.transport.local().clone();
    assert_eq!(world.transport.set_remote(now, other), Err(RemoteChangeError::IceChanged));
    assert!(world.media_flows());
}

/// The DTLS state is dropped after its linger; media and consent do not need it.
#[test]
fn a_simulated_hour_of_media() {
    let mut world = World::connected(6);
    for _ in 0..360 {
        world.run(Duration::from_secs(10));
        assert!(world.media_flows());
    }
    assert!(world.events.is_empty(), "{:?}", world.events);
    assert_eq!(*world.transport.rejected(), Default::default());
}
