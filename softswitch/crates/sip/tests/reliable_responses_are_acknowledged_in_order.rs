//! Reliable provisional responses as the calling side takes them (RFC 3262 §4).

mod support;

use ringdown_sip::{
    invite::{UsageError, UsageEvent},
    message::{HeaderName, Method, Request},
};
use support::{Net, ms, raw::Raw};

fn rack(request: &Request) -> String {
    request.headers.text(&HeaderName::RAck).ok().flatten().expect("RAck").to_owned()
}

#[test]
fn each_is_acknowledged_once_and_what_comes_too_early_is_dropped() {
    let mut net = Net::udp();
    let (mut raw, leg) = Raw::invited(&mut net, Some("offer"));
    let invite = raw.invite.clone().expect("an INVITE");
    let cseq = invite.headers.cseq().expect("CSeq").number;
    assert!(invite.headers.lists(&HeaderName::Supported, "100rel"));
    raw.news(&net);
    // The third overtakes the second, and the first comes twice.
    for (status, rseq) in [(180, 7), (180, 7), (183, 9), (183, 8), (183, 9)] {
        raw.respond_with(&mut net, raw.reliable(status, rseq, None));
        net.run(ms(30));
        if let Some("PRACK") = raw.news(&net).last().map(String::as_str) {
            let prack = raw.received(&net, &Method::Prack);
            assert_eq!(rack(&prack), format!("{rseq} {cseq} INVITE"));
            raw.respond(&mut net, &prack, 200);
        }
    }
    assert_eq!(net.sent("PRACK"), 3);
    assert_eq!(net.bob().story(), ["ringing"]);
    // A branch counts by itself.
    let other = raw.reliable(180, 1, None);
    let mut other = other;
    other.headers.set(HeaderName::To, "<sip:bob@192.0.2.2>;tag=carol");
    raw.respond_with(&mut net, other);
    net.run(ms(30));
    let prack = raw.received(&net, &Method::Prack);
    assert_eq!(rack(&prack), format!("1 {cseq} INVITE"));
    raw.respond(&mut net, &prack, 200);
    // The ACK has the INVITE's number, and what follows a higher one than any PRACK.
    raw.respond_with(&mut net, raw.answer(200, Some("answer")));
    net.run(ms(30));
    assert_eq!(raw.received(&net, &Method::Ack).headers.cseq().expect("CSeq").number, cseq);
    net.with("bob", |agent, now| agent.bye(now, leg, None)).expect("answered");
    net.run(ms(30));
    let bye = raw.received(&net, &Method::Bye);
    assert_eq!(bye.headers.cseq().expect("CSeq").number, cseq + 4);
    raw.respond(&mut net, &bye, 200);
    net.assert_clean();
}

#[test]
fn a_description_that_came_reliably_is_the_answer() {
    let mut net = Net::udp();
    let (mut raw, leg) = Raw::invited(&mut net, Some("offer"));
    raw.respond_with(&mut net, raw.reliable(183, 1, Some("early")));
    net.run(ms(30));
    let prack = raw.received(&net, &Method::Prack);
    raw.respond(&mut net, &prack, 200);
    raw.respond_with(&mut net, raw.reliable(183, 2, Some("other")));
    net.run(ms(30));
    let prack = raw.received(&net, &Method::Prack);
    raw.respond(&mut net, &prack, 200);
    raw.respond_with(&mut net, raw.answer(200, None));
    net.run(ms(30));
    let told: Vec<_> = net.bob().events.iter().map(|(_, event)| format!("{event:?}")).collect();
    assert_eq!(told, [r#"Progress { sdp: b"early" }"#, r#"Answered { sdp: Some(b"early") }"#]);
    let bye = raw.request(Method::Bye);
    raw.send(&mut net, bye);
    net.run(ms(30));
    assert_eq!(net.bob().leg(), leg);
    net.assert_clean();
}

#[test]
fn an_offer_in_a_reliable_response_is_answered_in_its_prack() {
    let mut net = Net::udp();
    let (mut raw, leg) = Raw::invited(&mut net, None);
    raw.respond_with(&mut net, raw.reliable(183, 1, Some("their offer")));
    net.run(ms(30));
    let Some((_, UsageEvent::EarlyOffered { sdp })) = net.bob().events.last() else {
        panic!("{:?}", net.bob().story())
    };
    assert_eq!(sdp, "their offer");
    assert_eq!(net.sent("PRACK"), 0, "the PRACK waits for the answer");
    net.with("bob", |agent, now| agent.acknowledge(now, leg, "our answer".into())).expect("waits");
    net.run(ms(30));
    let prack = raw.received(&net, &Method::Prack);
    assert_eq!(prack.body, "our answer");
    let again = net.with("bob", |agent, now| agent.acknowledge(now, leg, "x".into()));
    assert_eq!(again, Err(UsageError::WrongState));
    raw.respond(&mut net, &prack, 200);
    raw.respond_with(&mut net, raw.answer(200, None));
    net.run(ms(30));
    let Some((_, UsageEvent::Answered { sdp: None })) = net.bob().events.last() else {
        panic!("{:?}", net.bob().story())
    };
    assert!(raw.received(&net, &Method::Ack).body.is_empty());
    let bye = raw.request(Method::Bye);
    raw.send(&mut net, bye);
    net.run(ms(30));
    net.assert_clean();
}

#[test]
fn of_two_branches_with_early_media_the_one_that_answers_counts() {
    let mut net = Net::udp();
    let (raw, leg) = Raw::invited(&mut net, Some("offer"));
    for (tag, sdp) in [("carol", "carol's"), ("dave", "dave's")] {
        let mut response = raw.reliable(183, 1, Some(sdp));
        response.headers.set(HeaderName::To, format!("<sip:bob@192.0.2.2>;tag={tag}"));
        raw.respond_with(&mut net, response);
        net.run(ms(30));
        let prack = raw.received(&net, &Method::Prack);
        assert_eq!(prack.headers.to().expect("To").tag(), Some(tag));
        raw.respond(&mut net, &prack, 200);
    }
    let mut answer = raw.answer(200, None);
    answer.headers.set(HeaderName::To, "<sip:bob@192.0.2.2>;tag=carol");
    raw.respond_with(&mut net, answer);
    net.run(ms(30));
    let told: Vec<_> = net.bob().events.iter().map(|(_, event)| format!("{event:?}")).collect();
    let carols = r#"Answered { sdp: Some(b"carol's") }"#;
    assert_eq!(told, [r#"Progress { sdp: b"carol's" }"#, r#"Progress { sdp: b"dave's" }"#, carols]);
    net.with("bob", |agent, now| agent.bye(now, leg, None)).expect("answered");
    net.run(ms(30));
    let bye = raw.received(&net, &Method::Bye);
    assert_eq!(bye.headers.to().expect("To").tag(), Some("carol"));
    raw.respond(&mut net, &bye, 200);
    net.assert_clean();
}
