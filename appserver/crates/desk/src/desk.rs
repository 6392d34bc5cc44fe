//! The owner of sessions, presence and mirrored calls.

mod attach;
mod chat;
mod chat_news;
mod company;
mod contacts;
mod events;
mod history;
mod moves;
mod nodes;
mod presence;
mod quality;
mod recordings;
mod requests;
mod rooms;
mod settings;
mod standby;
mod statements;
mod telephones;
mod timeouts;
mod voicemail;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    net::IpAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use ringdown_control::{
    AppFrame, CallRecord, Command, CommandId, CommandResult, DirectorySnapshot, LegFigures, SettingChanged,
};
use ringdown_protocol::{CallInfo, ErrorInfo, HistoryParams, Me, Push, Response, SettingsChange};
use ringdown_types::{CallId, EndReason, FileId, LegId, NodeId, Random, RecordingId, SessionId, UserId};
use serde_json::Value;

use crate::{
    ChatJob, Person, Rate, RateLimiter, SessionKind, SessionName, SessionRecord,
    contacts::AddressBook,
    known::Watchers,
    mirror::Mirror,
    node::Node,
    pending::PendingCommands,
    people::Roster,
    ring::{Kept, PushBody},
    session::{Presence, Session},
    timer::Timers,
};

pub use company::{PeopleChange, PeopleRecords, SavedStatement};
pub use history::CallSide;
pub use quality::quality_as_seen;
pub use settings::{AskId, settings_as_shown};
pub use standby::WakeCall;
pub use voicemail::mailbox_as_shown;

/// A browser's connection. The shell counts them up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnId(pub u64);

/// A softswitch's connection. The shell counts them up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkId(pub u64);

/// A `hello` whose token or ticket was found good.
#[derive(Debug, Clone)]
pub struct HelloInput {
    /// The connection.
    pub conn: ConnId,
    /// The request's id.
    pub request: u32,
    /// Where it comes from.
    pub address: IpAddr,
    /// The account.
    pub user: UserId,
    /// The account's epoch as the token says.
    pub epoch: u64,
    /// The sign-in the token belongs to.
    pub family: String,
    /// When the access token ends; `None` for a ticket.
    pub token_ends: Option<Instant>,
    /// What the session is for.
    pub kind: SessionKind,
    /// Its id and secret, where they are not to be random. Where a session has the id already, they are random after
    /// all.
    pub name: Option<SessionName>,
}

/// A `resume`.
#[derive(Clone)]
pub struct ResumeInput {
    /// The connection.
    pub conn: ConnId,
    /// The request's id.
    pub request: u32,
    /// Where it comes from.
    pub address: IpAddr,
    /// The session.
    pub session: SessionId,
    /// The hash of the secret, by [`secret_hash`](crate::secret_hash).
    pub secret_hash: [u8; 32],
    /// The last push the client saw; 0 asks for the whole state.
    pub last_seq: u64,
}

/// A softswitch's `Hello` whose token was found good.
#[derive(Debug, Clone)]
pub struct NodeHello {
    /// The connection.
    pub link: LinkId,
    /// The instance.
    pub node: NodeId,
    /// A name for people.
    pub name: String,
    /// The version both speak.
    pub version: u32,
    /// The directory it has.
    pub directory_version: u64,
}

impl std::fmt::Debug for ResumeInput {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ResumeInput").field("session", &self.session).finish_non_exhaustive()
    }
}

