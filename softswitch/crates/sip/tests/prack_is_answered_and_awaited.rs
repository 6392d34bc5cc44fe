//! Reliable provisional responses as the called side sends them (RFC 3262 §3).

mod support;

use ringdown_sip::{
    invite::{EndCause, UsageEvent, UsageId},
    message::{HeaderName, Method, Response},
};
use support::{Net, ms, raw::Raw, secs};

/// A telephone that calls bob with these headers; bob's leg.
fn calling(extra: &str, offer: Option<&'static str>) -> (Net, Raw, UsageId) {
    let mut net = Net::udp();
    let mut raw = Raw::default();
    raw.invite(&mut net, extra, offer);
    net.run(ms(50));
    let leg = net.bob().leg();
    (net, raw, leg)
}

/// Bob sends early media.
fn progress(net: &mut Net, leg: UsageId) {
    net.with("bob", |agent, now| agent.progress(now, leg, "early".into())).expect("not answered");
    net.run(ms(50));
}

/// The telephone acknowledges that response; the status of its PRACK.
fn prack(net: &mut Net, raw: &mut Raw, response: &Response, body: Option<&'static str>) -> u16 {
    if raw.dialog.is_none() {
        raw.enter(net, response);
    }
    let rseq = response.headers.number(&HeaderName::RSeq).expect("a number").expect("RSeq");
    prack_of(net, raw, &format!("{rseq} 1 INVITE"), body)
}

fn prack_of(net: &mut Net, raw: &mut Raw, rack: &str, body: Option<&'static str>) -> u16 {
    let request = raw.request(Method::Prack).with(HeaderName::RAck, rack);
    let request = match body {
        Some(body) => request.with_body("application/sdp", body.into()),
        None => request,
    };
    raw.news(net);
    raw.send(net, request);
    net.run(ms(50));
    let news = raw.news(net);
    let answer = news.iter().find(|label| label.ends_with("PRACK")).expect("an answer");
    answer.split(' ').next().and_then(|status| status.parse().ok()).expect("a status")
}

fn finish(mut net: Net, mut raw: Raw) {
    let answer = raw.response(&net, "200 INVITE");
    raw.acknowledge(&mut net, &answer);
    let bye = raw.request(Method::Bye);
    raw.send(&mut net, bye);
    net.run(ms(50));
    assert_eq!(net.bob().story().last(), Some(&"ended"));
    net.assert_clean();
}

#[test]
fn a_180_is_reliable_only_where_it_must_be_and_a_description_where_it_can_be() {
    for (extra, ringing, media) in [
        ("", false, false),
        ("Supported: 100rel\n", false, true),
        ("Supported: timer\nRequire: 100rel\n", true, true),
    ] {
        let (mut net, mut raw, leg) = calling(extra, Some("offer"));
        net.with("bob", |agent, now| agent.ring(now, leg, None)).expect("not answered");
        net.run(ms(50));
        let is_reliable = |response: &Response| response.headers.lists(&HeaderName::Require, "100rel");
        let response = raw.response(&net, "180 INVITE");
        assert_eq!(is_reliable(&response), ringing, "{extra}");
        if ringing {
            assert_eq!(prack(&mut net, &mut raw, &response, None), 200);
        }
        progress(&mut net, leg);
        assert_eq!(is_reliable(&raw.response(&net, "183 INVITE")), media, "{extra}");
    }
}

#[test]
fn it_is_repeated_until_its_prack_and_the_answer_waits() {
    let (mut net, mut raw, leg) = calling("Supported: 100rel\n", Some("offer"));
    progress(&mut net, leg);
    net.with("bob", |agent, now| agent.accept(now, leg, "early".into())).expect("not answered");
    net.run(secs(4));
    // T1, doubling, without a limit. §3
    assert_eq!(net.times("183 INVITE"), [50, 550, 1550, 3550]);
    assert_eq!(net.sent("200 INVITE"), 0, "the 2xx waits for the PRACK of a description");
    let response = raw.response(&net, "183 INVITE");
    raw.enter(&net, &response);
    for (rack, status) in [("1 1 INVITE", 481), ("nonsense", 481)] {
        assert_eq!(prack_of(&mut net, &mut raw, rack, None), status);
    }
    assert_eq!(prack(&mut net, &mut raw, &response, None), 200);
    assert_eq!(prack(&mut net, &mut raw, &response, None), 481, "once");
    let answer = raw.response(&net, "200 INVITE");
    assert!(answer.body.is_empty(), "the description of the 183 is the answer");
    net.run(secs(1));
    assert_eq!(net.sent("183 INVITE"), 4);
    finish(net, raw);
}

