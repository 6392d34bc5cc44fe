//! A whole call over UDP, once for each message in it, with that message lost.

mod support;

use std::time::Duration;

use ringdown_types::DtmfDigit;
use support::{Net, ms, secs};

/// Alice calls, bob rings, answers, sends a key, holds; alice hangs up. Each step waits long enough for what a
/// lost message costs.
fn a_call(net: &mut Net) {
    let alice = net.call("alice", "bob");
    net.run(secs(3));
    let bob = net.bob().leg();
    net.with("bob", |agent, now| agent.ring(now, bob, None)).expect("not answered");
    net.run(secs(3));
    net.with("bob", |agent, now| agent.accept(now, bob, "answer".into())).expect("not answered");
    net.run(secs(3));
    let key = DtmfDigit::from_char('5').expect("a key");
    net.with("bob", |agent, now| agent.info_dtmf(now, bob, key, Duration::from_millis(160)))
        .expect("answered");
    net.run(secs(3));
    net.with("bob", |agent, now| agent.reinvite(now, bob, Some("hold".into()))).expect("stable");
    net.run(secs(3));
    net.with("alice", |agent, now| agent.answer_reinvite(now, alice, "held".into())).expect("waits");
    net.run(secs(3));
    net.with("alice", |agent, now| agent.bye(now, alice, None)).expect("answered");
    net.run(secs(3));
}

#[test]
fn every_single_loss_leaves_the_call_as_it_was() {
    let mut whole = Net::udp();
    a_call(&mut whole);
    whole.assert_clean();
    let messages = whole.log.len();
    assert!(messages >= 13, "{:?}", whole.labels());
    for lost in 0..messages {
        let mut net = Net::udp();
        let mut sent = 0;
        net.loses = Box::new(move |_| {
            sent += 1;
            sent == lost + 1
        });
        a_call(&mut net);
        let label = net.log.get(lost).map(support::Sent::label).unwrap_or_default();
        // A provisional response is sent once: without 100rel, a lost 180 stays lost.
        let mut expected = whole.alice().story();
        if label == "180 INVITE" {
            expected.retain(|word| *word != "ringing");
        }
        assert_eq!(net.alice().story(), expected, "{label} lost");
        assert_eq!(net.bob().story(), whole.bob().story(), "{label} lost");
        net.assert_clean();
    }
}

#[test]
fn every_single_loss_of_a_cancelled_call_is_repaired() {
    let cancelled = |net: &mut Net| {
        let alice = net.call("alice", "bob");
        net.run(secs(3));
        net.with("alice", |agent, now| agent.cancel(now, alice, None)).expect("not answered");
        net.run(ms(9000));
    };
    let mut whole = Net::udp();
    cancelled(&mut whole);
    for lost in 0..whole.log.len() {
        let mut net = Net::udp();
        let mut sent = 0;
        net.loses = Box::new(move |_| {
            sent += 1;
            sent == lost + 1
        });
        cancelled(&mut net);
        assert_eq!(net.alice().story(), ["cancelled"], "{:?}", net.labels());
        assert_eq!(net.bob().story(), ["invited", "cancelled"], "{:?}", net.labels());
        net.assert_clean();
    }
}
