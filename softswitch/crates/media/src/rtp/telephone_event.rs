//! Telephone-event (RFC 4733): the payload, and the receiver that makes one digit of each key.

use std::time::{Duration, Instant};

use ringdown_types::DtmfDigit;

use super::timestamp_distance;

/// The length of one event report in octets.
pub const PAYLOAD_LENGTH: usize = 4;

/// One event report (RFC 4733 §2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventPayload {
    /// The event code; 0–15 are DTMF digits.
    pub event: u8,
    /// Whether the event is over.
    pub end: bool,
    /// The tone's level in −dBm0, 0–63.
    pub volume: u8,
    /// How long it has lasted, in clock ticks.
    pub duration: u16,
}

impl EventPayload {
    /// Reads the first report of a payload. Later ones, which RFC 4733 §2.5.1.5 allows, are not looked at.
    pub fn parse(payload: &[u8]) -> Option<Self> {
        let [event, flags, d0, d1] = *payload.first_chunk()?;
        Some(Self {
            event,
            end: flags & 0x80 != 0,
            volume: flags & 0x3f,
            duration: u16::from_be_bytes([d0, d1]),
        })
    }

    /// The report as octets.
    pub const fn to_bytes(self) -> [u8; PAYLOAD_LENGTH] {
        let [d0, d1] = self.duration.to_be_bytes();
        [self.event, self.volume & 0x3f | if self.end { 0x80 } else { 0 }, d0, d1]
    }
}

/// A duration in ticks of another clock; what does not fit sixteen bits is clamped.
pub fn scale_duration(duration: u16, from_rate: u32, to_rate: u32) -> u16 {
    if from_rate == 0 {
        return duration;
    }
    let scaled = u64::from(duration) * u64::from(to_rate) / u64::from(from_rate);
    u16::try_from(scaled).unwrap_or(u16::MAX)
}

/// A key that was pressed and let go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FinishedDigit {
    /// The key.
    pub digit: DtmfDigit,
    /// How long, in milliseconds.
    pub duration_ms: u16,
}

/// Makes one digit of the packets of each event, whichever of them are lost, repeated or late.
///
/// ```text
///   Idle ──report──► Pressed ──end, newer event or 200 ms without a report──► Idle (one digit)
///     └──end whose reports were all lost──► Idle (one digit)
/// ```
#[derive(Debug, Clone, Default)]
pub struct TelephoneEventReceiver {
    state: State,
    /// The timestamp of the newest event that is over: its repeated ends and late reports say nothing new.
    over: Option<u32>,
}

#[derive(Debug, Clone, Default)]
enum State {
    #[default]
    Idle,
    Pressed(Pressed),
}

#[derive(Debug, Clone)]
struct Pressed {
    digit: DtmfDigit,
    clock_rate: u32,
    /// The timestamp of the running segment (RFC 4733 §2.5.1.3).
    timestamp: u32,
    /// The running segment's ticks.
    duration: u16,
    /// The ticks of the segments before it.
    earlier: u32,
    deadline: Instant,
}

impl Pressed {
    /// Takes the duration of another report of the running segment, late or not.
    fn count(&mut self, payload: EventPayload) {
        let before = self.duration;
        let (shrunk, grown) =
            (before.saturating_sub(payload.duration), payload.duration.saturating_sub(before));
        if shrunk > HALF_FIELD {
            // baresip 1.0 begins no segment: its field wraps.
            self.earlier = self.earlier.saturating_add(0x1_0000);
            self.duration = payload.duration;
        } else if self.earlier == 0 || grown <= HALF_FIELD || payload.end {
            self.duration = before.max(payload.duration);
        }
    }

    fn finished(&self) -> FinishedDigit {
        let ticks = u64::from(self.earlier) + u64::from(self.duration);
        let milliseconds = ticks * 1000 / u64::from(self.clock_rate.max(1));
        FinishedDigit { digit: self.digit, duration_ms: u16::try_from(milliseconds).unwrap_or(u16::MAX) }
    }
}

