//! The relay rewriter: what a leg hears is one stream, whatever feeds it (RFC 3550 §7.1 calls this a translator
//! with its own SSRC).
//!
//! ```text
//!   other leg ──┐
//!   prompt    ──┤   relay(), generate()      one SSRC, sequence without jumps,
//!   tone      ──┼──────────────────────────▶ timestamps that follow the clock
//!   transcoder──┘
//! ```
//! Within one source the gaps of its sequence numbers are kept, so that the receiver's loss figures stay true.
//! Between sources the sequence goes on by one and the timestamp by the time that has passed.

use std::time::{Duration, Instant};

use ringdown_types::Random;

use super::{sequence_distance, timestamp_distance};

/// What feeds a leg: two packets of equal key belong to one run of sequence numbers and timestamps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourceKey {
    /// Distinguishes sources of one leg: the caller gives each leg, playback or transcoder a number of its own.
    pub origin: u64,
    /// The SSRC the packets came with; 0 for what we generate.
    pub ssrc: u32,
    /// The clock rate of the source's audio in Hz.
    pub clock_rate: u32,
}

/// What of a relayed packet decides its place in the outgoing stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RelayedPacket {
    /// Its sequence number.
    pub sequence: u16,
    /// Its timestamp.
    pub timestamp: u32,
    /// Its marker bit.
    pub marker: bool,
    /// Whether it reports a telephone-event: its timestamp says when the event began.
    pub is_event: bool,
}

/// Where a packet stands in the outgoing stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placement {
    /// Its sequence number.
    pub sequence: u16,
    /// Its timestamp.
    pub timestamp: u32,
    /// Its marker bit: set on the first packet of a source.
    pub marker: bool,
}

/// One leg's outgoing RTP stream.
#[derive(Debug, Clone)]
pub struct OutgoingStream {
    /// The newest packet sent.
    last: Position,
    source: Option<Source>,
}

#[derive(Debug, Clone, Copy)]
struct Position {
    sequence: u16,
    timestamp: u32,
    clock_rate: u32,
    /// `None` until something was sent.
    at: Option<Instant>,
}

#[derive(Debug, Clone)]
struct Source {
    key: SourceKey,
    /// The first outgoing sequence number of this source; older ones belong to the source before it.
    first: u16,
    /// What is added to the source's sequence numbers.
    offset: u16,
    /// The source's newest sequence number.
    newest: u16,
    /// A timestamp of the source and what it became; `None` while only events came.
    anchor: Option<(u32, u32)>,
    /// The timestamp of the running telephone-event and what it became: all packets of an event share it.
    event: Option<(u32, u32)>,
    /// The sequence number that would follow a first packet far off the others (RFC 3550 §A.1 `bad_seq`).
    after_jump: Option<u16>,
}

impl OutgoingStream {
    /// A stream that begins at a random sequence number and timestamp (RFC 3550 §5.1).
    pub fn new(clock_rate: u32, random: &mut dyn Random) -> Self {
        let bits = random.u64();
        // The first number stays in the lower half, so that the first wrap is far (RFC 3711 §3.3.1).
        let sequence = (bits as u16) & 0x7fff;
        let last = Position { sequence, timestamp: (bits >> 32) as u32, clock_rate, at: None };
        Self { last, source: None }
    }

    /// Forgets the source, so that the next packet of any source is placed after the last one sent.
    pub fn release_source(&mut self) {
        self.source = None;
    }

    /// The timestamp the stream has at `now`, for sender reports (RFC 3550 §6.4.1); `None` until something was
    /// sent.
    pub fn timestamp_at(&self, now: Instant) -> Option<u32> {
        self.last.at.map(|at| self.last.timestamp.wrapping_add(ticks(now - at, self.last.clock_rate)))
    }

