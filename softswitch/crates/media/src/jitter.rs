//! The jitter buffer: used only where audio is decoded; a relay passes packets on as they come.
//!
//! It waits as long as the recent packets were late, and no longer than 200 ms; what comes later than that, or twice,
//! is dropped. A sender whose clock is slow or fast makes the buffer run empty or grow: it then waits, or leaves a
//! packet out.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use crate::rtp::{SequenceExtender, timestamp_distance};

/// What is to be played next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pulled {
    /// A packet's payload.
    Packet(Vec<u8>),
    /// A packet was lost; `next` is the payload of the one right after it, which may hold error correction.
    Lost {
        /// The packet right after the lost one, if it is here.
        next: Option<Vec<u8>>,
    },
    /// Nothing has come in time.
    Empty,
}

/// An adaptive jitter buffer for one stream.
#[derive(Debug)]
pub struct JitterBuffer {
    clock_rate: u32,
    sequence: SequenceExtender,
    packets: BTreeMap<u64, Vec<u8>>,
    /// The number to be played next; `None` while filling.
    next: Option<u64>,
    packet_duration: Duration,
    /// A packet that came as early as any: the others' lateness is counted from it.
    reference: Option<(Instant, u32)>,
    newest: Option<(u64, u32)>,
    /// The lateness that recent packets had, decaying.
    lateness: Duration,
    empty_pulls: u32,
    /// Pulls in a row that found more than the target.
    surplus_pulls: u32,
    dropped: u64,
}

impl JitterBuffer {
    /// An empty buffer for a stream whose timestamps run at `clock_rate` Hz.
    pub fn new(clock_rate: u32) -> Self {
        Self {
            clock_rate: clock_rate.max(1),
            sequence: SequenceExtender::default(),
            packets: BTreeMap::new(),
            next: None,
            packet_duration: Duration::from_millis(20),
            reference: None,
            newest: None,
            lateness: INITIAL_LATENESS,
            empty_pulls: 0,
            surplus_pulls: 0,
            dropped: 0,
        }
    }

    /// Packets dropped for being late, double, far off or too many.
    pub const fn dropped(&self) -> u64 {
        self.dropped
    }

    /// How much audio waits.
    pub fn depth(&self) -> Duration {
        self.packet_duration * self.packets.len() as u32
    }

    /// How much audio should wait.
    pub fn target(&self) -> Duration {
        (self.lateness + self.packet_duration).min(MAX_DELAY)
    }

    /// Takes a packet.
    pub fn insert(&mut self, now: Instant, sequence: u16, timestamp: u32, payload: &[u8]) {
        let highest_before = self.sequence.highest();
        let extended = self.sequence.extend(sequence);
        if highest_before.is_some_and(|highest| extended.abs_diff(highest) > MAX_JUMP) {
            // The source began anew.
            *self = Self { dropped: self.dropped, ..Self::new(self.clock_rate) };
            return self.insert(now, sequence, timestamp, payload);
        }
        let late = self.next.is_some_and(|next| extended < next);
        if late || self.packets.contains_key(&extended) {
            self.dropped += 1;
            return;
        }
        self.learn(now, extended, timestamp);
        self.packets.insert(extended, payload.to_vec());
        if self.packets.len() > MAX_PACKETS {
            self.packets.pop_first();
            self.dropped += 1;
        }
    }

    /// Takes out what is to be played next; called once for each packet duration of playing.
    pub fn pull(&mut self) -> Pulled {
        let Some(first) = self.packets.keys().next().copied() else { return self.starve() };
        let next = match self.next {
            Some(next) => next,
            None if self.depth() >= self.target() => first,
            None => return Pulled::Empty,
        };
        self.empty_pulls = 0;
        let next = self.leave_out_surplus(next.max(first.saturating_sub(MAX_CONCEALED)));
        self.next = Some(next + 1);
        match self.packets.remove(&next) {
            Some(payload) => Pulled::Packet(payload),
            None => Pulled::Lost { next: self.packets.get(&(next + 1)).cloned() },
        }
    }

    fn starve(&mut self) -> Pulled {
        self.empty_pulls += 1;
        if self.empty_pulls >= REFILL_AFTER {
            // What comes next fills the buffer first.
            self.next = None;
            self.reference = None;
        }
        Pulled::Empty
    }

    /// Skips a packet where more than the target has been waiting for half a second.
    fn leave_out_surplus(&mut self, next: u64) -> u64 {
        let has_surplus = self.depth() > self.target() + self.packet_duration * 2;
        self.surplus_pulls = if has_surplus { self.surplus_pulls + 1 } else { 0 };
        if self.surplus_pulls < SHRINK_AFTER {
            return next;
        }
        self.surplus_pulls = 0;
        self.dropped += 1;
        self.packets.remove(&next);
        next + 1
    }

