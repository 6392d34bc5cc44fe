//! What people say and choose: live, kept over a restart, and one with their settings.

use std::time::Instant;

use ringdown_control::{
    AppFrame, Command, CommandResult, Event, SoundBytes, VoicemailCount, VoicemailMessage,
};
use ringdown_types::{EndReason, RecordingId};
use serde_json::{Value, json};

use crate::harness::{Browser, Running, error_name, party, record, text};

/// Alice's entry in the state a browser is given.
async fn alice_as_seen(running: &Running) -> (Value, Value) {
    let browser = running.browser("bob").await;
    let state = browser.welcome["state"].clone();
    let alice =
        state["directory"].as_array().expect("people").iter().find(|entry| entry["extension"] == "101");
    (alice.expect("alice").clone(), state)
}

async fn told_of(browser: &mut Browser, user: &str) -> Value {
    let of = |data: &Value| {
        data["entries"].as_array().is_some_and(|all| all.iter().any(|one| one["userId"] == user))
    };
    let push = browser.push_where("presence", of).await;
    push["entries"]
        .as_array()
        .and_then(|all| all.iter().find(|one| one["userId"] == user))
        .cloned()
        .expect("alice")
}

#[tokio::test]
async fn what_is_said_and_chosen_outlives_a_restart() {
    let mut running = Running::start().await;
    let (mut alice, mut bob) = (running.browser("alice").await, running.browser("bob").await);
    let user = alice.user().to_string();
    told_of_nothing(&mut bob).await;
    let until = 4_102_444_800_000_u64.min(unix_ms() + 3_600_000);
    let said = json!({"activity": "break", "note": "кофе ☕", "until": until});
    let began = Instant::now();
    alice.request("presence.set", said).await.expect("said");
    let told = told_of(&mut bob, &user).await;
    eprintln!("told after {} ms", began.elapsed().as_millis());
    assert_eq!(
        (&told["activity"], &told["note"], &told["until"]),
        (&json!("break"), &json!("кофе ☕"), &json!(until))
    );
    bob.request("directory.favourite", json!({"user": user, "on": true})).await.expect("a favourite");
    let favourites = bob.push("favourites").await;
    assert_eq!(favourites["users"], json!([user]));
    running.restart().await;
    let (entry, state) = alice_as_seen(&running).await;
    assert_eq!(
        (&entry["activity"], &entry["note"], &entry["until"]),
        (&json!("break"), &json!("кофе ☕"), &json!(until))
    );
    assert_eq!(state["favourites"], json!([user]));
}

async fn told_of_nothing(browser: &mut Browser) {
    browser.request("ping", json!({})).await.expect("an answer");
}

fn unix_ms() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    since.as_millis() as u64
}

#[tokio::test]
async fn do_not_disturb_said_is_do_not_disturb_set() {
    let running = Running::start().await;
    let mut switch = running.switch().await;
    let (mut alice, mut bob) = (running.browser("alice").await, running.browser("bob").await);
    let user = alice.user();
    alice.request("presence.set", json!({"activity": "dnd", "note": "deep work"})).await.expect("said");
    loop {
        let AppFrame::Directory { directory } = switch.frame().await else { continue };
        if directory.users.iter().any(|one| one.id == user && one.settings.do_not_disturb) {
            break;
        }
    }
    let settings = alice.push("settings").await;
    assert_eq!(settings["settings"]["doNotDisturb"], true);
    let told = told_of(&mut bob, &user.to_string()).await;
    assert_eq!((&told["activity"], &told["note"]), (&json!("dnd"), &json!("deep work")));
    // Taken back as a setting, nothing of the word stays.
    alice.request("settings.set", json!({"doNotDisturb": false})).await.expect("set");
    loop {
        if told_of(&mut bob, &user.to_string()).await.get("activity").is_none() {
            break;
        }
    }
}

