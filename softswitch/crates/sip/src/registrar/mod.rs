//! The registrar: which telephones answer for an address of record, and how they are reached (RFC 3261 §10).
//!
//! The user of the registrar authenticates a REGISTER and says which address of record it is for; the registrar
//! answers it and keeps the bindings.

mod binding;
mod contacts;
mod gruu;

use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    time::{Duration, Instant},
};

use tracing::debug;

use crate::{
    endpoint::{ByConnection, ConnectionId, Flow},
    message::{HeaderName, Request, Response, Uri},
};

pub use binding::{Binding, BindingId};
use contacts::{Change, Refusal, Requested};
use gruu::{Gruus, gr_of};
use ringdown_types::Random;

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
    connections: ByConnection<BindingId>,
    last_id: u64,
    /// `None`: no GRUUs are given out.
    gruus: Option<Gruus>,
    events: VecDeque<RegistrarEvent>,
}

impl Registrar {
    /// A registrar without bindings.
    pub fn new(config: RegistrarConfig) -> Self {
        Self { config, ..Self::default() }
    }

    /// The same, which gives GRUUs to telephones that want them (RFC 5627).
    #[must_use]
    pub fn with_gruus(mut self, random: &mut dyn Random) -> Self {
        self.gruus = Some(Gruus::new(random));
        self
    }

    /// Answers a REGISTER for `aor`, which its sender proved to be. All of its changes are made, or none
    /// (RFC 3261 §10.3). The To tag is the caller's to add.
    pub fn handle_register(&mut self, now: Instant, aor: &str, flow: Flow, request: &Request) -> Response {
        match self.register(now, aor, flow, request) {
            Ok(granted) => self.listing(now, aor, request, granted),
            Err(refusal) => {
                debug!(?refusal, "REGISTER refused");
                let response = Response::to_request(request, refusal.status()).with_reason(refusal.reason());
                match refusal {
                    // §10.3 step 7: a 423 says what would be accepted.
                    Refusal::TooBrief => {
                        response.with(HeaderName::MinExpires, self.config.min_expires.as_secs().to_string())
                    }
                    Refusal::NoPath => response.with(HeaderName::Require, "path"),
                    _ => response,
                }
            }
        }
    }

