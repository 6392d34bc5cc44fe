//! Whatever comes, parsing returns; and what was read prints as something that reads the same.

mod support;

use bytes::Bytes;
use proptest::prelude::*;
use ringdown_sip::message::{
    ContentType, Credentials, Datagram, HeaderName, MAX_HEADERS, Message, NameAddr, Reason, StreamFramer,
    Uri, parse_datagram,
};

const INVITE: &str = "INVITE sip:bob@biloxi.com;transport=udp SIP/2.0\r\nv: SIP/2.0/UDP pc33.atlanta.com:5066\
    ;branch=z9hG4bK776;rport, SIP/2.0/TCP [2001:db8::1]\r\nMax-Forwards : 70\r\nTo: \"B\\\"ob\" <sip:bob@biloxi.com>\r\n\
    f: Alice <sip:alice@atlanta.com>;tag=1928301774\r\nCall-ID: a84b4c76e66710\r\nCSeq: 314159 INVITE\r\n\
    m: <sip:alice@pc33.atlanta.com>;q=0.5;expires=60, tel:+4420\r\nX-Other: folded\r\n\t value\r\n\
    Authorization: Digest username=\"bob\", realm=\"r\", nonce=\"n\", uri=\"sip:h\", response=\"6\", qop=auth, \
    nc=00000001, cnonce=\"c\"\r\nReason: SIP;cause=200;text=\"x\"\r\nExpires: 60\r\n\
    Content-Type: application/sdp\r\nContent-Length: 5\r\n\r\nv=0\r\n";

/// Uses every accessor.
fn look_at(message: &Message) {
    let headers = message.headers();
    let _ = (headers.via(), headers.from(), headers.to(), headers.cseq(), headers.call_id().map(str::len));
    let _ = (headers.contact(), headers.max_forwards(), headers.content_type(), headers.reasons());
    for name in [HeaderName::Route, HeaderName::RecordRoute, HeaderName::Contact] {
        let _ = headers.addresses(&name);
    }
    for header in headers {
        let text = header.text().unwrap_or_default();
        let _ =
            (Credentials::parse(text), NameAddr::parse(text), Reason::parse(text), ContentType::parse(text));
    }
}

fn check(bytes: &Bytes) -> Result<(), TestCaseError> {
    let mut framer = StreamFramer::new();
    framer.handle_data(start(), bytes);
    while framer.poll_frame().is_some() {}
    match parse_datagram(bytes) {
        Ok(Datagram::Message(message)) => {
            look_at(&message);
            let again = parse_datagram(&message.encode());
            prop_assert_eq!(again, Ok(Datagram::Message(message)));
        }
        Ok(Datagram::KeepAlive) => {}
        Err(error) => {
            if let Some(response) = error.response() {
                prop_assert!(matches!(parse_datagram(&response.encode()), Ok(Datagram::Message(_))));
            }
        }
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "simulated time needs an origin")]
fn start() -> std::time::Instant {
    std::time::Instant::now()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn of_any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        check(&bytes.into())?;
    }

    #[test]
    fn of_a_mutated_invite(edits in proptest::collection::vec((any::<u16>(), 0..4u8, any::<u8>()), 1..12)) {
        const SPICE: &[u8] = b"\r\n\t ,;:<>\"\\=@%?[]/0\x00\xff";
        let mut bytes = INVITE.as_bytes().to_vec();
        for (at, kind, value) in edits {
            let at = usize::from(at) % bytes.len().max(1);
            let spice = SPICE[usize::from(value) % SPICE.len()];
            match kind {
                0 if at < bytes.len() => bytes[at] = value,
                1 if at < bytes.len() => { bytes.remove(at); }
                2 => bytes.insert(at, spice),
                _ => bytes.truncate(bytes.len().saturating_sub(at / 8)),
            }
        }
        check(&bytes.into())?;
    }

    #[test]
    fn of_well_formed_parts(
        user in "[a-zA-Z0-9_.!~*'()&=+$,;?/-]{1,20}",
        host in "[a-z][a-z0-9]{0,10}(\\.[a-z]{2,5}){0,2}",
        port in proptest::option::of(any::<u16>()),
        display in "\\PC{0,20}",
        tag in "[a-z0-9]{1,10}",
    ) {
        let port = port.map(|port| format!(":{port}")).unwrap_or_default();
        let uri = Uri::parse(&format!("sip:{user}@{host}{port};lr;x=y"));
        let uri = uri.ok_or_else(|| TestCaseError::fail("a well-formed URI"))?;
        prop_assert_eq!(Uri::parse(&uri.to_string()), Some(uri.clone()));
        let address = NameAddr::new(uri).with_display(&display).with_tag(&tag);
        let printed = address.to_string();
        let again = NameAddr::parse(&printed).map(|address| address.to_string());
        prop_assert_eq!(again, Some(printed));
    }
}

#[test]
fn the_invite_that_is_mutated_is_whole() {
    let Ok(Datagram::Message(message)) = parse_datagram(&Bytes::from_static(INVITE.as_bytes())) else {
        panic!("well-formed")
    };
    look_at(&message);
    assert_eq!(message.headers().addresses(&HeaderName::Contact).map(|all| all.len()), Ok(2));
}

/// Found by fuzzing: a message with as many fields as allowed was written with one more.
#[test]
fn a_message_full_of_headers_can_be_written_again() {
    let fields = "X-Field: 1\r\n".repeat(MAX_HEADERS);
    let bytes = Bytes::from(format!("OPTIONS sip:h SIP/2.0\r\n{fields}\r\nbody"));
    let Ok(Datagram::Message(message)) = parse_datagram(&bytes) else { panic!("within the limit") };
    assert_eq!(parse_datagram(&message.encode()), Ok(Datagram::Message(message)));
    let beyond = Bytes::from(format!("OPTIONS sip:h SIP/2.0\r\nX-One: 1\r\n{fields}\r\nbody"));
    assert!(parse_datagram(&beyond).is_err());
}
