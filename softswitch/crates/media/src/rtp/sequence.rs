//! Sequence numbers and timestamps wrap around; distances between them do not (RFC 3550 §A.1, RFC 1982).

/// How far `to` is ahead of `from`: negative where it is older.
pub const fn sequence_distance(from: u16, to: u16) -> i16 {
    to.wrapping_sub(from) as i16
}

/// How far `to` is ahead of `from` in ticks: negative where it is older.
pub const fn timestamp_distance(from: u32, to: u32) -> i32 {
    to.wrapping_sub(from) as i32
}

/// Whether `candidate` comes after `reference`.
pub const fn newer(candidate: u16, reference: u16) -> bool {
    sequence_distance(reference, candidate) > 0
}

/// Unwraps 16-bit sequence numbers into 64 bits, so that they can be compared and counted.
#[derive(Debug, Clone, Default)]
pub struct SequenceExtender {
    highest: Option<u64>,
}

impl SequenceExtender {
    /// The number that `sequence` stands for, nearest to the highest so far. It never gets below zero.
    pub fn extend(&mut self, sequence: u16) -> u64 {
        let Some(highest) = self.highest else {
            // One full cycle up, so that a packet from before the first one has a number too.
            let first = 0x1_0000 + u64::from(sequence);
            self.highest = Some(first);
            return first;
        };
        let distance = i64::from(sequence_distance(highest as u16, sequence));
        let extended = highest.saturating_add_signed(distance);
        if extended > highest {
            self.highest = Some(extended);
        }
        extended
    }

    /// The highest number so far.
    pub const fn highest(&self) -> Option<u64> {
        self.highest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrapping_keeps_the_order() {
        assert!(newer(2, 65_530));
        assert!(!newer(65_530, 2));
        let mut extender = SequenceExtender::default();
        let first = extender.extend(65_534);
        assert_eq!(extender.extend(1), first + 3);
        assert_eq!(extender.extend(65_535), first + 1);
        assert_eq!(extender.extend(2), first + 4);
    }
}
