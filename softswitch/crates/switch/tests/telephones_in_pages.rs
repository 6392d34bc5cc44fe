//! Telephones in web pages: SIP over WebSocket, WebRTC for media (RFC 7118).

mod support;

use ringdown_media::api::Transport;
use ringdown_sip::{endpoint::Destination, message::Method};
use support::{ALICE, BOB, Hears, Office, page_flow};

/// A registered page of an account; its index.
fn page(office: &mut Office, username: &str, connection: u64) -> usize {
    let index = office.unregistered_phone(username, "secret");
    office.phones[index].page = Some(connection);
    office.at(index, |phone| phone.register(3600));
    assert_eq!(office.phones[index].last_response().status, 200);
    office.phones[index].log.clear();
    index
}

#[test]
fn a_page_calls_a_desk_phone_and_each_gets_its_kind_of_media() {
    let mut office = Office::new();
    let (alice, bob) = (page(&mut office, "alice-phone", 7), office.phone("bob-phone"));
    office.at(alice, |phone| phone.dial("102"));
    let offer = office.phones[bob].last_request(&Method::Invite).and_then(|invite| invite.sdp());
    let offer = String::from_utf8(offer.expect("an offer").to_vec()).expect("text");
    assert!(offer.contains(" RTP/AVP ") && !offer.contains("fingerprint"), "{offer}");
    office.at(bob, |phone| phone.answer());
    let answer = office.phones[alice].last_response().sdp().expect("an answer");
    let answer = String::from_utf8(answer.to_vec()).expect("text");
    for part in
        [" UDP/TLS/RTP/SAVPF ", "a=ice-lite", "a=candidate:", "a=end-of-candidates", "a=setup:passive"]
    {
        assert!(answer.contains(part), "no {part} in {answer}");
    }
    let (a, b) = (office.leg_of(ALICE), office.leg_of(BOB));
    office.assert_talking(a, b);
    assert!(matches!(office.media[&a].transport, Transport::WebRtc { remote: Some(_), .. }));
    assert!(matches!(office.media[&b].transport, Transport::Rtp { remote: Some(_), .. }));
    office.at(alice, |phone| phone.hang_up());
    office.assert_quiet();
}

#[test]
fn a_page_that_is_called_is_offered_web_rtc_and_can_hold() {
    let mut office = Office::new();
    let (alice, bob) = (office.phone("alice-phone"), page(&mut office, "bob-phone", 7));
    office.at(alice, |phone| phone.dial("102"));
    let offer = office.phones[bob].last_request(&Method::Invite).and_then(|invite| invite.sdp());
    let offer = String::from_utf8(offer.expect("an offer").to_vec()).expect("text");
    assert!(offer.contains(" UDP/TLS/RTP/SAVPF ") && offer.contains("a=setup:actpass"), "{offer}");
    office.at(bob, |phone| phone.answer());
    let (a, b) = (office.leg_of(ALICE), office.leg_of(BOB));
    office.assert_talking(a, b);
    office.at(bob, |phone| phone.reinvite("sendonly"));
    assert_eq!(office.phones[bob].last_response().status, 200);
    assert!(matches!(office.hears(a), Hears::Play(..)), "a held party hears music");
    office.at(bob, |phone| phone.reinvite("sendrecv"));
    office.assert_talking(a, b);
    office.at(alice, |phone| phone.hang_up());
    office.assert_quiet();
}

#[test]
fn a_page_without_an_offer_is_offered_web_rtc() {
    let mut office = Office::new();
    let (alice, bob) = (page(&mut office, "alice-phone", 7), office.phone("bob-phone"));
    office.phones[alice].offers_late = true;
    office.at(alice, |phone| phone.dial("102"));
    office.at(bob, |phone| phone.answer());
    let (a, b) = (office.leg_of(ALICE), office.leg_of(BOB));
    office.assert_talking(a, b);
    assert!(matches!(office.media[&a].transport, Transport::WebRtc { remote: Some(_), .. }));
    office.at(bob, |phone| phone.hang_up());
    office.assert_quiet();
}

#[test]
fn a_call_outlives_its_web_socket_and_goes_on_over_the_next() {
    let mut office = Office::new();
    let (alice, bob) = (office.phone("alice-phone"), page(&mut office, "bob-phone", 7));
    office.at(alice, |phone| phone.dial("102"));
    office.at(bob, |phone| phone.answer());
    let (a, b) = (office.leg_of(ALICE), office.leg_of(BOB));
    office.assert_talking(a, b);
    let broken = page_flow(office.phones[bob].address, 7);
    office.switch.handle_transport_closed(office.now, Destination::Flow(broken));
    office.run();
    office.assert_talking(a, b);
    office.phones[bob].page = Some(8);
    office.at(bob, |phone| phone.register(3600));
    office.assert_talking(a, b);
    // The switch's BYE finds the new connection.
    office.at(alice, |phone| phone.hang_up());
    assert!(office.phones[bob].last_request(&Method::Bye).is_some());
    let last = office.last_destination(bob).expect("something was sent");
    assert_eq!(last, Destination::Flow(page_flow(office.phones[bob].address, 8)));
    office.assert_quiet();
}

#[test]
fn a_call_of_a_page_that_is_named_by_its_gruu_follows_it_too() {
    let mut office = Office::new();
    let alice = office.phone("alice-phone");
    let bob = office.unregistered_phone("bob-phone", "secret");
    office.phones[bob].page = Some(7);
    office.phones[bob].instance = Some("urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6");
    office.at(bob, |phone| phone.register(3600));
    office.at(alice, |phone| phone.dial("102"));
    office.at(bob, |phone| phone.answer());
    let (a, b) = (office.leg_of(ALICE), office.leg_of(BOB));
    let broken = page_flow(office.phones[bob].address, 7);
    office.switch.handle_transport_closed(office.now, Destination::Flow(broken));
    office.phones[bob].page = Some(8);
    office.at(bob, |phone| phone.register(3600));
    office.assert_talking(a, b);
    office.at(alice, |phone| phone.hang_up());
    let last = office.last_destination(bob).expect("something was sent");
    assert_eq!(last, Destination::Flow(page_flow(office.phones[bob].address, 8)));
    office.assert_quiet();
}
