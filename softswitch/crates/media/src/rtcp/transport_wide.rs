//! Transport-wide feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01): every packet of a transport has a
//! number of its own, and the receiver tells when each came.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use super::feedback::{TRANSPORT_FEEDBACK, TRANSPORT_WIDE, write_header};
use crate::rtp::SequenceExtender;

/// Notes when numbered packets arrive, and tells their sender.
#[derive(Debug, Clone)]
pub struct ArrivalLog {
    epoch: Instant,
    numbers: SequenceExtender,
    /// The number of the first entry.
    base: u64,
    /// Arrivals from `base` on; `None` for what has not come.
    arrivals: VecDeque<Option<Instant>>,
    due: Option<Instant>,
    feedbacks: u8,
}

impl ArrivalLog {
    /// A log whose reference times count from `epoch`.
    pub fn new(epoch: Instant) -> Self {
        Self {
            epoch,
            numbers: SequenceExtender::default(),
            base: 0,
            arrivals: VecDeque::new(),
            due: None,
            feedbacks: 0,
        }
    }

    /// A packet with the transport-wide number `number` came. One that was reported on already is passed over; a gap
    /// beyond what a feedback holds begins anew.
    pub fn handle_packet(&mut self, now: Instant, number: u16) {
        let is_first = self.numbers.highest().is_none();
        let extended = self.numbers.extend(number);
        if is_first || extended >= self.base + MAX_STATUSES as u64 {
            self.base = extended;
            self.arrivals.clear();
        }
        let Some(at) = extended.checked_sub(self.base) else { return };
        let at = at as usize;
        if self.arrivals.len() <= at {
            self.arrivals.resize(at + 1, None);
        }
        if let Some(entry) = self.arrivals.get_mut(at) {
            entry.get_or_insert(now);
        }
        self.due.get_or_insert(now + FEEDBACK_INTERVAL);
    }

    /// When the next feedback is due; `None` while nothing has come since the last.
    pub const fn next_timeout(&self) -> Option<Instant> {
        self.due
    }

    /// Appends the feedback that is due at `now`, if any. `media` is a stream of the transport.
    pub fn write_due(&mut self, now: Instant, sender: u32, media: u32, out: &mut Vec<u8>) {
        if self.due.is_none_or(|due| due > now) {
            return;
        }
        self.due = None;
        let Some(first) = self.arrivals.iter().flatten().next().copied() else { return };
        let reference = first.saturating_duration_since(self.epoch).as_millis() / REFERENCE_MS;
        let mut clock = self.epoch + Duration::from_millis((reference * REFERENCE_MS) as u64);
        let (mut symbols, mut deltas) = (Vec::with_capacity(self.arrivals.len()), Vec::new());
        for arrival in &self.arrivals {
            let Some(arrival) = *arrival else {
                symbols.push(NOT_RECEIVED);
                continue;
            };
            let ticks = signed_micros(clock, arrival) / TICK_US;
            // A delta that does not fit ends the feedback; the rest comes with the next.
            let Ok(delta) = i16::try_from(ticks) else { break };
            if let Ok(small) = u8::try_from(delta) {
                symbols.push(SMALL_DELTA);
                deltas.push(small);
            } else {
                symbols.push(LARGE_DELTA);
                deltas.extend(delta.to_be_bytes());
            }
            // Exact steps: rounding does not add up.
            clock = step(clock, ticks * TICK_US);
        }
        let base = self.base as u16;
        self.arrivals.drain(..symbols.len());
        self.base += symbols.len() as u64;
        if !self.arrivals.is_empty() {
            self.due = Some(now);
        }
        let mut body = Vec::with_capacity(16 + symbols.len());
        body.extend(base.to_be_bytes());
        body.extend((symbols.len() as u16).to_be_bytes());
        body.extend(&((reference as u32) << 8 | u32::from(self.feedbacks)).to_be_bytes());
        write_chunks(&mut body, &symbols);
        body.extend(deltas);
        body.resize(body.len().next_multiple_of(4), 0);
        self.feedbacks = self.feedbacks.wrapping_add(1);
        write_header(out, TRANSPORT_WIDE, TRANSPORT_FEEDBACK, 2 + (body.len() / 4) as u16);
        out.extend(sender.to_be_bytes());
        out.extend(media.to_be_bytes());
        out.extend(body);
    }
}

