//! A whole call with every method there is, over a network that loses one message, or every tenth and shuffles the
//! rest.

mod support;

use std::time::Duration;

use ringdown_sip::message::NameAddr;
use ringdown_types::{DtmfDigit, Random, SeededRandom};
use support::{Net, ms, secs};

/// Alice calls, bob sends early media reliably; both change it by UPDATE; bob answers, sends a key, shows a name,
/// holds; alice comes back by UPDATE and hangs up. Each step waits for what several losses cost.
fn a_call(net: &mut Net) {
    let step = secs(25);
    let alice = net.call("alice", "bob");
    net.run(step);
    let bob = net.bob().leg();
    net.with("bob", |agent, now| agent.progress(now, bob, "early".into())).expect("not answered");
    net.run(step);
    net.with("alice", |agent, now| agent.update(now, alice, "a".into())).expect("agreed");
    reinvited(net, "bob");
    net.with("bob", |agent, now| agent.answer_reinvite(now, bob, "b".into())).expect("waits");
    net.run(step);
    net.with("bob", |agent, now| agent.accept(now, bob, "early".into())).expect("not answered");
    net.run(step);
    let key = DtmfDigit::from_char('5').expect("a key");
    net.with("bob", |agent, now| agent.info_dtmf(now, bob, key, Duration::from_millis(160)))
        .expect("answered");
    // A request that overtakes another one of its dialog makes that one too late: RFC 3261 §12.2.2.
    net.run(step);
    let carol = NameAddr::parse("\"Carol\" <sip:103@h>").expect("an address");
    net.with("bob", |agent, now| agent.set_identity(now, bob, carol)).expect("answered");
    net.run(step);
    net.with("bob", |agent, now| agent.reinvite(now, bob, Some("hold".into()))).expect("stable");
    net.run(step);
    net.with("alice", |agent, now| agent.answer_reinvite(now, alice, "held".into())).expect("waits");
    net.run(step);
    net.with("alice", |agent, now| agent.update(now, alice, "back".into())).expect("stable");
    reinvited(net, "bob");
    net.with("bob", |agent, now| agent.answer_reinvite(now, bob, "yes".into())).expect("waits");
    net.run(step);
    net.with("alice", |agent, now| agent.bye(now, alice, None)).expect("answered");
    net.run(step);
}

/// Until the offer is there: an UPDATE waits 32 s for its answer, and no longer.
fn reinvited(net: &mut Net, who: &str) {
    let before = net.party(who).count("reinvited");
    for _ in 0..300 {
        net.run(ms(100));
        if net.party(who).count("reinvited") > before {
            return;
        }
    }
    panic!("the offer never came");
}

fn stories(net: &mut Net) -> (Vec<&'static str>, Vec<&'static str>) {
    (net.alice().story(), net.bob().story())
}

#[test]
fn every_single_loss_is_repaired() {
    let mut whole = Net::udp();
    a_call(&mut whole);
    whole.assert_clean();
    let expected = stories(&mut whole);
    assert_eq!(expected.0.last(), Some(&"ended"));
    for lost in 0..whole.log.len() {
        let mut net = Net::udp();
        let mut sent = 0;
        net.loses = Box::new(move |_| {
            sent += 1;
            sent == lost + 1
        });
        a_call(&mut net);
        let label = net.log.get(lost).map(support::Sent::label).unwrap_or_default();
        assert_eq!(stories(&mut net), expected, "{label} lost");
        net.assert_clean();
    }
}

#[test]
fn a_tenth_lost_and_the_rest_shuffled_changes_nothing() {
    let mut whole = Net::udp();
    a_call(&mut whole);
    let expected = stories(&mut whole);
    for seed in 0..60 {
        let mut net = Net::udp();
        let (mut luck, mut way) = (SeededRandom::new(seed), SeededRandom::new(seed + 1000));
        net.loses = Box::new(move |_| luck.u32() % 10 == 0);
        net.delay = Box::new(move || Duration::from_millis(u64::from(5 + way.u32() % 400)));
        a_call(&mut net);
        assert_eq!(stories(&mut net), expected, "seed {seed}");
        net.loses = Box::new(|_| false);
        net.assert_clean();
    }
}
