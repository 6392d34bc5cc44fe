//! Older clients against the real server: Verto and Webitel.

use futures_util::{SinkExt as _, StreamExt as _};
use ringdown_appserver::compat::OldPort;
use ringdown_control::{
    CallInfo, Command, CommandError, CommandId, CommandResult, DescriptionKind, EndedBy, Event, LegInfo,
    LegPlace, LegRole, LegState, SessionDescription, Snapshot,
};
use ringdown_types::{CallId, EndReason, LegId, MediaDirection, NodeId, Pii, SessionId, UserId};
use serde_json::{Value, json};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, tungstenite::Message};

use crate::harness::{OFFER, PATIENCE, Running, Switch, answered, open, party};

/// An older client.
struct Client {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    next_id: u32,
    /// What came while something else was waited for.
    said: Vec<Value>,
}

impl Client {
    async fn open(address: std::net::SocketAddr, path: &str) -> Self {
        let socket = open(address, path, &[]).await.expect("an upgrade");
        Self { socket, next_id: 1, said: Vec::new() }
    }

    async fn send(&mut self, frame: &Value) {
        self.socket.send(Message::text(frame.to_string())).await.expect("the frame is sent");
    }

    async fn frame(&mut self) -> Option<Value> {
        loop {
            match timeout(PATIENCE, self.socket.next()).await.expect("a frame in time") {
                Some(Ok(Message::Text(text))) => return serde_json::from_str(&text).ok(),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                Some(Ok(_)) => {}
            }
        }
    }

    /// The next frame that fits; others stay for later.
    async fn wait(&mut self, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
        if let Some(place) = self.said.iter().position(&fits) {
            return self.said.remove(place);
        }
        loop {
            let Some(frame) = self.frame().await else { panic!("closed before {what}; {:?}", self.said) };
            if fits(&frame) {
                return frame;
            }
            self.said.push(frame);
        }
    }

    // Verto.

    async fn ask(&mut self, method: &str, params: Value) -> u32 {
        let id = self.next_id;
        self.next_id += 1;
        self.send(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})).await;
        id
    }

    async fn answer(&mut self, id: u32) -> Value {
        self.wait("the answer", |frame| frame["id"] == id && frame.get("method").is_none()).await
    }

    async fn asked(&mut self, method: &str) -> Value {
        self.wait(method, |frame| frame["method"] == method).await["params"].clone()
    }

    async fn login(&mut self, login: &str, password: &str, session: &str) -> Value {
        let id = self.ask("login", json!({"login": login, "passwd": password, "sessid": session})).await;
        self.answer(id).await
    }

    // Webitel.

    async fn command(&mut self, function: &str, args: Value) -> u32 {
        let id = self.next_id;
        self.next_id += 1;
        self.send(&json!({"exec-uuid": id, "exec-func": function, "exec-args": args})).await;
        id
    }

    async fn done(&mut self, id: u32) -> Value {
        self.wait("the reply", |frame| frame["exec-uuid"] == id).await
    }

    async fn event(&mut self, name: &str) -> Value {
        self.wait(name, |frame| frame["Event-Name"] == name).await
    }

    async fn auth(&mut self, account: &str, secret: &str) -> Value {
        let id = self.command("auth", json!({"account": account, "secret": secret})).await;
        self.done(id).await
    }
}

async fn start() -> Running {
    Running::start_with(|config| config.compat = true).await
}

/// The session the softswitch is told of next.
async fn session_up(switch: &mut Switch) -> (SessionId, UserId) {
    loop {
        if let (_, Command::SessionUp { session, user }) = switch.command().await {
            return (session, user);
        }
    }
}

fn leg(id: u128, role: LegRole, (session, user): (SessionId, UserId), number: &str) -> LegInfo {
    LegInfo {
        leg: LegId::from_u128(id),
        call: CallId::from_u128(0xca11),
        user: Some(user),
        place: LegPlace::Browser { session },
        role,
        state: LegState::Ringing,
        peer: party(None, number),
        held: false,
        held_by_peer: false,
        peer_lost: false,
        peer_muted: false,
        muted: false,
        pin_asked: None,
        direction: MediaDirection::SendRecv,
        created_at: 1_700_000_000_000,
        answered_at: None,
    }
}

