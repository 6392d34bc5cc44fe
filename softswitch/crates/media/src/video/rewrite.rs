//! The one video stream a leg hears, whatever feeds it. As `rtp::OutgoingStream`, with what video has of its own: packets
//! that were lost come again much later, a frame's packets share a timestamp, and a new source begins with a key frame.

use std::time::{Duration, Instant};

use ringdown_types::{Random, VideoCoding};

use crate::rtp::{sequence_distance, timestamp_distance};

/// What feeds a stream: packets of equal source belong to one run of numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VideoSource {
    /// Names the leg.
    pub origin: u64,
    /// The SSRC its packets came with.
    pub ssrc: u32,
}

/// Where a packet stands in the outgoing stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VideoPlacement {
    /// Its sequence number.
    pub sequence: u16,
    /// Its timestamp.
    pub timestamp: u32,
    /// How many numbers the newest packet is ahead of it; 0 for the newest.
    pub behind: u16,
}

/// One leg's outgoing video stream.
#[derive(Debug, Clone)]
pub struct OutgoingVideo {
    sequence: u16,
    timestamp: u32,
    /// When the newest picture began to leave; `None` until something was sent.
    at: Option<Instant>,
    source: Option<Source>,
    /// Since when a source that has shown no key frame is kept back.
    waiting: Option<(VideoSource, Instant)>,
}

#[derive(Debug, Clone, Copy)]
struct Source {
    key: VideoSource,
    /// The first outgoing number of this source.
    first: u16,
    sequence_offset: u16,
    timestamp_offset: u32,
}

impl OutgoingVideo {
    /// A stream that begins at a random number and timestamp (RFC 3550 §5.1), the number in the lower half (RFC 3711
    /// §3.3.1).
    pub fn new(random: &mut dyn Random) -> Self {
        let bits = random.u64();
        let (sequence, timestamp) = ((bits as u16) & 0x7fff, (bits >> 32) as u32);
        Self { sequence, timestamp, at: None, source: None, waiting: None }
    }

    /// Forgets the source: what comes next waits for a key frame.
    pub fn release_source(&mut self) {
        self.source = None;
        self.waiting = None;
    }

    /// Whether packets of `key` are on their way already.
    pub fn follows(&self, key: VideoSource) -> bool {
        self.source.is_some_and(|source| source.key == key)
    }

    /// The timestamp at `now`, for sender reports; `None` until something was sent.
    pub fn timestamp_at(&self, now: Instant) -> Option<u32> {
        self.at.map(|at| self.timestamp.wrapping_add(ticks(now.saturating_duration_since(at))))
    }

    /// Places a packet. `None`: it is dropped, being of a source whose key frame is waited for, or of a time before it.
    pub fn relay(
        &mut self,
        now: Instant,
        key: VideoSource,
        (sequence, timestamp): (u16, u32),
        begins_key_frame: bool,
    ) -> Option<VideoPlacement> {
        if let Some(source) = self.source.filter(|source| source.key == key) {
            let distance = sequence_distance(self.sequence, sequence.wrapping_add(source.sequence_offset));
            if distance.unsigned_abs() > MAX_DISTANCE {
                // The source began anew under its name (RFC 3550 §A.1).
                self.release_source();
            }
        }
        if !self.follows(key) {
            self.begin(now, key, (sequence, timestamp), begins_key_frame)?;
        }
        let source = self.source?;
        let sequence = sequence.wrapping_add(source.sequence_offset);
        let timestamp = timestamp.wrapping_add(source.timestamp_offset);
        if sequence_distance(source.first, sequence) < 0 {
            return None;
        }
        let ahead = sequence_distance(self.sequence, sequence);
        let behind = if ahead < 0 { ahead.unsigned_abs() } else { 0 };
        if ahead >= 0 || self.at.is_none() {
            self.sequence = sequence;
            if timestamp_distance(self.timestamp, timestamp) > 0 || self.at.is_none() {
                self.timestamp = timestamp;
                self.at = Some(now);
            }
        }
        Some(VideoPlacement { sequence, timestamp, behind })
    }

