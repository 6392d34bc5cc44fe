//! Every request comes out before it takes effect: alice registers with her password and calls; a replay of her
//! REGISTER, a wrong password and an unknown user do not get in.

mod support;

use std::time::Instant;

use ringdown_sip::{
    digest::{Authenticator, Ha1, Role, Verdict},
    message::{Algorithm, Challenge, Credentials, HeaderName, Message, Protection, Request, Response},
    registrar::{Registrar, RegistrarConfig},
    user_agent::Received,
};
use ringdown_types::SeededRandom;
use support::{Net, ms, secs, stranger_address, wire};

const REALM: &str = "ringdown.example";

/// What the switch does with a REGISTER.
struct Desk {
    authenticator: Authenticator,
    registrar: Registrar,
    random: SeededRandom,
}

impl Desk {
    fn new(now: Instant) -> Self {
        let mut random = SeededRandom::new(11);
        let authenticator = Authenticator::new(now, REALM, &mut random);
        Self { authenticator, registrar: Registrar::new(RegistrarConfig::default()), random }
    }

    fn serve(&mut self, net: &mut Net) -> Verdict {
        let now = net.now;
        let Received { id, request, flow, .. } = net.bob().received.pop().expect("a request waits");
        let lookup = |user: &str| (user == "alice").then(|| Ha1::of_password("alice", REALM, "secret"));
        let verdict = self.authenticator.check(now, &request, lookup);
        match &verdict {
            Verdict::Accepted { username } => {
                let response = self.registrar.handle_register(now, username, flow, &request);
                net.with("bob", |agent, now| agent.respond(now, id, response));
            }
            other => {
                let algorithms = &[Algorithm::Sha256, Algorithm::Md5];
                let stale = matches!(other, Verdict::Stale);
                let how: (Role, &[Algorithm], bool) = (Role::UserAgent, algorithms, stale);
                let response = self.authenticator.challenge(now, &request, how, &mut self.random);
                net.with("bob", |agent, now| agent.challenge(now, id, response));
            }
        }
        verdict
    }
}

fn register(cseq: u32) -> Request {
    support::request(&format!(
        "REGISTER sip:{REALM} SIP/2.0\nVia: SIP/2.0/UDP 10.0.0.7:5060;rport;branch=z9hG4bKr{cseq}\n\
         From: <sip:alice@{REALM}>;tag=a\nTo: <sip:alice@{REALM}>\nCall-ID: r\nCSeq: {cseq} REGISTER\n\
         Contact: <sip:alice@10.0.0.7:5060>\n\n"
    ))
}

fn last_response(net: &Net) -> Response {
    match net.log.last().and_then(support::Sent::message) {
        Some(Message::Response(response)) => response,
        other => panic!("{other:?}"),
    }
}

/// The second opinion: `rsip` computes the response.
fn sign(request: &Request, response: &Response, user: &str, password: &str) -> Request {
    let challenges: Vec<Challenge> = response
        .headers
        .all(&HeaderName::WwwAuthenticate)
        .filter_map(|header| Challenge::parse(header.text()?))
        .collect();
    let names: Vec<_> = challenges.iter().map(|challenge| challenge.algorithm).collect();
    assert_eq!(names, [Algorithm::Sha256, Algorithm::Md5], "the stronger first");
    let challenge = &challenges[0];
    let uri: rsip::Uri = request.uri.to_string().as_str().try_into().expect("rsip reads plain URIs");
    let qop = rsip::headers::auth::AuthQop::Auth { cnonce: "0a4f".into(), nc: 1 };
    let digest = rsip::services::DigestGenerator {
        username: user,
        password,
        nonce: &challenge.nonce,
        uri: &uri,
        realm: REALM,
        method: &rsip::Method::Register,
        qop: Some(&qop),
        algorithm: rsip::headers::auth::Algorithm::Sha256,
    };
    let credentials = Credentials {
        username: user.into(),
        realm: REALM.into(),
        nonce: challenge.nonce.clone(),
        uri: request.uri.to_string(),
        response: digest.compute(),
        algorithm: Some(Algorithm::Sha256),
        protection: Some(Protection { qop: "auth".into(), cnonce: "0a4f".into(), nc: "00000001".into() }),
    };
    let mut signed = request.clone();
    signed.headers.push(HeaderName::Authorization, credentials.to_string());
    signed
}

fn ask(net: &mut Net, desk: &mut Desk, request: &Request) -> Verdict {
    net.inject(stranger_address(), "bob", request.encode());
    net.run(ms(20));
    desk.serve(net)
}

