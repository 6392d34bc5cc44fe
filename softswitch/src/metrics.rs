//! What Prometheus is told of the softswitch. Every label has a fixed set of values, and none names a person, a number or
//! an address: there are some thirty series for each worker and a hundred for the program.

use std::{
    array,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use ringdown_plane::{ScoreHistogram, WorkerCounts};
use ringdown_types::{CodecId, EndReason, QualityIssue};
use tokio::sync::watch;

use crate::{
    exposition::{Exposition, Kind},
    health::Health,
};

/// Calls that ended, by reason.
#[derive(Debug)]
pub(crate) struct EndedCalls([AtomicU64; EndReason::ALL.len()]);

impl Default for EndedCalls {
    fn default() -> Self {
        Self(array::from_fn(|_| AtomicU64::new(0)))
    }
}

impl EndedCalls {
    pub(crate) fn count(&self, reason: EndReason) {
        let index = EndReason::ALL.iter().position(|known| *known == reason);
        if let Some(count) = index.and_then(|index| self.0.get(index)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// A media worker's figures since its thread began, as it last told them.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct WorkerFigures {
    /// What the worker itself counts.
    pub counts: WorkerCounts,
    /// Legs it has.
    pub legs: u64,
    /// How long it worked rather than waited.
    pub busy: Duration,
    /// How late it did what was due, by [`LATENESS`]; those above all limits last.
    pub lateness: [u64; LATENESS.len() + 1],
    /// The sum of it.
    pub late: Duration,
    /// Datagrams the kernel did not take.
    pub unsent: u64,
    /// Events that wait for the switch task.
    pub backlog: u64,
}

impl WorkerFigures {
    /// Something was due at `due` and is done at `now`.
    pub(crate) fn count_lateness(&mut self, now: Instant, due: Option<Instant>) {
        let Some(late) = due.and_then(|due| now.checked_duration_since(due)) else { return };
        let seconds = late.as_secs_f64();
        let index = LATENESS.iter().position(|limit| seconds <= *limit).unwrap_or(LATENESS.len());
        if let Some(bucket) = self.lateness.get_mut(index) {
            *bucket += 1;
        }
        self.late += late;
    }
}

/// In seconds. A frame of audio lasts 0.02, jitter buffers hold 0.06.
pub(crate) const LATENESS: [f64; 8] = [0.000_5, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1];

/// How often a worker tells its figures.
pub(crate) const TELL_EVERY: Duration = Duration::from_secs(1);

/// The page.
pub(crate) fn page(health: &Health, workers: &[watch::Receiver<WorkerFigures>]) -> String {
    let mut page = Exposition::default();
    program(&mut page, health);
    let figures: Vec<_> = workers.iter().map(|worker| *worker.borrow()).collect();
    workers_own(&mut page, &figures);
    media(&mut page, &figures);
    scores(&mut page, &figures);
    page.into_text()
}

fn program(page: &mut Exposition, health: &Health) {
    let read = |value: &AtomicU64| value.load(Ordering::Relaxed);
    page.family("ringdown_build_info", Kind::Gauge, "The program's version.")
        .sample(&[("version", &env!("CARGO_PKG_VERSION"))], 1);
    let is_linked = u8::from(health.linked.load(Ordering::Relaxed));
    page.family("ringdown_app_server_connected", Kind::Gauge, "Whether the app server is connected.")
        .sample(&[], is_linked);
    for (name, help, value) in [
        ("ringdown_calls", "Live calls.", &health.calls),
        ("ringdown_legs", "Live legs of calls.", &health.legs),
        ("ringdown_registrations", "Live registrations of telephones.", &health.registrations),
        ("ringdown_sip_transactions", "SIP transactions under way.", &health.transactions),
    ] {
        page.family(name, Kind::Gauge, help).sample(&[], read(value));
    }
    page.family("ringdown_calls_ended_total", Kind::Counter, "Calls that ended, by reason.");
    for (reason, count) in EndReason::ALL.iter().zip(&health.ended.0) {
        page.sample(&[("reason", &reason.name())], read(count));
    }
    for (name, help, value) in [
        ("ringdown_sip_requests_shed_total", "SIP requests answered 503 for want of room.", &health.shed),
        ("ringdown_sip_messages_unheard_total", "SIP messages dropped unread.", &health.unheard),
        ("ringdown_sip_messages_malformed_total", "SIP messages that could not be read.", &health.malformed),
        (
            "ringdown_contained_failures_total",
            "Bugs that struck one call and nothing else.",
            &health.failures,
        ),
        ("ringdown_link_events_shed_total", "Events the app server was too slow for.", &health.link_shed),
    ] {
        page.family(name, Kind::Counter, help).sample(&[], read(value));
    }
}

/// A family with one sample a worker.
fn each(
    page: &mut Exposition,
    (name, kind, help): (&'static str, Kind, &str),
    figures: &[WorkerFigures],
    value: impl Fn(&WorkerFigures) -> u64,
) {
    page.family(name, kind, help);
    for (index, worker) in figures.iter().enumerate() {
        page.sample(&[("worker", &index)], value(worker));
    }
}

fn workers_own(page: &mut Exposition, figures: &[WorkerFigures]) {
    each(page, ("ringdown_media_legs", Kind::Gauge, "Legs of a media worker."), figures, |worker| {
        worker.legs
    });
    page.family("ringdown_media_busy_seconds_total", Kind::Counter, "How long a media worker worked.");
    for (index, worker) in figures.iter().enumerate() {
        page.sample(&[("worker", &index)], worker.busy.as_secs_f64());
    }
    let help = "How late a media worker did what was due.";
    page.family("ringdown_media_lateness_seconds", Kind::Histogram, help);
    for (index, worker) in figures.iter().enumerate() {
        page.histogram(&[("worker", &index)], &LATENESS, &worker.lateness, worker.late.as_secs_f64());
    }
    let backlog = ("ringdown_media_events_waiting", Kind::Gauge, "Events that wait for the switch task.");
    each(page, backlog, figures, |worker| worker.backlog);
    let counter = |name, help| (name, Kind::Counter, help);
    let unknown = counter("ringdown_media_datagrams_unknown_total", "Datagrams that belong to no leg.");
    each(page, unknown, figures, |worker| worker.counts.datagrams_unknown);
    let unsent = counter("ringdown_media_datagrams_unsent_total", "Datagrams the kernel did not take.");
    each(page, unsent, figures, |worker| worker.unsent);
    let dropped =
        counter("ringdown_media_outputs_dropped_total", "Outputs dropped because a queue was full.");
    each(page, dropped, figures, |worker| worker.counts.outputs_dropped);
    let late = counter("ringdown_media_commands_dropped_total", "Commands for legs that had ended.");
    each(page, late, figures, |worker| worker.counts.commands_dropped);
}

fn media(page: &mut Exposition, figures: &[WorkerFigures]) {
    page.family("ringdown_media_packets_total", Kind::Counter, "RTP packets of audio.");
    for (index, worker) in figures.iter().enumerate() {
        let quality = &worker.counts.quality;
        page.sample(&[("worker", &index), ("direction", &"received")], quality.packets_received);
        page.sample(&[("worker", &index), ("direction", &"sent")], quality.packets_sent);
    }
    let help = "Packets lost between devices and the switch.";
    page.family("ringdown_media_packets_lost_total", Kind::Counter, help);
    for (index, worker) in figures.iter().enumerate() {
        let quality = &worker.counts.quality;
        page.sample(&[("worker", &index), ("way", &"from-device")], quality.lost_from_devices);
        page.sample(&[("worker", &index), ("way", &"to-device")], quality.lost_to_devices);
    }
    let help = "Datagrams refused: wrong source, bad tag, replayed, malformed.";
    let rejected = ("ringdown_media_packets_rejected_total", Kind::Counter, help);
    each(page, rejected, figures, |worker| worker.counts.quality.packets_rejected);
    let help = "Warnings of calls' quality that were raised.";
    page.family("ringdown_quality_warnings_total", Kind::Counter, help);
    for (index, issue) in QualityIssue::ALL.iter().enumerate() {
        let raised = |worker: &WorkerFigures| worker.counts.quality.warnings.get(index).copied();
        let raised: u64 = figures.iter().filter_map(raised).sum();
        page.sample(&[("issue", &issue.name())], raised);
    }
}

fn scores(page: &mut Exposition, figures: &[WorkerFigures]) {
    let help = "Mean opinion scores of listening (E-model), of legs that ended.";
    page.family("ringdown_leg_mos", Kind::Histogram, help);
    for (way, name) in ["from-device", "to-device"].into_iter().enumerate() {
        for (index, codec) in CodecId::ALL.iter().enumerate() {
            let mut all = ScoreHistogram::default();
            let of = |worker: &WorkerFigures| worker.counts.quality.scores.get(way)?.get(index).copied();
            for histogram in figures.iter().filter_map(of) {
                for (sum, bucket) in all.buckets.iter_mut().zip(histogram.buckets) {
                    *sum += bucket;
                }
                all.sum_hundredths += histogram.sum_hundredths;
            }
            let codec = codec.encoding_name();
            let sum = all.sum_hundredths as f64 / 100.0;
            page.histogram(&[("way", &name), ("codec", &codec)], &ScoreHistogram::LIMITS, &all.buckets, sum);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_series_is_fixed() {
        let health = Health::default();
        health.ended.count(EndReason::Busy);
        let workers: Vec<_> = (0..4).map(|_| watch::channel(WorkerFigures::default()).1).collect();
        let text = page(&health, &workers);
        let series = text.lines().filter(|line| !line.starts_with('#')).count();
        let of_workers = text.lines().filter(|line| line.contains("worker=\"3\"")).count();
        assert_eq!(
            series,
            4 * of_workers + text.lines().filter(|l| !l.starts_with('#') && !l.contains("worker=")).count()
        );
        assert!(of_workers <= 30 && series <= 250, "{of_workers} a worker, {series} in all");
        assert!(text.contains("ringdown_calls_ended_total{reason=\"busy\"} 1\n"));
        let families: Vec<_> = text.lines().filter(|line| line.starts_with("# TYPE")).collect();
        assert!(families.iter().all(|family| families.iter().filter(|other| *other == family).count() == 1));
    }

    #[test]
    fn lateness_falls_into_its_bucket() {
        let now = Instant::now();
        let mut figures = WorkerFigures::default();
        figures.count_lateness(now, None);
        figures.count_lateness(now, Some(now + Duration::from_secs(1)));
        assert_eq!(figures.lateness, [0; LATENESS.len() + 1], "nothing was due");
        for ms in [0, 3, 700] {
            figures.count_lateness(now, now.checked_sub(Duration::from_millis(ms)));
        }
        assert_eq!(figures.lateness, [1, 0, 0, 1, 0, 0, 0, 0, 1]);
    }
}