fn signed_micros(from: Instant, to: Instant) -> i64 {
    match to.checked_duration_since(from) {
        Some(ahead) => ahead.as_micros() as i64,
        None => -(from.saturating_duration_since(to).as_micros() as i64),
    }
}

fn step(clock: Instant, micros: i64) -> Instant {
    let by = Duration::from_micros(micros.unsigned_abs());
    if micros < 0 { clock.checked_sub(by).unwrap_or(clock) } else { clock + by }
}

/// §3.1.3, §3.1.4: runs of seven and more as run lengths, the rest as vectors of seven two-bit symbols.
fn write_chunks(body: &mut Vec<u8>, mut symbols: &[u16]) {
    while let Some(&first) = symbols.first() {
        let run = symbols.iter().take(MAX_RUN).take_while(|symbol| **symbol == first).count();
        if run >= 7 {
            body.extend((first << 13 | run as u16).to_be_bytes());
            symbols = &symbols[run..];
            continue;
        }
        let (vector, rest) = symbols.split_at(symbols.len().min(7));
        let bits = vector.iter().enumerate().fold(0, |bits, (at, symbol)| bits | symbol << (12 - 2 * at));
        body.extend((0xc000 | bits).to_be_bytes());
        symbols = rest;
    }
}

/// What became of one packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArrivalStatus {
    /// Its transport-wide number.
    pub number: u16,
    /// When it came, in microseconds of the receiver's clock from an origin of its own; `None` where it did not.
    pub at_us: Option<i64>,
}

/// Reads the body of transport-wide feedback; `None` where it is malformed or tells of more than
/// [`MAX_STATUSES`] packets.
pub fn parse_arrivals(body: &[u8]) -> Option<Vec<ArrivalStatus>> {
    let (head, mut rest) = body.split_first_chunk::<8>()?;
    let [b0, b1, c0, c1, r0, r1, r2, _] = *head;
    let (base, count) = (u16::from_be_bytes([b0, b1]), usize::from(u16::from_be_bytes([c0, c1])));
    if count > MAX_STATUSES {
        return None;
    }
    // 24 bits, signed.
    let reference = i32::from_be_bytes([r0, r1, r2, 0]) >> 8;
    let mut symbols = Vec::with_capacity(count);
    while symbols.len() < count {
        let (chunk, after) = rest.split_first_chunk::<2>()?;
        rest = after;
        read_chunk(u16::from_be_bytes(*chunk), count, &mut symbols);
    }
    let mut clock = i64::from(reference) * REFERENCE_MS as i64 * 1000;
    let mut statuses = Vec::with_capacity(count);
    for (offset, symbol) in symbols.into_iter().enumerate() {
        let delta = match symbol {
            SMALL_DELTA => {
                let (small, after) = rest.split_first()?;
                rest = after;
                Some(i64::from(*small))
            }
            LARGE_DELTA => {
                let (large, after) = rest.split_first_chunk::<2>()?;
                rest = after;
                Some(i64::from(i16::from_be_bytes(*large)))
            }
            _ => None,
        };
        clock += delta.unwrap_or(0) * TICK_US;
        let number = base.wrapping_add(offset as u16);
        statuses.push(ArrivalStatus { number, at_us: delta.map(|_| clock) });
    }
    Some(statuses)
}

fn read_chunk(chunk: u16, count: usize, symbols: &mut Vec<u16>) {
    let left = count - symbols.len();
    if chunk & 0x8000 == 0 {
        let run = usize::from(chunk & 0x1fff);
        symbols.extend(std::iter::repeat_n(chunk >> 13 & 3, run.min(left)));
    } else if chunk & 0x4000 == 0 {
        symbols.extend((0..14).map(|at| chunk >> (13 - at) & 1).take(left));
    } else {
        symbols.extend((0..7).map(|at| chunk >> (12 - 2 * at) & 3).take(left));
    }
}

