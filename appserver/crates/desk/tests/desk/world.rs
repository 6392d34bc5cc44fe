//! A desk with two people and a softswitch, in simulated time.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
    time::{Duration, Instant},
};

use ringdown_control::{
    AppFrame, Command, CommandId, DescriptionKind, DirectorySnapshot, EndedBy, Event, FeatureCodes,
    LegFigures, LegInfo, LegPlace, LegRole, LegState, Party, SessionDescription, Snapshot,
};
use ringdown_desk::{ConnId, Desk, HelloInput, LinkId, NodeHello, Output, Person, ResumeInput, secret_hash};
use ringdown_protocol::{ErrorInfo, Method, Request, Role};
use ringdown_types::{
    CallId, EndReason, LegId, MediaDirection, NodeId, Pii, SeededRandom, SessionId, UserId,
};
use serde_json::Value;

pub(crate) const ALICE: UserId = UserId::from_u128(1);
pub(crate) const BOB: UserId = UserId::from_u128(2);
pub(crate) const LINK: LinkId = LinkId(1_000);

pub(crate) struct World {
    pub(crate) desk: Desk,
    pub(crate) now: Instant,
    pub(crate) frames: Vec<(ConnId, Value)>,
    pub(crate) closed: Vec<(ConnId, ErrorInfo)>,
    pub(crate) commands: Vec<(LinkId, CommandId, Command)>,
    pub(crate) others: Vec<Output>,
    pub(crate) figures: Vec<LegFigures>,
    /// Connections whose queue is full of unread frames.
    pub(crate) full: Vec<ConnId>,
    conns: u64,
    seq: u64,
}

#[derive(Clone)]
pub(crate) struct Tab {
    pub(crate) conn: ConnId,
    pub(crate) session: SessionId,
    pub(crate) secret: String,
}

impl World {
    pub(crate) fn new() -> Self {
        #[allow(clippy::disallowed_methods, reason = "an Instant has no other origin; it only moves by hand")]
        let now = Instant::now();
        let desk = Desk::new(Box::new(SeededRandom::new(7)), "test", (now, 1_700_000_000_000));
        let mut world = Self {
            desk,
            now,
            frames: Vec::new(),
            closed: Vec::new(),
            commands: Vec::new(),
            others: Vec::new(),
            figures: Vec::new(),
            full: Vec::new(),
            conns: 0,
            seq: 0,
        };
        world.set_people(vec![person(ALICE, "alice", "101"), person(BOB, "bob", "102")], 1);
        world
    }

    /// An admin chooses the tones of another country.
    pub(crate) fn set_country(&mut self, country: &str, version: u64) {
        let tone_plan = country.parse().expect("a country with a plan");
        let directory = DirectorySnapshot { version, tone_plan, ..DirectorySnapshot::default() };
        let people = vec![person(ALICE, "alice", "101"), person(BOB, "bob", "102")];
        self.desk.handle_directory(self.now, people, Arc::new(directory));
        self.carry_out();
    }

    pub(crate) fn set_people(&mut self, people: Vec<Person>, version: u64) {
        let directory = DirectorySnapshot {
            version,
            realm: "test".to_owned(),
            users: Vec::new(),
            devices: Vec::new(),
            feature_codes: FeatureCodes::default(),
            ..DirectorySnapshot::default()
        };
        self.desk.handle_directory(self.now, people, Arc::new(directory));
        self.carry_out();
    }

    pub(crate) fn take_directory(&mut self, people: Vec<Person>, directory: Arc<DirectorySnapshot>) {
        self.desk.handle_directory(self.now, people, directory);
        self.carry_out();
    }

