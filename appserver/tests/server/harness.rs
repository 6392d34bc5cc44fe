//! A whole app server on a real socket, browsers that speak the client protocol, and a softswitch that speaks the
//! control link. Everything waits on events; a test that waits too long fails with what it saw.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    net::SocketAddr,
    time::Duration,
};

use futures_util::{SinkExt as _, StreamExt as _};
use ringdown_appserver::{config::Config, server::Server};
use ringdown_control::{
    AppFrame, CallRecord, Command, CommandId, CommandResult, DescriptionKind, DirectorySnapshot, EndedBy,
    Event, LegInfo, LegPlace, LegRole, LegState, NodeFrame, Party, SessionDescription, Snapshot, decode,
    encode,
};
use ringdown_types::{CallId, EndReason, LegId, MediaDirection, NodeId, Pii, SessionId, UserId};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{self, Message, client::IntoClientRequest as _},
};

pub(crate) const NODE_TOKEN: &str = "the node's token";
pub(crate) const OFFER: &str = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\n";

/// Longer than anything takes on a busy machine; nothing waits for it to pass.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// A server with the demo accounts.
pub(crate) struct Running {
    pub(crate) server: Option<Server>,
    pub(crate) address: SocketAddr,
    pub(crate) config: Config,
    passwords: HashMap<String, String>,
    _folder: TempDir,
}

impl Running {
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    pub(crate) async fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut config = Config {
            http_listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            state: folder.path().join("state"),
            node_token: Some(ringdown_appserver::config::Secret(NODE_TOKEN.to_owned())),
            demo: true,
            ..Config::default()
        };
        change(&mut config);
        let server = Server::start(&config).await.expect("the server starts");
        let table = server.first_run.clone().expect("a first start");
        let passwords = table.lines().skip(1).filter_map(|line| {
            let mut cells = line.split_whitespace();
            Some((cells.next()?.to_owned(), cells.nth(2)?.to_owned()))
        });
        Self {
            address: server.address,
            passwords: passwords.collect(),
            server: Some(server),
            config,
            _folder: folder,
        }
    }

    /// Stops the server and starts another on the same state.
    pub(crate) async fn restart(&mut self) {
        self.server.take().expect("it runs").stop().await;
        let server = Server::start(&self.config).await.expect("the server starts again");
        assert!(server.first_run.is_none(), "passwords are made once");
        self.address = server.address;
        self.server = Some(server);
    }

    pub(crate) fn password(&self, username: &str) -> &str {
        &self.passwords[username]
    }

    pub(crate) async fn login(&self, username: &str) -> Value {
        let body = json!({"username": username, "password": self.password(username)});
        self.post("/api/v1/login", None, &body).await.expect(200)
    }

    pub(crate) async fn token(&self, username: &str) -> String {
        text(&self.login(username).await["accessToken"])
    }

    pub(crate) async fn get(&self, path: &str, token: Option<&str>) -> Reply {
        self.http("GET", path, token, &[], None).await
    }

    pub(crate) async fn post(&self, path: &str, token: Option<&str>, body: &Value) -> Reply {
        self.http("POST", path, token, &[], Some(body.to_string())).await
    }

    pub(crate) async fn http(
        &self,
        method: &str,
        path: &str,
        token: Option<&str>,
        headers: &[(&str, &str)],
        body: Option<String>,
    ) -> Reply {
        let mut head = format!("{method} {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n", self.address);
        if let Some(token) = token {
            head += &format!("authorization: Bearer {token}\r\n");
        }
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        if let Some(body) = &body {
            head += &format!("content-type: application/json\r\ncontent-length: {}\r\n", body.len());
        }
        let mut stream = TcpStream::connect(self.address).await.expect("the server listens");
        stream.write_all(format!("{head}\r\n").as_bytes()).await.expect("the head is sent");
        // A refused body may be cut off; the answer counts.
        drop(stream.write_all(body.unwrap_or_default().as_bytes()).await);
        let mut answer = Vec::new();
        drop(timeout(PATIENCE, stream.read_to_end(&mut answer)).await.expect("an answer in time"));
        Reply::read(&answer)
    }

    /// Sends a file.
    pub(crate) async fn upload(&self, path: &str, token: &str, bytes: &[u8]) -> Reply {
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\nauthorization: Bearer {token}\r\n\
             content-type: application/octet-stream\r\ncontent-length: {}\r\n\r\n",
            self.address,
            bytes.len()
        );
        let mut stream = TcpStream::connect(self.address).await.expect("the server listens");
        stream.write_all(&[head.as_bytes(), bytes].concat()).await.expect("it is sent");
        let mut answer = Vec::new();
        drop(timeout(PATIENCE, stream.read_to_end(&mut answer)).await.expect("an answer in time"));
        Reply::read(&answer)
    }

    pub(crate) async fn browser(&self, username: &str) -> Browser {
        let token = self.token(username).await;
        Browser::hello(self.address, &token).await
    }

    /// A softswitch, connected and with an empty snapshot sent.
    pub(crate) async fn switch(&self) -> Switch {
        let mut switch = Switch::connect(self.address, NodeId::from_u128(1), 0).await;
        switch.snapshot(Snapshot::default()).await;
        switch
    }
}