/// What the shell does.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// Sends an answer to a browser. Where it does not fit into the connection's queue, the connection is closed: the
    /// client resumes and gets it again.
    Send {
        /// The connection.
        conn: ConnId,
        /// The frame.
        text: Arc<str>,
    },
    /// Sends a push to a browser, as [`Output::Send`] does.
    Push {
        /// The connection.
        conn: ConnId,
        /// Its number.
        seq: u64,
        /// The rest of it.
        body: PushBody,
    },
    /// Presence or directory changes wait for this connection: call [`Desk::flush`] if its queue has room. If not,
    /// they go on gathering and this comes again.
    FlushDue {
        /// The connection.
        conn: ConnId,
    },
    /// Closes a connection after what was sent to it before.
    Close {
        /// The connection.
        conn: ConnId,
        /// Why.
        error: ErrorInfo,
    },
    /// Looks up the history of the user and answers the request.
    Lookup {
        /// The connection.
        conn: ConnId,
        /// The request's id.
        request: u32,
        /// Whose history.
        user: UserId,
        /// Which page.
        params: HistoryParams,
    },
    /// Reads or changes the user's settings and answers the request.
    Settings {
        /// The connection.
        conn: ConnId,
        /// The request's id.
        request: u32,
        /// Whose settings.
        user: UserId,
        /// What to change; `None` reads them.
        change: Option<Box<SettingsChange>>,
    },
    /// Gives the user another photo, or none, and answers the request.
    Photo {
        /// The connection.
        conn: ConnId,
        /// The request's id.
        request: u32,
        /// Whose photo.
        user: UserId,
        /// An own picture nobody was given yet.
        file: Option<FileId>,
    },
    /// Keeps what people said and chose.
    People(PeopleChange),
    /// Makes a link to the sound of a message in the user's mailbox and answers the request.
    VoicemailLink {
        /// The connection.
        conn: ConnId,
        /// The request's id.
        request: u32,
        /// Whose mailbox.
        user: UserId,
        /// Which message.
        message: RecordingId,
    },
    /// Writes to history what became of a call for one of its sides. A later one of the same side replaces it.
    Side(Box<CallSide>),
    /// The user has seen every missed call told before.
    HistorySeen {
        /// Who.
        user: UserId,
    },
    /// Keeps what users changed on a softswitch, in this order.
    TakeSettings(Vec<SettingChanged>),
    /// The outcome of [`Desk::handle_ask`].
    Answered {
        /// The question.
        ask: AskId,
        /// What the softswitch said.
        outcome: Result<CommandResult, ErrorInfo>,
    },
    /// Sends a frame to a softswitch. Where it does not fit, the link is closed: the node reconnects.
    Node {
        /// The connection.
        link: LinkId,
        /// The frame.
        frame: AppFrame,
    },
    /// Sends the directory to a softswitch.
    Directory {
        /// The connection.
        link: LinkId,
        /// The directory.
        directory: Arc<DirectorySnapshot>,
    },
    /// A softswitch has a directory newer than ours: count ours up beyond it and hand it in again.
    RaiseDirectory {
        /// The version it has.
        above: u64,
    },
    /// Closes a softswitch's connection: another of the same instance took its place.
    CloseLink {
        /// The connection.
        link: LinkId,
    },
    /// Keeps a session for a restart.
    SaveSession(SessionRecord),
    /// Forgets a session.
    DropSession(SessionId),
    /// Wakes a user's browsers: a call rings, and no page is there.
    Wake(Box<WakeCall>),
    /// They need not come any more.
    WakeOver {
        /// Whose.
        user: UserId,
        /// The call.
        call: CallId,
        /// Why it rings no more.
        reason: EndReason,
    },
    /// Writes a finished call to history.
    Record(Box<CallRecord>),
    /// Writes how good a leg of a finished call was to history.
    Figures(Box<LegFigures>),
    /// Does something in the chat; [`Desk::handle_chat`] is told what came of it.
    Chat(Box<ChatJob>),
}

/// How much there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stats {
    /// Sessions, attached or not.
    pub sessions: usize,
    /// Sessions with a connection.
    pub attached: usize,
    /// Legs that are not over.
    pub legs: usize,
    /// Softswitches connected.
    pub nodes: usize,
    /// Frames refused because their sender was too fast, since the start.
    pub rate_limited: u64,
}

