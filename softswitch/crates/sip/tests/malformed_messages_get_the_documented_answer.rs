//! `docs/sip.md`, "What malformed input is answered with": each row here.

mod support;

use ringdown_sip::message::{HeaderName, Message, Method, is_private};
use support::{Net, ms, stranger, stranger_address, wire};

const GOOD: &str = "OPTIONS sip:bob@192.0.2.2 SIP/2.0\nVia: SIP/2.0/UDP 203.0.113.9;branch=z9hG4bK1\n\
    From: <sip:m@203.0.113.9>;tag=m\nTo: <sip:bob@192.0.2.2>\nCall-ID: 1\nCSeq: 1 OPTIONS\n";

fn answer(bytes: impl Into<bytes::Bytes>) -> Option<(u16, String)> {
    let mut net = Net::udp();
    net.inject(stranger_address(), "bob", bytes);
    net.run(ms(300));
    assert!(net.log.len() <= 1, "{:?}", net.labels());
    match net.log.first().and_then(support::Sent::message) {
        Some(Message::Response(response)) => Some((response.status, response.reason)),
        _ => None,
    }
}

#[test]
fn sizes_beyond_the_limits() {
    let long_line = format!("{GOOD}X: {}\n\n", "a".repeat(8200));
    assert_eq!(answer(wire(&long_line)), Some((400, "Header line longer than 8192 bytes".into())));
    let folded = format!("{GOOD}X: a\n{}\n", format!(" {}\n", "b".repeat(100)).repeat(100));
    assert_eq!(answer(wire(&folded)), Some((400, "Header line longer than 8192 bytes".into())));
    let many = format!("{GOOD}{}\n", "X: 1\n".repeat(130));
    assert_eq!(answer(wire(&many)), Some((400, "More than 128 header fields".into())));
    let huge = format!("{GOOD}\n{}", "a".repeat(70_000));
    assert_eq!(answer(wire(&huge)).map(|(status, _)| status), Some(513));
    let long_uri = GOOD.replace("sip:bob@192.0.2.2 SIP", &format!("sip:{}@h SIP", "a".repeat(3000)));
    assert_eq!(answer(wire(&format!("{long_uri}\n"))), Some((400, "Malformed Request-URI".into())));
    let many_values = format!("{GOOD}Require: {}\n\n", "a,".repeat(100));
    assert_eq!(answer(wire(&many_values)).map(|(status, _)| status), Some(400));
}

#[test]
fn what_is_no_message_is_dropped() {
    for nothing in ["", "\n\n", "hello", "GET / HTTP/1.1\n\n", "\n\nOPTIONS", "SIP/2.0\n\n"] {
        assert_eq!(answer(wire(nothing)), None, "{nothing:?}");
    }
    assert_eq!(answer(vec![0; 4]), None);
    assert_eq!(answer(vec![0xff; 500]), None);
    // An ACK is never answered, however broken.
    assert_eq!(answer(wire(&GOOD.replace("OPTIONS", "ACK").replace("CSeq: 1", "CSeq: x"))), None);
}

#[test]
fn line_feeds_alone_smuggle_nothing() {
    for smuggled in
        ["X: a\nContent-Length: 0\r\n", "X: a\rP-Asserted-Identity: <sip:boss@h>\r\n", "X: a\0b\r\n"]
    {
        let bytes = format!("{}{smuggled}\r\n", GOOD.replace('\n', "\r\n"));
        assert_eq!(answer(bytes).map(|(status, _)| status), Some(400), "{smuggled:?}");
    }
}

#[test]
fn private_headers_reach_nobody_however_they_are_written() {
    let mut net = Net::udp();
    let smuggled = "P-Asserted-Identity: <sip:boss@h>\nP-Asserted-Identity : <sip:boss@h>\n\
        p-asserted-identity\t:\n <sip:boss@h>\nX-Ringdown-User: boss\nx-RINGDOWN-user  : boss\n\
        Remote-Party-ID: <sip:boss@h>\nPrivacy: none\nDiversion: <sip:boss@h>\nX-Harmless: yes\n";
    net.inject(stranger_address(), "bob", stranger(&Method::Invite, smuggled));
    net.run(ms(50));
    let Some((_, ringdown_sip::invite::UsageEvent::Invited(invitation))) = net.bob().events.first() else {
        panic!("a call")
    };
    assert!(invitation.request.headers.iter().all(|header| !is_private(header.name())));
    assert!(!String::from_utf8_lossy(&invitation.request.encode()).contains("boss"));
    assert!(invitation.request.headers.contains(&HeaderName::Other("X-Harmless".into())));
}

#[test]
fn requests_nobody_serves() {
    let status = |method: &str, extra: &str| {
        let text = GOOD.replace("OPTIONS", method);
        answer(wire(&format!("{text}{extra}\n"))).map(|(status, _)| status)
    };
    assert_eq!(status("NOTIFY", ""), Some(405));
    assert_eq!(status("NEWMETHOD", ""), Some(501));
    assert_eq!(status("OPTIONS", "Require: sec-agree\n"), Some(420));
    assert_eq!(status("OPTIONS", "Content-Encoding: gzip\n"), Some(415));
    assert_eq!(status("INVITE", "Max-Forwards: 0\n"), Some(483));
    assert_eq!(status("BYE", ""), Some(481));
    assert_eq!(status("INFO", ""), Some(481));
    assert_eq!(status("INVITE", ""), Some(400), "an INVITE without Contact");
}

#[test]
fn the_same_request_by_two_ways_is_a_loop() {
    let mut net = Net::udp();
    for branch in ["z9hG4bKone", "z9hG4bKtwo"] {
        let invite =
            String::from_utf8_lossy(&stranger(&Method::Invite, "")).replace("z9hG4bKstrangerINVITE", branch);
        net.inject(stranger_address(), "bob", invite);
    }
    net.run(ms(300));
    assert_eq!(net.labels(), ["482 INVITE", "100 INVITE"]);
}
