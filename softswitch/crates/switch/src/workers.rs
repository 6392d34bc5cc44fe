//! Which media worker serves a call, and what its legs hold there.

use std::{collections::HashMap, net::SocketAddr};

use ringdown_types::LegId;

use crate::{WorkerInfo, ports::PortPool};

/// The media workers, their load and their ports.
#[derive(Debug)]
pub(crate) struct Workers {
    workers: Vec<Worker>,
    /// Ports of legs whose removal the worker has not confirmed yet.
    leaving: HashMap<LegId, (usize, Vec<u16>)>,
}

#[derive(Debug)]
struct Worker {
    candidates: Vec<SocketAddr>,
    ports: PortPool,
    legs: usize,
}

impl Workers {
    pub(crate) fn new(infos: &[WorkerInfo]) -> Self {
        let worker = |info: &WorkerInfo| Worker {
            candidates: info.candidates.clone(),
            ports: PortPool::new(&info.rtp_ports),
            legs: 0,
        };
        Self { workers: infos.iter().map(worker).collect(), leaving: HashMap::new() }
    }

    /// The worker with the fewest legs; a call keeps it for all its legs.
    pub(crate) fn least_loaded(&self) -> Option<usize> {
        (0..self.workers.len()).min_by_key(|&index| self.workers[index].legs)
    }

    /// This worker, unless it has more than `more` legs above the one with the fewest: then that one.
    pub(crate) fn at_most_above_least(&self, preferred: Option<usize>, more: usize) -> Option<usize> {
        let least = self.least_loaded()?;
        let legs = |index: usize| self.workers.get(index).map(|worker| worker.legs);
        let is_fine =
            |index: &usize| legs(*index).zip(legs(least)).is_some_and(|(has, least)| has <= least + more);
        preferred.filter(is_fine).or(Some(least))
    }

    /// Where a worker's browsers reach it.
    pub(crate) fn candidates(&self, worker: usize) -> &[SocketAddr] {
        self.workers.get(worker).map_or(&[], |worker| &worker.candidates)
    }

    pub(crate) fn take_port(&mut self, worker: usize) -> Option<u16> {
        self.workers.get_mut(worker)?.ports.take()
    }

    /// A port could not be opened.
    pub(crate) fn avoid_port(&mut self, worker: usize, port: u16) {
        if let Some(worker) = self.workers.get_mut(worker) {
            worker.ports.avoid(port);
        }
    }

    /// Ports that no socket uses any more.
    pub(crate) fn return_ports(&mut self, worker: usize, ports: Vec<u16>) {
        if let Some(worker) = self.workers.get_mut(worker) {
            ports.into_iter().for_each(|port| worker.ports.give_back(port));
        }
    }

    pub(crate) fn leg_added(&mut self, worker: usize) {
        if let Some(worker) = self.workers.get_mut(worker) {
            worker.legs += 1;
        }
    }

    /// The worker is another now: it has no leg, and ports of its own.
    pub(crate) fn lose(&mut self, worker: usize) {
        let before = self.leaving.len();
        self.leaving.retain(|_, (index, _)| *index != worker);
        let unconfirmed = before - self.leaving.len();
        if let Some(worker) = self.workers.get_mut(worker) {
            worker.ports.lose_used();
            worker.legs = worker.legs.saturating_sub(unconfirmed);
        }
    }

    /// The worker was told to remove a leg; its ports rest until it has.
    pub(crate) fn leg_leaves(&mut self, leg: LegId, worker: usize, ports: Vec<u16>) {
        self.leaving.insert(leg, (worker, ports));
    }

    /// Whether a worker was told to remove a leg and has not answered yet.
    pub(crate) fn is_leaving(&self, leg: LegId) -> bool {
        self.leaving.contains_key(&leg)
    }

    /// The worker has removed a leg.
    pub(crate) fn leg_left(&mut self, leg: LegId) {
        let Some((index, ports)) = self.leaving.remove(&leg) else { return };
        if let Some(worker) = self.workers.get_mut(index) {
            worker.legs = worker.legs.saturating_sub(1);
        }
        self.return_ports(index, ports);
    }
}
