//! Bob's lamp on alice's phone: ringing, busy, idle, and what could leave it wrong.

mod support;

use std::time::Duration;

use ringdown_control::{Command, CommandResult, ConferenceRoom, ParkingLot, Party, VoicemailMessage};
use ringdown_sip::message::{HeaderName, Method};
use ringdown_types::{Pii, RecordingId, RoomId};
use support::{ALICE, BOB, Office, phone::Phone};

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
    office.at(bob, Phone::answer);
    office.advance(SECOND);
    assert!(last(&office, alice).contains("<state>confirmed</state>"));
    office.at(bob, Phone::hang_up);
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
    office.at(carol, Phone::cancel);
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
    office.at(bob, Phone::hang_up);
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
    office.at(bob, Phone::hang_up);
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
    office.at(bob, Phone::hang_up);
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

fn with_places() -> Office {
    let mut office = Office::new();
    let mut company = support::directory();
    company.version = 2;
    company.parking = Some(ParkingLot { first: 701, last: 720, timeout_seconds: 60 });
    company.rooms = vec![ConferenceRoom {
        id: RoomId::from_u128(5),
        extension: "500".parse().expect("an extension"),
        name: "Monday".into(),
        pin: None,
        moderator_pin: None,
        moderators: Vec::new(),
        max_members: 10,
    }];
    office.switch.apply_directory(office.now, company).expect("it is sound");
    office
}

#[test]
fn the_lamp_of_a_slot_is_busy_while_somebody_waits_in_it() {
    let mut office = with_places();
    let (carol, bob) = (office.phone("carol-phone"), office.phone("bob-phone"));
    let tab = office.tab(ALICE);
    office.at(carol, |phone| phone.watch("dialog", "701"));
    assert!(last(&office, carol).contains("entity=\"sip:701@example.test\"/>"));
    office.at(bob, |phone| phone.dial("101"));
    let leg = office.browser_answers(tab);
    assert_eq!(office.command(Command::Park { leg, slot: None }), CommandResult::Parked { slot: 701 });
    office.advance(SECOND);
    let told = last(&office, carol);
    assert!(told.contains("confirmed") && told.contains("sip:102@example.test"), "{told}");
    office.at(bob, Phone::hang_up);
    office.advance(SECOND);
    assert!(last(&office, carol).contains("<state>terminated</state>"));
    office.assert_quiet();
}

#[test]
fn the_lamp_of_a_room_says_that_it_is_used_and_not_by_whom() {
    let mut office = with_places();
    let (carol, bob) = (office.phone("carol-phone"), office.phone("bob-phone"));
    office.at(carol, |phone| phone.watch("dialog", "500"));
    office.at(bob, |phone| phone.dial("500"));
    office.advance(SECOND);
    let told = last(&office, carol);
    assert!(told.contains("confirmed") && !told.contains("102"), "{told}");
    office.at(bob, Phone::hang_up);
    office.advance(SECOND);
    assert!(last(&office, carol).contains("terminated"));
    office.at(carol, |phone| phone.watch("presence", "500"));
    assert_eq!(office.phones[carol].last_response().status, 404, "a room has no presence");
    office.assert_quiet();
}

#[test]
fn the_voicemail_lamp_follows_the_mailbox() {
    let mut office = Office::new();
    let alice = office.phone("alice-phone");
    let from = Party { user: Some(BOB), number: Pii("102".into()), name: Pii("Bob".into()) };
    let id = RecordingId::from_u128(7);
    let message =
        VoicemailMessage { id, user: ALICE, from, received_at: 1, duration_ms: 9_000, is_heard: false };
    office.switch.restore_voicemail(vec![message]);
    office.at(alice, |phone| phone.watch("message-summary", "101"));
    assert!(last(&office, alice).contains("Messages-Waiting: yes\r\n"));
    assert!(last(&office, alice).contains("Voice-Message: 1/0 (0/0)\r\n"));
    office.advance(SECOND);
    office.command(Command::MarkVoicemail { user: ALICE, message: id, is_heard: true });
    office.advance(SECOND);
    assert!(last(&office, alice).contains("Messages-Waiting: no\r\n"));
    assert!(last(&office, alice).contains("Voice-Message: 0/1 (0/0)\r\n"));
}

fn standing(office: &Office, phone: usize) -> String {
    let notify = office.phones[phone].last_request(&Method::Notify).expect("something was told");
    notify.headers.text(&HeaderName::SubscriptionState).ok().flatten().unwrap_or_default().to_owned()
}

#[test]
fn a_telephone_that_may_not_watch_any_more_is_told_so() {
    let mut office = Office::new();
    let alice = office.phone("alice-phone");
    office.at(alice, |phone| phone.watch("dialog", "102"));
    let mut company = support::directory();
    company.version = 2;
    company.devices.retain(|device| device.username != "alice-phone");
    office.switch.apply_directory(office.now, company).expect("it is sound");
    office.run();
    assert_eq!(standing(&office, alice), "terminated;reason=rejected");
}

#[test]
fn a_person_who_left_is_watched_no_more() {
    let mut office = Office::new();
    let alice = office.phone("alice-phone");
    office.at(alice, |phone| phone.watch("dialog", "102"));
    office.advance(SECOND);
    let mut company = support::directory();
    company.version = 2;
    company.users.iter_mut().filter(|user| user.id == BOB).for_each(|user| user.enabled = false);
    office.switch.apply_directory(office.now, company).expect("it is sound");
    office.run();
    assert_eq!(standing(&office, alice), "terminated;reason=noresource");
}

#[test]
fn a_switch_that_stops_tells_who_watches_to_come_again() {
    let mut office = Office::new();
    let alice = office.phone("alice-phone");
    office.at(alice, |phone| phone.watch("dialog", "102"));
    office.switch.handle_shutdown(office.now);
    office.run();
    assert_eq!(standing(&office, alice), "terminated;reason=probation;retry-after=10");
}
