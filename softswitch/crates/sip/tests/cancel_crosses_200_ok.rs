//! Alice gives up at the moment bob answers.

mod support;

use ringdown_sip::{
    endpoint::Transport,
    invite::UsageEvent,
    message::{Message, Reason},
};
use support::{Net, ms, secs};

#[test]
fn a_cancel_that_crosses_a_200_ends_in_ack_and_bye() {
    for transport in Transport::ALL {
        let mut net = Net::new(transport, &["alice", "bob"]);
        let alice = net.call("alice", "bob");
        net.run(ms(50));
        let bob = net.bob().leg();
        net.with("bob", |agent, now| agent.ring(now, bob, None)).expect("may ring");
        net.run(ms(50));
        net.with("bob", |agent, now| agent.accept(now, bob, "answer".into())).expect("may answer");
        net.with("alice", |agent, now| agent.cancel(now, alice, None)).expect("may cancel");
        net.run(ms(200));
        assert_eq!(net.alice().story(), ["ringing", "cancelled"]);
        assert_eq!(net.bob().story(), ["invited", "confirmed", "ended"]);
        let tail = ["200 INVITE", "CANCEL", "ACK", "BYE", "200 CANCEL", "200 BYE"];
        let mut labels = net.labels();
        labels.sort();
        for label in tail {
            assert!(labels.iter().any(|seen| seen == label), "{label} in {labels:?}");
        }
        net.assert_clean();
    }
}

#[test]
fn a_cancel_waits_for_the_first_provisional_response() {
    let mut net = Net::udp();
    let alice = net.call("alice", "bob");
    net.with("alice", |agent, now| agent.cancel(now, alice, None)).expect("may cancel");
    assert_eq!(net.labels(), ["INVITE"]);
    net.run(ms(500));
    assert_eq!(net.labels(), ["INVITE", "100 INVITE", "CANCEL", "200 CANCEL", "487 INVITE", "ACK"]);
    assert_eq!(net.alice().story(), ["cancelled"]);
    assert_eq!(net.bob().story(), ["invited", "cancelled"]);
    net.assert_clean();
}

#[test]
fn the_reason_of_a_cancel_reaches_the_callee() {
    let mut net = Net::udp();
    let alice = net.call("alice", "bob");
    net.run(ms(300));
    let reason = Some(Reason::completed_elsewhere());
    net.with("alice", |agent, now| agent.cancel(now, alice, reason)).expect("may cancel");
    net.run(ms(100));
    let cancel = net.log.iter().find(|sent| sent.label() == "CANCEL").and_then(support::Sent::message);
    let Some(Message::Request(cancel)) = cancel else { panic!("a CANCEL was sent") };
    let header = ringdown_sip::message::HeaderName::Reason;
    assert_eq!(cancel.headers.text(&header), Ok(Some("SIP;cause=200;text=\"Call completed elsewhere\"")));
    let Some((_, UsageEvent::Cancelled { reasons })) = net.bob().events.last() else { panic!("cancelled") };
    assert_eq!(reasons, &[Reason::completed_elsewhere()]);
}

#[test]
fn a_callee_that_ignores_the_cancel_is_given_up_after_64_t1() {
    let mut net = Net::udp();
    let alice = net.call("alice", "bob");
    net.run(ms(300));
    net.loses = support::all(&["487 INVITE", "200 CANCEL"]);
    net.with("alice", |agent, now| agent.cancel(now, alice, None)).expect("may cancel");
    net.run(secs(31));
    assert_eq!(net.alice().story(), [""; 0]);
    net.run(secs(2));
    assert_eq!(net.alice().story(), ["cancelled"]);
    net.assert_clean();
}

#[test]
fn a_cancel_of_nothing_is_481() {
    let mut net = Net::udp();
    let cancel = support::stranger(&ringdown_sip::message::Method::Cancel, "");
    net.inject(support::stranger_address(), "bob", cancel);
    net.run(ms(100));
    assert_eq!(net.labels(), ["481 CANCEL"]);
    net.assert_clean();
}
