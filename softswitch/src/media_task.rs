//! A media worker's thread: epoll, its sockets, its clock. No tokio, no locks.
//!
//! Commands come over a bounded ring with a waker, events go to the switch task. Whatever the kernel does not take at
//! once is dropped, as the network would.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    io,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc,
        mpsc::{Receiver, TryRecvError, sync_channel},
    },
    thread,
    time::{Duration, Instant, SystemTime},
};

use mio::{Events, Interest, Poll, Registry, Token, Waker, net::UdpSocket};
use ringdown_media::{
    api::{MediaCommand, MediaEvent, RecordingEnd},
    prompt::SoundStore,
};
use ringdown_plane::{Datagram, Output, RecordingPart, SocketKey, Worker, WorkerConfig};
use ringdown_rtc::DtlsIdentity;
use ringdown_types::{LegId, RecordingId, contain};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::sync::mpsc;
use tracing::{debug, error, warn};

use crate::{
    random::SystemRandom,
    recordings::{FileJob, Recordings},
    switch_task::SwitchInput,
    worker_handle::{Life, WorkerEnds},
};

/// Commands that wait for a worker. A worker that is this far behind is stuck.
const COMMANDS: usize = 65_536;

/// Packets taken from one socket before the others get their turn. More saves system calls, fewer keeps one flooded
/// socket from delaying the rest.
const BURST: usize = 64;

/// Room for the longest packet and its authentication tag.
const SLOT: usize = 2048;

/// The shared port's receive buffer: a tenth of a second of a thousand calls.
const WEBRTC_RECEIVE_BUFFER: usize = 4 * 1024 * 1024;

/// A telephone's socket carries one call.
const RTP_RECEIVE_BUFFER: usize = 64 * 1024;

const WAKE: Token = Token(0);
const WEBRTC: Token = Token(1);

/// What a worker thread is told.
#[derive(Debug)]
pub(crate) enum WorkerInput {
    /// A command of call control.
    Command(Box<MediaCommand>),
    /// Other sounds.
    Sounds(Arc<SoundStore>),
    /// A recording it asked for, `None` where there is none.
    Recording {
        /// Which.
        recording: RecordingId,
        /// What is in it.
        samples: Option<Arc<[i16]>>,
    },
    /// What a test has the thread do.
    #[cfg(test)]
    Act(Act),
}

/// See [`WorkerInput::Act`].
#[cfg(test)]
pub(crate) struct Act(pub Box<dyn FnOnce() + Send>);

#[cfg(test)]
impl std::fmt::Debug for Act {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Act")
    }
}

/// What a worker thread is made from.
#[derive(Debug, Clone)]
pub(crate) struct WorkerSetup {
    /// Its number, from 0.
    pub index: usize,
    /// The address its sockets are bound to.
    pub bind: IpAddr,
    /// The socket its browsers share, from [`open_shared`]. It outlives the thread, for the one that may have to take
    /// its place.
    pub webrtc: Arc<std::net::UdpSocket>,
    /// The most legs: signalling turns calls away before.
    pub max_legs: usize,
    /// The certificate.
    pub identity: DtlsIdentity,
    /// The sounds to begin with.
    pub sounds: Arc<SoundStore>,
    /// Where recordings go.
    pub recordings: Recordings,
}

/// Opens the socket that a worker's browsers share.
///
/// # Errors
/// When the port is taken.
pub(crate) fn open_shared(address: SocketAddr) -> io::Result<Arc<std::net::UdpSocket>> {
    bind(address, WEBRTC_RECEIVE_BUFFER).map(|socket| Arc::new(socket.into()))
}

