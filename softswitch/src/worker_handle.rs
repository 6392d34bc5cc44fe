//! What the rest of the program holds of a media worker: where its inputs go, and whether it lives.

use std::{
    fs,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc::{SyncSender, TrySendError},
    },
    thread::JoinHandle,
    time::Duration,
};

use ringdown_media::prompt::SoundStore;
use tracing::error;

use crate::{media_task::WorkerInput, packet_io::Waker, watchdog::Pulse};

/// The way to a worker. Whoever takes a worker's place is reached by the same handle.
#[derive(Debug, Clone)]
pub(crate) struct WorkerHandle(Arc<RwLock<Current>>);

#[derive(Debug)]
struct Current {
    ends: WorkerEnds,
    /// The latest sounds, for whoever takes its place.
    sounds: Option<Arc<SoundStore>>,
}

/// One worker thread, from outside. Dropping every copy ends the thread.
#[derive(Debug, Clone)]
pub(crate) struct WorkerEnds {
    pub inputs: SyncSender<WorkerInput>,
    pub waker: Waker,
    pub life: Arc<Life>,
    pub thread: Arc<JoinHandle<()>>,
}

impl WorkerHandle {
    pub(crate) fn new(ends: WorkerEnds) -> Self {
        Self(Arc::new(RwLock::new(Current { ends, sounds: None })))
    }

    /// Hands over an input. One that cannot be is logged and lost: the worker hangs or has ended.
    pub(crate) fn send(&self, input: WorkerInput) {
        if self.queue(input) {
            self.wake();
        }
    }

    /// Other sounds.
    pub(crate) fn set_sounds(&self, sounds: Arc<SoundStore>) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).sounds = Some(Arc::clone(&sounds));
        self.send(WorkerInput::Sounds(sounds));
    }

    /// The same as [`Self::send`] without waking the worker, so that several inputs cost one wake: [`Self::wake`] must
    /// follow. Says whether the input was taken.
    pub(crate) fn queue(&self, input: WorkerInput) -> bool {
        match self.with(|ends| ends.inputs.try_send(input)) {
            Ok(()) => return true,
            Err(TrySendError::Full(_)) => error!("media worker does not keep up with its commands"),
            Err(TrySendError::Disconnected(_)) => error!("media worker has ended"),
        }
        false
    }

    /// Has the worker look at its inputs.
    pub(crate) fn wake(&self) {
        if let Err(error) = self.with(|ends| ends.waker.wake()) {
            error!(%error, "media worker cannot be woken");
        }
    }

    /// From here on another thread is the worker.
    pub(crate) fn replace(&self, ends: WorkerEnds) {
        let mut current = self.0.write().unwrap_or_else(PoisonError::into_inner);
        current.ends = ends;
        let sounds = current.sounds.clone();
        drop(current);
        if let Some(sounds) = sounds {
            self.send(WorkerInput::Sounds(sounds));
        }
    }

    /// The thread that is the worker.
    pub(crate) fn ends(&self) -> WorkerEnds {
        self.with(WorkerEnds::clone)
    }

    fn with<T>(&self, act: impl FnOnce(&WorkerEnds) -> T) -> T {
        act(&self.0.read().unwrap_or_else(PoisonError::into_inner).ends)
    }
}

/// Whether a worker's thread gets on. Written by the thread, read by the watchdog.
#[derive(Debug, Default)]
pub(crate) struct Life {
    /// Since when it works at what it does.
    pub pulse: Pulse,
    /// Its number in the kernel; 0 while it is not known.
    thread: AtomicU64,
    abandoned: AtomicBool,
}

impl Life {
    /// Called by the thread itself.
    pub(crate) fn begins(&self) {
        let number =
            fs::read_link("/proc/thread-self").ok().and_then(|path| path.file_name()?.to_str()?.parse().ok());
        self.thread.store(number.unwrap_or_default(), Ordering::Relaxed);
    }

    /// The processor time the thread has had; `None` where the kernel does not tell.
    pub(crate) fn processor_time(&self) -> Option<Duration> {
        let thread = self.thread.load(Ordering::Relaxed);
        let text = fs::read_to_string(format!("/proc/self/task/{thread}/schedstat")).ok()?;
        text.split(' ').next()?.parse().ok().map(Duration::from_nanos)
    }

    /// Another thread takes its place: should it come back, it touches nothing more.
    pub(crate) fn abandon(&self) {
        self.abandoned.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_abandoned(&self) -> bool {
        self.abandoned.load(Ordering::Relaxed)
    }
}
