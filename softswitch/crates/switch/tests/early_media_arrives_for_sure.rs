//! Early media towards telephones that know reliable provisional responses (RFC 3262).

mod support;

use std::time::Duration;

use ringdown_sip::message::HeaderName;
use ringdown_types::EndReason;
use support::*;

/// Alice's phone knows 100rel and calls bob, whose phone sends early media.
fn early(office: &mut Office, offers_late: bool) -> (usize, usize) {
    let (alice, bob) = (office.phone("alice-phone"), office.phone("bob-phone"));
    office.phones[alice].extra = vec![("Supported", "100rel")];
    office.phones[alice].offers_late = offers_late;
    office.at(alice, |phone| phone.dial("102"));
    office.at(bob, |phone| phone.early_media());
    let response = office.phones[alice].last_response();
    assert_eq!(response.status, 183);
    assert!(response.headers.lists(&HeaderName::Require, "100rel"));
    assert!(!response.body.is_empty());
    (alice, bob)
}

#[test]
fn the_answer_waits_for_the_prack_and_says_nothing_more() {
    for offers_late in [false, true] {
        let mut office = Office::new();
        let (alice, bob) = early(&mut office, offers_late);
        office.at(bob, |phone| phone.answer());
        assert_eq!(office.phones[alice].last_response().status, 183, "bob's answer waits");
        office.at(alice, |phone| phone.prack());
        let answer = office.phones[alice].last_response();
        assert_eq!((answer.status, answer.body.len()), (200, 0), "offers late: {offers_late}");
        office.assert_talking(office.leg_of(ALICE), office.leg_of(BOB));
        office.at(bob, |phone| phone.hang_up());
        office.assert_quiet();
    }
}

#[test]
fn a_telephone_that_dies_in_a_call_is_noticed() {
    let mut office = Office::new();
    let (alice, bob) = (office.phone("alice-phone"), office.phone("bob-phone"));
    office.phones[alice].extra = vec![("Supported", "timer"), ("Session-Expires", "600;refresher=uac")];
    office.at(alice, |phone| phone.dial("102"));
    office.at(bob, |phone| phone.answer());
    office.advance(Duration::from_secs(560));
    office.assert_talking(office.leg_of(ALICE), office.leg_of(BOB));
    office.advance(Duration::from_secs(20));
    assert!(office.phones[bob].call.is_none(), "bob is not left alone with it");
    assert_eq!(office.records()[0].reason, EndReason::Failed);
    office.assert_quiet();
}
