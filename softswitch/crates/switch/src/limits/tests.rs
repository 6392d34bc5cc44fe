use std::net::SocketAddr;

use ringdown_sip::endpoint::{ConnectionId, Transport};

use super::*;

fn flow(host: u8, port: u16) -> Flow {
    Flow {
        transport: Transport::Udp,
        local: SocketAddr::from(([198, 51, 100, 1], 5060)),
        remote: SocketAddr::from(([203, 0, 113, host], port)),
        connection: ConnectionId(0),
    }
}

#[expect(clippy::disallowed_methods, reason = "simulated time needs an origin")]
fn start() -> Instant {
    Instant::now()
}

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn a_stranger_is_heard_at_its_rate_and_others_are_not_harmed() {
    let (mut limits, now) = (Limits::new(10, 0), start());
    let heard = |limits: &mut Limits, flow, now| (0..1000).filter(|_| limits.hears(now, flow, false)).count();
    assert_eq!(heard(&mut limits, flow(1, 1000), now), 100);
    assert_eq!(heard(&mut limits, flow(1, 2000), now), 0, "another port of the same address");
    assert_eq!(heard(&mut limits, flow(2, 1000), now), 100, "another address");
    assert_eq!(heard(&mut limits, flow(1, 1000), now + secs(1)), 10);
    assert!(limits.hears(now, flow(1, 1000), true), "responses are always heard");
    assert_eq!(limits.dropped(), 1000 - 100 + 1000 + 1000 - 100 + 1000 - 10);
}

#[test]
fn a_good_telephone_behind_the_flooders_nat_is_heard() {
    let (mut limits, now) = (Limits::new(10, 0), start());
    let bob = limits.user("bob");
    limits.proved(now, flow(1, 1000), bob);
    while limits.hears(now, flow(1, 6666), false) {}
    assert!((0..1000).all(|_| limits.hears(now, flow(1, 1000), false)));
    limits.is_in_call(flow(1, 1002));
    assert!(limits.hears(now, flow(1, 1002), false), "a flow of a call");
}

#[test]
fn telephones_that_prove_themselves_cost_their_address_nothing() {
    let (mut limits, now) = (Limits::new(10, 0), start());
    for port in 1000..6000 {
        let telephone = flow(1, port);
        assert!(limits.hears(now, telephone, false) && limits.hears(now, telephone, false), "{port}");
        let user = limits.user(&port.to_string());
        limits.proved(now, telephone, user);
    }
}

#[test]
fn guesses_wait_longer_and_longer_and_are_forgiven() {
    let (mut limits, now) = (Limits::new(10, 0), start());
    let (bob, mallory) = (limits.user("bob"), flow(1, 6666));
    let (mut at, mut waits) = (now, Vec::new());
    for _ in 0..FREE_GUESSES + 9 {
        assert!(limits.may_guess(at, mallory, bob));
        limits.guessed_wrong(at, mallory, bob);
        let from = at;
        while !limits.may_guess(at, mallory, bob) {
            at += Duration::from_millis(500);
        }
        waits.push((at - from).as_secs());
    }
    let (free, slowed) = waits.split_at(FREE_GUESSES as usize - 1);
    assert!(free.iter().all(|wait| *wait == 0), "{free:?}");
    assert_eq!(slowed, [1, 2, 4, 8, 16, 32, 64, 120, 120, 120]);
    at += FORGIVEN + secs(1);
    for _ in 0..4 {
        limits.guessed_wrong(at, mallory, bob);
    }
    assert!(limits.may_guess(at, mallory, bob));
}

#[test]
fn bobs_own_telephone_gets_in_while_his_password_is_guessed() {
    let (mut limits, now) = (Limits::new(10, 0), start());
    let (bob, alice) = (limits.user("bob"), limits.user("alice"));
    let (telephone, roaming) = (flow(1, 1000), flow(1, 1010));
    limits.proved(now, telephone, bob);
    for _ in 0..80 {
        limits.guessed_wrong(now, flow(1, 6666), bob);
    }
    assert!(!limits.may_guess(now, flow(1, 6666), bob));
    assert!(limits.may_guess(now, telephone, bob), "the flow that proved it");
    assert!(limits.may_guess(now, flow(1, 1020), alice), "another user behind the same NAT");
    assert!(!limits.may_guess(now, flow(9, 1), bob), "guessed from everywhere");
    assert!(
        limits.may_guess(now + LONGEST_WAIT, roaming, bob),
        "his address, from another port, a little later"
    );
    assert!(limits.may_guess(now + secs(11), flow(9, 1), bob), "and everybody, now and then");
}

#[test]
fn unknown_users_are_counted_like_known_ones() {
    let (mut limits, now) = (Limits::new(10, 0), start());
    for username in ["bob", "nobody", ""] {
        let user = limits.user(username);
        for _ in 0..FREE_GUESSES {
            assert!(limits.may_guess(now, flow(1, 6666), user), "{username}");
            limits.guessed_wrong(now, flow(1, 6666), user);
        }
        assert!(!limits.may_guess(now, flow(1, 6666), user), "{username}");
    }
}

#[test]
fn a_user_is_served_at_its_rate() {
    let (mut limits, now) = (Limits::new(0, 5), start());
    let (bob, alice) = (limits.user("bob"), limits.user("alice"));
    assert_eq!((0..1000).filter(|_| limits.serves(now, bob)).count(), 50);
    assert!(limits.serves(now, alice));
    assert!(limits.serves(now + secs(1), bob));
    let mut unlimited = Limits::new(0, 0);
    assert!((0..10_000).all(|_| unlimited.serves(now, bob) && unlimited.hears(now, flow(1, 1), false)));
}

#[test]
fn a_flood_from_everywhere_leaves_tables_bounded_and_good_telephones_known() {
    let (mut limits, now) = (Limits::new(10, 0), start());
    let bob = limits.user("bob");
    limits.proved(now, flow(1, 1000), bob);
    for number in 0..200_000_u32 {
        let remote = SocketAddr::from((number.to_be_bytes(), 5060));
        let flow = Flow { remote, ..flow(1, 1) };
        let user = limits.user(&number.to_string());
        limits.hears(now, flow, false);
        limits.may_guess(now, flow, user);
        limits.guessed_wrong(now, flow, user);
    }
    let sizes = [limits.strangers.len(), limits.guesses.len(), limits.guessed.len()];
    assert!(sizes.iter().all(|size| *size <= STRANGERS), "{sizes:?}");
    assert!(limits.may_guess(now, flow(1, 1000), bob) && limits.hears(now, flow(1, 1000), false));
}

#[test]
fn one_customer_of_ipv6_is_one_source() {
    let (mut limits, now) = (Limits::new(10, 0), start());
    let from = |host: u16, net: u16| {
        let address = Ipv6Addr::new(0x2001, 0xdb8, 0, net, 0, 0, 0, host);
        Flow { remote: SocketAddr::from((address, 5060)), ..flow(1, 1) }
    };
    assert_eq!((0..1000).filter(|host| limits.hears(now, from(*host, 1), false)).count(), 100);
    assert!(limits.hears(now, from(1, 2), false));
}
