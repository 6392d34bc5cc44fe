//! An INVITE with Replaces (RFC 3891): what it finds, and what it is refused with.

mod support;

use ringdown_sip::{
    dialog::DialogId,
    invite::{UsageEvent, UsageId},
    message::Message,
};
use support::{Net, ms, raw::Raw, secs};

/// An INVITE with that Replaces comes to bob; the legs it replaces, or its final response.
fn replacing(net: &mut Net, header: &str) -> Result<Option<UsageId>, String> {
    let mut raw = Raw::default();
    let before = net.bob().events.len();
    raw.news(net);
    let invite = raw.invite(net, header, Some("offer"));
    net.run(ms(50));
    let invited = net.bob().events.get(before).cloned();
    if let Some((leg, UsageEvent::Invited(invitation))) = invited {
        net.with("bob", |agent, now| agent.reject(now, leg, 480, None)).expect("not answered");
        net.run(ms(50));
        ack(net, &raw, &invite);
        return Ok(invitation.replaces);
    }
    ack(net, &raw, &invite);
    Err(raw.news(net).pop().unwrap_or_default())
}

/// Ends the transaction, so that the next INVITE of the same name is a new one.
fn ack(net: &mut Net, raw: &Raw, invite: &ringdown_sip::message::Request) {
    let mut ack = invite.clone();
    ack.method = ringdown_sip::message::Method::Ack;
    ack.headers.set(ringdown_sip::message::HeaderName::CSeq, "1 ACK");
    raw.repeat(net, &ack);
    net.run(secs(40));
}

/// The dialog of bob's call, as alice's messages show it.
fn dialog(net: &Net) -> DialogId {
    let answer = net.log.iter().rev().find_map(|sent| match sent.message() {
        Some(Message::Response(response)) if (180..300).contains(&response.status) => Some(response),
        _ => None,
    });
    let headers = answer.expect("a response").headers;
    DialogId {
        call_id: headers.call_id().expect("Call-ID").to_owned(),
        local_tag: headers.to().expect("To").tag().expect("a tag").to_owned(),
        remote_tag: headers.from().expect("From").tag().expect("a tag").to_owned(),
    }
}

#[test]
fn an_answered_call_is_found_by_either_ends_name() {
    let mut net = Net::udp();
    let (_, bob) = net.established();
    let DialogId { call_id, local_tag, remote_tag } = dialog(&net);
    let replaces =
        |to: &str, from: &str, more: &str| format!("Replaces: {call_id};to-tag={to};from-tag={from}{more}\n");
    assert_eq!(replacing(&mut net, &replaces(&local_tag, &remote_tag, "")), Ok(Some(bob)));
    assert_eq!(replacing(&mut net, &replaces(&remote_tag, &local_tag, "")), Ok(Some(bob)));
    assert_eq!(
        replacing(&mut net, &replaces(&local_tag, &remote_tag, ";early-only")),
        Err("486 INVITE".into())
    );
    assert_eq!(replacing(&mut net, &replaces(&local_tag, "other", "")), Err("481 INVITE".into()));
    assert_eq!(replacing(&mut net, "Replaces: nonsense\n"), Err("400 INVITE".into()));
    let twice = replaces(&local_tag, &remote_tag, "").repeat(2);
    assert_eq!(replacing(&mut net, &twice), Err("400 INVITE".into()));
    net.with("bob", |agent, now| agent.bye(now, bob, None)).expect("answered");
    net.assert_clean();
}

#[test]
fn a_call_that_rings_here_is_not_bobs_to_replace_but_one_he_makes_is() {
    let mut net = Net::udp();
    let alice = net.call("alice", "bob");
    net.run(ms(50));
    let bob = net.bob().leg();
    net.with("bob", |agent, now| agent.ring(now, bob, None)).expect("not answered");
    net.run(ms(50));
    let DialogId { call_id, local_tag, remote_tag } = dialog(&net);
    let header = format!("Replaces: {call_id};to-tag={local_tag};from-tag={remote_tag};early-only\n");
    assert_eq!(replacing(&mut net, &header), Err("481 INVITE".into()));
    net.with("alice", |agent, now| agent.cancel(now, alice, None)).expect("not answered");
    net.run(secs(40));
    // Bob calls alice, who rings: a third party may pick that up.
    let own = net.call("bob", "alice");
    net.run(ms(50));
    let leg = net.alice().leg();
    net.with("alice", |agent, now| agent.ring(now, leg, None)).expect("not answered");
    net.run(ms(50));
    let DialogId { call_id, local_tag, remote_tag } = dialog(&net);
    let header = format!("Replaces: {call_id};to-tag={local_tag};from-tag={remote_tag};early-only\n");
    assert_eq!(replacing(&mut net, &header), Ok(Some(own)));
    net.with("bob", |agent, now| agent.cancel(now, own, None)).expect("not answered");
    net.assert_clean();
}

#[test]
fn a_call_that_just_ended_is_declined() {
    let mut net = Net::udp();
    let (_, bob) = net.established();
    let DialogId { call_id, local_tag, remote_tag } = dialog(&net);
    // Bob's BYE gets no answer yet.
    net.loses = support::all(&["BYE"]);
    net.with("bob", |agent, now| agent.bye(now, bob, None)).expect("answered");
    let header = format!("Replaces: {call_id};to-tag={local_tag};from-tag={remote_tag}\n");
    assert_eq!(replacing(&mut net, &header), Err("603 INVITE".into()));
    net.loses = Box::new(|_| false);
    net.run(secs(40));
    assert_eq!(replacing(&mut net, &header), Err("481 INVITE".into()));
    net.party("alice").events.clear();
}
