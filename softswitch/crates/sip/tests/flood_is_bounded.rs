//! More requests than the endpoint may hold, and challenges, which must cost nothing.

mod support;

use ringdown_sip::{
    invite::SessionTimers,
    message::{HeaderName, Method, Response},
    user_agent::{UserAgent, UserAgentConfig},
};
use ringdown_types::SeededRandom;
use support::{Net, ms};

fn options(n: usize) -> bytes::Bytes {
    support::wire(&format!(
        "OPTIONS sip:bob@192.0.2.2 SIP/2.0\nVia: SIP/2.0/UDP 203.0.113.9;branch=z9hG4bK{n}\n\
         From: <sip:m@203.0.113.9>;tag=m{n}\nTo: <sip:bob@192.0.2.2>\nCall-ID: {n}\nCSeq: 1 OPTIONS\n\n"
    ))
}

#[test]
fn beyond_the_limit_strangers_get_503_and_calls_can_still_end() {
    let mut net = Net::udp();
    let (alice, _) = net.established();
    // Bob may hold 64 transactions, eight of them for calls that exist.
    let mut endpoint = net.bob().agent.config().clone();
    endpoint.max_transactions = 64;
    let config = UserAgentConfig { endpoint, max_usages: 100, session_timers: SessionTimers::default() };
    net.bob().agent = UserAgent::new(config, Box::new(SeededRandom::new(3)));
    net.bob().admits = false;
    for n in 0..1000 {
        net.inject(support::stranger_address(), "bob", options(n));
    }
    net.run(ms(50));
    assert_eq!(net.bob().agent.transactions(), 56);
    assert_eq!(net.bob().agent.counters().shed, 1000 - 56);
    assert_eq!(net.sent("503 OPTIONS"), 1000 - 56);
    let refusal = net.log.iter().find(|sent| sent.label() == "503 OPTIONS").and_then(support::Sent::message);
    assert!(refusal.is_some_and(|refusal| refusal.headers().contains(&HeaderName::RetryAfter)));
    // A BYE uses the reserve. This bob does not know the call, so it is 481, but not 503.
    net.with("alice", |agent, now| agent.bye(now, alice, None)).expect("answered");
    net.run(ms(100));
    assert_eq!((net.sent("481 BYE"), net.sent("503 BYE")), (1, 0));
}

#[test]
fn what_is_answered_keeps_nobody_out_and_is_answered_alike_again() {
    let mut net = Net::udp();
    let mut endpoint = net.bob().agent.config().clone();
    endpoint.max_transactions = 64;
    let config = UserAgentConfig { endpoint, max_usages: 100, session_timers: SessionTimers::default() };
    net.bob().agent = UserAgent::new(config, Box::new(SeededRandom::new(3)));
    // Ten times as many requests as there may be transactions, each answered at once.
    for n in 0..640 {
        net.inject(support::stranger_address(), "bob", options(n));
        net.run(ms(11));
    }
    assert_eq!((net.sent("200 OPTIONS"), net.sent("503 OPTIONS")), (640, 0));
    assert_eq!(net.bob().agent.transactions(), 64);
    // A retransmission of a late one meets its answer, To tag and all.
    net.inject(support::stranger_address(), "bob", options(639));
    net.run(ms(11));
    let answers: Vec<_> = net.log.iter().filter(|sent| sent.label() == "200 OPTIONS").collect();
    assert_eq!(answers.len(), 641);
    assert_eq!(answers[639].bytes, answers[640].bytes);
    // None outlives its 32 s.
    net.run(support::secs(33));
    assert_eq!(net.bob().agent.transactions(), 0);
}

#[test]
fn a_challenge_leaves_nothing_behind() {
    let mut net = Net::udp();
    net.bob().admits = false;
    for n in 0..1000 {
        net.inject(support::stranger_address(), "bob", options(n));
        net.run(ms(11));
        let received = net.bob().received.pop().expect("it waits");
        let response = Response::to_request(&received.request, 401);
        net.with("bob", |agent, now| agent.challenge(now, received.id, response));
        assert_eq!(net.bob().agent.transactions(), 0);
    }
    assert_eq!(net.sent("401 OPTIONS"), 1000);
    // The ACK for a challenged INVITE goes nowhere and harms nothing.
    net.inject(support::stranger_address(), "bob", support::stranger(&Method::Invite, ""));
    net.run(ms(11));
    let received = net.bob().received.pop().expect("it waits");
    let response = Response::to_request(&received.request, 401);
    net.with("bob", |agent, now| agent.challenge(now, received.id, response));
    net.inject(support::stranger_address(), "bob", support::stranger(&Method::Ack, ""));
    net.run(ms(20));
    assert_eq!(net.bob().story(), [""; 0]);
    net.assert_clean();
}

#[test]
fn more_calls_than_allowed_are_503() {
    let mut net = Net::udp();
    let config = UserAgentConfig {
        endpoint: net.bob().agent.config().clone(),
        max_usages: 2,
        session_timers: SessionTimers::default(),
    };
    net.bob().agent = UserAgent::new(config, Box::new(SeededRandom::new(3)));
    for _ in 0..3 {
        net.call("alice", "bob");
    }
    net.run(ms(50));
    assert_eq!(net.bob().count("invited"), 2);
    assert_eq!(net.sent("503 INVITE"), 1);
}
