//! The registrar: which telephones answer for an address of record, and how they are reached (RFC 3261 §10).
//!
//! The user of the registrar authenticates a REGISTER and says which address of record it is for; the registrar
//! answers it and keeps the bindings.

mod binding;
mod contacts;

use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    time::{Duration, Instant},
};

use tracing::debug;

use crate::{
    endpoint::{ConnectionId, Flow},
    message::{HeaderName, Request, Response},
};

pub use binding::{Binding, BindingId};
use contacts::{Change, Refusal, Requested};

/// How long bindings live and how many there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RegistrarConfig {
    /// A shorter expiry is refused with 423. A smaller value lets telephones refresh more often.
    pub min_expires: Duration,
    /// A longer expiry is cut to this. A larger value keeps dead telephones longer.
    pub max_expires: Duration,
    /// The expiry of a REGISTER that names none.
    pub default_expires: Duration,
    /// Bindings of one address of record; one more replaces the one that ends soonest.
    pub max_bindings: usize,
}

impl Default for RegistrarConfig {
    fn default() -> Self {
        Self {
            min_expires: Duration::from_secs(60),
            max_expires: Duration::from_secs(3600),
            default_expires: Duration::from_secs(300),
            max_bindings: 10,
        }
    }
}

/// A change of an address of record's bindings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BindingChange {
    /// A new binding.
    Registered,
    /// A known binding lives on.
    Refreshed,
    /// The telephone removed it, or a newer one took its place.
    Removed,
    /// It was not refreshed in time.
    Expired,
    /// Its connection closed.
    ConnectionLost,
}

/// What happened to a binding.
#[derive(Clone, PartialEq, Eq)]
pub struct RegistrarEvent {
    /// The address of record.
    pub aor: String,
    /// The binding.
    pub binding: BindingId,
    /// What happened.
    pub change: BindingChange,
}

/// The address of record names a person.
impl std::fmt::Debug for RegistrarEvent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RegistrarEvent")
            .field("binding", &self.binding)
            .field("change", &self.change)
            .finish_non_exhaustive()
    }
}

/// All bindings.
#[derive(Debug, Default)]
pub struct Registrar {
    config: RegistrarConfig,
    aors: HashMap<String, Vec<Binding>>,
    timers: BTreeSet<(Instant, BindingId)>,
    owners: HashMap<BindingId, String>,
    last_id: u64,
    events: VecDeque<RegistrarEvent>,
}

impl Registrar {
    /// A registrar without bindings.
    pub fn new(config: RegistrarConfig) -> Self {
        Self { config, ..Self::default() }
    }

    /// Answers a REGISTER for `aor`, which its sender proved to be. All of its changes are made, or none
    /// (RFC 3261 §10.3). The To tag is the caller's to add.
    pub fn handle_register(&mut self, now: Instant, aor: &str, flow: Flow, request: &Request) -> Response {
        match self.register(now, aor, flow, request) {
            Ok(()) => self.listing(now, aor, request),
            Err(refusal) => {
                debug!(?refusal, "REGISTER refused");
                let response = Response::to_request(request, refusal.status()).with_reason(refusal.reason());
                match refusal {
                    // §10.3 step 7: a 423 says what would be accepted.
                    Refusal::TooBrief => {
                        response.with(HeaderName::MinExpires, self.config.min_expires.as_secs().to_string())
                    }
                    _ => response,
                }
            }
        }
    }

