//! Files over REST: kept as they were, named harmlessly, read by nobody else, bounded.

use ringdown_appserver::store::Readers;

use serde_json::json;

use crate::harness::{Reply, Running, error_name, text};

async fn send(running: &Running, token: &str, query: &str, body: &str) -> Reply {
    let path = format!("/api/v1/files?{query}");
    running.http("POST", &path, Some(token), &[], Some(body.to_owned())).await
}

#[tokio::test]
async fn a_file_comes_back_byte_by_byte_and_in_ranges() {
    let running = Running::start().await;
    let alice = running.token("alice").await;
    let body = "Grüße, 世界\n".repeat(60_000);
    let file =
        send(&running, &alice, "name=..%2F%D0%BE%D1%82%D1%87%D1%91%D1%82.txt", &body).await.expect(201);
    assert_eq!(
        (text(&file["name"]).as_str(), text(&file["mediaType"]).as_str()),
        ("отчёт.txt", "text/plain")
    );
    assert_eq!(file["size"], body.len());
    let path = format!("/api/v1/files/{}", text(&file["id"]));
    let whole = running.get(&path, Some(&alice)).await;
    assert!(whole.status == 200 && whole.body == body.as_bytes(), "{}", whole.status);
    assert_eq!(
        whole.headers["content-disposition"],
        "attachment; filename*=UTF-8''%D0%BE%D1%82%D1%87%D1%91%D1%82.txt"
    );
    assert!(whole.headers["content-security-policy"].contains("sandbox"));
    assert!(whole.headers["cache-control"].contains("immutable"));
    let part = running.http("GET", &path, Some(&alice), &[("range", "bytes=300000-300009")], None).await;
    assert!(part.status == 206 && part.body == body.as_bytes()[300_000..300_010]);
}

#[tokio::test]
async fn nobody_else_has_a_file_before_it_is_given_to_them() {
    let running = Running::start().await;
    let (alice, bob) = (running.login("alice").await, running.token("bob").await);
    let token = text(&alice["accessToken"]);
    let file = send(&running, &token, "name=a.txt", "hello").await.expect(201);
    let path = format!("/api/v1/files/{}", text(&file["id"]));
    assert_eq!(running.get(&path, Some(&bob)).await.status, 404);
    assert_eq!(running.get(&path, None).await.status, 401);
    assert_eq!(running.http("DELETE", &path, Some(&bob), &[], None).await.status, 404);
    let store = &running.server.as_ref().expect("it runs").app().store;
    let (id, owner) = (text(&file["id"]).parse().expect("an id"), text(&alice["me"]["userId"]));
    let owner = owner.parse().expect("an id");
    assert!(store.give_file(id, owner, Readers::Everybody).await.expect("given"));
    assert!(!store.give_file(id, owner, Readers::Everybody).await.expect("a store"), "it is given once");
    assert_eq!(running.get(&path, Some(&bob)).await.body, b"hello");
    assert_eq!(running.http("DELETE", &path, Some(&token), &[], None).await.status, 404, "it is in use");
}

#[tokio::test]
async fn a_file_too_long_or_of_the_wrong_kind_or_without_room_is_refused_and_leaves_nothing() {
    let running = Running::start_with(|config| {
        config.max_file_mib = 1;
        config.max_files_mib_per_person = 1;
    })
    .await;
    let (alice, bob) = (running.token("alice").await, running.token("bob").await);
    let long = "x".repeat(1024 * 1024 + 1);
    assert_eq!(send(&running, &alice, "name=a", &long).await.status, 413);
    assert_eq!(send(&running, &alice, "name=a", "").await.status, 400);
    assert_eq!(send(&running, &alice, "name=a&kind=picture", "<svg>").await.status, 400);
    let half = "x".repeat(600 * 1024);
    let kept = send(&running, &alice, "name=a", &half).await.expect(201);
    assert_eq!(send(&running, &alice, "name=b", &half).await.status, 507, "alice's room is full");
    send(&running, &bob, "name=b", &half).await.expect(201);
    let path = format!("/api/v1/files/{}", text(&kept["id"]));
    assert_eq!(running.http("DELETE", &path, Some(&alice), &[], None).await.status, 204);
    send(&running, &alice, "name=b", &half).await.expect(201);
    let files = walk(&running.config.state.join("files"));
    assert_eq!(files.len(), 2, "{files:?}");
}

#[tokio::test]
async fn uploads_that_end_at_once_do_not_all_take_the_last_room() {
    let running = Running::start_with(|config| {
        config.max_file_mib = 1;
        config.max_files_mib_per_person = 1;
    })
    .await;
    let alice = running.token("alice").await;
    let half = "x".repeat(600 * 1024);
    let upload = || send(&running, &alice, "name=a", &half);
    let (one, two, three) = tokio::join!(upload(), upload(), upload());
    let mut statuses = [one.status, two.status, three.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 507, 507]);
    assert_eq!(walk(&running.config.state.join("files")).len(), 1);
}

#[tokio::test]
async fn of_a_file_kept_long_enough_only_its_name_is_left() {
    let running = Running::start().await;
    let (alice, mut browser) = (running.token("alice").await, running.browser("alice").await);
    let file = send(&running, &alice, "name=plan.txt", "the plan").await.expect(201);
    let sent = browser.request("chat.send", json!({"to": "102", "file": file["id"]})).await.expect("sent");
    let files = &running.server.as_ref().expect("it runs").app().files;
    assert!(!files.expire(0, 10).await.expect("a store"), "it is young");
    assert_eq!(walk(&running.config.state.join("files")).len(), 1);
    files.expire(u64::MAX, 10).await.expect("a store");
    assert!(walk(&running.config.state.join("files")).is_empty());
    let conversation = sent["message"]["conversation"].clone();
    let page = browser.request("chat.history", json!({"conversation": conversation})).await.expect("a page");
    assert_eq!(page["messages"][0]["file"]["size"], 0);
    assert_eq!(page["messages"][0]["file"]["name"], "plan.txt");
    let refused = browser.request("file.link", json!({"file": file["id"]})).await;
    assert_eq!(error_name(refused), "bad-request");
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let folders = std::fs::read_dir(folder).expect("a folder").flatten();
    let files = folders.flat_map(|folder| std::fs::read_dir(folder.path()).expect("a folder").flatten());
    files.map(|entry| entry.path()).collect()
}
