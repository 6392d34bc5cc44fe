//! Whom a telephone talks to (RFC 3325, RFC 4916): when it is called, when it calls, and when its partner changes.

mod support;

use ringdown_sip::message::{HeaderName, Headers, Method, NameAddr};
use support::{Net, ms, raw::Raw};

fn carol() -> NameAddr {
    NameAddr::parse("\"Carol\" <sip:103@example.test>").expect("an address")
}

fn shown(headers: &Headers) -> Option<String> {
    headers.text(&HeaderName::PAssertedIdentity).ok().flatten().map(str::to_owned)
}

const CAROL: &str = "\"Carol\" <sip:103@example.test>";

#[test]
fn a_called_telephone_sees_who_calls() {
    let mut net = Net::udp();
    let (raw, leg) = Raw::invited(&mut net, Some("offer"));
    let invite = raw.invite.clone().expect("an INVITE");
    let from = invite.headers.from().expect("From");
    assert_eq!(shown(&invite.headers), Some(format!("<{}>", from.uri)), "without the tag");
    let old = invite.headers.text(&HeaderName::RemotePartyId).ok().flatten().unwrap_or_default();
    assert!(old.contains(";party=calling;"), "{old}");
    net.with("bob", |agent, now| agent.cancel(now, leg, None)).expect("not answered");
}

#[test]
fn a_caller_sees_who_rings_and_who_answers() {
    let mut net = Net::udp();
    let mut raw = Raw::default();
    raw.invite(&mut net, "", Some("offer"));
    net.run(ms(50));
    let leg = net.bob().leg();
    net.with("bob", |agent, now| agent.set_identity(now, leg, carol())).expect("lives");
    net.with("bob", |agent, now| agent.ring(now, leg, None)).expect("not answered");
    net.run(ms(50));
    assert_eq!(shown(&raw.response(&net, "180 INVITE").headers).as_deref(), Some(CAROL));
    net.with("bob", |agent, now| agent.accept(now, leg, "answer".into())).expect("not answered");
    net.run(ms(50));
    let answer = raw.response(&net, "200 INVITE");
    assert_eq!(shown(&answer.headers).as_deref(), Some(CAROL));
    raw.acknowledge(&mut net, &answer);
    net.run(ms(50));
    assert_eq!(net.sent("UPDATE"), 0, "it knows already");
    let bye = raw.request(Method::Bye);
    raw.send(&mut net, bye);
    net.assert_clean();
}

#[test]
fn a_new_partner_is_told_by_update_only_where_it_is_allowed() {
    for (allow, updates) in [("INVITE, ACK, BYE, UPDATE", 1), ("INVITE, ACK, BYE", 0)] {
        let mut net = Net::udp();
        let mut raw = Raw::established(&mut net, &format!("Allow: {allow}\n"));
        let leg = net.bob().leg();
        for _ in 0..2 {
            net.with("bob", |agent, now| agent.set_identity(now, leg, carol())).expect("lives");
            net.run(ms(50));
        }
        assert_eq!(net.sent("UPDATE"), updates, "{allow}");
        if updates == 1 {
            let update = raw.received(&net, &Method::Update);
            assert_eq!(shown(&update.headers).as_deref(), Some(CAROL));
            assert!(update.body.is_empty());
            raw.respond(&mut net, &update, 200);
            net.run(ms(50));
        }
        // The others hear it with what is sent anyway.
        net.with("bob", |agent, now| agent.reinvite(now, leg, Some("x".into()))).expect("stable");
        net.run(ms(50));
        let reinvite = raw.received(&net, &Method::Invite);
        assert_eq!(shown(&reinvite.headers).as_deref(), Some(CAROL));
        raw.respond(&mut net, &reinvite, 488);
        let bye = raw.request(Method::Bye);
        raw.send(&mut net, bye);
        net.assert_clean();
    }
}

#[test]
fn a_telephone_that_knows_rfc_4916_sees_it_in_from() {
    let mut net = Net::udp();
    let mut raw = Raw::established(&mut net, "Allow: INVITE, UPDATE\nSupported: from-change\n");
    let leg = net.bob().leg();
    net.with("bob", |agent, now| agent.set_identity(now, leg, carol())).expect("lives");
    net.run(ms(50));
    let update = raw.received(&net, &Method::Update);
    let from = update.headers.from().expect("From");
    let tag = raw.dialog.as_ref().expect("a dialog").id().remote_tag.clone();
    assert_eq!((from.uri.to_string(), from.tag()), ("sip:103@example.test".to_owned(), Some(tag.as_str())));
    raw.respond(&mut net, &update, 200);
    let bye = raw.request(Method::Bye);
    raw.send(&mut net, bye);
    net.assert_clean();
}
