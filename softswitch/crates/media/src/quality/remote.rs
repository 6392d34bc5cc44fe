//! What a device says of what it hears from us: RTCP receiver reports, and VoIP metrics where it sends them.

use std::time::Duration;

use super::loss_pattern::LossTotals;
use crate::rtcp::{ReportBlock, VoipMetrics};

/// The reports of one receiver on our one stream.
#[derive(Debug, Clone, Copy, Default)]
pub struct RemoteReceiver {
    last: Option<(ReportBlock, u64)>,
    totals: LossTotals,
    /// Between the first and the latest report: numbers it expected, numbers it missed, packets we sent.
    expected: u64,
    missed: u64,
    sent: u64,
    /// In ticks of our stream's clock.
    jitter: u32,
    reports: u64,
    /// Packets that came, by the highest number reported.
    metrics: Option<VoipMetrics>,
}

impl RemoteReceiver {
    /// A report on our stream, of which `sent` packets went out so far.
    ///
    /// What is lost before it reaches us are gaps in the numbers of what we relay. The device misses them too; they are
    /// not lost on the way to it.
    pub(crate) fn handle_report(&mut self, report: ReportBlock, sent: u64) {
        self.reports += 1;
        self.jitter = report.jitter;
        let Some((last, sent_before)) = self.last.replace((report, sent)) else { return };
        let expected = report.highest_sequence.wrapping_sub(last.highest_sequence);
        // A page that came back counts from the beginning, and a report may be overtaken by an older one.
        if expected >= MAX_STEP {
            return;
        }
        let missed = i64::from(report.cumulative_lost) - i64::from(last.cumulative_lost);
        self.expected += u64::from(expected);
        self.missed += u64::try_from(missed).unwrap_or(0).min(u64::from(expected));
        self.sent += sent.saturating_sub(sent_before);
        // Sums, because some packets are always under way: one interval's difference would be off by them.
        let gaps = self.expected.saturating_sub(self.sent).min(self.missed);
        self.totals.lost = self.totals.lost.max(self.missed - gaps);
        self.totals.received = self.expected - self.missed;
    }

    /// Metrics of our stream.
    pub(crate) const fn handle_metrics(&mut self, metrics: VoipMetrics) {
        self.metrics = Some(metrics);
    }

    /// What came there, and what was lost, between its first and its latest report.
    pub const fn totals(&self) -> LossTotals {
        self.totals
    }

    /// The share of packets lost before its latest report, of 256.
    pub fn fraction_lost(&self) -> Option<u8> {
        self.last.map(|(report, _)| report.fraction_lost)
    }

    /// How many reports came.
    pub const fn reports(&self) -> u64 {
        self.reports
    }

    /// Interarrival jitter there, our stream's clock running at `clock_rate`.
    pub fn jitter(&self, clock_rate: u32) -> Duration {
        Duration::from_micros(u64::from(self.jitter) * 1_000_000 / u64::from(clock_rate.max(1)))
    }

    /// The latest VoIP metrics.
    pub const fn metrics(&self) -> Option<VoipMetrics> {
        self.metrics
    }
}

/// More packets than come between two reports.
const MAX_STEP: u32 = 0x8000;

#[cfg(test)]
mod tests {
    use super::*;

    fn report(highest_sequence: u32, cumulative_lost: i32) -> ReportBlock {
        ReportBlock { highest_sequence, cumulative_lost, jitter: 80, ..ReportBlock::default() }
    }

    #[test]
    fn reports_add_up_and_a_receiver_that_begins_anew_takes_nothing_back() {
        let mut remote = RemoteReceiver::default();
        let reports = [(65_000, 1), (65_250, 6), (65_500, 6), (65_500, 6), (300, 0), (550, 2)];
        for (sent, (highest, lost)) in (0..).step_by(250).zip(reports) {
            remote.handle_report(report(highest, lost), sent);
        }
        assert_eq!((remote.totals().received, remote.totals().lost), (245 + 250 + 248, 7));
        assert_eq!((remote.jitter(8000), remote.reports()), (Duration::from_millis(10), 6));
    }

    #[test]
    fn what_was_lost_before_it_reached_us_is_not_lost_on_the_way_there() {
        let mut remote = RemoteReceiver::default();
        // Of 1,000 numbers each time 100 never reached us, and the device misses 150.
        for round in 0..5 {
            remote.handle_report(report(round * 1000, round as i32 * 150), u64::from(round) * 900);
        }
        assert_eq!((remote.totals().received, remote.totals().lost), (4 * 850, 4 * 50));
    }
}
