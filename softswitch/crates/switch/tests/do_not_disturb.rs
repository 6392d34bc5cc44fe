//! Who does not want to be disturbed is not, and who wants no second call gets none.

mod support;

use std::collections::BTreeMap;

use ringdown_control::{Command, SettingChange};
use ringdown_sip::message::{HeaderName, Method};
use ringdown_types::ForwardKind;
use support::{browser::ALL, *};

fn quiet(office: &mut Office) {
    office.change(BOB, SettingChange::DoNotDisturb { on: true });
}

#[test]
fn the_caller_hears_busy_and_nothing_rings() {
    let mut office = Office::new();
    let (alice, bob, tab) = (office.phone("alice-phone"), office.phone("bob-phone"), office.tab(BOB));
    quiet(&mut office);
    office.at(alice, |phone| phone.dial("102"));
    assert_eq!(office.phones[alice].statuses(), [401, 486]);
    assert!(office.phones[bob].methods().is_empty());
    assert!(office.browsers[&tab].offered.is_empty());
    office.assert_quiet();
}

#[test]
fn the_call_goes_where_calls_go_while_busy() {
    let mut office = Office::new();
    let (alice, carol) = (office.phone("alice-phone"), office.phone("carol-phone"));
    office.phone("bob-phone");
    quiet(&mut office);
    office.forward(BOB, ForwardKind::Busy, "103");
    office.at(alice, |phone| phone.dial("102"));
    let invite = office.phones[carol].last_request(&Method::Invite).expect("carol's phone rings");
    let diversion = invite.headers.all(&HeaderName::Diversion).find_map(|header| header.text());
    assert_eq!(diversion, Some("\"Bob\" <sip:102@example.test>;reason=do-not-disturb"));
    office.at(alice, |phone| phone.cancel());
    office.assert_quiet();
}

#[test]
fn it_ends_with_the_setting_and_does_not_keep_one_from_calling() {
    let mut office = Office::new();
    let (alice, bob) = (office.phone("alice-phone"), office.tab(BOB));
    quiet(&mut office);
    let b = office.browser_calls(bob, BOB, "101", &ALL);
    assert!(office.phones[alice].call.is_some(), "bob can call");
    office.hang_up(b);
    office.change(BOB, SettingChange::DoNotDisturb { on: false });
    office.phones[alice].log.clear();
    office.at(alice, |phone| phone.dial("102"));
    assert_eq!(office.browsers[&bob].offered.len(), 1);
    office.at(alice, |phone| phone.cancel());
    office.assert_quiet();
}

#[test]
fn without_call_waiting_a_second_caller_hears_busy() {
    let mut office = Office::new();
    let (alice, bob, carol) = (office.tab(ALICE), office.tab(BOB), office.phone("carol-phone"));
    office.change(BOB, SettingChange::CallWaiting { on: false });
    let a = office.browser_calls(alice, ALICE, "102", &ALL);
    let b = office.browser_answers(bob);
    office.assert_talking(a, b);
    office.at(carol, |phone| phone.dial("102"));
    assert_eq!(office.phones[carol].statuses(), [401, 486]);
    office.change(BOB, SettingChange::CallWaiting { on: true });
    office.phones[carol].log.clear();
    office.at(carol, |phone| phone.dial("102"));
    assert_eq!(office.browsers[&bob].offered.len(), 2, "the second call rings");
    office.at(carol, |phone| phone.cancel());
    office.hang_up(a);
    office.assert_quiet();
}

#[test]
fn a_change_while_it_rings_lets_it_ring() {
    let mut office = Office::new();
    let (alice, bob) = (office.tab(ALICE), office.tab(BOB));
    let a = office.browser_calls(alice, ALICE, "102", &ALL);
    quiet(&mut office);
    let b = office.browser_answers(bob);
    office.assert_talking(a, b);
    let second = Command::StartCall {
        session: alice,
        user: ALICE,
        to: "102".to_owned(),
        offer: browser::offer(&ALL),
        variables: BTreeMap::new(),
    };
    office.command(second);
    assert_eq!(office.browsers[&bob].offered.len(), 1, "the next one does not");
    office.hang_up(a);
    office.assert_quiet();
}

#[test]
fn a_loudspeaker_stays_quiet_too() {
    let mut office = Office::new();
    let (alice, bob) = (office.phone("alice-phone"), office.phone("bob-phone"));
    quiet(&mut office);
    office.at(alice, |phone| phone.dial("*80102"));
    assert_eq!(office.phones[alice].statuses(), [401, 486]);
    assert!(office.phones[bob].methods().is_empty());
    office.assert_quiet();
}
