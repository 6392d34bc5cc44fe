//! Key frames are dear: a source is asked for one at a time, not for each of those who want it.

use std::time::{Duration, Instant};

/// Limits how often a source is asked for a key frame. A wish within the interval is kept, and asked at its end.
#[derive(Debug, Clone, Default)]
pub struct KeyFrameRequests {
    wanted: bool,
    asked: Option<Instant>,
    /// When the newest key frame began.
    came: Option<Instant>,
    /// The number of the last FIR.
    number: u8,
}

impl KeyFrameRequests {
    /// Somebody needs a key frame.
    pub const fn want(&mut self) {
        self.wanted = true;
    }

    /// A key frame begins: who waited has it. One that was asked for right after another began was not for that one.
    pub const fn handle_key_frame(&mut self, now: Instant) {
        self.wanted = false;
        self.came = Some(now);
    }

    /// When the next request may go out; `None` while none is wanted.
    pub fn next_timeout(&self) -> Option<Instant> {
        self.wanted.then_some(()).and(self.asked).map(|asked| asked + INTERVAL)
    }

    /// Whether to ask now. The number is that of a FIR.
    pub fn take_due(&mut self, now: Instant) -> Option<u8> {
        let is_early = self.asked.is_some_and(|asked| now < asked + INTERVAL);
        if !self.wanted || is_early {
            return None;
        }
        self.wanted = false;
        self.asked = Some(now);
        self.number = self.number.wrapping_add(1);
        Some(self.number)
    }

    /// Whether a key frame began since the last request.
    pub fn is_answered(&self) -> bool {
        self.came >= self.asked
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
                requests.want();
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
        requests.want();
        assert_eq!(requests.take_due(start), Some(1));
        requests.want();
        assert_eq!(requests.next_timeout(), Some(start + INTERVAL));
        assert!(!requests.is_answered());
        requests.handle_key_frame(start + INTERVAL / 2);
        assert!(requests.is_answered());
        assert_eq!(requests.take_due(start + INTERVAL * 2), None);
    }
}