    fn learn(&mut self, now: Instant, extended: u64, timestamp: u32) {
        if let Some((newest, newest_timestamp)) = self.newest
            && extended == newest + 1
        {
            let ticks = timestamp_distance(newest_timestamp, timestamp);
            let micros = i64::from(ticks) * 1_000_000 / i64::from(self.clock_rate);
            // A longer step is a pause of the sender, not a packet's length.
            if (2_500..=120_000).contains(&micros) {
                self.packet_duration = Duration::from_micros(micros.unsigned_abs());
            }
        }
        if self.newest.is_none_or(|(newest, _)| extended > newest) {
            self.newest = Some((extended, timestamp));
        }
        let Some((at, reference)) = self.reference else {
            self.reference = Some((now, timestamp));
            return;
        };
        let ticks = timestamp_distance(reference, timestamp);
        let micros = u64::from(ticks.unsigned_abs()) * 1_000_000 / u64::from(self.clock_rate);
        let expected = if ticks < 0 {
            at.checked_sub(Duration::from_micros(micros)).unwrap_or(at)
        } else {
            at + Duration::from_micros(micros)
        };
        let lateness = now.saturating_duration_since(expected);
        self.lateness = lateness.min(MAX_DELAY).max(self.lateness * 998 / 1000);
        if now <= expected {
            self.reference = Some((now, timestamp));
        } else if ticks > 0 {
            // The reference drifts later, so that a slow clock does not look like growing lateness.
            self.reference = Some((at + DRIFT, reference));
        }
    }
}

/// Enough for two late packets. A larger value delays every call; a smaller one makes its beginning stutter.
const INITIAL_LATENESS: Duration = Duration::from_millis(40);
/// A larger value keeps calls over very bad networks whole; they are then hard to talk over.
const MAX_DELAY: Duration = Duration::from_millis(200);
/// 500 ms of 10 ms packets.
const MAX_PACKETS: usize = 50;
/// Sequence numbers further off than this are a new stream.
const MAX_JUMP: u64 = 1000;
/// Lost packets in a row that are filled; a longer gap is jumped over.
const MAX_CONCEALED: u64 = 10;
/// Empty pulls after which the buffer fills again.
const REFILL_AFTER: u32 = 10;
/// Pulls with a surplus after which a packet is left out.
const SHRINK_AFTER: u32 = 25;
/// For each packet: 500 ppm of 20 ms.
const DRIFT: Duration = Duration::from_micros(10);

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: Duration = Duration::from_millis(20);

    /// Feeds one packet for each entry: number and lateness in milliseconds; pulls every 20 ms; returns the numbers
    /// played, −1 for lost, −2 for empty.
    fn play(arrivals: &[(u16, u64)], pulls: u32) -> Vec<i32> {
        let start = crate::test_start();
        let mut buffer = JitterBuffer::new(8000);
        let mut heard = Vec::new();
        for tick in 0..pulls {
            let now = start + FRAME * tick;
            for &(number, late) in arrivals {
                let at = start + FRAME * u32::from(number) + Duration::from_millis(late);
                if at <= now && at + FRAME > now {
                    buffer.insert(at, number, u32::from(number) * 160, &[number as u8]);
                }
            }
            heard.push(match buffer.pull() {
                Pulled::Packet(payload) => i32::from(payload[0]),
                Pulled::Lost { .. } => -1,
                Pulled::Empty => -2,
            });
        }
        heard
    }

    #[test]
    fn order_is_restored_and_doubles_are_dropped() {
        let arrivals = [(0, 0), (1, 0), (2, 25), (3, 0), (3, 1), (4, 0), (5, 0), (6, 0)];
        let heard = play(&arrivals, 9);
        let played: Vec<i32> = heard.into_iter().filter(|&number| number != -2).collect();
        assert_eq!(played, [0, 1, 2, 3, 4, 5]);
    }

    #[test]
    fn a_lost_packet_is_told_with_its_successor() {
        let now = crate::test_start();
        let mut buffer = JitterBuffer::new(8000);
        for number in [0_u16, 1, 3, 4] {
            buffer.insert(now + FRAME * u32::from(number), number, u32::from(number) * 160, &[number as u8]);
        }
        assert_eq!(buffer.pull(), Pulled::Packet(vec![0]));
        assert_eq!(buffer.pull(), Pulled::Packet(vec![1]));
        assert_eq!(buffer.pull(), Pulled::Lost { next: Some(vec![3]) });
        // Too late.
        buffer.insert(now + FRAME * 5, 2, 320, &[2]);
        assert_eq!(buffer.dropped(), 1);
        assert_eq!(buffer.pull(), Pulled::Packet(vec![3]));
    }

    #[test]
    fn late_networks_get_a_deeper_buffer() {
        let start = crate::test_start();
        let mut buffer = JitterBuffer::new(8000);
        for number in 0_u16..200 {
            let late = if number % 5 == 0 { 90 } else { 0 };
            let at = start + FRAME * u32::from(number) + Duration::from_millis(late);
            buffer.insert(at, number, u32::from(number) * 160, &[0]);
            buffer.pull();
        }
        assert!(buffer.target() > Duration::from_millis(80), "{:?}", buffer.target());
        assert!(buffer.target() <= MAX_DELAY);
    }

    #[test]
    fn a_fast_clock_and_a_flood_do_not_fill_memory() {
        let start = crate::test_start();
        let mut buffer = JitterBuffer::new(8000);
        for number in 0_u16..5000 {
            // 1 % fast.
            let at = start + Duration::from_micros(19_800) * u32::from(number);
            buffer.insert(at, number, u32::from(number) * 160, &[0]);
            if number % 100 != 0 {
                buffer.pull();
            }
        }
        assert!(buffer.depth() < Duration::from_millis(300), "{:?}", buffer.depth());
        for number in 5000_u16..5500 {
            buffer.insert(start, number, 0, &[0]);
        }
        assert!(buffer.packets.len() <= MAX_PACKETS);
        // A restart with other numbers is followed.
        buffer.insert(start, 40_000, 0, &[7]);
        buffer.insert(start, 40_001, 160, &[8]);
        buffer.insert(start, 40_002, 320, &[9]);
        assert_eq!(buffer.pull(), Pulled::Packet(vec![7]));
    }
}