    /// Lets time pass, timer by timer.
    pub(crate) fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(due) = self.desk.next_timeout().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.desk.handle_timeout(self.now);
            self.carry_out();
        }
        self.now = end;
    }

    pub(crate) fn carry_out(&mut self) {
        while let Some(output) = self.desk.poll_output() {
            match output {
                Output::Send { conn, text } => {
                    self.frames.push((conn, serde_json::from_str(&text).expect("JSON")));
                }
                Output::Push { conn, seq, body } => {
                    self.frames.push((conn, serde_json::from_str(&body.frame(seq)).expect("JSON")));
                }
                Output::FlushDue { conn } if !self.full.contains(&conn) => self.desk.flush(conn),
                Output::Close { conn, error } => self.closed.push((conn, error)),
                Output::Node { link, frame: AppFrame::Command { id, command } } => {
                    self.commands.push((link, id, command));
                }
                Output::Figures(figures) => self.figures.push(*figures),
                other => self.others.push(other),
            }
        }
    }

    pub(crate) fn next_conn(&mut self) -> ConnId {
        self.conns += 1;
        ConnId(self.conns)
    }

    pub(crate) fn hello(&mut self, user: UserId) -> Tab {
        let conn = self.next_conn();
        self.desk.handle_hello(
            self.now,
            HelloInput {
                conn,
                request: 1,
                address: IpAddr::V4(Ipv4Addr::LOCALHOST),
                user,
                epoch: 1,
                family: format!("family of {user}"),
                token_ends: Some(self.now + Duration::from_secs(600)),
                kind: ringdown_desk::SessionKind::Phone,
                name: None,
            },
        );
        self.carry_out();
        let welcome = self.result(conn, 1).expect("a welcome");
        Tab {
            conn,
            session: welcome["session"].as_str().and_then(|id| id.parse().ok()).expect("an id"),
            secret: welcome["secret"].as_str().expect("a secret").to_owned(),
        }
    }

    pub(crate) fn resume(&mut self, tab: &Tab, last_seq: u64) -> (ConnId, Result<Value, Value>) {
        let conn = self.next_conn();
        self.desk.handle_resume(
            self.now,
            ResumeInput {
                conn,
                request: 1,
                address: IpAddr::V4(Ipv4Addr::LOCALHOST),
                session: tab.session,
                secret_hash: secret_hash(&tab.secret),
                last_seq,
            },
        );
        self.carry_out();
        (conn, self.result(conn, 1))
    }

    pub(crate) fn disconnect(&mut self, conn: ConnId) {
        self.desk.handle_disconnected(self.now, conn);
        self.carry_out();
    }

    pub(crate) fn request(&mut self, conn: ConnId, id: u32, method: Method) {
        self.desk.handle_request(self.now, conn, Request { id, method });
        self.carry_out();
    }

    pub(crate) fn result(&self, conn: ConnId, id: u32) -> Result<Value, Value> {
        let response = self.frames.iter().find(|(to, frame)| *to == conn && frame["id"] == id);
        let (_, frame) = response.expect("a response");
        match frame.get("error") {
            Some(error) => Err(error.clone()),
            None => Ok(frame["result"].clone()),
        }
    }

    /// The pushes a connection got, with their numbers.
    pub(crate) fn pushes(&self, conn: ConnId, event: &str) -> Vec<(u64, Value)> {
        let of = self.frames.iter().filter(|(to, frame)| *to == conn && frame["event"] == event);
        of.map(|(_, frame)| (frame["seq"].as_u64().expect("a number"), frame["data"].clone())).collect()
    }

    pub(crate) fn connect_node(&mut self, link: LinkId, node: u128) {
        let name = "switch".to_owned();
        let node = NodeId::from_u128(node);
        self.desk
            .handle_node_hello(self.now, NodeHello { link, node, name, version: 1, directory_version: 1 });
        self.desk.handle_snapshot(self.now, link, self.seq, Snapshot::default());
        self.carry_out();
    }

    /// Lets the time pass in which other softswitches might still tell their calls.
    pub(crate) fn know_all_calls(&mut self) {
        self.pass(Duration::from_secs(6));
    }

    pub(crate) fn lose_node(&mut self, link: LinkId) {
        self.desk.handle_node_disconnected(self.now, link);
        self.carry_out();
    }

    pub(crate) fn event(&mut self, event: Event) {
        self.seq += 1;
        self.desk.handle_event(self.now, LINK, self.seq, event);
        self.carry_out();
    }

    pub(crate) fn reply(&mut self, id: CommandId, result: ringdown_control::CommandResult) {
        self.desk.handle_reply(self.now, LINK, id, result);
        self.carry_out();
    }

    pub(crate) fn ring(&mut self, leg: LegInfo) {
        let LegPlace::Browser { session } = leg.place else { panic!("a browser's leg") };
        let id = leg.leg;
        self.event(Event::LegChanged { leg });
        let offer = SessionDescription { kind: DescriptionKind::Offer, sdp: "v=0".to_owned() };
        self.event(Event::Offered {
            leg: id,
            session,
            offer,
            variables: BTreeMap::new(),
            auto_answer: false,
        });
    }

    pub(crate) fn end(&mut self, mut leg: LegInfo, reason: EndReason) {
        leg.state = LegState::Ended;
        self.event(Event::LegEnded { leg, reason, by: EndedBy::Remote });
    }

    /// What the softswitch was told of a session: up or down.
    pub(crate) fn announcements(&self, session: SessionId) -> Vec<&'static str> {
        let told = self.commands.iter().filter_map(|(_, _, command)| match command {
            Command::SessionUp { session: of, .. } if *of == session => Some("up"),
            Command::SessionDown { session: of } if *of == session => Some("down"),
            _ => None,
        });
        told.collect()
    }
}

pub(crate) fn person(id: UserId, name: &str, extension: &str) -> Person {
    Person {
        id,
        username: Pii(name.to_owned()),
        name: Pii(name.to_owned()),
        extension: extension.parse().ok(),
        department: Pii(String::new()),
        photo: None,
        role: Role::User,
        enabled: true,
        epoch: 1,
    }
}

pub(crate) fn leg(id: u128, user: UserId, tab: &Tab) -> LegInfo {
    LegInfo {
        leg: LegId::from_u128(id),
        call: CallId::from_u128(9),
        user: Some(user),
        place: LegPlace::Browser { session: tab.session },
        role: LegRole::Callee,
        state: LegState::Ringing,
        peer: Party { user: None, number: Pii("101".to_owned()), name: Pii(String::new()) },
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
    leg.answered_at = Some(1_700_000_000_500);
    leg
}
