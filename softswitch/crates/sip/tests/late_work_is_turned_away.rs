//! A datagram that waited too long: what would begin something is refused without state, what is under way is served.

mod support;

use ringdown_sip::message::{HeaderName, Message, Method};
use support::{Net, Sent, ms, stranger, stranger_address};

#[test]
fn new_work_is_503_without_state() {
    let mut net = Net::udp();
    let now = net.now;
    let flow = net.flow(stranger_address(), support::address(1));
    for method in [Method::Invite, Method::Register, Method::Options, Method::Subscribe, Method::Message] {
        net.bob().agent.handle_late_datagram(now, flow, &stranger(&method, ""));
        net.collect();
        let Some(Message::Response(response)) = net.log.last().and_then(Sent::message) else {
            panic!("{method} is answered")
        };
        assert_eq!(response.status, 503, "{method}");
        assert!(response.headers.contains(&HeaderName::RetryAfter), "{method}");
    }
    assert_eq!((net.bob().agent.transactions(), net.bob().agent.counters().shed), (0, 5));
}

#[test]
fn a_repeated_invite_that_was_accepted_is_none() {
    let mut net = Net::udp();
    let invite = stranger(&Method::Invite, "");
    net.inject(stranger_address(), "bob", invite.clone());
    net.run(ms(300));
    let now = net.now;
    let flow = net.flow(stranger_address(), support::address(1));
    net.bob().agent.handle_late_datagram(now, flow, &invite);
    net.collect();
    assert_eq!(net.labels(), ["100 INVITE", "100 INVITE"]);
}

#[test]
fn a_call_hangs_up_in_the_worst_of_times() {
    let mut net = Net::udp();
    let (alice, _) = net.established();
    net.with("alice", |agent, now| agent.bye(now, alice, None)).expect("it is answered");
    let bye = net.log.iter().rfind(|sent| sent.label() == "BYE").expect("a BYE").clone();
    let (now, flow) = (net.now, net.flow(bye.from, bye.to));
    net.bob().agent.handle_late_datagram(now, flow, &bye.bytes);
    net.collect();
    assert!(net.bob().has("ended"));
    net.assert_clean();
}
