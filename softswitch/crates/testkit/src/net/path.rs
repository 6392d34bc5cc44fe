//! One direction without addresses: for whatever is tested packet by packet.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use ringdown_types::SeededRandom;

use super::{Link, NetFigures, link::Course};

/// A way for items of any kind: [`Path::send`] in, [`Path::poll`] out. The same seed and the same calls yield the same
/// course.
#[derive(Debug)]
pub struct Path<T> {
    random: SeededRandom,
    link: Link,
    course: Course,
    under_way: BTreeMap<(Instant, u64), T>,
    sequence: u64,
    figures: NetFigures,
}

impl<T: Clone> Path<T> {
    /// A way as good as `link` says.
    pub const fn new(seed: u64, link: Link) -> Self {
        Self {
            random: SeededRandom::new(seed),
            link,
            course: Course::NEW,
            under_way: BTreeMap::new(),
            sequence: 0,
            figures: NetFigures::NONE,
        }
    }

    /// Makes it better or worse from here on.
    pub const fn set_link(&mut self, link: Link) {
        self.link = link;
    }

    /// Sends an item.
    pub fn send(&mut self, now: Instant, item: T) {
        let delivery = self.course.send(now, self.link, &mut self.random);
        self.figures.count(delivery);
        let Some(delivery) = delivery else { return };
        if let Some(again_at) = delivery.again_at {
            self.enqueue(again_at, item.clone());
        }
        self.enqueue(delivery.at, item);
    }

    fn enqueue(&mut self, at: Instant, item: T) {
        self.sequence += 1;
        self.under_way.insert((at, self.sequence), item);
    }

    /// When the next item arrives.
    pub fn next_delivery(&self) -> Option<Instant> {
        self.under_way.first_key_value().map(|((at, _), _)| *at)
    }

    /// An item that has arrived by `now`, with the moment it did; call until `None`.
    pub fn poll(&mut self, now: Instant) -> Option<(Instant, T)> {
        self.next_delivery().filter(|at| *at <= now)?;
        let ((at, _), item) = self.under_way.pop_first()?;
        self.figures.delivered += 1;
        Some((at, item))
    }

    /// What became of the items so far.
    pub const fn figures(&self) -> NetFigures {
        self.figures
    }
}

/// A clock that runs too fast or too slow, such as a telephone's sampling clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DriftingClock {
    start: Instant,
    parts_per_million: i32,
}

impl DriftingClock {
    /// A clock that shows zero at `start` and gains `parts_per_million` (−100,000 to 100,000); sound cards are within
    /// ±200.
    pub const fn new(start: Instant, parts_per_million: i32) -> Self {
        Self { start, parts_per_million }
    }

    /// The instant at which it shows `reading`: when a sender by this clock sends what is due then.
    pub fn when(&self, reading: Duration) -> Instant {
        let rate = 1_000_000 + i128::from(self.parts_per_million.clamp(-100_000, 100_000));
        let nanoseconds = (reading.as_nanos() as i128) * 1_000_000 / rate;
        self.start + Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SimClock;

    #[test]
    fn bursts_lose_what_is_asked_in_rows_as_long_as_asked() {
        let now = SimClock::new().now();
        let mut path = Path::new(11, Link::with_bursts(100, 5));
        let total = 100_000_u32;
        for number in 0..total {
            path.send(now, number);
        }
        let (mut rows, mut lost, mut expected) = (0, 0, 0);
        while let Some((_, number)) = path.poll(now) {
            rows += u32::from(number != expected);
            lost += number - expected;
            expected = number + 1;
        }
        assert!((9_000..11_000).contains(&lost), "{lost} of {total}");
        let length = f64::from(lost) / f64::from(rows);
        assert!((4.5..5.5).contains(&length), "{length} in a row");
    }

    #[test]
    fn a_fast_clock_is_due_early() {
        let start = SimClock::new().now();
        let hour = Duration::from_secs(3600);
        let ahead = start + hour - DriftingClock::new(start, 100).when(hour);
        assert!((359..=361).contains(&ahead.as_millis()), "{ahead:?}");
        let behind = DriftingClock::new(start, -100).when(hour) - (start + hour);
        assert!((359..=361).contains(&behind.as_millis()), "{behind:?}");
    }
}