async fn call_command(switch: &mut Switch) -> (CommandId, Command) {
    switch.call_command().await
}

#[tokio::test]
async fn it_is_off_unless_asked_for_and_open_to_listed_sites_only() {
    let off = Running::start().await;
    assert_eq!(open(off.address, "/compat/verto", &[]).await.err(), Some(404));
    assert_eq!(open(off.address, "/compat/webitel", &[]).await.err(), Some(404));
    let on = start().await;
    for path in ["/compat/verto", "/compat/webitel"] {
        let foreign = open(on.address, path, &[("origin", "https://elsewhere.example")]).await;
        assert_eq!(foreign.err(), Some(403), "{path}");
        assert!(open(on.address, path, &[]).await.is_ok());
    }
}

#[tokio::test]
async fn the_old_ports_serve_the_protocol_at_their_root() {
    let any = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
    let running = Running::start_with(|config| {
        config.compat = true;
        config.webitel_listen = Some(any);
        config.verto_listen = Some(any);
    })
    .await;
    let password = running.password("alice").to_owned();
    for (port, address) in running.server.as_ref().expect("it runs").old_ports.clone() {
        let mut client = Client::open(address, "/").await;
        let greeted = match port {
            OldPort::Verto => client.login("101", &password, "").await["result"]["message"].clone(),
            OldPort::Webitel => client.auth("101", &password).await["exec-complete"].clone(),
        };
        assert!(["logged in", "+OK"].contains(&greeted.as_str().unwrap_or_default()), "{port:?} {greeted}");
    }
}

#[tokio::test]
async fn verto_wants_credentials_and_says_so_in_its_numbers() {
    let running = start().await;
    let mut client = Client::open(running.address, "/compat/verto").await;
    let id = client.ask("login", json!({"sessid": "one"})).await;
    assert_eq!(client.answer(id).await["error"]["code"], -32000);
    let refused = client.login("101@pbx.example", "wrong", "one").await;
    assert_eq!(refused["error"]["code"], -32001, "{refused}");
    let password = running.password("bob").to_owned();
    let greeted = client.login("bob", &password, "one").await;
    assert_eq!(greeted["result"], json!({"message": "logged in", "sessid": "one"}));
    assert_eq!(client.asked("verto.clientReady").await, json!({"reattached_sessions": []}));
    let id = client.ask("fsapi", json!({"cmd": "shutdown"})).await;
    assert_eq!(client.answer(id).await["error"]["code"], -32601, "no commands of a softswitch");
}

