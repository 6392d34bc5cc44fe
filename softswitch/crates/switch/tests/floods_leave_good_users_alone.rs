//! Floods of every method, from one address and from many: memory stays bounded, live calls go on, good users are
//! served, also the ones behind the flooder's NAT.

mod support;

use std::{net::SocketAddr, time::Duration};

use support::{raw, *};

const METHODS: [&str; 4] = ["REGISTER", "INVITE", "OPTIONS", "SUBSCRIBE"];

/// The flood's sources: alice's NAT, or everywhere.
fn flood(office: &mut Office, count: u64, source: impl Fn(u64) -> SocketAddr) -> usize {
    let mut answers = 0;
    for number in 0..count {
        let method = METHODS[(number % 4) as usize];
        answers += office.ask(source(number), raw::request(method, "102", number, "")).len();
    }
    answers
}

fn talking(office: &mut Office) -> (usize, usize) {
    let (alice, bob) = (office.phone("alice-phone"), office.phone("bob-phone"));
    office.at(alice, |phone| phone.dial("102"));
    office.at(bob, |phone| phone.answer());
    office.assert_talking(office.leg_of(ALICE), office.leg_of(BOB));
    (alice, bob)
}

#[test]
fn a_flood_from_one_address() {
    let mut office = Office::new();
    let (alice, bob) = talking(&mut office);
    let transactions = office.switch.transactions();
    // Everything behind alice's address but alice.
    let nat = office.phones[alice].address;
    let answers =
        flood(&mut office, 50_000, |number| SocketAddr::new(nat.ip(), 20_000 + (number % 7) as u16));
    assert_eq!(answers, 5_000, "ten seconds' worth is answered, the rest is not read");
    assert_eq!(office.switch.unheard(), 45_000);
    assert!(office.switch.transactions() <= transactions, "nothing is kept of it");
    // Alice registers again, and hangs up, from that address; carol, elsewhere, makes a call.
    office.at(alice, |phone| phone.register(3600));
    assert_eq!(office.phones[alice].last_response().status, 200);
    let carol = office.phone("carol-phone");
    office.at(carol, |phone| phone.dial("*43"));
    assert_eq!(office.phones[carol].last_response().status, 200);
    office.at(carol, |phone| phone.hang_up());
    office.assert_talking(office.leg_of(ALICE), office.leg_of(BOB));
    office.at(bob, |phone| phone.hang_up());
    office.assert_quiet();
}

#[test]
fn a_flood_from_everywhere() {
    let mut office = Office::new();
    let (alice, _) = talking(&mut office);
    let transactions = office.switch.transactions();
    let answers = flood(&mut office, 20_000, |number| {
        let [_, a, b, c] = (number as u32).to_be_bytes();
        SocketAddr::from(([100, a, b, c], 5060))
    });
    assert_eq!(answers, 20_000, "each stranger gets its challenge");
    assert!(office.switch.transactions() <= transactions, "nothing is kept of it");
    assert_eq!(office.switch.snapshot().calls.len(), 1);
    office.at(alice, |phone| phone.register(3600));
    assert_eq!(office.phones[alice].last_response().status, 200);
    office.at(alice, |phone| phone.hang_up());
    office.assert_quiet();
}

#[test]
fn a_telephone_gone_mad_is_told_to_wait_and_its_call_lives() {
    let mut office = Office::with(|config| config.limits.requests_per_user = 5);
    let (alice, bob) = talking(&mut office);
    let mut statuses = Vec::new();
    for _ in 0..100 {
        office.at(alice, |phone| phone.register(3600));
        statuses.push(office.phones[alice].last_response().status);
    }
    assert!(statuses.iter().filter(|status| **status == 200).count() < 50, "{statuses:?}");
    assert_eq!(statuses.last(), Some(&503));
    office.at(bob, |phone| phone.register(3600));
    assert_eq!(office.phones[bob].last_response().status, 200, "others are served");
    office.advance(Duration::from_secs(5));
    office.at(alice, |phone| phone.register(3600));
    assert_eq!(office.phones[alice].last_response().status, 200);
    office.assert_talking(office.leg_of(ALICE), office.leg_of(BOB));
    office.at(alice, |phone| phone.hang_up());
    office.assert_quiet();
}

#[test]
fn guessing_a_password_does_not_lock_its_owner_out() {
    let mut office = Office::new();
    let (alice, bob) = (office.phone("alice-phone"), office.phone("bob-phone"));
    let nat = office.phones[alice].address;
    for number in 0..2_000_u64 {
        let mallory = SocketAddr::new(nat.ip(), 20_000 + (number % 3) as u16);
        let asked = office.ask(mallory, raw::request("REGISTER", "alice-phone", number * 2, ""));
        let Some((challenge, _)) = asked.first() else { break };
        let proof = raw::answer(challenge, "REGISTER", "alice-phone", &number.to_string());
        office.ask(mallory, raw::request("REGISTER", "alice-phone", number * 2 + 1, &proof));
    }
    office.at(alice, |phone| phone.dial("102"));
    assert_eq!(office.phones[alice].last_response().status, 180);
    office.at(bob, |phone| phone.refuse(486));
    office.assert_quiet();
}
