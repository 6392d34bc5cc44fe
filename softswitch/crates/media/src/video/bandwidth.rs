//! What the way to a receiver carries, from its transport-wide feedback: a source that sends more is told so (REMB).
//!
//! ```text
//!            queue grows or a tenth is lost
//!   Open ──────────────────────────────────▶ Limited to 85 % of what arrived
//!    ▲                                              │ grows 8 % a second while all is well
//!    └──────────── twice what is sent ◀─────────────┘
//! ```
//! A source adapts to its own way by itself; this is about the way behind us, so nothing is said while that is well.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use crate::{
    rtcp::{ArrivalStatus, MAX_STATUSES},
    rtp::sequence_distance,
};

/// An estimate of one receiver's way.
#[derive(Debug, Clone, Default)]
pub struct DownlinkEstimate {
    next_number: u16,
    sent: VecDeque<Sent>,
    window: VecDeque<Heard>,
    /// The smallest transit of each of the newest periods, in microseconds: what it takes without a queue.
    floors: VecDeque<(Instant, i64)>,
    limit: Option<Limit>,
}

#[derive(Debug, Clone, Copy)]
struct Sent {
    number: u16,
    at: Instant,
    octets: u32,
}

#[derive(Debug, Clone, Copy)]
struct Heard {
    at: Instant,
    octets: u32,
    came: bool,
}

#[derive(Debug, Clone, Copy)]
struct Limit {
    bits_per_second: u64,
    changed: Instant,
    lowered: Instant,
}

impl DownlinkEstimate {
    /// The transport-wide number of a packet of `octets` that leaves at `now`.
    pub fn number(&mut self, now: Instant, octets: usize) -> u16 {
        let number = self.next_number;
        self.next_number = number.wrapping_add(1);
        if self.sent.len() == MAX_SENT {
            self.sent.pop_front();
        }
        self.sent.push_back(Sent { number, at: now, octets: octets as u32 });
        number
    }

    /// Takes a feedback. `epoch` is any instant before all others. Returns the limit where it has just been lowered.
    pub fn handle_arrivals(
        &mut self,
        now: Instant,
        epoch: Instant,
        statuses: &[ArrivalStatus],
    ) -> Option<u64> {
        let (mut transit, mut any) = (i64::MAX, false);
        for status in statuses.iter().take(MAX_STATUSES) {
            let Some(sent) = self.take_sent(status.number) else { continue };
            any = true;
            self.window.push_back(Heard { at: now, octets: sent.octets, came: status.at_us.is_some() });
            if let Some(at_us) = status.at_us {
                let left = sent.at.saturating_duration_since(epoch).as_micros() as i64;
                transit = transit.min(at_us - left);
            }
        }
        let oldest = now.checked_sub(WINDOW);
        while self.window.front().is_some_and(|heard| oldest.is_some_and(|oldest| heard.at < oldest))
            || self.window.len() > MAX_SENT
        {
            self.window.pop_front();
        }
        if !any {
            return None;
        }
        let queue = if transit == i64::MAX { 0 } else { self.queue(now, transit) };
        self.judge(now, queue)
    }

    /// What the source may send; `None` while nothing speaks against more.
    pub fn limit(&self) -> Option<u64> {
        self.limit.map(|limit| limit.bits_per_second)
    }

    fn take_sent(&mut self, number: u16) -> Option<Sent> {
        let first = self.sent.front()?.number;
        // Numbers are given one by one, so the place follows from the number.
        let at = usize::try_from(sequence_distance(first, number)).ok()?;
        let sent = *self.sent.get(at)?;
        self.sent.drain(..at);
        self.sent.pop_front();
        Some(sent)
    }

    /// How long the quickest packet of a feedback stood in a queue, in microseconds. Clocks drift apart, so the floor
    /// is that of the newest periods only.
    fn queue(&mut self, now: Instant, transit: i64) -> i64 {
        match self.floors.back_mut() {
            Some((since, floor)) if now < *since + PERIOD => *floor = transit.min(*floor),
            _ => self.floors.push_back((now, transit)),
        }
        if self.floors.len() > PERIODS {
            self.floors.pop_front();
        }
        let floor = self.floors.iter().map(|(_, floor)| *floor).min().unwrap_or(transit);
        transit.saturating_sub(floor)
    }

