//! RTP ports of telephones' legs, per media worker.
//!
//! A port is taken with its leg and returns when the worker says the leg is gone, so that no two legs ever share a
//! socket. A returned port rests until enough others have been used, so that late packets of its last call do not reach
//! the next one; after that it goes before ports nobody has used, because its sockets are open already.

use std::{
    collections::{BTreeSet, VecDeque},
    iter::StepBy,
    ops::RangeInclusive,
};

/// The free even ports of a range; each stands for itself and the odd one after it, which carries RTCP.
#[derive(Debug)]
pub(crate) struct PortPool {
    /// Never used so far.
    fresh: StepBy<RangeInclusive<u16>>,
    /// Used before, the one that rested longest first.
    rested: VecDeque<u16>,
    /// What is below stays bound by a worker that was lost.
    lost_below: u16,
    /// Another program holds them, or did: they are tried when nothing else is left.
    avoided: BTreeSet<u16>,
}

/// Ports that rest before the first of them is used again. Fewer let late packets of a call reach the next one, more
/// keep more sockets open.
const RESTING: usize = 128;

impl PortPool {
    /// The pairs that lie whole inside `range`.
    pub(crate) fn new(range: &RangeInclusive<u16>) -> Self {
        let first = range.start().saturating_add(range.start() % 2);
        // The last even port with a partner inside; an empty range where there is none.
        let last = range.end().saturating_sub(1);
        Self {
            fresh: (first..=last).step_by(2),
            rested: VecDeque::new(),
            lost_below: 0,
            avoided: BTreeSet::new(),
        }
    }

    /// An even port.
    pub(crate) fn take(&mut self) -> Option<u16> {
        if self.rested.len() > RESTING { self.rested.pop_front() } else { self.fresh.next() }
            .or_else(|| self.rested.pop_front())
            .or_else(|| self.avoided.pop_first())
    }

    /// A port that is taken could not be opened: giving it back does not bring it into use again.
    pub(crate) fn avoid(&mut self, port: u16) {
        self.avoided.insert(port);
    }

    pub(crate) fn give_back(&mut self, port: u16) {
        debug_assert!(!self.rested.contains(&port), "a port is given back once");
        if port >= self.lost_below && !self.avoided.contains(&port) {
            self.rested.push_back(port);
        }
    }

    /// Every port used so far stays bound by a worker that was lost: none of them is given out again.
    pub(crate) fn lose_used(&mut self) {
        self.rested.clear();
        self.lost_below = self.fresh.clone().next().unwrap_or(u16::MAX);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_lie_inside_the_range_and_rest_before_reuse() {
        let mut pool = PortPool::new(&(10_001..=10_006));
        assert_eq!(pool.take(), Some(10_002));
        pool.give_back(10_002);
        assert_eq!(pool.take(), Some(10_004), "10,006 has no partner in the range");
        assert_eq!(pool.take(), Some(10_002));
        assert_eq!(pool.take(), None);
    }

    #[test]
    fn rested_ports_go_before_fresh_ones() {
        let mut pool = PortPool::new(&(10_000..=19_999));
        let mut used = std::collections::BTreeSet::new();
        for _ in 0..10 * RESTING {
            let port = pool.take().expect("there are enough");
            used.insert(port);
            pool.give_back(port);
        }
        assert_eq!(used.len(), RESTING + 1);
    }

    #[test]
    fn what_a_lost_worker_used_is_not_given_out_again() {
        let mut pool = PortPool::new(&(10_000..=10_009));
        let (first, second) = (pool.take().expect("one"), pool.take().expect("two"));
        pool.give_back(first);
        pool.lose_used();
        pool.give_back(second);
        let left: Vec<_> = std::iter::from_fn(|| pool.take()).collect();
        assert_eq!(left, [10_004, 10_006, 10_008]);
        pool.give_back(10_006);
        assert_eq!(pool.take(), Some(10_006), "the new worker's own come back");
    }

    #[test]
    fn a_port_that_cannot_be_opened_is_tried_last() {
        let mut pool = PortPool::new(&(10_000..=10_005));
        let held = pool.take().expect("one");
        pool.avoid(held);
        pool.give_back(held);
        let rest: Vec<_> = std::iter::from_fn(|| pool.take()).collect();
        assert_eq!(rest, [10_002, 10_004, held]);
        pool.give_back(held);
        assert_eq!(pool.take(), Some(held), "it could be opened meanwhile");
    }

    #[test]
    fn an_empty_range_has_no_port() {
        assert_eq!(PortPool::new(&(10_001..=10_001)).take(), None);
        assert_eq!(PortPool::new(&RangeInclusive::new(10, 5)).take(), None);
        assert_eq!(PortPool::new(&(65_534..=65_535)).take(), Some(65_534));
    }
}
