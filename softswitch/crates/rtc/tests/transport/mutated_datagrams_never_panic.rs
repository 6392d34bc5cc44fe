//! Whatever arrives: no panic, no teardown by anything unauthenticated.

use std::time::Duration;

use proptest::{collection::vec, prelude::*};
use ringdown_rtc::{DtlsRole, Event};
use ringdown_types::Random;

use crate::world::{CM80, GCM, World, epoch};

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn noise_is_dropped(datagrams in vec(vec(any::<u8>(), 0..300), 1..20)) {
        let mut world = World::new(DtlsRole::Client, &[CM80], 1);
        world.tell_transport();
        for datagram in datagrams {
            prop_assert!(world.deliver(world.browser.address, datagram).is_err());
        }
        prop_assert!(world.events.is_empty());
    }
}

/// Genuine datagrams of a whole session, each also with flipped bits, cut, and repeated, from the validated
/// address.
#[test]
fn mutations_of_genuine_datagrams_do_not_end_a_connected_leg() {
    let mut world = World::connected(2);
    let browser = world.browser.address;
    let mut samples = vec![vec![]];
    samples.extend(world.browser.check());
    samples.extend([world.browser.rtp().0, world.browser.rtcp().0]);
    samples.push(vec![22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 1, 0, 12, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    samples.push([&[23, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 9, 0, 40][..], &[3; 40]].concat());
    for round in 0..30_000 {
        let mut datagram = samples[round % samples.len()].clone();
        mutate(&mut datagram, &mut world.random);
        let _ = world.deliver(browser, datagram);
    }
    assert!(world.transport.is_connected());
    assert!(!world.events.iter().any(|event| matches!(event, Event::Failed(_) | Event::Closed)));
    assert!(world.media_flows());
}

/// A handshake in which every datagram arrives with a mutated twin ahead of it: it may fail, it must not
/// panic, and no media may flow unless it succeeded.
#[test]
fn mutated_handshakes_do_not_panic() {
    for role in [DtlsRole::Client, DtlsRole::Server] {
        for seed in 0..60 {
            let mut world = World::new(role, &[CM80, GCM], seed);
            world.introduce();
            let end = epoch() + Duration::from_secs(3600);
            for _ in 0..40 {
                world.run(Duration::from_millis(5));
                let mut twins = world.flying_to_transport();
                for twin in &mut twins {
                    mutate(twin, &mut world.random);
                    let _ = world.deliver(world.browser.address, twin.clone());
                }
                assert!(world.now < end);
            }
            world.run(Duration::from_secs(1));
            if world.transport.is_connected() {
                assert!(world.media_flows());
            } else {
                assert_eq!(world.send_media(), None);
            }
        }
    }
}

fn mutate(datagram: &mut Vec<u8>, random: &mut dyn Random) {
    for _ in 0..=random.u32() % 3 {
        let at = random.u32() as usize % (datagram.len() + 1);
        match random.u32() % 4 {
            0 => datagram.truncate(at),
            1 => datagram.insert(at, random.u32() as u8),
            _ => {
                if let Some(byte) = datagram.get_mut(at) {
                    *byte ^= 1 << (random.u32() % 8);
                }
            }
        }
    }
}
