//! Bob's lamp on alice's phone: ringing, busy, idle, and what could leave it wrong.

mod support;

use std::time::Duration;

use ringdown_sip::message::{HeaderName, Method};
use support::{BOB, Office};

const SECOND: Duration = Duration::from_secs(2);

fn last(office: &Office, phone: usize) -> String {
    office.phones[phone].told().pop().expect("something was told")
}

#[test]
fn bobs_lamp_rings_is_busy_and_goes_out() {
    let mut office = Office::new();
    let (alice, bob, carol) =
        (office.phone("alice-phone"), office.phone("bob-phone"), office.phone("carol-phone"));
    office.at(alice, |phone| phone.watch("dialog", "102"));
    assert_eq!(office.phones[alice].last_response().status, 200);
    assert!(last(&office, alice).contains("entity=\"sip:102@example.test\"/>"), "{}", last(&office, alice));
    office.advance(SECOND);
    office.at(carol, |phone| phone.dial("102"));
    office.advance(SECOND);
    let ringing = last(&office, alice);
    assert!(ringing.contains("direction=\"recipient\"><state>early</state>"), "{ringing}");
    assert!(ringing.contains("<identity display=\"Carol\">sip:103@example.test</identity>"), "{ringing}");
    office.at(bob, support::phone::Phone::answer);
    office.advance(SECOND);
    assert!(last(&office, alice).contains("<state>confirmed</state>"));
    office.at(bob, support::phone::Phone::hang_up);
    office.advance(SECOND);
    assert!(last(&office, alice).contains("<state>terminated</state>"));
    office.advance(SECOND);
    let told = office.phones[alice].told();
    assert_eq!(told.len(), 4, "only what changed is told: {told:#?}");
    office.assert_quiet();
}

#[test]
fn two_ringing_devices_of_bob_are_one_call() {
    let mut office = Office::new();
    let (alice, _bob, carol) =
        (office.phone("alice-phone"), office.phone("bob-phone"), office.phone("carol-phone"));
    let _tab = office.tab(BOB);
    office.at(alice, |phone| phone.watch("dialog", "102"));
    office.at(carol, |phone| phone.dial("102"));
    office.advance(SECOND);
    assert_eq!(last(&office, alice).matches("<dialog ").count(), 1);
    office.at(carol, support::phone::Phone::cancel);
    office.assert_quiet();
}

#[test]
fn a_restarted_watcher_does_not_keep_its_old_subscription() {
    let mut office = Office::new();
    let (alice, bob) = (office.phone("alice-phone"), office.phone("bob-phone"));
    office.at(alice, |phone| phone.watch("dialog", "102"));
    office.advance(SECOND);
    // It forgot its dialogs, and says so.
    office.phones[alice].answers = 481;
    office.at(bob, |phone| phone.dial("*43"));
    office.advance(SECOND);
    office.phones[alice].log.clear();
    office.phones[alice].answers = 200;
    office.at(bob, support::phone::Phone::hang_up);
    office.advance(SECOND);
    assert!(office.phones[alice].told().is_empty());
    office.assert_quiet();
}

#[test]
fn a_watcher_that_is_switched_off_is_forgotten() {
    let mut office = Office::new();
    let (alice, bob) = (office.phone("alice-phone"), office.phone("bob-phone"));
    office.at(alice, |phone| phone.watch("dialog", "102"));
    office.advance(SECOND);
    office.phones[alice].off = true;
    office.at(bob, |phone| phone.dial("*43"));
    office.advance(Duration::from_secs(40));
    office.phones[alice].off = false;
    office.phones[alice].log.clear();
    office.at(bob, support::phone::Phone::hang_up);
    office.advance(SECOND);
    assert!(office.phones[alice].log.is_empty());
    office.assert_quiet();
}

#[test]
fn a_lost_notify_is_sent_again() {
    let mut office = Office::new();
    let (alice, bob) = (office.phone("alice-phone"), office.phone("bob-phone"));
    office.at(alice, |phone| phone.watch("dialog", "102"));
    office.advance(SECOND);
    office.phones[alice].off = true;
    office.at(bob, |phone| phone.dial("*43"));
    office.advance(Duration::from_millis(300));
    office.phones[alice].off = false;
    office.advance(SECOND);
    assert!(last(&office, alice).contains("<state>confirmed</state>"));
    office.at(bob, support::phone::Phone::hang_up);
    office.assert_quiet();
}

#[test]
fn a_flood_of_subscriptions_of_one_telephone_is_bounded() {
    let mut office = Office::with(|config| {
        config.limits.requests_per_address = 100_000;
        config.limits.requests_per_user = 100_000;
    });
    let alice = office.phone("alice-phone");
    for _ in 0..300 {
        office.at(alice, |phone| phone.watch("dialog", "102"));
        office.advance(Duration::from_millis(20));
    }
    let statuses = office.phones[alice].statuses();
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 256);
    assert_eq!(statuses.iter().filter(|status| **status == 503).count(), 300 - 256);
}

#[test]
fn who_and_what_may_be_watched() {
    let mut office = Office::new();
    let alice = office.phone("alice-phone");
    let mut status = |package: &str, whom: &str| {
        office.at(alice, |phone| phone.watch(package, whom));
        office.phones[alice].last_response().status
    };
    assert_eq!(status("dialog", "999"), 404);
    assert_eq!(status("presence", "102"), 200);
    assert_eq!(status("message-summary", "101"), 200);
    assert_eq!(status("message-summary", "alice-phone"), 200);
    assert_eq!(status("message-summary", "102"), 403, "bob's mailbox is bob's");
    assert_eq!(status("reg", "102"), 403);
    assert_eq!(status("conference", "102"), 489);
    let reg = office.phones[alice].told().len();
    office.at(alice, |phone| phone.watch("reg", "101"));
    assert_eq!(office.phones[alice].told().len(), reg + 1);
    let told = last(&office, alice);
    assert!(
        told.contains("state=\"active\"") && told.contains("<uri>sip:alice-phone@192.0.2.10:5060</uri>"),
        "{told}"
    );
}

#[test]
fn a_fetch_is_told_once() {
    let mut office = Office::new();
    let alice = office.phone("alice-phone");
    let headers = [(HeaderName::Event, "presence"), (HeaderName::Expires, "0")];
    office.at(alice, |phone| phone.ask(Method::Subscribe, "102", &headers, ("", "")));
    assert!(last(&office, alice).contains("<basic>closed</basic>"));
    let _bob = office.phone("bob-phone");
    office.advance(Duration::from_secs(10));
    assert_eq!(office.phones[alice].told().len(), 1);
}
