//! Finished calls: written in batches, once each, and read by their sides.

use std::time::Duration;

use ringdown_control::Event;
use serde_json::json;

use crate::harness::{Running, party, record};

#[tokio::test]
async fn records_are_written_once_and_seen_from_each_side() {
    let running = Running::start().await;
    let mut switch = running.switch().await;
    let (mut alice, mut bob) = (running.browser("alice").await, running.browser("bob").await);
    let (from, to) = (party(Some(alice.user()), "101"), party(Some(bob.user()), "102"));
    for call in 1..=300 {
        switch.event(Event::CallEnded { record: record(call, from.clone(), to.clone()) }).await;
    }
    for call in 1..=300 {
        switch.event(Event::CallEnded { record: record(call, from.clone(), to.clone()) }).await;
    }
    // Written within the batch's quarter of a second; asking again is all a client can do.
    let mut calls = 0;
    for _ in 0..100 {
        calls = 0;
        let mut cursor = serde_json::Value::Null;
        loop {
            let params = if cursor.is_null() {
                json!({"limit": 100})
            } else {
                json!({"limit": 100, "cursor": cursor})
            };
            let page = alice.request("history.list", params).await.expect("a page");
            calls += page["entries"].as_array().expect("entries").len();
            match page.get("cursor") {
                Some(next) => cursor = next.clone(),
                None => break,
            }
        }
        if calls == 300 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(calls, 300);
    let theirs = bob.request("history.list", json!({"limit": 1})).await.expect("a page");
    assert_eq!(
        (&theirs["entries"][0]["direction"], &theirs["entries"][0]["reason"]),
        (&json!("inbound"), &json!("hangup"))
    );

    let (alice_token, admin, carol) =
        (running.token("alice").await, running.token("admin").await, running.token("carol").await);
    let own = running.get("/api/v1/history?limit=2", Some(&alice_token)).await.expect(200);
    assert_eq!(own["entries"].as_array().expect("entries").len(), 2);
    let none = running.get("/api/v1/history", Some(&carol)).await.expect(200);
    assert_eq!(none["entries"], json!([]));
    running.get("/api/v1/history/all", Some(&carol)).await.expect(403);
    let all = running.get("/api/v1/history/all", Some(&admin)).await.expect(200);
    assert_eq!(all["entries"].as_array().expect("entries").len(), 50);
    running.get("/api/v1/history?limit=x", Some(&carol)).await.expect(400);
    running.get("/api/v1/history?cursor=x", Some(&carol)).await.expect(400);
}

#[tokio::test]
async fn what_waits_is_written_at_the_stop() {
    let mut running = Running::start().await;
    let mut switch = running.switch().await;
    let alice = running.browser("alice").await;
    let event = Event::CallEnded { record: record(1, party(Some(alice.user()), "101"), party(None, "*43")) };
    switch.event(event).await;
    // The desk has it once it answered something that came after.
    let mut later = running.browser("bob").await;
    later.request("ping", json!({})).await.expect("an answer");
    while !matches!(switch.command().await, (_, ringdown_control::Command::SessionUp { session, .. }) if session == later.session())
    {
    }
    running.restart().await;
    let token = running.token("alice").await;
    let own = running.get("/api/v1/history", Some(&token)).await.expect(200);
    assert_eq!(own["entries"].as_array().expect("entries").len(), 1);
}
