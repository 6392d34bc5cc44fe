//! Packet indices and replay: the rollover counter's estimate and the window of what was seen
//! (RFC 3711 §3.3.1, §3.3.2).

/// The state of one SSRC: the highest index, and which of the last 128 were seen.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    highest: u64,
    /// Bit `n`: index `highest - n` was seen.
    seen: u128,
}

impl Window {
    const fn starting_at(index: u64) -> Self {
        Self { highest: index, seen: 1 }
    }

    fn is_fresh(&self, index: u64) -> bool {
        match self.highest.checked_sub(index) {
            None => true,
            Some(age) => age < WINDOW && self.seen & (1 << age) == 0,
        }
    }

    fn note(&mut self, index: u64) {
        if let Some(ahead) = index.checked_sub(self.highest).filter(|ahead| *ahead > 0) {
            self.seen = if ahead < WINDOW { self.seen << ahead } else { 0 } | 1;
            self.highest = index;
        } else if self.highest - index < WINDOW {
            self.seen |= 1 << (self.highest - index);
        }
    }

    /// RFC 3711 §3.3.1 and appendix A: the index nearest to the highest one whose low 16 bits are `sequence`.
    /// `None` for a packet from before the first rollover period.
    fn index_of(&self, sequence: u16) -> Option<u64> {
        let (rollovers, last) = (self.highest >> 16, self.highest as u16);
        let rollovers = if last < 0x8000 {
            if i32::from(sequence) - i32::from(last) > 0x8000 { rollovers.checked_sub(1)? } else { rollovers }
        } else if i32::from(last) - 0x8000 > i32::from(sequence) {
            rollovers + 1
        } else {
            rollovers
        };
        Some(rollovers << 16 | u64::from(sequence))
    }
}

/// The windows of at most [`MAX_SSRCS`] streams.
#[derive(Debug, Default)]
pub(super) struct Windows {
    streams: Vec<(u32, Window)>,
}

/// Why a packet index is not usable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StaleIndex {
    /// Seen before, or too old to tell.
    Replayed,
    /// A new SSRC, and the table is full.
    TooManySsrcs,
}

impl Windows {
    /// The index of an RTP packet, if it may be accepted. Notes nothing: the packet is not authenticated yet.
    pub(super) fn rtp_index(&self, ssrc: u32, sequence: u16) -> Result<u64, StaleIndex> {
        let Some(window) = self.find(ssrc) else {
            return self.room().map(|()| u64::from(sequence));
        };
        window.index_of(sequence).filter(|index| window.is_fresh(*index)).ok_or(StaleIndex::Replayed)
    }

    /// Whether an explicit SRTCP index may be accepted. Notes nothing.
    pub(super) fn check(&self, ssrc: u32, index: u64) -> Result<(), StaleIndex> {
        let Some(window) = self.find(ssrc) else { return self.room() };
        if window.is_fresh(index) { Ok(()) } else { Err(StaleIndex::Replayed) }
    }

    /// Notes an authenticated (or sent) packet.
    pub(super) fn note(&mut self, ssrc: u32, index: u64) {
        match self.streams.iter_mut().find(|(known, _)| *known == ssrc) {
            Some((_, window)) => window.note(index),
            None => self.streams.push((ssrc, Window::starting_at(index))),
        }
    }

    fn find(&self, ssrc: u32) -> Option<&Window> {
        self.streams.iter().find(|(known, _)| *known == ssrc).map(|(_, window)| window)
    }

    fn room(&self) -> Result<(), StaleIndex> {
        if self.streams.len() < MAX_SSRCS { Ok(()) } else { Err(StaleIndex::TooManySsrcs) }
    }
}

/// RFC 3711 §3.3.2 wants at least 64. More tolerates deeper reordering.
const WINDOW: u64 = 128;

/// An audio and a video stream use two to four. Forgetting a stream would let its old packets be replayed, so
/// further ones are refused.
pub(super) const MAX_SSRCS: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    fn accept(windows: &mut Windows, sequence: u16) -> Result<u64, StaleIndex> {
        let index = windows.rtp_index(1, sequence)?;
        windows.note(1, index);
        Ok(index)
    }

    #[test]
    fn the_counter_rolls_over_and_back() {
        let mut windows = Windows::default();
        assert_eq!(accept(&mut windows, 65_534), Ok(65_534));
        assert_eq!(accept(&mut windows, 1), Ok(0x1_0001));
        assert_eq!(accept(&mut windows, 65_535), Ok(65_535), "late, of the period before");
        assert_eq!(accept(&mut windows, 0), Ok(0x1_0000));
        assert_eq!(accept(&mut windows, 0), Err(StaleIndex::Replayed));
        assert_eq!(accept(&mut windows, 65_535), Err(StaleIndex::Replayed));
    }

    #[test]
    fn before_the_first_period_there_is_nothing() {
        let mut windows = Windows::default();
        assert_eq!(accept(&mut windows, 5), Ok(5));
        assert_eq!(accept(&mut windows, 65_530), Err(StaleIndex::Replayed));
    }

    #[test]
    fn the_window_is_128_deep() {
        let mut windows = Windows::default();
        assert_eq!(accept(&mut windows, 1000), Ok(1000));
        assert_eq!(accept(&mut windows, 873), Ok(873), "127 behind");
        assert_eq!(accept(&mut windows, 872), Err(StaleIndex::Replayed), "128 behind");
        assert_eq!(accept(&mut windows, 2000), Ok(2000));
        assert_eq!(accept(&mut windows, 1999), Ok(1999));
        assert_eq!(accept(&mut windows, 1000), Err(StaleIndex::Replayed));
    }

    #[test]
    fn many_rollovers_are_followed() {
        let mut windows = Windows::default();
        let mut expected = 0_u64;
        for step in 0..200_u64 {
            expected = step * 4_099;
            assert_eq!(accept(&mut windows, expected as u16), Ok(expected));
        }
        assert!(expected > 0xffff * 10);
    }

    #[test]
    fn a_seventeenth_stream_is_refused_and_the_others_go_on() {
        let mut windows = Windows::default();
        for ssrc in 0..16 {
            windows.note(ssrc, 1);
        }
        assert_eq!(windows.rtp_index(16, 1), Err(StaleIndex::TooManySsrcs));
        assert_eq!(windows.check(16, 1), Err(StaleIndex::TooManySsrcs));
        assert_eq!(windows.rtp_index(15, 2), Ok(2));
    }
}
