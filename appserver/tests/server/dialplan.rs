//! Numbers, codes and settings over REST, from a softswitch and from a browser; and what the directory makes of them.

use ringdown_control::{
    Command, CommandResult, Event, Explanation, Feature, SettingChange, SettingChanged, Snapshot,
};
use ringdown_types::{ForwardKind, NodeId, Pii, UserId};
use serde_json::{Value, json};

use crate::harness::{Running, Switch, text};

/// Every account's id, by user name.
async fn ids(running: &Running, admin: &str) -> impl Fn(&str) -> String + use<> {
    let users = running.get("/api/v1/users", Some(admin)).await.expect(200);
    move |name: &str| {
        let users = users.as_array().expect("users");
        text(&users.iter().find(|user| user["username"] == name).expect("an account")["id"])
    }
}

fn group(members: &[String], extension: &str) -> Value {
    json!({"extension": extension, "name": "Sales", "members": members, "strategy": "in-order", "ringSeconds": 20})
}

#[tokio::test]
async fn a_group_is_made_changed_and_removed_and_the_softswitch_learns_of_it() {
    let running = Running::start().await;
    let (admin, alice) = (running.token("admin").await, running.token("alice").await);
    let id = ids(&running, &admin).await;
    let members = [id("alice"), id("bob")];
    let mut switch = running.switch().await;
    assert!(switch.next_directory().await.groups.is_empty());

    running.post("/api/v1/groups", Some(&alice), &group(&members, "200")).await.expect(403);
    let made = running.post("/api/v1/groups", Some(&admin), &group(&members, "200")).await.expect(201);
    let directory = switch.next_directory().await;
    assert_eq!(directory.groups.len(), 1);
    assert_eq!(directory.groups[0].members.len(), 2);

    let path = format!("/api/v1/groups/{}", text(&made["id"]));
    let put = async |body: Value| running.http("PUT", &path, Some(&admin), &[], Some(body.to_string())).await;
    let changed = put(group(&members[..1], "201")).await.expect(200);
    assert_eq!((&changed["extension"], &changed["id"]), (&json!("201"), &made["id"]));
    assert_eq!(switch.next_directory().await.groups[0].members.len(), 1);
    assert_eq!(running.get("/api/v1/groups", Some(&admin)).await.expect(200), json!([changed]));

    running.http("DELETE", &path, Some(&admin), &[], None).await.expect(204);
    assert!(switch.next_directory().await.groups.is_empty());
    running.http("DELETE", &path, Some(&admin), &[], None).await.expect(404);
    put(group(&members, "201")).await.expect(404);
}

#[tokio::test]
async fn what_does_not_go_together_is_a_problem_that_says_so() {
    let running = Running::start().await;
    let admin = running.token("admin").await;
    let id = ids(&running, &admin).await;
    let members = [id("alice")];
    let refused = async |path: &str, body: Value, status: u16, says: &str| {
        let problem = running.post(path, Some(&admin), &body).await.expect(status);
        let detail = text(&problem["detail"]);
        assert!(detail.contains(says), "{detail:?} should say {says:?}");
    };
    refused("/api/v1/groups", group(&members, "101"), 409, "101").await;
    refused("/api/v1/groups", group(&members, "*43"), 409, "*43").await;
    refused("/api/v1/groups", group(&members, "705"), 409, "705").await;
    refused("/api/v1/groups", group(&members, "10 1"), 400, "extension is 1 to 32").await;
    refused("/api/v1/groups", group(&[], "200"), 400, "1 to 64 members").await;
    refused("/api/v1/groups", group(&["0".repeat(32)], "200"), 400, "not in the directory").await;
    let mut odd = group(&members, "200");
    odd["strategy"] = json!("loudest");
    refused("/api/v1/groups", odd, 400, "loudest").await;
    let mut lost = group(&members, "200");
    lost["overflow"] = json!("999");
    refused("/api/v1/groups", lost, 400, "overflow: nobody has the number 999").await;
    let room = json!({"extension": "300", "name": "Daily", "pin": "12", "maxMembers": 10});
    refused("/api/v1/rooms", room, 400, "4 to 12 digits").await;
    let condition = |zone: &str, open_to: &str| {
        json!({"extension": "400", "name": "Office", "timeZone": zone, "openTo": open_to, "closedTo": "*98101",
               "weekly": [{"days": ["mon", "fri"], "from": "09:00", "until": "17:00"}]})
    };
    refused("/api/v1/time-conditions", condition("Mars/Base", "101"), 400, "Mars/Base").await;
    refused("/api/v1/time-conditions", condition("Europe/Berlin", "*78"), 400, "openTo").await;
    running
        .post("/api/v1/time-conditions", Some(&admin), &condition("Europe/Berlin", "101"))
        .await
        .expect(201);

    let patch = async |path: &str, body: Value| {
        running.http("PATCH", path, Some(&admin), &[], Some(body.to_string())).await
    };
    patch("/api/v1/feature-codes", json!({"park": "101"})).await.expect(409);
    patch("/api/v1/feature-codes", json!({"intercom": "*81"})).await.expect(409);
    patch("/api/v1/feature-codes", json!({"teleport": "*1"})).await.expect(400);
    let dave = json!({"username": "dave", "name": "Dave", "extension": "400", "role": "user", "password": "long enough"});
    running.post("/api/v1/users", Some(&admin), &dave).await.expect(409);
    let taken = patch(&format!("/api/v1/users/{}", id("bob")), json!({"extension": "*97"})).await.expect(409);
    assert!(text(&taken["detail"]).contains("*97"));
}

