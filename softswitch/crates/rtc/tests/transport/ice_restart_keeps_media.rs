//! An ICE restart moves the leg to a new address without a gap (RFC 8445 §9).

use std::time::Duration;

use ringdown_rtc::{Event, IceCredentials};

use crate::{checks::Check, world::World};

#[test]
fn the_old_pair_carries_media_until_the_new_one_is_nominated() {
    let mut world = World::connected(1);
    let old_address = world.browser.address;
    let (old_local, old_remote) = (world.transport.local().clone(), world.browser.ice.clone());
    let new_local = IceCredentials::generate(&mut world.random);
    let new_remote = IceCredentials::generate(&mut world.random);

    // We offer the restart; the answer is in flight.
    world.transport.restart(world.now, new_local.clone(), None).unwrap();
    world.run(Duration::from_secs(5));
    assert!(world.media_flows(), "before the answer");
    assert_eq!(world.transport.selected(), Some(old_address));

    // The answer arrives; checks of the old generation still count, a new pair is valid but not nominated.
    world.browser.ice = new_remote.clone();
    world.tell_transport();
    let new_address = "198.51.100.200:6000".parse().unwrap();
    let (result, answers) = world.probe(new_address, Check::new(&new_local, &new_remote, [1; 12]).encode());
    assert!(result.is_ok() && answers.len() == 1);
    let (result, _) =
        world.probe(old_address, Check::new(&old_local, &old_remote, [2; 12]).nominating().encode());
    assert!(result.is_ok());
    assert_eq!(world.transport.selected(), Some(old_address));
    assert!(!world.has(&Event::UfragRetired(old_local.ufrag().to_owned())));

    // The nomination moves the media and retires the old generation.
    let (result, _) =
        world.probe(new_address, Check::new(&new_local, &new_remote, [3; 12]).nominating().encode());
    assert!(result.is_ok());
    assert_eq!(world.transport.selected(), Some(new_address));
    assert!(world.has(&Event::UfragRetired(old_local.ufrag().to_owned())));
    let (late, plain) = world.browser.rtp();
    assert!(world.deliver(old_address, late).is_ok(), "a packet still on the old path");
    assert!(world.received.contains(&plain));
    let (result, _) = world.probe(old_address, Check::new(&old_local, &old_remote, [4; 12]).encode());
    assert!(result.is_err(), "the old credentials are void");

    world.browser.address = new_address;
    world.tell_browser();
    world.run(Duration::from_secs(60));
    assert!(world.media_flows());
    assert!(world.has(&Event::AddressForgotten(old_address)));
    assert!(!world.has(&Event::Connected), "it never ceased to be");
}

#[test]
fn a_restart_the_peer_never_follows_leaves_the_call_alone() {
    let mut world = World::connected(2);
    for _ in 0..5 {
        let local = IceCredentials::generate(&mut world.random);
        world.transport.restart(world.now, local, None).unwrap();
        world.run(Duration::from_secs(20));
        assert!(world.media_flows());
    }
    let retired = world.events.iter().filter(|event| matches!(event, Event::UfragRetired(_))).count();
    assert_eq!(retired, 4, "of five unanswered generations one is current: {:?}", world.events);
}
