//! The INVITE usage (RFC 3261 §13–§15): one call leg, seen from its user.
//!
//! ```text
//!  Incoming ──accept──► Established ──bye, BYE, failure──► Closing ──► Ended
//!     └─reject, CANCEL, BYE─────────────────────────────────────────►│
//!  Outgoing ──2xx──► Established                                     │
//!     └─3xx–6xx, timeout────────────────────────────────────────────►│
//! ```
//! A usage is driven through [`UserAgent`](crate::user_agent::UserAgent), which names it by [`UsageId`].

mod dtmf;
mod session;
mod uac;
mod uas;

use std::{
    collections::{HashMap, VecDeque},
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use ringdown_types::DtmfDigit;
use thiserror::Error;

use crate::{
    dialog::DialogId,
    endpoint::{ClientId, Destination, Endpoint, Flow, ServerId},
    message::{ContentType, HeaderName, NameAddr, Reason, Request, Response, Uri},
    transaction::TimerTable,
    user_agent::{Event, Output},
};

use dtmf::parse_dtmf;
pub(crate) use session::options_response;
use session::{Closing, Established};
use uac::Outgoing;
use uas::Incoming;

/// Names an INVITE usage of one user agent. Never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UsageId(pub(crate) u64);

impl UsageId {
    /// Owns requests whose outcome does not matter.
    const NOBODY: Self = Self(0);
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
    /// The callee answered. If the INVITE had no offer, `sdp` is the callee's offer, and `acknowledge` must
    /// follow.
    Answered {
        /// The callee's session description.
        sdp: Option<Bytes>,
    },
    /// The callee did not answer: 3xx–6xx, 408 for no response at all, 503 for no way to the callee.
    Failed {
        /// The status.
        status: u16,
        /// The reason phrase.
        reason: String,
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
    /// The peer wants to change the session: `answer_reinvite` or `reject_reinvite`.
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
    /// A key was pressed, sent by INFO.
    Info {
        /// The key.
        digit: DtmfDigit,
        /// For how long.
        duration: Duration,
    },
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
    /// An offer is under way; try again after its answer.
    #[error("an offer is under way")]
    OfferPending,
    /// The endpoint holds as many transactions or usages as it may.
    #[error("full")]
    Full,
}

/// What a usage works with while it handles one thing.
pub(crate) struct Context<'a> {
    pub(crate) now: Instant,
    pub(crate) endpoint: &'a mut Endpoint,
    pub(crate) outputs: &'a mut VecDeque<Output>,
    pub(crate) clients: &'a mut HashMap<ClientId, UsageId>,
    pub(crate) servers: &'a mut HashMap<ServerId, UsageId>,
    pub(crate) dialogs: &'a mut HashMap<DialogId, UsageId>,
}

impl Context<'_> {
    fn emit(&mut self, usage: UsageId, event: UsageEvent) {
        self.outputs.push_back(Output::Event(Event::Usage { usage, event }));
    }

    /// Sends the final response of a server transaction that belongs to a usage.
    fn finish(&mut self, server: ServerId, response: Response) {
        self.servers.remove(&server);
        self.endpoint.send_response(self.now, server, response);
    }
}

/// One call leg.
pub(crate) struct InviteUsage {
    id: UsageId,
    state: State,
    timers: TimerTable<UsageTimer>,
    acks: Vec<AckRecord>,
}

enum State {
    Incoming(Box<Incoming>),
    Outgoing(Box<Outgoing>),
    Established(Box<Established>),
    Closing(Box<Closing>),
    Ended,
}

/// The timers of a usage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum UsageTimer {
    /// Repeat the 2xx until its ACK comes: T1, doubles to T2 (RFC 3261 §13.3.1.4).
    Answer,
    /// No ACK for 64·T1.
    AckDeadline,
    /// Repeat the last provisional response, so that proxies do not give up (§13.3.1.1).
    Provisional,
    /// The INVITE's Expires (§13.3.1).
    Expires,
    /// 64·T1 after a CANCEL without a final response (§9.1).
    CancelDeadline,
    /// Try the re-INVITE again after a 491 (§14.1).
    Retry,
}

/// The ACKs sent for the 2xx of one INVITE, to be repeated with each 2xx that comes again (§13.2.2.4).
struct AckRecord {
    client: ClientId,
    cseq: u32,
    /// By To tag: the first is the dialog's, others are branches that answered too late. An ACK that waits for
    /// its answer is absent.
    sent: Vec<(String, Option<Bytes>, Destination)>,
}

/// The most branches of a fork that are acknowledged one by one.
const MAX_BRANCHES: usize = 16;

impl InviteUsage {
    const fn new(id: UsageId, state: State) -> Self {
        Self { id, state, timers: TimerTable::new(), acks: Vec::new() }
    }

