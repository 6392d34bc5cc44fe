//! The app server at the other end of the control link, as far as calls need one.

use std::collections::BTreeMap;

use futures_util::{SinkExt as _, StreamExt as _};
use ringdown_control::{
    AppFrame, CallRecord, Command, CommandId, CommandResult, DescriptionKind, DirectorySnapshot,
    DirectoryUser, EndedBy, Event, FeatureCodes, LegInfo, NodeFrame, PROTOCOL_VERSION, SessionDescription,
    Snapshot, UserSettings, decode, encode,
};
use ringdown_types::{CallId, EndReason, LegId, Pii, SessionId, UserId};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc,
    task::JoinHandle,
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream, accept_hdr_async,
    tungstenite::{
        Message,
        handshake::server::{ErrorResponse, Request, Response},
        http::{StatusCode, header::AUTHORIZATION},
    },
};

use crate::PATIENCE;

/// What admits the node.
pub(crate) const TOKEN: &str = "a-token-for-this-test";

const DIRECTORY_VERSION: u64 = 7;

/// Somebody in front of a browser.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Person {
    pub(crate) user: UserId,
    pub(crate) session: SessionId,
}

pub(crate) const ALICE: Person =
    Person { user: UserId::from_u128(0xa11ce), session: SessionId::from_u128(0x5e55_a11c) };
pub(crate) const BOB: Person =
    Person { user: UserId::from_u128(0xb0b), session: SessionId::from_u128(0x5e55_0b0b) };

/// Where the node dials. It is let in only while [`Desk::admit`] waits for it.
pub(crate) struct Desk {
    listener: TcpListener,
}

impl Desk {
    pub(crate) async fn open() -> Self {
        Self { listener: TcpListener::bind("127.0.0.1:0").await.expect("a port is free") }
    }

    pub(crate) fn url(&self) -> String {
        let address = self.listener.local_addr().expect("a listener has an address");
        format!("ws://{address}/node")
    }

    /// Lets the node in and tells it what an app server tells after each connect.
    pub(crate) async fn admit(&mut self) -> Link {
        let admitted = timeout(PATIENCE, async {
            let (stream, _) = self.listener.accept().await.expect("the listener accepts");
            accept_hdr_async(stream, check).await.expect("the node is admitted")
        });
        let mut link = Link::over(admitted.await.expect("the node dials"));
        let known = link
            .take("the node's hello", |frame| match frame {
                NodeFrame::Hello { version, directory_version, .. } => Some((*version, *directory_version)),
                _ => None,
            })
            .await;
        assert_eq!(known.0, PROTOCOL_VERSION);
        link.send(AppFrame::Welcome { version: PROTOCOL_VERSION });
        if known.1 != DIRECTORY_VERSION {
            link.send(AppFrame::Directory { directory: directory() });
            let applied = |frame: &NodeFrame| match frame {
                NodeFrame::DirectoryApplied { version } => Some(*version),
                _ => None,
            };
            assert_eq!(link.take("the directory in force", applied).await, DIRECTORY_VERSION);
        }
        for person in [ALICE, BOB] {
            link.done(Command::SessionUp { session: person.session, user: person.user }).await;
        }
        let (seq, snapshot) = link
            .take("the snapshot", |frame| match frame {
                NodeFrame::Snapshot { seq, snapshot } => Some((*seq, snapshot.clone())),
                _ => None,
            })
            .await;
        link.snapshot = snapshot;
        link.events_follow(seq);
        link
    }
}

#[expect(clippy::result_large_err, reason = "the library's own type")]
fn check(request: &Request, response: Response) -> Result<Response, ErrorResponse> {
    let bearer = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    if request.uri().path() == "/node" && bearer == Some(&format!("Bearer {TOKEN}")) {
        return Ok(response);
    }
    let mut refusal = ErrorResponse::new(None);
    *refusal.status_mut() = StatusCode::UNAUTHORIZED;
    Err(refusal)
}

fn directory() -> DirectorySnapshot {
    let person = |person: Person, extension: &str, name: &str| DirectoryUser {
        id: person.user,
        extension: extension.parse().expect("an extension"),
        name: Pii(name.to_owned()),
        enabled: true,
        ring_seconds: 30,
        max_calls: 4,
        settings: UserSettings::default(),
    };
    DirectorySnapshot {
        version: DIRECTORY_VERSION,
        realm: "ringdown.test".to_owned(),
        users: vec![person(ALICE, "101", "Alice"), person(BOB, "102", "Bob")],
        devices: Vec::new(),
        feature_codes: FeatureCodes::default(),
        ..DirectorySnapshot::default()
    }
}

type Socket = WebSocketStream<TcpStream>;

/// One connection of the control link. A task owns the socket, so that pings are answered while the test listens to
/// tones.
pub(crate) struct Link {
    orders: mpsc::UnboundedSender<AppFrame>,
    frames: mpsc::UnboundedReceiver<NodeFrame>,
    carrier: JoinHandle<()>,
    /// Frames nobody asked for yet, in order.
    waiting: Vec<NodeFrame>,
    snapshot: Snapshot,
    /// The number the next event has; known once the snapshot was taken.
    next_seq: Option<u64>,
}

impl Link {
    fn over(socket: Socket) -> Self {
        let (orders, outgoing) = mpsc::unbounded_channel();
        let (incoming, frames) = mpsc::unbounded_channel();
        let carrier = tokio::spawn(carry(socket, outgoing, incoming));
        let (waiting, snapshot) = (Vec::new(), Snapshot::default());
        Self { orders, frames, carrier, waiting, snapshot, next_seq: None }
    }

    /// What the node had live when it connected.
    pub(crate) fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// Drops the connection without a word.
    pub(crate) async fn cut(&mut self) {
        self.carrier.abort();
        let ended = (&mut self.carrier).await;
        assert!(ended.is_err_and(|error| error.is_cancelled()), "the link was up");
    }

