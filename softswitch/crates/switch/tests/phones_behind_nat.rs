//! Phones that do not know their own address, and phones that come and go.

mod support;

use std::{net::SocketAddr, time::Duration};

use ringdown_control::Event;
use ringdown_media::api::Transport;
use ringdown_sip::message::{HeaderName, Message, Method};
use ringdown_types::{CodecId, UserId};
use support::{browser::ALL, *};

fn bindings(office: &Office, user: UserId) -> Vec<u32> {
    let mut counts = Vec::new();
    for event in &office.events {
        if let Event::Registration { registration } = event
            && registration.user == user
        {
            counts.push(registration.bindings);
        }
    }
    counts
}

#[test]
fn media_is_accepted_from_where_the_signalling_comes_from() {
    let mut office = Office::new();
    let (alice, bob) = (office.tab(ALICE), office.phone("bob-phone"));
    office.phones[bob].rtp = SocketAddr::from(([10, 0, 0, 7], 30_000));
    let a = office.browser_calls(alice, ALICE, "102", &ALL);
    office.at(bob, |phone| phone.answer());
    let b = office.leg_of(BOB);
    let Transport::Rtp { remote: Some(remote), .. } = office.media[&b].transport else {
        panic!("an address")
    };
    assert_eq!(remote.rtp, office.phones[bob].rtp);
    assert_eq!(remote.nat_source, Some(office.phones[bob].address.ip()));
    office.hang_up(a);
    office.assert_quiet();
}

#[test]
fn registrations_are_told_when_they_change_and_only_then() {
    let mut office = Office::new();
    let bob = office.phone("bob-phone");
    let soft = office.phone("bob-softphone");
    assert_eq!(bindings(&office, BOB), [1, 2]);
    office.at(bob, |phone| phone.register(3600));
    assert_eq!(bindings(&office, BOB), [1, 2], "a refresh changes nothing");
    office.at(bob, |phone| phone.register(0));
    assert_eq!(bindings(&office, BOB), [1, 2, 1]);
    office.at(soft, |phone| phone.register(60));
    office.advance(Duration::from_secs(61));
    assert_eq!(bindings(&office, BOB), [1, 2, 1, 0]);
    assert!(office.switch.snapshot().registrations.is_empty());
}

/// How many algorithms a telephone was offered last.
fn offered(office: &Office, phone: usize) -> usize {
    let challenge = office.phones[phone].challenge().expect("a challenge");
    challenge.headers.all(&HeaderName::WwwAuthenticate).count()
}

#[test]
fn a_phone_that_knows_only_md5_and_stumbles_over_two_challenges_gets_one() {
    let mut office = Office::new();
    let old = office.unregistered_phone("bob-phone", "secret");
    office.phones[old].authenticates = false;
    office.at(old, |phone| phone.register(60));
    assert_eq!(offered(&office, old), 2);
    office.phones[old].authenticates = true;
    office.at(old, |phone| phone.register(60));
    assert_eq!(offered(&office, old), 1);
    assert_eq!(office.phones[old].last_response().status, 200);
    // From then on it is asked for what it knows, and its calls are not held up.
    office.phones[old].authenticates = false;
    for _ in 0..3 {
        office.at(old, |phone| phone.register(60));
        assert_eq!(offered(&office, old), 1);
    }
}

#[test]
fn a_phone_that_only_seemed_to_stumble_is_offered_both_again() {
    let mut office = Office::new();
    let hasty = office.unregistered_phone("bob-phone", "secret");
    office.phones[hasty].authenticates = false;
    for expected in [2, 1, 2, 1] {
        office.at(hasty, |phone| phone.register(60));
        assert_eq!(offered(&office, hasty), expected);
    }
    office.phones[hasty].authenticates = true;
    office.at(hasty, |phone| phone.register(60));
    assert_eq!(offered(&office, hasty), 2, "it answers with SHA-256");
    assert_eq!(office.phones[hasty].last_response().status, 200);
    office.at(hasty, |phone| phone.register(60));
    assert_eq!(offered(&office, hasty), 2);
}

#[test]
fn early_media_is_heard_and_its_answer_repeated() {
    let mut office = Office::new();
    let (alice, bob) = (office.phone("alice-phone"), office.phone("bob-phone"));
    office.at(alice, |phone| phone.dial("102"));
    office.at(bob, |phone| phone.early_media());
    assert_eq!(office.phones[alice].statuses(), [401, 180, 183]);
    let early = office.phones[alice].last_response().sdp().expect("a description");
    let (a, b) = (office.leg_of(ALICE), office.leg_of(BOB));
    assert_eq!((office.hears(a), office.hears(b)), (Hears::Leg(b), Hears::Leg(a)));
    office.at(bob, |phone| phone.answer());
    assert_eq!(office.phones[alice].last_response().sdp(), Some(early), "RFC 3261 §13.2.1");
    office.assert_talking(a, b);
    office.at(alice, |phone| phone.hang_up());
    office.assert_quiet();
}

#[test]
fn an_invite_without_an_offer_gets_ours() {
    let mut office = Office::new();
    let (alice, bob) = (office.phone("alice-phone"), office.tab(BOB));
    office.phones[alice].offers_late = true;
    office.at(alice, |phone| phone.dial("102"));
    let b = office.browser_answers(bob);
    let offer = office.phones[alice].last_response().sdp().expect("our offer");
    assert!(String::from_utf8_lossy(&offer).contains("opus"));
    let a = office.leg_of(ALICE);
    office.assert_talking(a, b);
    assert_eq!(office.codec(a), CodecId::Pcma, "as the ACK says");
    office.at(alice, |phone| phone.hang_up());
    office.assert_quiet();
}

#[test]
fn a_closed_connection_takes_its_registration() {
    let mut office = Office::new();
    let bob = office.unregistered_phone("bob-phone", "secret");
    office.phones[bob].over_tcp = true;
    office.at(bob, |phone| phone.register(3600));
    assert_eq!(bindings(&office, BOB), [1]);
    let flow = tcp_flow(office.phones[bob].address);
    office.switch.handle_transport_closed(office.now, ringdown_sip::endpoint::Destination::Flow(flow));
    office.run();
    assert_eq!(bindings(&office, BOB), [1, 0]);
}

#[test]
fn private_headers_do_not_cross() {
    let mut office = Office::new();
    let (alice, bob) = (office.phone("alice-phone"), office.phone("bob-phone"));
    office.phones[alice].extra = vec![("P-Asserted-Identity", "<sip:boss@example.test>")];
    office.at(alice, |phone| phone.dial("102"));
    let invite = office.phones[bob].last_request(&Method::Invite).expect("bob is called");
    let text = String::from_utf8(Message::Request(invite.clone()).encode().to_vec()).expect("text");
    assert!(!text.contains("boss"));
    let asserted = text.lines().filter(|line| line.starts_with("P-Asserted-Identity"));
    assert_eq!(asserted.collect::<Vec<_>>(), [r#"P-Asserted-Identity: "Alice" <sip:101@example.test>"#]);
    office.at(alice, |phone| phone.cancel());
    office.assert_quiet();
}