    /// Places a packet of another stream, to be sent in a format of `clock_rate` Hz. `None`: the packet is to be
    /// dropped, being older than what this leg heard of another source, or far off its own.
    pub fn relay(
        &mut self,
        now: Instant,
        key: SourceKey,
        clock_rate: u32,
        packet: RelayedPacket,
    ) -> Option<Placement> {
        let jumped = match &mut self.source {
            Some(source) if source.key == key => source.jumps(packet.sequence)?,
            _ => true,
        };
        if jumped {
            let first = self.next_sequence();
            self.source = Some(Source::new(key, first, packet.sequence));
        }
        let fresh = self.fresh_timestamp(now, clock_rate);
        let rescaled = self.last.clock_rate != clock_rate;
        let source = self.source.as_mut()?;
        let sequence = packet.sequence.wrapping_add(source.offset);
        if sequence_distance(source.first, sequence) < 0 {
            return None;
        }
        if rescaled {
            source.anchor = None;
        }
        if sequence_distance(source.newest, packet.sequence) > 0 {
            source.newest = packet.sequence;
        }
        let timestamp = source.map_timestamp(packet, clock_rate, fresh);
        let placement = Placement { sequence, timestamp, marker: packet.marker || jumped };
        self.advance(now, clock_rate, placement, packet.is_event);
        Some(placement)
    }

    /// Places a packet that we make: the sequence goes on by one; the timestamp by `ticks_since_last` within one
    /// origin, by the time passed where the origin is new.
    pub fn generate(
        &mut self,
        now: Instant,
        origin: u64,
        clock_rate: u32,
        ticks_since_last: u32,
    ) -> Placement {
        let key = SourceKey { origin, ssrc: 0, clock_rate };
        let goes_on = self.source.as_ref().is_some_and(|source| source.key == key);
        let sequence = self.next_sequence();
        let timestamp = if goes_on {
            self.last.timestamp.wrapping_add(ticks_since_last)
        } else {
            self.source = Some(Source::new(key, sequence, sequence));
            self.fresh_timestamp(now, clock_rate)
        };
        let placement = Placement { sequence, timestamp, marker: !goes_on };
        self.advance(now, clock_rate, placement, false);
        placement
    }

    fn next_sequence(&self) -> u16 {
        if self.last.at.is_some() { self.last.sequence.wrapping_add(1) } else { self.last.sequence }
    }

    /// The timestamp of a packet that begins a source: at least one 10 ms frame after the last.
    fn fresh_timestamp(&self, now: Instant, clock_rate: u32) -> u32 {
        let Some(at) = self.last.at else { return self.last.timestamp };
        let elapsed = now.saturating_duration_since(at).max(SHORTEST_FRAME);
        self.last.timestamp.wrapping_add(ticks(elapsed, clock_rate))
    }

    fn advance(&mut self, now: Instant, clock_rate: u32, placement: Placement, is_event: bool) {
        let Placement { sequence, timestamp, .. } = placement;
        let Some(at) = self.last.at else {
            self.last = Position { sequence, timestamp, clock_rate, at: Some(now) };
            return;
        };
        if sequence_distance(self.last.sequence, sequence) <= 0 {
            return;
        }
        // The packets of an event share the time of its beginning; the clock runs on beneath them, and so may audio.
        let step = timestamp_distance(self.last.timestamp, timestamp);
        if step == 0 || is_event && step < 0 {
            self.last = Position { sequence, at: Some(at), ..self.last };
        } else {
            self.last = Position { sequence, timestamp, clock_rate, at: Some(now) };
        }
    }
}

impl Source {
    const fn new(key: SourceKey, first: u16, sequence: u16) -> Self {
        let offset = first.wrapping_sub(sequence);
        Self { key, first, offset, newest: sequence, anchor: None, event: None, after_jump: None }
    }

    /// Whether the source began anew; `None` for a packet that is to be dropped: the first one far off the others,
    /// which is a restart only if its successor follows (RFC 3550 §A.1).
    fn jumps(&mut self, sequence: u16) -> Option<bool> {
        let distance = sequence_distance(self.newest, sequence);
        if (-MAX_MISORDER..MAX_DROPOUT).contains(&distance) {
            self.after_jump = None;
            return Some(false);
        }
        if self.after_jump == Some(sequence) {
            return Some(true);
        }
        self.after_jump = Some(sequence.wrapping_add(1));
        None
    }

