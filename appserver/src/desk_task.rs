//! The task that owns the desk: messages in, frames and store work out.

use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use ringdown_control::{
    AppFrame, Command, CommandId, CommandResult, DirectorySnapshot, Event, SettingChanged, Snapshot,
};
use ringdown_desk::{
    AskId, ChatDone, ConnId, Desk, HelloInput, LinkId, NodeHello, Output, PeopleChange, Person, PushBody,
    ResumeInput, SessionRecord, Stats,
};
use ringdown_protocol::{
    CallInfo, Contact, Empty, ErrorCode, ErrorInfo, HistoryParams, HistoryResult, Me, Request, Response,
    Settings, SettingsChange, VoicemailLink,
};
use ringdown_types::{FileId, LegId, Pii, RecordingId, SessionId, UserId};
use tokio::{
    sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc, oneshot},
    task::JoinSet,
};

use crate::{
    access::{self, LINK_LIFETIME, TokenKey},
    chat::ChatQueues,
    clock::unix_ms,
    directory::DirectoryHandle,
    fan_out::FanOut,
    outlet::Outlet,
    photo::Photos,
    problem::Refusal,
    push::PushItem,
    settings,
    store::Store,
    writers::HistoryItem,
};

/// Frames a browser's connection may have waiting. A client that does not read them is disconnected and resumes.
pub const BROWSER_QUEUE: usize = 512;
/// Frames a softswitch's connection may have waiting: a re-announcement of every session fits.
pub const NODE_QUEUE: usize = 65_536;
/// Messages to the desk. Beyond it, whoever reads a socket waits, so the socket's peer does.
const DESK_QUEUE: usize = 4_096;
/// Connections told of changes in one step, and steps that may wait to be written. Larger numbers make calls wait.
const FLUSHED_AT_ONCE: usize = 128;
const FLUSHES_AHEAD: usize = 4;
/// History look-ups at once.
const MAX_LOOKUPS: usize = 64;

/// What goes out to a browser.
#[derive(Debug)]
pub enum ToBrowser {
    /// A frame.
    Text(Arc<str>),
    /// A push with its number; put together by the connection, for the desk has thousands of them.
    Push(u64, PushBody),
    /// The end, after what is before it.
    Close(Box<ErrorInfo>),
}

/// What goes out to a softswitch.
#[derive(Debug)]
pub enum ToNode {
    /// A frame.
    Frame(AppFrame),
    /// The directory.
    Directory(Arc<DirectorySnapshot>),
}

/// A change of the sessions kept in the store.
#[derive(Debug)]
pub enum SessionChange {
    /// Keep.
    Save(SessionRecord),
    /// Forget.
    Drop(SessionId),
}

/// The desk's end of a connection that has a queue.
#[derive(Debug)]
pub struct Line<T> {
    /// Where frames go.
    pub queue: mpsc::Sender<T>,
    /// Ends the connection at once, whatever waits.
    pub cut: Arc<Notify>,
}

/// A change of the address book.
#[derive(Debug)]
pub enum ContactsChange {
    /// Somebody was taken in, or changed.
    Put(Box<Contact>),
    /// Somebody was taken out.
    Gone(String),
}

/// The desk's end of a browser's connection.
#[derive(Debug, Clone)]
pub enum BrowserLine {
    /// To its WebSocket.
    Outlet(Arc<Outlet>),
    /// To whoever translates for it.
    Translator(Line<ToBrowser>),
}

impl BrowserLine {
    fn has_room(&self) -> bool {
        match self {
            Self::Outlet(outlet) => outlet.has_room(),
            Self::Translator(line) => line.queue.capacity() > BROWSER_QUEUE / 2,
        }
    }

    /// Ends the connection at once, whatever waits.
    fn cut(&self) {
        match self {
            Self::Outlet(outlet) => outlet.cut(),
            Self::Translator(line) => line.cut.notify_one(),
        }
    }

