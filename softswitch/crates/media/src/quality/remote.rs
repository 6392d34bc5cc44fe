//! What a device says of what it hears from us: RTCP receiver reports, and VoIP metrics where it sends them.

use std::time::Duration;

use super::loss_pattern::LossTotals;
use crate::rtcp::{ReportBlock, VoipMetrics};

/// The reports of one receiver on our one stream.
#[derive(Debug, Clone, Copy, Default)]
pub struct RemoteReceiver {
    last: Option<ReportBlock>,
    totals: LossTotals,
    /// In ticks of our stream's clock.
    jitter: u32,
    reports: u64,
    /// Packets that came, by the highest number reported.
    metrics: Option<VoipMetrics>,
}

impl RemoteReceiver {
    /// A report on our stream.
    pub(crate) fn handle_report(&mut self, report: ReportBlock) {
        self.reports += 1;
        self.jitter = report.jitter;
        if let Some(last) = self.last.replace(report) {
            let expected = report.highest_sequence.wrapping_sub(last.highest_sequence);
            // A page that came back counts from the beginning, and a report may be overtaken by an older one.
            if expected < MAX_STEP {
                let lost = i64::from(report.cumulative_lost) - i64::from(last.cumulative_lost);
                let lost = u64::try_from(lost).unwrap_or(0).min(u64::from(expected));
                self.totals.lost += lost;
                self.totals.received += u64::from(expected) - lost;
            }
        }
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
        self.last.map(|report| report.fraction_lost)
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
        for (highest, lost) in [(65_000, 1), (65_250, 6), (65_500, 6), (65_500, 6), (300, 0), (550, 2)] {
            remote.handle_report(report(highest, lost));
        }
        assert_eq!((remote.totals().received, remote.totals().lost), (245 + 250 + 248, 7));
        assert_eq!((remote.jitter(8000), remote.reports()), (Duration::from_millis(10), 6));
    }
}