    fn send(&self, frame: AppFrame) {
        self.orders.send(frame).expect("the link is up");
    }

    /// Does a command that has nothing to tell but that it is done.
    pub(crate) async fn done(&mut self, command: Command) {
        let what = format!("{command:?}");
        let result = self.command(command).await;
        assert_eq!(result, CommandResult::Done, "{what}");
    }

    async fn command(&mut self, command: Command) -> CommandResult {
        let id = CommandId(getrandom::u64().expect("the system has random numbers"));
        self.send(AppFrame::Command { id, command });
        let reply = |frame: &NodeFrame| match frame {
            NodeFrame::Reply { id: of, result } if *of == id => Some(result.clone()),
            _ => None,
        };
        self.take("a reply", reply).await
    }

    /// Places a call from a person's browser.
    pub(crate) async fn start_call(
        &mut self,
        caller: Person,
        to: &str,
        offer: SessionDescription,
    ) -> (CallId, LegId) {
        let Person { user, session } = caller;
        let start =
            Command::StartCall { session, user, to: to.to_owned(), offer, variables: BTreeMap::new() };
        match self.command(start).await {
            CommandResult::Started { call, leg } => (call, leg),
            other => panic!("the call did not start: {other:?}"),
        }
    }

    /// The switch's answer to the offer a call began with.
    pub(crate) async fn answer_for(&mut self, leg: LegId) -> SessionDescription {
        let answer = |event: &Event| match event {
            Event::Description { leg: of, description, .. } if *of == leg => Some(description.clone()),
            _ => None,
        };
        let description = self.event("an answer", answer).await;
        assert_eq!(description.kind, DescriptionKind::Answer);
        description
    }

    /// The offer a person's browser is rung with.
    pub(crate) async fn offered(&mut self, person: Person) -> (LegId, SessionDescription) {
        let offered = |event: &Event| match event {
            Event::Offered { leg, session, offer, .. } if *session == person.session => {
                Some((*leg, offer.clone()))
            }
            _ => None,
        };
        let (leg, offer) = self.event("an offer", offered).await;
        assert_eq!(offer.kind, DescriptionKind::Offer);
        (leg, offer)
    }

    /// The switch's candidates for a leg, to the last.
    pub(crate) async fn candidates_for(&mut self, leg: LegId) -> Vec<String> {
        let mut candidates = Vec::new();
        let told = |event: &Event| match event {
            Event::Candidate { leg: of, candidate, .. } if *of == leg => Some(candidate.clone()),
            _ => None,
        };
        while let Some(candidate) = self.event("a candidate or their end", told).await {
            candidates.push(candidate.0);
        }
        candidates
    }

    pub(crate) async fn leg_ended(&mut self, leg: LegId) -> (LegInfo, EndReason, EndedBy) {
        let ended = |event: &Event| match event {
            Event::LegEnded { leg: info, reason, by } if info.leg == leg => {
                Some((info.clone(), *reason, *by))
            }
            _ => None,
        };
        self.event("a leg's end", ended).await
    }

    pub(crate) async fn call_ended(&mut self, call: CallId) -> CallRecord {
        let ended = |event: &Event| match event {
            Event::CallEnded { record } if record.call == call => Some(record.clone()),
            _ => None,
        };
        self.event("a call's record", ended).await
    }

    async fn event<T>(&mut self, what: &str, pick: impl Fn(&Event) -> Option<T>) -> T {
        let event = |frame: &NodeFrame| match frame {
            NodeFrame::Event { event, .. } => pick(event),
            _ => None,
        };
        self.take(what, event).await
    }

    /// Takes the first frame that fits, waiting for it if it has not come; the others stay.
    async fn take<T>(&mut self, what: &str, pick: impl Fn(&NodeFrame) -> Option<T>) -> T {
        let fits = self.waiting.iter().enumerate().find_map(|(index, frame)| Some((index, pick(frame)?)));
        if let Some((index, found)) = fits {
            self.waiting.remove(index);
            return found;
        }
        let wait = async {
            loop {
                let frame =
                    self.frames.recv().await.unwrap_or_else(|| panic!("the link ended before {what}"));
                count(&mut self.next_seq, &frame);
                if let Some(found) = pick(&frame) {
                    return found;
                }
                self.waiting.push(frame);
            }
        };
        match timeout(PATIENCE, wait).await {
            Ok(found) => found,
            Err(_) => panic!("waited in vain for {what}; unasked for came {:#?}", self.waiting),
        }
    }

    /// The snapshot includes events up to `seq`. Those that came behind it are counted now, later ones as they come.
    fn events_follow(&mut self, seq: u64) {
        self.next_seq = Some(seq + 1);
        for frame in &self.waiting {
            count(&mut self.next_seq, frame);
        }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.carrier.abort();
    }
}

/// Holds events to their numbers: each one more than the last.
fn count(next: &mut Option<u64>, frame: &NodeFrame) {
    if let (Some(next), NodeFrame::Event { seq, .. }) = (next, frame) {
        assert_eq!(seq, next, "an event is missing, or came twice");
        *next += 1;
    }
}

async fn carry(
    mut socket: Socket,
    mut orders: mpsc::UnboundedReceiver<AppFrame>,
    frames: mpsc::UnboundedSender<NodeFrame>,
) {
    loop {
        tokio::select! {
            Some(order) = orders.recv() => {
                socket.send(Message::text(encode(&order))).await.expect("the node listens");
            }
            message = socket.next() => match message {
                Some(Ok(Message::Text(text))) => {
                    let frame = decode(&text).expect("the node's frames are understood");
                    if frames.send(frame).is_err() { return }
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return,
            },
        }
    }
}