/// Starts a worker's thread.
///
/// # Errors
/// When the system gives no socket or no thread.
pub(crate) fn start(setup: WorkerSetup, switch: mpsc::Sender<SwitchInput>) -> io::Result<WorkerEnds> {
    let poll = Poll::new()?;
    let waker = Arc::new(Waker::new(poll.registry(), WAKE)?);
    let webrtc = register(poll.registry(), setup.webrtc.try_clone()?, WEBRTC)?;
    let (inputs, commands) = sync_channel(COMMANDS);
    let life = Arc::new(Life::default());
    let since_unix_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let config = WorkerConfig { since_unix_epoch, max_legs: setup.max_legs, ..WorkerConfig::default() };
    let name = format!("media-{}", setup.index);
    let task = MediaTask {
        index: setup.index,
        bind: setup.bind,
        worker: Worker::new(Instant::now(), config, setup.identity, setup.sounds, Box::new(SystemRandom)),
        poll,
        sockets: Sockets { webrtc, telephones: HashMap::new(), is_v6: setup.bind.is_ipv6(), unsent: 0 },
        unread: HashSet::new(),
        commands,
        switch,
        backlog: VecDeque::new(),
        recordings: setup.recordings,
        spoilt: HashSet::new(),
        life: Arc::clone(&life),
    };
    let thread = thread::Builder::new().name(name).spawn(move || task.run())?;
    Ok(WorkerEnds { inputs, waker, life, thread: Arc::new(thread) })
}

struct MediaTask {
    index: usize,
    bind: IpAddr,
    worker: Worker,
    poll: Poll,
    sockets: Sockets,
    /// Sockets whose burst ended before their packets did.
    unread: HashSet<Token>,
    commands: Receiver<WorkerInput>,
    switch: mpsc::Sender<SwitchInput>,
    /// Events the switch task had no room for yet.
    backlog: VecDeque<SwitchInput>,
    recordings: Recordings,
    /// Recordings of which a part was lost.
    spoilt: HashSet<RecordingId>,
    life: Arc<Life>,
}

impl MediaTask {
    fn run(mut self) {
        self.life.begins();
        let mut events = Events::with_capacity(1024);
        let mut slot = [0; SLOT];
        loop {
            let wait = self.wait();
            self.life.pulse.rests();
            if let Err(error) = self.poll.poll(&mut events, wait)
                && error.kind() != io::ErrorKind::Interrupted
            {
                error!(%error, "epoll failed");
                return;
            }
            self.life.pulse.works(Instant::now());
            self.unread.extend(events.iter().map(mio::event::Event::token).filter(|&token| token != WAKE));
            for token in std::mem::take(&mut self.unread) {
                self.read(token, &mut slot);
            }
            if !self.obey() || self.life.is_abandoned() {
                debug!(worker = self.index, "media worker ends");
                return;
            }
            let now = Instant::now();
            let sockets = &mut self.sockets;
            let worker = &mut self.worker;
            contained(self.index, worker, |worker| {
                worker.handle_timeout(now, &mut |socket, to, bytes| sockets.send(socket, to, bytes));
            });
            self.act();
            self.report();
        }
    }

    fn wait(&self) -> Option<Duration> {
        if !self.unread.is_empty() {
            return Some(Duration::ZERO);
        }
        let due = self.worker.next_timeout().map(|at| at.saturating_duration_since(Instant::now()));
        // A full switch queue is tried again soon.
        if self.backlog.is_empty() { due } else { Some(due.map_or(RETRY, |due| due.min(RETRY))) }
    }

