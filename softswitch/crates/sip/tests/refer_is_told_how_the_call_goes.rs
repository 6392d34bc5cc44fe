//! A telephone transfers with REFER, and hears by NOTIFY what came of it (RFC 3515).

mod support;

use ringdown_sip::{
    invite::{ReferId, Referral, UsageError, UsageEvent, UsageId},
    message::{HeaderName, Method, Request},
};
use support::{
    Net, ms,
    raw::{Raw, text},
    secs,
};

/// The telephone asks for a transfer to carol; what bob is asked.
fn refer(net: &mut Net, raw: &mut Raw, extra: &[(HeaderName, &str)]) -> (Request, UsageId, Referral) {
    let request = raw.request(Method::Refer).with(HeaderName::ReferTo, "<sip:103@192.0.2.2>");
    let request = extra.iter().fold(request, |request, (name, value)| request.with(name.clone(), *value));
    let sent = raw.send(net, request);
    net.run(ms(50));
    let Some((leg, UsageEvent::Referred(referral))) = net.bob().events.last() else {
        panic!("{:?}", net.bob().story())
    };
    (sent, *leg, (**referral).clone())
}

/// The latest NOTIFY: Subscription-State, Event and the status it tells.
fn notified(net: &Net, raw: &Raw) -> (String, String, String) {
    let notify = raw.received(net, &Method::Notify);
    let header = |name| notify.headers.text(&name).ok().flatten().unwrap_or_default().to_owned();
    assert_eq!(header(HeaderName::ContentType), "message/sipfrag;version=2.0");
    (header(HeaderName::SubscriptionState), header(HeaderName::Event), text(&notify.body))
}

fn answer_notify(net: &mut Net, raw: &Raw) {
    let notify = raw.received(net, &Method::Notify);
    raw.respond(net, &notify, 200);
    net.run(ms(50));
}

#[test]
fn trying_ringing_and_the_end() {
    let mut net = Net::udp();
    let mut raw = Raw::established(&mut net, "");
    let (_, leg, referral) = refer(&mut net, &mut raw, &[(HeaderName::ReferredBy, "<sip:raw@192.0.2.99>")]);
    assert_eq!(referral.target.called_number().as_deref(), Some("103"));
    assert_eq!(referral.replaces, None);
    assert!(referral.referred_by.is_some());
    net.with("bob", |agent, now| agent.accept_refer(now, leg, referral.id)).expect("waits");
    net.run(ms(50));
    assert_eq!(raw.response(&net, "202 REFER").status, 202);
    let (state, event, body) = notified(&net, &raw);
    assert_eq!((state.as_str(), event.as_str()), ("active;expires=180", "refer"));
    assert_eq!(body, "SIP/2.0 100 Trying\r\n");
    // Two changes while the first NOTIFY is under way: only the later one is told, after it.
    for status in [180, 183] {
        net.with("bob", |agent, now| agent.notify_refer(now, leg, referral.id, status, false)).expect("told");
    }
    assert_eq!(net.sent("NOTIFY"), 1);
    answer_notify(&mut net, &raw);
    assert_eq!(notified(&net, &raw).2, "SIP/2.0 183 Session Progress\r\n");
    answer_notify(&mut net, &raw);
    net.with("bob", |agent, now| agent.notify_refer(now, leg, referral.id, 200, true)).expect("told");
    net.run(ms(50));
    let (state, _, body) = notified(&net, &raw);
    assert_eq!((state.as_str(), body.as_str()), ("terminated;reason=noresource", "SIP/2.0 200 OK\r\n"));
    answer_notify(&mut net, &raw);
    let late = net.with("bob", |agent, now| agent.notify_refer(now, leg, referral.id, 200, true));
    assert_eq!(late, Err(UsageError::WrongState));
    net.with("bob", |agent, now| agent.bye(now, leg, None)).expect("answered");
    net.run(ms(50));
    let bye = raw.received(&net, &Method::Bye);
    raw.respond(&mut net, &bye, 200);
    net.assert_clean();
}

