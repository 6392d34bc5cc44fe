//! Headers that make the switch do something, from somebody with a password: REFER, Replaces, Target-Dialog, events,
//! registrations, credentials. The first byte says which.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ringdown_fuzz::Company;
use ringdown_sip::message::{Challenge, Credentials};

const PLACES: [(&str, &str, &str); 14] = [
    ("REFER", "sip:102@example.test", "Refer-To"),
    ("REFER", "sip:102@example.test", "Refer-To: <sip:101@example.test>\r\nTarget-Dialog"),
    ("REFER", "sip:102@example.test", "Refer-To: <sip:101@example.test>\r\nReferred-By"),
    ("INVITE", "sip:*43@example.test", "Replaces"),
    ("INVITE", "sip:*43@example.test", "Session-Expires"),
    ("INVITE", "sip:*43@example.test", "Supported"),
    ("SUBSCRIBE", "sip:102@example.test", "Event"),
    ("SUBSCRIBE", "sip:102@example.test", "Event: dialog\r\nExpires"),
    ("SUBSCRIBE", "sip:102@example.test", "Event: presence\r\nAccept"),
    ("PUBLISH", "sip:carol-phone@example.test", "Event: presence\r\nSIP-If-Match"),
    ("REGISTER", "sip:example.test", "Contact"),
    ("REGISTER", "sip:example.test", "Path"),
    ("REGISTER", "sip:example.test", "Authorization"),
    ("MESSAGE", "sip:101@example.test", "Content-Type"),
];

fuzz_target!(|input: (u8, &str)| {
    let (kind, value) = input;
    // What was understood is understood again, and alike, when it is written back. No header brings control characters
    // here, and none is written: the reader of messages refuses them.
    if let Some(challenge) = Challenge::parse(value)
        && !value.chars().any(char::is_control)
    {
        let again = Challenge::parse(&challenge.to_string());
        assert_eq!(again.as_ref(), Some(&challenge));
    }
    drop(Credentials::parse(value));
    let (method, uri, name) = PLACES[usize::from(kind) % PLACES.len()];
    let mut company = Company::new();
    company.carol_sends(method, uri, &format!("{name}: {value}\r\n"), b"");
    company.finish();
});