const NOT_RECEIVED: u16 = 0;
const SMALL_DELTA: u16 = 1;
const LARGE_DELTA: u16 = 2;
/// §3.1.5: deltas are in 250 µs.
const TICK_US: i64 = 250;
/// §3.1: the reference time is in 64 ms.
const REFERENCE_MS: u128 = 64;
const MAX_RUN: usize = 0x1fff;

/// The most packets one feedback tells of. More does not fit a datagram when every delta is large.
pub const MAX_STATUSES: usize = 400;

/// How often arrivals are told. Longer makes a sender slow to yield; shorter costs packets.
const FEEDBACK_INTERVAL: Duration = Duration::from_millis(80);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn body(out: &[u8]) -> &[u8] {
        assert_eq!(out.len() % 4, 0);
        &out[12..]
    }

    #[test]
    fn loss_reordering_and_the_wrap_are_told() {
        let start = crate::test_start();
        let mut log = ArrivalLog::new(start);
        let at = |ms: u64| start + Duration::from_millis(ms);
        for (number, ms) in [(65_534, 100), (65_535, 101), (2, 120), (1, 121), (3, 300)] {
            log.handle_packet(at(ms), number);
        }
        assert_eq!(log.next_timeout(), Some(at(180)));
        let mut out = Vec::new();
        log.write_due(at(150), 1, 2, &mut out);
        assert!(out.is_empty());
        log.write_due(at(320), 1, 2, &mut out);
        let told = parse_arrivals(body(&out)).expect("well formed");
        let expected = [
            (65_534, Some(100)),
            (65_535, Some(101)),
            (0, None),
            (1, Some(121)),
            (2, Some(120)),
            (3, Some(300)),
        ];
        let told: Vec<_> = told.iter().map(|one| (one.number, one.at_us.map(|us| us / 1000))).collect();
        assert_eq!(told, expected);
        assert_eq!(log.next_timeout(), None);

        // What comes late was told as lost; the next feedback goes on behind it.
        log.handle_packet(at(321), 0);
        log.handle_packet(at(330), 4);
        let mut out = Vec::new();
        log.write_due(at(420), 1, 2, &mut out);
        let told = parse_arrivals(body(&out)).expect("well formed");
        assert_eq!(told.iter().map(|one| one.number).collect::<Vec<_>>(), [4]);
    }

    #[test]
    fn a_long_gap_begins_anew() {
        let start = crate::test_start();
        let mut log = ArrivalLog::new(start);
        log.handle_packet(start, 1);
        log.handle_packet(start + Duration::from_secs(20), 5000);
        let mut out = Vec::new();
        log.write_due(start + Duration::from_secs(21), 1, 2, &mut out);
        assert_eq!(parse_arrivals(body(&out)).expect("well formed").len(), 1);
    }

    proptest! {
        #[test]
        fn any_body_is_read_or_refused(body in prop::collection::vec(any::<u8>(), 0..400)) {
            if let Some(statuses) = parse_arrivals(&body) {
                prop_assert!(statuses.len() <= MAX_STATUSES);
            }
        }

        #[test]
        fn what_is_written_is_read(steps in prop::collection::vec((0_u16..30, 0_u64..400), 1..300)) {
            let start = crate::test_start();
            let mut log = ArrivalLog::new(start);
            let (mut number, mut at, mut sent) = (0_u16, start, Vec::new());
            let mut read = Vec::new();
            for (skip, ms) in steps {
                number = number.wrapping_add(skip % 3 + 1);
                at += Duration::from_millis(ms);
                log.handle_packet(at, number);
                sent.push((number, (at - start).as_millis() as i64));
                for _ in 0..10 {
                    let mut out = Vec::new();
                    log.write_due(at, 1, 2, &mut out);
                    if out.is_empty() { break; }
                    prop_assert!(out.len() < 1200);
                    read.extend(parse_arrivals(body(&out)).expect("well formed"));
                }
            }
            let mut out = Vec::new();
            log.write_due(at + FEEDBACK_INTERVAL, 1, 2, &mut out);
            if !out.is_empty() { read.extend(parse_arrivals(body(&out)).expect("well formed")); }
            let read: Vec<_> = read.iter().filter_map(|one| Some((one.number, one.at_us? / 1000))).collect();
            prop_assert_eq!(read, sent);
        }
    }
}