#[test]
fn a_telephone_that_hangs_up_right_after_its_refer_still_hears_the_end() {
    let mut net = Net::udp();
    let mut raw = Raw::established(&mut net, "");
    let (_, leg, referral) = refer(&mut net, &mut raw, &[]);
    net.with("bob", |agent, now| agent.accept_refer(now, leg, referral.id)).expect("waits");
    let bye = raw.request(Method::Bye);
    raw.send(&mut net, bye);
    net.run(ms(50));
    assert_eq!(net.bob().story().last(), Some(&"ended"));
    answer_notify(&mut net, &raw);
    // The dialog lasts as long as the subscription. RFC 5057 §4
    net.with("bob", |agent, now| agent.notify_refer(now, leg, referral.id, 486, true)).expect("told");
    net.run(ms(50));
    assert_eq!(notified(&net, &raw).2, "SIP/2.0 486 Busy Here\r\n");
    assert_eq!(net.bob().agent.usages(), 1);
    answer_notify(&mut net, &raw);
    assert_eq!(net.bob().agent.usages(), 0);
    net.assert_clean();
}

#[test]
fn a_refused_refer_and_one_that_wants_to_hear_nothing() {
    let mut net = Net::udp();
    let mut raw = Raw::established(&mut net, "");
    let (_, leg, referral) = refer(&mut net, &mut raw, &[]);
    net.with("bob", |agent, now| agent.reject_refer(now, leg, referral.id, 603)).expect("waits");
    net.run(ms(50));
    assert_eq!(raw.response(&net, "603 REFER").status, 603);
    // RFC 4488
    let silent = [(HeaderName::ReferSub, "false"), (HeaderName::Require, "norefersub")];
    let (_, _, referral) = refer(&mut net, &mut raw, &silent);
    net.with("bob", |agent, now| agent.accept_refer(now, leg, referral.id)).expect("waits");
    net.run(ms(50));
    let response = raw.response(&net, "202 REFER");
    assert_eq!(response.headers.text(&HeaderName::ReferSub), Ok(Some("false")));
    assert_eq!(net.sent("NOTIFY"), 0);
    // The third REFER of the dialog is told apart by its CSeq. RFC 3515 §2.4.6
    let (sent, _, referral) = refer(&mut net, &mut raw, &[]);
    net.with("bob", |agent, now| agent.accept_refer(now, leg, referral.id)).expect("waits");
    net.run(ms(50));
    let cseq = sent.headers.cseq().expect("CSeq").number;
    assert_eq!(notified(&net, &raw).1, format!("refer;id={cseq}"));
    // A telephone that lost the subscription is asked no more. RFC 6665 §4.2.2
    let notify = raw.received(&net, &Method::Notify);
    raw.respond(&mut net, &notify, 481);
    net.run(ms(50));
    let gone = net.with("bob", |agent, now| agent.notify_refer(now, leg, referral.id, 200, true));
    assert_eq!(gone, Err(UsageError::WrongState));
    hang_up(&mut net, &mut raw);
}

#[test]
fn the_subscription_is_prolonged_ended_and_ends_by_itself() {
    let mut net = Net::udp();
    let mut raw = Raw::established(&mut net, "");
    let (_, leg, referral) = refer(&mut net, &mut raw, &[]);
    net.with("bob", |agent, now| agent.accept_refer(now, leg, referral.id)).expect("waits");
    net.run(ms(50));
    answer_notify(&mut net, &raw);
    let subscribe = |raw: &mut Raw, event: &str, expires: &str| {
        raw.request(Method::Subscribe).with(HeaderName::Event, event).with(HeaderName::Expires, expires)
    };
    for (event, expires, status) in [("refer", "60", 200), ("presence", "60", 489), ("refer;id=9", "60", 481)]
    {
        let request = subscribe(&mut raw, event, expires);
        raw.send(&mut net, request);
        net.run(ms(50));
        assert_eq!(raw.response(&net, &format!("{status} SUBSCRIBE")).status, status, "{event}");
    }
    assert_eq!(notified(&net, &raw).0, "active;expires=60");
    answer_notify(&mut net, &raw);
    net.run(secs(61));
    assert_eq!(notified(&net, &raw).0, "terminated;reason=timeout");
    answer_notify(&mut net, &raw);
    let (_, _, referral) = refer(&mut net, &mut raw, &[]);
    net.with("bob", |agent, now| agent.accept_refer(now, leg, referral.id)).expect("waits");
    net.run(ms(50));
    answer_notify(&mut net, &raw);
    let event = notified(&net, &raw).1;
    let request = subscribe(&mut raw, &event, "0");
    raw.send(&mut net, request);
    net.run(ms(50));
    assert_eq!(notified(&net, &raw).0, "terminated;reason=timeout");
    answer_notify(&mut net, &raw);
    hang_up(&mut net, &mut raw);
}

