//! Which leg a datagram belongs to.

use std::{collections::HashMap, hash::Hash, net::SocketAddr};

use crate::legs::Slot;

/// The ways to the legs. What a leg claimed is kept with it too, so that its end costs what it held and not what all
/// legs hold.
#[derive(Debug, Default)]
pub(crate) struct Routes {
    ufrags: HashMap<String, Slot>,
    addresses: HashMap<SocketAddr, Slot>,
    ports: HashMap<u16, Slot>,
    held: HashMap<Slot, Held>,
}

#[derive(Debug, Default)]
struct Held {
    ufrags: Vec<String>,
    addresses: Vec<SocketAddr>,
    ports: Vec<u16>,
}

impl Routes {
    pub(crate) fn by_ufrag(&self, ufrag: &str) -> Option<Slot> {
        self.ufrags.get(ufrag).copied()
    }

    /// Of an address that sent an authenticated check.
    pub(crate) fn by_address(&self, address: SocketAddr) -> Option<Slot> {
        self.addresses.get(&address).copied()
    }

    pub(crate) fn by_port(&self, port: u16) -> Option<Slot> {
        self.ports.get(&port).copied()
    }

    pub(crate) fn claim_ufrag(&mut self, slot: Slot, ufrag: String) {
        if self.ufrags.insert(ufrag.clone(), slot) != Some(slot) {
            self.held.entry(slot).or_default().ufrags.push(ufrag);
        }
    }

    /// The newest check of an address wins: its packets belong to whoever it proved itself to last.
    pub(crate) fn claim_address(&mut self, slot: Slot, address: SocketAddr) {
        let before = self.addresses.insert(address, slot);
        if before == Some(slot) {
            return;
        }
        if let Some(held) = before.and_then(|before| self.held.get_mut(&before)) {
            held.addresses.retain(|known| *known != address);
        }
        self.held.entry(slot).or_default().addresses.push(address);
    }

    pub(crate) fn claim_port(&mut self, slot: Slot, port: u16) {
        self.ports.insert(port, slot);
        self.held.entry(slot).or_default().ports.push(port);
    }

    pub(crate) fn release_port(&mut self, slot: Slot, port: u16) {
        if remove_own(&mut self.ports, slot, &port)
            && let Some(held) = self.held.get_mut(&slot)
        {
            held.ports.retain(|known| *known != port);
        }
    }

    pub(crate) fn release_ufrag(&mut self, slot: Slot, ufrag: &str) {
        if remove_own(&mut self.ufrags, slot, ufrag)
            && let Some(held) = self.held.get_mut(&slot)
        {
            held.ufrags.retain(|known| known != ufrag);
        }
    }

    pub(crate) fn release_address(&mut self, slot: Slot, address: SocketAddr) {
        if remove_own(&mut self.addresses, slot, &address)
            && let Some(held) = self.held.get_mut(&slot)
        {
            held.addresses.retain(|known| *known != address);
        }
    }

    /// Forgets every way to a leg.
    pub(crate) fn forget(&mut self, slot: Slot) {
        let Some(Held { ufrags, addresses, ports }) = self.held.remove(&slot) else { return };
        for ufrag in ufrags {
            remove_own(&mut self.ufrags, slot, &ufrag);
        }
        for address in addresses {
            remove_own(&mut self.addresses, slot, &address);
        }
        for port in ports {
            remove_own(&mut self.ports, slot, &port);
        }
    }
}

/// Removes an entry that leads to `slot`; one that leads elsewhere stays.
fn remove_own<K, Q>(ways: &mut HashMap<K, Slot>, slot: Slot, key: &Q) -> bool
where
    K: Hash + Eq + std::borrow::Borrow<Q>,
    Q: Hash + Eq + ?Sized,
{
    ways.get(key) == Some(&slot) && ways.remove(key).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_leg_leaves_the_ways_to_others() {
        let (alice, bob) = (Slot::for_test(0), Slot::for_test(1));
        let cafe: SocketAddr = "192.0.2.7:61000".parse().expect("an address");
        let home: SocketAddr = "192.0.2.8:61000".parse().expect("an address");
        let mut routes = Routes::default();
        routes.claim_port(bob, 20_000);
        routes.claim_ufrag(alice, "aaaa".to_owned());
        routes.claim_ufrag(alice, "aaab".to_owned());
        routes.claim_ufrag(bob, "bbbb".to_owned());
        routes.claim_address(alice, home);
        routes.claim_address(alice, cafe);
        routes.claim_address(bob, cafe);
        routes.release_address(alice, cafe);
        routes.release_ufrag(bob, "aaaa");
        assert_eq!((routes.by_address(cafe), routes.by_ufrag("aaaa")), (Some(bob), Some(alice)));
        routes.release_ufrag(alice, "aaaa");

        routes.forget(alice);
        assert_eq!((routes.by_ufrag("aaab"), routes.by_address(home)), (None, None));
        assert_eq!((routes.by_ufrag("bbbb"), routes.by_address(cafe)), (Some(bob), Some(bob)));
        routes.forget(bob);
        assert_eq!(
            (routes.by_ufrag("bbbb"), routes.by_address(cafe), routes.by_port(20_000)),
            (None, None, None)
        );
        assert!(routes.ufrags.is_empty() && routes.addresses.is_empty() && routes.held.is_empty());
    }
}
