//! No credentials, wrong ones, somebody else's call: the documented answer and no effect.

mod support;

use std::time::Duration;

use bytes::Bytes;
use ringdown_control::Event;
use ringdown_sip::message::{HeaderName, Method};
use ringdown_types::Pii;
use support::{phone::Manner, *};

#[test]
fn every_method_is_challenged() {
    let mut office = Office::new();
    let stranger = office.unregistered_phone("alice-phone", "secret");
    office.phones[stranger].authenticates = false;
    office.at(stranger, |phone| phone.register(60));
    let challenges =
        office.phones[stranger].last_response().headers.all(&HeaderName::WwwAuthenticate).count();
    assert_eq!(challenges, 2, "SHA-256 and MD5");
    office.at(stranger, |phone| phone.dial("102"));
    office.at(stranger, |phone| phone.send_out_of_dialog(Method::Options));
    assert_eq!(office.phones[stranger].statuses(), [401, 401, 401]);
    assert!(office.events.is_empty());
    office.phones[stranger].call = None;
    office.assert_quiet();
}

#[test]
fn a_wrong_password_and_an_unknown_user_look_alike() {
    let mut office = Office::new();
    for (username, password) in [("alice-phone", "wrong"), ("nobody", "secret")] {
        let phone = office.unregistered_phone(username, password);
        office.at(phone, |phone| phone.register(60));
        assert_eq!(office.phones[phone].statuses(), [401, 401], "{username}");
        office.at(phone, |phone| phone.dial("102"));
        assert_eq!(office.phones[phone].statuses(), [401, 401, 401, 401], "{username}");
        assert!(office.phones[phone].call.is_none());
    }
    assert!(office.events.is_empty());
}

#[test]
fn a_device_registers_for_itself_only() {
    let mut office = Office::new();
    let alice = office.unregistered_phone("alice-phone", "secret");
    office.at(alice, |phone| phone.register(60));
    let bob = office.unregistered_phone("alice-phone", "secret");
    // The credentials are alice's, the address of record is bob's.
    office.phones[bob].aor = Some("bob-phone".to_owned());
    office.at(bob, |phone| phone.register(60));
    assert_eq!(office.phones[bob].statuses(), [401, 403]);
    assert_eq!(office.switch.snapshot().registrations.len(), 1);
}

#[test]
fn options_is_answered_and_notify_is_not() {
    let mut office = Office::new();
    let alice = office.phone("alice-phone");
    office.at(alice, |phone| phone.send_out_of_dialog(Method::Options));
    assert_eq!(office.phones[alice].statuses(), [401, 200]);
    assert!(office.phones[alice].last_response().headers.contains(&HeaderName::Allow));
    office.at(alice, |phone| phone.send_out_of_dialog(Method::Notify));
    assert_eq!(office.phones[alice].last_response().status, 405);
    office.at(alice, |phone| phone.send_out_of_dialog(Method::Other("WINK".into())));
    assert_eq!(office.phones[alice].last_response().status, 501);
}

#[test]
fn a_bye_from_elsewhere_is_challenged() {
    let mut office = Office::new();
    let (alice, bob) = (office.phone("alice-phone"), office.phone("bob-phone"));
    office.at(alice, |phone| phone.dial("102"));
    office.at(bob, |phone| phone.answer());
    // Somebody who knows the dialog sends from another address.
    office.phones[bob].hang_up();
    let bye = office.phones[bob].outbox.pop().expect("a BYE");
    let stranger = office.unregistered_phone("eve", "eve");
    let source = flow(office.phones[stranger].address);
    office.switch.handle_datagram(office.now, source, &bye);
    office.phones[stranger].authenticates = false;
    office.run();
    office.assert_talking(office.leg_of(ALICE), office.leg_of(BOB));
    assert_eq!(office.phones[stranger].statuses(), [401]);
    office.at(alice, |phone| phone.hang_up());
    office.assert_quiet();
}

#[test]
fn a_replayed_register_is_stale() {
    let mut office = Office::new();
    let alice = office.unregistered_phone("alice-phone", "secret");
    office.phones[alice].register(60);
    // The signed REGISTER, caught on its way.
    let first = office.phones[alice].outbox.pop().expect("a REGISTER");
    let source = flow(office.phones[alice].address);
    office.switch.handle_datagram(office.now, source, &first);
    while let Some(output) = office.switch.poll_output() {
        if let ringdown_switch::Output::Sip(transmit) = output {
            office.phones[alice].handle(&transmit.bytes);
        }
    }
    let signed = office.phones[alice].outbox.pop().expect("a signed REGISTER");
    office.switch.handle_datagram(office.now, source, &signed);
    office.run();
    assert_eq!(office.phones[alice].last_response().status, 200);

    office.advance(Duration::from_secs(33));
    let text = String::from_utf8(signed.to_vec()).expect("text");
    let replayed = text.replace("branch=z9hG4bK", "branch=z9hG4bKagain");
    office.switch.handle_datagram(office.now, source, &Bytes::from(replayed));
    office.run();
    let response = office.phones[alice].last_response();
    assert_eq!(response.status, 401);
    let challenge =
        response.headers.all(&HeaderName::WwwAuthenticate).next().and_then(|header| header.text());
    assert!(challenge.is_some_and(|challenge| challenge.contains("stale=true")));
}

#[test]
fn malformed_messages_leave_calls_alone() {
    let mut office = Office::new();
    let (alice, bob) = (office.phone("alice-phone"), office.phone("bob-phone"));
    office.at(alice, |phone| phone.dial("102"));
    office.at(bob, |phone| phone.answer());
    let source = flow(office.phones[alice].address);
    for junk in
        [&b"\x00\x01\x02"[..], b"INVITE", b"INVITE sip:102 SIP/2.0\r\n\r\n", &[b'A'; 70_000], b"\r\n\r\n"]
    {
        office.switch.handle_datagram(office.now, source, &Bytes::copy_from_slice(junk));
        office.run();
    }
    office.assert_talking(office.leg_of(ALICE), office.leg_of(BOB));
    office.at(alice, |phone| phone.hang_up());
    office.assert_quiet();
}

#[test]
fn a_changed_password_takes_the_registration_and_spares_the_call() {
    let mut office = Office::new();
    let (alice, bob) = (office.phone("alice-phone"), office.phone("bob-phone"));
    office.at(alice, |phone| phone.dial("102"));
    office.at(bob, |phone| phone.answer());
    let mut changed = directory();
    changed.version = 2;
    changed.devices[1].ha1_md5 = "0".repeat(32);
    changed.users[1].name = Pii("Robert".to_owned());
    office.switch.apply_directory(office.now, changed).expect("it is sound");
    office.run();
    assert_eq!(office.switch.directory_version(), 2);
    let told = office.events.iter().rev().find_map(|event| match event {
        Event::Registration { registration } => Some(registration.user == BOB && registration.bindings == 0),
        _ => None,
    });
    assert_eq!(told, Some(true));
    office.assert_talking(office.leg_of(ALICE), office.leg_of(BOB));
    office.at(alice, |phone| phone.hang_up());
    office.assert_quiet();
    office.phones[bob].manner = Manner::Rings;
    office.phones[alice].log.clear();
    office.at(alice, |phone| phone.dial("102"));
    assert_eq!(office.phones[alice].last_response().status, 480);
}
