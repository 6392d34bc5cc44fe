//! Browsers whose page is closed are woken by push, over a push service of our own.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use ring::{
    agreement::{ECDH_P256, EphemeralPrivateKey},
    rand::SystemRandom,
};
use ringdown_control::{Command, EndedBy, LegInfo, LegPlace, LegRole, LegState};
use ringdown_types::{CallId, EndReason, LegId, MediaDirection, SessionId, UserId};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};

use crate::harness::{Browser, Running, Switch, party, text};

/// A push service that takes every message and answers with a status.
async fn push_service(status: &'static str) -> (String, mpsc::UnboundedReceiver<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/send/1", listener.local_addr().expect("an address"));
    let (sender, receiver) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let request = read_request(&mut stream).await;
            let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n");
            stream.write_all(answer.as_bytes()).await.expect("it reads");
            sender.send(request).expect("the test reads");
        }
    });
    (url, receiver)
}

async fn read_request(stream: &mut TcpStream) -> Vec<u8> {
    let mut request = Vec::new();
    let mut buffer = [0; 8192];
    loop {
        let read = stream.read(&mut buffer).await.expect("a request");
        request.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&request).to_lowercase();
        let length =
            text.split("content-length: ").nth(1).and_then(|rest| rest.split("\r\n").next()?.parse().ok());
        let body = request.windows(4).position(|four| four == b"\r\n\r\n").map(|end| request.len() - end - 4);
        if body.is_some() && body >= length {
            return request;
        }
    }
}

fn subscription(endpoint: &str) -> Value {
    let key = EphemeralPrivateKey::generate(&ECDH_P256, &SystemRandom::new()).expect("a key");
    let public = key.compute_public_key().expect("its public key");
    json!({"endpoint": endpoint, "expirationTime": null,
        "keys": {"p256dh": BASE64.encode(public.as_ref()), "auth": BASE64.encode([7; 16])}})
}

async fn running() -> Running {
    Running::start_with(|config| config.push_hosts = vec!["127.0.0.1".to_owned()]).await
}

/// The session that stands by, as the softswitch is told.
async fn standing(switch: &mut Switch) -> SessionId {
    loop {
        if let (_, Command::SessionUp { session, .. }) = switch.command().await {
            return session;
        }
    }
}

async fn ring(switch: &mut Switch, session: SessionId, user: UserId) -> LegInfo {
    let rings = LegInfo {
        leg: LegId::from_u128(1),
        call: CallId::from_u128(9),
        user: Some(user),
        place: LegPlace::Browser { session },
        role: LegRole::Callee,
        state: LegState::Ringing,
        peer: party(None, "101"),
        held: false,
        held_by_peer: false,
        peer_lost: false,
        peer_muted: false,
        muted: false,
        pin_asked: None,
        direction: MediaDirection::SendRecv,
        created_at: 1_700_000_000_000,
        answered_at: None,
    };
    switch.ring(rings.clone()).await;
    rings
}

#[tokio::test]
async fn a_call_reaches_the_push_service_and_the_page_that_opens_is_offered_it() {
    let running = running().await;
    let mut switch = running.switch().await;
    let tokens = running.login("alice").await;
    let token = text(&tokens["accessToken"]);
    let user = text(&tokens["me"]["userId"]).parse().expect("an id");
    let (endpoint, mut messages) = push_service("201 Created").await;
    running.post("/api/v1/push/subscriptions", Some(&token), &subscription(&endpoint)).await.expect(204);
    let session = standing(&mut switch).await;
    ring(&mut switch, session, user).await;
    let message = messages.recv().await.expect("a message");
    let head = String::from_utf8_lossy(&message).to_lowercase();
    for part in
        ["post /send/1 http/1.1", "content-encoding: aes128gcm", "urgency: high", "ttl: 30", "topic: "]
    {
        assert!(head.contains(part), "{part}: {head}");
    }
    let key = running.get("/api/v1/push/key", Some(&token)).await.json();
    let public = text(&key["publicKey"]).to_lowercase();
    assert!(head.contains("authorization: vapid t=") && head.contains(&format!(", k={public}")), "{head}");
    assert!(!head.contains("101"), "no number is readable");

    let mut page = Browser::hello(running.address, &token).await;
    assert_eq!(page.session(), session);
    assert_eq!(page.push("call.incoming").await["call"]["id"], LegId::from_u128(1).to_string());
}

