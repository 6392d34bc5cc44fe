//! Who may call which route of the REST interface. A route that is new is named here, or the test fails.

use ringdown_types::UserId;
use serde_json::json;

use crate::harness::{Running, text};

/// Who may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    /// Whoever asks, or whoever has what the address or the body carries: a link, a password, a token of elsewhere.
    Anybody,
    /// Whoever is signed in; what they see and change is their own.
    Known,
    /// The person the path names, and admins.
    Own,
    Admin,
    /// A server with a secret of its own; nobody's access token will do.
    Server,
}

use Who::{Admin, Anybody, Known, Own, Server};

const ROUTES: &[(Who, &str)] = &[
    (Anybody, "POST /api/v1/login"),
    (Anybody, "POST /api/v1/refresh"),
    (Anybody, "POST /api/v1/logout"),
    (Anybody, "GET /api/v1/sign-in"),
    (Anybody, "GET /api/v1/embedding"),
    (Anybody, "POST /api/v1/login/token"),
    (Anybody, "GET /api/v1/oidc/{provider}/start"),
    (Anybody, "GET /api/v1/oidc/callback"),
    (Anybody, "POST /api/v1/oidc/redeem"),
    (Anybody, "POST /api/v1/push/decline"),
    (Anybody, "GET /api/v1/photos/{link}"),
    (Anybody, "GET /api/v1/voicemail-links/{link}"),
    (Known, "POST /api/v1/ticket"),
    (Known, "GET /api/v1/me"),
    (Known, "PUT /api/v1/me/password"),
    (Known, "GET /api/v1/push/key"),
    (Known, "POST /api/v1/push/subscriptions"),
    (Known, "POST /api/v1/push/unsubscribe"),
    (Known, "POST /api/v1/files"),
    (Known, "GET /api/v1/files/{id}"),
    (Known, "DELETE /api/v1/files/{id}"),
    (Known, "GET /api/v1/history"),
    (Known, "GET /api/v1/voicemail"),
    (Known, "GET /api/v1/voicemail/{id}"),
    (Known, "PATCH /api/v1/voicemail/{id}"),
    (Known, "DELETE /api/v1/voicemail/{id}"),
    (Known, "GET /api/v1/recordings"),
    (Known, "POST /api/v1/recordings"),
    (Known, "GET /api/v1/recordings/{id}"),
    (Known, "DELETE /api/v1/recordings/{id}"),
    (Known, "POST /api/v1/recordings/{id}/stop"),
    (Known, "POST /api/v1/rooms/{id}/play"),
    (Known, "DELETE /api/v1/rooms/{id}/play"),
    (Known, "POST /api/v1/calls/{id}/play"),
    (Known, "DELETE /api/v1/calls/{id}/play"),
    (Known, "GET /api/v1/switch"),
    (Own, "PUT /api/v1/users/{id}/photo"),
    (Own, "DELETE /api/v1/users/{id}/photo"),
    (Own, "GET /api/v1/users/{id}/settings"),
    (Own, "PATCH /api/v1/users/{id}/settings"),
    (Server, "POST /api/v1/login/for"),
    (Admin, "DELETE /api/v1/chat/messages/{id}"),
    (Known, "GET /api/v1/contacts"),
    (Admin, "POST /api/v1/contacts"),
    (Admin, "PUT /api/v1/contacts/{id}"),
    (Admin, "DELETE /api/v1/contacts/{id}"),
    (Admin, "GET /api/v1/users"),
    (Admin, "POST /api/v1/users"),
    (Admin, "GET /api/v1/users/{id}"),
    (Admin, "PATCH /api/v1/users/{id}"),
    (Admin, "DELETE /api/v1/users/{id}"),
    (Admin, "PUT /api/v1/users/{id}/password"),
    (Admin, "GET /api/v1/users/{id}/devices"),
    (Admin, "POST /api/v1/users/{id}/devices"),
    (Admin, "DELETE /api/v1/users/{id}/devices/{username}"),
    (Admin, "GET /api/v1/groups"),
    (Admin, "POST /api/v1/groups"),
    (Admin, "PUT /api/v1/groups/{id}"),
    (Admin, "DELETE /api/v1/groups/{id}"),
    (Admin, "GET /api/v1/rooms"),
    (Admin, "POST /api/v1/rooms"),
    (Admin, "PUT /api/v1/rooms/{id}"),
    (Admin, "DELETE /api/v1/rooms/{id}"),
    (Admin, "GET /api/v1/time-conditions"),
    (Admin, "POST /api/v1/time-conditions"),
    (Admin, "PUT /api/v1/time-conditions/{id}"),
    (Admin, "DELETE /api/v1/time-conditions/{id}"),
    (Admin, "GET /api/v1/feature-codes"),
    (Admin, "PATCH /api/v1/feature-codes"),
    (Admin, "GET /api/v1/parking"),
    (Admin, "PUT /api/v1/parking"),
    (Admin, "POST /api/v1/explain"),
    (Admin, "GET /api/v1/history/all"),
    (Admin, "GET /api/v1/sound-settings"),
    (Admin, "PUT /api/v1/sound-settings"),
    (Admin, "GET /api/v1/status"),
];

