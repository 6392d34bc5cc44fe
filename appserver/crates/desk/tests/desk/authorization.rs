//! The account is looked at anew for every message.

use ringdown_protocol::{Empty, Method};

use crate::world::{ALICE, BOB, LINK, World, person};

#[test]
fn a_new_epoch_a_disabled_or_a_removed_account_ends_its_sessions() {
    for change in ["epoch", "disabled", "removed"] {
        let mut world = World::new();
        world.connect_node(LINK, 1);
        let (alice, bob) = (world.hello(ALICE), world.hello(BOB));
        let mut changed = person(BOB, "bob", "102");
        match change {
            "epoch" => changed.epoch = 2,
            _ => changed.enabled = false,
        }
        let mut people = vec![person(ALICE, "alice", "101")];
        if change != "removed" {
            people.push(changed);
        }
        world.set_people(people, 2);
        assert_eq!(world.closed.len(), 1, "{change}");
        assert_eq!((world.closed[0].0, world.closed[0].1.code), (bob.conn, 4004));
        assert_eq!(world.announcements(bob.session), ["up", "down"]);
        assert!(world.resume(&bob, 0).1.is_err());
        world.request(alice.conn, 2, Method::Ping(Empty {}));
        world.result(alice.conn, 2).expect("alice goes on");
    }
}

#[test]
fn a_request_of_a_connection_without_a_session_is_not_answered() {
    let mut world = World::new();
    let conn = world.next_conn();
    world.request(conn, 1, Method::Ping(Empty {}));
    assert!(world.frames.is_empty());
}

#[test]
fn a_signed_out_family_takes_its_sessions_with_it() {
    let mut world = World::new();
    let (alice, bob) = (world.hello(ALICE), world.hello(BOB));
    let family = format!("family of {BOB}");
    world.desk.handle_sign_out(world.now, &family);
    world.pass(std::time::Duration::ZERO);
    world.request(alice.conn, 2, Method::Ping(Empty {}));
    world.result(alice.conn, 2).expect("alice goes on");
    assert!(world.resume(&bob, 0).1.is_err());
}