    /// Gives an answer from beside the desk. Where there is no room the connection is about to end, and the client asks
    /// again.
    fn answer(&self, text: Arc<str>) {
        match self {
            Self::Outlet(outlet) => drop(outlet.give(ToBrowser::Text(text))),
            Self::Translator(line) => drop(line.queue.try_send(ToBrowser::Text(text))),
        }
    }
}

impl<T> Clone for Line<T> {
    fn clone(&self) -> Self {
        Self { queue: self.queue.clone(), cut: Arc::clone(&self.cut) }
    }
}

/// A message to the desk.
#[derive(Debug)]
pub enum DeskMessage {
    /// A browser's `hello`, authorized.
    Hello(HelloInput, BrowserLine),
    /// A browser's `resume`.
    Resume(ResumeInput, BrowserLine),
    /// A browser's request.
    Request(ConnId, Request),
    /// A browser's connection is gone.
    Disconnected(ConnId),
    /// A softswitch's `Hello`, authorized.
    NodeHello(NodeHello, Line<ToNode>),
    /// A softswitch's snapshot.
    NodeSnapshot(LinkId, u64, Snapshot),
    /// A softswitch's event.
    NodeEvent(LinkId, u64, Event),
    /// A softswitch's reply.
    NodeReply(LinkId, CommandId, CommandResult),
    /// A softswitch's connection is gone.
    NodeDisconnected(LinkId),
    /// The directory changed.
    Directory(Vec<Person>, Arc<DirectorySnapshot>),
    /// A job of the chat is done.
    Chat(Box<ChatDone>),
    /// The address book changed.
    Contacts(ContactsChange),
    /// A sign-in is over.
    SignOut(String),
    /// A question for a softswitch, and where its answer goes.
    Ask(Box<Command>, oneshot::Sender<Result<CommandResult, ErrorInfo>>),
    /// Whether a user's browsers can be woken.
    Wakeable(UserId, bool),
    /// A user declined a leg from a notification.
    WakeDeclined(UserId, LegId),
    /// Which calls are there?
    Calls(oneshot::Sender<Vec<(Me, CallInfo)>>),
    /// How much is there?
    Stats(oneshot::Sender<Stats>),
}

impl std::fmt::Debug for crate::sign_in::SignIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SignIn")
    }
}

/// Talks to the desk.
#[derive(Debug, Clone)]
pub struct DeskHandle(mpsc::Sender<DeskMessage>);

impl DeskHandle {
    /// The handle and the queue the task reads.
    pub fn new() -> (Self, mpsc::Receiver<DeskMessage>) {
        let (sender, receiver) = mpsc::channel(DESK_QUEUE);
        (Self(sender), receiver)
    }

    /// Gives the desk a message, waiting for room; whether the desk is there.
    pub async fn send(&self, message: DeskMessage) -> bool {
        self.0.send(message).await.is_ok()
    }

    /// Ends the sessions of a sign-in.
    pub async fn sign_out(&self, family: String) {
        self.send(DeskMessage::SignOut(family)).await;
    }

    /// Asks a softswitch something.
    ///
    /// # Errors
    /// When none is connected, or it does not answer in time.
    pub async fn ask(&self, command: Command) -> Result<CommandResult, ErrorInfo> {
        let (sender, receiver) = oneshot::channel();
        self.send(DeskMessage::Ask(Box::new(command), sender)).await;
        let gone = |_| Err(ErrorInfo::new(ErrorCode::SwitchUnavailable, "the server is stopping"));
        receiver.await.unwrap_or_else(gone)
    }

    /// Every account's sides of calls, as their owners see them.
    pub async fn calls(&self) -> Vec<(Me, CallInfo)> {
        let (sender, receiver) = oneshot::channel();
        self.send(DeskMessage::Calls(sender)).await;
        receiver.await.unwrap_or_default()
    }

    /// How much there is.
    pub async fn stats(&self) -> Stats {
        let (sender, receiver) = oneshot::channel();
        self.send(DeskMessage::Stats(sender)).await;
        receiver.await.unwrap_or_default()
    }
}