impl TelephoneEventReceiver {
    /// Takes an event packet, whose duration is counted in `clock_rate`. Returns the digit that it ends: its own, or the one before whose end was lost. Where
    /// both end at once, the older one is returned and its own follows from [`Self::handle_timeout`].
    pub fn handle_packet(
        &mut self,
        now: Instant,
        timestamp: u32,
        clock_rate: u32,
        payload: EventPayload,
    ) -> Option<FinishedDigit> {
        // Other events than digits (flash, tones of modems) are passed on by the relay and not reported.
        let digit = DtmfDigit::from_event(payload.event)?;
        if let Some(over) = self.over {
            let age = timestamp_distance(over, timestamp);
            let is_known = (-stale_ticks(clock_rate)..=0).contains(&age);
            if is_known {
                return None;
            }
        }
        let deadline = now + LOST_END;
        if let State::Pressed(pressed) = &mut self.state {
            if pressed.timestamp == timestamp {
                pressed.count(payload);
                (pressed.clock_rate, pressed.deadline) = (clock_rate, deadline);
                return if payload.end { self.finish() } else { None };
            }
            let distance = timestamp_distance(pressed.timestamp, timestamp);
            if (-stale_ticks(clock_rate)..0).contains(&distance) {
                return None;
            }
            // §2.5.1.3: an event too long for the field goes on in a segment that begins where it ended.
            if pressed.digit == digit && NEXT_SEGMENT.contains(&distance) {
                pressed.earlier = pressed.earlier.saturating_add(u32::from(u16::MAX));
                (pressed.timestamp, pressed.duration) = (timestamp, payload.duration);
                (pressed.clock_rate, pressed.deadline) = (clock_rate, deadline);
                return if payload.end { self.finish() } else { None };
            }
        }
        let older = self.finish();
        let mut pressed =
            Pressed { digit, clock_rate, timestamp, duration: payload.duration, earlier: 0, deadline };
        if payload.end && older.is_some() {
            pressed.deadline = now;
        }
        self.state = State::Pressed(pressed);
        if payload.end && older.is_none() { self.finish() } else { older }
    }

    /// When [`Self::handle_timeout`] is due.
    pub const fn next_timeout(&self) -> Option<Instant> {
        match &self.state {
            State::Idle => None,
            State::Pressed(pressed) => Some(pressed.deadline),
        }
    }

    /// Ends a digit whose end was lost.
    pub fn handle_timeout(&mut self, now: Instant) -> Option<FinishedDigit> {
        if self.next_timeout()? > now {
            return None;
        }
        self.finish()
    }

    fn finish(&mut self) -> Option<FinishedDigit> {
        let State::Pressed(pressed) = std::mem::take(&mut self.state) else { return None };
        self.over = Some(pressed.timestamp);
        Some(pressed.finished())
    }
}

/// How far a segment's beginning is from that of the one before it: as many ticks as the field holds, of the stream's
/// own clock or, where 8,000 Hz are counted in a stream of 48,000 Hz, of a sixth of it.
const NEXT_SEGMENT: [i32; 2] = [0xffff, 0xffff * 6];

/// Reports of one segment are less apart than this: an update comes at least each 200 ms.
const HALF_FIELD: u16 = 0x8000;

/// How far back a packet may be and still belong to an event that is over: ten seconds. Older timestamps are a new
/// series of a restarted source.
const fn stale_ticks(clock_rate: u32) -> i32 {
    (clock_rate.saturating_mul(10) & 0x7fff_ffff) as i32
}

/// How long a key counts as pressed without a report. Three lost updates of the usual 50 ms are survived; a larger
/// value delays digits whose ends were all lost, a smaller one makes two digits of one.
const LOST_END: Duration = Duration::from_millis(200);

#[cfg(test)]
mod tests {
    use super::*;

