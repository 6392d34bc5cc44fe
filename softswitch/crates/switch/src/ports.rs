//! RTP ports of telephones' legs, per media worker.
//!
//! A port is taken with its leg and returns when the worker says the leg is gone, so that no two legs ever share a
//! socket. Ports are handed out round the range: the longer a port rests, the fewer late packets of its last call
//! reach the next one.

use std::{collections::VecDeque, ops::RangeInclusive};

/// The free even ports of a range; each stands for itself and the odd one after it, which carries RTCP.
#[derive(Debug)]
pub(crate) struct PortPool {
    free: VecDeque<u16>,
}

impl PortPool {
    /// The pairs that lie whole inside `range`.
    pub(crate) fn new(range: &RangeInclusive<u16>) -> Self {
        let pairs = range.clone().filter(|port| port % 2 == 0 && port < range.end());
        Self { free: pairs.collect() }
    }

    /// An even port, the one that rested longest.
    pub(crate) fn take(&mut self) -> Option<u16> {
        self.free.pop_front()
    }

    pub(crate) fn give_back(&mut self, port: u16) {
        debug_assert!(!self.free.contains(&port), "a port is given back once");
        self.free.push_back(port);
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
    fn an_empty_range_has_no_port() {
        assert_eq!(PortPool::new(&(10_001..=10_001)).take(), None);
        assert_eq!(PortPool::new(&RangeInclusive::new(10, 5)).take(), None);
        assert_eq!(PortPool::new(&(65_534..=65_535)).take(), Some(65_534));
    }
}
