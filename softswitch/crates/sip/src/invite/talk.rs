//! A dialog with what is agreed in it: the offer under way, the descriptions in force, what the peer can do.

use std::sync::Arc;

use bytes::Bytes;

use crate::{
    dialog::Dialog,
    endpoint::{ClientId, Flow, ServerId},
    message::{HeaderName, Headers, Method, Request},
};

/// A dialog with what is agreed in it.
pub(super) struct Talk {
    pub(super) dialog: Dialog,
    pub(super) exchange: Exchange,
    pub(super) peer: Abilities,
    /// Our description in force: what a refresh offers again, unchanged.
    pub(super) local_sdp: Option<Bytes>,
    /// The peer's description in force.
    pub(super) remote_sdp: Option<Bytes>,
    /// The UPDATE without an offer that is under way.
    pub(super) update: Option<ClientId>,
}

/// The offer under way (RFC 3264: one at a time).
pub(super) enum Exchange {
    /// The INVITE's own offer and answer are not complete.
    Initial,
    /// Our offer went out in a reliable provisional response, and the PRACK answers it (RFC 3262 §5).
    Offered,
    /// The peer's offer came in a reliable provisional response, and our PRACK answers it.
    Asked {
        rseq: u32,
    },
    Stable,
    /// Our re-INVITE or UPDATE waits for its final response.
    Local(LocalOffer, ClientId),
    /// Our re-INVITE or UPDATE met the peer's and is sent again later (RFC 3261 §14.1).
    Retry(LocalOffer),
    /// The peer's re-INVITE, UPDATE or PRACK waits for our user.
    Remote {
        server: ServerId,
        request: Arc<Request>,
        flow: Flow,
    },
}

/// An offer of ours.
#[derive(Clone)]
pub(super) struct LocalOffer {
    pub(super) method: Method,
    pub(super) offer: Option<Bytes>,
    pub(super) attempts: u32,
    /// Whether it offers what is in force, to show that both ends live (RFC 4028): its user hears nothing of it.
    pub(super) is_refresh: bool,
}

/// What the peer said it can do.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Abilities {
    pub(super) update: bool,
    pub(super) from_change: bool,
}

impl Abilities {
    /// Takes note of what a message says; what it does not mention stays.
    pub(super) fn note(&mut self, headers: &Headers) {
        if headers.contains(&HeaderName::Allow) {
            self.update = headers.lists(&HeaderName::Allow, Method::Update.as_str());
        }
        if headers.contains(&HeaderName::Supported) {
            self.from_change = headers.lists(&HeaderName::Supported, "from-change");
        }
    }
}

impl Talk {
    /// A dialog whose first offer has no answer yet. `headers` are those of the message that made it.
    pub(super) fn new(dialog: Dialog, headers: &Headers) -> Self {
        let mut peer = Abilities::default();
        peer.note(headers);
        Self { dialog, exchange: Exchange::Initial, peer, local_sdp: None, remote_sdp: None, update: None }
    }

    /// Whether the INVITE's own offer is answered.
    pub(super) const fn is_agreed(&self) -> bool {
        !matches!(self.exchange, Exchange::Initial | Exchange::Offered | Exchange::Asked { .. })
    }

    /// Takes note of the INVITE's final answer, whoever gave it.
    pub(super) fn agree(&mut self) {
        if !self.is_agreed() {
            self.exchange = Exchange::Stable;
        }
    }

    /// What an UPDATE with an offer is refused with (RFC 3311 §5.2), or a re-INVITE (RFC 3261 §14.2): 491 if our
    /// own offer waits for its answer, 500 if the peer's does.
    pub(super) const fn refusal(&self) -> Option<u16> {
        match &self.exchange {
            Exchange::Stable | Exchange::Retry(_) => None,
            Exchange::Initial if self.dialog.owns_call_id() => Some(491),
            Exchange::Offered | Exchange::Local(..) => Some(491),
            Exchange::Initial | Exchange::Asked { .. } | Exchange::Remote { .. } => Some(500),
        }
    }
}
