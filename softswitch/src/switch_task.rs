//! The task that owns the switch: one input at a time in, its outputs out, then the next deadline.
//!
//! Everything that signals runs through here, so the switch needs no lock. The task does no waiting of its own: what
//! it sends is queued or dropped at once.

use std::{
    collections::{HashMap, VecDeque},
    net::SocketAddr,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use bytes::Bytes;
use ringdown_control::{
    Command, CommandError, CommandId, CommandResult, DirectorySnapshot, Event, NodeFrame, SettingChanged,
};
use ringdown_media::api::MediaEvent;
use ringdown_sip::{
    endpoint::{ConnectionId, Destination, Flow, Transmit, Transport},
    message::{Message, ParseError},
};
use ringdown_switch::{Output, Switch};
use ringdown_types::{RecordingId, TonePlan, contain};
use tokio::{
    sync::mpsc,
    task::yield_now,
    time::{sleep_until, timeout},
};
use tracing::{debug, error, info, warn};

use crate::{
    control_link::Outgoing,
    driver::{Connection, Listeners, UdpSockets},
    health::Health,
    lanes::{Lanes, PATIENCE, Waiting},
    media_task::WorkerInput,
    random::SystemRandom,
    recordings::{FileJob, Recordings},
    sound_fetch::{FetchError, SoundFetcher},
    state_file::StateFile,
    worker_handle::{WorkerEnds, WorkerHandle},
};

/// Inputs that wait for the switch. More are late by the time their turn comes; the drivers drop datagrams then and
/// stop reading from connections.
pub(crate) const INPUTS: usize = 16_384;

/// Inputs taken before the outputs' turn and the clock's.
const BURST: usize = 64;

/// Ended calls remembered for an app server that comes back: their records are sent again, it knows them by call.
const RECORDS: usize = 4_096;

/// Messages that wait for one connection attempt.
const WAITING_FOR_CONNECTION: usize = 64;

/// How long phones get to answer the BYEs of a shutdown.
const FAREWELL: std::time::Duration = std::time::Duration::from_millis(500);

/// What comes in.
#[derive(Debug)]
pub(crate) enum SwitchInput {
    /// A message of a WebSocket.
    Datagram {
        /// Where it came from.
        flow: Flow,
        /// What.
        bytes: Bytes,
    },
    /// A message of a byte stream.
    Message {
        /// Where it came from.
        flow: Flow,
        /// The message.
        message: Box<Message>,
    },
    /// Something on a byte stream that is no message.
    Malformed {
        /// Where it came from.
        flow: Flow,
        /// What is wrong with it.
        error: ParseError,
    },
    /// A connection is open.
    Connected(Connection),
    /// A connection closed.
    ConnectionClosed {
        /// Its flow.
        flow: Flow,
    },
    /// A TCP connection could not be opened.
    ConnectFailed {
        /// To whom.
        remote: SocketAddr,
    },
    /// The network says that datagrams over this flow do not arrive.
    Unreachable {
        /// The flow.
        flow: Flow,
    },
    /// A media worker reports, or what became of a recording.
    Media(MediaEvent),
    /// A media worker was lost, and another thread takes its place.
    WorkerReplaced {
        /// Which.
        worker: usize,
        /// The one that is it now.
        ends: WorkerEnds,
    },
    /// A recording that a media worker asked for.
    RecordingRead {
        /// The worker.
        worker: usize,
        /// The recording.
        recording: RecordingId,
        /// What is in it, `None` where there is none.
        samples: Option<Arc<[i16]>>,
    },
    /// The app server is there.
    LinkUp(Outgoing),
    /// The app server is gone.
    LinkDown,
    /// What the machine's clock shows.
    WallClock {
        /// Unix time in milliseconds.
        unix_ms: u64,
    },
    /// The app server lost count.
    SnapshotRequest,
    /// The app server's directory.
    Directory(DirectorySnapshot),
    /// The answer to a command that the switch itself does not answer.
    Reply {
        /// The command's id.
        id: CommandId,
        /// Its outcome.
        result: CommandResult,
    },
    /// The sound of a command that names a URL, or why there is none.
    Fetched {
        /// The command's id.
        id: CommandId,
        /// The command.
        command: Box<Command>,
        /// What is heard: samples of the rate of recordings.
        sound: Result<Arc<[i16]>, FetchError>,
    },
    /// The app server wants something.
    Command {
        /// Its id.
        id: CommandId,
        /// What.
        command: Command,
    },
    /// The program is to end: calls are hung up.
    Stop,
}

/// The switch and what it acts through.
pub(crate) struct SwitchTask {
    /// The switch.
    pub switch: Switch,
    /// What comes in.
    pub inputs: mpsc::Receiver<SwitchInput>,
    /// Its other end, for connections made here.
    pub sender: mpsc::Sender<SwitchInput>,
    /// SIP over UDP.
    pub udp: UdpSockets,
    /// SIP over connections of every kind.
    pub listeners: Listeners,
    /// The media workers.
    pub workers: Vec<WorkerHandle>,
    /// Where recordings are kept.
    pub recordings: Recordings,
    /// Fetches sounds that are played by URL.
    pub sound_fetcher: Arc<SoundFetcher>,
    /// Takes the country whose tones are wanted.
    pub tone_plans: std::sync::mpsc::SyncSender<TonePlan>,
    /// Where the directory is kept.
    pub directory: StateFile<DirectorySnapshot>,
    /// Where settings are kept that the directory does not hold yet.
    pub settings: StateFile<Vec<SettingChanged>>,
    /// The version of the directory in force.
    pub directory_version: Arc<AtomicU64>,
    /// What is told of ourselves.
    pub health: Arc<Health>,
}

impl SwitchTask {
    /// Runs until told to stop or every sender is gone.
    pub(crate) async fn run(self) {
        let workers = self.workers.len();
        let mut running = Running {
            connections: Connections::default(),
            link: Link::default(),
            commanded: vec![false; workers],
            lanes: Lanes::default(),
            datagrams: Vec::new(),
            failures: 0,
            task: self,
        };
        let mut clock = pin!(sleep_until(Instant::now().into()));
        loop {
            // A deadline that moved away is not worth a timer: the clock then rings once for nothing.
            if let Some(due) = running.task.switch.next_timeout()
                && (due < clock.deadline().into_std() || clock.is_elapsed())
            {
                clock.as_mut().reset(due.into());
            }
            let is_due = running.task.switch.next_timeout().is_some();
            if running.lanes.is_empty() {
                running.task.health.pulse.rests();
                tokio::select! {
                    biased;
                    input = running.task.inputs.recv() => match input {
                        Some(SwitchInput::Stop) | None => break,
                        Some(input) => running.contained(input),
                    },
                    () = running.task.udp.readable() => {}
                    () = clock.as_mut(), if is_due => {}
                }
            } else {
                // Sockets are looked at, and other tasks of these threads have their turn.
                tokio::select! {
                    biased;
                    () = running.task.udp.readable() => yield_now().await,
                    () = yield_now() => {}
                }
            }
            running.task.health.pulse.works(Instant::now());
            for _ in 0..BURST {
                match running.task.inputs.try_recv() {
                    Ok(SwitchInput::Stop) => return running.farewell().await,
                    Ok(input) => running.contained(input),
                    Err(_) => break,
                }
            }
            running.sort_datagrams();
            running.take_datagrams();
            running.contain(|running| running.task.switch.handle_timeout(Instant::now()));
            running.act();
            running.wake_workers();
        }
        running.farewell().await;
    }
}

struct Running {
    task: SwitchTask,
    /// Datagrams that wait.
    lanes: Lanes,
    datagrams: Vec<(Flow, Bytes)>,
    /// Bugs that were contained here.
    failures: u64,
    /// Workers with commands they were not woken for.
    commanded: Vec<bool>,
    connections: Connections,
    link: Link,
}

/// Open connections, and messages for TCP connections that are being opened.
#[derive(Default)]
struct Connections {
    open: HashMap<ConnectionId, Connection>,
    /// The latest TCP connection of each peer, to be used again (RFC 3261 §18).
    of_peer: HashMap<SocketAddr, ConnectionId>,
    waiting: HashMap<SocketAddr, Vec<Bytes>>,
}

/// The control link, as far as the switch task sees it.
#[derive(Default)]
struct Link {
    outgoing: Option<Outgoing>,
    seq: u64,
    records: VecDeque<Event>,
    /// Events that were left out.
    shed: u64,
}

impl Running {
    /// Empties the sockets, so that the kernel drops nothing, and sorts what they held.
    fn sort_datagrams(&mut self) {
        let now = Instant::now();
        self.task.udp.read(&mut self.datagrams);
        for (flow, bytes) in self.datagrams.drain(..) {
            let is_known = self.task.switch.knows(flow);
            self.lanes.push(now, (flow, bytes), is_known);
        }
    }

    /// Handles a burst of datagrams. New work that waited too long is turned away.
    fn take_datagrams(&mut self) {
        for _ in 0..BURST {
            let Some(Waiting { since, flow, bytes, is_new }) = self.lanes.pop() else { break };
            let now = Instant::now();
            let is_late = is_new && now.saturating_duration_since(since) > PATIENCE;
            self.contain(|running| match is_late {
                true => running.task.switch.handle_late_datagram(now, flow, &bytes),
                false => running.task.switch.handle_datagram(now, flow, &bytes),
            });
            self.act();
        }
    }

    /// A bug in one input takes no other with it. Calls and legs keep their own bugs to themselves; this is for what is
    /// around them.
    fn contain(&mut self, work: impl FnOnce(&mut Self)) {
        if contain(|| work(self)).is_err() {
            self.failures += 1;
            error!("an input failed inside and is dropped");
        }
    }

    fn contained(&mut self, input: SwitchInput) {
        self.contain(|running| running.handle(input));
    }

    fn handle(&mut self, input: SwitchInput) {
        let now = Instant::now();
        let switch = &mut self.task.switch;
        match input {
            SwitchInput::Datagram { flow, bytes } => switch.handle_datagram(now, flow, &bytes),
            SwitchInput::Message { flow, message } => switch.handle_message(now, flow, *message),
            SwitchInput::Malformed { flow, error } => switch.handle_malformed(now, flow, &error),
            SwitchInput::Connected(connection) => self.connected(connection),
            SwitchInput::ConnectionClosed { flow } => {
                self.connections.remove(flow);
                switch.handle_transport_closed(now, Destination::Flow(flow));
            }
            SwitchInput::Unreachable { flow } => {
                debug!("a telephone is not there");
                switch.handle_transport_closed(now, Destination::Flow(flow));
            }
            SwitchInput::ConnectFailed { remote } => {
                debug!("telephone does not accept a connection");
                self.connections.waiting.remove(&remote);
                let failed = Destination::Address { transport: Transport::Tcp, remote };
                switch.handle_transport_closed(now, failed);
            }
            SwitchInput::Media(event) => switch.handle_media_event(now, event),
            SwitchInput::WorkerReplaced { worker, ends } => {
                if let Some(handle) = self.task.workers.get(worker) {
                    handle.replace(ends);
                    switch.handle_worker_lost(now, worker);
                }
            }
            SwitchInput::RecordingRead { worker, recording, samples } => {
                if let Some(handle) = self.task.workers.get(worker) {
                    handle.send(WorkerInput::Recording { recording, samples });
                }
            }
            SwitchInput::LinkUp(outgoing) => {
                self.task.health.linked.store(true, Ordering::Relaxed);
                self.link.outgoing = Some(outgoing);
                switch.handle_link_up(now);
                self.send_snapshot();
            }
            SwitchInput::LinkDown => {
                self.task.health.linked.store(false, Ordering::Relaxed);
                self.link.outgoing = None;
                switch.handle_link_down();
            }
            SwitchInput::WallClock { unix_ms } => switch.handle_wall_clock(now, unix_ms),
            SwitchInput::SnapshotRequest => self.send_snapshot(),
            SwitchInput::Directory(directory) => self.apply_directory(now, directory),
            SwitchInput::Command {
                id,
                command: Command::FetchVoicemail { user, message, offset, format },
            } => {
                let is_there = switch.voicemail(user).iter().any(|stored| stored.id == message);
                let job = FileJob::Fetch { id, recording: message, format, offset };
                if !is_there || !self.task.recordings.send(job) {
                    self.link.send(NodeFrame::Reply { id, result: no_such_message() });
                }
            }
            SwitchInput::Command { id, command: Command::FetchRecording { recording, offset, by } } => {
                let format = switch.recording(recording, by).map(|recording| recording.format);
                let job = |format| FileJob::FetchRecording { id, recording, format, offset };
                if !format.is_some_and(|format| self.task.recordings.send(job(format))) {
                    self.link.send(NodeFrame::Reply { id, result: no_such_recording() });
                }
            }
            SwitchInput::Reply { id, result } => self.link.send(NodeFrame::Reply { id, result }),
            SwitchInput::Fetched { id, command, sound } => {
                let result = self.play_fetched(now, (id, *command), sound);
                self.link.send(NodeFrame::Reply { id, result });
            }
            SwitchInput::Command { id, command } => match switch.wants_fetched(&command) {
                Ok(None) => {
                    let result = switch.handle_command(now, id, command);
                    // Ahead of the events it caused: the app server knows the leg before it hears of it.
                    self.link.send(NodeFrame::Reply { id, result });
                }
                Ok(Some(url)) => {
                    let url = url.to_owned();
                    self.fetch(url, id, command);
                }
                Err(result) => self.link.send(NodeFrame::Reply { id, result }),
            },
            SwitchInput::Stop => {}
        }
        self.act();
    }

    /// Has a sound fetched, which [`SwitchInput::Fetched`] brings.
    fn fetch(&self, url: String, id: CommandId, command: Command) {
        let (fetcher, sender) = (Arc::clone(&self.task.sound_fetcher), self.task.sender.clone());
        tokio::spawn(async move {
            let sound = fetcher.fetch(&url).await;
            drop(sender.send(SwitchInput::Fetched { id, command: Box::new(command), sound }).await);
        });
    }

    /// Plays what was fetched, as a recording that nobody made.
    fn play_fetched(
        &mut self,
        now: Instant,
        command: (CommandId, Command),
        sound: Result<Arc<[i16]>, FetchError>,
    ) -> CommandResult {
        let samples = match sound {
            Ok(samples) => samples,
            Err(error) => {
                info!(%error, "a sound was not fetched");
                return error.into();
            }
        };
        let recording = RecordingId::random(&mut SystemRandom);
        // The thread has it before the media worker asks.
        if !self.task.recordings.send(FileJob::Lend { recording, samples }) {
            return FetchError::Busy.into();
        }
        self.task.switch.handle_fetched(now, command, recording)
    }

    fn act(&mut self) {
        while let Some(output) = self.task.switch.poll_output() {
            match output {
                Output::Sip(transmit) => self.transmit(transmit),
                Output::Media { worker, command } => {
                    match (self.task.workers.get(worker), self.commanded.get_mut(worker)) {
                        (Some(handle), Some(commanded)) => {
                            *commanded |= handle.queue(WorkerInput::Command(Box::new(command)));
                        }
                        _ => warn!(worker, "no such media worker"),
                    }
                }
                Output::SettingsChanged => {
                    self.task.settings.store(&self.task.switch.changed_settings());
                }
                Output::Event(event) => {
                    if let Event::CallEnded { record } = &event {
                        self.task.health.ended.count(record.reason);
                    }
                    self.link.report(event);
                }
                Output::TonePlan(plan) => {
                    if self.task.tone_plans.try_send(plan).is_err() {
                        error!("the sounds' thread does not keep up; the tones stay as they are");
                    }
                }
                Output::KeepMessage(message) => self.file(FileJob::Keep(message)),
                Output::KeepRecording(recording) => self.file(FileJob::KeepRecording(recording)),
                Output::EndRecording(recording) => self.file(FileJob::Cut { recording }),
                Output::DiscardRecording(recording) => self.file(FileJob::Discard(recording)),
            }
        }
        let (switch, health) = (&self.task.switch, &self.task.health);
        health.calls.store(switch.call_count() as u64, Ordering::Relaxed);
        health.legs.store(switch.leg_count() as u64, Ordering::Relaxed);
        health.registrations.store(switch.registration_count() as u64, Ordering::Relaxed);
        health.transactions.store(switch.transactions() as u64, Ordering::Relaxed);
        health.malformed.store(switch.malformed_messages(), Ordering::Relaxed);
        health.link_shed.store(self.link.shed, Ordering::Relaxed);
        health.shed.store(switch.shed_requests(), Ordering::Relaxed);
        health.unheard.store(switch.unheard() + self.lanes.dropped(), Ordering::Relaxed);
        health.failures.store(switch.failures() + self.failures, Ordering::Relaxed);
    }

    /// One wake for all the commands of a burst.
    fn wake_workers(&mut self) {
        for (commanded, worker) in self.commanded.iter_mut().zip(&self.task.workers) {
            if std::mem::take(commanded) {
                worker.wake();
            }
        }
    }

    fn file(&self, job: FileJob) {
        if !self.task.recordings.send(job) {
            error!(
                "the recordings' disk does not keep up; a change of a mailbox is lost with the next restart"
            );
        }
    }

    fn transmit(&mut self, transmit: Transmit) {
        let Transmit { destination, bytes } = transmit;
        let sent = match destination {
            Destination::Flow(flow) if flow.transport == Transport::Udp => {
                self.task.udp.send(Some(flow.connection), flow.remote, &bytes);
                true
            }
            Destination::Address { transport: Transport::Udp, remote } => {
                self.task.udp.send(None, remote, &bytes);
                true
            }
            Destination::Flow(flow) => {
                let is_sent =
                    self.connections.open.get(&flow.connection).is_some_and(|open| open.send(bytes));
                if !is_sent {
                    // It reads too slowly. What is queued still leaves, then it closes.
                    self.connections.remove(flow);
                }
                is_sent
            }
            Destination::Address { transport: Transport::Tcp, remote } => self.transmit_tcp(remote, bytes),
            // Other connections are made by the peer alone.
            Destination::Address { .. } => false,
        };
        if !sent {
            self.task.switch.handle_transport_closed(Instant::now(), destination);
        }
    }

    /// Over an open connection to the address, or one that is opened for it.
    fn transmit_tcp(&mut self, remote: SocketAddr, bytes: Bytes) -> bool {
        if let Some(open) = self.connections.to(remote) {
            return open.send(bytes);
        }
        let is_new = !self.connections.waiting.contains_key(&remote);
        let waiting = self.connections.waiting.entry(remote).or_default();
        if waiting.len() >= WAITING_FOR_CONNECTION {
            return false;
        }
        waiting.push(bytes);
        if is_new {
            self.task.listeners.connect(remote, &self.task.sender);
        }
        true
    }

    fn connected(&mut self, connection: Connection) {
        let flow = connection.flow;
        if flow.transport == Transport::Tcp {
            for bytes in self.connections.waiting.remove(&flow.remote).into_iter().flatten() {
                connection.send(bytes);
            }
            self.connections.of_peer.insert(flow.remote, flow.connection);
        }
        self.connections.open.insert(flow.connection, connection);
    }

    fn apply_directory(&mut self, now: Instant, directory: DirectorySnapshot) {
        let version = directory.version;
        let (users, devices) = (directory.users.len(), directory.devices.len());
        if let Err(error) = self.task.switch.apply_directory(now, directory.clone()) {
            error!(%error, version, "directory refused; the one before stays in force");
            return;
        }
        info!(version, users, devices, "directory in force");
        self.task.directory.store(&directory);
        self.task.directory_version.store(version, Ordering::Relaxed);
        self.task.health.directory.store(true, Ordering::Relaxed);
        self.link.send(NodeFrame::DirectoryApplied { version });
    }

    fn send_snapshot(&mut self) {
        let snapshot = self.task.switch.snapshot();
        self.link.send(NodeFrame::Snapshot { seq: self.link.seq, snapshot });
        for record in self.link.records.clone() {
            self.link.number(record);
        }
    }

    /// Hangs up every call and waits a moment for the last messages to leave.
    async fn farewell(mut self) {
        let calls = self.task.switch.call_count();
        self.task.switch.handle_shutdown(Instant::now());
        self.act();
        self.wake_workers();
        if calls == 0 {
            return self.task.recordings.flush();
        }
        info!(calls, "hanging up");
        // Telephones confirm their BYEs, and some need them repeated.
        let answers = async {
            loop {
                tokio::select! {
                    input = self.task.inputs.recv() => match input {
                        Some(input) => self.contained(input),
                        None => break,
                    },
                    () = self.task.udp.readable() => {}
                }
                self.sort_datagrams();
                while !self.lanes.is_empty() {
                    self.take_datagrams();
                }
            }
        };
        drop(timeout(FAREWELL, answers).await);
        // Messages that the end of their calls ended.
        self.task.recordings.flush();
    }
}

impl Connections {
    fn to(&self, remote: SocketAddr) -> Option<&Connection> {
        self.open.get(self.of_peer.get(&remote)?)
    }

    fn remove(&mut self, flow: Flow) {
        self.open.remove(&flow.connection);
        if self.of_peer.get(&flow.remote) == Some(&flow.connection) {
            self.of_peer.remove(&flow.remote);
        }
    }
}

/// What is not there, or cannot be read.
pub(crate) fn no_such_message() -> CommandResult {
    let message = "the mailbox has no such message".to_owned();
    CommandResult::Refused { error: CommandError::NoSuchMessage, message }
}

/// What is not there, or not theirs, or cannot be read.
pub(crate) fn no_such_recording() -> CommandResult {
    let message = "there is no such recording".to_owned();
    CommandResult::Refused { error: CommandError::NoSuchRecording, message }
}

impl Link {
    fn report(&mut self, event: Event) {
        if matches!(event, Event::CallEnded { .. } | Event::LegFigures { .. }) {
            if self.records.len() == RECORDS {
                self.records.pop_front();
            }
            self.records.push_back(event.clone());
        }
        self.number(event);
    }

    fn number(&mut self, event: Event) {
        // Who talks is the first to be left out: it is out of date in a moment, and a number left out would be a gap.
        // So is who speaks, and so are figures of quality, which are told again.
        let is_behind = |outgoing: &Outgoing| outgoing.capacity() < outgoing.max_capacity() / 2;
        let is_sheddable = matches!(
            event,
            Event::RoomTalking { .. } | Event::VoiceActivity { .. } | Event::LegQuality { .. }
        );
        if is_sheddable && self.outgoing.as_ref().is_some_and(is_behind) {
            self.shed += 1;
            return;
        }
        self.seq += 1;
        self.send(NodeFrame::Event { seq: self.seq, event });
    }

    /// A full queue closes the link; the next one begins with a snapshot.
    fn send(&mut self, frame: NodeFrame) {
        if let Some(outgoing) = &self.outgoing
            && outgoing.try_send(frame).is_err()
        {
            warn!("app server does not keep up; closing the link");
            self.outgoing = None;
        }
    }
}
