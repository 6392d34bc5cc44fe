//! Webitel's REST v1 on its own port.

use std::net::SocketAddr;

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use ringdown_control::{Command, CommandResult, Event, LegRole};
use ringdown_types::{CallId, Pii};
use serde_json::{Value, json};

use crate::harness::{Running, answered, leg, party, text};

async fn start() -> Running {
    Running::start_with(|config| {
        config.compat = true;
        config.webitel_listen = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
    })
    .await
}

/// The server as its old port shows it, with somebody's credentials.
struct Old<'a> {
    running: &'a mut Running,
    credentials: String,
}

impl<'a> Old<'a> {
    /// From here on everything goes to the old port.
    fn of(running: &'a mut Running, username: &str) -> Self {
        let old = running.server.as_ref().and_then(|server| server.old_ports.first()).expect("a port").1;
        running.address = old;
        let credentials = BASE64.encode(format!("{username}:{}", running.password(username)));
        Self { running, credentials }
    }

    async fn ask(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let authorization = format!("Basic {}", self.credentials);
        let headers = [("authorization", authorization.as_str())];
        let reply = self.running.http(method, path, None, &headers, body.map(|body| body.to_string())).await;
        (reply.status, reply.json())
    }
}

#[tokio::test]
async fn it_is_for_admins_and_on_its_own_port_alone() {
    let mut running = start().await;
    assert_eq!(running.get("/api/v1/accounts", None).await.status, 404, "the main port has its own");
    let token = running.token("admin").await;
    let main = running.get("/api/v1/status", Some(&token)).await.expect(200);
    assert!(main["version"].is_string());
    let by_number = json!({"username": "101@pbx.example", "password": running.password("alice")});
    let me = running.post("/api/v1/login", None, &by_number).await.expect(200);
    assert_eq!(me["me"]["username"], "alice", "old pages know their users by number");
    let old = Old::of(&mut running, "alice");
    for path in ["/api/v1/accounts", "/api/v1/account", "/status", "/reloadxml"] {
        let nobody = old.running.get(path, None).await;
        assert_eq!((nobody.status, nobody.json()["status"].clone()), (401, json!("error")), "{path}");
        assert!(nobody.headers["www-authenticate"].starts_with("Basic"), "{path}");
        assert_eq!(old.ask("GET", path, None).await.0, 403, "{path}");
    }
    let foreign = [("origin", "https://elsewhere.example")];
    let page = old.running.http("GET", "/api/v1/accounts", None, &foreign, None).await;
    assert_eq!(page.status, 403, "a page of another site");
    let long = "x".repeat(2 * 1024 * 1024);
    let old = Old::of(&mut running, "admin");
    assert_eq!(old.ask("POST", "/api/v1/accounts", Some(json!({"login": long}))).await.0, 413);
    let (status, said) = old.ask("GET", "/api/v1/status", None).await;
    assert_eq!((status, &said["freeSWITCH"]), (200, &json!("DOWN")));
    // With a token the path is the server's own, as on the main port.
    assert_eq!(old.running.get("/api/v1/status", Some(&token)).await.expect(200), {
        let mut same = main.clone();
        same["connections"] =
            old.running.get("/api/v1/status", Some(&token)).await.json()["connections"].clone();
        same
    });
}

#[tokio::test]
async fn accounts_are_made_given_passwords_and_removed() {
    let mut running = start().await;
    let old = Old::of(&mut running, "admin");
    let short = json!({"login": "109", "password": "109", "role": "user", "domain": "pbx.example"});
    let (status, said) = old.ask("POST", "/api/v1/accounts", Some(short)).await;
    assert_eq!((status, &said["status"]), (400, &json!("error")), "{said}");
    let new = json!({"login": "109@pbx.example", "password": "long enough", "role": "user",
                     "variables": ["effective_caller_id_name=Igor"]});
    let (status, made) = old.ask("POST", "/api/v1/account", Some(new.clone())).await;
    assert_eq!((status, &made["data"]["variable_effective_caller_id_name"]), (200, &json!("Igor")), "{made}");
    assert_eq!(old.ask("POST", "/api/v1/accounts", Some(new)).await.0, 409, "the number is taken");
    let (_, list) = old.ask("GET", "/api/v1/accounts", None).await;
    assert_eq!(
        (&list["data"]["109"]["role"], &list["data"]["101"]["name"]),
        (&json!("user"), &json!("Alice Adams"))
    );
    let login = |password: &str| json!({"username": "109", "password": password});
    old.running.post("/api/v1/login", None, &login("long enough")).await.expect(200);
    let change = json!({"password": "even longer"});
    assert_eq!(old.ask("PUT", "/api/v1/accounts/109", Some(change)).await.0, 200);
    old.running.post("/api/v1/login", None, &login("even longer")).await.expect(200);
    let role = json!({"role": "admin"});
    assert_eq!(old.ask("PUT", "/api/v1/accounts/109", Some(role)).await.0, 400, "nobody is made an admin so");
    let (status, gone) = old.ask("DELETE", "/api/v1/accounts/109@pbx.example", None).await;
    assert_eq!((status, &gone["info"]), (200, &json!("+OK destroyed!\n")));
    assert_eq!(old.ask("GET", "/api/v1/accounts/109", None).await.0, 404);
    let domain = json!({"domain_name": "pbx.example", "customer_id": "1"});
    assert_eq!(old.ask("POST", "/api/v1/domains", Some(domain)).await.0, 200);
    assert_eq!(old.ask("DELETE", "/api/v1/domains/pbx.example", None).await.0, 409, "it holds everybody");
    let (_, domains) = old.ask("GET", "/api/v1/domains", None).await;
    assert_eq!(domains["data"].as_object().map(serde_json::Map::len), Some(1));
    assert_eq!(old.ask("GET", "/reloadxml", None).await.0, 200);
}

