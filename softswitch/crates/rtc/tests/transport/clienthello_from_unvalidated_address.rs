//! The ClientHello race (CVE-2023-49786 and its kin): whoever is first with a ClientHello must not win.

use std::{net::SocketAddr, time::Duration};

use ringdown_rtc::{DtlsRole, Event, Rejected};

use crate::{
    browser::Browser,
    world::{CM80, World},
};

const ATTACKER: &str = "203.0.113.66:666";

#[test]
fn a_flood_before_and_after_ice_reaches_nobody() {
    let attacker: SocketAddr = ATTACKER.parse().unwrap();
    for role in [DtlsRole::Client, DtlsRole::Server] {
        let mut world = World::new(role, &[CM80], 1);
        let hello = Browser::new(ATTACKER, DtlsRole::Client, &[CM80], 2).client_hello(world.now);
        world.introduce();
        for _ in 0..1000 {
            let (result, answers) = world.probe(attacker, hello.clone());
            assert_eq!(result, Err(Rejected::Source));
            assert!(answers.is_empty(), "no alert to the attacker");
            world.run(Duration::from_millis(1));
        }
        assert!(world.transport.is_connected());
        for _ in 0..1000 {
            let (result, answers) = world.probe(attacker, hello.clone());
            assert_eq!((result, answers.len()), (Err(Rejected::Source), 0));
        }
        assert!(world.media_flows());
        assert_eq!(world.transport.rejected().source, 2000);
    }
}

/// A ClientHello that spoofs the validated address itself spoils at most one attempt: the browser's
/// repetition wins.
#[test]
fn a_bad_client_hello_from_the_validated_address_is_survived() {
    let mut world = World::new(DtlsRole::Client, &[CM80], 3);
    world.introduce();
    let check = world.browser.check().unwrap();
    let browser = world.browser.address;
    assert!(world.deliver(browser, check).is_ok());
    let mut attacker = Browser::new(ATTACKER, DtlsRole::Client, &[], 4);
    let mut hello = attacker.client_hello(world.now);
    // Every cipher suite becomes one nobody has.
    let suites = 13 + 12 + 2 + 32 + 1 + 1;
    let length = usize::from(u16::from_be_bytes([hello[suites], hello[suites + 1]]));
    hello[suites + 2..][..length].fill(0xee);
    let (result, answers) = world.probe(browser, hello);
    assert!(result.is_ok());
    assert!(!answers.is_empty(), "the engine alerts the peer it believes to talk to");
    world.run(Duration::from_secs(5));
    assert!(world.has(&Event::Connected), "{:?}", world.events);
    assert!(world.media_flows());
}

/// Plaintext alerts prove nothing and end nothing, before and after the handshake.
#[test]
fn plaintext_alerts_are_ignored() {
    let alert = vec![21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 99, 0, 2, 2, 40];
    let mut world = World::new(DtlsRole::Client, &[CM80], 5);
    world.introduce();
    let browser = world.browser.address;
    for _ in 0..50 {
        let _ = world.deliver(browser, alert.clone());
        world.run(Duration::from_millis(10));
    }
    assert!(world.transport.is_connected(), "{:?}", world.events);
    assert_eq!(world.deliver(browser, alert), Err(Rejected::Unexpected));
    assert!(world.media_flows());
}
