//! Accounts over REST, and the description of it all.

use serde_json::{Value, json};

use crate::harness::{Running, text};

#[tokio::test]
async fn an_admin_makes_changes_and_removes_an_account_and_a_user_may_not() {
    let running = Running::start().await;
    let (admin, alice) = (running.token("admin").await, running.token("alice").await);
    let dave = json!({"username": " Dave ", "name": "Dave", "extension": "104", "role": "user", "password": "long enough"});
    running.post("/api/v1/users", Some(&alice), &dave).await.expect(403);
    running.post("/api/v1/users", None, &dave).await.expect(401);
    let made = running.post("/api/v1/users", Some(&admin), &dave).await.expect(201);
    assert_eq!(
        (&made["username"], &made["ringSeconds"], &made["enabled"]),
        (&json!("dave"), &json!(30), &json!(true))
    );
    let taken = running.post("/api/v1/users", Some(&admin), &dave).await.expect(409);
    assert_eq!(taken["type"], "urn:ringdown:problem:conflict");
    let login = json!({"username": "DAVE", "password": "long enough"});
    running.post("/api/v1/login", None, &login).await.expect(200);

    let path = format!("/api/v1/users/{}", text(&made["id"]));
    let patch =
        async |body: Value| running.http("PATCH", &path, Some(&admin), &[], Some(body.to_string())).await;
    let changed = patch(json!({"name": "David", "ringSeconds": 60})).await.expect(200);
    assert_eq!((&changed["name"], &changed["extension"]), (&json!("David"), &json!("104")));
    assert_eq!(patch(json!({"extension": null})).await.expect(200)["extension"], Value::Null);
    patch(json!({"extension": "101"})).await.expect(409);
    patch(json!({"extension": "*43"})).await.expect(409);
    patch(json!({"extension": "not one"})).await.expect(400);
    patch(json!({"ringSeconds": 4})).await.expect(400);
    patch(json!({"unknown": 4})).await.expect(400);
    let password = json!({"password": "another one"}).to_string();
    running.http("PUT", &format!("{path}/password"), Some(&admin), &[], Some(password)).await.expect(204);
    running.post("/api/v1/login", None, &login).await.expect(401);
    assert_eq!(
        running.get("/api/v1/users", Some(&admin)).await.expect(200).as_array().expect("users").len(),
        5
    );
    running.http("DELETE", &path, Some(&admin), &[], None).await.expect(204);
    running.get(&path, Some(&admin)).await.expect(404);

    let me = running.get("/api/v1/me", Some(&admin)).await.expect(200);
    let own = format!("/api/v1/users/{}", text(&me["userId"]));
    running.http("DELETE", &own, Some(&admin), &[], None).await.expect(409);
}

#[tokio::test]
async fn devices_get_a_free_name_and_their_password_once() {
    let running = Running::start().await;
    let admin = running.token("admin").await;
    let alice = running.login("alice").await;
    let path = format!("/api/v1/users/{}/devices", text(&alice["me"]["userId"]));
    let device = running.post(&path, Some(&admin), &json!({"label": "Softphone"})).await.expect(201);
    assert_eq!((&device["username"], &device["realm"]), (&json!("101-2"), &json!("ringdown.local")));
    let listed = running.get(&path, Some(&admin)).await.expect(200);
    assert_eq!(listed.as_array().expect("devices").len(), 2);
    assert!(!listed.to_string().contains(&text(&device["password"])));
    running.http("DELETE", &format!("{path}/101-2"), Some(&admin), &[], None).await.expect(204);
    running.http("DELETE", &format!("{path}/101-2"), Some(&admin), &[], None).await.expect(404);
    running.http("DELETE", &format!("{path}/102"), Some(&admin), &[], None).await.expect(404);
    running.post(&path, alice["accessToken"].as_str(), &json!({"label": "x"})).await.expect(403);
}

/// What is asked for by whoever is not signed in yet.
const OPEN: [&str; 10] = [
    "/api/v1/embedding",
    "/api/v1/login",
    "/api/v1/login/token",
    "/api/v1/logout",
    "/api/v1/oidc/callback",
    "/api/v1/oidc/redeem",
    "/api/v1/oidc/{provider}/start",
    "/api/v1/push/decline",
    "/api/v1/refresh",
    "/api/v1/sign-in",
];

/// Every documented path is served, and every served one documented: the router is built from the documentation.
#[tokio::test]
async fn the_description_covers_every_route_and_each_needs_a_token_that_should() {
    let running = Running::start().await;
    let description = running.get("/api/openapi.json", None).await.expect(200);
    assert_eq!(description["openapi"].as_str().map(|version| &version[..3]), Some("3.1"));
    let mut seen = Vec::new();
    for (path, methods) in description["paths"].as_object().expect("paths") {
        for (method, operation) in methods.as_object().expect("methods") {
            let concrete = path.replace("{id}", &"0".repeat(32)).replace("{username}", "x");
            let body = operation.get("requestBody").map(|_| "{}".to_owned());
            let reply = running.http(&method.to_uppercase(), &concrete, None, &[], body).await;
            // Whoever has the link may listen; this one is nobody's.
            let by_link = path.ends_with("{link}");
            let open = OPEN.contains(&path.as_str());
            let status = match open {
                _ if by_link => 404,
                _ if path == "/api/v1/sign-in" => 200,
                true => 400,
                false => 401,
            };
            assert_eq!(reply.status, status, "{method} {path}");
            assert_eq!(operation.get("security").is_some(), !open && !by_link, "{method} {path}");
            assert!(operation["summary"].as_str().is_some_and(|text| text.ends_with('.')), "{method} {path}");
            seen.push(format!("{method} {path}"));
        }
    }
    assert!(seen.len() > 60, "{seen:#?}");
    let schemas = &description["components"]["schemas"];
    let text = description.to_string();
    for part in text.split("#/components/schemas/").skip(1) {
        let name: String = part.chars().take_while(|letter| letter.is_ascii_alphanumeric()).collect();
        assert!(schemas.get(&name).is_some(), "{name} is not described");
    }
    let missing = running.get("/api/v1/nothing", None).await.expect(404);
    assert_eq!(missing["type"], "urn:ringdown:problem:not-found");
    assert_eq!(running.http("DELETE", "/api/v1/login", None, &[], None).await.status, 405);
}

#[tokio::test]
async fn status_tells_how_the_server_does() {
    let running = Running::start().await;
    let (admin, alice) = (running.token("admin").await, running.token("alice").await);
    assert_eq!(running.get("/api/v1/switch", Some(&alice)).await.expect(200)["up"], false);
    let mut switch = running.switch().await;
    let _browser = running.browser("alice").await;
    switch.command().await;
    assert_eq!(running.get("/api/v1/switch", Some(&alice)).await.expect(200)["up"], true);
    running.get("/api/v1/status", Some(&alice)).await.expect(403);
    let status = running.get("/api/v1/status", Some(&admin)).await.expect(200);
    assert_eq!(
        (&status["nodes"], &status["attached"], &status["historyShed"]),
        (&json!(1), &json!(1), &json!(0))
    );
}
