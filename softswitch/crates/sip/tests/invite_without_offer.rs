//! An INVITE without an offer: the 200 offers, the ACK answers (RFC 3261 §13.2.1).

mod support;

use ringdown_sip::invite::{UsageError, UsageEvent};
use support::{Net, ms, secs};

#[test]
fn the_ack_carries_the_answer() {
    let mut net = Net::udp();
    let params = net.params("alice", "bob", None);
    let alice = net.with("alice", |agent, now| agent.invite(now, params)).expect("room");
    net.run(ms(50));
    let bob = net.bob().leg();
    let Some((_, UsageEvent::Invited(invitation))) = net.bob().events.last() else { panic!("invited") };
    assert_eq!(invitation.offer, None);
    net.with("bob", |agent, now| agent.accept(now, bob, "bob offers".into())).expect("not answered");
    net.run(ms(50));
    let Some((_, UsageEvent::Answered { sdp: Some(offer) })) = net.alice().events.last() else {
        panic!("{:?}", net.alice().story())
    };
    assert_eq!(offer, "bob offers");
    assert_eq!(net.sent("ACK"), 0, "the ACK waits for the answer");
    net.with("alice", |agent, now| agent.acknowledge(now, alice, "alice answers".into())).expect("waits");
    net.run(ms(50));
    let Some((_, UsageEvent::Confirmed { sdp: Some(answer) })) = net.bob().events.last() else {
        panic!("{:?}", net.bob().story())
    };
    assert_eq!(answer, "alice answers");
    let again = net.with("alice", |agent, now| agent.acknowledge(now, alice, "x".into()));
    assert_eq!(again, Err(UsageError::WrongState));
    // A re-INVITE may ask for an offer, too.
    net.with("alice", |agent, now| agent.reinvite(now, alice, None)).expect("stable");
    net.run(ms(50));
    net.with("bob", |agent, now| agent.answer_reinvite(now, bob, "offer 2".into())).expect("waits");
    net.run(ms(50));
    net.with("alice", |agent, now| agent.acknowledge(now, alice, "answer 2".into())).expect("waits");
    net.run(ms(50));
    assert_eq!(net.bob().count("confirmed"), 2);
    net.with("alice", |agent, now| agent.bye(now, alice, None)).expect("answered");
    net.assert_clean();
}

#[test]
fn hanging_up_before_the_answer_still_acknowledges() {
    let mut net = Net::udp();
    let params = net.params("alice", "bob", None);
    let alice = net.with("alice", |agent, now| agent.invite(now, params)).expect("room");
    net.run(ms(50));
    let bob = net.bob().leg();
    net.with("bob", |agent, now| agent.accept(now, bob, "bob offers".into())).expect("not answered");
    net.run(ms(50));
    net.with("alice", |agent, now| agent.bye(now, alice, None)).expect("answered");
    net.run(secs(1));
    assert_eq!(net.labels()[2..], ["ACK", "BYE", "200 BYE"].map(String::from));
    net.assert_clean();
}