#[test]
fn what_is_refused_without_asking() {
    let mut net = Net::udp();
    let mut raw = Raw::established(&mut net, "");
    for (targets, status) in [
        (&[][..], 400),
        (&["<sip:103@h>", "<sip:104@h>"], 400),
        (&["not an address"], 400),
        (&["<sip:103@h;method=BYE>"], 403),
        (&["<mailto:carol@h>"], 416),
        (&["<sip:103@h?Replaces=a>"], 400),
    ] {
        let request = raw.request(Method::Refer);
        let request =
            targets.iter().fold(request, |request, target| request.with(HeaderName::ReferTo, *target));
        raw.send(&mut net, request);
        net.run(ms(50));
        assert_eq!(raw.response(&net, &format!("{status} REFER")).status, status, "{targets:?}");
    }
    assert!(!net.bob().has("referred"));
    // A call that is none of bob's cannot be replaced: as calling with that Replaces would have told.
    let unknown = "<sip:103@h?Replaces=x%3Bto-tag%3D1%3Bfrom-tag%3D2>";
    let request = raw.request(Method::Refer).with(HeaderName::ReferTo, unknown);
    raw.send(&mut net, request);
    net.run(ms(50));
    assert_eq!(notified(&net, &raw).2, "SIP/2.0 100 Trying\r\n");
    answer_notify(&mut net, &raw);
    assert_eq!(notified(&net, &raw).2, "SIP/2.0 481 Call/Transaction Does Not Exist\r\n");
    answer_notify(&mut net, &raw);
    hang_up(&mut net, &mut raw);
}

#[test]
fn outside_of_the_dialog_it_needs_a_target_dialog() {
    let mut net = Net::udp();
    let mut raw = Raw::established(&mut net, "");
    let dialog = raw.dialog.as_ref().expect("a dialog").id().clone();
    let outside = |extra: &str, branch: &str| {
        support::request(&format!(
            "REFER sip:bob@192.0.2.2 SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.99;branch=z9hG4bK{branch}\n\
             From: <sip:raw@192.0.2.99>;tag=o{branch}\nTo: <sip:bob@192.0.2.2>\nCall-ID: o{branch}\n\
             CSeq: 5 REFER\nMax-Forwards: 70\nContact: <sip:raw@192.0.2.99>\n\
             Refer-To: <sip:103@192.0.2.2>\n{extra}\n"
        ))
    };
    let stray = outside("", "1");
    raw.repeat(&mut net, &stray);
    net.run(ms(50));
    assert_eq!(raw.response(&net, "403 REFER").status, 403);
    let named = format!(
        "Require: tdialog\nTarget-Dialog: {};local-tag={};remote-tag={}\n",
        dialog.call_id, dialog.local_tag, dialog.remote_tag
    );
    let good = outside(&named, "2");
    raw.repeat(&mut net, &good);
    net.run(ms(50));
    let Some((leg, UsageEvent::Referred(referral))) = net.bob().events.last() else {
        panic!("{:?}", net.bob().story())
    };
    let (leg, id): (UsageId, ReferId) = (*leg, referral.id);
    net.with("bob", |agent, now| agent.accept_refer(now, leg, id)).expect("waits");
    net.run(ms(50));
    let accepted = raw.response(&net, "202 REFER");
    assert!(accepted.headers.contains(&HeaderName::Contact));
    let tag = accepted.headers.to().expect("To").tag().expect("a tag").to_owned();
    let notify = raw.received(&net, &Method::Notify);
    // The REFER made a dialog of its own, and its NOTIFYs are in it.
    assert_eq!(notify.headers.call_id(), Ok("o2"));
    assert_eq!(notify.headers.from().expect("From").tag(), Some(tag.as_str()));
    answer_notify(&mut net, &raw);
    net.with("bob", |agent, now| agent.notify_refer(now, leg, id, 200, true)).expect("told");
    net.run(ms(50));
    answer_notify(&mut net, &raw);
    hang_up(&mut net, &mut raw);
}

fn hang_up(net: &mut Net, raw: &mut Raw) {
    let bye = raw.request(Method::Bye);
    raw.send(net, bye);
    net.run(ms(50));
    assert_eq!(net.bob().story().last(), Some(&"ended"));
    net.assert_clean();
}
