//! Presence: who is there, who rings, who talks.

use ringdown_control::{EndedBy, Event, LegRole, RegistrationInfo};
use ringdown_types::EndReason;
use serde_json::{Value, json};

use crate::harness::{Browser, Running, answered, leg, party};

async fn presence(watcher: &mut Browser, user: &str) -> Value {
    let push = watcher
        .push_where("presence", |data| {
            data["entries"]
                .as_array()
                .is_some_and(|entries| entries.iter().any(|entry| entry["userId"] == user))
        })
        .await;
    let entries = push["entries"].as_array().expect("entries").clone();
    entries.into_iter().find(|entry| entry["userId"] == user).expect("bob")["presence"].clone()
}

#[tokio::test]
async fn presence_follows_sessions_legs_and_telephones() {
    let running = Running::start().await;
    let mut switch = running.switch().await;
    let mut alice = running.browser("alice").await;
    let people = alice.welcome["state"]["directory"].as_array().expect("people").clone();
    let names: Vec<_> = people.iter().map(|entry| entry["name"].as_str().expect("a name")).collect();
    assert_eq!(names, ["Alice Adams", "Bob Brown", "Carol Clark"]);
    let states: Vec<_> = people.iter().map(|entry| entry["presence"].as_str().expect("a state")).collect();
    assert_eq!(states, ["online", "offline", "offline"]);

    let mut bob = running.browser("bob").await;
    let user = bob.user().to_string();
    assert_eq!(presence(&mut alice, &user).await, "online");
    let ringing = leg(1, LegRole::Callee, &bob, party(None, "101"));
    switch.ring(ringing.clone()).await;
    assert_eq!(presence(&mut alice, &user).await, "ringing");
    switch.event(Event::LegChanged { leg: answered(ringing.clone()) }).await;
    assert_eq!(presence(&mut alice, &user).await, "on-call");
    switch.end(answered(ringing), EndReason::Hangup, EndedBy::Remote).await;
    assert_eq!(presence(&mut alice, &user).await, "online");
    bob.request("bye", json!({})).await.expect("bye");
    assert_eq!(presence(&mut alice, &user).await, "offline");
    let user_id = user.parse().expect("an id");
    let telephone =
        |bindings| Event::Registration { registration: RegistrationInfo { user: user_id, bindings } };
    switch.event(telephone(1)).await;
    assert_eq!(presence(&mut alice, &user).await, "online");
    switch.event(telephone(0)).await;
    assert_eq!(presence(&mut alice, &user).await, "offline");
    assert_eq!(alice.expect_directory("10").await["extension"], "101");
    assert_eq!(alice.expect_directory("clark").await["name"], "Carol Clark");
}

#[tokio::test]
async fn a_burst_of_changes_is_told_in_few_pushes() {
    let running = Running::start().await;
    let mut switch = running.switch().await;
    let mut alice = running.browser("alice").await;
    let bob = running.browser("bob").await;
    let ringing = leg(1, LegRole::Callee, &bob, party(None, "101"));
    for _ in 0..200 {
        switch.event(Event::LegChanged { leg: ringing.clone() }).await;
        switch.end(ringing.clone(), EndReason::Cancelled, EndedBy::Remote).await;
    }
    let user = bob.user().to_string();
    switch.event(Event::LegChanged { leg: answered(ringing) }).await;
    let before = alice.last_seq;
    while presence(&mut alice, &user).await != "on-call" {}
    assert!(alice.last_seq - before < 60, "{} pushes", alice.last_seq - before);
}
