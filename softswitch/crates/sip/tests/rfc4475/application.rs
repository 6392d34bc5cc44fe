//! §3.2 transaction layer, §3.3 application layer, §3.4 backward compatibility.

use ringdown_sip::message::{HeaderName, Uri};

use crate::{
    case, request,
    torture::{
        Case, Element,
        Outcome::{Call, Dropped, Final},
        check,
    },
};

pub(crate) const CASES: &[Case] = &[
    // A cookie alone names no transaction: matched as a sender of RFC 2543.
    case!("3.2.1", "badbranch", Final(200)),
    // Neither From, To nor Call-ID, and a 400 all the same.
    case!("3.3.1", "insuf", Final(400)),
    case!("3.3.2", "unkscm", Final(416)),
    case!("3.3.3", "novelsc", Final(416)),
    case!("3.3.4", "unksm2", Final(400)),
    case!("3.3.5", "bext01", Final(420)),
    case!("3.3.6", "invut", Final(415)),
    case!("3.3.7", "regaut01", Final(401)),
    case!("3.3.8", "multi01", Final(400), Dropped),
    case!("3.3.9", "mcl01", Final(400)),
    case!("3.3.10", "bcast", Dropped),
    case!("3.3.11", "zeromf", Final(200)),
    case!("3.3.12", "cparam01", Final(200)),
    case!("3.3.13", "cparam02", Final(200)),
    case!("3.3.14", "regescrt", Final(200)),
    case!("3.3.15", "sdp01", Final(406)),
    // RFC 3261 §8.1.1.8: an INVITE needs a Contact, and this one of RFC 2543 has none. Nor a Content-Length, without
    // which a stream has no end (RFC 3261 §18.3).
    case!("3.4.1", "inv2543", Final(400)),
];

#[test]
fn requests_that_make_no_sense_get_the_documented_answer() {
    check(CASES);
}

fn registered(bytes: &'static [u8]) -> (String, Uri) {
    let mut element = Element::new();
    element.datagram(bytes);
    let listed = element.responses[0].headers.contact().ok().flatten().expect("the binding is listed");
    let target = element.registrar.bindings("user").next().expect("a binding").contact().clone();
    (listed.to_string(), target)
}

#[test]
fn a_parameter_of_the_header_is_none_of_the_uri() {
    let (listed, target) = registered(include_bytes!("messages/cparam01.sip"));
    assert!(listed.starts_with("<sip:+19725552222@gw1.example.net>"), "{listed}");
    assert_eq!(target.to_string(), "sip:+19725552222@gw1.example.net");
    let (listed, target) = registered(include_bytes!("messages/cparam02.sip"));
    assert!(listed.starts_with("<sip:+19725552222@gw1.example.net;unknownparam>"), "{listed}");
    assert_eq!(target.to_string(), "sip:+19725552222@gw1.example.net;unknownparam");
    let (listed, _) = registered(include_bytes!("messages/regescrt.sip"));
    assert!(listed.starts_with("<sip:user@example.com?Route=%3Csip:sip.example.com%3E>"), "{listed}");
}

#[test]
fn refusals_say_what_is_missing() {
    let headers = |bytes: &'static [u8]| {
        let mut element = Element::new();
        element.datagram(bytes);
        element.responses.remove(0).headers
    };
    let unsupported = headers(include_bytes!("messages/bext01.sip"));
    let tags = unsupported.values(&HeaderName::Unsupported).map(|tags| tags.len());
    assert_eq!(tags, Ok(4), "all that is required");
    assert!(headers(include_bytes!("messages/invut.sip")).contains(&HeaderName::Accept));
    assert!(headers(include_bytes!("messages/sdp01.sip")).contains(&HeaderName::Warning));
    let challenge = headers(include_bytes!("messages/regaut01.sip"));
    assert!(
        challenge
            .text(&HeaderName::WwwAuthenticate)
            .is_ok_and(|value| value.is_some_and(|v| v.starts_with("Digest ")))
    );
}

#[test]
fn a_datagram_without_a_length_is_all_body() {
    let inv2543 = request(include_bytes!("messages/inv2543.sip"));
    assert_eq!(inv2543.body.len(), 105);
    assert_eq!(inv2543.headers.via().map(|via| via.branch().is_some()), Ok(false));
}

/// With a Contact, which the message lacks, such a client is served, and its ACK finds its INVITE.
#[test]
fn an_old_client_with_a_contact_is_served() {
    let old = String::from_utf8(include_bytes!("messages/inv2543.sip").to_vec()).expect("text");
    let invite = old.replace("CSeq: 56 INVITE", "Contact: <sip:u@192.0.2.9>\r\nCSeq: 56 INVITE");
    let mut element = Element::new();
    assert_eq!(element.datagram(invite.as_bytes()), Call);
    assert_eq!(
        element.datagram(invite.replace(" INVITE\r", " ACK\r").replace("INVITE sip", "ACK sip").as_bytes()),
        Dropped
    );
}