#[tokio::test]
async fn codes_and_the_parking_lot_are_changed_and_switched_off() {
    let running = Running::start().await;
    let admin = running.token("admin").await;
    let mut switch = running.switch().await;
    let first = switch.next_directory().await;
    assert_eq!(first.feature_codes.get(Feature::DoNotDisturbOn).map(|code| code.as_str()), Some("*78"));
    assert_eq!(first.parking.map(|lot| (lot.first, lot.last)), Some((701, 720)));
    let body = json!({"echoTest": null, "doNotDisturbOn": "*60"}).to_string();
    let codes =
        running.http("PATCH", "/api/v1/feature-codes", Some(&admin), &[], Some(body)).await.expect(200);
    assert_eq!(
        (&codes["echoTest"], &codes["doNotDisturbOn"], &codes["park"]),
        (&Value::Null, &json!("*60"), &json!("*68"))
    );
    let second = switch.next_directory().await;
    assert_eq!(second.feature_codes.get(Feature::EchoTest), None);
    let lot = json!({"lot": {"first": 800, "last": 809, "timeoutSeconds": 120}}).to_string();
    running.http("PUT", "/api/v1/parking", Some(&admin), &[], Some(lot)).await.expect(200);
    assert_eq!(switch.next_directory().await.parking.map(|lot| lot.last), Some(809));
    running
        .http("PUT", "/api/v1/parking", Some(&admin), &[], Some(json!({"lot": null}).to_string()))
        .await
        .expect(200);
    assert_eq!(switch.next_directory().await.parking, None);
}

#[tokio::test]
async fn a_default_code_gives_way_to_a_number_somebody_has_had_for_long() {
    let mut running = Running::start().await;
    let admin = running.token("admin").await;
    let id = ids(&running, &admin).await;
    // As a version before would have let it be: straight into the store.
    let store = &running.server.as_ref().expect("it runs").app().store;
    for (name, extension) in [("alice", "*97"), ("bob", "705")] {
        let change = ringdown_appserver::store::AccountChange {
            extension: Some(extension.parse().ok()),
            ..Default::default()
        };
        store.change_account(id(name).parse().expect("an id"), change).await.expect("a change");
    }
    running.restart().await;
    let directory = running.switch().await.next_directory().await;
    assert_eq!(directory.feature_codes.get(Feature::VoicemailMain), None);
    assert_eq!(directory.parking, None);
    ringdown_dialplan::Dialplan::compile(&directory).expect("the softswitch takes it");
}

#[tokio::test]
async fn settings_are_ones_own_and_an_admins() {
    let running = Running::start().await;
    let (admin, alice) = (running.token("admin").await, running.token("alice").await);
    let id = ids(&running, &admin).await;
    let own = format!("/api/v1/users/{}/settings", id("alice"));
    let bobs = format!("/api/v1/users/{}/settings", id("bob"));
    let patch = async |path: &str, token: &str, body: Value| {
        running.http("PATCH", path, Some(token), &[], Some(body.to_string())).await
    };
    let first = running.get(&own, Some(&alice)).await.expect(200);
    assert_eq!(
        (&first["doNotDisturb"], &first["callWaiting"], &first["voicemail"]),
        (&json!(false), &json!(true), &json!(true))
    );
    running.get(&bobs, Some(&alice)).await.expect(403);
    patch(&bobs, &alice, json!({"doNotDisturb": true})).await.expect(403);
    patch(&bobs, &admin, json!({"doNotDisturb": true, "pickupGroup": "sales"})).await.expect(200);
    patch(&own, &alice, json!({"pickupGroup": "sales"})).await.expect(403);

    let mut switch = running.switch().await;
    switch.next_directory().await;
    let forward = json!({"forward": {"busy": "102", "noAnswer": "*98101"}, "voicemailPin": "1234"});
    let changed = patch(&own, &alice, forward).await.expect(200);
    assert_eq!((&changed["forward"]["busy"], &changed["hasVoicemailPin"]), (&json!("102"), &json!(true)));
    assert!(!changed.to_string().contains("1234"));
    let directory = switch.next_directory().await;
    let settings =
        &directory.users.iter().find(|user| user.extension.as_str() == "101").expect("alice").settings;
    assert_eq!(settings.forward.busy.as_ref().map(|to| to.as_str()), Some("102"));
    let pin = settings.voicemail.as_ref().and_then(|voicemail| voicemail.pin_sha256.clone());
    assert_eq!(pin.map(|pin| pin.len()), Some(64));
    let cleared = patch(&own, &alice, json!({"forward": {"busy": null}})).await.expect(200);
    assert_eq!(
        (&cleared["forward"]["busy"], &cleared["forward"]["noAnswer"]),
        (&Value::Null, &json!("*98101"))
    );
    for (body, says) in [
        (json!({"forward": {"always": "101"}}), "own number"),
        (json!({"forward": {"always": "999"}}), "nobody has the number"),
        (json!({"forward": {"always": "*78"}}), "cannot be sent there"),
        (json!({"voicemailPin": "12"}), "4 to 12 digits"),
        (json!({"doNotDisturbed": true}), "unknown field"),
    ] {
        let problem = patch(&own, &alice, body).await.expect(400);
        assert!(text(&problem["detail"]).contains(says), "{problem}");
    }
}

