//! A media worker's thread: its sockets, its clock. No tokio, no locks.
//!
//! Commands come over a bounded ring with a waker, events go to the switch task. Whatever the kernel does not take at
//! once is dropped, as the network would.

use std::{
    collections::{HashMap, VecDeque},
    io,
    net::{IpAddr, UdpSocket},
    sync::{
        Arc,
        mpsc::{Receiver, TryRecvError, sync_channel},
    },
    thread,
    time::{Duration, Instant, SystemTime},
};

use ringdown_media::{
    api::{MediaCommand, MediaEvent, RecordingEnd, RecordingPurpose},
    prompt::SoundStore,
};
use ringdown_plane::{Datagram, Output, RecordingPart, Worker, WorkerConfig};
use ringdown_rtc::DtlsIdentity;
use ringdown_types::{RecordingId, contain};
use tokio::sync::{mpsc, watch};
use tracing::{debug, error, warn};

use crate::{
    metrics::{TELL_EVERY, WorkerFigures},
    packet_io::{Arrival, EpollIo, PacketIo},
    random::SystemRandom,
    recordings::{FileJob, Recordings},
    switch_task::SwitchInput,
    worker_handle::{Life, WorkerEnds},
};

/// Commands that wait for a worker. A worker that is this far behind is stuck.
const COMMANDS: usize = 65_536;

/// Room for the longest packet and its authentication tag.
const SLOT: usize = 2048;

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
    /// The socket its browsers share, from [`crate::packet_io::open_shared`]. It outlives the thread, for the one that may have to take
    /// its place.
    pub webrtc: Arc<UdpSocket>,
    /// The most legs: signalling turns calls away before.
    pub max_legs: usize,
    /// The certificate.
    pub identity: DtlsIdentity,
    /// The sounds to begin with.
    pub sounds: Arc<SoundStore>,
    /// Where recordings go.
    pub recordings: Recordings,
    /// Where its figures go.
    pub figures: watch::Sender<WorkerFigures>,
}

/// Starts a worker's thread.
///
/// # Errors
/// When the system gives no socket or no thread.
pub(crate) fn start(setup: WorkerSetup, switch: mpsc::Sender<SwitchInput>) -> io::Result<WorkerEnds> {
    let io = EpollIo::new(setup.webrtc.try_clone()?, setup.bind)?;
    let waker = io.waker();
    let (inputs, commands) = sync_channel(COMMANDS);
    let life = Arc::new(Life::default());
    let since_unix_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let config = WorkerConfig { since_unix_epoch, max_legs: setup.max_legs, ..WorkerConfig::default() };
    let name = format!("media-{}", setup.index);
    let task = MediaTask {
        index: setup.index,
        worker: Worker::new(Instant::now(), config, setup.identity, setup.sounds, Box::new(SystemRandom)),
        io,
        commands,
        switch,
        backlog: VecDeque::new(),
        recordings: setup.recordings,
        spoilt: HashMap::new(),
        life: Arc::clone(&life),
        figures: WorkerFigures::default(),
        told_at: Instant::now(),
        untold: false,
        told_to: setup.figures,
    };
    let thread = thread::Builder::new().name(name).spawn(move || task.run())?;
    Ok(WorkerEnds { inputs, waker, life, thread: Arc::new(thread) })
}

struct MediaTask<I> {
    index: usize,
    worker: Worker,
    io: I,
    commands: Receiver<WorkerInput>,
    switch: mpsc::Sender<SwitchInput>,
    /// Events the switch task had no room for yet.
    backlog: VecDeque<SwitchInput>,
    recordings: Recordings,
    /// Recordings of which a part was lost, and whether their file's owner knows.
    spoilt: HashMap<RecordingId, bool>,
    life: Arc<Life>,
    figures: WorkerFigures,
    told_at: Instant,
    /// Something happened since then.
    untold: bool,
    told_to: watch::Sender<WorkerFigures>,
}

