//! Pushes a session has been sent, kept for a replay.

use std::{collections::VecDeque, sync::Arc};

/// The last pushes of a session with their numbers, bounded in count and bytes.
#[derive(Debug, Default)]
pub struct PushRing {
    pushes: VecDeque<Arc<str>>,
    bytes: usize,
    /// The number of the newest push.
    seq: u64,
}

impl PushRing {
    /// Pushes kept. A resume that missed more gets the whole state, which is cheaper than a longer replay.
    pub const MAX_PUSHES: usize = 256;
    /// Bytes kept. Offers and answers are some KiB each; this is what a session costs at worst.
    pub const MAX_BYTES: usize = 256 * 1024;

    /// The number of the newest push, 0 before the first.
    pub const fn seq(&self) -> u64 {
        self.seq
    }

    /// Takes a push; its number is [`Self::seq`] + 1.
    pub fn push(&mut self, text: Arc<str>) {
        self.seq += 1;
        self.bytes += text.len();
        self.pushes.push_back(text);
        while self.pushes.len() > Self::MAX_PUSHES || self.bytes > Self::MAX_BYTES {
            let Some(oldest) = self.pushes.pop_front() else { break };
            self.bytes -= oldest.len();
        }
    }

    /// The pushes after `last_seq`, or `None` where they are not all kept.
    pub fn replay(&self, last_seq: u64) -> Option<impl Iterator<Item = &Arc<str>>> {
        let missed = usize::try_from(self.seq.checked_sub(last_seq)?).ok()?;
        let skip = self.pushes.len().checked_sub(missed)?;
        Some(self.pushes.iter().skip(skip))
    }

    /// Forgets every push and goes on counting after `seq`, or after the newest push, whichever is higher.
    pub fn restart_after(&mut self, seq: u64) {
        self.pushes.clear();
        self.bytes = 0;
        self.seq = self.seq.max(seq);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(pushes: usize) -> PushRing {
        let mut ring = PushRing::default();
        for number in 1..=pushes {
            ring.push(number.to_string().into());
        }
        ring
    }

    fn replayed(ring: &PushRing, last_seq: u64) -> Option<Vec<String>> {
        Some(ring.replay(last_seq)?.map(|text| text.to_string()).collect())
    }

    #[test]
    fn a_replay_is_exactly_what_was_missed() {
        let ring = ring(5);
        assert_eq!(replayed(&ring, 3), Some(vec!["4".into(), "5".into()]));
        assert_eq!(replayed(&ring, 5), Some(vec![]));
        assert_eq!(replayed(&ring, 6), None, "a number from the future");
    }

    #[test]
    fn what_fell_out_of_the_ring_is_not_replayed() {
        let ring = ring(PushRing::MAX_PUSHES + 10);
        assert_eq!(replayed(&ring, 9), None);
        assert_eq!(replayed(&ring, 10).map(|pushes| pushes.len()), Some(PushRing::MAX_PUSHES));
    }

    #[test]
    fn bytes_are_bounded_too() {
        let mut ring = PushRing::default();
        for _ in 0..100 {
            ring.push("x".repeat(64 * 1024).into());
            assert!(ring.bytes <= PushRing::MAX_BYTES);
        }
        assert_eq!(ring.seq(), 100);
        assert_eq!(replayed(&ring, 96).map(|pushes| pushes.len()), Some(4));
    }
}