    fn begin(
        &mut self,
        now: Instant,
        key: VideoSource,
        (sequence, timestamp): (u16, u32),
        begins_key_frame: bool,
    ) -> Option<()> {
        let since = match self.waiting {
            Some((waiting, since)) if waiting == key => since,
            _ => now,
        };
        self.waiting = Some((key, since));
        if !begins_key_frame && now.saturating_duration_since(since) < KEY_FRAME_PATIENCE {
            return None;
        }
        self.waiting = None;
        let (first, next) = match self.at {
            None => (self.sequence, self.timestamp),
            Some(at) => {
                let elapsed = now.saturating_duration_since(at).max(SHORTEST_PICTURE);
                (self.sequence.wrapping_add(1), self.timestamp.wrapping_add(ticks(elapsed)))
            }
        };
        let sequence_offset = first.wrapping_sub(sequence);
        let timestamp_offset = next.wrapping_sub(timestamp);
        self.source = Some(Source { key, first, sequence_offset, timestamp_offset });
        Some(())
    }
}

fn ticks(duration: Duration) -> u32 {
    (duration.as_micros() * u128::from(VideoCoding::CLOCK_RATE) / 1_000_000) as u32
}

/// A source that never begins a key frame (a telephone that refreshes its picture bit by bit) is let through after this.
/// Longer keeps its picture black, shorter shows a broken one.
const KEY_FRAME_PATIENCE: Duration = Duration::from_secs(4);

/// The shortest step of the timestamp between two sources.
const SHORTEST_PICTURE: Duration = Duration::from_millis(10);

/// RFC 3550 §A.1 allows 3,000 packets of loss; so far back goes what is sent again.
const MAX_DISTANCE: u16 = 3000;

#[cfg(test)]
mod tests {
    use ringdown_types::SeededRandom;

    use super::*;

    const PICTURE: Duration = Duration::from_millis(33);
    const ALICE: VideoSource = VideoSource { origin: 1, ssrc: 11 };
    const BOB: VideoSource = VideoSource { origin: 2, ssrc: 22 };

    #[test]
    fn a_new_source_begins_with_its_key_frame_without_a_jump() {
        let start = crate::test_start();
        let mut stream = OutgoingVideo::new(&mut SeededRandom::new(1));
        assert_eq!(stream.relay(start, ALICE, (10, 1000), false), None);
        let one = stream.relay(start, ALICE, (11, 4000), true).expect("a key frame");
        let two = stream.relay(start + PICTURE, ALICE, (13, 7000), false).expect("the next picture");
        assert_eq!(two.sequence, one.sequence.wrapping_add(2));
        assert_eq!(two.timestamp, one.timestamp.wrapping_add(3000));
        let lost = stream.relay(start + PICTURE, ALICE, (12, 4000), false).expect("what was lost");
        assert_eq!((lost.behind, lost.sequence), (1, one.sequence.wrapping_add(1)));
        assert_eq!(stream.relay(start + PICTURE, ALICE, (10, 1000), false), None);

        assert_eq!(stream.relay(start + PICTURE * 2, BOB, (500, 9), false), None);
        let bob = stream.relay(start + PICTURE * 3, BOB, (501, 99), true).expect("his key frame");
        assert_eq!(bob.sequence, two.sequence.wrapping_add(1));
        assert_eq!(bob.timestamp, two.timestamp.wrapping_add(66 * 90));
        assert!(stream.follows(BOB) && !stream.follows(ALICE));
        let at = stream.timestamp_at(start + PICTURE * 4);
        assert_eq!(at, Some(bob.timestamp.wrapping_add(33 * 90)));
    }

    #[test]
    fn a_source_without_key_frames_is_let_through_in_the_end() {
        let start = crate::test_start();
        let mut stream = OutgoingVideo::new(&mut SeededRandom::new(2));
        assert_eq!(stream.relay(start, ALICE, (1, 1), false), None);
        assert_eq!(stream.relay(start + KEY_FRAME_PATIENCE / 2, ALICE, (2, 2), false), None);
        assert!(stream.relay(start + KEY_FRAME_PATIENCE, ALICE, (3, 3), false).is_some());
    }

    #[test]
    fn a_restart_under_the_same_name_waits_for_a_key_frame() {
        let start = crate::test_start();
        let mut stream = OutgoingVideo::new(&mut SeededRandom::new(3));
        let one = stream.relay(start, ALICE, (1, 0), true).expect("a key frame");
        assert_eq!(stream.relay(start + PICTURE, ALICE, (30_000, 0), false), None);
        let again = stream.relay(start + PICTURE, ALICE, (30_001, 0), true).expect("a key frame");
        assert_eq!(again.sequence, one.sequence.wrapping_add(1));
    }
}
