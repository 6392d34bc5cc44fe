//! Browsers that go away without a word: nothing comes of them any more.
//!
//! A page that crashes, is reloaded or loses its network stops sending everything at once. One that merely says nothing
//! goes on with its connectivity checks (RFC 7675) and reports, every few seconds.

use std::time::{Duration, Instant};

/// Whether a browser is there.
#[derive(Debug, Default)]
pub(crate) struct Absence {
    /// The last time it spoke, and the last time anything came of it.
    last: Option<(Instant, Instant)>,
    is_lost: bool,
    /// When it is looked at again. Packets do not move it, so that they cost no timer.
    check_at: Option<Instant>,
}

/// What a packet tells of a browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sign {
    /// It speaks.
    Speech,
    /// It is there.
    Life,
}

impl Absence {
    /// Something authenticated came. Returns whether the browser was lost until now.
    pub(crate) fn handle_sign(&mut self, now: Instant, sign: Sign) -> bool {
        match &mut self.last {
            Some((spoke, heard)) => {
                *heard = now;
                if sign == Sign::Speech {
                    *spoke = now;
                }
            }
            None if sign == Sign::Speech => self.last = Some((now, now)),
            // Who has not spoken yet may still be asked for the microphone.
            None => return false,
        }
        if self.check_at.is_none() && !self.is_lost {
            self.check_at = Some(now + LOST_AFTER);
        }
        let was_lost = std::mem::take(&mut self.is_lost);
        if was_lost {
            self.check_at = Some(now + LOST_AFTER);
        }
        was_lost
    }

    /// The browser said that it goes: it may come back before anybody notices.
    pub(crate) fn handle_farewell(&mut self, now: Instant) {
        if !self.is_lost {
            self.last = Some((now, now));
            self.check_at = Some(now + LOST_AFTER);
        }
    }

    /// Another transport begins, or the same one anew.
    pub(crate) fn restart(&mut self) {
        *self = Self::default();
    }

    pub(crate) const fn next_timeout(&self) -> Option<Instant> {
        self.check_at
    }

    /// Returns whether the browser has just been lost.
    pub(crate) fn handle_timeout(&mut self, now: Instant) -> bool {
        let (Some(check_at), Some((spoke, heard))) = (self.check_at, self.last) else { return false };
        if now < check_at {
            return false;
        }
        let lived_on = heard.saturating_duration_since(spoke) > AT_ONCE;
        let due = if lived_on { heard + SILENT_LOST_AFTER } else { spoke + LOST_AFTER };
        self.is_lost = due <= now;
        self.check_at = (!self.is_lost).then_some(due);
        self.is_lost
    }
}

/// Silence that is noticed. Shorter tells of every stall of a wireless network, longer leaves the other side alone.
const LOST_AFTER: Duration = Duration::from_secs(2);

/// The same for a browser that ceased to speak and went on living: three of its checks at their slowest.
const SILENT_LOST_AFTER: Duration = Duration::from_secs(10);

/// What comes this soon after the last word may have been sent with it.
const AT_ONCE: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    #[test]
    fn who_stops_all_at_once_is_lost_after_two_seconds() {
        let start = crate::worker::test_start();
        let mut absence = Absence::default();
        for packet in 0..200 {
            assert!(!absence.handle_sign(start + ms(packet * 20), Sign::Speech));
        }
        absence.handle_sign(start + ms(3990), Sign::Life);
        let mut lost_at = None;
        while let Some(at) = absence.next_timeout() {
            if absence.handle_timeout(at) {
                lost_at = Some(at);
            }
        }
        assert_eq!(lost_at, Some(start + ms(3980 + 2000)));
        assert!(absence.handle_sign(start + ms(9000), Sign::Life));
        assert!(!absence.handle_sign(start + ms(9020), Sign::Speech));
    }

    #[test]
    fn who_takes_the_microphone_away_and_stays_is_not_lost() {
        let start = crate::worker::test_start();
        let mut absence = Absence::default();
        absence.handle_sign(start, Sign::Speech);
        for check in 1..100 {
            let now = start + ms(check * 1900);
            while absence.next_timeout().is_some_and(|at| at <= now) {
                assert!(!absence.handle_timeout(now));
            }
            absence.handle_sign(now, Sign::Life);
        }
    }

    #[test]
    fn who_never_spoke_is_not_missed_until_it_says_goodbye() {
        let start = crate::worker::test_start();
        let mut absence = Absence::default();
        absence.handle_sign(start, Sign::Life);
        assert_eq!(absence.next_timeout(), None);
        absence.handle_farewell(start);
        assert!(absence.handle_timeout(start + ms(2000)));
        absence.restart();
        assert_eq!(absence.next_timeout(), None);
    }
}
