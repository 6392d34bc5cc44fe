//! RFC 3261 §18.1.1: requests longer than 1,300 bytes go over TCP, and over UDP where no connection can be made.

mod support;

use std::net::SocketAddr;

use bytes::Bytes;
use ringdown_sip::{
    endpoint::{ConnectionId, Destination, Flow, Transmit, Transport},
    invite::InviteParams,
    message::{Datagram, HeaderName, Message, Method, NameAddr, Request, Response, Uri, parse_datagram},
    user_agent::{Event, Output},
};
use support::Net;

fn phone() -> SocketAddr {
    support::address(1)
}

fn udp() -> Destination {
    let (local, remote) = (support::address(0), phone());
    Destination::Flow(Flow { transport: Transport::Udp, local, remote, connection: ConnectionId(0) })
}

fn tcp() -> Destination {
    Destination::Address { transport: Transport::Tcp, remote: phone() }
}

/// A MESSAGE to `uri` with a body of this many bytes.
fn message(uri: &str, length: usize) -> Request {
    Request::new(Method::Message, Uri::parse(uri).expect("a URI"))
        .with(HeaderName::From, "<sip:alice@example.test>;tag=a")
        .with(HeaderName::To, "<sip:bob@example.test>")
        .with(HeaderName::CallId, "long@example.test")
        .with(HeaderName::CSeq, "1 MESSAGE")
        .with_body("text/plain", Bytes::from(vec![b'x'; length]))
}

/// What the sender has to send and to say.
fn outputs(net: &mut Net) -> (Vec<Transmit>, Vec<Event>) {
    let (mut sent, mut said) = (Vec::new(), Vec::new());
    while let Some(output) = net.alice().agent.poll_output() {
        match output {
            Output::Transmit(transmit) => sent.push(transmit),
            Output::Event(event) => said.push(event),
        }
    }
    (sent, said)
}

/// Where a request to `uri` of this length goes first.
fn first_way(uri: &str, length: usize) -> Destination {
    let mut net = Net::udp();
    let now = net.now;
    net.alice().agent.send_request(now, message(uri, length), udp()).expect("room");
    outputs(&mut net).0[0].destination
}

#[test]
fn a_long_request_goes_over_tcp_and_a_short_one_does_not() {
    let direct = format!("sip:bob@{}", phone());
    assert_eq!(first_way(&direct, 1_400), tcp());
    assert_eq!(first_way(&direct, 500), udp());
    assert_eq!(first_way(&format!("{direct};transport=udp"), 1_400), udp(), "it said how");
    assert_eq!(first_way("sip:bob@10.0.0.7:5060", 1_400), udp(), "behind a NAT nobody can connect");
}

#[test]
fn where_no_connection_can_be_made_it_goes_over_udp_with_another_via() {
    let mut net = Net::udp();
    let now = net.now;
    let uri = format!("sip:bob@{}", phone());
    net.alice().agent.send_request(now, message(&uri, 1_400), udp()).expect("room");
    let (sent, _) = outputs(&mut net);
    assert!(String::from_utf8_lossy(&sent[0].bytes).contains("SIP/2.0/TCP "));
    net.alice().agent.handle_transport_error(now, tcp());
    let (sent, said) = outputs(&mut net);
    assert_eq!((sent.len(), sent[0].destination), (1, udp()));
    let text = String::from_utf8_lossy(&sent[0].bytes);
    assert!(text.contains("SIP/2.0/UDP ") && !text.contains("SIP/2.0/TCP "), "one Via, of UDP");
    assert!(said.is_empty(), "nobody is told: {said:?}");

    // The next one does not try again, for an hour.
    net.alice().agent.send_request(now, message(&uri, 1_400), udp()).expect("room");
    assert_eq!(outputs(&mut net).0[0].destination, udp());
    let later = now + support::secs(3_600);
    net.alice().agent.send_request(later, message(&uri, 1_400), udp()).expect("room");
    assert_eq!(outputs(&mut net).0[0].destination, tcp());
}

#[test]
fn the_dialog_of_a_long_invite_stays_on_udp() {
    let mut net = Net::udp();
    let (now, address) = (net.now, phone());
    let params = InviteParams {
        target: Uri::parse(&format!("sip:bob@{address}")).expect("a URI"),
        destination: udp(),
        from: NameAddr::parse("<sip:alice@example.test>").expect("an address"),
        to: NameAddr::parse("<sip:bob@example.test>").expect("an address"),
        offer: Some(Bytes::from(vec![b'x'; 1_400])),
        max_forwards: 70,
        headers: Vec::new(),
    };
    net.alice().agent.invite(now, params).expect("room");
    let sent = outputs(&mut net).0.remove(0);
    assert_eq!(sent.destination, tcp());
    let Ok(Datagram::Message(Message::Request(invite))) = parse_datagram(&sent.bytes) else {
        panic!("an INVITE")
    };
    let answer = Response::to_request(&invite, 200)
        .with_to_tag("b")
        .with(HeaderName::Contact, format!("<sip:bob@{address}>"))
        .with_body("application/sdp", Bytes::from_static(b"v=0"));
    let (local, connection) = (support::address(0), ConnectionId(9));
    let flow = Flow { transport: Transport::Tcp, local, remote: address, connection };
    net.alice().agent.handle_message(now, flow, Message::Response(answer));
    let (sent, _) = outputs(&mut net);
    assert_eq!(sent[0].destination, udp(), "the ACK: a BYE of bob's from there is his");
}

#[test]
fn a_telephone_that_closed_its_connection_is_reached_at_its_contact() {
    let mut net = Net::udp();
    let now = net.now;
    let (local, remote) = (support::address(0), SocketAddr::new(phone().ip(), 40_000));
    let flow =
        Destination::Flow(Flow { transport: Transport::Tcp, local, remote, connection: ConnectionId(7) });
    let uri = format!("sip:bob@{}", phone());
    net.alice().agent.send_request(now, message(&uri, 10), flow).expect("room");
    assert_eq!(outputs(&mut net).0[0].destination, flow);
    net.alice().agent.handle_transport_error(now, flow);
    assert_eq!(outputs(&mut net).0[0].destination, tcp());
    net.alice().agent.handle_transport_error(now, tcp());
    let last = Destination::Address { transport: Transport::Udp, remote: phone() };
    assert_eq!(outputs(&mut net).0[0].destination, last);
    net.alice().agent.handle_transport_error(now, last);
    let (sent, said) = outputs(&mut net);
    assert!(sent.is_empty(), "there is no further way");
    assert!(matches!(said[..], [Event::RequestFailed { status: 503, .. }]), "{said:?}");
}
