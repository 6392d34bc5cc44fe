//! Bodies that somebody with a password sends: session descriptions, presence documents, messages. The first byte says
//! which.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ringdown_fuzz::Company;

fuzz_target!(|input: (u8, &[u8])| {
    let (kind, body) = input;
    let mut company = Company::new();
    let own = "sip:carol-phone@example.test";
    let (method, uri, headers) = match kind % 5 {
        0 => ("INVITE", "sip:*43@example.test", "Content-Type: application/sdp\r\n"),
        1 => ("INVITE", "sip:102@example.test", "Content-Type: application/sdp\r\n"),
        2 => ("PUBLISH", own, "Event: presence\r\nExpires: 60\r\nContent-Type: application/pidf+xml\r\n"),
        3 => ("MESSAGE", "sip:101@example.test", "Content-Type: text/plain\r\n"),
        _ => ("INVITE", "sip:102@example.test", "Content-Type: multipart/mixed;boundary=x\r\n"),
    };
    company.carol_sends(method, uri, headers, body);
    company.finish();
});
