//! RFC 5118: the IPv6 torture messages, under the RFC's names in `messages/`.
//!
//! The Content-Length of three of them is not their body's length: 268 for 251 bytes (§4.6), 181 for 189 (§4.8) and 236
//! for 245 (§4.9). They are tried as they are and put right.

#[path = "../support/torture.rs"]
mod torture;

use ringdown_sip::message::{Datagram, HeaderName, Message, Request, Via, parse_datagram};
use torture::{
    Case, Element, Outcome,
    Outcome::{Call, Dropped, Final},
    check,
};

macro_rules! case {
    ($section:literal, $name:literal, $udp:expr, $tcp:expr) => {
        Case {
            name: concat!($section, " ", $name),
            bytes: include_bytes!(concat!("messages/", $name, ".sip")),
            udp: $udp,
            tcp: $tcp,
        }
    };
}

const CASES: &[Case] = &[
    case!("4.1", "ipv6-good", Final(200), Final(200)),
    // Without brackets nobody knows where the address ends.
    case!("4.2", "ipv6-bad", Final(400), Final(400)),
    case!("4.3", "port-ambiguous", Final(200), Final(200)),
    case!("4.4", "port-unambiguous", Final(200), Final(200)),
    // BYEs of dialogs that do not exist: their Via was understood.
    case!("4.5", "via-received-param-with-delim", Final(481), Final(481)),
    case!("4.5", "via-received-param-no-delim", Final(200), Final(200)),
    case!("4.6", "ipv6-in-sdp", Final(400), Dropped),
    case!("4.7", "mult-ip-in-header", Final(481), Final(481)),
    // What exceeds the length is not looked at: the body is cut.
    case!("4.8", "mult-ip-in-sdp", Call, Call),
    case!("4.9", "ipv4-mapped-ipv6", Call, Call),
    // One may ignore the extra colon; we refuse it, as what is meant is a guess.
    case!("4.10", "ipv6-bug-abnf-3-colons", Final(400), Final(400)),
    case!("4.10", "ipv6-correct-abnf-2-colons", Final(200), Final(200)),
];

#[test]
fn messages_with_ipv6_get_the_documented_answer() {
    check(CASES);
}

fn request(bytes: &[u8]) -> Request {
    match parse_datagram(&bytes::Bytes::copy_from_slice(bytes)) {
        Ok(Datagram::Message(Message::Request(request))) => request,
        other => panic!("no request: {other:?}"),
    }
}

#[test]
fn invites_with_ipv6_in_their_offers_are_calls_once_their_length_is_right() {
    for (bytes, wrong, right) in [
        (&include_bytes!("messages/ipv6-in-sdp.sip")[..], "268", "251"),
        (include_bytes!("messages/mult-ip-in-sdp.sip"), "181", "189"),
        (include_bytes!("messages/ipv4-mapped-ipv6.sip"), "236", "245"),
    ] {
        let text = std::str::from_utf8(bytes).expect("text").replace(wrong, right);
        let outcome: Outcome = Element::new().datagram(text.as_bytes());
        assert_eq!(outcome, Call);
        assert!(request(text.as_bytes()).body.ends_with(b"a=rtpmap:107 H263-1998/90000\r\n"));
    }
}

#[test]
fn a_port_is_what_follows_the_bracket() {
    let host = |bytes: &[u8]| {
        let request = request(bytes);
        let uri = request.uri.sip().expect("a SIP URI").clone();
        (uri.host.to_string(), uri.port)
    };
    let ambiguous = host(include_bytes!("messages/port-ambiguous.sip"));
    assert_eq!(ambiguous, ("[2001:db8::10:5070]".to_owned(), None));
    let unambiguous = host(include_bytes!("messages/port-unambiguous.sip"));
    assert_eq!(unambiguous, ("[2001:db8::10]".to_owned(), Some(5070)));
}

#[test]
fn received_is_read_with_brackets_and_without() {
    for bytes in [
        &include_bytes!("messages/via-received-param-with-delim.sip")[..],
        include_bytes!("messages/via-received-param-no-delim.sip"),
    ] {
        let via = request(bytes).headers.via().expect("a Via");
        assert_eq!(via.received(), Some("2001:db8::9:255".parse().expect("an address")));
    }
    let both = request(include_bytes!("messages/mult-ip-in-header.sip"));
    let vias: Vec<Via> = both
        .headers
        .values(&HeaderName::Via)
        .expect("Vias")
        .into_iter()
        .map(|value| Via::parse(value).expect("a Via"))
        .collect();
    let sent_by: Vec<_> = vias.iter().map(|via| (via.host.to_string(), via.port)).collect();
    let expected = [("[2001:db8::9:1]", Some(6050)), ("192.0.2.1", None), ("[2001:db8::9:255]", None)];
    assert_eq!(sent_by, expected.map(|(host, port)| (host.to_owned(), port)));
}
