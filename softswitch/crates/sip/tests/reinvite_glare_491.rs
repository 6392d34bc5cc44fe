//! Hold and resume by re-INVITE, and what happens when both sides offer at once.

mod support;

use ringdown_sip::invite::{UsageError, UsageEvent};
use support::{Net, ms, secs};

#[test]
fn bob_holds_and_resumes() {
    let mut net = Net::udp();
    let (alice, bob) = net.established();
    for (offer, answer) in [("sendonly", "recvonly"), ("sendrecv", "sendrecv")] {
        net.with("bob", |agent, now| agent.reinvite(now, bob, Some(offer.into()))).expect("stable");
        net.run(ms(50));
        let Some((_, UsageEvent::Reinvited { offer: Some(seen) })) = net.alice().events.last() else {
            panic!("{:?}", net.alice().story())
        };
        assert_eq!(seen, offer);
        net.with("alice", |agent, now| agent.answer_reinvite(now, alice, answer.into())).expect("waits");
        net.run(ms(100));
        let Some((_, UsageEvent::ReinviteAnswered { sdp: Some(seen) })) = net.bob().events.last() else {
            panic!("{:?}", net.bob().story())
        };
        assert_eq!(seen, answer);
        assert_eq!(net.alice().story().last(), Some(&"confirmed"));
    }
    net.with("bob", |agent, now| agent.bye(now, bob, None)).expect("answered");
    net.assert_clean();
}

#[test]
fn when_both_offer_at_once_both_get_491_and_one_wins_later() {
    let mut net = Net::udp();
    let (alice, bob) = net.established();
    net.with("alice", |agent, now| agent.reinvite(now, alice, Some("a".into()))).expect("stable");
    net.with("bob", |agent, now| agent.reinvite(now, bob, Some("b".into()))).expect("stable");
    net.run(ms(100));
    assert_eq!(net.sent("491 INVITE"), 2);
    // Bob does not own the Call-ID, so he tries again within 2 s, alice only after 2.1 s.
    net.run(ms(2000));
    assert_eq!(net.alice().story().last(), Some(&"reinvited"));
    net.with("alice", |agent, now| agent.answer_reinvite(now, alice, "a2".into())).expect("waits");
    net.run(ms(100));
    assert_eq!(net.bob().story().last(), Some(&"reinvite answered"));
    assert!(net.alice().has("reinvite refused"), "alice learns that her own offer gave way");
    net.with("alice", |agent, now| agent.bye(now, alice, None)).expect("answered");
    net.assert_clean();
}

#[test]
fn a_second_offer_has_to_wait_for_the_first() {
    let mut net = Net::udp();
    let (alice, bob) = net.established();
    net.with("alice", |agent, now| agent.reinvite(now, alice, Some("a".into()))).expect("stable");
    let again = net.with("alice", |agent, now| agent.reinvite(now, alice, Some("a".into())));
    assert_eq!(again, Err(UsageError::OfferPending));
    net.run(ms(50));
    let crossing = net.with("bob", |agent, now| agent.reinvite(now, bob, Some("b".into())));
    assert_eq!(crossing, Err(UsageError::OfferPending));
    net.with("bob", |agent, now| agent.reject_reinvite(now, bob, 488)).expect("waits");
    net.run(ms(100));
    let Some((_, UsageEvent::ReinviteRefused { status: 488 })) = net.alice().events.last() else {
        panic!("{:?}", net.alice().story())
    };
    // "The session remains unchanged": they go on talking, and may try again.
    net.with("alice", |agent, now| agent.reinvite(now, alice, Some("a".into()))).expect("stable");
    net.with("alice", |agent, now| agent.bye(now, alice, None)).expect("answered");
    net.assert_clean();
    assert_eq!(net.bob().story().last(), Some(&"ended"));
}

#[test]
fn a_hang_up_during_a_pending_offer_answers_it_487() {
    let mut net = Net::udp();
    let (alice, bob) = net.established();
    net.with("alice", |agent, now| agent.reinvite(now, alice, Some("a".into()))).expect("stable");
    net.run(ms(50));
    net.with("bob", |agent, now| agent.bye(now, bob, None)).expect("answered");
    net.run(ms(100));
    assert_eq!(net.sent("487 INVITE"), 1);
    assert_eq!(net.alice().story().last(), Some(&"ended"));
    net.assert_clean();
}

#[test]
fn a_peer_that_lost_the_dialog_ends_the_call() {
    let mut net = Net::udp();
    let (alice, _) = net.established();
    // Bob's side restarts and knows nothing.
    let fresh = Net::udp().parties.pop().expect("a bob");
    *net.bob() = fresh;
    net.with("alice", |agent, now| agent.reinvite(now, alice, Some("a".into()))).expect("stable");
    net.run(secs(1));
    assert_eq!(net.sent("481 INVITE"), 1);
    assert_eq!(net.alice().story().last(), Some(&"ended"));
    net.assert_clean();
}