#[tokio::test]
async fn every_route_is_open_to_those_it_is_for_and_to_nobody_else() {
    let running = Running::start().await;
    let description = running.get("/api/openapi.json", None).await.expect(200);
    let mut described: Vec<_> = description["paths"]
        .as_object()
        .expect("paths")
        .iter()
        .flat_map(|(path, methods)| {
            methods.as_object().expect("methods").keys().map(move |method| (method, path))
        })
        .map(|(method, path)| format!("{} {path}", method.to_uppercase()))
        .collect();
    let mut named: Vec<_> = ROUTES.iter().map(|(_, route)| (*route).to_owned()).collect();
    described.sort();
    named.sort();
    assert_eq!(described, named, "who may call a route is said in this file");

    let (admin, alice) = (running.token("admin").await, running.token("alice").await);
    let bob = running.login("bob").await;
    let bob = text(&running.get("/api/v1/me", bob["accessToken"].as_str()).await.expect(200)["userId"]);
    let own = text(&running.get("/api/v1/me", Some(&alice)).await.expect(200)["userId"]);
    let nobody = UserId::from_u128(7).to_string();
    for (who, route) in ROUTES {
        let call = async |token: Option<&str>, id: &str| {
            let (method, path) = route.split_once(' ').expect("a method and a path");
            let path = path.replace("{id}", id).replace("{link}", "none").replace("{provider}", "none");
            let path = path.replace("{username}", "none");
            // A body is read before rights that hang on the path are looked at.
            let body = if path.ends_with("/photo") { json!({"file": nobody}) } else { json!({}) };
            let body = (method != "GET").then(|| body.to_string());
            running.http(method, &path, token, &[], body).await.status
        };
        if *who == Anybody {
            let status = call(None, &nobody).await;
            assert!(status != 403 && status != 500, "{route} for anybody: {status}");
            continue;
        }
        for token in [None, Some("forged")] {
            let status = call(token, &bob).await;
            let is_refused = status == 401 || (*who == Server && status == 400);
            assert!(is_refused, "{route} for {token:?}: {status}");
        }
        if *who == Server {
            for token in [&alice, &admin] {
                let status = call(Some(token), &bob).await;
                assert!(matches!(status, 400 | 401), "{route} for an access token: {status}");
            }
            continue;
        }
        let expected = if *who == Known { 0 } else { 403 };
        let status = call(Some(&alice), &bob).await;
        if expected == 0 {
            assert!(!matches!(status, 401 | 500), "{route} for alice: {status}");
        } else {
            assert_eq!(status, expected, "{route} for alice, of bob");
        }
        if *who == Own {
            let status = call(Some(&alice), &own).await;
            assert!(!matches!(status, 401 | 403 | 500), "{route} for alice, of herself: {status}");
        }
        let status = call(Some(&admin), &nobody).await;
        assert!(!matches!(status, 401 | 403 | 500), "{route} for an admin: {status}");
    }
}
