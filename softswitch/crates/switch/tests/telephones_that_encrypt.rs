//! SRTP of telephones through the switch: who is offered what, and what each leg's worker is told.

mod support;

use ringdown_media::api::{DtlsRole, RtpSecurity, Transport};
use ringdown_sip::message::Method;
use ringdown_types::{LegId, SrtpPolicy, SrtpProfile};
use support::*;

/// The SDES key of RFC 4568's examples.
const KEY: &str = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz\r\n";

/// An office whose telephones signal over UDP, and may name keys there all the same.
fn office(policy: SrtpPolicy) -> Office {
    Office::with(|config| {
        config.srtp = policy;
        config.srtp_keys_in_clear = true;
    })
}

fn security(office: &Office, leg: LegId) -> RtpSecurity {
    match office.media[&leg].transport {
        Transport::Rtp { remote: Some(remote), .. } => remote.security,
        _ => panic!("a telephone whose address is known"),
    }
}

fn is_keyed(security: RtpSecurity) -> bool {
    matches!(security, RtpSecurity::Sdes { send, receive }
        if send.profile() == SrtpProfile::Aes128CmSha1_80 && send != receive)
}

fn offer_to(office: &Office, phone: usize) -> String {
    let invite = office.phones[phone].last_request(&Method::Invite).expect("an INVITE");
    String::from_utf8_lossy(&invite.body).into_owned()
}

#[test]
fn an_encrypted_caller_reaches_a_plain_telephone() {
    let mut office = office(SrtpPolicy::Optional);
    let (alice, bob) = (office.phone("alice-phone"), office.phone("bob-phone"));
    office.phones[alice].protection = ("RTP/SAVP", KEY.to_owned());
    office.at(alice, |phone| phone.dial("102"));
    let offer = offer_to(&office, bob);
    assert!(offer.contains(" RTP/AVP ") && offer.contains("a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:"));
    office.at(bob, |phone| phone.answer());
    let (a, b) = (office.leg_of(ALICE), office.leg_of(BOB));
    office.assert_talking(a, b);
    assert!(is_keyed(security(&office, a)));
    assert_eq!(security(&office, b), RtpSecurity::None);
    let held = security(&office, a);
    office.at(alice, |phone| phone.reinvite("sendonly"));
    office.at(alice, |phone| phone.reinvite("sendrecv"));
    assert_eq!(security(&office, a), held, "keys stay through a hold");
}

/// A telephone that takes nothing but RTP/SAVP refuses the offer that leaves it the choice, and is invited once more.
#[test]
fn a_called_telephone_that_insists_is_invited_again() {
    let mut office = office(SrtpPolicy::Optional);
    let (alice, bob) = (office.phone("alice-phone"), office.phone("bob-phone"));
    office.phones[bob].protection = ("RTP/SAVP", KEY.to_owned());
    for refusals in [1, 0] {
        office.at(alice, |phone| phone.dial("102"));
        for _ in 0..refusals {
            assert!(offer_to(&office, bob).contains(" RTP/AVP "));
            office.at(bob, |phone| phone.refuse(488));
        }
        assert!(offer_to(&office, bob).contains(" RTP/SAVP "), "the second call knows");
        office.at(bob, |phone| phone.answer());
        let (a, b) = (office.leg_of(ALICE), office.leg_of(BOB));
        office.assert_talking(a, b);
        assert!(is_keyed(security(&office, b)));
        office.at(alice, |phone| phone.hang_up());
    }
    office.assert_quiet();
}

#[test]
fn a_second_refusal_is_one() {
    let mut office = office(SrtpPolicy::Optional);
    let (alice, bob) = (office.phone("alice-phone"), office.phone("bob-phone"));
    office.at(alice, |phone| phone.dial("102"));
    office.at(bob, |phone| phone.refuse(488));
    office.at(bob, |phone| phone.refuse(488));
    assert_eq!(office.phones[alice].statuses().last(), Some(&488));
    office.assert_quiet();
}

#[test]
fn dtls_without_ice_is_negotiated_both_ways() {
    let mut office = Office::new();
    let (alice, bob) = (office.phone("alice-phone"), office.phone("bob-phone"));
    let fingerprint = format!("a=fingerprint:sha-256 {}\r\n", ["5A"; 32].join(":"));
    office.phones[alice].protection =
        ("UDP/TLS/RTP/SAVP", format!("{fingerprint}a=setup:actpass\r\na=rtcp-mux\r\n"));
    office.at(alice, |phone| phone.dial("102"));
    office.at(bob, |phone| phone.answer());
    let expected = |role| RtpSecurity::Dtls { fingerprint: [0x5a; 32], role };
    assert_eq!(security(&office, office.leg_of(ALICE)), expected(DtlsRole::Server));
    office.at(alice, |phone| phone.hang_up());

    // Called, it is offered what it speaks.
    office.phones[alice].protection.1 = format!("{fingerprint}a=setup:passive\r\n");
    office.at(bob, |phone| phone.dial("101"));
    assert!(offer_to(&office, alice).contains(" UDP/TLS/RTP/SAVP "));
    office.at(alice, |phone| phone.answer());
    assert_eq!(security(&office, office.leg_of(ALICE)), expected(DtlsRole::Client));
}

#[test]
fn without_leave_no_key_stands_in_the_clear() {
    let mut office = Office::new();
    let (alice, bob) = (office.phone("alice-phone"), office.phone("bob-phone"));
    office.phones[alice].protection = ("RTP/SAVP", KEY.to_owned());
    office.at(alice, |phone| phone.dial("102"));
    assert_eq!(office.phones[alice].statuses(), [401, 488]);
    office.phones[alice].protection.0 = "RTP/AVP";
    office.at(alice, |phone| phone.dial("102"));
    assert!(!offer_to(&office, bob).contains("a=crypto"));
    office.at(bob, |phone| phone.answer());
    assert_eq!(security(&office, office.leg_of(ALICE)), RtpSecurity::None);
}

#[test]
fn where_encryption_is_required_plain_telephones_have_no_calls() {
    let mut office = office(SrtpPolicy::Required);
    let (alice, bob) = (office.phone("alice-phone"), office.phone("bob-phone"));
    office.at(alice, |phone| phone.dial("102"));
    assert_eq!(office.phones[alice].statuses(), [401, 488]);
    office.phones[alice].protection = ("RTP/SAVP", KEY.to_owned());
    office.at(alice, |phone| phone.dial("102"));
    assert!(offer_to(&office, bob).contains(" RTP/SAVP "));
}