    fn map_timestamp(&mut self, packet: RelayedPacket, clock_rate: u32, fresh: u32) -> u32 {
        let along = |(from, to): (u32, u32)| {
            let distance = scale(timestamp_distance(from, packet.timestamp), self.key, clock_rate);
            to.wrapping_add(distance)
        };
        if !packet.is_event {
            return along(*self.anchor.get_or_insert((packet.timestamp, fresh)));
        }
        match self.event {
            // RFC 4733 §2.5.1.2: all packets of an event carry the time of its beginning.
            Some((from, to)) if from == packet.timestamp => to,
            _ => {
                // RFC 4733 §2.1: the timeline is the audio's. Of an event with another one (RFC 7160), the time of
                // arrival is the best there is.
                let nearby = |to: &u32| timestamp_distance(fresh, *to).unsigned_abs() <= clock_rate;
                let to = self.anchor.map(along).filter(nearby).unwrap_or(fresh);
                self.event = Some((packet.timestamp, to));
                to
            }
        }
    }
}

fn scale(distance: i32, key: SourceKey, clock_rate: u32) -> u32 {
    if key.clock_rate == clock_rate || key.clock_rate == 0 {
        return distance as u32;
    }
    (i64::from(distance) * i64::from(clock_rate) / i64::from(key.clock_rate)) as u32
}

/// A duration in clock ticks, wrapping as timestamps do.
fn ticks(duration: Duration, clock_rate: u32) -> u32 {
    (duration.as_micros() * u128::from(clock_rate) / 1_000_000) as u32
}

/// The shortest step of the timestamp between two sources.
const SHORTEST_FRAME: Duration = Duration::from_millis(10);

/// RFC 3550 §A.1. A larger value takes longer gaps for loss; a smaller one restarts the source after a short
/// outage.
const MAX_DROPOUT: i16 = 3000;

/// RFC 3550 §A.1. A larger value passes on very late packets; a smaller one drops reordered ones.
const MAX_MISORDER: i16 = 100;

#[cfg(test)]
mod tests {
    use ringdown_types::SeededRandom;

    use super::*;

    const FRAME: Duration = Duration::from_millis(20);

    fn audio(sequence: u16, timestamp: u32) -> RelayedPacket {
        RelayedPacket { sequence, timestamp, marker: false, is_event: false }
    }

    fn key(origin: u64) -> SourceKey {
        SourceKey { origin, ssrc: 1, clock_rate: 8000 }
    }

    #[test]
    fn a_change_of_source_is_no_jump_and_loss_stays_visible() {
        let start = crate::test_start();
        let mut stream = OutgoingStream::new(8000, &mut SeededRandom::new(1));
        let one = stream.relay(start, key(1), 8000, audio(100, 5000)).expect("first");
        let two = stream.relay(start + FRAME, key(1), 8000, audio(102, 5320)).expect("a gap of one");
        assert!(one.marker && !two.marker);
        assert_eq!(two.sequence, one.sequence.wrapping_add(2));
        assert_eq!(two.timestamp, one.timestamp.wrapping_add(320));

        let tone = stream.generate(start + FRAME * 2, 2, 8000, 160);
        assert!(tone.marker);
        assert_eq!(tone.sequence, two.sequence.wrapping_add(1));
        assert_eq!(tone.timestamp, two.timestamp.wrapping_add(160));
        let tone = stream.generate(start + FRAME * 3, 2, 8000, 160);
        assert!(!tone.marker);

        let other = stream.relay(start + FRAME * 5, key(3), 8000, audio(9, 77)).expect("a new source");
        assert_eq!(other.sequence, tone.sequence.wrapping_add(1));
        assert_eq!(other.timestamp, tone.timestamp.wrapping_add(320));
        // A packet from before the switch would take a number that was used.
        assert_eq!(stream.relay(start + FRAME * 5, key(3), 8000, audio(8, 0)), None);
    }

