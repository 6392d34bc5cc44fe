//! The candidate pairs a lite agent knows: peer addresses proven by an authenticated check.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

/// One remote address that answered for itself with an authenticated check.
#[derive(Debug, Clone, Copy)]
struct Pair {
    remote: SocketAddr,
    heard: Instant,
}

/// At most [`MAX_PAIRS`] valid pairs.
#[derive(Debug, Default)]
pub(crate) struct Pairs(Vec<Pair>);

impl Pairs {
    /// Notes an authenticated check. `true` if the address is new.
    pub(crate) fn hear(&mut self, now: Instant, remote: SocketAddr) -> bool {
        if let Some(pair) = self.0.iter_mut().find(|pair| pair.remote == remote) {
            pair.heard = now;
            return false;
        }
        self.0.push(Pair { remote, heard: now });
        true
    }

    /// Makes room: takes out pairs silent for `idle`, then the longest silent ones above the limit, never
    /// `keep`.
    pub(crate) fn take_stale(
        &mut self,
        now: Instant,
        idle: Duration,
        keep: Option<SocketAddr>,
    ) -> Vec<SocketAddr> {
        let mut taken = Vec::new();
        self.0.retain(|pair| {
            let stay = Some(pair.remote) == keep || now.saturating_duration_since(pair.heard) < idle;
            if !stay {
                taken.push(pair.remote);
            }
            stay
        });
        while self.0.len() > MAX_PAIRS {
            let others = self.0.iter().enumerate().filter(|(_, pair)| Some(pair.remote) != keep);
            let Some((index, _)) = others.min_by_key(|(_, pair)| pair.heard) else { break };
            taken.push(self.0.swap_remove(index).remote);
        }
        taken
    }

    /// Takes out all pairs.
    pub(crate) fn take_all(&mut self) -> Vec<SocketAddr> {
        self.0.drain(..).map(|pair| pair.remote).collect()
    }

    pub(crate) fn contains(&self, remote: SocketAddr) -> bool {
        self.0.iter().any(|pair| pair.remote == remote)
    }

    /// The address heard last.
    pub(crate) fn latest(&self) -> Option<SocketAddr> {
        self.0.iter().max_by_key(|pair| pair.heard).map(|pair| pair.remote)
    }
}

/// A browser has a few interfaces times two IP versions; a larger number lets one peer occupy more of the
/// worker's address table.
pub(crate) const MAX_PAIRS: usize = 8;