impl<I: PacketIo> MediaTask<I> {
    fn run(mut self) {
        self.life.begins();
        let mut slot = [0; SLOT];
        loop {
            let wait = self.wait();
            self.life.pulse.rests();
            if let Err(error) = self.io.wait(wait) {
                error!(%error, "waiting for packets failed");
                return;
            }
            let woken = Instant::now();
            self.life.pulse.works(woken);
            self.read(&mut slot);
            if !self.obey() || self.life.is_abandoned() {
                debug!(worker = self.index, "media worker ends");
                return;
            }
            let now = Instant::now();
            self.figures.count_lateness(now, self.worker.next_timeout());
            let io = &mut self.io;
            contained(self.index, &mut self.worker, |worker| {
                worker.handle_timeout(now, &mut |socket, to, bytes| io.send(socket, to, bytes));
            });
            self.act();
            self.report();
            self.tell_figures(woken);
        }
    }

    /// Adds up how long it worked, and tells its figures where it is time.
    fn tell_figures(&mut self, woken: Instant) {
        let now = Instant::now();
        self.figures.busy += now - woken;
        self.untold = now - self.told_at < TELL_EVERY;
        if self.untold {
            return;
        }
        self.told_at = now;
        self.figures.counts = self.worker.counts();
        self.figures.legs = self.worker.legs() as u64;
        self.figures.unsent = self.io.unsent();
        self.figures.backlog = self.backlog.len() as u64;
        self.told_to.send_replace(self.figures);
    }

    fn wait(&self) -> Option<Duration> {
        let tells = self.untold.then(|| self.told_at + TELL_EVERY);
        let due = [self.worker.next_timeout(), tells].into_iter().flatten().min();
        let due = due.map(|at| at.saturating_duration_since(Instant::now()));
        // A full switch queue is tried again soon.
        if self.backlog.is_empty() { due } else { Some(due.map_or(RETRY, |due| due.min(RETRY))) }
    }

    fn read(&mut self, slot: &mut [u8]) {
        while let Some(Arrival { socket, source, length }) = self.io.receive(slot) {
            let datagram = Datagram { socket, source, buffer: slot, length };
            let io = &mut self.io;
            contained(self.index, &mut self.worker, |worker| {
                worker.handle_datagram(Instant::now(), datagram, &mut |socket, to, bytes| {
                    io.send(socket, to, bytes);
                });
            });
            // Whoever has the socket now reads on.
            if self.life.is_abandoned() {
                return;
            }
            self.act();
        }
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
                    self.io.send(socket, destination, &bytes);
                }
                Output::OpenRtp { port } => {
                    let opened = self.io.open_pair(port);
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
                Output::Record { recording, leg, file, part } => {
                    self.record(FileJob::Part { recording, leg, file, part });
                }
                Output::ReadRecording { recording } => {
                    if !self.recordings.send(FileJob::Play { worker: self.index, recording }) {
                        warn!("the recordings' disk does not keep up; a playback is left out");
                        self.worker.handle_recording(Instant::now(), recording, None);
                    }
                }
            }
        }
    }

    /// Hands on a part of a recording. Where the disk does not keep up, the recording ends here: one with a hole would
    /// seem whole.
    fn record(&mut self, part: FileJob) {
        let FileJob::Part { recording, leg, file, part: ref content } = part else { return };
        let is_end = matches!(content, RecordingPart::End { .. });
        if let Some(is_cut) = self.spoilt.get_mut(&recording) {
            *is_cut = *is_cut || self.recordings.send(FileJob::Cut { recording });
            if is_end && *is_cut {
                self.spoilt.remove(&recording);
            }
            return;
        }
        if self.recordings.send(part) {
            return;
        }
        error!(%recording, "the recordings' disk does not keep up; a recording is given up");
        self.spoilt.insert(recording, false);
        // Whoever leaves a message is waiting for its end; of other recordings there is what was written.
        if file.purpose == RecordingPurpose::Message {
            self.backlog.push_back(SwitchInput::Media(MediaEvent::RecordingEnded {
                leg,
                recording,
                end: RecordingEnd::Failed,
                duration_ms: 0,
                is_stored: false,
            }));
        }
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

/// A bug in one packet, command or leg's turn takes no other leg's sound with it: the leg it struck is given up.
fn contained(index: usize, worker: &mut Worker, work: impl FnOnce(&mut Worker)) {
    if contain(|| work(worker)).is_err() {
        error!(worker = index, "a media worker failed inside and goes on");
        if contain(|| worker.handle_panic(Instant::now())).is_err() {
            error!(worker = index, "what a failure left behind could not be cleared away");
        }
    }
}
