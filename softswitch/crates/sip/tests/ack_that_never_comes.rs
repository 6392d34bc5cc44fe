//! Bob answers, but alice's ACK is late or lost for good.

mod support;

use ringdown_sip::{
    endpoint::Transport,
    invite::{EndCause, UsageEvent},
};
use support::{Net, ms, secs};

#[test]
fn the_200_is_repeated_until_a_late_ack_comes() {
    for transport in Transport::ALL {
        let mut net = Net::new(transport, &["alice", "bob"]);
        net.loses = support::all(&["ACK"]);
        net.call("alice", "bob");
        net.run(ms(50));
        let bob = net.bob().leg();
        net.with("bob", |agent, now| agent.accept(now, bob, "answer".into())).expect("not answered");
        net.run(secs(8));
        // T1, doubling up to T2, over TCP as well: the 2xx crosses hops that may lose it. RFC 3261 §13.3.1.4
        assert_eq!(net.times("200 INVITE"), [50, 550, 1550, 3550, 7550]);
        assert_eq!(net.sent("ACK"), 5, "each 2xx is acknowledged again");
        net.loses = Box::new(|_| false);
        net.run(secs(5));
        assert_eq!(net.bob().story(), ["invited", "confirmed"]);
        assert_eq!(net.alice().story(), ["answered"], "told once");
    }
}

#[test]
fn without_any_ack_bob_hangs_up_after_64_t1() {
    let mut net = Net::udp();
    net.loses = support::all(&["ACK"]);
    net.call("alice", "bob");
    net.run(ms(50));
    let bob = net.bob().leg();
    net.with("bob", |agent, now| agent.accept(now, bob, "answer".into())).expect("not answered");
    net.run(secs(31));
    assert_eq!(net.sent("BYE"), 0);
    net.run(secs(2));
    let Some((_, UsageEvent::Ended { cause: EndCause::AckTimeout, .. })) = net.bob().events.last() else {
        panic!("{:?}", net.bob().story())
    };
    assert_eq!(net.alice().story(), ["answered", "ended"]);
    net.assert_clean();
}

#[test]
fn a_bye_of_the_callee_waits_for_the_ack() {
    let mut net = Net::udp();
    net.loses = support::nth("ACK", 1);
    net.call("alice", "bob");
    net.run(ms(50));
    let bob = net.bob().leg();
    net.with("bob", |agent, now| agent.accept(now, bob, "answer".into())).expect("not answered");
    net.with("bob", |agent, now| agent.bye(now, bob, None)).expect("answered");
    net.run(ms(200));
    assert_eq!(net.bob().story(), ["invited", "ended"], "the user is told at once");
    assert_eq!(net.sent("BYE"), 0, "but the peer only after its ACK");
    net.run(secs(1));
    assert_eq!(net.sent("BYE"), 1);
    assert_eq!(net.alice().story(), ["answered", "ended"]);
    net.assert_clean();
}

#[test]
fn hanging_up_at_once_on_both_sides_is_no_error() {
    let mut net = Net::udp();
    let (alice, bob) = net.established();
    net.with("alice", |agent, now| agent.bye(now, alice, None)).expect("answered");
    net.with("bob", |agent, now| agent.bye(now, bob, None)).expect("answered");
    net.run(ms(100));
    assert_eq!((net.sent("BYE"), net.sent("200 BYE")), (2, 2));
    assert_eq!((net.alice().count("ended"), net.bob().count("ended")), (1, 1));
    net.assert_clean();
}