#[test]
fn without_a_prack_the_call_is_refused() {
    let (mut net, raw, leg) = calling("Supported: 100rel\n", Some("offer"));
    progress(&mut net, leg);
    net.run(secs(33));
    assert_eq!(raw.response(&net, "504 INVITE").status, 504);
    let Some((_, UsageEvent::Ended { cause: EndCause::PrackTimeout, .. })) = net.bob().events.last() else {
        panic!("{:?}", net.bob().story())
    };
    net.assert_clean();
}

#[test]
fn the_next_one_waits_for_the_prack_of_the_one_before() {
    let (mut net, mut raw, leg) = calling("Require: 100rel\n", Some("offer"));
    net.with("bob", |agent, now| agent.ring(now, leg, None)).expect("not answered");
    progress(&mut net, leg);
    assert_eq!((net.sent("180 INVITE"), net.sent("183 INVITE")), (1, 0));
    let first = raw.response(&net, "180 INVITE");
    assert_eq!(prack(&mut net, &mut raw, &first, None), 200);
    let second = raw.response(&net, "183 INVITE");
    let number =
        |response: &Response| response.headers.number(&HeaderName::RSeq).expect("RSeq").expect("RSeq");
    assert_eq!(number(&second), number(&first) + 1);
    // A 2xx need not wait for a response without a description, and its late PRACK is still answered. §3
    assert_eq!(prack(&mut net, &mut raw, &second, None), 200);
    net.with("bob", |agent, now| agent.ring(now, leg, None)).expect("not answered");
    net.run(ms(50));
    let third = raw.response(&net, "180 INVITE");
    net.with("bob", |agent, now| agent.accept(now, leg, "early".into())).expect("not answered");
    net.run(ms(50));
    assert_eq!(raw.response(&net, "200 INVITE").status, 200);
    assert_eq!(prack(&mut net, &mut raw, &third, None), 200);
    finish(net, raw);
}

#[test]
fn an_invite_without_an_offer_gets_ours_and_the_prack_answers_it() {
    let (mut net, mut raw, leg) = calling("Supported: 100rel\n", None);
    progress(&mut net, leg);
    let response = raw.response(&net, "183 INVITE");
    assert_eq!(response.body, "early");
    assert_eq!(prack(&mut net, &mut raw, &response, None), 400, "a PRACK without the answer");
    assert_eq!(prack(&mut net, &mut raw, &response, Some("their answer")), 200);
    let Some((_, UsageEvent::EarlyAnswered { sdp })) = net.bob().events.last() else {
        panic!("{:?}", net.bob().story())
    };
    assert_eq!(sdp, "their answer");
    net.with("bob", |agent, now| agent.accept(now, leg, "ignored".into())).expect("not answered");
    net.run(ms(50));
    assert!(raw.response(&net, "200 INVITE").body.is_empty());
    finish(net, raw);
}

#[test]
fn a_prack_may_bring_a_further_offer_and_the_answer_waits_for_it() {
    let (mut net, mut raw, leg) = calling("Supported: 100rel\n", Some("offer"));
    progress(&mut net, leg);
    let response = raw.response(&net, "183 INVITE");
    raw.enter(&net, &response);
    let rseq = response.headers.number(&HeaderName::RSeq).expect("RSeq").expect("RSeq");
    let request = raw.request(Method::Prack).with(HeaderName::RAck, format!("{rseq} 1 INVITE"));
    raw.send(&mut net, request.with_body("application/sdp", "more".into()));
    net.run(ms(50));
    let Some((_, UsageEvent::Reinvited { offer: Some(offer) })) = net.bob().events.last() else {
        panic!("{:?}", net.bob().story())
    };
    assert_eq!(offer, "more");
    net.with("bob", |agent, now| agent.accept(now, leg, "early".into())).expect("not answered");
    assert_eq!(net.sent("200 INVITE"), 0);
    net.with("bob", |agent, now| agent.answer_reinvite(now, leg, "yes".into())).expect("waits");
    net.run(ms(50));
    assert_eq!(raw.response(&net, "200 PRACK").body, "yes");
    assert_eq!(net.sent("200 INVITE"), 1);
    finish(net, raw);
}

#[test]
fn a_cancel_while_the_answer_waits_ends_the_call() {
    let (mut net, raw, leg) = calling("Supported: 100rel\n", Some("offer"));
    progress(&mut net, leg);
    net.with("bob", |agent, now| agent.accept(now, leg, "early".into())).expect("not answered");
    let mut cancel = raw.invite.clone().expect("it invited");
    cancel.method = Method::Cancel;
    cancel.headers.set(HeaderName::CSeq, "1 CANCEL");
    cancel.headers.remove(&HeaderName::ContentType);
    cancel.body = bytes::Bytes::new();
    raw.repeat(&mut net, &cancel);
    net.run(ms(50));
    assert_eq!(net.bob().story(), ["invited", "cancelled"]);
    assert_eq!((net.sent("487 INVITE"), net.sent("200 INVITE")), (1, 0));
    net.assert_clean();
}