/// What was shed or lost since the start.
#[derive(Debug, Default)]
pub struct Counters {
    /// Call records that found no room.
    pub history_shed: AtomicU64,
    /// Call records written.
    pub history_written: AtomicU64,
    /// Browsers disconnected because they did not read.
    pub slow_browsers: AtomicU64,
    /// Softswitches disconnected because they did not read.
    pub slow_nodes: AtomicU64,
}

/// The desk with its connections.
pub struct DeskTask {
    desk: Desk,
    browsers: HashMap<ConnId, BrowserLine>,
    fan_out: FanOut,
    /// Connections to be told what changed in presence and directory, a few at a time.
    flush_due: VecDeque<ConnId>,
    /// Bounds how far telling them is ahead of writing it.
    flushes: Arc<Semaphore>,
    nodes: HashMap<LinkId, Line<ToNode>>,
    outlets: Outlets,
    lookups: JoinSet<()>,
    /// Who waits for a softswitch's answer. Bounded by the desk, which answers every question.
    asks: HashMap<AskId, oneshot::Sender<Result<CommandResult, ErrorInfo>>>,
    next_ask: u64,
}

/// Where the desk's work for others goes.
pub struct Outlets {
    /// For history look-ups.
    pub store: Store,
    /// Finished calls.
    pub records: mpsc::Sender<HistoryItem>,
    /// Sessions to keep and forget.
    pub sessions: mpsc::Sender<SessionChange>,
    /// Settings users changed on a softswitch.
    pub settings: mpsc::Sender<Vec<SettingChanged>>,
    /// What people say and choose.
    pub people: mpsc::Sender<PeopleChange>,
    /// Signs links.
    pub key: TokenKey,
    /// Browsers to wake.
    pub pushes: mpsc::Sender<PushItem>,
    /// Jobs of the chat.
    pub chat: ChatQueues,
    /// People's pictures.
    pub photos: Photos,
    /// The digest realm.
    pub realm: String,
    /// The directory's keeper.
    pub directory: DirectoryHandle,
    /// What was shed.
    pub counters: Arc<Counters>,
}

impl DeskTask {
    /// The task's state. Called in a runtime.
    pub fn new(desk: Desk, outlets: Outlets) -> Self {
        let lanes = tokio::runtime::Handle::current().metrics().num_workers();
        Self {
            desk,
            browsers: HashMap::new(),
            fan_out: FanOut::start(lanes),
            flush_due: VecDeque::new(),
            flushes: Arc::new(Semaphore::new(FLUSHES_AHEAD)),
            nodes: HashMap::new(),
            outlets,
            lookups: JoinSet::new(),
            asks: HashMap::new(),
            next_ask: 0,
        }
    }

