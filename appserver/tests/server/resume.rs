//! Lost connections and restarts.

use ringdown_control::{Command, LegRole, Snapshot};
use ringdown_types::NodeId;
use serde_json::json;

use crate::harness::{Browser, Running, Switch, error_name, leg, party};

#[tokio::test]
async fn missed_pushes_are_replayed_in_order() {
    let running = Running::start().await;
    let mut switch = running.switch().await;
    let mut bob = running.browser("bob").await;
    // A first push, so that there is a place to go on from.
    let _alice = running.browser("alice").await;
    bob.push("presence").await;
    let (welcome, seen) = (bob.welcome.clone(), bob.last_seq);
    let ringing = leg(1, LegRole::Callee, &bob, party(None, "101"));
    drop(bob);
    switch.ring(ringing.clone()).await;
    // The ring is in the session before the resume asks for it: the switch hears of the next session after it.
    let other = running.browser("carol").await;
    wait_for_session(&mut switch, &other).await;
    let (mut bob, result) = Browser::resume(running.address, &welcome, seen).await;
    let result = result.expect("a resume");
    assert!(result.get("state").is_none(), "{result}");
    let incoming = bob.push("call.incoming").await;
    assert_eq!(incoming["call"]["id"], ringing.leg.to_string());
    assert_eq!(incoming["call"]["variables"]["crmRecordId"], "42");
}

async fn wait_for_session(switch: &mut Switch, browser: &Browser) {
    loop {
        if let (_, Command::SessionUp { session, .. }) = switch.command().await
            && session == browser.session()
        {
            return;
        }
    }
}

#[tokio::test]
async fn a_reload_gets_the_whole_state_and_the_ringing_call_again() {
    let running = Running::start().await;
    let mut switch = running.switch().await;
    let mut bob = running.browser("bob").await;
    switch.ring(leg(1, LegRole::Callee, &bob, party(None, "101"))).await;
    bob.push("call.incoming").await;
    let welcome = bob.welcome.clone();
    drop(bob);
    let (mut bob, result) = Browser::resume(running.address, &welcome, 0).await;
    let state = result.expect("a resume")["state"].clone();
    assert_eq!(state["calls"].as_array().expect("calls").len(), 1);
    assert_eq!(state["directory"].as_array().expect("people").len(), 3);
    let incoming = bob.push("call.incoming").await;
    assert_eq!(incoming["description"]["type"], "offer");
}

#[tokio::test]
async fn a_session_survives_a_restart_and_its_softswitch_hears_of_it_again() {
    let mut running = Running::start().await;
    let mut bob = running.browser("bob").await;
    let (welcome, session, user) = (bob.welcome.clone(), bob.session(), bob.user());
    running.restart().await;
    assert_eq!(bob.closed().await, 1001);

    let mut switch = Switch::connect(running.address, NodeId::from_u128(9), 0).await;
    switch.snapshot(Snapshot::default()).await;
    let (_, command) = switch.command().await;
    assert_eq!(command, Command::SessionUp { session, user });
    let (mut bob, result) = Browser::resume(running.address, &welcome, 57).await;
    let result = result.expect("a resume");
    assert!(result["seq"].as_u64() >= Some(57), "numbers never go back: {result}");
    assert_eq!(result["state"]["directory"].as_array().expect("people").len(), 3);
    bob.request("ping", json!({})).await.expect("it is attached");
}

#[tokio::test]
async fn a_guessed_secret_does_not_touch_the_session() {
    let running = Running::start().await;
    let mut bob = running.browser("bob").await;
    let mut stolen = bob.welcome.clone();
    stolen["secret"] = json!("a".repeat(32));
    let (mut thief, result) = Browser::resume(running.address, &stolen, 0).await;
    assert_eq!(error_name(result), "session-expired");
    assert_eq!(thief.closed().await, 4006);
    bob.request("ping", json!({})).await.expect("bob notices nothing");
}

#[tokio::test]
async fn the_newest_connection_has_the_session() {
    let running = Running::start().await;
    let mut old = running.browser("bob").await;
    let (mut new, result) = Browser::resume(running.address, &old.welcome, 0).await;
    result.expect("a resume");
    assert_eq!(old.closed().await, 4006);
    new.request("ping", json!({})).await.expect("it is attached");
    assert_eq!(
        error_name(new.request("resume", json!({"session": "", "secret": "", "lastSeq": 0})).await),
        "wrong-state"
    );
}

#[tokio::test]
async fn after_bye_nothing_is_left_to_resume() {
    let running = Running::start().await;
    let mut switch = running.switch().await;
    let mut bob = running.browser("bob").await;
    bob.request("bye", json!({})).await.expect("a result");
    bob.closed().await;
    loop {
        if let (_, Command::SessionDown { session }) = switch.command().await {
            assert_eq!(session, bob.session());
            break;
        }
    }
    let (_, result) = Browser::resume(running.address, &bob.welcome, 0).await;
    assert_eq!(error_name(result), "session-expired");
}
