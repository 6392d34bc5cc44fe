//! Calls: what a browser asks becomes a command, what the softswitch reports becomes a push.

use ringdown_control::{
    CandidateText, Command, CommandError, CommandResult, DescriptionKind, EndedBy, Event, LegRole, NodeFrame,
    SessionDescription,
};
use ringdown_types::{CallId, EndReason, LegId};
use serde_json::json;

use crate::harness::{Running, answered, error_name, leg, offer, party};

#[tokio::test]
async fn a_call_is_placed_answered_held_and_hung_up() {
    let running = Running::start().await;
    let mut switch = running.switch().await;
    let mut alice = running.browser("alice").await;
    let description = json!({"type": "offer", "sdp": crate::harness::OFFER});
    let variables = json!({"crmRecordId": "42"});
    let start = alice
        .send_request("call.start", json!({"to": "102", "description": description, "variables": variables}));
    let start = start.await;
    let (id, command) = switch.call_command().await;
    let Command::StartCall { session, user, to, offer: got, variables } = command else {
        panic!("{command:?}")
    };
    assert_eq!((session, user, to.as_str()), (alice.session(), alice.user(), "102"));
    assert_eq!((got, variables["crmRecordId"].as_str()), (offer(), "42"));

    let mut caller = leg(1, LegRole::Caller, &alice, party(None, "102"));
    caller.state = ringdown_control::LegState::Dialing;
    switch.started(id, caller.call, caller.leg).await;
    let started = alice.response(start).await.expect("a call");
    assert_eq!(started["call"]["id"], caller.leg.to_string());
    assert_eq!((&started["call"]["mine"], &started["call"]["direction"]), (&json!(true), &json!("outbound")));
    assert_eq!(started["call"]["peer"]["name"], "Bob Brown");

    switch.event(Event::LegChanged { leg: caller.clone() }).await;
    assert_eq!(alice.push("call.state").await["call"]["state"], "dialing");
    caller.state = ringdown_control::LegState::Ringing;
    switch.event(Event::LegChanged { leg: caller.clone() }).await;
    assert_eq!(alice.push("call.state").await["call"]["state"], "ringing");
    let answer = SessionDescription { kind: DescriptionKind::Answer, sdp: "v=0".to_owned() };
    let (leg, session) = (caller.leg, alice.session());
    switch.event(Event::Description { leg, session, description: answer }).await;
    assert_eq!(alice.push("call.description").await["description"]["type"], "answer");
    let candidate = Some(CandidateText("candidate:1 1 udp 1 192.0.2.1 1 typ host".to_owned()));
    switch.event(Event::Candidate { leg, session, candidate }).await;
    alice.push("call.candidate").await;
    let caller = answered(caller);
    switch.event(Event::LegChanged { leg: caller.clone() }).await;
    assert_eq!(alice.push("call.state").await["call"]["state"], "active");

    let call = caller.leg.to_string();
    for (method, params, want) in [
        ("call.hold", json!({"call": call}), Command::Hold { leg }),
        ("call.unhold", json!({"call": call}), Command::Unhold { leg }),
        ("call.mute", json!({"call": call, "muted": true}), Command::Mute { leg, muted: true }),
        (
            "call.candidate",
            json!({"call": call, "candidate": null}),
            Command::Candidate { leg, candidate: None },
        ),
        ("call.hangup", json!({"call": call}), Command::Hangup { leg }),
    ] {
        let request = alice.send_request(method, params).await;
        let (id, command) = switch.call_command().await;
        assert_eq!(command, want);
        switch.done(id).await;
        assert_eq!(alice.response(request).await, Ok(json!({})));
    }
    switch.end(caller, EndReason::Hangup, EndedBy::Local).await;
    let ended = alice.push("call.ended").await;
    assert_eq!(
        (&ended["reason"], &ended["by"], &ended["code"]),
        (&json!("hangup"), &json!("local"), &json!(16))
    );
    assert_eq!(ended["call"]["state"], "ended");
}