#[tokio::test]
async fn missed_calls_are_listed_and_counted_until_they_are_seen() {
    let mut running = Running::start().await;
    let mut switch = running.switch().await;
    let (alice, mut bob) = (running.browser("alice").await, running.browser("bob").await);
    let mut missed = record(1, party(Some(alice.user()), "101"), party(Some(bob.user()), "102"));
    missed.reason = EndReason::NoAnswer;
    switch.event(Event::CallEnded { record: missed }).await;
    let push = bob.push("history").await;
    assert_eq!((&push["missed"], &push["entry"]["outcome"]), (&json!(1), &json!("missed")));
    running.restart().await;
    let mut bob = running.browser("bob").await;
    assert_eq!(bob.welcome["state"]["missed"], 1);
    let page = bob.request("history.list", json!({"outcome": "missed"})).await.expect("a page");
    assert_eq!(page["entries"].as_array().map(Vec::len), Some(1));
    let page = bob.request("history.list", json!({"outcome": "answered"})).await.expect("a page");
    assert_eq!(page["entries"], json!([]));
    bob.request("history.seen", json!({})).await.expect("seen");
    assert_eq!(bob.push("history").await, json!({"entry": null, "missed": 0}));
    running.restart().await;
    assert_eq!(running.browser("bob").await.welcome["state"]["missed"], 0);
    let token = running.token("bob").await;
    let page = running.get("/api/v1/history?outcome=missed", Some(&token)).await.expect(200);
    assert_eq!(page["entries"].as_array().map(Vec::len), Some(1), "seen, not gone");
}

#[tokio::test]
async fn the_own_mailbox_is_listed_played_and_emptied_over_the_socket() {
    const MESSAGE: RecordingId = RecordingId::from_u128(0xabc);
    let running = Running::start().await;
    let mut switch = running.switch().await;
    let mut alice = running.browser("alice").await;
    let user = alice.user();
    switch.event(Event::VoicemailChanged { count: VoicemailCount { user, new: 1, saved: 0 } }).await;
    assert_eq!(alice.push("voicemail").await["count"]["new"], 1);
    let request = alice.send_request("voicemail.list", json!({})).await;
    let (id, command) = switch.call_command().await;
    assert_eq!(command, Command::ListVoicemail { user });
    let message = VoicemailMessage {
        id: MESSAGE,
        user,
        from: party(None, "102"),
        received_at: 1_700_000_000_000,
        duration_ms: 4_000,
        is_heard: false,
    };
    switch.reply(id, CommandResult::Voicemail { messages: vec![message] }).await;
    let mailbox = alice.response(request).await.expect("a mailbox");
    assert_eq!((&mailbox["new"], &mailbox["messages"][0]["id"]), (&json!(1), &json!(MESSAGE.to_string())));

    let link =
        alice.request("voicemail.link", json!({"message": MESSAGE.to_string()})).await.expect("a link");
    let path = text(&link["path"]);
    let serve = tokio::spawn(async move {
        for _ in 0..2 {
            let (id, command) = switch.call_command().await;
            assert!(
                matches!(command, Command::FetchVoicemail { user: of, message, .. } if of == user && message == MESSAGE)
            );
            let part = SoundBytes(vec![7; 1_000]);
            switch.reply(id, CommandResult::VoicemailSound { total: 1_000, part }).await;
        }
        switch
    });
    let sound = running.http("GET", &path, None, &[], None).await;
    assert_eq!((sound.status, sound.body.len()), (200, 1_000), "without a token");
    let mut switch = serve.await.expect("it answers");
    running.http("GET", &format!("{path}x"), None, &[], None).await.expect(404);

    let request = alice.send_request("voicemail.delete", json!({"message": MESSAGE.to_string()})).await;
    let (id, command) = switch.call_command().await;
    assert_eq!(command, Command::DeleteVoicemail { user, message: MESSAGE });
    switch.done(id).await;
    alice.response(request).await.expect("it is gone");
    let odd = alice.request("voicemail.mark", json!({"message": "x", "isHeard": true})).await;
    assert_eq!(error_name(odd), "bad-request");
}