    fn register(&mut self, now: Instant, aor: &str, flow: Flow, request: &Request) -> Result<(), Refusal> {
        let requested = Requested::read(request, &self.config)?;
        let known = self.aors.get(aor).map_or(&[][..], Vec::as_slice);
        // Step 7: a request that is older than what is known changes nothing at all.
        if requested.is_outdated(known) {
            return Err(Refusal::OutOfOrder);
        }
        match requested.change {
            Change::None => {}
            Change::RemoveAll => {
                let all: Vec<_> = known.iter().map(Binding::id).collect();
                all.into_iter().for_each(|id| self.remove(id, BindingChange::Removed));
            }
            Change::Contacts(contacts) => {
                for contact in contacts {
                    let same = self.bindings(aor).find(|binding| binding.is_for(&contact)).map(Binding::id);
                    match (same, contact.expires.is_zero()) {
                        (Some(id), true) => self.remove(id, BindingChange::Removed),
                        (None, true) => {}
                        (same, false) => {
                            let id = same.unwrap_or_else(|| self.make_room(aor));
                            let fresh = Binding::new(id, contact, flow, &requested.order, now);
                            self.put(aor, fresh, same.is_some());
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// The 200 with every live binding (RFC 3261 §10.3 step 8).
    fn listing(&self, now: Instant, aor: &str, request: &Request) -> Response {
        self.bindings(aor).fold(Response::to_request(request, 200), |response, binding| {
            response.with(HeaderName::Contact, binding.listed(now))
        })
    }

    /// The live bindings of an address of record, in the order they were made.
    pub fn bindings(&self, aor: &str) -> impl Iterator<Item = &Binding> {
        self.aors.get(aor).into_iter().flatten()
    }

    /// A binding, while it lives.
    pub fn binding(&self, id: BindingId) -> Option<&Binding> {
        let aor = self.owners.get(&id)?;
        self.bindings(aor).find(|binding| binding.id() == id)
    }

    /// The address of record of a binding, while it lives.
    pub fn aor_of(&self, id: BindingId) -> Option<&str> {
        self.owners.get(&id).map(String::as_str)
    }

    /// The addresses of record with a live binding.
    pub fn registered(&self) -> impl Iterator<Item = &str> {
        self.aors.keys().map(String::as_str)
    }

    /// Removes every binding of an address of record: its device is not allowed any more.
    pub fn remove_all(&mut self, aor: &str) {
        let all: Vec<_> = self.bindings(aor).map(Binding::id).collect();
        all.into_iter().for_each(|id| self.remove(id, BindingChange::Removed));
    }

    /// A connection closed: what was reached over it is not reached any more (RFC 5626 §4.4).
    pub fn handle_connection_closed(&mut self, connection: ConnectionId) {
        let lost: Vec<_> = self
            .aors
            .values()
            .flatten()
            .filter(|binding| binding.flow().transport.is_connection())
            .filter(|binding| binding.flow().connection == connection)
            .map(Binding::id)
            .collect();
        lost.into_iter().for_each(|id| self.remove(id, BindingChange::ConnectionLost));
    }

    /// When [`Registrar::handle_timeout`] is due.
    pub fn next_timeout(&self) -> Option<Instant> {
        self.timers.first().map(|(at, _)| *at)
    }

    /// Ends the bindings whose time is over.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some(&(at, id)) = self.timers.first() {
            if at > now {
                break;
            }
            self.remove(id, BindingChange::Expired);
        }
    }

    /// What happened since the last call.
    pub fn poll_event(&mut self) -> Option<RegistrarEvent> {
        self.events.pop_front()
    }

    /// A fresh id, after the binding that ends soonest made room for it if the address of record is full.
    fn make_room(&mut self, aor: &str) -> BindingId {
        if self.bindings(aor).count() >= self.config.max_bindings
            && let Some(id) = self.bindings(aor).min_by_key(|binding| binding.expires_at()).map(Binding::id)
        {
            self.remove(id, BindingChange::Removed);
        }
        self.last_id += 1;
        BindingId(self.last_id)
    }

    fn put(&mut self, aor: &str, fresh: Binding, is_known: bool) {
        let (id, expires_at) = (fresh.id(), fresh.expires_at());
        let bindings = self.aors.entry(aor.to_owned()).or_default();
        match bindings.iter_mut().find(|binding| binding.id() == id) {
            Some(binding) => {
                self.timers.remove(&(binding.expires_at(), id));
                *binding = fresh;
            }
            None => bindings.push(fresh),
        }
        self.timers.insert((expires_at, id));
        self.owners.insert(id, aor.to_owned());
        let change = if is_known { BindingChange::Refreshed } else { BindingChange::Registered };
        self.events.push_back(RegistrarEvent { aor: aor.to_owned(), binding: id, change });
    }

    fn remove(&mut self, id: BindingId, change: BindingChange) {
        let Some(aor) = self.owners.remove(&id) else { return };
        if let Some(bindings) = self.aors.get_mut(&aor) {
            if let Some(binding) = bindings.iter().find(|binding| binding.id() == id) {
                self.timers.remove(&(binding.expires_at(), id));
            }
            bindings.retain(|binding| binding.id() != id);
            if bindings.is_empty() {
                self.aors.remove(&aor);
            }
        }
        self.events.push_back(RegistrarEvent { aor, binding: id, change });
    }
}

#[cfg(test)]
mod tests;