/// The longest wait between a change of presence and its push. Longer saves pushes in a busy company.
pub(crate) const FLUSH_EVERY: Duration = Duration::from_millis(100);
/// What changes together is told together.
pub(crate) const GATHER: Duration = Duration::from_millis(5);
/// Requests of one user, over all sessions: a burst of trickled candidates fits.
const USER_RATE: Rate = Rate { burst: 200, per_second: 40.0 };
/// Requests of one address: an office behind one address fits.
const ADDRESS_RATE: Rate = Rate { burst: 4_000, per_second: 1_000.0 };

/// The owner of sessions, presence and mirrored calls.
pub struct Desk {
    random: Box<dyn Random>,
    roster: Roster,
    directory: Option<Arc<DirectorySnapshot>>,
    sessions: HashMap<SessionId, Session>,
    by_user: HashMap<UserId, BTreeSet<SessionId>>,
    by_conn: HashMap<ConnId, SessionId>,
    mirror: Mirror,
    parked: moves::Parked,
    rooms: rooms::Rooms,
    recordings: recordings::Running,
    nodes: HashMap<NodeId, Node>,
    by_link: HashMap<LinkId, NodeId>,
    links_seen: u64,
    pending: PendingCommands,
    /// What was sent along with calls whose reply came before their leg.
    confirmed: VecDeque<(LegId, BTreeMap<String, String>)>,
    /// What others were last told; nobody is told of somebody who was always offline.
    told: HashMap<UserId, presence::Told>,
    watchers: Watchers,
    /// Sessions with something to be told at the next flush.
    stale: BTreeSet<SessionId>,
    company: company::Company,
    contacts: AddressBook,
    sides: history::OpenSides,
    /// Missed calls users have not seen; nobody without one.
    missed: HashMap<UserId, u32>,
    mailboxes: voicemail::Mailboxes,
    statements: statements::Statements,
    standbys: standby::Standbys,
    chat: chat::Chat,
    telephones: telephones::Telephones,
    user_rate: RateLimiter<UserId>,
    address_rate: RateLimiter<IpAddr>,
    rate_limited: u64,
    switch_up: bool,
    /// Every softswitch had the time to tell its calls since the start.
    calls_complete: bool,
    /// The first of them told, and the others are given their time.
    awaits_nodes: bool,
    flush_set: bool,
    flushed_at: Option<Instant>,
    /// What was told in the flush under way, by what had changed: most sessions are told the same.
    told_now: HashMap<presence::Stale, presence::News>,
    /// The whole directory as it is given to sessions, until something in it changes.
    everybody: Option<ringdown_protocol::DirectoryText>,
    timers: Timers,
    outputs: VecDeque<Output>,
    server_version: String,
    started: (Instant, u64),
}

impl Desk {
    /// An empty desk. `random` makes session secrets: the shell hands over the operating system's source. `started`
    /// is one moment on both clocks, Unix time in milliseconds.
    pub fn new(random: Box<dyn Random>, server_version: &str, started: (Instant, u64)) -> Self {
        Self {
            random,
            roster: Roster::default(),
            directory: None,
            sessions: HashMap::new(),
            by_user: HashMap::new(),
            by_conn: HashMap::new(),
            mirror: Mirror::default(),
            parked: moves::Parked::new(),
            rooms: rooms::Rooms::new(),
            recordings: recordings::Running::new(),
            nodes: HashMap::new(),
            by_link: HashMap::new(),
            links_seen: 0,
            pending: PendingCommands::default(),
            confirmed: VecDeque::new(),
            told: HashMap::new(),
            watchers: Watchers::default(),
            stale: BTreeSet::new(),
            company: company::Company::default(),
            contacts: AddressBook::default(),
            sides: history::OpenSides::default(),
            missed: HashMap::new(),
            mailboxes: voicemail::Mailboxes::default(),
            statements: statements::Statements::default(),
            standbys: standby::Standbys::new(),
            chat: chat::Chat::default(),
            telephones: telephones::Telephones::default(),
            user_rate: RateLimiter::new(USER_RATE, 100_000),
            address_rate: RateLimiter::new(ADDRESS_RATE, 100_000),
            rate_limited: 0,
            switch_up: false,
            calls_complete: false,
            awaits_nodes: false,
            flush_set: false,
            flushed_at: None,
            told_now: HashMap::new(),
            everybody: None,
            timers: Timers::default(),
            outputs: VecDeque::new(),
            server_version: server_version.to_owned(),
            started,
        }
    }