#[tokio::test]
async fn departments_and_photos_are_in_the_directory_and_found() {
    let running = Running::start().await;
    let (admin, token) = (running.token("admin").await, running.token("alice").await);
    let mut bob = running.browser("bob").await;
    let me = running.get("/api/v1/me", Some(&token)).await.expect(200);
    let user = text(&me["userId"]);
    let path = format!("/api/v1/users/{user}");
    let moves = json!({"department": "Research & Development"}).to_string();
    running.http("PATCH", &path, Some(&admin), &[], Some(moves)).await.expect(200);
    let told = bob.push("directory.changed").await;
    assert_eq!(told["entries"][0]["department"], "Research & Development");
    let found = bob.request("directory.search", json!({"query": "resaerch"})).await.expect("found");
    assert_eq!(found["entries"][0]["userId"], user.as_str(), "with a slip of the finger");
    let too_long = json!({"department": "x".repeat(101)}).to_string();
    running.http("PATCH", &path, Some(&admin), &[], Some(too_long)).await.expect(400);

    // The smallest thing that begins like a PNG.
    let picture = "\u{89}PNG\r\n\u{1a}\n";
    let bytes: Vec<u8> = picture.chars().map(|letter| letter as u8).collect();
    let upload = running.upload("/api/v1/files?name=me.png&kind=picture", &token, &bytes).await.expect(201);
    let photo = format!("{path}/photo");
    let body = json!({"file": upload["id"]}).to_string();
    let carol = running.token("carol").await;
    running.http("PUT", &photo, Some(&carol), &[], Some(body.clone())).await.expect(403);
    running.http("PUT", &photo, Some(&admin), &[], Some(body.clone())).await.expect(404);
    running.http("PUT", &photo, Some(&token), &[], Some(body.clone())).await.expect(204);
    let entry = bob.push("directory.changed").await["entries"][0].clone();
    let address = text(&entry["photo"]);
    let shown = running.http("GET", &address, None, &[], None).await;
    assert_eq!((shown.status, shown.body), (200, bytes));
    assert_eq!(shown.headers.get("content-type").map(String::as_str), Some("image/png"));
    running.http("PUT", &photo, Some(&token), &[], Some(body)).await.expect(404);
    running.http("DELETE", &photo, Some(&admin), &[], None).await.expect(204);
    assert_eq!(bob.push("directory.changed").await["entries"][0].get("photo"), None);
    running.http("GET", &address, None, &[], None).await.expect(404);
}

/// An own picture, to be used: its id.
async fn picture(running: &Running, token: &str) -> Value {
    let picture = "\u{89}PNG\r\n\u{1a}\n";
    let bytes: Vec<u8> = picture.chars().map(|letter| letter as u8).collect();
    running.upload("/api/v1/files?name=me.png&kind=picture", token, &bytes).await.expect(201)["id"].clone()
}

#[tokio::test]
async fn a_photo_for_nobody_stays_its_owners_file() {
    let running = Running::start().await;
    let admin = running.token("admin").await;
    let file = picture(&running, &admin).await;
    let body = json!({"file": file}).to_string();
    let nobody = "/api/v1/users/00000000000000000000000000000063/photo";
    running.http("PUT", nobody, Some(&admin), &[], Some(body)).await.expect(404);
    let file = format!("/api/v1/files/{}", text(&file));
    let other = running.token("alice").await;
    running.http("GET", &file, Some(&other), &[], None).await.expect(404);
    running.http("DELETE", &file, Some(&admin), &[], None).await.expect(204);
}

