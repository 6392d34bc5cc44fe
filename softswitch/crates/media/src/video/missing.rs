//! Which packets of an incoming stream are missing, and when to ask for them (RFC 4585 §6.2).

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use crate::rtp::SequenceExtender;

/// The gaps of one incoming stream. At most 200 packets are waited for: beyond that a key frame is cheaper.
#[derive(Debug, Clone, Default)]
pub struct MissingPackets {
    numbers: SequenceExtender,
    missing: BTreeMap<u64, Gap>,
}

#[derive(Debug, Clone, Copy)]
struct Gap {
    due: Instant,
    asked: u8,
}

/// What a packet showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// It is the newest.
    New,
    /// It fills a gap.
    Late,
    /// More is lost than is asked for again.
    TooManyLost,
}

impl MissingPackets {
    /// Notes a packet.
    pub fn handle_packet(&mut self, now: Instant, sequence: u16) -> Arrival {
        let highest = self.numbers.highest();
        let extended = self.numbers.extend(sequence);
        let Some(highest) = highest else { return Arrival::New };
        if extended <= highest {
            self.missing.remove(&extended);
            return Arrival::Late;
        }
        let lost = extended - highest - 1;
        if lost as usize + self.missing.len() > MAX_MISSING {
            self.missing.clear();
            return Arrival::TooManyLost;
        }
        // Packets that merely changed places come within this time.
        let gap = Gap { due: now + REORDERING, asked: 0 };
        self.missing.extend((highest + 1..extended).map(|number| (number, gap)));
        Arrival::New
    }

    /// Whether a packet is waited for.
    pub fn is_missing(&self, sequence: u16) -> bool {
        self.missing.keys().any(|number| *number as u16 == sequence)
    }

    /// When to ask next.
    pub fn next_timeout(&self) -> Option<Instant> {
        self.missing.values().map(|gap| gap.due).min()
    }

    /// Appends what to ask for at `now`, in order, and asks for it again after `round_trip`. Returns whether something
    /// was given up.
    pub fn take_due(&mut self, now: Instant, round_trip: Duration, due: &mut Vec<u16>) -> bool {
        let again = now + round_trip.clamp(SHORTEST_WAIT, LONGEST_WAIT);
        let before = self.missing.len();
        self.missing.retain(|number, gap| {
            if gap.due > now {
                return true;
            }
            if gap.asked == MAX_ASKED {
                return false;
            }
            *gap = Gap { due: again, asked: gap.asked + 1 };
            due.push(*number as u16);
            true
        });
        self.missing.len() < before
    }

    /// Begins anew, with another source.
    pub fn clear(&mut self) {
        *self = Self::default();
    }
}

/// A larger value asks for what a key frame replaces sooner.
const MAX_MISSING: usize = 200;
/// Larger wastes time on a loss, smaller asks for what is on its way.
const REORDERING: Duration = Duration::from_millis(5);
/// How often one packet is asked for.
const MAX_ASKED: u8 = 6;
const SHORTEST_WAIT: Duration = Duration::from_millis(30);
const LONGEST_WAIT: Duration = Duration::from_millis(400);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_is_asked_for_until_it_is_filled_or_given_up() {
        let start = crate::test_start();
        let at = |ms| start + Duration::from_millis(ms);
        let mut missing = MissingPackets::default();
        assert_eq!(missing.next_timeout(), None);
        missing.handle_packet(at(0), 65_534);
        assert_eq!(missing.handle_packet(at(1), 2), Arrival::New);
        assert!(missing.is_missing(0) && !missing.is_missing(2));
        assert_eq!(missing.handle_packet(at(2), 0), Arrival::Late);
        let mut due = Vec::new();
        assert!(!missing.take_due(at(3), Duration::ZERO, &mut due));
        assert!(due.is_empty());
        let mut asked = Vec::new();
        let mut gave_up = 0;
        for ms in 4..400 {
            gave_up += u32::from(missing.take_due(at(ms), Duration::from_millis(50), &mut due));
            asked.extend(due.drain(..).map(|number| (ms, number)));
        }
        assert_eq!(asked.len(), usize::from(MAX_ASKED) * 2);
        assert_eq!(asked[..3], [(6, 65_535), (6, 1), (56, 65_535)]);
        assert_eq!((gave_up, missing.next_timeout()), (1, None));
    }

    #[test]
    fn a_hole_too_large_asks_for_nothing() {
        let start = crate::test_start();
        let mut missing = MissingPackets::default();
        missing.handle_packet(start, 1);
        missing.handle_packet(start, 3);
        assert_eq!(missing.handle_packet(start, 500), Arrival::TooManyLost);
        assert_eq!(missing.next_timeout(), None);
        assert_eq!(missing.handle_packet(start, 501), Arrival::New);
    }
}