#[tokio::test]
async fn a_verto_client_calls_holds_transfers_and_is_told_of_the_end() {
    let running = start().await;
    let mut switch = running.switch().await;
    let mut client = Client::open(running.address, "/compat/verto").await;
    client.login("101@pbx.example", running.password("alice"), "").await;
    let who = session_up(&mut switch).await;
    let dialog = json!({"callID": "b1946ac9-0001", "destination_number": "102",
                        "userVariables": {"ticket": "42"}});
    let invite = client.ask("verto.invite", json!({"sdp": OFFER, "dialogParams": dialog})).await;
    let (id, command) = call_command(&mut switch).await;
    let Command::StartCall { to, variables, offer, .. } = command else { panic!("{command:?}") };
    assert_eq!((to.as_str(), variables["ticket"].as_str(), offer.sdp.as_str()), ("102", "42", OFFER));

    // The softswitch tells of the leg and its answer before it confirms.
    let mut caller = leg(1, LegRole::Caller, who, "102");
    switch.event(Event::LegChanged { leg: caller.clone() }).await;
    let answer = SessionDescription { kind: DescriptionKind::Answer, sdp: "v=0 answer".to_owned() };
    switch.event(Event::Description { leg: caller.leg, session: who.0, description: answer }).await;
    switch.started(id, caller.call, caller.leg).await;
    let created = client.frame().await.expect("a frame");
    let created = if created["method"].is_string() { client.answer(invite).await } else { created };
    assert_eq!(created["result"]["message"], "CALL CREATED", "{created}");
    assert_eq!(created["result"]["callID"], "b1946ac9-0001");
    let media = client.asked("verto.media").await;
    assert_eq!(media, json!({"callID": "b1946ac9-0001", "sdp": "v=0 answer"}));
    caller = answered(caller);
    switch.event(Event::LegChanged { leg: caller.clone() }).await;
    assert_eq!(client.asked("verto.answer").await, json!({"callID": "b1946ac9-0001"}));

    let about = json!({"callID": "b1946ac9-0001"});
    for (action, want, state) in [
        ("hold", Command::Hold { leg: caller.leg }, "held"),
        ("toggleHold", Command::Unhold { leg: caller.leg }, "active"),
    ] {
        let asked = client.ask("verto.modify", json!({"action": action, "dialogParams": about})).await;
        let (id, command) = call_command(&mut switch).await;
        assert_eq!(command, want);
        switch.done(id).await;
        assert_eq!(client.answer(asked).await["result"]["holdState"], state);
    }
    let asked = client.ask("verto.info", json!({"dtmf": "1w2", "dialogParams": about})).await;
    let (id, command) = call_command(&mut switch).await;
    assert!(matches!(command, Command::SendDtmf { ref digits, .. } if digits.len() == 2), "{command:?}");
    switch.done(id).await;
    assert_eq!(client.answer(asked).await["result"]["message"], "SENT");
    let transfer = json!({"action": "transfer", "destination": "103@pbx.example", "dialogParams": about});
    let asked = client.ask("verto.modify", transfer).await;
    let (id, command) = call_command(&mut switch).await;
    assert_eq!(command, Command::Transfer { leg: caller.leg, to: "103".to_owned() });
    switch.done(id).await;
    assert_eq!(client.answer(asked).await["result"]["message"], "CALL TRANSFERRED");
    switch.end(caller, EndReason::Transferred, EndedBy::Local).await;
    let bye = client.asked("verto.bye").await;
    assert_eq!(bye, json!({"callID": "b1946ac9-0001", "causeCode": 601, "cause": "ATTENDED_TRANSFER"}));
}

#[tokio::test]
async fn a_verto_client_is_called_answers_and_hangs_up() {
    let running = start().await;
    let mut switch = running.switch().await;
    let mut client = Client::open(running.address, "/compat/verto").await;
    client.login("bob", running.password("bob"), "").await;
    let who = session_up(&mut switch).await;
    let callee = leg(0xb0b, LegRole::Callee, who, "101");
    switch.ring(callee.clone()).await;
    let invite = client.asked("verto.invite").await;
    assert_eq!((&invite["sdp"], &invite["caller_id_number"]), (&json!(OFFER), &json!("101")));
    assert_eq!(invite["callID"], "00000000-0000-0000-0000-000000000b0b");
    let about = json!({"callID": invite["callID"]});
    let asked = client.ask("verto.answer", json!({"sdp": "v=0 mine", "dialogParams": about})).await;
    let (id, command) = call_command(&mut switch).await;
    let Command::Answer { leg, description: Some(description) } = command else { panic!("{command:?}") };
    assert_eq!((leg, description.sdp.as_str()), (callee.leg, "v=0 mine"));
    switch.done(id).await;
    assert_eq!(client.answer(asked).await["result"]["message"], "CALL ANSWERED");
    let callee = answered(callee);
    switch.event(Event::LegChanged { leg: callee.clone() }).await;
    let asked = client.ask("verto.bye", json!({"dialogParams": about})).await;
    let (id, command) = call_command(&mut switch).await;
    assert_eq!(command, Command::Hangup { leg });
    switch.done(id).await;
    assert_eq!(client.answer(asked).await["result"]["cause"], "NORMAL_CLEARING");
    switch.end(callee, EndReason::Hangup, EndedBy::Local).await;
    // What the softswitch says next is heard after the end.
    switch.ring(leg_of(0xb0c, who)).await;
    let next = client.asked("verto.invite").await;
    assert_eq!(next["callID"], "00000000-0000-0000-0000-000000000b0c");
    let said = &client.said;
    assert!(!said.iter().any(|frame| frame["method"] == "verto.bye"), "not of its own end: {said:?}");
    let again = client.ask("verto.bye", json!({"dialogParams": about})).await;
    assert_eq!(client.answer(again).await["error"]["message"], "CALL DOES NOT EXIST");
}