    fn report(event: u8, end: bool, duration: u16) -> EventPayload {
        EventPayload { event, end, volume: 10, duration }
    }

    fn digit(event: u8) -> DtmfDigit {
        DtmfDigit::from_event(event).expect("a digit")
    }

    #[test]
    fn one_key_is_one_digit_with_three_ends() {
        let now = crate::test_start();
        let mut receiver = TelephoneEventReceiver::default();
        assert_eq!(receiver.handle_packet(now, 800, 8000, report(5, false, 160)), None);
        assert_eq!(receiver.handle_packet(now, 800, 8000, report(5, false, 320)), None);
        let finished = receiver.handle_packet(now, 800, 8000, report(5, true, 800));
        assert_eq!(finished, Some(FinishedDigit { digit: digit(5), duration_ms: 100 }));
        assert_eq!(receiver.handle_packet(now, 800, 8000, report(5, true, 800)), None);
        assert_eq!(receiver.handle_packet(now, 800, 8000, report(5, false, 480)), None);
        assert_eq!(receiver.next_timeout(), None);
        // The same key again is a second digit.
        let finished = receiver.handle_packet(now, 2400, 8000, report(5, true, 640));
        assert_eq!(finished, Some(FinishedDigit { digit: digit(5), duration_ms: 80 }));
    }

    #[test]
    fn lost_ends_still_make_digits() {
        let now = crate::test_start();
        let mut receiver = TelephoneEventReceiver::default();
        receiver.handle_packet(now, 0, 8000, report(1, false, 400));
        let first = receiver.handle_packet(now, 1600, 8000, report(2, true, 400));
        assert_eq!(first.map(|finished| finished.digit), Some(digit(1)));
        let second = receiver.handle_timeout(now);
        assert_eq!(second.map(|finished| finished.digit), Some(digit(2)));

        receiver.handle_packet(now, 3200, 8000, report(3, false, 400));
        assert_eq!(receiver.handle_timeout(now + LOST_END / 2), None);
        let third = receiver.handle_timeout(now + LOST_END);
        assert_eq!(third, Some(FinishedDigit { digit: digit(3), duration_ms: 50 }));
    }

    #[test]
    fn a_key_held_longer_than_the_field_is_one_digit() {
        let now = crate::test_start();
        let mut receiver = TelephoneEventReceiver::default();
        assert_eq!(receiver.handle_packet(now, 0, 48_000, report(9, false, 0xffff)), None);
        assert_eq!(receiver.handle_packet(now, 0xffff, 48_000, report(9, false, 960)), None);
        let finished = receiver.handle_packet(now, 0xffff, 48_000, report(9, true, 30_465));
        assert_eq!(finished, Some(FinishedDigit { digit: digit(9), duration_ms: 2000 }));
    }

    #[test]
    fn a_field_that_wraps_is_one_digit() {
        let now = crate::test_start();
        let mut receiver = TelephoneEventReceiver::default();
        // 2,400 ms at 48,000 Hz; each report comes again, late by one.
        for update in 1_u32..=120 {
            for update in [update, update - 1] {
                let payload = report(9, false, (update * 960) as u16);
                assert_eq!(receiver.handle_packet(now, 7, 48_000, payload), None);
            }
        }
        let finished = receiver.handle_packet(now, 7, 48_000, report(9, true, (120_u32 * 960) as u16));
        assert_eq!(finished, Some(FinishedDigit { digit: digit(9), duration_ms: 2400 }));
    }

    #[test]
    fn durations_change_clocks() {
        assert_eq!(scale_duration(800, 8000, 48_000), 4800);
        assert_eq!(scale_duration(4800, 48_000, 8000), 800);
        assert_eq!(scale_duration(20_000, 8000, 48_000), u16::MAX);
        assert_eq!(EventPayload::parse(&[1, 2, 3]), None);
        let payload = report(11, true, 960);
        assert_eq!(EventPayload::parse(&payload.to_bytes()), Some(payload));
    }
}