/// An HTTP answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    fn read(answer: &[u8]) -> Self {
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
        let head = String::from_utf8_lossy(&answer[..end]).into_owned();
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|code| code.parse().ok());
        let headers = lines.filter_map(|line| line.split_once(": "));
        Self {
            status: status.expect("a status"),
            headers: headers.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect(),
            body: answer[end + 4..].to_vec(),
        }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub(crate) fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.body));
        if self.body.is_empty() { Value::Null } else { self.json() }
    }
}

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Opens a WebSocket with headers; an HTTP refusal is the error.
pub(crate) async fn open(
    address: SocketAddr,
    path: &str,
    headers: &[(&'static str, &str)],
) -> Result<Socket, u16> {
    let mut request = format!("ws://{address}{path}").into_client_request().expect("a request");
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().expect("a header value"));
    }
    match timeout(PATIENCE, connect_async(request)).await.expect("an answer in time") {
        Ok((socket, _)) => Ok(socket),
        Err(tungstenite::Error::Http(response)) => Err(response.status().as_u16()),
        Err(error) => panic!("{error}"),
    }
}

/// A page that speaks the client protocol.
pub(crate) struct Browser {
    socket: Socket,
    next_id: u32,
    pushes: VecDeque<Value>,
    pub(crate) welcome: Value,
    pub(crate) last_seq: u64,
}