    #[test]
    fn timestamps_are_scaled_between_clock_rates() {
        let start = crate::test_start();
        let mut stream = OutgoingStream::new(48_000, &mut SeededRandom::new(2));
        let one = stream.relay(start, key(1), 48_000, audio(1, 1000)).expect("first");
        let two = stream.relay(start + FRAME, key(1), 48_000, audio(2, 1160)).expect("second");
        assert_eq!(two.timestamp, one.timestamp.wrapping_add(960));
    }

    #[test]
    fn a_wild_packet_is_dropped_and_a_restart_is_followed() {
        let start = crate::test_start();
        let mut stream = OutgoingStream::new(8000, &mut SeededRandom::new(3));
        let one = stream.relay(start, key(1), 8000, audio(1, 0)).expect("first");
        assert_eq!(stream.relay(start, key(1), 8000, audio(30_000, 0)), None);
        let two = stream.relay(start + FRAME, key(1), 8000, audio(2, 160)).expect("the stream goes on");
        assert_eq!(two.sequence, one.sequence.wrapping_add(1));
        assert_eq!(stream.relay(start + FRAME, key(1), 8000, audio(40_000, 0)), None);
        let restarted = stream.relay(start + FRAME * 2, key(1), 8000, audio(40_001, 160)).expect("a restart");
        assert_eq!(restarted.sequence, two.sequence.wrapping_add(1));
        assert!(restarted.marker);
    }

    /// baresip 1.0 sends audio and events by turns.
    #[test]
    fn audio_goes_on_beneath_an_event() {
        let start = crate::test_start();
        let mut stream = OutgoingStream::new(48_000, &mut SeededRandom::new(5));
        let key = SourceKey { origin: 1, ssrc: 1, clock_rate: 48_000 };
        let event = |sequence, timestamp| RelayedPacket { is_event: true, ..audio(sequence, timestamp) };
        let base = stream.relay(start, key, 48_000, audio(0, 0)).expect("audio").timestamp;
        for turn in 1_u16..=50 {
            let at = start + FRAME * u32::from(turn);
            let said =
                stream.relay(at, key, 48_000, audio(2 * turn - 1, 960 * u32::from(turn))).expect("audio");
            assert_eq!(said.timestamp, base.wrapping_add(960 * u32::from(turn)));
            let pressed = stream.relay(at, key, 48_000, event(2 * turn, 960)).expect("event");
            assert_eq!(pressed.timestamp, base.wrapping_add(960));
        }
        let end = start + FRAME * 50;
        assert_eq!(stream.timestamp_at(end), Some(base.wrapping_add(960 * 50)));
        let tone = stream.generate(end + FRAME, 9, 48_000, 960);
        assert_eq!(tone.timestamp, base.wrapping_add(960 * 51));
    }

    #[test]
    fn an_event_of_another_timeline_keeps_one_timestamp() {
        let start = crate::test_start();
        let mut stream = OutgoingStream::new(48_000, &mut SeededRandom::new(4));
        let key = SourceKey { origin: 1, ssrc: 1, clock_rate: 48_000 };
        let event = |sequence, timestamp| RelayedPacket { is_event: true, ..audio(sequence, timestamp) };
        let one = stream.relay(start, key, 48_000, audio(1, 9600)).expect("audio");
        let two = stream.relay(start + FRAME, key, 48_000, event(2, 7_000_000)).expect("event");
        let three = stream.relay(start + FRAME * 2, key, 48_000, event(3, 7_000_000)).expect("event");
        let four = stream.relay(start + FRAME * 3, key, 48_000, audio(4, 9600 + 2880)).expect("audio");
        assert_eq!(two.timestamp, one.timestamp.wrapping_add(960));
        assert_eq!(three.timestamp, two.timestamp);
        assert_eq!(four.timestamp, one.timestamp.wrapping_add(2880));
        assert_eq!(four.sequence, one.sequence.wrapping_add(3));
    }
}