#[tokio::test]
async fn a_change_at_a_telephone_is_stored_shown_and_comes_back_in_the_directory() {
    let running = Running::start().await;
    let mut browser = running.browser("alice").await;
    let mut switch = running.switch().await;
    let first = switch.next_directory().await;
    let changed = SettingChanged {
        user: browser.user(),
        number: 1_750_000_000_000,
        change: SettingChange::Forward { when: ForwardKind::Always, to: "102".parse().ok() },
    };
    switch.event(Event::SettingChanged { changed: changed.clone() }).await;
    let push = browser.push("settings").await;
    assert_eq!(push["settings"]["forward"]["always"], "102");
    let second = switch.next_directory().await;
    assert!(second.version > first.version);
    let settings = &second.users.iter().find(|user| user.id == browser.user()).expect("alice").settings;
    assert_eq!(settings.last_change, changed.number);

    // Made while the server was away: the snapshot says it.
    drop(switch);
    let later = SettingChanged {
        number: changed.number + 1,
        change: SettingChange::DoNotDisturb { on: true },
        ..changed.clone()
    };
    let mut switch = Switch::connect(running.address, NodeId::from_u128(1), second.version).await;
    switch.snapshot(Snapshot { settings: vec![changed, later], ..Snapshot::default() }).await;
    let push = browser.push("settings").await;
    assert_eq!(
        (&push["settings"]["doNotDisturb"], &push["settings"]["forward"]["always"]),
        (&json!(true), &json!("102"))
    );
    assert_eq!(browser.request("settings.get", json!({})).await.expect("settings"), push["settings"]);
}

#[tokio::test]
async fn a_browser_changes_its_users_settings_and_every_tab_learns_of_it() {
    let running = Running::start().await;
    let (mut one, mut other) = (running.browser("alice").await, running.browser("alice").await);
    let change = json!({"doNotDisturb": true, "forward": {"busy": "103"}});
    let settings = one.request("settings.set", change).await.expect("it is changed");
    assert_eq!((&settings["doNotDisturb"], &settings["forward"]["busy"]), (&json!(true), &json!("103")));
    assert_eq!(other.push("settings").await["settings"], settings);
    let refused =
        one.request("settings.set", json!({"forward": {"busy": "999"}})).await.expect_err("nowhere");
    assert!(text(&refused["message"]).contains("nobody has the number"), "{refused}");
    let refused = one.request("settings.set", json!({"pickupGroup": "sales"})).await.expect_err("an admin's");
    assert!(text(&refused["message"]).contains("admins"), "{refused}");
}

#[tokio::test]
async fn a_softswitch_explains_and_without_one_the_server_says_so() {
    let running = Running::start().await;
    let (admin, alice) = (running.token("admin").await, running.token("alice").await);
    let caller = ids(&running, &admin).await("alice");
    let question = json!({"caller": caller, "dialled": "102"});
    running.post("/api/v1/explain", Some(&alice), &question).await.expect(403);
    running.post("/api/v1/explain", Some(&admin), &json!({"caller": "x", "dialled": "1"})).await.expect(400);
    let problem = running.post("/api/v1/explain", Some(&admin), &question).await.expect(503);
    assert_eq!(problem["type"], "urn:ringdown:problem:switch-unavailable");

    let mut switch = running.switch().await;
    let answer = async {
        loop {
            let (id, command) = switch.command().await;
            if let Command::Explain { caller: asked, dialled, at } = command {
                assert_eq!(
                    (asked, dialled.as_str(), at),
                    (caller.parse::<UserId>().expect("an id"), "102", None)
                );
                let steps = vec![Pii("this is the extension of bob".to_owned())];
                let explanation = Explanation { steps, outcome: "user".to_owned() };
                return switch.reply(id, CommandResult::Explained { explanation }).await;
            }
        }
    };
    let asking = running.post("/api/v1/explain", Some(&admin), &question);
    let (reply, ()) = tokio::join!(asking, answer);
    let reply = reply.expect(200);
    assert_eq!(
        (&reply["outcome"], &reply["steps"][0]),
        (&json!("user"), &json!("this is the extension of bob"))
    );
}