#[test]
fn alice_registers_and_a_replay_of_her_register_does_not() {
    let mut net = Net::udp();
    net.bob().admits = false;
    let mut desk = Desk::new(net.now);
    assert_eq!(ask(&mut net, &mut desk, &register(1)), Verdict::Missing);
    let challenge = last_response(&net);
    assert_eq!(challenge.status, 401);
    assert_eq!(net.bob().agent.transactions(), 0, "a challenge costs no memory");
    let signed = sign(&register(2), &challenge, "alice", "secret");
    assert_eq!(ask(&mut net, &mut desk, &signed), Verdict::Accepted { username: "alice".into() });
    assert_eq!(last_response(&net).status, 200);
    let binding = desk.registrar.bindings("alice").next().expect("registered");
    assert_eq!(binding.destination().remote(), stranger_address(), "back through the NAT");
    // The very same packet is a retransmission and gets the same answer; after the transaction it is a replay.
    net.inject(stranger_address(), "bob", signed.encode());
    net.run(ms(50));
    assert!(net.bob().received.is_empty());
    net.run(secs(40));
    assert_eq!(ask(&mut net, &mut desk, &signed), Verdict::Stale);
    // With its nonce and another branch it is a replay at once.
    let again = sign(&register(3), &challenge, "alice", "secret");
    assert_eq!(ask(&mut net, &mut desk, &again), Verdict::Stale);
    let stale = last_response(&net);
    assert!(String::from_utf8_lossy(&stale.encode()).contains("stale=true"));
    let fresh = sign(&register(4), &stale, "alice", "secret");
    assert_eq!(ask(&mut net, &mut desk, &fresh), Verdict::Accepted { username: "alice".into() });
    // And after five minutes a nonce is too old.
    assert_eq!(ask(&mut net, &mut desk, &register(5)), Verdict::Missing);
    let challenge = last_response(&net);
    net.run(secs(301));
    let late = sign(&register(6), &challenge, "alice", "secret");
    assert_eq!(ask(&mut net, &mut desk, &late), Verdict::Stale);
}

#[test]
fn unknown_users_and_wrong_passwords_look_alike() {
    let mut net = Net::udp();
    net.bob().admits = false;
    let mut desk = Desk::new(net.now);
    let mut lengths = Vec::new();
    for (user, password) in [("alice", "wrong"), ("zelda", "secret")] {
        ask(&mut net, &mut desk, &register(1));
        let challenge = last_response(&net);
        let signed = sign(&register(2), &challenge, user, password);
        assert_eq!(ask(&mut net, &mut desk, &signed), Verdict::Refused);
        assert_eq!(last_response(&net).status, 401);
        lengths.push(net.log.last().map(|sent| sent.bytes.len()));
    }
    assert_eq!(lengths[0], lengths[1]);
}

#[test]
fn an_invite_rings_nobody_before_it_is_admitted() {
    let mut net = Net::udp();
    net.bob().admits = false;
    net.call("alice", "bob");
    net.run(ms(100));
    assert_eq!(net.bob().story(), [""; 0]);
    let received = net.bob().received.pop().expect("it waits");
    assert_eq!(received.usage, None);
    net.with("bob", |agent, now| agent.admit(now, received.id)).expect("a leg");
    assert_eq!(net.bob().story(), ["invited"]);
}

#[test]
fn an_invite_given_up_before_it_was_admitted_is_487() {
    let mut net = Net::udp();
    net.bob().admits = false;
    let alice = net.call("alice", "bob");
    net.run(ms(300));
    net.with("alice", |agent, now| agent.cancel(now, alice, None)).expect("not answered");
    net.run(ms(100));
    assert_eq!(net.alice().story(), ["cancelled"]);
    let received = net.bob().received.pop().expect("it waited");
    assert_eq!(net.with("bob", |agent, now| agent.admit(now, received.id)), None);
    assert_eq!(net.bob().story(), [""; 0]);
    net.assert_clean();
}

#[test]
fn a_bye_of_a_stranger_is_seen_to_come_from_elsewhere() {
    let mut net = Net::udp();
    net.established();
    net.bob().admits = false;
    let ack =
        net.log.iter().find(|sent| sent.label() == "ACK").map(|sent| sent.bytes.clone()).expect("an ACK");
    let bye = String::from_utf8_lossy(&ack).replace("ACK", "BYE").replace("z9hG4bK", "z9hG4bKforged");
    net.inject(stranger_address(), "bob", wire(&bye.replace("\r\n", "\n")));
    net.run(ms(20));
    let received = net.bob().received.pop().expect("it waits");
    assert!(received.usage.is_some() && !received.is_from_peer);
    let response = Response::to_request(&received.request, 401);
    net.with("bob", |agent, now| agent.challenge(now, received.id, response));
    assert_eq!(net.bob().story(), ["invited", "confirmed"], "the call goes on");
}
