//! Calls go where the called user wants them to go.

mod support;

use std::time::Duration;

use ringdown_control::EndedBy;
use ringdown_sip::message::{HeaderName, Method, Request};
use ringdown_types::{EndReason, ForwardKind};
use support::{browser::ALL, phone::Manner, *};

fn headers(invite: &Request, name: &HeaderName) -> Vec<String> {
    invite.headers.all(name).filter_map(|header| header.text()).map(str::to_owned).collect()
}

#[test]
fn every_call_goes_on_without_ringing() {
    let mut office = Office::new();
    let (alice, bob, carol) =
        (office.phone("alice-phone"), office.phone("bob-phone"), office.phone("carol-phone"));
    office.forward(BOB, ForwardKind::Always, "103");
    office.at(alice, |phone| phone.dial("102"));
    assert!(office.phones[bob].methods().is_empty(), "bob's phone stays quiet");
    let invite = office.phones[carol].last_request(&Method::Invite).expect("carol's phone rings").clone();
    assert_eq!(
        headers(&invite, &HeaderName::Diversion),
        ["\"Bob\" <sip:102@example.test>;reason=unconditional"]
    );
    assert_eq!(
        headers(&invite, &HeaderName::HistoryInfo),
        ["<sip:102@example.test?Reason=SIP%3Bcause%3D302>;index=1", "<sip:103@example.test>;index=1.1;mp=1"]
    );
    office.at(carol, |phone| phone.answer());
    office.assert_talking(office.leg_of(ALICE), office.leg_of(CAROL));
    office.at(carol, |phone| phone.hang_up());
    office.assert_quiet();
}

#[test]
fn a_busy_users_calls_go_on() {
    let mut office = Office::new();
    let (alice, bob, carol) =
        (office.phone("alice-phone"), office.phone("bob-phone"), office.phone("carol-phone"));
    office.phones[bob].manner = Manner::Busy;
    office.forward(BOB, ForwardKind::Busy, "103");
    office.at(alice, |phone| phone.dial("102"));
    let invite = office.phones[carol].last_request(&Method::Invite).expect("carol's phone rings");
    assert!(headers(invite, &HeaderName::Diversion)[0].ends_with(";reason=user-busy"));
    office.at(alice, |phone| phone.cancel());
    office.assert_quiet();
}

#[test]
fn a_call_nobody_answers_goes_on() {
    let mut office = Office::new();
    let (alice, bob, carol) = (office.tab(ALICE), office.phone("bob-phone"), office.tab(CAROL));
    office.forward(BOB, ForwardKind::NoAnswer, "103");
    let a = office.browser_calls(alice, ALICE, "102", &ALL);
    office.advance(Duration::from_secs(29));
    assert!(office.browsers[&carol].offered.is_empty());
    office.advance(Duration::from_secs(1));
    assert!(office.phones[bob].call.is_none(), "bob's phone stops ringing");
    let c = office.browser_answers(carol);
    office.assert_talking(a, c);
    office.hang_up(a);
    assert_eq!(office.records()[0].callee.user, Some(CAROL));
    office.assert_quiet();
}

#[test]
fn an_absent_users_calls_go_on() {
    let mut office = Office::new();
    let (alice, carol) = (office.phone("alice-phone"), office.phone("carol-phone"));
    office.forward(BOB, ForwardKind::Offline, "103");
    office.at(alice, |phone| phone.dial("102"));
    let invite = office.phones[carol].last_request(&Method::Invite).expect("carol's phone rings");
    assert!(headers(invite, &HeaderName::Diversion)[0].ends_with(";reason=unavailable"));
    office.at(alice, |phone| phone.cancel());
    office.assert_quiet();
}

#[test]
fn forwards_chain_and_each_step_is_told() {
    let mut office = Office::new();
    let (alice, carol) = (office.phone("alice-phone"), office.phone("carol-phone"));
    office.phones[carol].manner = Manner::Busy;
    let tab = office.tab(ALICE);
    office.forward(BOB, ForwardKind::Always, "103");
    office.forward(CAROL, ForwardKind::Busy, "101");
    // Alice calls from her phone and ends up at her own browser.
    office.at(alice, |phone| phone.dial("102"));
    assert_eq!(office.browsers[&tab].offered.len(), 1);
    let steps = office.switch.snapshot().calls.len();
    assert_eq!(steps, 1, "it is one call all the way");
    office.at(alice, |phone| phone.cancel());
    office.assert_quiet();
}

#[test]
fn a_circle_of_forwards_ends() {
    let mut office = Office::new();
    let alice = office.phone("alice-phone");
    office.forward(BOB, ForwardKind::Always, "103");
    office.forward(CAROL, ForwardKind::Always, "102");
    office.at(alice, |phone| phone.dial("102"));
    assert_eq!(office.phones[alice].statuses(), [401, 486]);
    office.assert_quiet();
}

#[test]
fn a_forward_whose_target_is_gone_tells_why_it_was_followed() {
    let mut office = Office::new();
    let (alice, bob) = (office.tab(ALICE), office.phone("bob-phone"));
    office.phones[bob].manner = Manner::Busy;
    // The app server's word is taken as it is; a number can go after it was set.
    office.new_directory(|directory| directory.users[1].settings.forward.busy = "888".parse().ok());
    let a = office.browser_calls(alice, ALICE, "102", &ALL);
    assert_eq!(office.ended[&a], (EndReason::Busy, EndedBy::Remote));
    office.assert_quiet();
}

#[test]
fn what_a_forward_names_acts_for_nobody() {
    let mut office = Office::new();
    let (alice, _bob) = (office.tab(ALICE), office.phone("bob-phone"));
    office.new_directory(|directory| directory.users[1].settings.forward.always = "*78".parse().ok());
    let a = office.browser_calls(alice, ALICE, "102", &ALL);
    assert_eq!(office.ended[&a].0, EndReason::NotFound);
    assert!(office.switch.changed_settings().is_empty(), "nobody's settings changed");
    office.assert_quiet();
}

#[test]
fn the_caller_gives_up_while_it_goes_on() {
    let mut office = Office::new();
    let (alice, carol) = (office.phone("alice-phone"), office.phone("carol-phone"));
    office.forward(BOB, ForwardKind::Always, "103");
    office.at(alice, |phone| phone.dial("102"));
    office.at(alice, |phone| phone.cancel());
    assert!(office.phones[carol].last_request(&Method::Cancel).is_some());
    assert_eq!(office.records()[0].reason, EndReason::Cancelled);
    office.assert_quiet();
}
