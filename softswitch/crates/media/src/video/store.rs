//! What was sent to a receiver a moment ago, so that it can be sent again (RFC 4585 §6.2, RFC 4588).

use std::time::{Duration, Instant};

/// The newest packets of one outgoing stream, at most 256; each new one takes the place of the oldest. Memory is
/// taken as packets come.
#[derive(Debug, Clone, Default)]
pub struct PacketStore {
    slots: Vec<Slot>,
}

#[derive(Debug, Clone, Default)]
struct Slot {
    sequence: u16,
    /// When it was sent, and when it was last sent again; `None` where the slot is empty.
    sent: Option<Instant>,
    resends: u8,
    bytes: Vec<u8>,
}

impl PacketStore {
    /// Keeps `bytes` as the packet `sequence`.
    pub fn insert(&mut self, now: Instant, sequence: u16, bytes: &[u8]) {
        if self.slots.is_empty() {
            self.slots.resize_with(CAPACITY, Slot::default);
        }
        let at = usize::from(sequence) % CAPACITY;
        let Some(slot) = self.slots.get_mut(at) else { return };
        slot.sequence = sequence;
        slot.sent = Some(now);
        slot.resends = 0;
        slot.bytes.clear();
        slot.bytes.extend_from_slice(bytes);
    }

    /// The packet `sequence`, if it is to be sent again at `now`: it is kept, not older than a second, was not sent
    /// within `round_trip`, and not more than four times.
    pub fn take(&mut self, now: Instant, sequence: u16, round_trip: Duration) -> Option<&[u8]> {
        let slot = self.slots.get_mut(usize::from(sequence) % CAPACITY)?;
        let age = now.saturating_duration_since(slot.sent?);
        let is_again = slot.resends > 0;
        let is_early = is_again && age < round_trip.max(SHORTEST_WAIT);
        if slot.sequence != sequence || is_early || age > MAX_AGE || slot.resends >= MAX_RESENDS {
            return None;
        }
        slot.resends += 1;
        slot.sent = Some(now);
        Some(&slot.bytes)
    }

    /// Forgets all, and gives the memory back.
    pub fn clear(&mut self) {
        *self = Self::default();
    }
}

/// Half a second of 4 Mbit/s. Fewer lose the answer to a NACK over a long way; more cost 1.2 kB each and stream.
const CAPACITY: usize = 256;

/// A picture older than this is no longer waited for.
const MAX_AGE: Duration = Duration::from_secs(1);

/// More would let a receiver that hears nothing multiply what is sent to it.
const MAX_RESENDS: u8 = 4;

/// The shortest time between two sendings where no round trip is known.
const SHORTEST_WAIT: Duration = Duration::from_millis(10);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_are_kept_and_resends_are_bounded() {
        let start = crate::test_start();
        let mut store = PacketStore::default();
        for number in 0..300_u16 {
            store.insert(start, 65_500_u16.wrapping_add(number), &number.to_be_bytes());
        }
        let none = Duration::ZERO;
        assert_eq!(store.take(start, 65_500, none), None);
        let sequence = 65_500_u16.wrapping_add(100);
        assert_eq!(store.take(start, sequence, none).map(<[u8]>::to_vec), Some(vec![0, 100]));
        assert_eq!(store.take(start, sequence, none), None);
        let mut again = 1;
        for ms in (0..800).step_by(20) {
            again += u32::from(store.take(start + Duration::from_millis(ms), sequence, none).is_some());
        }
        assert_eq!(again, u32::from(MAX_RESENDS));
        let other = sequence.wrapping_add(1);
        assert_eq!(store.take(start + MAX_AGE * 2, other, none), None);
        store.clear();
        assert_eq!(store.take(start, other, none), None);
    }

    #[test]
    fn a_resend_waits_for_a_round_trip() {
        let start = crate::test_start();
        let mut store = PacketStore::default();
        store.insert(start, 7, b"x");
        let trip = Duration::from_millis(100);
        let mut sent = Vec::new();
        for ms in (0..300).step_by(10) {
            if store.take(start + Duration::from_millis(ms), 7, trip).is_some() {
                sent.push(ms);
            }
        }
        assert_eq!(sent, [0, 100, 200]);
    }
}
