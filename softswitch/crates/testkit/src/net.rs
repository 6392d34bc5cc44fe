//! A simulated network of datagrams, and one direction of it without addresses.

mod link;
mod path;

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, BinaryHeap},
    net::SocketAddr,
    time::{Duration, Instant},
};

use ringdown_types::SeededRandom;

use link::{Course, Delivery};

pub use link::{Burst, Link};
pub use path::{DriftingClock, Path};

/// A datagram.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Datagram {
    /// Who sent it.
    pub from: SocketAddr,
    /// Whom it is for.
    pub to: SocketAddr,
    /// What it carries.
    pub payload: Vec<u8>,
}

/// What became of the datagrams.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct NetFigures {
    /// Handed to the network.
    pub sent: u64,
    /// Handed out, duplicates included.
    pub delivered: u64,
    /// Lost by chance, or sent from or to an address that is cut off.
    pub lost: u64,
    /// Delayed so that others may overtake.
    pub reordered: u64,
    /// Doubled.
    pub duplicated: u64,
}

impl NetFigures {
    const NONE: Self = Self { sent: 0, delivered: 0, lost: 0, reordered: 0, duplicated: 0 };

    fn count(&mut self, delivery: Option<Delivery>) {
        self.sent += 1;
        match delivery {
            None => self.lost += 1,
            Some(Delivery { again_at, is_reordered, .. }) => {
                self.reordered += u64::from(is_reordered);
                self.duplicated += u64::from(again_at.is_some());
            }
        }
    }
}

/// A network: [`SimNet::send`] in, [`SimNet::poll`] out, [`SimNet::next_delivery`] says when. The same seed and the
/// same calls yield the same course.
#[derive(Debug)]
pub struct SimNet {
    random: SeededRandom,
    default_link: Link,
    links: BTreeMap<(SocketAddr, SocketAddr), Link>,
    cut_off: BTreeSet<SocketAddr>,
    queue: BinaryHeap<Reverse<(Instant, u64, Datagram)>>,
    courses: BTreeMap<(SocketAddr, SocketAddr), Course>,
    sequence: u64,
    figures: NetFigures,
}

impl SimNet {
    /// A perfect network without delay.
    pub const fn new(seed: u64) -> Self {
        Self {
            random: SeededRandom::new(seed),
            default_link: Link::with_latency(Duration::ZERO),
            links: BTreeMap::new(),
            cut_off: BTreeSet::new(),
            queue: BinaryHeap::new(),
            courses: BTreeMap::new(),
            sequence: 0,
            figures: NetFigures::NONE,
        }
    }

    /// Sets the quality of every direction that has none of its own.
    pub const fn set_default_link(&mut self, link: Link) {
        self.default_link = link;
    }

    /// Sets the quality of one direction.
    pub fn set_link(&mut self, from: SocketAddr, to: SocketAddr, link: Link) {
        self.links.insert((from, to), link);
    }

    /// Cuts an address off: what it sends and what is sent to it is lost, what is under way still arrives.
    pub fn cut_off(&mut self, address: SocketAddr) {
        self.cut_off.insert(address);
    }

    /// Connects an address again.
    pub fn reconnect(&mut self, address: SocketAddr) {
        self.cut_off.remove(&address);
    }

    /// Takes a datagram.
    pub fn send(&mut self, now: Instant, datagram: Datagram) {
        let direction = (datagram.from, datagram.to);
        let link = self.links.get(&direction).copied().unwrap_or(self.default_link);
        let is_cut_off = self.cut_off.contains(&datagram.from) || self.cut_off.contains(&datagram.to);
        let course = self.courses.entry(direction).or_default();
        let delivery = if is_cut_off { None } else { course.send(now, link, &mut self.random) };
        self.figures.count(delivery);
        let Some(delivery) = delivery else { return };
        if let Some(again_at) = delivery.again_at {
            self.enqueue(again_at, datagram.clone());
        }
        self.enqueue(delivery.at, datagram);
    }

    /// When the next datagram arrives.
    pub fn next_delivery(&self) -> Option<Instant> {
        self.queue.peek().map(|Reverse((at, ..))| *at)
    }

    /// A datagram that has arrived by `now`; call until `None`.
    pub fn poll(&mut self, now: Instant) -> Option<Datagram> {
        self.next_delivery().filter(|at| *at <= now)?;
        let Reverse((_, _, datagram)) = self.queue.pop()?;
        self.figures.delivered += 1;
        Some(datagram)
    }

    /// What became of the datagrams so far.
    pub const fn figures(&self) -> NetFigures {
        self.figures
    }

    fn enqueue(&mut self, at: Instant, datagram: Datagram) {
        self.sequence += 1;
        self.queue.push(Reverse((at, self.sequence, datagram)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SimClock;

    fn address(port: u16) -> SocketAddr {
        ([192, 0, 2, 1], port).into()
    }

    fn datagram(number: u16) -> Datagram {
        Datagram { from: address(1), to: address(2), payload: number.to_be_bytes().to_vec() }
    }

    /// Sends 1,000 datagrams, one each millisecond, and returns what arrived when.
    fn course(seed: u64, link: Link) -> (Vec<(Duration, u16)>, NetFigures) {
        let mut clock = SimClock::new();
        let start = clock.now();
        let mut net = SimNet::new(seed);
        net.set_link(address(1), address(2), link);
        for number in 0..1000 {
            net.send(clock.now(), datagram(number));
            clock.advance(Duration::from_millis(1));
        }
        let mut arrived = Vec::new();
        while let Some(at) = net.next_delivery() {
            let datagram = net.poll(at).expect("it has arrived by then");
            arrived.push((at - start, u16::from_be_bytes([datagram.payload[0], datagram.payload[1]])));
        }
        (arrived, net.figures())
    }

    #[test]
    fn a_perfect_link_delivers_all_in_order_after_its_latency() {
        let (arrived, figures) = course(1, Link::with_latency(Duration::from_millis(20)));
        assert_eq!(figures.delivered, 1000);
        for (index, (after, number)) in (0..).zip(arrived) {
            assert_eq!((number, after), (index, Duration::from_millis(20 + u64::from(index))));
        }
    }

    #[test]
    fn jitter_delays_but_does_not_reorder() {
        let jitter = Duration::from_millis(30);
        let (arrived, _) = course(2, Link { jitter, ..Link::default() });
        assert!(arrived.is_sorted_by_key(|(_, number)| *number));
        assert!(arrived.is_sorted_by_key(|(after, _)| *after));
    }

    #[test]
    fn a_bad_link_loses_doubles_and_reorders_alike_for_the_same_seed() {
        let link = Link {
            loss_per_mille: 100,
            reorder_per_mille: 50,
            reorder_delay: Duration::from_millis(40),
            duplicate_per_mille: 20,
            ..Link::default()
        };
        let (arrived, figures) = course(3, link);
        assert!((60..140).contains(&figures.lost) && figures.duplicated > 5 && figures.reordered > 20);
        assert!(!arrived.is_sorted_by_key(|(_, number)| *number));
        assert_eq!(course(3, link).0, arrived);
        assert_ne!(course(4, link).0, arrived);
    }

    #[test]
    fn an_address_that_is_cut_off_hears_nothing_until_it_reconnects() {
        let now = SimClock::new().now();
        let mut net = SimNet::new(5);
        net.cut_off(address(2));
        net.send(now, datagram(1));
        assert_eq!(net.poll(now), None);
        net.reconnect(address(2));
        net.send(now, datagram(2));
        assert_eq!(net.poll(now), Some(datagram(2)));
    }
}
