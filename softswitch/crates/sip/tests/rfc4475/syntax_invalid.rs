//! §3.1.2: malformed messages. Where the RFC lets an element choose, docs/sip.md says what is chosen.

use ringdown_sip::message::HeaderName;

use crate::{
    case,
    torture::{
        Case, Element,
        Outcome::{Call, Dropped, Final},
        check,
    },
};

pub(crate) const CASES: &[Case] = &[
    case!("3.1.2.1", "badinv01", Final(400)),
    // On a stream the rest may come; the framer's timer ends the wait.
    case!("3.1.2.2", "clerr", Final(400), Dropped),
    case!("3.1.2.3", "ncl", Final(400)),
    case!("3.1.2.4", "scalar02", Final(400)),
    case!("3.1.2.5", "scalarlg", Dropped),
    case!("3.1.2.6", "quotbal", Final(400)),
    case!("3.1.2.7", "ltgtruri", Final(400)),
    case!("3.1.2.8", "lwsruri", Final(400)),
    case!("3.1.2.9", "lwsstart", Final(400)),
    case!("3.1.2.10", "trws", Final(400)),
    case!("3.1.2.11", "escruri", Final(400)),
    // Nothing depends on Date.
    case!("3.1.2.12", "baddate", Call),
    case!("3.1.2.13", "regbadct", Final(400)),
    // Spaces inside the angle brackets are ignored; what is sent has none.
    case!("3.1.2.14", "badaspec", Final(200)),
    case!("3.1.2.15", "baddn", Final(400)),
    case!("3.1.2.16", "badvers", Final(505)),
    case!("3.1.2.17", "mismatch01", Final(400)),
    case!("3.1.2.18", "mismatch02", Final(501)),
    case!("3.1.2.19", "bigcode", Dropped),
];

#[test]
fn invalid_messages_get_the_documented_answer() {
    check(CASES);
}

#[test]
fn what_is_taken_with_spaces_is_sent_without() {
    let mut element = Element::new();
    element.datagram(include_bytes!("messages/badaspec.sip"));
    let to = element.responses[0].headers.to().expect("To");
    assert!(to.to_string().contains("<sip:t.watson@example.org>"), "{to}");
}

#[test]
fn an_answer_to_a_malformed_request_finds_its_sender() {
    for bytes in [&include_bytes!("messages/ncl.sip")[..], include_bytes!("messages/lwsruri.sip")] {
        let mut element = Element::new();
        element.datagram(bytes);
        let response = &element.responses[0];
        for name in [HeaderName::Via, HeaderName::From, HeaderName::To, HeaderName::CallId, HeaderName::CSeq]
        {
            assert!(response.headers.contains(&name), "{name}");
        }
        assert!(response.headers.to().is_ok_and(|to| to.tag().is_some()));
        assert_ne!(response.reason, "Bad Request", "the reason says what is wrong");
    }
}
