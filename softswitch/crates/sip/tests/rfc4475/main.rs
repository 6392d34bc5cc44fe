//! RFC 4475: each of the 49 torture messages, bit by bit, through the framers, the parser, the endpoint, the user
//! agent and the registrar, and what goes out on the wire. `messages/` holds them under the RFC's names.

#[path = "../support/torture.rs"]
mod torture;

mod application;
mod syntax_invalid;
mod syntax_valid;

/// A case whose answer is the same in a datagram and on a stream, or differs.
macro_rules! case {
    ($section:literal, $name:literal, $both:expr) => {
        case!($section, $name, $both, $both)
    };
    ($section:literal, $name:literal, $udp:expr, $tcp:expr) => {
        crate::torture::Case {
            name: concat!($section, " ", $name),
            bytes: include_bytes!(concat!("messages/", $name, ".sip")),
            udp: $udp,
            tcp: $tcp,
        }
    };
}
pub(crate) use case;

/// A message's request.
fn request(bytes: &'static [u8]) -> ringdown_sip::message::Request {
    match ringdown_sip::message::parse_datagram(&bytes::Bytes::from_static(bytes)) {
        Ok(ringdown_sip::message::Datagram::Message(ringdown_sip::message::Message::Request(request))) => {
            request
        }
        other => panic!("no request: {other:?}"),
    }
}

/// A message's response.
fn response(bytes: &'static [u8]) -> ringdown_sip::message::Response {
    match ringdown_sip::message::parse_datagram(&bytes::Bytes::from_static(bytes)) {
        Ok(ringdown_sip::message::Datagram::Message(ringdown_sip::message::Message::Response(response))) => {
            response
        }
        other => panic!("no response: {other:?}"),
    }
}

#[test]
fn none_of_the_49_is_left_out() {
    let sections = [syntax_valid::CASES, syntax_invalid::CASES, application::CASES];
    let mut names: Vec<_> = sections.iter().copied().flatten().map(|case| case.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 49);
}