fn leg_of(id: u128, who: (SessionId, UserId)) -> LegInfo {
    leg(id, LegRole::Callee, who, "103")
}

#[tokio::test]
async fn a_verto_session_is_found_again_by_its_clients_name_for_it() {
    let mut running = start().await;
    let mut switch = running.switch().await;
    let password = running.password("alice").to_owned();
    let mut client = Client::open(running.address, "/compat/verto").await;
    client.login("alice", &password, "my-session").await;
    let (session, _) = session_up(&mut switch).await;
    drop(client);
    let mut again = Client::open(running.address, "/compat/verto").await;
    again.login("alice", &password, "my-session").await;
    again.asked("verto.clientReady").await;
    let mut third = Client::open(running.address, "/compat/verto").await;
    third.login("alice", &password, "my-session").await;
    again.asked("verto.punt").await;
    assert_eq!(again.frame().await, None, "the newest connection has the session");

    // One that gave no name is told one that will do.
    let mut unnamed = Client::open(running.address, "/compat/verto").await;
    let greeted = unnamed.login("alice", &password, "").await;
    let told = greeted["result"]["sessid"].as_str().expect("a name").to_owned();
    let (first, _) = session_up(&mut switch).await;
    drop(unnamed);
    let mut back = Client::open(running.address, "/compat/verto").await;
    assert_eq!(back.login("alice", &password, &told).await["result"]["sessid"], told.as_str());
    let known = running.server.as_ref().expect("it runs").app().desk.stats().await.sessions;
    assert_eq!(known, 2, "no other session began than {session} and {first}");

    running.restart().await;
    let mut switch = running.switch().await;
    let mut fourth = Client::open(running.address, "/compat/verto").await;
    fourth.login("alice", &password, "my-session").await;
    assert_eq!(session_up(&mut switch).await.0, session, "also across a restart of the server");
    let mut other = Client::open(running.address, "/compat/verto").await;
    let bobs = running.password("bob").to_owned();
    other.login("bob", &bobs, "my-session").await;
    assert_ne!(session_up(&mut switch).await.0, session, "bob's by the same name is another");
}

