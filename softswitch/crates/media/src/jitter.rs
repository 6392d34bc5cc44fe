//! The jitter buffer: used only where audio is decoded; a relay passes packets on as they come.
//!
//! It holds packets until they are to be played and tells how much should wait: as much as 99 of 100 recent packets
//! were late, and no more than 200 ms. What comes later than that, or twice, is dropped. It never leaves a packet out
//! to get shorter: [`crate::playout`] shortens and stretches the sound itself.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use crate::{jitter::lateness::Lateness, rtp::SequenceExtender};

mod lateness;

/// What a packet carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carried {
    /// The codec's audio.
    Audio,
    /// Audio that says nothing but that the source pauses (Opus' discontinuous transmission).
    Pause,
    /// Comfort noise (RFC 3389).
    Noise,
}

/// A packet that came.
#[derive(Debug, Clone, Copy)]
pub struct Arrival<'a> {
    /// Its sequence number.
    pub sequence: u16,
    /// Its timestamp.
    pub timestamp: u32,
    /// What its payload is.
    pub carried: Carried,
    /// Its payload.
    pub payload: &'a [u8],
}

/// What is to be played next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pulled {
    /// A packet's payload.
    Packet(Vec<u8>),
    /// Comfort noise's payload: noise is to be heard from here on.
    Noise(Vec<u8>),
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
    packets: BTreeMap<u64, (Carried, Vec<u8>)>,
    /// The number to be played next; `None` while filling.
    next: Option<u64>,
    packet_duration: Duration,
    newest: Option<(u64, u32)>,
    lateness: Lateness,
    empty_pulls: u32,
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
            newest: None,
            lateness: Lateness::new(clock_rate.max(1)),
            empty_pulls: 0,
            dropped: 0,
        }
    }

    /// Packets dropped for being late, double, far off or too many.
    pub const fn dropped(&self) -> u64 {
        self.dropped
    }

    /// How much audio waits, counting what is missing in between.
    pub fn depth(&self) -> Duration {
        let (Some((&first, _)), Some((&last, _))) =
            (self.packets.first_key_value(), self.packets.last_key_value())
        else {
            return Duration::ZERO;
        };
        let missing_before = self.next.map_or(0, |next| first.saturating_sub(next).min(MAX_CONCEALED));
        self.packet_duration * (last - first + 1 + missing_before).min(MAX_PACKETS as u64) as u32
    }

    /// How much audio should wait.
    pub fn target(&self) -> Duration {
        (self.lateness.usual() + self.packet_duration).min(MAX_DELAY)
    }

    /// Whether it waits until enough is there.
    pub const fn is_filling(&self) -> bool {
        self.next.is_none()
    }

    /// Takes a packet.
    pub fn insert(&mut self, now: Instant, arrival: Arrival<'_>) {
        let Arrival { sequence, timestamp, carried, payload } = arrival;
        let highest_before = self.sequence.highest();
        let extended = self.sequence.extend(sequence);
        if highest_before.is_some_and(|highest| extended.abs_diff(highest) > MAX_JUMP) {
            // The source began anew.
            *self = Self { dropped: self.dropped, ..Self::new(self.clock_rate) };
            return self.insert(now, arrival);
        }
        self.learn(now, extended, timestamp);
        let late = self.next.is_some_and(|next| extended < next);
        if late || self.packets.contains_key(&extended) {
            self.dropped += 1;
            return;
        }
        self.packets.insert(extended, (carried, payload.to_vec()));
        if self.packets.len() > MAX_PACKETS {
            self.packets.pop_first();
            self.dropped += 1;
        }
    }

    /// Takes out what is to be played next; called once for each packet duration of playing.
    pub fn pull(&mut self) -> Pulled {
        let Some((&first, (carried, _))) = self.packets.first_key_value() else { return self.starve() };
        let next = match self.next {
            Some(next) => next,
            // What tells of silence waits for nothing: it may be all that comes.
            None if self.depth() >= self.target() || *carried != Carried::Audio => first,
            None => return Pulled::Empty,
        };
        self.empty_pulls = 0;
        let next = next.max(first.saturating_sub(MAX_CONCEALED));
        self.next = Some(next + 1);
        match self.packets.remove(&next) {
            Some((Carried::Audio, payload)) => Pulled::Packet(payload),
            Some((Carried::Pause, payload)) => {
                self.refill();
                Pulled::Packet(payload)
            }
            Some((Carried::Noise, payload)) => {
                self.refill();
                Pulled::Noise(payload)
            }
            None => Pulled::Lost {
                next: self
                    .packets
                    .get(&(next + 1))
                    .filter(|(carried, _)| *carried != Carried::Noise)
                    .map(|(_, payload)| payload.clone()),
            },
        }
    }

    /// The source pauses: what comes next fills the buffer first.
    fn refill(&mut self) {
        if self.packets.is_empty() {
            self.next = None;
            self.lateness.pause();
        }
    }

    fn starve(&mut self) -> Pulled {
        self.empty_pulls += 1;
        if self.empty_pulls >= REFILL_AFTER {
            self.refill();
        }
        Pulled::Empty
    }

    fn learn(&mut self, now: Instant, extended: u64, timestamp: u32) {
        if let Some((newest, newest_timestamp)) = self.newest
            && extended == newest + 1
        {
            let ticks = crate::rtp::timestamp_distance(newest_timestamp, timestamp);
            let micros = i64::from(ticks) * 1_000_000 / i64::from(self.clock_rate);
            // A longer step is a pause of the sender, not a packet's length.
            if (2_500..=120_000).contains(&micros) {
                self.packet_duration = Duration::from_micros(micros.unsigned_abs());
            }
        }
        if self.newest.is_none_or(|(newest, _)| extended > newest) {
            self.newest = Some((extended, timestamp));
        }
        self.lateness.handle_packet(now, timestamp);
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: Duration = Duration::from_millis(20);

    fn packet(number: u16, timestamp: u32, payload: &[u8]) -> Arrival<'_> {
        Arrival { sequence: number, timestamp, carried: Carried::Audio, payload }
    }

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
                    buffer.insert(at, packet(number, u32::from(number) * 160, &[number as u8]));
                }
            }
            heard.push(match buffer.pull() {
                Pulled::Packet(payload) => i32::from(payload[0]),
                Pulled::Noise(_) => -3,
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
            let at = now + FRAME * u32::from(number);
            buffer.insert(at, packet(number, u32::from(number) * 160, &[number as u8]));
        }
        assert_eq!(buffer.pull(), Pulled::Packet(vec![0]));
        assert_eq!(buffer.pull(), Pulled::Packet(vec![1]));
        assert_eq!(buffer.pull(), Pulled::Lost { next: Some(vec![3]) });
        // Too late.
        buffer.insert(now + FRAME * 5, packet(2, 320, &[2]));
        assert_eq!(buffer.dropped(), 1);
        assert_eq!(buffer.pull(), Pulled::Packet(vec![3]));
    }

    #[test]
    fn noise_is_told_at_once_and_audio_after_it_fills_the_buffer_again() {
        let now = crate::test_start();
        let mut buffer = JitterBuffer::new(8000);
        buffer.insert(now, Arrival { carried: Carried::Noise, ..packet(7, 0, &[40]) });
        assert_eq!(buffer.pull(), Pulled::Noise(vec![40]));
        assert_eq!(buffer.pull(), Pulled::Empty);
        let later = now + FRAME * 100;
        buffer.insert(later, packet(8, 16_000, &[1]));
        assert_eq!(buffer.pull(), Pulled::Empty, "one packet is no cushion");
        for number in 9..12 {
            let at = later + FRAME * u32::from(number - 8);
            buffer.insert(at, packet(number, 16_000 + u32::from(number - 8) * 160, &[1]));
        }
        assert_eq!(buffer.pull(), Pulled::Packet(vec![1]));
    }

    #[test]
    fn a_flood_does_not_fill_memory_and_a_restart_is_followed() {
        let start = crate::test_start();
        let mut buffer = JitterBuffer::new(8000);
        for number in 0_u16..500 {
            buffer.insert(start, packet(number, 0, &[0]));
        }
        assert!(buffer.packets.len() <= MAX_PACKETS);
        for number in 40_000_u16..40_004 {
            let at = start + FRAME * u32::from(number - 40_000);
            buffer.insert(at, packet(number, u32::from(number - 40_000) * 160, &[7]));
        }
        assert_eq!(buffer.pull(), Pulled::Packet(vec![7]));
    }
}
