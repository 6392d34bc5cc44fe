//! Several valid pairs: the last nomination counts, and the table is bounded.

use std::net::SocketAddr;

use ringdown_rtc::Event;

use crate::{checks::Check, world::World};

#[test]
fn the_last_nomination_counts() {
    let mut world = World::connected(1);
    let (ours, theirs) = (world.transport.local().clone(), world.browser.ice.clone());
    let second: SocketAddr = "[2001:db8::7]:7000".parse().unwrap();
    let check = Check::new(&ours, &theirs, [1; 12]);
    assert!(world.probe(second, check.encode()).0.is_ok());
    assert_eq!(world.transport.selected(), Some(world.browser.address), "valid is not nominated");
    assert!(world.probe(second, check.clone().nominating().encode()).0.is_ok());
    assert_eq!(world.transport.selected(), Some(second));
    let first = world.browser.address;
    assert!(world.probe(first, check.nominating().encode()).0.is_ok());
    assert_eq!(world.transport.selected(), Some(first));
}

#[test]
fn eight_pairs_are_kept_and_the_selected_one_always() {
    let mut world = World::connected(2);
    let (ours, theirs) = (world.transport.local().clone(), world.browser.ice.clone());
    for port in 1..=100 {
        let source = SocketAddr::from(([198, 51, 100, 7], port));
        assert!(world.probe(source, Check::new(&ours, &theirs, [port as u8; 12]).encode()).0.is_ok());
    }
    let learned = world.events.iter().filter(|event| matches!(event, Event::AddressLearned(_))).count();
    let forgotten = world.events.iter().filter(|event| matches!(event, Event::AddressForgotten(_))).count();
    assert_eq!(1 + learned - forgotten, 8);
    assert!(!world.has(&Event::AddressForgotten(world.browser.address)));
    assert!(world.media_flows());
}

#[test]
fn an_ipv4_peer_on_a_dual_stack_socket_sees_its_ipv4_address() {
    let mut world = World::connected(3);
    let (ours, theirs) = (world.transport.local().clone(), world.browser.ice.clone());
    let mapped: SocketAddr = "[::ffff:198.51.100.7]:7000".parse().unwrap();
    let (_, answers) = world.probe(mapped, Check::new(&ours, &theirs, [5; 12]).encode());
    assert_eq!(
        crate::checks::read_answer(&answers[0], ours.password()),
        crate::checks::Answer::Success { transaction: [5; 12], mapped: "198.51.100.7:7000".parse().unwrap() }
    );
}
