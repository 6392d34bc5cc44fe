//! received, rport, and connections that close (RFC 3261 §18.2, RFC 3581).

mod support;

use ringdown_sip::{
    endpoint::{ConnectionId, Destination, Flow, Transport},
    message::{HeaderName, Message},
    user_agent::Output,
};
use support::{Net, ms, wire};

fn options(via: &str) -> bytes::Bytes {
    wire(&format!(
        "OPTIONS sip:bob@192.0.2.2 SIP/2.0\nVia: {via};branch=z9hG4bK1\nFrom: <sip:m@h>;tag=m\n\
         To: <sip:bob@192.0.2.2>\nCall-ID: 1\nCSeq: 1 OPTIONS\nContent-Length: 0\n\n"
    ))
}

#[test]
fn behind_nat_the_packet_says_where() {
    for (via, to, written) in [
        (
            "SIP/2.0/UDP 10.0.0.1:5070;rport",
            "203.0.113.9:40000",
            "10.0.0.1:5070;rport=40000;branch=z9hG4bK1;received=203.0.113.9",
        ),
        (
            "SIP/2.0/UDP 10.0.0.1:5070",
            "203.0.113.9:5070",
            "10.0.0.1:5070;branch=z9hG4bK1;received=203.0.113.9",
        ),
        ("SIP/2.0/UDP 203.0.113.9", "203.0.113.9:5060", "203.0.113.9;branch=z9hG4bK1"),
        (
            "SIP/2.0/UDP phone.example",
            "203.0.113.9:5060",
            "phone.example;branch=z9hG4bK1;received=203.0.113.9",
        ),
        // What the sender claims about its source means nothing; neither does maddr.
        (
            "SIP/2.0/UDP 10.0.0.1;received=198.51.100.1;rport=1;maddr=198.51.100.2",
            "203.0.113.9:40000",
            "10.0.0.1;received=203.0.113.9;rport=40000;maddr=198.51.100.2;branch=z9hG4bK1",
        ),
    ] {
        let mut net = Net::udp();
        net.inject(([203, 0, 113, 9], 40000).into(), "bob", options(via));
        net.run(ms(50));
        let sent = net.log.first().expect("an answer");
        assert_eq!(sent.to.to_string(), to, "{via}");
        let Some(Message::Response(response)) = sent.message() else { panic!("{via}") };
        let expected = format!("SIP/2.0/UDP {written}");
        assert_eq!(response.headers.text(&HeaderName::Via), Ok(Some(expected.as_str())));
    }
}

#[test]
fn a_closed_connection_is_replaced_by_one_to_the_sent_by_port() {
    let mut net = Net::new(Transport::Tcp, &["alice", "bob"]);
    net.bob().admits = false;
    let remote = ([203, 0, 113, 9], 40000).into();
    let flow =
        Flow { transport: Transport::Tcp, local: support::address(1), remote, connection: ConnectionId(9) };
    let now = net.now;
    let request = support::request(
        &String::from_utf8_lossy(&options("SIP/2.0/TCP 203.0.113.9:5071")).replace("\r\n", "\n"),
    );
    net.bob().agent.handle_message(now, flow, Message::Request(request));
    net.collect();
    let received = net.bob().received.pop().expect("it waits");
    net.bob().agent.handle_transport_error(now, Destination::Flow(flow));
    net.bob().agent.admit(now, received.id);
    let Some(Output::Transmit(transmit)) = net.bob().agent.poll_output() else { panic!("an answer") };
    let expected =
        Destination::Address { transport: Transport::Tcp, remote: ([203, 0, 113, 9], 5071).into() };
    assert_eq!(transmit.destination, expected);
}

#[test]
fn a_call_to_where_nobody_listens_fails_as_503_and_silence_as_408() {
    use ringdown_sip::invite::UsageEvent;
    let mut net = Net::new(Transport::Tcp, &["alice", "bob"]);
    net.call("alice", "bob");
    let failed = Destination::Address { transport: Transport::Tcp, remote: support::address(1) };
    net.with("alice", |agent, now| agent.handle_transport_error(now, failed));
    let Some((_, UsageEvent::Failed { status: 503, .. })) = net.alice().events.last() else { panic!("503") };
    let mut net = Net::udp();
    net.loses = Box::new(|_| true);
    net.call("alice", "bob");
    net.run(support::secs(33));
    let Some((_, UsageEvent::Failed { status: 408, .. })) = net.alice().events.last() else { panic!("408") };
    assert_eq!(net.sent("INVITE"), 7);
    net.assert_clean();
}
