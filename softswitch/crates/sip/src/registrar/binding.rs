//! One telephone's binding.

use std::{fmt, net::SocketAddr, time::Instant};

use crate::{
    endpoint::{Destination, Flow, Transport},
    message::{NameAddr, Params, Uri},
    registrar::contacts::{Contact, Order},
};

/// Names a binding for as long as the registrar lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BindingId(pub u64);

/// Where a telephone is reached.
#[derive(Clone, PartialEq, Eq)]
pub struct Binding {
    id: BindingId,
    contact: Uri,
    /// In thousandths, 0 to 1000 (RFC 3261 §20.10).
    preference: u16,
    instance: Option<String>,
    reg_id: Option<u32>,
    path: Vec<String>,
    /// Counts how often the device began anew: each voids its temporary GRUUs.
    epoch: u32,
    flow: Flow,
    order: Order,
    expires_at: Instant,
}

impl Binding {
    /// A binding made by a REGISTER of that order. `before` is what it replaces.
    pub(super) fn new(
        id: BindingId,
        contact: Contact,
        (flow, path): (Flow, Vec<String>),
        (order, before): (&Order, Option<&Self>),
        now: Instant,
    ) -> Self {
        let began_anew = |before: &Self| u32::from(before.order.call_id != order.call_id);
        Self {
            id,
            contact: contact.uri,
            preference: contact.preference,
            instance: contact.instance,
            reg_id: contact.reg_id,
            path,
            epoch: before.map_or(0, |before| before.epoch.wrapping_add(began_anew(before))),
            flow,
            order: order.clone(),
            expires_at: now + contact.expires,
        }
    }

    /// Its name.
    pub const fn id(&self) -> BindingId {
        self.id
    }

    /// The URI the telephone registered: the Request-URI of requests to it.
    pub const fn contact(&self) -> &Uri {
        &self.contact
    }

    /// The flow it registered over.
    pub const fn flow(&self) -> Flow {
        self.flow
    }

    /// When it ends unless it is refreshed.
    pub const fn expires_at(&self) -> Instant {
        self.expires_at
    }

    /// How much the telephone wants to be rung, in thousandths: `q` of its Contact, 1000 without.
    pub const fn preference(&self) -> u16 {
        self.preference
    }

    /// The device's instance id as it was written, quotes and brackets included (RFC 5626 §4.1).
    pub fn instance(&self) -> Option<&str> {
        self.instance.as_deref()
    }

    /// Which of the device's flows this is; `None` for a device without flows (RFC 5626 §4.2).
    pub const fn reg_id(&self) -> Option<u32> {
        self.reg_id
    }

    /// The proxies on the way to the telephone, nearest first: the Route of requests to it (RFC 3327).
    pub fn path(&self) -> &[String] {
        &self.path
    }

    pub(super) const fn epoch(&self) -> u32 {
        self.epoch
    }

    /// Whether the telephone is behind a NAT: it registered another address than its packets come from.
    pub fn is_behind_nat(&self) -> bool {
        self.contact_address().is_none_or(|address| address.ip() != self.flow.remote.ip())
    }

    /// Where requests to it go. Over the connection it registered with; for UDP, to its Contact if that is on the host
    /// its packets come from, else back where they come from: that is where the NAT lets them in (RFC 3581).
    pub fn destination(&self) -> Destination {
        match self.contact_address() {
            Some(remote) if self.flow.transport == Transport::Udp && remote.ip() == self.flow.remote.ip() => {
                Destination::Flow(Flow { remote, ..self.flow })
            }
            _ => Destination::Flow(self.flow),
        }
    }

    /// The Contact's address, if it is one and no name.
    fn contact_address(&self) -> Option<SocketAddr> {
        let uri = self.contact.sip()?;
        Some(SocketAddr::new(uri.host.address()?, uri.port.unwrap_or(5060)))
    }

    pub(super) const fn order(&self) -> &Order {
        &self.order
    }

    /// Whether a Contact means this binding: the same URI (RFC 3261 §10.3), or the same device (RFC 5626 §6).
    pub(super) fn is_for(&self, contact: &Contact) -> bool {
        let same_device = self.instance.is_some() && self.instance == contact.instance;
        match (self.reg_id, contact.reg_id) {
            // "The binding is identified by the AOR, the instance and the reg-id." RFC 5626 §6
            (Some(one), Some(other)) => same_device && one == other,
            _ => same_device || self.contact.is_equivalent(&contact.uri),
        }
    }

    /// The Contact value of a 200.
    pub(super) fn listed(&self, now: Instant, gruus: Option<(String, String)>) -> String {
        let left = self.expires_at.saturating_duration_since(now).as_secs().to_string();
        let mut params = Params::new().with("expires", Some(&left));
        // A device finds its own among them by its instance. RFC 5627 §5.3
        if let Some(instance) = &self.instance {
            params.set("+sip.instance", Some(instance));
        }
        if let Some(reg_id) = self.reg_id {
            params.set("reg-id", Some(&reg_id.to_string()));
        }
        if let Some((public, temporary)) = gruus {
            params.set("pub-gruu", Some(&format!("\"{public}\"")));
            params.set("temp-gruu", Some(&format!("\"{temporary}\"")));
        }
        NameAddr { display: None, uri: self.contact.clone(), params }.to_string()
    }
}

/// The contact names a person's device.
impl fmt::Debug for Binding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Binding").field("id", &self.id).finish_non_exhaustive()
    }
}