    /// Whether nothing is left to do.
    pub(crate) const fn is_over(&self) -> bool {
        self.acks.is_empty()
            && match &self.state {
                State::Closing(closing) => closing.is_over(),
                State::Ended => true,
                _ => false,
            }
    }

    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        self.timers.next_timeout()
    }

    /// Removes the usage from the tables.
    pub(crate) fn forget(&self, ctx: &mut Context<'_>) {
        match &self.state {
            State::Incoming(incoming) => incoming.forget(ctx),
            State::Outgoing(outgoing) => outgoing.forget(ctx),
            State::Established(established) => established.forget(ctx),
            State::Closing(closing) => closing.forget(ctx),
            State::Ended => {}
        }
    }

    /// The only door between states.
    fn transition(&mut self, ctx: &mut Context<'_>, next: State) {
        debug_assert!(
            match (&self.state, &next) {
                (State::Incoming(_) | State::Outgoing(_), State::Established(_) | State::Closing(_)) => true,
                (State::Established(_), State::Closing(_)) => true,
                (from, State::Ended) => !matches!(from, State::Ended),
                _ => false,
            },
            "no such step"
        );
        self.timers.clear();
        if matches!(next, State::Ended) {
            self.forget(ctx);
        }
        self.state = next;
    }

    pub(crate) fn handle_timeout(&mut self, ctx: &mut Context<'_>) {
        while let Some((timer, _)) = self.timers.take_expired(ctx.now) {
            match timer {
                UsageTimer::Answer => self.repeat_answer(ctx),
                UsageTimer::AckDeadline => self.ack_timeout(ctx),
                UsageTimer::Provisional => self.repeat_provisional(ctx),
                UsageTimer::Expires => self.handle_cancel(ctx, Vec::new()),
                UsageTimer::CancelDeadline => self.abandon(ctx),
                UsageTimer::Retry => self.retry_reinvite(ctx),
            }
        }
    }

    /// Takes a response to a request of this usage.
    pub(crate) fn handle_response(
        &mut self,
        ctx: &mut Context<'_>,
        client: ClientId,
        response: &Response,
        flow: Option<Flow>,
    ) {
        if response.is_success() && self.repeat_ack(ctx, client, response, flow) {
            return;
        }
        match &self.state {
            State::Outgoing(_) => self.handle_invite_response(ctx, client, response, flow),
            State::Established(_) => self.handle_session_response(ctx, client, response),
            State::Closing(_) => self.handle_closing_response(ctx, client, response),
            State::Incoming(_) | State::Ended => {}
        }
    }

    /// Takes note that a request of this usage got no response: 408 or 503.
    pub(crate) fn handle_failure(&mut self, ctx: &mut Context<'_>, client: ClientId, status: u16) {
        match &self.state {
            State::Outgoing(_) => self.invite_failed(ctx, status, crate::message::reason_phrase(status)),
            State::Established(_) => self.session_request_failed(ctx, client, status),
            State::Closing(_) => self.closing_request_done(ctx, client),
            State::Incoming(_) | State::Ended => {}
        }
    }

    /// Takes note that a client transaction is over: its 2xx will not come again.
    pub(crate) fn handle_client_ended(&mut self, ctx: &mut Context<'_>, client: ClientId) {
        self.acks.retain(|record| record.client != client);
        if matches!(self.state, State::Closing(_)) {
            self.closing_request_done(ctx, client);
        }
    }
}

/// Adds what each response that makes or refreshes a dialog carries: To tag, Contact, Allow, Record-Route
/// (RFC 3261 §12.1.1).
fn dialog_response(ctx: &Context<'_>, request: &Request, tag: &str, flow: Flow, status: u16) -> Response {
    let mut response = Response::to_request(request, status).with_to_tag(tag);
    for route in request.headers.all(&HeaderName::RecordRoute) {
        response.headers.push_header(route.clone());
    }
    let config = ctx.endpoint.config();
    let contact = NameAddr::new(config.contact_for(request, flow)).to_string();
    response.with(HeaderName::Contact, contact).with(HeaderName::Allow, config.allow())
}

/// Adds the session description, if there is one.
fn with_sdp(response: Response, sdp: Option<Bytes>) -> Response {
    match sdp {
        Some(sdp) => response.with_body(ContentType::SDP, sdp),
        None => response,
    }
}

/// The refusal of a body that must be understood and is no session description (RFC 3261 §8.2.3), or of an offer
/// whose answer would not be accepted.
fn unsupported_body(request: &Request) -> Option<Response> {
    if !accepts_sdp(request) {
        // RFC 4475 §3.3.15, RFC 3261 §20.43.
        let warning = format!("399 ringdown \"Answers are {}\"", ContentType::SDP);
        return Some(Response::to_request(request, 406).with(HeaderName::Warning, warning));
    }
    if request.body.is_empty() || request.sdp().is_some() {
        return None;
    }
    let optional = request.headers.text(&HeaderName::ContentDisposition).ok().flatten();
    let optional = optional.is_some_and(|text| text.to_ascii_lowercase().contains("handling=optional"));
    (!optional).then(|| Response::to_request(request, 415).with(HeaderName::Accept, ContentType::SDP))
}

/// Whether a session description may come back; without Accept it may (RFC 3261 §20.1). What cannot be read refuses
/// nothing.
fn accepts_sdp(request: &Request) -> bool {
    if !request.headers.contains(&HeaderName::Accept) {
        return true;
    }
    request.headers.values(&HeaderName::Accept).map_or(true, |ranges| {
        ranges.iter().any(|range| {
            let essence = range.split(';').next().unwrap_or_default().trim();
            [ContentType::SDP, "application/*", "*/*"].iter().any(|fits| essence.eq_ignore_ascii_case(fits))
        })
    })
}