#[tokio::test]
async fn a_page_sets_and_removes_its_users_photo() {
    let running = Running::start().await;
    let token = running.token("alice").await;
    let (mut alice, mut bob) = (running.browser("alice").await, running.browser("bob").await);
    let file = picture(&running, &token).await;
    alice.request("directory.photo", json!({"file": file})).await.expect("it is set");
    let address = text(&bob.push("directory.changed").await["entries"][0]["photo"]);
    assert_eq!(running.http("GET", &address, None, &[], None).await.status, 200);
    let again = alice.request("directory.photo", json!({"file": file})).await;
    assert_eq!(error_name(again), "bad-request", "it is nobody's own file any more");
    let others = picture(&running, &running.token("bob").await).await;
    let taken = alice.request("directory.photo", json!({"file": others})).await;
    assert_eq!(error_name(taken), "bad-request");
    alice.request("directory.photo", json!({"file": null})).await.expect("it is gone");
    assert_eq!(bob.push("directory.changed").await["entries"][0].get("photo"), None);
    running.http("GET", &address, None, &[], None).await.expect(404);
    let odd = alice.request("directory.photo", json!({"file": "x"})).await;
    assert_eq!(error_name(odd), "bad-request");
}

#[tokio::test]
async fn the_address_book_is_written_by_admins_and_found_by_all() {
    let mut running = Running::start().await;
    let (admin, token) = (running.token("admin").await, running.token("alice").await);
    let dora = json!({"name": " Dora Diaz ", "organisation": "Nordlicht GmbH", "numbers": [{"label": "Office", "number": "+49 (30) 123-45 67"}]});
    running.http("POST", "/api/v1/contacts", Some(&token), &[], Some(dora.to_string())).await.expect(403);
    running.http("POST", "/api/v1/contacts", None, &[], Some(dora.to_string())).await.expect(401);
    let kept =
        running.http("POST", "/api/v1/contacts", Some(&admin), &[], Some(dora.to_string())).await.expect(201);
    assert_eq!((&kept["name"], &kept["numbers"][0]["number"]), (&json!("Dora Diaz"), &json!("+49301234567")));
    for wrong in [
        json!({"name": "", "numbers": [{"number": "1"}]}),
        json!({"name": "x", "numbers": []}),
        json!({"name": "x", "numbers": [{"number": "call me"}]}),
        json!({"name": "x", "numbers": [{"number": "+"}]}),
        json!({"name": "x", "numbers": [{"number": "1", "label": "l".repeat(33)}]}),
    ] {
        running
            .http("POST", "/api/v1/contacts", Some(&admin), &[], Some(wrong.to_string()))
            .await
            .expect(400);
    }
    let own_id = json!({"name": "Emil", "numbers": [{"number": "0171 5551234"}]}).to_string();
    running
        .http("PUT", "/api/v1/contacts/crm:4711", Some(&admin), &[], Some(own_id.clone()))
        .await
        .expect(200);
    running.http("PUT", "/api/v1/contacts/a%20b", Some(&admin), &[], Some(own_id)).await.expect(400);

    running.restart().await;
    let (admin, token) = (running.token("admin").await, running.token("alice").await);
    let all = running.get("/api/v1/contacts", Some(&token)).await.expect(200);
    assert_eq!(all.as_array().map(Vec::len), Some(2));
    let mut alice = running.browser("alice").await;
    let names = |found: Value| {
        let contacts = found["contacts"].as_array().cloned().unwrap_or_default();
        contacts.iter().map(|contact| text(&contact["name"])).collect::<Vec<_>>()
    };
    let mut search = async |query: &str| {
        names(alice.request("contact.search", json!({"query": query})).await.expect("found"))
    };
    assert_eq!(search("").await, ["Dora Diaz", "Emil"]);
    assert_eq!(search("nordl 301234").await, ["Dora Diaz"]);
    let moved = json!({"name": "Emilia", "numbers": [{"number": "4711"}]}).to_string();
    running.http("PUT", "/api/v1/contacts/crm:4711", Some(&admin), &[], Some(moved)).await.expect(200);
    assert_eq!(search("4711").await, ["Emilia"]);
    running.http("DELETE", "/api/v1/contacts/crm:4711", Some(&admin), &[], None).await.expect(204);
    running.http("DELETE", "/api/v1/contacts/crm:4711", Some(&admin), &[], None).await.expect(404);
    assert_eq!(search("emil").await, Vec::<String>::new());
    let long = alice.request("contact.search", json!({"query": "x".repeat(65)})).await;
    assert_eq!(error_name(long), "bad-request");
}