impl Browser {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        let socket = open(address, "/ws", &[]).await.expect("an upgrade");
        Self { socket, next_id: 1, pushes: VecDeque::new(), welcome: Value::Null, last_seq: 0 }
    }

    pub(crate) async fn hello(address: SocketAddr, token: &str) -> Self {
        let mut browser = Self::connect(address).await;
        let client = json!({"name": "test", "version": "1"});
        let welcome = browser.request("hello", json!({"token": token, "client": client})).await;
        browser.welcome = welcome.expect("a welcome");
        browser
    }

    /// A new connection for the session of a lost one.
    pub(crate) async fn resume(
        address: SocketAddr,
        welcome: &Value,
        last_seq: u64,
    ) -> (Self, Result<Value, Value>) {
        let mut browser = Self::connect(address).await;
        browser.last_seq = last_seq;
        let params = json!({"session": welcome["session"], "secret": welcome["secret"], "lastSeq": last_seq});
        let result = browser.request("resume", params).await;
        if let Ok(result) = &result {
            browser.last_seq = result["seq"].as_u64().expect("a number");
        }
        browser.welcome = welcome.clone();
        (browser, result)
    }

    pub(crate) fn session(&self) -> SessionId {
        text(&self.welcome["session"]).parse().expect("a session id")
    }

    pub(crate) fn user(&self) -> UserId {
        text(&self.welcome["me"]["userId"]).parse().expect("a user id")
    }

    pub(crate) async fn send_text(&mut self, text: impl Into<String>) {
        self.socket.send(Message::text(text.into())).await.expect("the frame is sent");
    }

    pub(crate) async fn send_request(&mut self, method: &str, params: Value) -> u32 {
        let id = self.next_id;
        self.next_id += 1;
        self.send_text(json!({"id": id, "method": method, "params": params}).to_string()).await;
        id
    }

    pub(crate) async fn request(&mut self, method: &str, params: Value) -> Result<Value, Value> {
        let id = self.send_request(method, params).await;
        self.response(id).await
    }

    pub(crate) async fn response(&mut self, id: u32) -> Result<Value, Value> {
        loop {
            let frame = self.frame().await.unwrap_or_else(|code| panic!("closed with {code}"));
            if frame.get("event").is_some() {
                self.pushes.push_back(frame);
            } else {
                assert_eq!(frame["id"], id, "{frame}");
                return match frame.get("error") {
                    Some(error) => Err(error.clone()),
                    None => Ok(frame["result"].clone()),
                };
            }
        }
    }

    /// The data of the next push with this name; others before it are passed over.
    pub(crate) async fn push(&mut self, event: &str) -> Value {
        self.push_where(event, |_| true).await
    }

    pub(crate) async fn push_where(&mut self, event: &str, fits: impl Fn(&Value) -> bool) -> Value {
        loop {
            let push = self.next_push().await;
            if push["event"] == event && fits(&push["data"]) {
                return push["data"].clone();
            }
        }
    }

    /// The next push, whatever it is. Numbers grow by one.
    pub(crate) async fn next_push(&mut self) -> Value {
        let push = match self.pushes.pop_front() {
            Some(push) => push,
            None => self.frame().await.unwrap_or_else(|code| panic!("closed with {code}")),
        };
        let seq = push["seq"].as_u64().unwrap_or_else(|| panic!("no push: {push}"));
        if seq != 0 {
            assert_eq!(seq, self.last_seq + 1, "{push}");
            self.last_seq = seq;
        }
        push
    }

    /// The next frame, or the code the connection was closed with.
    pub(crate) async fn frame(&mut self) -> Result<Value, u16> {
        loop {
            let message = timeout(PATIENCE, self.socket.next()).await.expect("a frame in time");
            match message {
                Some(Ok(Message::Text(text))) => return Ok(serde_json::from_str(&text).expect("JSON")),
                Some(Ok(Message::Close(frame))) => return Err(frame.map_or(1005, |frame| frame.code.into())),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(1006),
            }
        }
    }

    /// The code the connection is closed with, after whatever comes before.
    pub(crate) async fn closed(&mut self) -> u16 {
        loop {
            if let Err(code) = self.frame().await {
                return code;
            }
        }
    }

    pub(crate) async fn expect_directory(&mut self, name: &str) -> Value {
        let result = self.request("directory.search", json!({"query": name})).await.expect("a result");
        result["entries"][0].clone()
    }
}

/// A softswitch.
pub(crate) struct Switch {
    socket: Socket,
    seq: u64,
    pub(crate) directory: Option<DirectorySnapshot>,
}

impl Switch {
    pub(crate) async fn connect(address: SocketAddr, node: NodeId, directory_version: u64) -> Self {
        let bearer = format!("Bearer {NODE_TOKEN}");
        let socket = open(address, "/node", &[("authorization", &bearer)]).await.expect("an upgrade");
        let mut switch = Self { socket, seq: 0, directory: None };
        let hello = NodeFrame::Hello { version: 1, node, name: "switch".to_owned(), directory_version };
        switch.send(&hello).await;
        assert_eq!(switch.frame().await, AppFrame::Welcome { version: 1 });
        switch
    }

    pub(crate) async fn send(&mut self, frame: &NodeFrame) {
        self.socket.send(Message::text(encode(frame))).await.expect("the frame is sent");
    }

    pub(crate) async fn frame(&mut self) -> AppFrame {
        loop {
            match timeout(PATIENCE, self.socket.next()).await.expect("a frame in time") {
                Some(Ok(Message::Text(text))) => return decode(&text).expect("a frame"),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => panic!("the link ended: {other:?}"),
            }
        }
    }

