//! A panic anywhere in one call ends that call: its devices are told, what it held is free, and the others talk on.

mod support;

use std::time::Duration;

use ringdown_sip::digest::Ha1;
use ringdown_types::{LegId, Pii, UserId};
use support::{fragile, *};

/// The legs of an echo test that must not notice anything.
fn bystander(office: &mut Office) -> (usize, LegId) {
    let carol = office.phone("carol-phone");
    office.at(carol, |phone| phone.dial("*43"));
    (carol, office.leg_of(CAROL))
}

/// Phones forget what they thought of a call that failed.
fn hang_up_everywhere(office: &mut Office, phones: &[usize]) {
    office.advance(Duration::from_secs(70));
    for phone in phones {
        office.phones[*phone].call = None;
        office.phones[*phone].log.clear();
    }
}

/// Breaks a call at every random draw of one of its steps, one after another.
fn break_at_every_draw(of: &str, step: impl Fn(&mut Office, usize, usize)) {
    for draw in 0..200 {
        let mut office = Office::new();
        let (alice, bob) = (office.phone("alice-phone"), office.phone("bob-phone"));
        let (carol, echo) = bystander(&mut office);
        let heard = office.hears(echo);
        if of != "dial" {
            office.at(alice, |phone| phone.dial("102"));
        }
        if of == "hang up" {
            office.at(bob, |phone| phone.answer());
        }
        fragile::panic_after(draw);
        step(&mut office, alice, bob);
        let is_over = fragile::is_armed();
        if is_over {
            assert!(draw > 0, "{of} draws nothing");
            return;
        }
        assert!(office.switch.failures() > 0, "{of}, draw {draw}: nobody counted it");
        office.expected_failures = office.switch.failures();
        assert_eq!(office.hears(echo), heard, "{of}, draw {draw}: the bystander");
        // Whatever the phones still hold of it ends by itself.
        for phone in [alice, bob] {
            if office.phones[phone].call.is_some() {
                office.at(phone, |phone| phone.give_up());
            }
        }
        hang_up_everywhere(&mut office, &[alice, bob]);
        assert_eq!(office.legs_of(ALICE), [], "{of}, draw {draw}");
        assert_eq!(office.legs_of(BOB), [], "{of}, draw {draw}");
        // The next call of the same people works.
        office.at(alice, |phone| phone.dial("102"));
        office.at(bob, |phone| phone.answer());
        office.assert_talking(office.leg_of(ALICE), office.leg_of(BOB));
        office.at(alice, |phone| phone.hang_up());
        office.at(carol, |phone| phone.hang_up());
        office.assert_quiet();
    }
    panic!("{of} draws without end");
}

#[test]
fn while_it_is_set_up() {
    break_at_every_draw("dial", |office, alice, _| office.at(alice, |phone| phone.dial("102")));
}

#[test]
fn while_it_is_answered() {
    break_at_every_draw("answer", |office, _, bob| office.at(bob, |phone| phone.answer()));
}

#[test]
fn while_it_ends() {
    break_at_every_draw("hang up", |office, alice, _| office.at(alice, |phone| phone.hang_up()));
}

#[test]
fn one_of_a_hundred() {
    const CALLS: u128 = 100;
    let mut office = Office::with(|config| config.workers[0].rtp_ports = 20_000..=20_999);
    let mut company = directory();
    company.version = 2;
    let (user, device) = (company.users[0].clone(), company.devices[0].clone());
    for number in 0..CALLS * 2 {
        let id = UserId::from_u128(10_000 + number);
        let username = format!("phone-{number}");
        let ha1 = Ha1::of_password(&username, REALM, "secret");
        let mut user = user.clone();
        user.id = id;
        user.extension = format!("{}", 2_000 + number).parse().expect("an extension");
        user.name = Pii(username.clone());
        company.users.push(user);
        let mut device = device.clone();
        (device.username, device.user) = (username, id);
        (device.ha1_sha256, device.ha1_md5) = (ha1.sha256, ha1.md5);
        company.devices.push(device);
    }
    office.switch.apply_directory(office.now, company).expect("it is sound");
    let mut calls = Vec::new();
    for call in 0..CALLS {
        let caller = office.phone(&format!("phone-{}", call * 2));
        let callee = office.phone(&format!("phone-{}", call * 2 + 1));
        office.at(caller, |phone| phone.dial(&format!("{}", 2_001 + call * 2)));
        office.at(callee, |phone| phone.answer());
        calls.push((caller, callee));
    }
    assert_eq!(office.switch.call_count(), 100);
    fragile::panic_after(0);
    office.at(calls[37].0, |phone| phone.hang_up());
    assert!(!fragile::is_armed(), "hanging up draws");
    office.expected_failures = office.switch.failures();
    assert!(office.expected_failures > 0);
    for (number, call) in (0..CALLS).zip(&calls).filter(|(number, _)| *number != 37) {
        let legs = [number * 2, number * 2 + 1].map(|user| office.leg_of(UserId::from_u128(10_000 + user)));
        office.assert_talking(legs[0], legs[1]);
        assert!(office.phones[call.0].call.is_some() && office.phones[call.1].call.is_some());
    }
    office.advance(Duration::from_secs(70));
    assert_eq!(office.switch.call_count(), 99);
    for (number, (caller, callee)) in calls.into_iter().enumerate() {
        if number == 37 {
            (office.phones[caller].call, office.phones[callee].call) = (None, None);
        } else {
            office.at(caller, |phone| phone.hang_up());
        }
    }
    office.assert_quiet();
}