#[tokio::test]
async fn a_verto_page_that_was_reloaded_has_its_call_again() {
    let mut running = start().await;
    let mut switch = running.switch().await;
    let password = running.password("alice").to_owned();
    let mut client = Client::open(running.address, "/compat/verto").await;
    client.login("alice", &password, "my-session").await;
    let who = session_up(&mut switch).await;
    let dialog = json!({"callID": "chosen-by-the-page", "destination_number": "102"});
    client.ask("verto.invite", json!({"sdp": OFFER, "dialogParams": dialog})).await;
    let (id, _) = call_command(&mut switch).await;
    let caller = answered(leg(1, LegRole::Caller, who, "102"));
    switch.event(Event::LegChanged { leg: caller.clone() }).await;
    switch.started(id, caller.call, caller.leg).await;
    client.asked("verto.answer").await;
    drop(client);

    let mut again = Client::open(running.address, "/compat/verto").await;
    again.login("alice", &password, "my-session").await;
    let ready = again.asked("verto.clientReady").await;
    assert_eq!(ready, json!({"reattached_sessions": ["chosen-by-the-page"]}));
    let (id, command) = call_command(&mut switch).await;
    assert_eq!(command, Command::Reoffer { leg: caller.leg });
    switch.done(id).await;
    let offer = SessionDescription { kind: DescriptionKind::Offer, sdp: "v=0 anew".to_owned() };
    switch.event(Event::Description { leg: caller.leg, session: who.0, description: offer }).await;
    let attach = again.asked("verto.attach").await;
    assert_eq!(
        (&attach["callID"], &attach["sdp"], &attach["caller_id_number"]),
        (&json!("chosen-by-the-page"), &json!("v=0 anew"), &json!("102"))
    );
    let about = json!({"callID": "chosen-by-the-page"});
    let asked = again.ask("verto.attach", json!({"sdp": "v=0 taken", "dialogParams": about})).await;
    let (id, command) = call_command(&mut switch).await;
    let Command::Describe { leg, description } = command else { panic!("{command:?}") };
    let taken = (leg, description.kind, description.sdp.as_str());
    assert_eq!(taken, (caller.leg, DescriptionKind::Answer, "v=0 taken"));
    switch.done(id).await;
    assert_eq!(again.answer(asked).await["result"]["message"], "CALL ATTACHED");

    // It changes its network, and offers itself.
    let update = json!({"action": "updateMedia", "sdp": "v=0 mine", "dialogParams": about});
    let asked = again.ask("verto.modify", update).await;
    let (id, _) = call_command(&mut switch).await;
    switch.done(id).await;
    let answer = SessionDescription { kind: DescriptionKind::Answer, sdp: "v=0 yours".to_owned() };
    switch.event(Event::Description { leg: caller.leg, session: who.0, description: answer }).await;
    assert_eq!(again.answer(asked).await["result"]["sdp"], "v=0 yours");

    // A restart of the server: its calls are known once the softswitch told them.
    running.restart().await;
    let mut third = Client::open(running.address, "/compat/verto").await;
    third.login("alice", &password, "my-session").await;
    assert_eq!(third.asked("verto.clientReady").await, json!({"reattached_sessions": []}));
    let mut switch = Switch::connect(running.address, NodeId::from_u128(1), 0).await;
    let known = CallInfo {
        call: caller.call,
        caller: party(Some(who.1), "101"),
        dialled: Pii("102".to_owned()),
        started_at: caller.created_at,
        legs: vec![caller.clone()],
    };
    switch.snapshot(Snapshot { calls: vec![known], ..Snapshot::default() }).await;
    let (id, command) = call_command(&mut switch).await;
    assert_eq!(command, Command::Reoffer { leg: caller.leg });
    let gone = CommandResult::Refused { error: CommandError::NoSuchLeg, message: "it ended".to_owned() };
    switch.reply(id, gone).await;
    assert_eq!(third.asked("verto.bye").await["cause"], "NORMAL_TEMPORARY_FAILURE");
}

#[tokio::test]
async fn a_webitel_client_sees_the_calls_of_its_verto_phone_by_the_same_names_and_controls_them() {
    let running = start().await;
    let mut switch = running.switch().await;
    let password = running.password("alice").to_owned();
    let mut phone = Client::open(running.address, "/compat/verto").await;
    phone.login("101@pbx.example", &password, "").await;
    let who = session_up(&mut switch).await;
    let mut desk = Client::open(running.address, "/compat/webitel").await;
    let greeted = desk.auth("101@pbx.example", &password).await;
    assert_eq!(greeted["exec-response"]["login"], "101@pbx.example");
    assert_eq!(greeted["exec-response"]["role"], "user", "nobody is made an admin");
    let id = desk.command("login", Value::Null).await;
    assert_eq!(desk.done(id).await["exec-complete"], "+OK");

    let dialog = json!({"callID": "chosen-by-the-phone", "destination_number": "102"});
    phone.ask("verto.invite", json!({"sdp": OFFER, "dialogParams": dialog})).await;
    let (id, _) = call_command(&mut switch).await;
    let caller = leg(1, LegRole::Caller, who, "102");
    switch.event(Event::LegChanged { leg: caller.clone() }).await;
    switch.started(id, caller.call, caller.leg).await;
    let created = desk.event("CHANNEL_CREATE").await;
    assert_eq!(created["Unique-ID"], "chosen-by-the-phone");
    assert_eq!(created["Channel-Call-UUID"], created["Unique-ID"], "it is the originator");
    assert_eq!(created["Channel-Presence-ID"], "101@pbx.example");
    assert_eq!(created["Caller-Callee-ID-Number"], "102");
    let caller = answered(caller);
    switch.event(Event::LegChanged { leg: caller.clone() }).await;
    desk.event("CHANNEL_ANSWER").await;
    let bridged = desk.event("CHANNEL_BRIDGE").await;

    let asked = desk.command("hold", json!({"channel-uuid": "chosen-by-the-phone"})).await;
    let (id, command) = call_command(&mut switch).await;
    assert_eq!(command, Command::Hold { leg: caller.leg });
    switch.done(id).await;
    assert_eq!(desk.done(asked).await["exec-complete"], "+OK");
    switch.event(Event::LegChanged { leg: LegInfo { held: true, ..caller.clone() } }).await;
    desk.event("CHANNEL_HOLD").await;

    // A transfer names the other side.
    let args = json!({"channel-uuid": bridged["Other-Leg-Unique-ID"], "destination": "103"});
    let asked = desk.command("transfer", args).await;
    let (id, command) = call_command(&mut switch).await;
    assert_eq!(command, Command::Transfer { leg: caller.leg, to: "103".to_owned() });
    switch.done(id).await;
    desk.done(asked).await;
    switch.end(caller, EndReason::Transferred, EndedBy::Local).await;
    assert_eq!(desk.event("CHANNEL_HANGUP_COMPLETE").await["variable_hangup_cause"], "ATTENDED_TRANSFER");
    desk.event("CHANNEL_DESTROY").await;
}

