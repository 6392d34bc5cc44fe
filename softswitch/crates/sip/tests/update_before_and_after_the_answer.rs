//! UPDATE (RFC 3311): in early dialogs and in calls, from both sides, and when offers meet.

mod support;

use ringdown_sip::{
    invite::{UsageError, UsageEvent},
    message::{HeaderName, Method},
};
use support::{Net, ms, raw::Raw, secs};

#[test]
fn in_a_call_both_may_offer_by_update() {
    let mut net = Net::udp();
    let (alice, bob) = net.established();
    net.with("bob", |agent, now| agent.update(now, bob, "b".into())).expect("stable");
    net.run(ms(50));
    let Some((_, UsageEvent::Reinvited { offer: Some(offer) })) = net.alice().events.last() else {
        panic!("{:?}", net.alice().story())
    };
    assert_eq!(offer, "b");
    net.with("alice", |agent, now| agent.answer_reinvite(now, alice, "a".into())).expect("waits");
    net.run(ms(50));
    let Some((_, UsageEvent::ReinviteAnswered { sdp: Some(sdp) })) = net.bob().events.last() else {
        panic!("{:?}", net.bob().story())
    };
    assert_eq!(sdp, "a");
    net.with("alice", |agent, now| agent.update(now, alice, "a2".into())).expect("stable");
    net.run(ms(50));
    net.with("bob", |agent, now| agent.reject_reinvite(now, bob, 488)).expect("waits");
    net.run(ms(50));
    assert_eq!(net.alice().story().last(), Some(&"reinvite refused"));
    net.with("alice", |agent, now| agent.bye(now, alice, None)).expect("answered");
    net.assert_clean();
}

#[test]
fn crossing_updates_get_491_and_one_wins_later() {
    let mut net = Net::udp();
    let (alice, bob) = net.established();
    net.with("alice", |agent, now| agent.update(now, alice, "a".into())).expect("stable");
    net.with("bob", |agent, now| agent.update(now, bob, "b".into())).expect("stable");
    net.run(secs(2));
    assert_eq!(net.sent("491 UPDATE"), 2);
    assert_eq!(net.alice().story().last(), Some(&"reinvited"));
    net.with("alice", |agent, now| agent.answer_reinvite(now, alice, "a2".into())).expect("waits");
    net.run(ms(100));
    assert_eq!(net.bob().story().last(), Some(&"reinvite answered"));
    net.with("alice", |agent, now| agent.bye(now, alice, None)).expect("answered");
    net.assert_clean();
}

#[test]
fn an_update_meets_a_pending_offer() {
    let mut net = Net::udp();
    let mut raw = Raw::established(&mut net, "Allow: INVITE, ACK, BYE, UPDATE\n");
    let bob = net.bob().leg();
    let update = |raw: &mut Raw, net: &mut Net, body: Option<&'static str>| {
        let request = raw.request(Method::Update);
        let request = match body {
            Some(body) => request.with_body("application/sdp", body.into()),
            None => request,
        };
        raw.send(net, request);
        net.run(ms(30));
        raw.news(net).into_iter().filter(|label| label.ends_with("UPDATE")).collect::<Vec<_>>()
    };
    // Two at a time: the second is told when to come again.
    assert!(update(&mut raw, &mut net, Some("one")).is_empty(), "bob has not decided");
    assert_eq!(update(&mut raw, &mut net, Some("two")), ["500 UPDATE"]);
    assert!(raw.response(&net, "500 UPDATE").headers.contains(&HeaderName::RetryAfter));
    net.with("bob", |agent, now| agent.answer_reinvite(now, bob, "yes".into())).expect("waits");
    net.run(ms(30));
    // Bob's own offer is under way: 491. Without an offer there is nothing to meet.
    net.with("bob", |agent, now| agent.reinvite(now, bob, Some("mine".into()))).expect("stable");
    net.run(ms(30));
    raw.news(&net);
    assert_eq!(update(&mut raw, &mut net, Some("three")), ["491 UPDATE"]);
    assert_eq!(update(&mut raw, &mut net, None), ["200 UPDATE"]);
    let reinvite = raw.received(&net, &Method::Invite);
    raw.respond(&mut net, &reinvite, 488);
    net.run(ms(30));
    // A telephone that says when it can be asked again is asked then.
    net.with("bob", |agent, now| agent.update(now, bob, "mine".into())).expect("stable");
    net.run(ms(30));
    let request = raw.received(&net, &Method::Update);
    let busy = ringdown_sip::message::Response::to_request(&request, 500).with(HeaderName::RetryAfter, "3");
    raw.respond_with(&mut net, busy);
    net.run(secs(2));
    assert_eq!(raw.received(&net, &Method::Update), request);
    net.run(secs(2));
    let again = raw.received(&net, &Method::Update);
    assert_ne!(again, request);
    raw.respond(&mut net, &again, 200);
    net.run(ms(30));
    assert_eq!(net.bob().story().last(), Some(&"reinvite answered"));
    let bye = raw.request(Method::Bye);
    raw.send(&mut net, bye);
    net.run(ms(30));
    net.assert_clean();
}