    /// The next thing to do; `None` when all is said.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When [`Self::handle_timeout`] is due.
    pub fn next_timeout(&self) -> Option<Instant> {
        self.timers.next()
    }

    /// How much there is.
    pub fn stats(&self) -> Stats {
        Stats {
            sessions: self.sessions.len(),
            attached: self.by_conn.len(),
            legs: self.mirror.len(),
            nodes: self.by_link.len(),
            rate_limited: self.rate_limited,
        }
    }

    /// Every account's sides of calls, as no session of theirs: oldest first.
    pub fn calls(&self) -> Vec<(Me, CallInfo)> {
        let nobody = SessionId::from_u128(0);
        let sides = self.mirror.legs().filter_map(|leg| {
            let person = self.roster.person(leg.info.user?)?;
            Some((person.me(), leg.call_info(nobody)))
        });
        let mut sides: Vec<_> = sides.collect();
        sides.sort_by(|(_, a), (_, b)| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
        sides
    }

    /// Takes sessions of an earlier run. They are detached as of `now`.
    pub fn restore(&mut self, now: Instant, records: Vec<SessionRecord>) {
        for record in records {
            let id = record.id;
            self.by_user.entry(record.user).or_default().insert(id);
            self.sessions.insert(id, Session::new(record, Presence::Detached { since: now }, true));
            self.set_detached_timers(now, id);
        }
        let users: Vec<_> = self.by_user.keys().copied().collect();
        for user in users {
            self.update_presence(now, user);
        }
    }

    /// Takes what is remembered of people over a restart; after the directory, so that nobody is taken who is gone.
    pub fn restore_people(&mut self, now: Instant, records: PeopleRecords) {
        let PeopleRecords { mut statements, favourites, recent, missed } = records;
        statements.retain(|said| self.roster.person(said.user).is_some());
        self.restore_statements(now, statements);
        self.company.restore(favourites, recent);
        self.missed = missed.into_iter().filter(|(_, missed)| *missed > 0).collect();
        let roster = &self.roster;
        self.company.retain(|user| roster.person(user).is_some());
        self.missed.retain(|user, _| roster.person(*user).is_some());
    }

    /// Takes the directory anew: at the start and after every change of an account or a device.
    pub fn handle_directory(&mut self, now: Instant, people: Vec<Person>, directory: Arc<DirectorySnapshot>) {
        self.tell_changed_settings(&directory);
        self.tell_changed_tones(&directory);
        let recording_right = self.directory.as_ref().map(|directory| directory.recording);
        let before = self.roster.listed().to_vec();
        let changed = self.roster.replace(people);
        self.forget_texts();
        let roster = &self.roster;
        self.statements.retain(|user| roster.person(user).is_some());
        self.company.retain(|user| roster.person(user).is_some());
        self.missed.retain(|user, _| roster.person(*user).is_some());
        self.limit_known(&before);
        self.take_undisturbed(now, &directory);
        let ids: Vec<_> = self.sessions.keys().copied().collect();
        for id in ids {
            if !self.is_authorized(id) {
                self.end_session(now, id, Some(signed_out()));
            }
        }
        for &user in &changed {
            let knowing: Vec<_> = self.watchers.of(user).collect();
            for id in knowing {
                if let Some(session) = self.sessions.get_mut(&id) {
                    session.stale_entries.insert(user);
                    self.flush_soon(now, id);
                }
            }
            self.update_presence(now, user);
        }
        for &link in self.by_link.keys() {
            self.outputs.push_back(Output::Directory { link, directory: Arc::clone(&directory) });
        }
        self.directory = Some(directory);
        self.tell_changed_right(recording_right);
    }

    /// A sign-in ended by logout or because its refresh token was stolen: so do its sessions.
    pub fn handle_sign_out(&mut self, now: Instant, family: &str) {
        let ids: Vec<_> = self
            .sessions
            .values()
            .filter(|session| session.record.family == family)
            .map(|session| session.record.id)
            .collect();
        for id in ids {
            self.end_session(now, id, Some(signed_out()));
        }
    }

    /// Whether the session's account still is what it was when it signed in.
    fn is_authorized(&self, session: SessionId) -> bool {
        let Some(session) = self.sessions.get(&session) else { return false };
        let person = self.roster.person(session.record.user);
        person.is_some_and(|person| person.enabled && person.epoch == session.record.epoch)
    }

    /// Unix time in milliseconds.
    fn unix_ms(&self, now: Instant) -> u64 {
        self.started.1 + now.saturating_duration_since(self.started.0).as_millis() as u64
    }

    /// Gives a push to a session; it is sent if somebody is there, and kept for a replay in any case.
    fn push(&mut self, session: SessionId, push: Push) {
        let body = PushBody::new(&push);
        self.push_kept(session, body.clone(), Kept::Push(body));
    }

    /// The same for a push that is kept in another form.
    fn push_kept(&mut self, session: SessionId, body: PushBody, kept: Kept) {
        let Some(session) = self.sessions.get_mut(&session) else { return };
        let seq = session.keep(kept);
        if let Some(conn) = session.conn() {
            self.outputs.push_back(Output::Push { conn, seq, body });
        }
    }

    /// Says what is said again soon: it is neither counted nor replayed.
    fn push_uncounted(&mut self, session: SessionId, push: Push) {
        if let Some(conn) = self.sessions.get(&session).and_then(Session::conn) {
            self.outputs.push_back(Output::Push { conn, seq: 0, body: PushBody::new(&push) });
        }
    }

    fn respond(&mut self, conn: ConnId, request: u32, outcome: Result<Value, ErrorInfo>) {
        let text = response_text(request, outcome);
        self.outputs.push_back(Output::Send { conn, text });
    }

    /// Answers with a result that may be large: it is written without a tree of values.
    fn respond_with<T: serde::Serialize>(&mut self, conn: ConnId, request: u32, result: &T) {
        let mut text = format!("{{\"id\":{request},\"result\":").into_bytes();
        serde_json::to_writer(&mut text, result).expect("string keys, finite numbers");
        text.push(b'}');
        let text = String::from_utf8(text).expect("JSON is UTF-8");
        self.outputs.push_back(Output::Send { conn, text: text.into() });
    }

    /// A command nobody waits for.
    fn tell_node(&mut self, link: LinkId, command: Command) {
        let id = CommandId(self.random.u64());
        self.outputs.push_back(Output::Node { link, frame: AppFrame::Command { id, command } });
    }

    fn sessions_of(&self, user: UserId) -> Vec<SessionId> {
        self.by_user.get(&user).into_iter().flatten().copied().collect()
    }
}

/// The frame that answers a request.
pub(crate) fn response_text(id: u32, outcome: Result<Value, ErrorInfo>) -> Arc<str> {
    let (result, error) = match outcome {
        Ok(result) => (Some(result), None),
        Err(error) => (None, Some(error)),
    };
    serde_json::to_string(&Response { id, result, error })
        .expect("responses have string keys and finite numbers")
        .into()
}

fn signed_out() -> ErrorInfo {
    ErrorInfo::new(ringdown_protocol::ErrorCode::BadCredentials, "the sign-in is over")
}

impl std::fmt::Debug for Desk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Desk").field("stats", &self.stats()).finish_non_exhaustive()
    }
}