#[tokio::test]
async fn a_browser_that_is_gone_and_a_sign_in_that_is_over_are_not_woken() {
    let running = running().await;
    let mut switch = running.switch().await;
    let tokens = running.login("alice").await;
    let token = text(&tokens["accessToken"]);
    let user = text(&tokens["me"]["userId"]).parse().expect("an id");
    let (endpoint, mut messages) = push_service("410 Gone").await;
    running.post("/api/v1/push/subscriptions", Some(&token), &subscription(&endpoint)).await.expect(204);
    let session = standing(&mut switch).await;
    ring(&mut switch, session, user).await;
    messages.recv().await.expect("a message");
    // Nobody can be woken any more: the softswitch rings nobody.
    loop {
        if let (_, Command::SessionDown { session: down }) = switch.command().await {
            assert_eq!(down, session);
            break;
        }
    }
    running.post("/api/v1/push/subscriptions", Some(&token), &subscription(&endpoint)).await.expect(204);
    let session = standing(&mut switch).await;
    running.post("/api/v1/logout", None, &json!({"refreshToken": tokens["refreshToken"]})).await.expect(204);
    loop {
        if let (_, Command::SessionDown { session: down }) = switch.command().await {
            assert_eq!(down, session);
            break;
        }
    }
}

#[tokio::test]
async fn nobody_looks_around_our_network_by_a_subscription() {
    let running = Running::start().await;
    let token = running.token("alice").await;
    for endpoint in
        ["http://127.0.0.1:1/", "https://user@push.example/", "ftp://push.example/", "nonsense", ""]
    {
        let reply = running.post("/api/v1/push/subscriptions", Some(&token), &subscription(endpoint)).await;
        assert_eq!(reply.status, 400, "{endpoint}");
    }
    let long = format!("https://push.example/{}", "a".repeat(2_048));
    running.post("/api/v1/push/subscriptions", Some(&token), &subscription(&long)).await.expect(400);
    let mut wrong = subscription("https://push.example/1");
    wrong["keys"]["auth"] = json!("AAAA");
    running.post("/api/v1/push/subscriptions", Some(&token), &wrong).await.expect(400);
    running.post("/api/v1/push/decline", None, &json!({"token": "made up"})).await.expect(404);
}

#[tokio::test]
async fn who_can_be_woken_is_known_after_a_restart() {
    let mut running = running().await;
    let token = running.token("alice").await;
    let key = running.get("/api/v1/push/key", Some(&token)).await.json();
    let (endpoint, _messages) = push_service("201 Created").await;
    running.post("/api/v1/push/subscriptions", Some(&token), &subscription(&endpoint)).await.expect(204);
    running.restart().await;
    let mut switch = running.switch().await;
    standing(&mut switch).await;
    assert_eq!(
        running.get("/api/v1/push/key", Some(&token)).await.json(),
        key,
        "browsers subscribed to this key"
    );
}

#[tokio::test]
async fn that_a_call_is_over_does_not_overtake_the_call() {
    let running = running().await;
    let mut switch = running.switch().await;
    let tokens = running.login("alice").await;
    let user = text(&tokens["me"]["userId"]).parse().expect("an id");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let endpoint = format!("http://{}/send/1", listener.local_addr().expect("an address"));
    let token = text(&tokens["accessToken"]);
    running.post("/api/v1/push/subscriptions", Some(&token), &subscription(&endpoint)).await.expect(204);
    let session = standing(&mut switch).await;
    let rings = ring(&mut switch, session, user).await;
    let (mut first, _) = listener.accept().await.expect("a message");
    assert!(String::from_utf8_lossy(&read_request(&mut first).await).contains("ttl: 30"));
    // The push service takes its time, and the caller hangs up.
    switch.end(rings, EndReason::Cancelled, EndedBy::Remote).await;
    let early = tokio::time::timeout(Duration::from_millis(300), listener.accept()).await;
    assert!(early.is_err(), "nothing is sent before the service has the first");
    first.write_all(b"HTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n").await.expect("it reads");
    let (mut second, _) = listener.accept().await.expect("another message");
    assert!(String::from_utf8_lossy(&read_request(&mut second).await).contains("ttl: 60"));
}