#[tokio::test]
async fn of_two_tabs_that_ring_one_answers_and_the_other_hears_elsewhere() {
    let running = Running::start().await;
    let mut switch = running.switch().await;
    let (mut tab, mut other) = (running.browser("bob").await, running.browser("bob").await);
    let (first, second) = (
        leg(1, LegRole::Callee, &tab, party(None, "101")),
        leg(2, LegRole::Callee, &other, party(None, "101")),
    );
    switch.ring(first.clone()).await;
    switch.ring(second.clone()).await;
    let incoming = tab.push("call.incoming").await;
    assert_eq!(
        (&incoming["call"]["id"], &incoming["call"]["mine"]),
        (&json!(first.leg.to_string()), &json!(true))
    );
    let incoming = other.push("call.incoming").await;
    assert_eq!(incoming["call"]["id"], second.leg.to_string(), "each tab is told its own leg");

    let answer = json!({"type": "answer", "sdp": "v=0"});
    let request =
        tab.send_request("call.answer", json!({"call": first.leg.to_string(), "description": answer})).await;
    let (id, command) = switch.call_command().await;
    assert!(
        matches!(command, Command::Answer { leg, description: Some(_) } if leg == first.leg),
        "{command:?}"
    );
    switch.done(id).await;
    tab.response(request).await.expect("answered");
    switch.event(Event::LegChanged { leg: answered(first.clone()) }).await;
    switch.end(second, EndReason::AnsweredElsewhere, EndedBy::Switch).await;
    assert_eq!(tab.push("call.state").await["call"]["state"], "active");
    let shown = other.push_where("call.state", |data| data["call"]["state"] == "active").await;
    assert_eq!(shown["call"]["mine"], false, "the other tab shows it");
    let ended = other.push("call.ended").await;
    assert_eq!(
        (&ended["reason"], &ended["by"], &ended["code"]),
        (&json!("answered-elsewhere"), &json!("server"), &json!(26))
    );
    let controlled = other.request("call.hangup", json!({"call": first.leg.to_string()})).await;
    assert_eq!(error_name(controlled), "forbidden");
}

#[tokio::test]
async fn a_call_of_somebody_else_is_as_unknown_as_none() {
    let running = Running::start().await;
    let mut switch = running.switch().await;
    let (mut bob, mut carol) = (running.browser("bob").await, running.browser("carol").await);
    let ringing = leg(1, LegRole::Callee, &bob, party(None, "101"));
    switch.ring(ringing.clone()).await;
    bob.push("call.incoming").await;
    // Until then a server that was just started does not say which calls there are.
    carol.push("calls").await;
    for method in ["call.answer", "call.decline", "call.hangup"] {
        let theirs = carol.request(method, json!({"call": ringing.leg.to_string()})).await;
        let nobodys = carol.request(method, json!({"call": LegId::from_u128(77).to_string()})).await;
        assert_eq!(theirs, nobodys);
        assert_eq!(error_name(theirs), "no-such-call");
    }
    // What a softswitch says of a session is checked against the leg.
    let description = SessionDescription { kind: DescriptionKind::Offer, sdp: "v=0".to_owned() };
    switch.event(Event::Description { leg: ringing.leg, session: carol.session(), description }).await;
    switch.end(ringing, EndReason::Cancelled, EndedBy::Remote).await;
    let ended = bob.push("call.ended").await;
    assert_eq!((&ended["reason"], &ended["durationMs"]), (&json!("cancelled"), &json!(0)));
    assert!(!carol.next_push().await["event"].as_str().expect("a name").starts_with("call."));
}

#[tokio::test]
async fn what_the_softswitch_refuses_reaches_the_browser() {
    let running = Running::start().await;
    let mut switch = running.switch().await;
    let mut alice = running.browser("alice").await;
    for (refusal, name) in [
        (CommandError::NotAcceptable, "not-acceptable"),
        (CommandError::Congestion, "switch-unavailable"),
        (CommandError::Invalid, "bad-request"),
    ] {
        let description = json!({"type": "offer", "sdp": "v=0"});
        let request =
            alice.send_request("call.start", json!({"to": "102", "description": description})).await;
        let (id, _) = switch.call_command().await;
        let result = CommandResult::Refused { error: refusal, message: "no".to_owned() };
        switch.send(&NodeFrame::Reply { id, result }).await;
        assert_eq!(error_name(alice.response(request).await), name);
    }
    let admin = running.token("admin").await;
    let mut admin = crate::harness::Browser::hello(running.address, &admin).await;
    let description = json!({"type": "offer", "sdp": "v=0"});
    let request = admin.request("call.start", json!({"to": "102", "description": description})).await;
    assert_eq!(error_name(request), "forbidden", "an account without a number has no telephone");
}

#[tokio::test]
async fn a_command_in_flight_is_repeated_after_the_link_broke() {
    let running = Running::start().await;
    let mut switch = running.switch().await;
    let mut alice = running.browser("alice").await;
    let description = json!({"type": "offer", "sdp": "v=0"});
    let request = alice.send_request("call.start", json!({"to": "102", "description": description})).await;
    let (first, command) = switch.call_command().await;
    drop(switch);
    let mut switch = running.switch().await;
    let (again, repeated) = switch.call_command().await;
    assert_eq!((first, command), (again, repeated), "the id keeps it from being done twice");
    switch.started(again, CallId::from_u128(5), LegId::from_u128(6)).await;
    alice.response(request).await.expect("a call");
}
