//! How late packets usually are.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use crate::rtp::timestamp_distance;

/// Measures each packet's lateness against the earliest of the last seconds, and keeps a histogram that forgets.
/// Measuring against recent packets only makes it blind to clocks that drift.
#[derive(Debug)]
pub(super) struct Lateness {
    clock_rate: u32,
    /// Where arrival and timestamp are counted from; `None` until a packet came.
    origin: Option<(Instant, u32)>,
    /// Recent offsets in microseconds that may become the smallest, rising, with the time they came.
    earliest: VecDeque<(Instant, i64)>,
    /// The share of packets for each [`STEP`] of lateness; they sum up to about one.
    shares: [f32; STEPS],
    /// No share at and beyond this step was ever anything.
    beyond: usize,
}

impl Lateness {
    pub(super) const fn new(clock_rate: u32) -> Self {
        let mut shares = [0.0; STEPS];
        shares[INITIAL_STEP] = 1.0;
        Self { clock_rate, origin: None, earliest: VecDeque::new(), shares, beyond: INITIAL_STEP + 1 }
    }

    /// Takes a packet's time of arrival and its timestamp.
    pub(super) fn handle_packet(&mut self, now: Instant, timestamp: u32) {
        let offset = self.offset(now, timestamp);
        let smallest = self.earliest.front().map_or(offset, |&(_, offset)| offset);
        let offset = if (offset - smallest).abs() > JUMP {
            // Another timeline, or the timestamp is about to wrap.
            self.pause();
            self.offset(now, timestamp)
        } else {
            offset
        };
        while self.earliest.back().is_some_and(|&(_, larger)| larger >= offset) {
            self.earliest.pop_back();
        }
        while self.earliest.front().is_some_and(|&(came, _)| now.saturating_duration_since(came) > MEMORY) {
            self.earliest.pop_front();
        }
        if self.earliest.len() < MAX_EARLIEST {
            self.earliest.push_back((now, offset));
        }
        let smallest = self.earliest.front().map_or(offset, |&(_, offset)| offset);
        let late = Duration::from_micros((offset - smallest).unsigned_abs());
        let step = (late.as_micros() / STEP.as_micros()) as usize;
        for share in &mut self.shares {
            *share *= KEPT;
        }
        let step = step.min(STEPS - 1);
        self.shares[step] += 1.0 - KEPT;
        self.beyond = self.beyond.max(step + 1);
    }

    /// Microseconds from when a packet was to come, counted from the first one, until it came.
    fn offset(&mut self, now: Instant, timestamp: u32) -> i64 {
        let &mut (at, first) = self.origin.get_or_insert((now, timestamp));
        let ticks = i64::from(timestamp_distance(first, timestamp));
        let sent = ticks * 1_000_000 / i64::from(self.clock_rate);
        now.saturating_duration_since(at).as_micros() as i64 - sent
    }

    /// The sender paused or began anew: its timeline counts from its next packet. What was learnt stays.
    pub(super) fn pause(&mut self) {
        self.origin = None;
        self.earliest.clear();
    }

    /// The lateness that 99 of 100 packets do not exceed.
    pub(super) fn usual(&self) -> Duration {
        let mut beyond = 0.0;
        for (step, share) in self.shares.iter().enumerate().take(self.beyond).rev() {
            beyond += share;
            if beyond > EXCEEDING {
                return STEP * (step as u32 + 1);
            }
        }
        STEP
    }
}

/// A smaller step tells more exactly, at more cost for each packet.
const STEP: Duration = Duration::from_millis(5);
/// 200 ms.
const STEPS: usize = 40;
/// Packets are taken to be 40 ms late until some came. A larger value delays every call's beginning; a smaller one
/// makes it stutter.
const INITIAL_STEP: usize = 7;
/// Half is forgotten after 230 packets. A larger value keeps calls late after a bad minute; a smaller one forgets too
/// soon what comes back every few seconds.
const KEPT: f32 = 0.997;
/// One packet in a hundred may come too late. A larger value makes more holes, a smaller one more delay.
const EXCEEDING: f32 = 0.01;
/// How long the earliest packet is remembered: clocks that differ by 200 millionths part by 0.4 ms in this time.
const MEMORY: Duration = Duration::from_secs(2);
/// A packet this far off the others, in microseconds, begins another timeline.
const JUMP: i64 = 1_000_000;
/// 2 s of 5 ms packets, each later than the one before.
const MAX_EARLIEST: usize = 400;

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: Duration = Duration::from_millis(20);

    fn after(packets: u32, late_ms: impl Fn(u32) -> u64, frame: Duration) -> Duration {
        let start = crate::test_start();
        let mut lateness = Lateness::new(8000);
        for number in 0..packets {
            let at = start + frame * number + Duration::from_millis(late_ms(number));
            lateness.handle_packet(at, number.wrapping_mul(160).wrapping_sub(5000));
        }
        lateness.usual()
    }

    #[test]
    fn a_calm_network_gets_a_shallow_buffer_and_a_rough_one_a_deep_one() {
        assert!(after(2000, |_| 0, FRAME) <= Duration::from_millis(5));
        let rough = after(2000, |number| if number % 20 == 0 { 90 } else { 3 }, FRAME);
        assert!((90..=100).contains(&rough.as_millis()), "{rough:?}");
        let wild = after(2000, |number| u64::from(number % 7) * 100, FRAME);
        assert_eq!(wild, Duration::from_millis(200));
    }

    #[test]
    fn one_late_packet_in_two_hundred_changes_nothing() {
        let rare = after(2000, |number| if number % 200 == 0 { 120 } else { 0 }, FRAME);
        assert!(rare <= Duration::from_millis(5), "{rare:?}");
    }

    #[test]
    fn a_clock_that_drifts_is_not_late() {
        for micros in [19_990, 20_010] {
            let drifted = after(20_000, |_| 0, Duration::from_micros(micros));
            assert!(drifted <= Duration::from_millis(10), "{drifted:?}");
        }
    }
}