    fn read(&mut self, token: Token, slot: &mut [u8]) {
        for _ in 0..BURST {
            let Some((key, socket)) = self.sockets.of(token) else { return };
            match socket.recv_from(slot) {
                Ok((length, source)) => {
                    let source = canonical(source);
                    let datagram = Datagram { socket: key, source, buffer: slot, length };
                    let sockets = &mut self.sockets;
                    let mut send = |socket, to, bytes: &[u8]| sockets.send(socket, to, bytes);
                    let worker = &mut self.worker;
                    contained(self.index, worker, |worker| {
                        worker.handle_datagram(Instant::now(), datagram, &mut send);
                    });
                    // Whoever has the socket now reads on.
                    if self.life.is_abandoned() {
                        return;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                // ICMP answers to earlier packets arrive here; the packets behind them are still to be read.
                Err(error) => debug!(%error, "receive failed"),
            }
            self.act();
        }
        self.unread.insert(token);
    }

    /// Obeys the commands that wait. `false` once nobody can send more.
    fn obey(&mut self) -> bool {
        loop {
            match self.commands.try_recv() {
                Ok(WorkerInput::Command(command)) => {
                    let worker = &mut self.worker;
                    contained(self.index, worker, |worker| worker.handle_command(Instant::now(), *command));
                    self.act();
                }
                Ok(WorkerInput::Sounds(sounds)) => self.worker.set_sounds(sounds),
                Ok(WorkerInput::Recording { recording, samples }) => {
                    let worker = &mut self.worker;
                    contained(self.index, worker, |worker| {
                        worker.handle_recording(Instant::now(), recording, samples);
                    });
                    self.act();
                }
                #[cfg(test)]
                Ok(WorkerInput::Act(Act(act))) => act(),
                Err(TryRecvError::Empty) => return true,
                Err(TryRecvError::Disconnected) => return false,
            }
        }
    }

    fn act(&mut self) {
        while let Some(output) = self.worker.poll_output() {
            match output {
                Output::Transmit { socket, destination, bytes } => {
                    self.sockets.send(socket, destination, &bytes);
                }
                Output::OpenRtp { port } => {
                    let opened = self.sockets.open_pair(self.poll.registry(), self.bind, port);
                    if let Err(error) = &opened {
                        warn!(%error, port, "RTP port cannot be opened");
                    }
                    self.worker.handle_socket_result(Instant::now(), port, opened.is_ok());
                }
                // Stays bound for the next leg on this port: opening a pair costs more than all else a leg does
                // here. What still comes is read and dropped by the worker, which has no leg there.
                Output::CloseRtp { port: _ } => {}
                Output::Event(event) => {
                    self.backlog.push_back(SwitchInput::Media(event));
                }
                Output::Record { recording, leg, part } => self.record(recording, leg, part),
                Output::ReadRecording { recording } => {
                    if !self.recordings.send(FileJob::Play { worker: self.index, recording }) {
                        warn!("the recordings' disk does not keep up; a playback is left out");
                        self.worker.handle_recording(Instant::now(), recording, None);
                    }
                }
            }
        }
    }

    /// Hands on a part of a recording. Where the disk does not keep up, the whole recording is given up: one with a
    /// hole would seem whole.
    fn record(&mut self, recording: RecordingId, leg: LegId, part: RecordingPart) {
        let is_end = matches!(part, RecordingPart::End { .. });
        if self.spoilt.contains(&recording) {
            if is_end && self.recordings.send(FileJob::Spoil { recording }) {
                self.spoilt.remove(&recording);
            }
            return;
        }
        if self.recordings.send(FileJob::Part { recording, leg, part }) {
            return;
        }
        error!(%recording, "the recordings' disk does not keep up; a recording is given up");
        self.spoilt.insert(recording);
        self.backlog.push_back(SwitchInput::Media(MediaEvent::RecordingEnded {
            leg,
            recording,
            end: RecordingEnd::Failed,
            duration_ms: 0,
            is_stored: false,
        }));
    }

    fn report(&mut self) {
        while let Some(input) = self.backlog.pop_front() {
            match self.switch.try_send(input) {
                Ok(()) => {}
                Err(mpsc::error::TrySendError::Full(input)) => {
                    self.backlog.push_front(input);
                    return;
                }
                Err(mpsc::error::TrySendError::Closed(_)) => return,
            }
        }
    }
}

const RETRY: Duration = Duration::from_millis(5);

struct Sockets {
    webrtc: UdpSocket,
    /// RTP and RTCP, by the RTP port.
    telephones: HashMap<u16, (UdpSocket, UdpSocket)>,
    /// Whether the sockets are IPv6 ones, which serve both versions.
    is_v6: bool,
    /// Datagrams the kernel did not take.
    unsent: u64,
}

impl Sockets {
    fn of(&self, token: Token) -> Option<(SocketKey, &UdpSocket)> {
        if token == WEBRTC {
            return Some((SocketKey::WebRtc, &self.webrtc));
        }
        let port = u16::try_from(token.0).ok()?;
        let (rtp, rtcp) = self.telephones.get(&(port & !1))?;
        Some(if port % 2 == 0 { (SocketKey::Rtp(port), rtp) } else { (SocketKey::Rtcp(port - 1), rtcp) })
    }

    fn send(&mut self, socket: SocketKey, destination: SocketAddr, bytes: &[u8]) {
        let socket = match socket {
            SocketKey::WebRtc => Some(&self.webrtc),
            SocketKey::Rtp(port) => self.telephones.get(&port).map(|(rtp, _)| rtp),
            SocketKey::Rtcp(port) => self.telephones.get(&port).map(|(_, rtcp)| rtcp),
        };
        let destination = if self.is_v6 { mapped(destination) } else { destination };
        if socket.is_none_or(|socket| socket.send_to(bytes, destination).is_err()) {
            self.unsent += 1;
        }
    }

    /// Tokens of telephones' sockets are their port numbers: ports below 2 are never used. A pair that an earlier leg
    /// left bound is taken again; the ports' owner hands out used ones first, so there are as many pairs as there were
    /// legs at once, and a few that rest.
    fn open_pair(&mut self, registry: &Registry, bind: IpAddr, port: u16) -> io::Result<()> {
        if self.telephones.contains_key(&port) {
            return Ok(());
        }
        let one =
            |port: u16| open(registry, (bind, port).into(), Token(usize::from(port)), RTP_RECEIVE_BUFFER);
        let pair = (one(port)?, one(port + 1)?);
        self.telephones.insert(port, pair);
        Ok(())
    }
}

/// A bug in one packet, command or leg's turn takes no other leg's sound with it: the leg it struck is given up.
fn contained(index: usize, worker: &mut Worker, work: impl FnOnce(&mut Worker)) {
    if contain(|| work(worker)).is_err() {
        error!(worker = index, "a media worker failed inside and goes on");
        if contain(|| worker.handle_panic(Instant::now())).is_err() {
            error!(worker = index, "what a failure left behind could not be cleared away");
        }
    }
}

/// An IPv4 peer of an IPv6 socket is shown as the address it is.
fn canonical(address: SocketAddr) -> SocketAddr {
    match address.ip().to_canonical() {
        IpAddr::V4(ip) => SocketAddr::new(ip.into(), address.port()),
        // The zone of a link-local address stays.
        IpAddr::V6(_) => address,
    }
}

/// How an IPv6 socket names an IPv4 peer (RFC 4291 §2.5.5.2).
fn mapped(address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V4(v4) => SocketAddr::new(v4.ip().to_ipv6_mapped().into(), v4.port()),
        SocketAddr::V6(_) => address,
    }
}

fn open(
    registry: &Registry,
    address: SocketAddr,
    token: Token,
    receive_buffer: usize,
) -> io::Result<UdpSocket> {
    register(registry, bind(address, receive_buffer)?.into(), token)
}

fn register(registry: &Registry, socket: std::net::UdpSocket, token: Token) -> io::Result<UdpSocket> {
    let mut socket = UdpSocket::from_std(socket);
    registry.register(&mut socket, token, Interest::READABLE)?;
    Ok(socket)
}

fn bind(address: SocketAddr, receive_buffer: usize) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    if address.is_ipv6() {
        // One socket for both versions: a leg's packets go where its description says.
        socket.set_only_v6(false)?;
    }
    // The kernel caps it silently; a smaller buffer only drops earlier under load.
    socket.set_recv_buffer_size(receive_buffer)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    Ok(socket)
}
