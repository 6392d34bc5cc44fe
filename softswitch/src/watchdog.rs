//! Tells when the switch task is stuck: one input that takes for ever stops every call's signalling, and nobody else
//! would say so. A media worker that is stuck gets a successor.

use std::{
    sync::{
        Arc, Weak,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use tokio::sync::{mpsc, watch};
use tracing::{error, info};

use crate::{
    health::Health,
    media_task::{self, WorkerSetup},
    metrics::WorkerFigures,
    switch_task::SwitchInput,
    worker_handle::WorkerHandle,
};

/// A burst of work that takes longer is a bug. At full load it takes some milliseconds.
const LIMIT: Duration = Duration::from_secs(2);

/// How often it is looked at.
const PERIOD: Duration = Duration::from_millis(500);

/// When the work that is going on began, in milliseconds since the program's start and one; 0 while there is none.
#[derive(Debug)]
pub(crate) struct Pulse {
    origin: Instant,
    since: AtomicU64,
}

impl Default for Pulse {
    fn default() -> Self {
        Self { origin: Instant::now(), since: AtomicU64::new(0) }
    }
}

impl Pulse {
    /// Work begins.
    pub(crate) fn works(&self, now: Instant) {
        let ms = now.saturating_duration_since(self.origin).as_millis() as u64;
        self.since.store(ms + 1, Ordering::Relaxed);
    }

    /// Nothing is to be done.
    pub(crate) fn rests(&self) {
        self.since.store(0, Ordering::Relaxed);
    }

    /// Which piece of work is going on; 0 for none.
    fn work(&self) -> u64 {
        self.since.load(Ordering::Relaxed)
    }

    /// For how long the work has been going on.
    fn busy_for(&self, now: Instant) -> Duration {
        match self.since.load(Ordering::Relaxed) {
            0 => Duration::ZERO,
            since => {
                let ms = now.saturating_duration_since(self.origin).as_millis() as u64;
                Duration::from_millis((ms + 1).saturating_sub(since))
            }
        }
    }
}

/// A media worker, and what its successor is made from.
#[derive(Debug)]
pub(crate) struct WatchedWorker {
    handle: WorkerHandle,
    setup: WorkerSetup,
    last: Look,
}

impl WatchedWorker {
    pub(crate) fn new(handle: WorkerHandle, setup: WorkerSetup) -> Self {
        Self { handle, setup, last: Look::default() }
    }

    /// The figures it tells; its successor goes on telling them.
    pub(crate) fn figures(&self) -> watch::Receiver<WorkerFigures> {
        self.setup.figures.subscribe()
    }

    /// Starts a successor if the worker is stuck or has ended.
    fn look(&mut self, now: Instant, switch: &mpsc::Sender<SwitchInput>) {
        let ends = self.handle.ends();
        let life = &ends.life;
        let has_ended = ends.thread.is_finished();
        if !has_ended
            && !self.last.shows_stuck(life.pulse.work(), life.pulse.busy_for(now), life.processor_time())
        {
            return;
        }
        let worker = self.setup.index;
        error!(worker, has_ended, "a media worker is lost; another takes its place");
        life.abandon();
        self.last = Look::default();
        match media_task::start(self.setup.clone(), switch.clone()) {
            Ok(ends) => {
                let input = SwitchInput::WorkerReplaced { worker, ends };
                if let Err(error) = switch.blocking_send(input) {
                    error!(worker, %error, "the switch is gone");
                }
            }
            Err(error) => error!(worker, %error, "a media worker cannot be replaced"),
        }
    }
}

/// What was seen of a worker last.
#[derive(Debug, Default, Clone, Copy)]
struct Look {
    work: u64,
    /// Processor time it had had when this work was first seen.
    processor: Option<Duration>,
}

impl Look {
    /// Whether the same work has used more of a processor than any work may, or stands still. A busy machine that does
    /// not let the thread run is no reason.
    fn shows_stuck(&mut self, work: u64, busy: Duration, processor: Option<Duration>) -> bool {
        if work == 0 || work != self.work {
            *self = Self { work, processor };
            return false;
        }
        let used = self.processor.zip(processor).map(|(before, now)| now.saturating_sub(before));
        used.is_some_and(|used| used > WORKER_LIMIT) || busy > STANDSTILL
    }
}

/// One turn of a media worker takes at most some milliseconds of processor time.
const WORKER_LIMIT: Duration = Duration::from_millis(1000);

/// A worker that neither ends its work nor uses a processor waits for what never comes.
const STANDSTILL: Duration = Duration::from_secs(15);

/// Watches until the program ends: from a thread of its own, because a stuck task may hold the runtime's.
pub(crate) fn watch(
    health: &Arc<Health>,
    workers: Vec<WatchedWorker>,
    switch: mpsc::Sender<SwitchInput>,
) -> std::io::Result<()> {
    let health = Arc::downgrade(health);
    thread::Builder::new().name("watchdog".to_owned()).spawn(move || run(&health, workers, &switch)).map(drop)
}

fn run(health: &Weak<Health>, mut workers: Vec<WatchedWorker>, switch: &mpsc::Sender<SwitchInput>) {
    let mut was_stuck = false;
    while let Some(health) = health.upgrade() {
        for worker in &mut workers {
            worker.look(Instant::now(), switch);
        }
        let busy = health.pulse.busy_for(Instant::now());
        let is_stuck = busy > LIMIT;
        if is_stuck != was_stuck {
            health.stuck.store(is_stuck, Ordering::Relaxed);
            if is_stuck {
                error!(seconds = busy.as_secs(), "the switch task is stuck: no signalling is handled");
            } else {
                info!("the switch task goes on");
            }
        }
        was_stuck = is_stuck;
        drop(health);
        thread::sleep(PERIOD);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_work_without_end_counts() {
        let pulse = Pulse::default();
        let now = pulse.origin + Duration::from_secs(100);
        assert_eq!(pulse.busy_for(now), Duration::ZERO);
        pulse.works(now);
        assert_eq!(pulse.busy_for(now + Duration::from_secs(3)), Duration::from_secs(3));
        pulse.works(now + Duration::from_secs(3));
        assert_eq!(pulse.busy_for(now + Duration::from_secs(3)), Duration::ZERO);
        pulse.rests();
        assert_eq!(pulse.busy_for(now + Duration::from_secs(30)), Duration::ZERO);
    }

    #[test]
    fn a_worker_is_stuck_when_one_piece_of_work_uses_too_much_processor() {
        let (second, none) = (Duration::from_secs(1), Duration::ZERO);
        let mut look = Look::default();
        assert!(!look.shows_stuck(5, none, Some(9 * second)), "what it used before does not count");
        assert!(!look.shows_stuck(5, 5 * second, Some(9 * second)), "the machine does not let it run");
        assert!(!look.shows_stuck(0, none, Some(20 * second)));
        assert!(!look.shows_stuck(7, none, Some(20 * second)));
        assert!(look.shows_stuck(7, second, Some(21 * second + second / 10)));
        assert!(look.shows_stuck(7, 16 * second, Some(20 * second)), "it waits for ever");
    }

    /// A worker on a port of its own, and what it tells.
    fn worker() -> (WorkerHandle, WatchedWorker, mpsc::Sender<SwitchInput>, mpsc::Receiver<SwitchInput>) {
        let (sender, inputs) = mpsc::channel(64);
        let folder = std::env::temp_dir().join(format!("ringdown-watchdog-{}", std::process::id()));
        let (recordings, _) = crate::recordings::Recordings::open(&folder, sender.clone()).expect("a folder");
        let setup = WorkerSetup {
            index: 0,
            bind: [127, 0, 0, 1].into(),
            webrtc: crate::packet_io::open_shared(([127, 0, 0, 1], 0).into()).expect("a port"),
            max_legs: 4,
            identity: ringdown_rtc::DtlsIdentity::generate().expect("a certificate"),
            sounds: Arc::new(ringdown_media::prompt::SoundStore::new(Default::default()).expect("tones")),
            recordings,
            figures: watch::Sender::default(),
        };
        let ends = media_task::start(setup.clone(), sender.clone()).expect("a thread");
        let handle = WorkerHandle::new(ends);
        (handle.clone(), WatchedWorker::new(handle, setup), sender, inputs)
    }

    /// Looks until the worker is replaced.
    fn replaced(
        watched: &mut WatchedWorker,
        sender: &mpsc::Sender<SwitchInput>,
        inputs: &mut mpsc::Receiver<SwitchInput>,
    ) {
        loop {
            watched.look(Instant::now(), sender);
            match inputs.try_recv() {
                Ok(SwitchInput::WorkerReplaced { worker: 0, ends }) => return watched.handle.replace(ends),
                Ok(other) => panic!("{other:?}"),
                Err(_) => thread::sleep(Duration::from_millis(20)),
            }
        }
    }

    /// The worker answers a command.
    fn serves(handle: &WorkerHandle, inputs: &mut mpsc::Receiver<SwitchInput>) {
        let leg = ringdown_types::LegId::from_u128(1);
        let remove = ringdown_media::api::MediaCommand::RemoveLeg { leg };
        handle.send(media_task::WorkerInput::Command(Box::new(remove)));
        match inputs.blocking_recv() {
            Some(SwitchInput::Media(ringdown_media::api::MediaEvent::LegRemoved { leg: gone, .. })) => {
                assert_eq!(gone, leg);
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_worker_that_hangs_gets_a_successor_on_the_same_port() {
        let (handle, mut watched, sender, mut inputs) = worker();
        serves(&handle, &mut inputs);
        let released = Arc::new(std::sync::atomic::AtomicBool::new(false));
        let hung = handle.ends();
        let until = Arc::clone(&released);
        let hang = move || {
            while !until.load(Ordering::Relaxed) {
                std::hint::spin_loop();
            }
        };
        handle.send(media_task::WorkerInput::Act(media_task::Act(Box::new(hang))));
        replaced(&mut watched, &sender, &mut inputs);
        serves(&handle, &mut inputs);

        released.store(true, Ordering::Relaxed);
        let thread = hung.thread;
        while !thread.is_finished() {
            thread::sleep(Duration::from_millis(5));
        }
        serves(&handle, &mut inputs);
    }

    #[test]
    fn a_worker_whose_thread_ended_gets_a_successor() {
        let (handle, mut watched, sender, mut inputs) = worker();
        let die = || panic!("injected by the test");
        handle.send(media_task::WorkerInput::Act(media_task::Act(Box::new(die))));
        replaced(&mut watched, &sender, &mut inputs);
        serves(&handle, &mut inputs);
    }
}
