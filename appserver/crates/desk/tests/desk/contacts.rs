//! A caller from outside has the name the address book knows.

use ringdown_control::{LegInfo, Party};
use ringdown_protocol::{Contact, ContactNumber};
use ringdown_types::Pii;

use crate::world::{ALICE, BOB, LINK, World, leg, person};

fn dora() -> Contact {
    Contact {
        id: "1".to_owned(),
        name: Pii("Dora Diaz".to_owned()),
        organisation: Pii(String::new()),
        numbers: vec![ContactNumber { label: String::new(), number: Pii("+49301234567".to_owned()) }],
    }
}

fn from(number: &str, name: &str) -> Party {
    Party { user: None, number: Pii(number.to_owned()), name: Pii(name.to_owned()) }
}

#[test]
fn the_address_book_names_who_brings_no_name() {
    for (peer, shown) in [
        (from("0301234567", ""), "Dora Diaz"),
        (from("0301234567", "0301234567"), "Dora Diaz"),
        (from("0301234567", "DIAZ, D"), "DIAZ, D"),
        (from("4711", ""), ""),
        (Party { user: Some(BOB), ..from("0301234567", "") }, ""),
    ] {
        let mut world = World::new();
        world.set_people(vec![person(ALICE, "alice", "101"), person(BOB, "bob", "102")], 2);
        world.connect_node(LINK, 1);
        world.desk.handle_contacts(vec![dora()]);
        let alice = world.hello(ALICE);
        world.ring(LegInfo { peer, ..leg(1, ALICE, &alice) });
        let offers = world.pushes(alice.conn, "call.incoming");
        assert_eq!(offers[0].1["call"]["peer"]["name"], shown);
    }
}