#[tokio::test]
async fn a_webitel_consultation_rings_the_users_own_device_and_joins_the_others() {
    let running = start().await;
    let mut switch = running.switch().await;
    let password = running.password("alice").to_owned();
    let mut phone = Client::open(running.address, "/compat/verto").await;
    phone.login("101", &password, "").await;
    let who = session_up(&mut switch).await;
    let mut desk = Client::open(running.address, "/compat/webitel").await;
    desk.auth("101", &password).await;
    let id = desk.command("login", Value::Null).await;
    desk.done(id).await;
    let first = answered(leg(1, LegRole::Callee, who, "102"));
    switch.event(Event::LegChanged { leg: first.clone() }).await;
    let created = desk.event("CHANNEL_CREATE").await;

    let args = json!({"channel-uuid": created["Unique-ID"], "extension": "103@pbx.example",
                      "user": "101", "parent_call_uuid": created["Channel-Call-UUID"]});
    let asked = desk.command("att_xfer2", args).await;
    let (id, command) = call_command(&mut switch).await;
    let Command::Originate { to, user, .. } = command else { panic!("{command:?}") };
    assert_eq!((to.as_str(), user), ("103", who.1));
    let call = CallId::from_u128(0xca12);
    let second = LegInfo { call, ..leg(2, LegRole::Callee, who, "103") };
    switch.ring(second.clone()).await;
    switch.reply(id, CommandResult::Originated { call }).await;
    assert_eq!(desk.done(asked).await["exec-complete"], "+OK");
    let consult = desk
        .wait("the second channel", |frame| {
            frame["Event-Name"] == "CHANNEL_CREATE" && frame["Unique-ID"] != created["Unique-ID"]
        })
        .await;
    assert_eq!(consult["variable_w_jsclient_originate_number"], "103");
    assert_eq!(consult["variable_w_jsclient_xtransfer"], created["Unique-ID"]);
    switch.event(Event::LegChanged { leg: answered(second.clone()) }).await;

    let args = json!({"channel-uuid-leg-a": created["Unique-ID"],
                      "channel-uuid-leg-b": created["Other-Leg-Unique-ID"],
                      "channel-uuid-leg-c": consult["Other-Leg-Unique-ID"]});
    let asked = desk.command("att_xfer_bridge", args).await;
    let (id, command) = call_command(&mut switch).await;
    assert_eq!(command, Command::CompleteTransfer { leg: first.leg, other: second.leg });
    switch.done(id).await;
    assert_eq!(desk.done(asked).await["exec-complete"], "+OK");
    switch.end(answered(second), EndReason::Transferred, EndedBy::Local).await;
    assert_eq!(desk.event("CHANNEL_HANGUP_COMPLETE").await["variable_w_transfer_result"], "confirmed");
}

