//! Key frames are dear: a source is asked for one at a time, not for each of those who want it.

use std::time::{Duration, Instant};

/// Limits how often a source is asked for a key frame. A wish within the interval is kept, and asked at its end.
#[derive(Debug, Clone, Default)]
pub struct KeyFrameRequests {
    /// Since when somebody waits.
    wanted: Option<Instant>,
    asked: Option<Instant>,
    /// The number of the last FIR.
    number: u8,
}

impl KeyFrameRequests {
    /// Somebody needs a key frame.
    pub fn want(&mut self, now: Instant) {
        self.wanted.get_or_insert(now);
    }

    /// A key frame begins: who waited has it.
    pub const fn handle_key_frame(&mut self) {
        self.wanted = None;
    }

    /// When the next request may go out; `None` while none is wanted.
    pub fn next_timeout(&self) -> Option<Instant> {
        let earliest = self.asked.map(|asked| asked + INTERVAL);
        self.wanted.map(|wanted| earliest.map_or(wanted, |earliest| earliest.max(wanted)))
    }

    /// Whether to ask now. The number is that of a FIR.
    pub fn take_due(&mut self, now: Instant) -> Option<u8> {
        self.next_timeout().filter(|due| *due <= now)?;
        self.wanted = None;
        self.asked = Some(now);
        self.number = self.number.wrapping_add(1);
        Some(self.number)
    }
}

/// A shorter interval makes one receiver with a bad way cost all others their sharpness; a longer one keeps a picture
/// frozen.
const INTERVAL: Duration = Duration::from_millis(400);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_of_wishes_is_two_requests() {
        let start = crate::test_start();
        let mut requests = KeyFrameRequests::default();
        assert_eq!((requests.take_due(start), requests.next_timeout()), (None, None));
        let mut asked = Vec::new();
        for ms in (0..1000).step_by(10) {
            let now = start + Duration::from_millis(ms);
            if ms < 300 {
                requests.want(now);
            }
            if requests.take_due(now).is_some() {
                asked.push(ms);
            }
        }
        assert_eq!(asked, [0, 400]);
    }

    #[test]
    fn a_key_frame_ends_the_wish() {
        let start = crate::test_start();
        let mut requests = KeyFrameRequests::default();
        requests.want(start);
        assert_eq!(requests.next_timeout(), Some(start));
        assert_eq!(requests.take_due(start), Some(1));
        requests.want(start);
        assert_eq!(requests.next_timeout(), Some(start + INTERVAL));
        requests.handle_key_frame();
        assert_eq!(requests.take_due(start + INTERVAL * 2), None);
    }
}