#[tokio::test]
async fn calls_are_placed_held_and_ended_for_others() {
    let mut running = start().await;
    let mut switch = running.switch().await;
    let alice = running.browser("alice").await;
    let talking = answered(leg(1, LegRole::Callee, &alice, party(None, "102")));
    switch.event(Event::LegChanged { leg: talking.clone() }).await;
    let old = Old::of(&mut running, "admin");
    let uuid = "00000000-0000-0000-0000-000000000001";
    // The desk hears of the call before it answers who asks after.
    let rows = loop {
        let (_, channels) = old.ask("GET", "/api/v1/channels", None).await;
        if channels["data"]["row_count"] == 1 {
            break channels["data"]["rows"].clone();
        }
    };
    assert_eq!((&rows[0]["uuid"], &rows[0]["callstate"]), (&json!(uuid), &json!("ACTIVE")), "{rows}");
    assert_eq!((&rows[0]["cid_num"], &rows[0]["dest"]), (&json!("102"), &json!("101")), "{rows}");

    let one = format!("/api/v1/channels/{uuid}");
    let hold = old.ask("PUT", &one, Some(json!({"state": "hold"})));
    let obeyed = async {
        let (id, command) = switch.call_command().await;
        assert_eq!(command, Command::Hold { leg: talking.leg });
        switch.done(id).await;
    };
    let ((status, said), ()) = tokio::join!(hold, obeyed);
    assert_eq!((status, &said["info"]), (200, &json!("+OK Success\n")));

    let call =
        json!({"calledId": "103", "callerId": "101@pbx.example", "auto_answer_param": "x=answer-after=0"});
    let place = old.ask("POST", "/api/v1/channels", Some(call));
    let obeyed = async {
        let (id, command) = switch.call_command().await;
        let Command::Originate { user, to, auto_answer, .. } = command else { panic!("{command:?}") };
        assert_eq!((user, to.as_str(), auto_answer), (alice.user(), "103", true));
        switch.reply(id, CommandResult::Originated { call: CallId::from_u128(7) }).await;
    };
    let ((status, said), ()) = tokio::join!(place, obeyed);
    assert_eq!((status, text(&said["info"])), (200, "+OK 00000000-0000-0000-0000-000000000007\n".to_owned()));
    let nobody = json!({"calledId": "103", "callerId": "999"});
    assert_eq!(old.ask("POST", "/api/v1/channels", Some(nobody)).await.0, 404);

    // A call to oneself.
    let fake = old.ask("POST", "/api/v1/fake", Some(json!({"number": "101", "displayNumber": "5"})));
    let obeyed = async {
        let (id, command) = switch.call_command().await;
        let Command::Originate { to, .. } = command else { panic!("{command:?}") };
        assert_eq!(Pii(to), Pii("*43".to_owned()));
        switch.reply(id, CommandResult::Originated { call: CallId::from_u128(8) }).await;
    };
    let ((status, _), ()) = tokio::join!(fake, obeyed);
    assert_eq!(status, 200);

    for path in [one.as_str(), "/api/v1/channels"] {
        let end = old.ask("DELETE", path, None);
        let obeyed = async {
            let (id, command) = switch.call_command().await;
            assert_eq!(command, Command::Hangup { leg: talking.leg }, "{path}");
            switch.done(id).await;
        };
        let ((status, _), ()) = tokio::join!(end, obeyed);
        assert_eq!(status, 200, "{path}");
    }
    assert_eq!(old.ask("DELETE", "/api/v1/channels/unknown", None).await.0, 404);
}
