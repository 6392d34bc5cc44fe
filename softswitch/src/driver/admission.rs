//! How many connections there may be.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use ringdown_sip::endpoint::ConnectionId;

/// Connections of one address at a time. More let one peer hold more memory; fewer hurt telephones behind one NAT.
const PER_ADDRESS: u32 = 64;

/// Connections at a time.
const TOTAL: u32 = 8_192;

/// Counts connections of every transport and numbers them.
#[derive(Debug)]
pub(super) struct Admission {
    next: AtomicU64,
    /// How many connections each address has.
    counts: Mutex<HashMap<IpAddr, u32>>,
}

/// Counts a connection for as long as it lives.
#[derive(Debug)]
pub(super) struct Counted {
    admission: Arc<Admission>,
    address: IpAddr,
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut counts = self.admission.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.address);
            }
        }
    }
}

impl Admission {
    /// Nobody is in. Connections are numbered from `first_id`.
    pub(super) fn new(first_id: u64) -> Self {
        Self { next: AtomicU64::new(first_id), counts: Mutex::default() }
    }

    /// Lets a connection in, from before its handshakes to its end; `None` if there are too many.
    pub(super) fn admit(self: &Arc<Self>, address: IpAddr) -> Option<Counted> {
        let address = network_of(address);
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.values().sum::<u32>() >= TOTAL {
            return None;
        }
        let count = counts.entry(address).or_default();
        if *count >= PER_ADDRESS {
            return None;
        }
        *count += 1;
        Some(Counted { admission: Arc::clone(self), address })
    }

    /// A number no other connection has or had.
    pub(super) fn number(&self) -> ConnectionId {
        ConnectionId(self.next.fetch_add(1, Ordering::Relaxed))
    }
}

/// What counts as one address: of IPv6 the /64, as every host has all of one.
fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6([a, b, c, d, 0, 0, 0, 0].into())
        }
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_its_share_and_gets_it_back() {
        let admission = Arc::new(Admission::new(3));
        let of = |text: &str| admission.admit(text.parse().expect("an address"));
        let held: Vec<_> = (0..PER_ADDRESS).filter_map(|_| of("192.0.2.1")).collect();
        assert_eq!(held.len() as u32, PER_ADDRESS);
        assert!(of("192.0.2.1").is_none(), "its share is used up");
        assert!(of("::ffff:192.0.2.1").is_none(), "written as IPv6 it is the same");
        assert!(of("192.0.2.2").is_some());
        drop(held);
        assert!(of("192.0.2.1").is_some());
        let neighbours: Vec<_> = (0..=PER_ADDRESS).map(|host| of(&format!("2001:db8::{host:x}"))).collect();
        assert!(neighbours.last().expect("some").is_none(), "one /64 is one host");
        assert_eq!((admission.number(), admission.number()), (ConnectionId(3), ConnectionId(4)));
    }
}