    fn register(
        &mut self,
        now: Instant,
        aor: &str,
        flow: Flow,
        request: &Request,
    ) -> Result<Granted, Refusal> {
        let requested = Requested::read(request, &self.config)?;
        let known = self.aors.get(aor).map_or(&[][..], Vec::as_slice);
        // Step 7: a request that is older than what is known changes nothing at all.
        if requested.is_outdated(known) {
            return Err(Refusal::OutOfOrder);
        }
        let mut granted =
            Granted { gruu: requested.wants_gruu, outbound: false, path: !requested.path.is_empty() };
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
                            granted.outbound |= contact.reg_id.is_some();
                            let id = same.unwrap_or_else(|| self.make_room(aor));
                            let before = self.bindings(aor).find(|binding| binding.id() == id);
                            let way = (flow, requested.path.clone());
                            let fresh = Binding::new(id, contact, way, (&requested.order, before), now);
                            self.put(aor, fresh, same.is_some());
                        }
                    }
                }
            }
        }
        Ok(granted)
    }

    /// The bindings a URI reaches that is a GRUU, and their address of record; `None` if it is none of ours. There may
    /// be none: the device is not registered now (RFC 5627 §5.1).
    pub fn gruu(&self, uri: &Uri) -> Option<(String, Vec<BindingId>)> {
        let uri = uri.sip()?;
        let gr = uri.params.get("gr")?;
        let user = uri.decoded_user()?;
        let of_device = |aor: &str, gr: &str| {
            let bindings = self.bindings(aor);
            let same = bindings.filter(|binding| binding.instance().and_then(gr_of) == Some(gr));
            same.map(Binding::id).collect()
        };
        if !gr.is_empty() {
            return Some((user.clone(), of_device(&user, gr)));
        }
        let inside = self.gruus.as_ref()?.open(&user)?;
        let binding = self.binding(inside.binding).filter(|binding| binding.epoch() == inside.epoch);
        let Some(binding) = binding else { return Some((String::new(), Vec::new())) };
        let aor = self.aor_of(inside.binding)?;
        Some((aor.to_owned(), of_device(aor, gr_of(binding.instance()?)?)))
    }

    /// The 200 with every live binding (RFC 3261 §10.3 step 8).
    fn listing(&mut self, now: Instant, aor: &str, request: &Request, granted: Granted) -> Response {
        let mut response = Response::to_request(request, 200);
        let to = request.headers.to().ok().filter(|_| granted.gruu).map(|to| to.uri);
        for binding in self.aors.get(aor).into_iter().flatten() {
            let gruus =
                to.as_ref().zip(self.gruus.as_mut()).and_then(|(to, gruus)| gruus.listed(to, binding));
            response.headers.push(HeaderName::Contact, binding.listed(now, gruus));
        }
        if granted.path {
            // "The registrar copies the Path into the response." RFC 3327 §5.3
            request
                .headers
                .all(&HeaderName::Path)
                .for_each(|path| response.headers.push_header(path.clone()));
        }
        if granted.outbound {
            // RFC 5626 §6, §5.4
            response = response
                .with(HeaderName::Require, "outbound")
                .with(HeaderName::Supported, "path, outbound, gruu")
                .with(HeaderName::FlowTimer, FLOW_TIMER_SECONDS.to_string());
        }
        response
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

    /// How many bindings are live.
    pub fn binding_count(&self) -> usize {
        self.owners.len()
    }

    /// Removes every binding of an address of record: its device is not allowed any more.
    pub fn remove_all(&mut self, aor: &str) {
        let all: Vec<_> = self.bindings(aor).map(Binding::id).collect();
        all.into_iter().for_each(|id| self.remove(id, BindingChange::Removed));
    }

    /// A connection closed: what was reached over it is not reached any more (RFC 5626 §4.4).
    pub fn handle_connection_closed(&mut self, connection: ConnectionId) {
        let lost = self.connections.closed(connection);
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
        let (id, expires_at, flow) = (fresh.id(), fresh.expires_at(), fresh.flow());
        let mut before = None;
        let bindings = self.aors.entry(aor.to_owned()).or_default();
        match bindings.iter_mut().find(|binding| binding.id() == id) {
            Some(binding) => {
                self.timers.remove(&(binding.expires_at(), id));
                before = Some(binding.flow());
                *binding = fresh;
            }
            None => bindings.push(fresh),
        }
        self.timers.insert((expires_at, id));
        self.connections.moved(id, before, Some(flow));
        self.owners.insert(id, aor.to_owned());
        let change = if is_known { BindingChange::Refreshed } else { BindingChange::Registered };
        self.events.push_back(RegistrarEvent { aor: aor.to_owned(), binding: id, change });
    }

    fn remove(&mut self, id: BindingId, change: BindingChange) {
        let Some(aor) = self.owners.remove(&id) else { return };
        if let Some(bindings) = self.aors.get_mut(&aor) {
            if let Some(binding) = bindings.iter().find(|binding| binding.id() == id) {
                self.timers.remove(&(binding.expires_at(), id));
                self.connections.moved(id, Some(binding.flow()), None);
            }
            bindings.retain(|binding| binding.id() != id);
            if bindings.is_empty() {
                self.aors.remove(&aor);
            }
        }
        self.events.push_back(RegistrarEvent { aor, binding: id, change });
    }
}

/// What a REGISTER was granted besides its bindings.
#[derive(Debug, Clone, Copy)]
struct Granted {
    gruu: bool,
    outbound: bool,
    path: bool,
}

/// A device with flows sends a keep-alive within this time. A smaller value notices a dead flow sooner.
const FLOW_TIMER_SECONDS: u32 = 120;

#[cfg(test)]
mod tests;
