//! Which clock a sender counts the durations of its events in.
//!
//! RFC 4733 §2.1 puts events on the timeline of the audio they share a stream with, and §2.3.5 counts durations in
//! that timeline's units. Peers that offer Opus (48,000 Hz) with `telephone-event/8000` alone leave two readings:
//! baresip 1.0 counts in the stream's clock, others in the format's. Six ticks of one are one of the other, so a
//! sender's own pace tells which it means.

use std::time::{Duration, Instant};

use super::sequence::timestamp_distance;

/// Finds out a sender's clock from how fast its durations grow.
#[derive(Debug, Clone, Default)]
pub struct EventClock {
    /// What the last event that told was counted in.
    learnt: Option<u32>,
    running: Option<Running>,
}

#[derive(Debug, Clone)]
struct Running {
    timestamp: u32,
    began: Instant,
    /// The first report's ticks.
    first: u16,
    /// The most ticks of any report.
    most: u16,
}

impl EventClock {
    /// The clock rate in Hz of a report's duration: one of `format_rate`, which the description says, and
    /// `stream_rate`, which the audio has. Where they differ and nothing was learnt yet, the stream's.
    pub fn judge(
        &mut self,
        now: Instant,
        timestamp: u32,
        duration: u16,
        (format_rate, stream_rate): (u32, u32),
    ) -> u32 {
        if format_rate == stream_rate {
            return stream_rate;
        }
        match &mut self.running {
            Some(running) if running.timestamp == timestamp => {
                // Repeated ends grow older and no longer.
                if duration > running.most {
                    running.most = duration;
                    let pace = running.pace(now, format_rate, stream_rate);
                    self.learnt = pace.or(self.learnt);
                }
            }
            // A late report of an event before this one tells nothing.
            Some(running) if (-LATE..0).contains(&timestamp_distance(running.timestamp, timestamp)) => {}
            _ => self.running = Some(Running { timestamp, began: now, first: duration, most: duration }),
        }
        self.learnt.filter(|learnt| *learnt == format_rate).unwrap_or(stream_rate)
    }
}

impl Running {
    /// The clock whose reading is nearer to the time that passed, by ratio.
    fn pace(&self, now: Instant, one: u32, other: u32) -> Option<u32> {
        let passed = now.saturating_duration_since(self.began);
        if !(SHORTEST..LONGEST).contains(&passed) {
            return None;
        }
        let passed = passed.as_micros().pow(2) * u128::from(one) * u128::from(other);
        let counted = (u128::from(self.most.saturating_sub(self.first)) * 1_000_000).pow(2);
        Some(if passed < counted { one.max(other) } else { one.min(other) })
    }
}

/// Less time than this may be jitter alone. A larger value leaves short keys undecided.
const SHORTEST: Duration = Duration::from_millis(10);

/// Later, sixteen bits of 48,000 Hz may have wrapped.
const LONGEST: Duration = Duration::from_secs(1);

/// Ten seconds at 48,000 Hz.
const LATE: i32 = 480_000;

#[cfg(test)]
mod tests {
    use super::*;

    /// What each report of a key of 100 ms is taken for, reported each `step` ms with ticks of `rate`, arriving
    /// `jitter` ms late by turns.
    fn key(clock: &mut EventClock, timestamp: u32, rate: u32, (step, jitter): (u64, u64)) -> Vec<u32> {
        let start = crate::test_start() + Duration::from_secs(u64::from(timestamp / 48_000));
        let reports = 100 / step;
        (1..=reports + 2)
            .map(|report| {
                let at = start + Duration::from_millis(report * step + jitter * (report % 2));
                let ticks = report.min(reports) * step * u64::from(rate) / 1000;
                clock.judge(at, timestamp, ticks as u16, (8000, 48_000))
            })
            .collect()
    }

    #[test]
    fn the_pace_tells_the_clock() {
        for rate in [8000, 48_000] {
            for (step, jitter) in [(10, 0), (20, 0), (20, 8), (50, 0), (50, 20)] {
                let mut clock = EventClock::default();
                let first = key(&mut clock, 0, rate, (step, jitter));
                assert_eq!(first.last(), Some(&rate), "{step} ms, {jitter} ms late: {first:?}");
                let second = key(&mut clock, 96_000, rate, (step, jitter));
                assert!(second.iter().all(|judged| *judged == rate), "{second:?}");
            }
        }
    }

    #[test]
    fn one_clock_leaves_no_choice() {
        let mut clock = EventClock::default();
        assert_eq!(clock.judge(crate::test_start(), 5, 800, (8000, 8000)), 8000);
        assert!(clock.running.is_none());
    }
}