#[test]
fn a_peer_that_does_not_allow_it_is_not_asked() {
    let mut net = Net::udp();
    let mut raw = Raw::established(&mut net, "Allow: INVITE, ACK, BYE\n");
    let bob = net.bob().leg();
    let refused = net.with("bob", |agent, now| agent.update(now, bob, "x".into()));
    assert_eq!(refused, Err(UsageError::NotAllowed));
    let bye = raw.request(Method::Bye);
    raw.send(&mut net, bye);
    net.run(ms(30));
    net.assert_clean();
}

#[test]
fn before_the_answer_it_waits_for_the_invites_own_offer() {
    let mut net = Net::udp();
    let alice = net.call("alice", "bob");
    net.run(ms(50));
    let bob = net.bob().leg();
    net.with("bob", |agent, now| agent.ring(now, bob, None)).expect("not answered");
    net.run(ms(50));
    let early = net.with("alice", |agent, now| agent.update(now, alice, "a".into()));
    assert_eq!(early, Err(UsageError::WrongState));
    // With a reliable description the first exchange is complete.
    net.with("bob", |agent, now| agent.progress(now, bob, "early".into())).expect("not answered");
    net.run(ms(100));
    net.with("alice", |agent, now| agent.update(now, alice, "a".into())).expect("agreed");
    net.run(ms(50));
    assert_eq!(net.bob().story().last(), Some(&"reinvited"));
    net.with("bob", |agent, now| agent.answer_reinvite(now, bob, "b".into())).expect("waits");
    net.run(ms(50));
    assert_eq!(net.alice().story().last(), Some(&"reinvite answered"));
    net.with("bob", |agent, now| agent.update(now, bob, "b2".into())).expect("agreed");
    net.run(ms(50));
    net.with("alice", |agent, now| agent.answer_reinvite(now, alice, "a2".into())).expect("waits");
    net.run(ms(50));
    assert_eq!(net.bob().story().last(), Some(&"reinvite answered"));
    net.with("bob", |agent, now| agent.accept(now, bob, "early".into())).expect("not answered");
    net.run(ms(100));
    assert_eq!(net.alice().story().last(), Some(&"answered"));
    net.with("alice", |agent, now| agent.bye(now, alice, None)).expect("answered");
    net.assert_clean();
}

#[test]
fn too_early_updates_are_refused_on_both_sides() {
    // The callee's: its caller's offer has no answer yet. 491
    let mut net = Net::udp();
    let (mut raw, leg) = Raw::invited(&mut net, Some("offer"));
    raw.respond_with(&mut net, raw.answer(180, None));
    net.run(ms(30));
    let update = raw.request(Method::Update).with_body("application/sdp", "x".into());
    raw.send(&mut net, update);
    net.run(ms(30));
    assert_eq!(raw.response(&net, "491 UPDATE").status, 491);
    net.with("bob", |agent, now| agent.cancel(now, leg, None)).expect("not answered");
    net.run(ms(30));
    let cancel = raw.received(&net, &Method::Cancel);
    raw.respond(&mut net, &cancel, 200);
    raw.respond_with(&mut net, raw.answer(487, None));
    net.assert_clean();
    // The caller's: bob has not answered its offer. 500 with Retry-After
    let mut net = Net::udp();
    let mut raw = Raw::default();
    raw.invite(&mut net, "", Some("offer"));
    net.run(ms(30));
    let bob = net.bob().leg();
    net.with("bob", |agent, now| agent.ring(now, bob, None)).expect("not answered");
    net.run(ms(30));
    let ringing = raw.response(&net, "180 INVITE");
    raw.enter(&net, &ringing);
    let update = raw.request(Method::Update).with_body("application/sdp", "x".into());
    raw.send(&mut net, update);
    net.run(ms(30));
    assert!(raw.response(&net, "500 UPDATE").headers.contains(&HeaderName::RetryAfter));
    net.with("bob", |agent, now| agent.reject(now, bob, 486, None)).expect("not answered");
    net.assert_clean();
}
