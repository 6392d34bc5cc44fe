//! A telephone answers 302: followed inside the house, and nowhere else.

mod support;

use ringdown_control::EndedBy;
use ringdown_sip::message::{HeaderName, Method};
use ringdown_types::EndReason;
use support::{browser::ALL, *};

#[test]
fn to_a_number_of_the_house_it_is_followed() {
    for contact in ["<sip:103@example.test>", "<sip:103@198.51.100.1:5060>", "<tel:103>"] {
        let mut office = Office::new();
        let (alice, bob, carol) =
            (office.phone("alice-phone"), office.phone("bob-phone"), office.phone("carol-phone"));
        let soft = office.phone("bob-softphone");
        office.at(alice, |phone| phone.dial("102"));
        office.at(bob, |phone| phone.deflect(contact));
        assert!(office.phones[soft].call.is_none(), "bob's other phone stops ringing");
        let invite = office.phones[carol].last_request(&Method::Invite).expect("carol's phone rings");
        let diversion = invite.headers.all(&HeaderName::Diversion).find_map(|header| header.text());
        assert_eq!(diversion, Some("\"Bob\" <sip:102@example.test>;reason=deflection"));
        office.at(alice, |phone| phone.cancel());
        office.assert_quiet();
    }
}

#[test]
fn to_anywhere_else_it_is_not() {
    for contact in ["<sip:103@elsewhere.example>", "<sip:+4420@192.0.2.1>", "<mailto:carol@example.test>"] {
        let mut office = Office::new();
        let (alice, bob, carol) =
            (office.phone("alice-phone"), office.phone("bob-phone"), office.phone("carol-phone"));
        let soft = office.phone("bob-softphone");
        office.at(alice, |phone| phone.dial("102"));
        office.at(bob, |phone| phone.deflect(contact));
        assert!(office.phones[carol].methods().is_empty());
        assert!(office.phones[soft].call.is_some(), "bob's other phone rings on");
        office.at(alice, |phone| phone.cancel());
        office.assert_quiet();
    }
}

#[test]
fn to_a_code_or_an_outside_number_the_caller_hears_declined() {
    for number in ["*78", "*72103", "0044207", "999"] {
        let mut office = Office::new();
        let (alice, bob) = (office.tab(ALICE), office.phone("bob-phone"));
        let a = office.browser_calls(alice, ALICE, "102", &ALL);
        office.at(bob, |phone| phone.deflect(&format!("<sip:{number}@example.test>")));
        assert_eq!(office.ended[&a], (EndReason::Declined, EndedBy::Remote), "{number}");
        assert!(office.switch.changed_settings().is_empty());
        office.assert_quiet();
    }
}

#[test]
fn two_phones_that_redirect_to_each_other_end() {
    let mut office = Office::new();
    let (alice, bob, carol) = (office.tab(ALICE), office.phone("bob-phone"), office.phone("carol-phone"));
    let a = office.browser_calls(alice, ALICE, "102", &ALL);
    let mut turns = 0;
    while !office.ended.contains_key(&a) && turns < 20 {
        turns += 1;
        if office.phones[bob].call.is_some() {
            office.at(bob, |phone| phone.deflect("<sip:103@example.test>"));
        } else {
            office.at(carol, |phone| phone.deflect("<sip:102@example.test>"));
        }
    }
    assert_eq!(turns, 9, "eight times sent on");
    assert_eq!(office.ended[&a].0, EndReason::Declined);
    office.assert_quiet();
}
