//! A proxy forks alice's INVITE to bob and carol, and both answer.

mod support;

use ringdown_sip::message::{Message, Method, Request, Response};
use support::{Net, ms, secs};

/// A response of a branch of the fork, with its own tag and Contact.
fn branch(invite: &Request, status: u16, who: &str) -> bytes::Bytes {
    let response = Response::to_request(invite, status)
        .with_to_tag(who)
        .with(ringdown_sip::message::HeaderName::Contact, format!("<sip:{who}@192.0.2.77>"));
    if status == 200 {
        response.with_body("application/sdp", who.to_owned().into()).encode()
    } else {
        response.encode()
    }
}

#[test]
fn the_first_200_wins_and_the_other_is_acknowledged_and_ended() {
    // "bob" at 192.0.2.2 is a proxy here; what it sends is made by hand.
    let mut net = Net::new(ringdown_sip::endpoint::Transport::Udp, &["alice"]);
    let proxy = support::address(1);
    let params = {
        let mut params = net.params("alice", "alice", Some("offer"));
        params.destination = ringdown_sip::endpoint::Destination::Address {
            transport: ringdown_sip::endpoint::Transport::Udp,
            remote: proxy,
        };
        params
    };
    let alice = net.with("alice", |agent, now| agent.invite(now, params)).expect("room");
    net.run(ms(50));
    let Some(Message::Request(invite)) = net.outside.first().and_then(support::Sent::message) else {
        panic!("the INVITE reached the proxy")
    };
    for (status, who) in
        [(180, "bob"), (180, "carol"), (200, "carol"), (200, "bob"), (200, "carol"), (200, "bob")]
    {
        net.inject(proxy, "alice", branch(&invite, status, who));
        net.run(ms(30));
    }
    assert_eq!(net.alice().story(), ["ringing", "ringing", "answered"]);
    let requests: Vec<(Method, String)> = net
        .outside
        .iter()
        .skip(1)
        .filter_map(|sent| match sent.message() {
            Some(Message::Request(request)) => Some((request.method.clone(), request.uri.to_string())),
            _ => None,
        })
        .collect();
    let (carol, bob) = ("sip:carol@192.0.2.77".to_owned(), "sip:bob@192.0.2.77".to_owned());
    assert_eq!(
        requests,
        [
            (Method::Ack, carol.clone()),
            (Method::Ack, bob.clone()),
            (Method::Bye, bob.clone()),
            (Method::Ack, carol),
            (Method::Ack, bob),
        ]
    );
    // Whatever becomes of bob's BYE, the call with carol goes on.
    net.run(secs(40));
    assert_eq!(net.alice().story().last(), Some(&"answered"));
    net.with("alice", |agent, now| agent.bye(now, alice, None)).expect("answered");
    net.assert_clean();
}
