//! Passwords, tokens, tickets, roles.

use serde_json::json;

use crate::harness::{Browser, Running, error_name, text};

#[tokio::test]
async fn an_unknown_name_and_a_wrong_password_are_answered_alike() {
    let running = Running::start().await;
    let wrong = json!({"username": "alice", "password": "wrong"});
    let unknown = json!({"username": "mallory", "password": "wrong"});
    let wrong = running.post("/api/v1/login", None, &wrong).await;
    let unknown = running.post("/api/v1/login", None, &unknown).await;
    assert_eq!((wrong.status, &wrong.body), (401, &unknown.body));
    assert_eq!(wrong.json()["type"], "urn:ringdown:problem:bad-credentials");
    assert_eq!(wrong.headers["content-type"], "application/problem+json");
}

#[tokio::test]
async fn guessing_is_slowed_for_the_guessed_name_only() {
    let running = Running::start().await;
    let guess = json!({"username": "alice", "password": "guess"});
    let mut statuses = Vec::new();
    for _ in 0..8 {
        statuses.push(running.post("/api/v1/login", None, &guess).await.status);
    }
    assert!(statuses.starts_with(&[401; 5]), "{statuses:?}");
    let limited = running.post("/api/v1/login", None, &guess).await;
    assert_eq!(limited.status, 429, "{statuses:?}");
    assert!(limited.headers["retry-after"].parse::<u64>().expect("seconds") >= 1);
    running.login("bob").await;
}

#[tokio::test]
async fn a_stolen_refresh_token_ends_the_sign_in_and_its_sessions() {
    let running = Running::start().await;
    let first = running.login("alice").await;
    let mut browser = Browser::hello(running.address, &text(&first["accessToken"])).await;
    let stolen = json!({"refreshToken": first["refreshToken"]});
    let second = running.post("/api/v1/refresh", None, &stolen).await.expect(200);
    assert_ne!(second["refreshToken"], first["refreshToken"]);
    running.get("/api/v1/me", second["accessToken"].as_str()).await.expect(200);

    running.post("/api/v1/refresh", None, &stolen).await.expect(401);
    let newest = json!({"refreshToken": second["refreshToken"]});
    running.post("/api/v1/refresh", None, &newest).await.expect(401);
    running.get("/api/v1/me", second["accessToken"].as_str()).await.expect(401);
    assert_eq!(browser.closed().await, 4004);
    let (_, resumed) = Browser::resume(running.address, &browser.welcome, 0).await;
    assert_eq!(error_name(resumed), "session-expired");
}

#[tokio::test]
async fn a_logout_ends_its_own_sessions_and_no_others() {
    let running = Running::start().await;
    let (here, there) = (running.login("alice").await, running.login("alice").await);
    let mut out = Browser::hello(running.address, &text(&here["accessToken"])).await;
    let mut stays = Browser::hello(running.address, &text(&there["accessToken"])).await;
    let token = json!({"refreshToken": here["refreshToken"]});
    running.post("/api/v1/logout", None, &token).await.expect(204);
    assert_eq!(out.closed().await, 4004);
    stays.request("ping", json!({})).await.expect("the other sign-in goes on");
    running.get("/api/v1/me", here["accessToken"].as_str()).await.expect(401);
}

#[tokio::test]
async fn a_ticket_is_good_for_one_hello() {
    let running = Running::start().await;
    let token = running.token("alice").await;
    let ticket = running.post("/api/v1/ticket", Some(&token), &json!({})).await.expect(200);
    let hello = json!({"ticket": ticket["ticket"], "client": {"name": "test", "version": "1"}});
    let mut browser = Browser::connect(running.address).await;
    let welcome = browser.request("hello", hello.clone()).await.expect("a welcome");
    assert_eq!(welcome["me"]["username"], "alice");
    let mut again = Browser::connect(running.address).await;
    assert_eq!(error_name(again.request("hello", hello).await), "bad-credentials");
    assert_eq!(again.closed().await, 4004);
}

#[tokio::test]
async fn nothing_is_served_before_hello_and_a_wrong_token_closes() {
    let running = Running::start().await;
    let mut browser = Browser::connect(running.address).await;
    for method in ["ping", "directory.search", "history.list"] {
        let refused = browser.request(method, json!({"query": ""})).await;
        assert_eq!(error_name(refused), "not-authenticated");
    }
    let hello = json!({"token": "v1.e30.AAAA", "client": {"name": "test", "version": "1"}});
    assert_eq!(error_name(browser.request("hello", hello).await), "bad-credentials");
    assert_eq!(browser.closed().await, 4004);
}

#[tokio::test]
async fn a_connection_that_says_nothing_is_closed_after_five_seconds() {
    let running = Running::start().await;
    let mut browser = Browser::connect(running.address).await;
    let frame = browser.frame().await.expect("an explanation");
    assert_eq!(
        (&frame["id"], &frame["error"]["name"], &frame["error"]["fatal"]),
        (&json!(0), &json!("not-authenticated"), &json!(true))
    );
    assert_eq!(browser.closed().await, 4003);
}

#[tokio::test]
async fn a_changed_password_and_a_disabled_account_end_sessions_at_once() {
    let running = Running::start().await;
    let token = running.token("alice").await;
    let mut browser = Browser::hello(running.address, &token).await;
    let change = json!({"current": running.password("alice"), "new": "a new password"});
    let path = "/api/v1/me/password";
    let wrong = json!({"current": "not it", "new": "a new password"}).to_string();
    running.http("PUT", path, Some(&token), &[], Some(wrong)).await.expect(401);
    let short = json!({"current": running.password("alice"), "new": "short"}).to_string();
    running.http("PUT", path, Some(&token), &[], Some(short)).await.expect(400);
    let fresh = running.http("PUT", path, Some(&token), &[], Some(change.to_string())).await.expect(200);
    assert_eq!(browser.closed().await, 4004);
    running.get("/api/v1/me", Some(&token)).await.expect(401);
    let mut browser = Browser::hello(running.address, &text(&fresh["accessToken"])).await;

    let admin = running.token("admin").await;
    let path = format!("/api/v1/users/{}", browser.user());
    let disable = json!({"enabled": false}).to_string();
    running.http("PATCH", &path, Some(&admin), &[], Some(disable)).await.expect(200);
    assert_eq!(browser.closed().await, 4004);
    running.get("/api/v1/me", fresh["accessToken"].as_str()).await.expect(401);
    let login = json!({"username": "alice", "password": "a new password"});
    running.post("/api/v1/login", None, &login).await.expect(401);
}
