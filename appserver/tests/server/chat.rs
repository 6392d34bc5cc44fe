//! The chat over real sockets: what only both ends together show.

use serde_json::json;

use crate::harness::{Running, text};

#[tokio::test]
async fn an_admin_takes_a_message_away_and_its_readers_see_that() {
    let running = Running::start().await;
    let (mut alice, mut bob) = (running.browser("alice").await, running.browser("bob").await);
    let sent = alice.request("chat.send", json!({"to": "102", "text": "rude"})).await.expect("sent");
    let path = format!("/api/v1/chat/messages/{}", text(&sent["message"]["id"]));
    let delete = async |who: &str| {
        let token = running.token(who).await;
        running.http("DELETE", &path, Some(&token), &[], None).await.status
    };
    assert_eq!(running.http("DELETE", &path, None, &[], None).await.status, 401);
    assert_eq!(delete("alice").await, 403, "the author deletes it by chat.delete");
    assert_eq!(delete("admin").await, 204);
    assert_eq!(delete("admin").await, 404, "once");
    for browser in [&mut alice, &mut bob] {
        let told = browser.push_where("chat.message", |data| data["message"]["isDeleted"] == true).await;
        assert_eq!((&told["message"]["text"], &told["message"]["seq"]), (&json!(""), &json!(1)));
    }
}

#[tokio::test]
async fn a_sign_is_seen_by_the_other_and_whom_one_blocks_by_oneself_alone() {
    let running = Running::start().await;
    let (mut alice, mut bob) = (running.browser("alice").await, running.browser("bob").await);
    let mut other = running.browser("alice").await;
    let sent = bob.request("chat.send", json!({"to": "101", "text": "lunch?"})).await.expect("sent");
    let place = json!({"conversation": sent["message"]["conversation"], "seq": 1});
    let with = |emoji: &str| json!({"conversation": place["conversation"], "seq": 1, "emoji": emoji});
    for wrong in ["", "ok", "👍 👍", "<b>", "1"] {
        alice.request("chat.react", with(wrong)).await.expect_err(wrong);
    }
    for right in ["👍", "👩\u{200d}👩\u{200d}👧", "🇩🇪", "❤\u{fe0f}", "1\u{fe0f}\u{20e3}"] {
        alice.request("chat.react", with(right)).await.expect(right);
    }
    let signs = |data: &serde_json::Value| data["message"]["reactions"][0]["emoji"] == "👍";
    let told = bob.push_where("chat.message", signs).await;
    assert_eq!(told["message"]["reactions"][0]["users"], json!([alice.user().to_string()]));
    let user = bob.user().to_string();
    alice.request("chat.block", json!({"user": user, "isBlocked": true})).await.expect("blocked");
    assert_eq!(other.push("chat.blocked").await, json!({"users": [user]}));
    let refused = bob.request("chat.send", json!({"to": "101", "text": "hello?"})).await;
    assert_eq!(refused.expect_err("blocked")["name"], "forbidden");
    let listed = alice.request("chat.list", json!({})).await.expect("a list");
    assert_eq!(listed["blocked"], json!([user]));
    alice.request("chat.block", json!({"user": user, "isBlocked": false})).await.expect("again");
    bob.request("chat.send", json!({"to": "101", "text": "hello!"})).await.expect("sent");
}
