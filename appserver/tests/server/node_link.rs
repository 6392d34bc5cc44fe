//! The control link's server side.

use ringdown_control::{AppFrame, Command, Event, LegRole, NodeFrame, Snapshot};
use ringdown_types::NodeId;
use serde_json::json;

use crate::harness::{Browser, NODE_TOKEN, Running, Switch, answered, leg, open, party};

#[tokio::test]
async fn a_wrong_token_is_refused_before_the_upgrade() {
    let running = Running::start().await;
    let almost = format!("Bearer {}", &NODE_TOKEN[1..]);
    for headers in [vec![], vec![("authorization", "Bearer ")], vec![("authorization", almost.as_str())]] {
        assert_eq!(open(running.address, "/node", &headers).await.err(), Some(401));
    }
    let right = format!("Bearer {NODE_TOKEN}");
    let page = [("authorization", right.as_str()), ("origin", "http://localhost")];
    assert_eq!(open(running.address, "/node", &page).await.err(), Some(403), "no page has business here");
}

#[tokio::test]
async fn the_directory_is_pushed_on_connect_and_on_every_change() {
    let running = Running::start().await;
    let mut switch = running.switch().await;
    let first = switch.next_directory().await;
    assert_eq!((first.users.len(), first.devices.len(), first.realm.as_str()), (3, 3, "ringdown.local"));
    let device = first.devices.iter().find(|device| device.username == "101").expect("alice's telephone");
    assert_eq!((device.ha1_sha256.len(), device.ha1_md5.len()), (64, 32));

    let mut alice = running.browser("alice").await;
    let admin = running.token("admin").await;
    let dave = json!({"username": "dave", "name": "Dave", "extension": "104", "role": "user", "password": "long enough"});
    let made = running.post("/api/v1/users", Some(&admin), &dave).await.expect(201);
    let second = switch.next_directory().await;
    assert!(second.version > first.version);
    assert_eq!(second.users.len(), 4);
    let changed = alice.push("directory.changed").await;
    assert_eq!((&changed["entries"][0]["name"], &changed["removed"]), (&json!("Dave"), &json!([])));

    let path = format!("/api/v1/users/{}", made["id"].as_str().expect("an id"));
    let device = json!({"label": "Desk"});
    let device = running.post(&format!("{path}/devices"), Some(&admin), &device).await.expect(201);
    assert_eq!(device["username"], "104");
    assert_eq!(switch.next_directory().await.devices.len(), 4);
    running.http("DELETE", &path, Some(&admin), &[], None).await.expect(204);
    let last = switch.next_directory().await;
    assert_eq!((last.users.len(), last.devices.len()), (3, 3));
    assert_eq!(alice.push("directory.changed").await["removed"], json!([made["id"]]));

    // A node that has it is not sent it again; one that is ahead of a restored database gets a newer version.
    drop(switch);
    let mut switch = Switch::connect(running.address, NodeId::from_u128(1), last.version).await;
    let (_, command) = switch.command().await;
    assert!(matches!(command, Command::SessionUp { .. }), "{command:?}");
    assert!(switch.directory.is_none());
    drop(switch);
    let mut switch = Switch::connect(running.address, NodeId::from_u128(1), 5_000).await;
    assert_eq!(switch.next_directory().await.version, 5_001);
}

#[tokio::test]
async fn a_gap_in_the_events_asks_for_a_snapshot() {
    let running = Running::start().await;
    let mut switch = running.switch().await;
    let mut bob = running.browser("bob").await;
    let ringing = leg(1, LegRole::Callee, &bob, party(None, "101"));
    switch.ring(ringing.clone()).await;
    bob.push("call.incoming").await;
    switch.skip_event();
    switch.event(Event::LegChanged { leg: answered(ringing) }).await;
    loop {
        if switch.frame().await == AppFrame::SnapshotRequest {
            break;
        }
    }
    assert_eq!(bob.push("call.state").await["call"]["state"], "active");
    switch.snapshot(Snapshot::default()).await;
    let ended = bob.push("call.ended").await;
    assert_eq!(
        (&ended["reason"], &ended["by"]),
        (&json!("hangup"), &json!("server")),
        "what it does not name is over"
    );
}

#[tokio::test]
async fn a_lost_link_keeps_its_calls_and_a_restarted_softswitch_ends_them() {
    let running = Running::start().await;
    let mut switch = running.switch().await;
    let mut bob = running.browser("bob").await;
    let ringing = leg(1, LegRole::Callee, &bob, party(None, "101"));
    switch.ring(ringing.clone()).await;
    switch.event(Event::LegChanged { leg: answered(ringing) }).await;
    bob.push_where("call.state", |data| data["call"]["state"] == "active").await;
    drop(switch);
    assert_eq!(bob.push("switch").await["up"], false);
    let (mut bob, resumed) = Browser::resume(running.address, &bob.welcome, 0).await;
    let state = resumed.expect("a resume")["state"].clone();
    assert_eq!((state["calls"].as_array().expect("calls").len(), &state["switchUp"]), (1, &json!(false)));

    let mut switch = Switch::connect(running.address, NodeId::from_u128(2), 0).await;
    switch.snapshot(Snapshot::default()).await;
    assert_eq!(bob.push("call.ended").await["reason"], "server-restart");
    assert_eq!(bob.push("switch").await["up"], true);
}

#[tokio::test]
async fn a_softswitch_of_a_far_version_or_without_hello_is_let_go() {
    let running = Running::start().await;
    let bearer = format!("Bearer {NODE_TOKEN}");
    for hello in [
        ringdown_control::encode(&NodeFrame::Hello {
            version: 9,
            node: NodeId::from_u128(1),
            name: String::new(),
            directory_version: 0,
        }),
        "{}".to_owned(),
    ] {
        use futures_util::{SinkExt as _, StreamExt as _};
        use tokio_tungstenite::tungstenite::Message;
        let mut socket =
            open(running.address, "/node", &[("authorization", &bearer)]).await.expect("an upgrade");
        socket.send(Message::text(hello)).await.expect("sent");
        let message = socket.next().await;
        assert!(matches!(message, Some(Ok(Message::Close(_)))), "{message:?}");
    }
}