#[tokio::test]
async fn webitel_commands_reach_nobody_elses_calls_and_no_softswitch() {
    let running = start().await;
    let mut desk = Client::open(running.address, "/compat/webitel").await;
    let id = desk.command("api account list", json!({})).await;
    assert_eq!(desk.done(id).await["exec-complete"], "-ERR", "auth comes first");
    let wrong = desk.auth("101", "wrong").await;
    assert_eq!(wrong["exec-complete"], "+ERR");
    let password = running.password("alice").to_owned();
    desk.auth("101@pbx.example", &password).await;
    for (function, args) in [
        ("rawapi", json!({"command": "shutdown"})),
        ("eavesdrop", json!({"channel-uuid": "all"})),
        ("setvar", json!({"channel-uuid": "x", "variable": "a", "value": "b\nuuid_kill"})),
        ("call", json!({"user": "102@pbx.example", "extension": "103"})),
        ("hangup", json!({"channel-uuid": "00000000-0000-0000-0000-000000000001"})),
        ("api account change", json!({"user": "102", "param": "password", "value": "x"})),
        ("no such thing", json!({})),
    ] {
        let id = desk.command(function, args).await;
        assert_eq!(desk.done(id).await["exec-complete"], "-ERR", "{function}");
    }
    let id = desk.command("api account list", json!({})).await;
    let list = desk.done(id).await;
    let list: Value = serde_json::from_str(list["exec-response"]["response"].as_str().expect("a text"))
        .expect("JSON in JSON");
    assert_eq!((&list["102"]["name"], &list["102"]["online"]), (&json!("Bob Brown"), &json!(false)));
    let id = desk.command("token_generate", json!({"password": password})).await;
    let token = desk.done(id).await["exec-response"]["token"].as_str().expect("a token").to_owned();
    let mut other = Client::open(running.address, "/compat/webitel").await;
    let id = other.command("auth", json!({"account": "101", "key": "101", "token": token})).await;
    assert_eq!(other.done(id).await["exec-complete"], "+OK");
}

#[tokio::test]
async fn webitel_states_and_messages_reach_colleagues() {
    let running = start().await;
    let _switch = running.switch().await;
    let mut alice = Client::open(running.address, "/compat/webitel").await;
    alice.auth("101@pbx.example", running.password("alice")).await;
    let mut bob = Client::open(running.address, "/compat/webitel").await;
    bob.auth("102@pbx.example", running.password("bob")).await;
    let args = json!({"user": "101@pbx.example", "param": "status", "value": "ONBREAK('lunch')"});
    let id = alice.command("api account change", args).await;
    assert_eq!(alice.done(id).await["exec-complete"], "+OK");
    let status = bob
        .wait("a status", |frame| frame["Event-Name"] == "ACCOUNT_STATUS" && frame["Account-User"] == "101")
        .await;
    assert_eq!(
        (&status["Account-Status"], &status["Account-Status-Descript"]),
        (&json!("ONBREAK"), &json!("lunch"))
    );
    let body = json!({"type": "REMOTE-VIDEO-CHANGE", "callID": "1", "enabled": true});
    let id = alice.command("sys_msg", json!({"to": "102@pbx.example", "body": body})).await;
    alice.done(id).await;
    let told = bob.event("WEBITEL-CUSTOM-MESSAGE").await;
    assert_eq!((&told["body"]["enabled"], &told["from"]), (&json!(true), &json!("101@pbx.example")));
    let id = alice.command("chat_send", json!({"to": "102@pbx.example", "message": "hello"})).await;
    alice.done(id).await;
    assert_eq!(bob.event("MESSAGE").await["body"], "hello");
    // A verto phone makes her reachable.
    let mut phone = Client::open(running.address, "/compat/verto").await;
    phone.login("101", running.password("alice"), "").await;
    bob.event("ACCOUNT_ONLINE").await;
}