    fn judge(&mut self, now: Instant, queue: i64) -> Option<u64> {
        let lost = self.window.iter().filter(|heard| !heard.came).count();
        // What the first feedback tells of came before it: it only begins the time that is measured.
        let since = self.window.front().map_or(now, |first| first.at);
        let after = self.window.iter().filter(|heard| heard.came && heard.at > since);
        let came: u64 = after.map(|heard| u64::from(heard.octets)).sum();
        let span = now.saturating_duration_since(since).max(SHORTEST_SPAN);
        let rate = came * 8 * 1000 / span.as_millis() as u64;
        let is_bad = queue > MAX_QUEUE_US || lost * 10 > self.window.len() && self.window.len() >= ENOUGH;
        match &mut self.limit {
            // What is on its way was sent before the source heard of the limit.
            Some(limit) if is_bad && now < limit.lowered + SETTLING => None,
            _ if is_bad => {
                // A long queue is let run dry.
                let share = if queue > 2 * MAX_QUEUE_US { 70 } else { 85 };
                let bits_per_second = (rate * share / 100).max(MIN_LIMIT);
                self.limit = Some(Limit { bits_per_second, changed: now, lowered: now });
                Some(bits_per_second)
            }
            Some(limit) => {
                let passed = now.saturating_duration_since(limit.changed).as_millis() as u64;
                let grown = limit.bits_per_second + limit.bits_per_second * passed * 8 / 100_000;
                (limit.bits_per_second, limit.changed) = (grown, now);
                if grown > rate.saturating_mul(2) && now > limit.lowered + REMEMBERED {
                    self.limit = None;
                }
                None
            }
            None => None,
        }
    }
}

/// More are forgotten before their feedback comes: two seconds of a sharp screen.
const MAX_SENT: usize = 1000;
/// A shorter window takes the pause between two pictures for a slow way.
const WINDOW: Duration = Duration::from_millis(700);
const SHORTEST_SPAN: Duration = Duration::from_millis(200);
/// How long the smallest transit is remembered: `PERIODS` times this.
const PERIOD: Duration = Duration::from_secs(2);
const PERIODS: usize = 5;
/// A smaller queue takes a radio's pauses for a full way; a larger one is heard in a conversation.
const MAX_QUEUE_US: i64 = 120_000;
/// Loss of fewer packets says nothing.
const ENOUGH: usize = 20;
/// What a small picture needs.
const MIN_LIMIT: u64 = 80_000;
/// From the word to the source until its effect is seen here.
const SETTLING: Duration = Duration::from_millis(600);
/// A limit is not lifted sooner after it was lowered.
const REMEMBERED: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;

    /// A source of 100 packets a second of 1,250 octets (1 Mbit/s) that obeys, over a way of `capacity`.
    fn run(capacity: u64, seconds: u64) -> (DownlinkEstimate, u64, Duration) {
        let start = crate::test_start();
        let mut estimate = DownlinkEstimate::default();
        let (mut rate, mut free, mut longest) = (1_000_000_u64, start, Duration::ZERO);
        let mut told = Vec::new();
        let mut credit = 0;
        for ms in 0..seconds * 1000 {
            let now = start + Duration::from_millis(ms);
            credit += rate;
            if credit >= 10_000_000 {
                credit -= 10_000_000;
                let number = estimate.number(now, 1250);
                free = free.max(now) + Duration::from_micros(10_000 * 1_000_000 / capacity);
                longest = if ms > seconds * 500 { longest.max(free - now) } else { longest };
                let at_us = Some((free - start).as_micros() as i64 + 77_000_000);
                told.push((free + Duration::from_millis(20), ArrivalStatus { number, at_us }));
            }
            if ms % 80 == 0 {
                let (came, rest) = told.into_iter().partition::<Vec<_>, _>(|(at, _)| *at <= now);
                told = rest;
                let statuses: Vec<_> = came.into_iter().map(|(_, status)| status).collect();
                estimate.handle_arrivals(now, start, &statuses);
                rate = estimate.limit().unwrap_or(1_000_000).min(1_000_000);
            }
        }
        (estimate, rate, longest)
    }

    #[test]
    fn a_wide_way_is_never_limited() {
        let (estimate, rate, _) = run(5_000_000, 20);
        assert_eq!((estimate.limit(), rate), (None, 1_000_000));
    }

    #[test]
    fn a_narrow_way_is_neither_flooded_nor_starved() {
        let (_, rate, longest) = run(500_000, 60);
        assert!((300_000..650_000).contains(&rate), "{rate} bit/s");
        assert!(longest < Duration::from_millis(500), "{longest:?}");
    }

    #[test]
    fn heavy_loss_lowers_the_limit_and_forged_numbers_do_nothing() {
        let start = crate::test_start();
        let mut estimate = DownlinkEstimate::default();
        let strange = [ArrivalStatus { number: 9, at_us: Some(i64::MIN / 2) }; 3];
        assert_eq!(estimate.handle_arrivals(start, start, &strange), None);
        let mut lowered = 0;
        for ms in (0..1000).step_by(10) {
            let now = start + Duration::from_millis(ms);
            let number = estimate.number(now, 1250);
            let at_us = (ms % 40 != 0).then_some(ms as i64 * 1000);
            lowered +=
                u32::from(estimate.handle_arrivals(now, start, &[ArrivalStatus { number, at_us }]).is_some());
        }
        assert!((1..3).contains(&lowered), "{lowered} times");
    }
}