    /// Runs until every handle is gone or `stop` comes.
    pub async fn run(mut self, mut messages: mpsc::Receiver<DeskMessage>, stop: Arc<Notify>) {
        self.carry_out();
        loop {
            let due = self.desk.next_timeout();
            let sleep = async {
                match due {
                    Some(due) => tokio::time::sleep_until(due.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                message = messages.recv() => match message {
                    Some(message) => self.handle(message),
                    None => return,
                },
                () = sleep => self.desk.handle_timeout(Instant::now()),
                Some(_) = self.lookups.join_next() => {}
                Ok(permit) = Arc::clone(&self.flushes).acquire_owned(), if !self.flush_due.is_empty() => {
                    self.flush_some(permit);
                    continue;
                }
                () = stop.notified() => return,
            }
            self.carry_out();
        }
    }

    /// Tells some connections what changed. The rest has its turn when this is written, so that a call need not wait
    /// until a whole company knows that somebody went to lunch.
    fn flush_some(&mut self, permit: OwnedSemaphorePermit) {
        for conn in self.flush_due.drain(..self.flush_due.len().min(FLUSHED_AT_ONCE)) {
            if self.browsers.get(&conn).is_some_and(BrowserLine::has_room) {
                self.desk.flush(conn);
            }
        }
        self.carry_out_with(Some(permit));
    }

    fn handle(&mut self, message: DeskMessage) {
        let now = Instant::now();
        match message {
            DeskMessage::Hello(hello, line) => {
                self.browsers.insert(hello.conn, line);
                self.desk.handle_hello(now, hello);
            }
            DeskMessage::Resume(resume, line) => {
                self.browsers.insert(resume.conn, line);
                self.desk.handle_resume(now, resume);
            }
            DeskMessage::Request(conn, request) => self.desk.handle_request(now, conn, request),
            DeskMessage::Disconnected(conn) => {
                self.browsers.remove(&conn);
                self.desk.handle_disconnected(now, conn);
            }
            DeskMessage::NodeHello(hello, line) => {
                self.nodes.insert(hello.link, line);
                self.desk.handle_node_hello(now, hello);
            }
            DeskMessage::NodeSnapshot(link, seq, snapshot) => {
                self.desk.handle_snapshot(now, link, seq, snapshot);
            }
            DeskMessage::NodeEvent(link, seq, event) => self.desk.handle_event(now, link, seq, event),
            DeskMessage::NodeReply(link, id, result) => self.desk.handle_reply(now, link, id, result),
            DeskMessage::NodeDisconnected(link) => {
                self.nodes.remove(&link);
                self.desk.handle_node_disconnected(now, link);
            }
            DeskMessage::Directory(people, snapshot) => self.desk.handle_directory(now, people, snapshot),
            DeskMessage::Ask(command, reply) => {
                self.next_ask += 1;
                let ask = AskId(self.next_ask);
                self.asks.insert(ask, reply);
                self.desk.handle_ask(now, ask, *command);
            }
            DeskMessage::Contacts(ContactsChange::Put(contact)) => self.desk.handle_contact(*contact),
            DeskMessage::Contacts(ContactsChange::Gone(id)) => self.desk.handle_contact_gone(&id),
            DeskMessage::Chat(done) => self.desk.handle_chat(now, *done),
            DeskMessage::SignOut(family) => self.desk.handle_sign_out(now, &family),
            DeskMessage::Wakeable(user, on) => self.desk.handle_wakeable(now, user, on),
            DeskMessage::WakeDeclined(user, leg) => self.desk.handle_wake_declined(user, leg),
            DeskMessage::Calls(reply) => drop(reply.send(self.desk.calls())),
            // Whoever asked may have gone.
            DeskMessage::Stats(reply) => drop(reply.send(self.desk.stats())),
        }
    }

    fn carry_out(&mut self) {
        self.carry_out_with(None);
    }

    fn carry_out_with(&mut self, permit: Option<OwnedSemaphorePermit>) {
        // Whoever is left out while others wait is due again with the next flush.
        let takes_due = self.flush_due.is_empty();
        while let Some(output) = self.desk.poll_output() {
            match output {
                Output::Send { conn, text } => self.send_to_browser(conn, ToBrowser::Text(text)),
                Output::Push { conn, seq, body } => self.send_to_browser(conn, ToBrowser::Push(seq, body)),
                Output::FlushDue { conn } => {
                    if takes_due {
                        self.flush_due.push_back(conn);
                    }
                }
                Output::Close { conn, error } => {
                    self.send_to_browser(conn, ToBrowser::Close(Box::new(error)));
                    self.browsers.remove(&conn);
                }
                Output::Lookup { conn, request, user, params } => self.look_up(conn, request, user, params),
                Output::Settings { conn, request, user, change } => {
                    self.settings(conn, request, user, change);
                }
                Output::Photo { conn, request, user, file } => self.photo(conn, request, user, file),
                Output::People(change) => {
                    if self.outlets.people.try_send(change).is_err() {
                        tracing::warn!("the store is behind: what somebody said is not kept");
                    }
                }
                Output::VoicemailLink { conn, request, user, message } => {
                    let link = self.voicemail_link(user, message);
                    self.send_to_browser(conn, ToBrowser::Text(response(request, Ok(link))));
                }
                Output::TakeSettings(changes) => {
                    if self.outlets.settings.try_send(changes).is_err() {
                        tracing::warn!("the store is behind: changed settings are not kept");
                    }
                }
                Output::Answered { ask, outcome } => {
                    if let Some(reply) = self.asks.remove(&ask) {
                        // Whoever asked may have gone.
                        drop(reply.send(outcome));
                    }
                }
                Output::Node { link, frame } => self.send_to_node(link, ToNode::Frame(frame)),
                Output::Directory { link, directory } => {
                    self.send_to_node(link, ToNode::Directory(directory))
                }
                Output::RaiseDirectory { above } => self.outlets.directory.raise_above(above),
                Output::CloseLink { link } => {
                    if let Some(line) = self.nodes.remove(&link) {
                        line.cut.notify_one();
                    }
                }
                Output::SaveSession(record) => self.change_session(SessionChange::Save(record)),
                Output::DropSession(id) => self.change_session(SessionChange::Drop(id)),
                Output::Wake(call) => self.wake(PushItem::Wake(call)),
                Output::WakeOver { user, call, reason } => {
                    self.wake(PushItem::Over { user, call, reason });
                }
                Output::Record(record) => self.record(HistoryItem::Call(record)),
                Output::Chat(job) => {
                    if let Some(refused) = self.outlets.chat.give(*job) {
                        self.desk.handle_chat(Instant::now(), refused);
                    }
                }
                Output::Figures(figures) => self.record(HistoryItem::Leg(figures)),
                Output::Side(side) => self.record(HistoryItem::Side(side)),
                Output::HistorySeen { user } => self.record(HistoryItem::Seen(user)),
            }
        }
        self.fan_out.send(permit);
    }

    fn send_to_browser(&mut self, conn: ConnId, message: ToBrowser) {
        let Some(line) = self.browsers.get(&conn) else { return };
        let has_room = match line {
            BrowserLine::Outlet(outlet) => self.fan_out.give(conn, outlet, message),
            BrowserLine::Translator(line) => line.queue.try_send(message).is_ok(),
        };
        if !has_room {
            line.cut();
            // A page's own connection counts itself where it ends.
            if let Some(BrowserLine::Translator(_)) = self.browsers.remove(&conn) {
                self.outlets.counters.slow_browsers.fetch_add(1, Ordering::Relaxed);
            }
            self.desk.handle_disconnected(Instant::now(), conn);
        }
    }

    fn send_to_node(&mut self, link: LinkId, message: ToNode) {
        let Some(line) = self.nodes.get(&link) else { return };
        if line.queue.try_send(message).is_err() {
            line.cut.notify_one();
            self.nodes.remove(&link);
            self.outlets.counters.slow_nodes.fetch_add(1, Ordering::Relaxed);
            self.desk.handle_node_disconnected(Instant::now(), link);
        }
    }

    fn wake(&self, item: PushItem) {
        if self.outlets.pushes.try_send(item).is_err() {
            tracing::warn!("push is behind: a browser is not told of a call");
        }
    }

    fn change_session(&self, change: SessionChange) {
        if self.outlets.sessions.try_send(change).is_err() {
            tracing::warn!("the store is behind: a session will not survive a restart");
        }
    }

    fn record(&self, item: HistoryItem) {
        let call = item.call();
        if self.outlets.records.try_send(item).is_err() {
            self.outlets.counters.history_shed.fetch_add(1, Ordering::Relaxed);
            tracing::warn!(
                call = call.map(tracing::field::display),
                "the store is behind: a call or its quality is missing in history"
            );
        }
    }

    fn voicemail_link(&self, user: UserId, message: RecordingId) -> VoicemailLink {
        let expires_at = unix_ms() + LINK_LIFETIME.as_millis() as u64;
        let link = self.outlets.key.sign_link(&access::VoicemailLink { user, message, expires_at });
        VoicemailLink {
            path: Pii(format!("/api/v1/voicemail-links/{link}")),
            expires_in: LINK_LIFETIME.as_secs() as u32,
        }
    }

    /// Reads or changes a user's settings beside the desk, which learns of a change by the new directory.
    fn settings(&mut self, conn: ConnId, request: u32, user: UserId, change: Option<Box<SettingsChange>>) {
        let Some(line) = self.browsers.get(&conn) else { return };
        let line = line.clone();
        if self.lookups.len() >= MAX_LOOKUPS {
            let error = ErrorInfo::new(ErrorCode::RateLimited, "too many look-ups at once");
            self.send_to_browser(conn, ToBrowser::Text(response::<Settings>(request, Err(error))));
            return;
        }
        let (store, directory) = (self.outlets.store.clone(), self.outlets.directory.clone());
        let realm = self.outlets.realm.clone();
        self.lookups.spawn(async move {
            let outcome = match change {
                None => settings::of(&store, user).await.map_err(Refusal::from),
                Some(change) => settings::change(&store, &directory, (user, &realm), *change).await,
            };
            let text = response(request, outcome.map_err(|refusal| refusal.as_error_info()));
            line.answer(text);
        });
    }

    /// Gives a user another picture beside the desk, which learns of it by the new directory.
    fn photo(&mut self, conn: ConnId, request: u32, user: UserId, file: Option<FileId>) {
        let Some(line) = self.browsers.get(&conn) else { return };
        let line = line.clone();
        if self.lookups.len() >= MAX_LOOKUPS {
            let error = ErrorInfo::new(ErrorCode::RateLimited, "too many look-ups at once");
            self.send_to_browser(conn, ToBrowser::Text(response::<Empty>(request, Err(error))));
            return;
        }
        let photos = self.outlets.photos.clone();
        self.lookups.spawn(async move {
            let outcome = match file {
                Some(file) => photos.set(user, (user, file)).await,
                None => photos.clear(user).await,
            };
            let outcome = outcome.map(|()| Empty {}).map_err(|refusal| refusal.as_error_info());
            line.answer(response(request, outcome));
        });
    }

    fn look_up(&mut self, conn: ConnId, request: u32, user: UserId, params: HistoryParams) {
        let Some(line) = self.browsers.get(&conn) else { return };
        let line = line.clone();
        if self.lookups.len() >= MAX_LOOKUPS {
            let error = ErrorInfo::new(ErrorCode::RateLimited, "too many look-ups at once");
            self.send_to_browser(conn, ToBrowser::Text(response::<HistoryResult>(request, Err(error))));
            return;
        }
        let store = self.outlets.store.clone();
        self.lookups.spawn(async move {
            let text = response(request, history(&store, user, params).await);
            line.answer(text);
        });
    }
}

async fn history(store: &Store, user: UserId, params: HistoryParams) -> Result<HistoryResult, ErrorInfo> {
    let limit = params.limit.unwrap_or(50);
    match store.own_history(user, params.outcome, params.cursor.as_deref(), limit).await {
        Ok(Some(page)) => Ok(page),
        Ok(None) => Err(ErrorInfo::new(ErrorCode::BadRequest, "the cursor is not one of the server's")),
        Err(error) => {
            tracing::error!(%error, "history cannot be read");
            Err(ErrorInfo::new(ErrorCode::Internal, "history cannot be read"))
        }
    }
}

fn response<T: serde::Serialize>(id: u32, outcome: Result<T, ErrorInfo>) -> Arc<str> {
    let (result, error) = match outcome {
        Ok(result) => (serde_json::to_value(result).ok(), None),
        Err(error) => (None, Some(error)),
    };
    crate::ws::encode(&Response { id, result, error })
}
