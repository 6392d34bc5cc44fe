//! Tells when the switch task is stuck: one input that takes for ever stops every call's signalling, and nobody else
//! would say so.

use std::{
    sync::{
        Arc, Weak,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use tracing::{error, info};

use crate::health::Health;

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

/// Watches until the program ends: from a thread of its own, because a stuck task may hold the runtime's.
pub(crate) fn watch(health: &Arc<Health>) -> std::io::Result<()> {
    let health = Arc::downgrade(health);
    thread::Builder::new().name("watchdog".to_owned()).spawn(move || run(&health)).map(drop)
}

fn run(health: &Weak<Health>) {
    let mut was_stuck = false;
    while let Some(health) = health.upgrade() {
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
}
