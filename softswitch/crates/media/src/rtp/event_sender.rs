//! Sends one digit as telephone-event (RFC 4733 §2.5.1): a start, an update each packet time, the end three times.

use ringdown_types::DtmfDigit;

use super::EventPayload;

/// The next packet of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventPacket {
    /// Its payload.
    pub payload: EventPayload,
    /// What is added to the timestamp of the event's first packet.
    pub timestamp_offset: u32,
    /// The marker bit: on the first packet only (§2.5.1.3).
    pub marker: bool,
}

/// The packets of one digit. [`Self::next_packet`] is asked once a packet time.
#[derive(Debug, Clone)]
pub struct TelephoneEventSender {
    digit: DtmfDigit,
    /// Ticks that one packet time adds.
    step: u32,
    total: u32,
    elapsed: u32,
    /// Where the running segment begins (§2.5.1.3).
    segment: u32,
    ends_sent: u8,
}

impl TelephoneEventSender {
    /// An event of `duration_ms`, reported each `ptime_ms`, in a format of `clock_rate` Hz. The duration is clamped
    /// to 40–8,000 ms, the packet time to 10–100 ms.
    pub fn new(digit: DtmfDigit, duration_ms: u16, ptime_ms: u8, clock_rate: u32) -> Self {
        let ticks = |milliseconds: u32| (u64::from(milliseconds) * u64::from(clock_rate) / 1000) as u32;
        Self {
            digit,
            step: ticks(u32::from(ptime_ms.clamp(10, 100))).max(1),
            total: ticks(u32::from(duration_ms.clamp(40, 8000))),
            elapsed: 0,
            segment: 0,
            ends_sent: 0,
        }
    }

    /// The next packet; `None` when the event is over.
    pub fn next_packet(&mut self) -> Option<EventPacket> {
        if self.ends_sent == END_REPEATS {
            return None;
        }
        let marker = self.elapsed == 0;
        // §2.5.1.3: a segment's last report is exactly as long as the field can say.
        if self.elapsed - self.segment == LONGEST_SEGMENT {
            self.segment = self.elapsed;
        }
        self.elapsed = (self.elapsed + self.step).min(self.total).min(self.segment + LONGEST_SEGMENT);
        let end = self.elapsed == self.total;
        if end {
            // §2.5.1.4: the last packet is sent three times, with the same timestamp and duration.
            self.ends_sent += 1;
        }
        let duration = (self.elapsed - self.segment) as u16;
        let payload = EventPayload { event: self.digit.event(), end, volume: VOLUME, duration };
        Some(EventPacket { payload, timestamp_offset: self.segment, marker })
    }
}

/// §2.5.1.4.
const END_REPEATS: u8 = 3;

/// §2.5.1.3: what the duration field holds.
const LONGEST_SEGMENT: u32 = 0xffff;

/// −10 dBm0, what telephones send.
const VOLUME: u8 = 10;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rtp::TelephoneEventReceiver;

    #[test]
    fn the_receiver_hears_what_was_sent() {
        for (duration_ms, clock_rate) in [(100, 8000), (70, 48_000), (5000, 48_000), (8000, 8000)] {
            let digit = DtmfDigit::from_char('#').expect("a digit");
            let mut sender = TelephoneEventSender::new(digit, duration_ms, 20, clock_rate);
            let mut receiver = TelephoneEventReceiver::default();
            let mut heard = Vec::new();
            let mut ends = 0;
            while let Some(packet) = sender.next_packet() {
                ends += u8::from(packet.payload.end);
                let timestamp = 1_000_000_u32.wrapping_add(packet.timestamp_offset);
                heard.extend(receiver.handle_packet(
                    crate::test_start(),
                    timestamp,
                    clock_rate,
                    packet.payload,
                ));
            }
            assert_eq!(ends, 3);
            let durations: Vec<u16> = heard.iter().map(|finished| finished.duration_ms).collect();
            // A long event loses up to one step where a segment ends between two reports.
            assert_eq!(durations.len(), 1, "{duration_ms} ms at {clock_rate} Hz: {durations:?}");
            assert!(durations[0].abs_diff(duration_ms) <= 20, "{duration_ms} ms: {durations:?}");
        }
    }
}
