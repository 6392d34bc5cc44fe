//! What a receiver knows of one incoming stream (RFC 3550 §A.3, §A.8).

use std::time::{Duration, Instant};

use super::ReportBlock;
use crate::{quality::LossPattern, rtp::SequenceExtender};

/// Loss and jitter of one incoming stream.
#[derive(Debug, Clone)]
pub struct ReceiverStatistics {
    ssrc: u32,
    clock_rate: u32,
    sequence: SequenceExtender,
    base: u64,
    received: u64,
    /// What was expected and received when the last report was made.
    reported: (u64, u64),
    arrival: Option<Arrival>,
    /// Jitter in 1/16 ticks (§A.8).
    jitter: u32,
    pub(super) pattern: LossPattern,
    /// Whether its timestamps went on where its numbers did not: it sends nothing while nothing is said.
    pauses: bool,
}

#[derive(Debug, Clone, Copy)]
struct Arrival {
    at: Instant,
    timestamp: u32,
}

impl ReceiverStatistics {
    /// Figures of the stream `ssrc` whose clock runs at `clock_rate` Hz.
    pub fn new(ssrc: u32, clock_rate: u32) -> Self {
        let sequence = SequenceExtender::default();
        Self {
            ssrc,
            clock_rate,
            sequence,
            base: 0,
            received: 0,
            reported: (0, 0),
            arrival: None,
            jitter: 0,
            pattern: LossPattern::default(),
            pauses: false,
        }
    }

    /// The stream's SSRC.
    pub const fn ssrc(&self) -> u32 {
        self.ssrc
    }

    /// The codec changed within the stream: jitter is counted in ticks of the new clock (RFC 7160 §4.1).
    pub fn set_clock_rate(&mut self, clock_rate: u32) {
        if self.clock_rate == clock_rate {
            return;
        }
        let rescaled = u64::from(self.jitter) * u64::from(clock_rate) / u64::from(self.clock_rate.max(1));
        self.jitter = u32::try_from(rescaled).unwrap_or(0);
        self.clock_rate = clock_rate;
        self.arrival = None;
    }

    /// Counts a packet whose timestamp says nothing.
    pub fn handle_sequence(&mut self, sequence: u16) {
        let is_first = self.sequence.highest().is_none();
        let extended = self.sequence.extend(sequence);
        if is_first {
            self.base = extended;
        }
        self.received += 1;
        self.pattern.handle_packet(extended);
    }

    /// Counts a packet.
    pub fn handle_packet(&mut self, now: Instant, sequence: u16, timestamp: u32) {
        let before = self.sequence.highest();
        self.handle_sequence(sequence);
        if let (Some(last), Some(before)) = (self.arrival, before)
            && self.sequence.highest() == Some(before + 1)
        {
            let step = i64::from(timestamp.wrapping_sub(last.timestamp) as i32);
            self.pauses |= step > i64::from(self.clock_rate / 5);
        }
        if let Some(last) = self.arrival {
            // §6.4.1: the difference of the transit times, both in ticks.
            let elapsed = ticks(now.saturating_duration_since(last.at), self.clock_rate);
            let difference = elapsed - i64::from(timestamp.wrapping_sub(last.timestamp) as i32);
            // A jump of the timestamps is no jitter.
            if difference.unsigned_abs() < u64::from(self.clock_rate) * 10 {
                let step = difference.unsigned_abs() as u32;
                self.jitter = self.jitter.saturating_add(step) - ((self.jitter + 8) >> 4);
            }
        }
        self.arrival = Some(Arrival { at: now, timestamp });
    }

    /// Packets lost since the beginning; duplicates can make it negative (§A.3).
    pub fn cumulative_lost(&self) -> i64 {
        self.expected() as i64 - self.received as i64
    }

    /// When the newest packet came that says something of time.
    pub fn last_arrival(&self) -> Option<Instant> {
        self.arrival.map(|arrival| arrival.at)
    }

    /// Whether the sender leaves pauses of more than 200 ms between packets that follow one another, as one does that
    /// sends nothing while nothing is said.
    pub const fn pauses(&self) -> bool {
        self.pauses
    }

    /// Interarrival jitter.
    pub fn jitter(&self) -> Duration {
        let ticks = u64::from(self.jitter >> 4);
        Duration::from_micros(ticks * 1_000_000 / u64::from(self.clock_rate.max(1)))
    }

    fn expected(&self) -> u64 {
        self.sequence.highest().map_or(0, |highest| highest.saturating_sub(self.base) + 1)
    }

    /// The report on the time since the last one; without what the sender reports say.
    pub fn take_report(&mut self) -> ReportBlock {
        let (expected, received) = (self.expected(), self.received);
        let expected_now = expected.saturating_sub(self.reported.0);
        let lost_now = expected_now as i64 - (received - self.reported.1) as i64;
        self.reported = (expected, received);
        let fraction = if expected_now == 0 || lost_now <= 0 {
            0
        } else {
            u8::try_from((lost_now << 8) / expected_now as i64).unwrap_or(u8::MAX)
        };
        let lost = self.cumulative_lost().clamp(-0x80_0000, 0x7f_ffff);
        ReportBlock {
            ssrc: self.ssrc,
            fraction_lost: fraction,
            cumulative_lost: lost as i32,
            // The extender begins one cycle up, the report does not.
            highest_sequence: self.sequence.highest().map_or(0, |highest| (highest - 0x1_0000) as u32),
            jitter: self.jitter >> 4,
            ..ReportBlock::default()
        }
    }
}

fn ticks(duration: Duration, clock_rate: u32) -> i64 {
    (duration.as_micros() * u128::from(clock_rate) / 1_000_000) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loss_and_jitter_are_those_of_the_rfc() {
        let start = crate::test_start();
        let mut statistics = ReceiverStatistics::new(1, 8000);
        for index in 0_u16..100 {
            // Every tenth packet is lost, and every other one comes 5 ms late.
            if index % 10 == 9 {
                continue;
            }
            let late = if index % 2 == 1 { 5 } else { 0 };
            let at = start + Duration::from_millis(u64::from(index) * 20 + late);
            statistics.handle_packet(at, 65_500_u16.wrapping_add(index), u32::from(index) * 160);
        }
        assert_eq!(statistics.cumulative_lost(), 9);
        let report = statistics.take_report();
        assert_eq!(report.cumulative_lost, 9);
        assert_eq!(report.fraction_lost, ((9 << 8) / 99) as u8);
        assert_eq!(report.highest_sequence, 0x1_0000 + 62);
        let jitter = statistics.jitter().as_micros();
        assert!((3000..6000).contains(&jitter), "{jitter} µs");
        assert_eq!(statistics.take_report().fraction_lost, 0);
    }

    #[test]
    fn an_old_first_packet_and_duplicates_are_survived() {
        let mut statistics = ReceiverStatistics::new(1, 8000);
        for sequence in [5, 4, 4, 3, 40_000] {
            statistics.handle_packet(crate::test_start(), sequence, 0);
        }
        statistics.take_report();
    }
}
