//! What a user of an INVITE usage says and hears.

use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use ringdown_types::DtmfDigit;
use thiserror::Error;

use super::refer::Referral;
use crate::{
    endpoint::{Destination, Flow},
    message::{HeaderName, NameAddr, Reason, Request, Uri},
};

/// Names an INVITE usage of one user agent. Never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UsageId(pub(crate) u64);

impl UsageId {
    /// Owns requests whose outcome does not matter.
    pub(super) const NOBODY: Self = Self(0);
}

impl fmt::Display for UsageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// What an outgoing INVITE is made of.
#[derive(Debug, Clone)]
pub struct InviteParams {
    /// The Request-URI: the Contact of a binding.
    pub target: Uri,
    /// Where to: the flow of a binding.
    pub destination: Destination,
    /// The caller as the callee is to see it, without tag.
    pub from: NameAddr,
    /// The callee, without tag.
    pub to: NameAddr,
    /// The session description offered; without one the callee is asked to offer.
    pub offer: Option<Bytes>,
    /// Max-Forwards: one less than the incoming leg's, so that loops end (RFC 7332).
    pub max_forwards: u8,
    /// Further headers, such as Alert-Info.
    pub headers: Vec<(HeaderName, String)>,
}

/// What an incoming INVITE says.
#[derive(Debug, Clone)]
pub struct Invitation {
    /// The whole request, private headers stripped.
    pub request: Arc<Request>,
    /// The caller, as the caller says.
    pub from: NameAddr,
    /// The flow it came over.
    pub flow: Flow,
    /// The session description offered; without one `accept` takes our offer.
    pub offer: Option<Bytes>,
    /// How many more hops the call may make; 70 if the INVITE does not say.
    pub max_forwards: u8,
    /// The call leg the caller wants to take the place of (RFC 3891): it is answered, or rings at a device of ours.
    /// Whether the caller may, and what becomes of that leg, is the user's to decide: it ends by nothing else.
    pub replaces: Option<UsageId>,
}

/// Why an established call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndCause {
    /// The peer sent BYE.
    RemoteBye,
    /// `bye` was called.
    LocalBye,
    /// The ACK for our 2xx never came.
    AckTimeout,
    /// The PRACK for our reliable provisional response never came (RFC 3262 §3).
    PrackTimeout,
    /// Nobody refreshed the session in time (RFC 4028 §10).
    SessionExpired,
    /// The peer answered a request in the dialog with this status (408, 481), or not at all (408), or could
    /// not be reached (503).
    Failed(u16),
}

/// What happened to a usage. After `Failed`, `Cancelled` and `Ended`, and after `reject`, its id means nothing.
#[derive(Debug, Clone)]
pub enum UsageEvent {
    /// An INVITE came and was admitted: `ring`, `progress`, `accept` or `reject` it.
    Invited(Box<Invitation>),
    /// The callee's device rings.
    Ringing,
    /// The callee sends early media as described.
    Progress {
        /// The callee's session description.
        sdp: Bytes,
    },
    /// The callee's device offers before it answers, because our INVITE had no offer: `acknowledge` it, so that the
    /// PRACK can carry our answer (RFC 3262 §5).
    EarlyOffered {
        /// The callee's offer.
        sdp: Bytes,
    },
    /// The caller answered the offer we made with `progress`, because its INVITE had none (RFC 3262 §5). `accept`
    /// takes nothing more then.
    EarlyAnswered {
        /// The caller's answer.
        sdp: Bytes,
    },
    /// The callee answered. If the INVITE had no offer, `sdp` is the callee's offer, and `acknowledge` must
    /// follow; `None` then if `EarlyOffered` was acknowledged.
    Answered {
        /// The callee's session description. Of several branches that sent early media, it is the one's that
        /// answered.
        sdp: Option<Bytes>,
    },
    /// The callee did not answer: 3xx–6xx, 408 for no response at all, 503 for no way to the callee.
    Failed {
        /// The status.
        status: u16,
        /// The reason phrase.
        reason: String,
        /// Where a 3xx says the callee can be reached instead, by its order, at most [`MAX_TARGETS`]. A stranger's
        /// word: following one blindly lets a telephone make the switch call anybody.
        targets: Vec<Uri>,
    },
    /// The caller gave up, or our own `cancel` is complete.
    Cancelled {
        /// Why, as the caller says (RFC 3326).
        reasons: Vec<Reason>,
    },
    /// The ACK for our 2xx came, for the INVITE or a re-INVITE.
    Confirmed {
        /// The session description in the ACK: the answer, if our 2xx held the offer.
        sdp: Option<Bytes>,
    },
    /// The peer wants to change the session, in the call or before its answer: `answer_reinvite` or
    /// `reject_reinvite`.
    Reinvited {
        /// The offer; without one `answer_reinvite` takes ours.
        offer: Option<Bytes>,
    },
    /// Our re-INVITE was answered.
    ReinviteAnswered {
        /// The answer.
        sdp: Option<Bytes>,
    },
    /// Our re-INVITE was refused; the session goes on as it was.
    ReinviteRefused {
        /// The status.
        status: u16,
    },
    /// A refresh of the session timer, which the user knows nothing of, brought another description: the peer's media
    /// are there from now on (RFC 4028 §7.4).
    Refreshed {
        /// The peer's session description, an answer to ours in force.
        sdp: Bytes,
    },
    /// A key was pressed, sent by INFO.
    Info {
        /// The key.
        digit: DtmfDigit,
        /// For how long.
        duration: Duration,
    },
    /// It wants a whole picture of what it sees (RFC 5168).
    PictureWanted,
    /// The peer asks us to call somebody (RFC 3515): `accept_refer` or `reject_refer` it.
    Referred(Box<Referral>),
    /// The call is over.
    Ended {
        /// Why.
        cause: EndCause,
        /// Why, as the peer says (RFC 3326).
        reasons: Vec<Reason>,
    },
}

/// A command a usage cannot follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum UsageError {
    /// The usage is over or never was.
    #[error("no such usage")]
    NoSuchUsage,
    /// The command does not fit its state, such as `accept` of an outgoing call.
    #[error("not in this state")]
    WrongState,
    /// The peer does not allow the method.
    #[error("the peer does not allow it")]
    NotAllowed,
    /// An offer is under way; try again after its answer.
    #[error("an offer is under way")]
    OfferPending,
    /// The endpoint holds as many transactions or usages as it may.
    #[error("full")]
    Full,
}

/// The most targets of a redirection that are passed on.
pub const MAX_TARGETS: usize = 8;
