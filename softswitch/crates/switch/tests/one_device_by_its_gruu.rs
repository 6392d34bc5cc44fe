//! A GRUU reaches one device of a user; two flows of one device are one device.

mod support;

use ringdown_sip::message::{HeaderName, Method, Uri};
use support::{Office, phone::Phone};

/// Registers with an instance; the public GRUU it is given.
fn register(phone: &mut Phone, reg_id: u32, instance: u32) {
    let contact = format!(
        "<sip:{}@{}>;reg-id={reg_id};+sip.instance=\"<urn:uuid:{instance}>\"",
        phone.username, phone.address
    );
    let headers = [
        (HeaderName::Supported, "path, outbound, gruu"),
        (HeaderName::Expires, "600"),
        (HeaderName::Contact, contact.as_str()),
    ];
    let whom = phone.username.clone();
    phone.ask(Method::Register, &whom, &headers, ("", ""));
}

fn gruus(phone: &Phone) -> Vec<String> {
    let contacts = phone.last_response().headers.addresses(&HeaderName::Contact).expect("well-formed");
    let named = |name: &'static str| {
        contacts
            .iter()
            .filter_map(move |contact| contact.params.get(name))
            .map(|uri| uri.trim_matches('"').to_owned())
    };
    named("pub-gruu").chain(named("temp-gruu")).collect()
}

#[test]
fn a_call_to_a_gruu_rings_that_device_alone() {
    let mut office = Office::new();
    let alice = office.phone("alice-phone");
    let other = office.phone("bob-phone");
    let desk = office.unregistered_phone("bob-phone", "secret");
    office.at(desk, |phone| register(phone, 1, 1));
    assert_eq!(office.phones[desk].last_response().status, 200);
    let gruus = gruus(&office.phones[desk]);
    assert_eq!(gruus.len(), 2, "{gruus:?}");
    for gruu in gruus {
        office.phones[desk].log.clear();
        let uri = Uri::parse(&gruu).expect("a URI");
        office.at(alice, |phone| phone.dial_uri(&uri));
        assert_eq!(office.phones[desk].methods(), ["INVITE"], "{gruu}");
        assert!(office.phones[other].last_request(&Method::Invite).is_none());
        office.at(alice, Phone::cancel);
    }
    office.at(desk, |phone| {
        phone.ask(
            Method::Register,
            "bob-phone",
            &[(HeaderName::Expires, "0"), (HeaderName::Contact, "*")],
            ("", ""),
        )
    });
    let gone = Uri::parse("sip:bob-phone@example.test;gr=urn:uuid:1").expect("a URI");
    office.at(alice, |phone| phone.dial_uri(&gone));
    assert_eq!(office.phones[alice].last_response().status, 480);
    office.assert_quiet();
}

#[test]
fn two_flows_of_one_device_ring_once() {
    let mut office = Office::new();
    let alice = office.phone("alice-phone");
    let (one, two) =
        (office.unregistered_phone("bob-phone", "secret"), office.unregistered_phone("bob-phone", "secret"));
    office.at(one, |phone| register(phone, 1, 1));
    office.at(two, |phone| register(phone, 2, 1));
    assert_eq!(office.phones[two].last_response().headers.text(&HeaderName::Require), Ok(Some("outbound")));
    office.at(alice, |phone| phone.dial("102"));
    let rung = [one, two].iter().filter(|phone| office.phones[**phone].call.is_some()).count();
    assert_eq!(rung, 1);
    office.at(alice, Phone::cancel);
    office.assert_quiet();
}
