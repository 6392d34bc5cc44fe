//! close_notify: authenticated it ends the leg, from either side.

use std::time::Duration;

use ringdown_rtc::{Event, Rejected, RemoteChangeError};

use crate::world::World;

#[test]
fn the_peer_closes() {
    let mut world = World::connected(1);
    let alert = world.browser.close(world.now);
    world.send_from_browser(alert);
    world.run(Duration::from_secs(1));
    assert_eq!(world.events, [Event::Closed]);
    assert_eq!(world.send_media(), None);
    assert_eq!(world.transport.next_timeout(), None);
    let remote = world.remote_params();
    assert_eq!(world.transport.set_remote(world.now, remote), Err(RemoteChangeError::Ended));
}

#[test]
fn we_close() {
    let mut world = World::connected(2);
    world.transport.close(world.now);
    world.drain();
    world.run(Duration::from_secs(1));
    assert!(world.browser.closed_by_peer);
    assert!(world.events.is_empty(), "our own doing is no event");
    let check = world.browser.check().unwrap();
    assert_eq!(world.deliver(world.browser.address, check), Err(Rejected::Unexpected));
}
