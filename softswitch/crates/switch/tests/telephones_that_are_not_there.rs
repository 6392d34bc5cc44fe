//! Telephones registered over UDP are asked whether they are there; who does not answer is not rung.

mod support;

use std::time::Duration;

use ringdown_control::Event;
use ringdown_sip::message::Method;
use ringdown_switch::QualifyConfig;
use support::{BOB, Office, phone::Phone};

fn office() -> Office {
    let interval = Duration::from_secs(60);
    Office::with(|config| config.qualify = QualifyConfig { interval, misses: 2 })
}

fn asked(office: &Office, phone: usize) -> usize {
    office.phones[phone].methods().into_iter().filter(|method| *method == "OPTIONS").count()
}

fn reachable(office: &Office) -> Option<u32> {
    office.events.iter().rev().find_map(|event| match event {
        Event::Registration { registration } if registration.user == BOB => Some(registration.bindings),
        _ => None,
    })
}

#[test]
fn each_is_asked_once_an_interval_and_not_all_at_once() {
    let mut office = office();
    let phones: Vec<usize> = (0..6).map(|_| office.phone("bob-phone")).collect();
    office.advance(Duration::from_secs(30));
    let early = phones.iter().filter(|phone| asked(&office, **phone) > 0).count();
    assert!((1..6).contains(&early), "spread, not {early}");
    office.advance(Duration::from_secs(210));
    for phone in phones {
        assert!((3..=4).contains(&asked(&office, phone)));
    }
}

#[test]
fn a_phone_that_lost_its_power_is_not_rung_until_it_is_back() {
    let mut office = office();
    let (alice, bob) = (office.phone("alice-phone"), office.phone("bob-phone"));
    office.phones[bob].off = true;
    office.advance(Duration::from_secs(60 + 32 + 5 + 32 + 5));
    assert_eq!(reachable(&office), Some(0));
    office.at(alice, |phone| phone.dial("102"));
    assert_eq!(office.phones[alice].last_response().status, 480);
    office.phones[bob].off = false;
    office.advance(Duration::from_secs(61));
    assert_eq!(reachable(&office), Some(1));
    office.at(alice, |phone| phone.dial("102"));
    assert_eq!(office.phones[bob].methods().last(), Some(&"INVITE"));
    office.at(alice, Phone::cancel);
}

#[test]
fn a_refusal_is_an_answer_and_a_register_a_sign_of_life() {
    let mut office = office();
    let bob = office.phone("bob-phone");
    office.phones[bob].answers = 405;
    office.advance(Duration::from_secs(300));
    assert_eq!(reachable(&office), Some(1));
    office.phones[bob].off = true;
    office.advance(Duration::from_secs(140));
    assert_eq!(reachable(&office), Some(0));
    office.phones[bob].off = false;
    office.at(bob, |phone| phone.register(3600));
    assert_eq!(reachable(&office), Some(1));
}

#[test]
fn connections_are_not_asked_and_zero_asks_nobody() {
    let mut office = office();
    let bob = office.unregistered_phone("bob-phone", "secret");
    office.phones[bob].over_tcp = true;
    office.at(bob, |phone| phone.register(3600));
    office.advance(Duration::from_secs(300));
    assert_eq!(asked(&office, bob), 0);
    let mut office = Office::new();
    let bob = office.phone("bob-phone");
    office.advance(Duration::from_secs(300));
    assert!(office.phones[bob].last_request(&Method::Options).is_none());
}
