//! What a run brought.

use std::{collections::BTreeMap, time::Duration};

/// What a run brought.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// Calls or registrations begun.
    pub(crate) offered: u64,
    /// Those that went through to their end.
    pub(crate) completed: u64,
    /// Those that did not, by what became of them.
    pub(crate) failed: BTreeMap<String, u64>,
    /// Messages sent again for want of an answer.
    pub(crate) retransmissions: u64,
    /// Set-up times of calls, and how long registrations took, in microseconds.
    pub(crate) setups: Vec<u32>,
    /// How long arrivals went on.
    pub(crate) seconds: f64,
    /// Processor time of the program under test for one completed unit, in microseconds.
    pub(crate) cpu_us: f64,
    /// Its share of one core meanwhile.
    pub(crate) core: f64,
    /// Its memory before and after, in kilobytes.
    pub(crate) memory_kb: [u64; 2],
    /// Of the calls that were held during the run: how many there were, and how many could still be hung up.
    pub(crate) held: [u64; 2],
}

impl Outcome {
    pub(crate) fn note_setup(&mut self, took: Duration) {
        self.setups.push(u32::try_from(took.as_micros()).unwrap_or(u32::MAX));
    }

    pub(crate) fn fail(&mut self, why: impl Into<String>) {
        *self.failed.entry(why.into()).or_default() += 1;
    }

    pub(crate) fn failures(&self) -> u64 {
        self.failed.values().sum()
    }

    /// Completed units a second.
    pub(crate) fn rate(&self) -> f64 {
        self.completed as f64 / self.seconds.max(f64::EPSILON)
    }

    /// A percentile of the set-up times, in milliseconds.
    pub(crate) fn percentile(&self, share: f64) -> f64 {
        let mut sorted = self.setups.clone();
        sorted.sort_unstable();
        let at = (sorted.len() as f64 * share) as usize;
        sorted.get(at.min(sorted.len().saturating_sub(1))).map_or(0.0, |&us| f64::from(us) / 1000.0)
    }

    /// One line for people.
    pub(crate) fn line(&self) -> String {
        let failed: Vec<_> = self.failed.iter().map(|(why, count)| format!("{count} {why}")).collect();
        let failed = if failed.is_empty() { "none".to_owned() } else { failed.join(", ") };
        let mut line = format!(
            "offered {} completed {} ({:.0}/s) failed: {failed}; retransmissions {}; p50 {:.2} ms p99 {:.2} ms; \
             CPU {:.1} µs each, {:.0} % of a core; memory {} → {} kB",
            self.offered,
            self.completed,
            self.rate(),
            self.retransmissions,
            self.percentile(0.5),
            self.percentile(0.99),
            self.cpu_us,
            self.core * 100.0,
            self.memory_kb[0],
            self.memory_kb[1],
        );
        if self.held[0] > 0 {
            line.push_str(&format!("; {} of {} held calls still there", self.held[1], self.held[0]));
        }
        line
    }
}