    /// The next command; a directory before it is kept.
    pub(crate) async fn command(&mut self) -> (CommandId, Command) {
        loop {
            match self.frame().await {
                AppFrame::Command { id, command } => return (id, command),
                AppFrame::Directory { directory } => self.directory = Some(directory),
                other => panic!("{other:?}"),
            }
        }
    }

    /// The next command that is no announcement of a session.
    pub(crate) async fn call_command(&mut self) -> (CommandId, Command) {
        loop {
            let (id, command) = self.command().await;
            if !matches!(command, Command::SessionUp { .. } | Command::SessionDown { .. }) {
                return (id, command);
            }
        }
    }

    pub(crate) async fn next_directory(&mut self) -> DirectorySnapshot {
        loop {
            if let AppFrame::Directory { directory } = self.frame().await {
                return directory;
            }
        }
    }

    pub(crate) async fn snapshot(&mut self, snapshot: Snapshot) {
        let seq = self.seq;
        self.send(&NodeFrame::Snapshot { seq, snapshot }).await;
    }

    pub(crate) async fn event(&mut self, event: Event) {
        self.seq += 1;
        let seq = self.seq;
        self.send(&NodeFrame::Event { seq, event }).await;
    }

    pub(crate) fn skip_event(&mut self) {
        self.seq += 1;
    }

    pub(crate) async fn reply(&mut self, id: CommandId, result: CommandResult) {
        self.send(&NodeFrame::Reply { id, result }).await;
    }

    pub(crate) async fn done(&mut self, id: CommandId) {
        self.reply(id, CommandResult::Done).await;
    }

    pub(crate) async fn started(&mut self, id: CommandId, call: CallId, leg: LegId) {
        self.send(&NodeFrame::Reply { id, result: CommandResult::Started { call, leg } }).await;
    }

    /// Rings a browser.
    pub(crate) async fn ring(&mut self, leg: LegInfo) {
        let LegPlace::Browser { session } = leg.place else { panic!("a browser's leg") };
        let variables = BTreeMap::from([("crmRecordId".to_owned(), "42".to_owned())]);
        let id = leg.leg;
        self.event(Event::LegChanged { leg }).await;
        self.event(Event::Offered { leg: id, session, offer: offer(), variables, auto_answer: false }).await;
    }

    pub(crate) async fn end(&mut self, mut leg: LegInfo, reason: EndReason, by: EndedBy) {
        leg.state = LegState::Ended;
        self.event(Event::LegEnded { leg, reason, by }).await;
    }
}

pub(crate) fn offer() -> SessionDescription {
    SessionDescription { kind: DescriptionKind::Offer, sdp: OFFER.to_owned() }
}

pub(crate) fn party(user: Option<UserId>, number: &str) -> Party {
    Party { user, number: Pii(number.to_owned()), name: Pii("Somebody".to_owned()) }
}

/// A ringing leg of a browser's.
pub(crate) fn leg(id: u128, role: LegRole, browser: &Browser, peer: Party) -> LegInfo {
    LegInfo {
        leg: LegId::from_u128(id),
        call: CallId::from_u128(0xca11),
        user: Some(browser.user()),
        place: LegPlace::Browser { session: browser.session() },
        role,
        state: LegState::Ringing,
        peer,
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

pub(crate) fn answered(mut leg: LegInfo) -> LegInfo {
    leg.state = LegState::Active;
    leg.answered_at = Some(1_700_000_001_000);
    leg
}

pub(crate) fn record(call: u128, caller: Party, callee: Party) -> CallRecord {
    CallRecord {
        call: CallId::from_u128(call),
        dialled: callee.number.clone(),
        caller,
        callee,
        passed_by: Vec::new(),
        started_at: 1_700_000_000_000 + call as u64,
        answered_at: None,
        ended_at: 1_700_000_009_000,
        reason: EndReason::Hangup,
        by: EndedBy::Local,
    }
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

pub(crate) fn error_name(result: Result<Value, Value>) -> String {
    text(&result.expect_err("a refusal")["name"])
}
