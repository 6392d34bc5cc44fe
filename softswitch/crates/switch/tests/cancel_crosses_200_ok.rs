//! The caller gives up in the moment the called phone answers.

mod support;

use ringdown_sip::message::Method;
use ringdown_types::EndReason;
use support::{browser::ALL, *};

#[test]
fn a_browsers_hang_up_crosses_the_200() {
    let mut office = Office::new();
    let (alice, bob) = (office.tab(ALICE), office.phone("bob-phone"));
    let a = office.browser_calls(alice, ALICE, "102", &ALL);
    office.phones[bob].answer();
    // The hang-up reaches the switch first; the CANCEL reaches a phone that has answered.
    office.hang_up(a);
    assert_eq!(office.ended[&a].0, EndReason::Cancelled);
    assert_eq!(office.phones[bob].methods(), ["INVITE", "CANCEL", "BYE"]);
    assert!(
        office.phones[bob].last_request(&Method::Ack).is_some(),
        "RFC 3261 §9.1: acknowledged, then ended"
    );
    assert_eq!(office.records()[0].answered_at, None);
    office.assert_quiet();
}

#[test]
fn a_cancel_after_the_200_changes_nothing() {
    let mut office = Office::new();
    let (alice, bob) = (office.phone("alice-phone"), office.phone("bob-phone"));
    office.at(alice, |phone| phone.dial("102"));
    office.phones[bob].answer();
    let answered = std::mem::take(&mut office.phones[bob].outbox);
    for bytes in answered {
        let flow = flow(office.phones[bob].address);
        office.switch.handle_datagram(office.now, flow, &bytes);
    }
    office.phones[alice].cancel();
    office.run();
    // RFC 3261 §9.2: a CANCEL has no effect on a request that has its final response.
    office.assert_talking(office.leg_of(ALICE), office.leg_of(BOB));
    assert!(office.phones[alice].statuses().contains(&200));
    office.at(alice, |phone| phone.hang_up());
    office.assert_quiet();
}

#[test]
fn a_cancel_in_time_stops_the_ringing() {
    let mut office = Office::new();
    let (alice, bob, tab) = (office.phone("alice-phone"), office.phone("bob-phone"), office.tab(BOB));
    office.at(alice, |phone| phone.dial("102"));
    office.at(alice, |phone| phone.cancel());
    assert_eq!(office.phones[alice].statuses(), [401, 180, 200, 487]);
    assert_eq!(office.phones[bob].methods(), ["INVITE", "CANCEL"]);
    let (leg, _) = office.browsers[&tab].offered[0];
    assert_eq!(office.ended[&leg].0, EndReason::Cancelled);
    office.assert_quiet();
}
