//! Session timers (RFC 4028): who shows how often that they live, and what happens to those who do not.

mod support;

use ringdown_sip::{
    invite::{EndCause, UsageEvent},
    message::{HeaderName, Headers, Method, Response},
};
use support::{Net, ms, raw::Raw, secs};

fn timer(headers: &Headers) -> (String, Option<String>) {
    let text = |name| headers.text(&name).ok().flatten().map(str::to_owned);
    (text(HeaderName::SessionExpires).unwrap_or_default(), text(HeaderName::MinSe))
}

fn ended(net: &mut Net) -> EndCause {
    match net.bob().events.last() {
        Some((_, UsageEvent::Ended { cause, .. })) => *cause,
        other => panic!("{other:?}"),
    }
}

/// The telephone hears bob's BYE.
fn take_bye(net: &mut Net, raw: &Raw) {
    net.run(ms(50));
    let bye = raw.received(net, &Method::Bye);
    raw.respond(net, &bye, 200);
    net.assert_clean();
}

#[test]
fn too_short_an_interval_is_refused_with_the_shortest() {
    let mut net = Net::udp();
    let mut raw = Raw::default();
    raw.invite(&mut net, "Supported: timer\nSession-Expires: 60\n", Some("offer"));
    net.run(ms(50));
    assert_eq!(timer(&raw.response(&net, "422 INVITE").headers).1.as_deref(), Some("90"));
    assert!(net.bob().events.is_empty());
    net.assert_clean();
}

#[test]
fn a_telephone_that_refreshes_no_more_is_hung_up_on() {
    let mut net = Net::udp();
    let mut raw = Raw::established(&mut net, "Supported: timer\nSession-Expires: 600;refresher=uac\n");
    let answer = raw.response(&net, "200 INVITE");
    assert_eq!(timer(&answer.headers).0, "600;refresher=uac");
    assert!(answer.headers.lists(&HeaderName::Require, "timer"));
    net.run(secs(400));
    // It refreshes once, by UPDATE without an offer, and gets its answer.
    let update = raw.request(Method::Update).with(HeaderName::Supported, "timer");
    raw.send(&mut net, update.with(HeaderName::SessionExpires, "600;refresher=uac"));
    net.run(ms(50));
    assert_eq!(timer(&raw.response(&net, "200 UPDATE").headers).0, "600;refresher=uac");
    // The last third or 32 s before the end, whichever is less, is for the BYE. §10
    net.run(secs(567));
    assert_eq!(net.sent("BYE"), 0);
    net.run(secs(2));
    assert_eq!(ended(&mut net), EndCause::SessionExpired);
    take_bye(&mut net, &raw);
}

#[test]
fn we_refresh_by_update_where_it_is_allowed() {
    let mut net = Net::udp();
    let extra = "Supported: timer\nSession-Expires: 600;refresher=uas\nAllow: INVITE, ACK, BYE, UPDATE\n";
    let raw = Raw::established(&mut net, extra);
    assert_eq!(timer(&raw.response(&net, "200 INVITE").headers).0, "600;refresher=uas");
    for n in 1..=3 {
        net.run(secs(300));
        net.run(ms(100));
        assert_eq!(net.sent("UPDATE"), n);
        let update = raw.received(&net, &Method::Update);
        assert!(update.body.is_empty());
        // Roles are told as seen from this request. §7.4
        assert_eq!(timer(&update.headers).0, "600;refresher=uac");
        let response = Response::to_request(&update, 200);
        raw.respond_with(&mut net, response.with(HeaderName::SessionExpires, "600;refresher=uac"));
    }
    // A telephone that is gone answers nothing.
    net.run(secs(300 + 33));
    assert_eq!(ended(&mut net), EndCause::Failed(408));
    take_bye(&mut net, &raw);
}

#[test]
fn we_refresh_by_the_same_offer_where_update_is_unknown() {
    let mut net = Net::udp();
    // Its Allow promises UPDATE, its answer does not keep it.
    let extra = "Supported: timer\nSession-Expires: 600;refresher=uas\nAllow: INVITE, ACK, BYE, UPDATE\n";
    let mut raw = Raw::established(&mut net, extra);
    net.run(secs(300));
    net.run(ms(100));
    let update = raw.received(&net, &Method::Update);
    raw.respond(&mut net, &update, 501);
    net.run(ms(50));
    let before = net.bob().events.len();
    for (answer, told) in [("offer", 0), ("moved", 1)] {
        let reinvite = raw.received(&net, &Method::Invite);
        assert_eq!(reinvite.body, "answer", "what is in force");
        raw.called(&net, reinvite);
        let response = raw.answer(200, Some(answer));
        raw.respond_with(&mut net, response.with(HeaderName::SessionExpires, "600;refresher=uac"));
        net.run(ms(50));
        assert_eq!(raw.received(&net, &Method::Ack).method, Method::Ack);
        assert_eq!(net.bob().events.len(), before + told, "{:?}", net.bob().story());
        net.run(secs(300));
        net.run(ms(100));
    }
    assert_eq!(net.bob().story().last(), Some(&"refreshed"));
    assert_eq!((net.sent("UPDATE"), net.sent("INVITE")), (1, 3));
    // Refused, it is tried again until the session is over.
    while !net.bob().has("ended") {
        let reinvite = raw.received(&net, &Method::Invite);
        raw.respond(&mut net, &reinvite, 503);
        net.run(secs(10));
    }
    assert_eq!(ended(&mut net), EndCause::SessionExpired);
    take_bye(&mut net, &raw);
}

#[test]
fn a_callee_that_wants_a_longer_interval_gets_it() {
    let mut net = Net::udp();
    let (mut raw, leg) = Raw::invited(&mut net, Some("offer"));
    let first = raw.invite.clone().expect("an INVITE");
    assert_eq!(timer(&first.headers), ("1800".to_owned(), None));
    let refusal = raw.answer(422, None).with(HeaderName::MinSe, "3600");
    raw.respond_with(&mut net, refusal);
    net.run(ms(50));
    let second = raw.received(&net, &Method::Invite);
    assert_eq!(timer(&second.headers), ("3600".to_owned(), Some("3600".to_owned())));
    assert_eq!(second.headers.call_id(), first.headers.call_id());
    let number = |headers: &Headers| headers.cseq().expect("CSeq").number;
    assert_eq!(number(&second.headers), number(&first.headers) + 1);
    raw.called(&net, second);
    let answer = raw.answer(200, Some("answer")).with(HeaderName::Allow, "INVITE, UPDATE");
    raw.respond_with(&mut net, answer.with(HeaderName::SessionExpires, "3600;refresher=uac"));
    net.run(secs(1799));
    assert_eq!(net.sent("UPDATE"), 0);
    net.run(secs(2));
    assert!(net.sent("UPDATE") > 0, "half of the interval");
    net.with("bob", |agent, now| agent.bye(now, leg, None)).expect("answered");
    take_bye(&mut net, &raw);
}

#[test]
fn between_two_of_us_a_call_lives_as_long_as_both_do() {
    let mut net = Net::udp();
    let (alice, _) = net.established();
    net.run(secs(3 * 3600));
    assert!(!net.alice().has("ended") && !net.bob().has("ended"));
    assert_eq!(net.sent("UPDATE"), 12, "the caller refreshes every 15 minutes");
    // Alice's cable is pulled.
    net.loses = Box::new(|sent| sent.from == support::address(0));
    net.run(secs(1800));
    assert_eq!(ended(&mut net), EndCause::SessionExpired);
    assert!(net.alice().events.iter().any(|(leg, event)| *leg == alice && support::word(event) == "ended"));
    net.assert_clean();
}
