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
mod event;
mod exchange;
mod identity;
mod picture;
mod refer;
mod reliable;
mod replaces;
mod session;
mod session_timer;
mod talk;
mod uac;
mod uas;

use std::{
    collections::{HashMap, VecDeque},
    time::Instant,
};

use bytes::Bytes;

use crate::{
    dialog::{Dialog, DialogId},
    endpoint::{ClientId, Destination, Endpoint, Flow, ServerId},
    message::{ContentType, HeaderName, Headers, NameAddr, Request, Response},
    transaction::TimerTable,
    user_agent::{Event, Output},
};

pub use event::{EndCause, Invitation, InviteParams, MAX_TARGETS, UsageError, UsageEvent, UsageId};
pub use refer::{ReferId, Referral};
pub use session_timer::SessionTimers;

use dtmf::parse_dtmf;
use refer::Refer;
pub(crate) use replaces::{replaced_by, target_dialog};
pub(crate) use session::options_response;
use session::{Closing, Established};
use session_timer::SessionTimer;
use talk::Talk;
use uac::Outgoing;
use uas::Incoming;

/// What a usage works with while it handles one thing.
pub(crate) struct Context<'a> {
    pub(crate) now: Instant,
    pub(crate) endpoint: &'a mut Endpoint,
    pub(crate) outputs: &'a mut VecDeque<Output>,
    pub(crate) clients: &'a mut HashMap<ClientId, UsageId>,
    pub(crate) servers: &'a mut HashMap<ServerId, UsageId>,
    pub(crate) dialogs: &'a mut HashMap<DialogId, UsageId>,
    pub(crate) session_timers: SessionTimers,
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
    timers: TimerTable<UsageTimer, 8>,
    acks: Vec<AckRecord>,
    refers: Vec<Refer>,
    /// How many REFERs came, to name them.
    refers_seen: u32,
    session_timer: Option<SessionTimer>,
    /// The largest Min-SE the peer named (RFC 4028 §7.3).
    min_se: u32,
    /// Who is at the other side, as the peer is told.
    identity: Option<NameAddr>,
    /// Whether the peer has not heard of `identity` yet.
    identity_untold: bool,
}

enum State {
    Incoming(Box<Incoming>),
    Outgoing(Box<Outgoing>),
    Established(Box<Established>),
    Closing(Box<Closing>),
    Ended,
}

impl State {
    /// The dialog of the call; an INVITE of ours has none before its answer.
    const fn dialog(&self) -> Option<&Dialog> {
        match self {
            Self::Incoming(incoming) => Some(&incoming.talk.dialog),
            Self::Established(established) => Some(&established.talk.dialog),
            Self::Closing(closing) => Some(closing.dialog()),
            Self::Outgoing(_) | Self::Ended => None,
        }
    }

    const fn dialog_mut(&mut self) -> Option<&mut Dialog> {
        match self {
            Self::Incoming(incoming) => Some(&mut incoming.talk.dialog),
            Self::Established(established) => Some(&mut established.talk.dialog),
            Self::Closing(closing) => Some(closing.dialog_mut()),
            Self::Outgoing(_) | Self::Ended => None,
        }
    }

    /// The dialogs that can take offers: several while branches of a fork ring.
    fn talks_mut(&mut self) -> Vec<&mut Talk> {
        match self {
            Self::Incoming(incoming) => vec![&mut incoming.talk],
            Self::Established(established) => vec![&mut established.talk],
            Self::Outgoing(outgoing) => outgoing.talks_mut(),
            Self::Closing(_) | Self::Ended => Vec::new(),
        }
    }
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
    /// The first subscription of a REFER runs out (RFC 3515 §2.4.4).
    Refer,
    /// Repeat the reliable provisional response until its PRACK comes: T1, doubles (RFC 3262 §3).
    Reliable,
    /// No PRACK for 64·T1.
    ReliableDeadline,
    /// Show that we live (RFC 4028 §7.2).
    Refresh,
    /// Nobody has shown that they live (RFC 4028 §10).
    SessionExpiry,
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
        let timers = TimerTable::new();
        Self {
            id,
            state,
            timers,
            acks: Vec::new(),
            refers: Vec::new(),
            refers_seen: 0,
            session_timer: None,
            min_se: 0,
            identity: None,
            identity_untold: false,
        }
    }

    const fn dialog(&self) -> Option<&Dialog> {
        self.state.dialog()
    }

    /// Whether the call leg has ended and only absorbs what comes late.
    pub(crate) const fn is_closing(&self) -> bool {
        matches!(self.state, State::Closing(_) | State::Ended)
    }

    /// Whether nothing is left to do.
    pub(crate) const fn is_over(&self) -> bool {
        self.acks.is_empty()
            && self.refers.is_empty()
            && match &self.state {
                State::Closing(closing) => closing.is_over(),
                State::Ended => true,
                _ => false,
            }
    }

    /// Where requests in that dialog go: to tell whether one comes from the same place.
    pub(crate) fn destination(&self, dialog: &DialogId) -> Option<Destination> {
        let early = match &self.state {
            State::Outgoing(outgoing) => outgoing.early(dialog),
            _ => self.dialog().filter(|own| own.id() == dialog),
        };
        early.or_else(|| self.refer_dialog(dialog)).map(Dialog::destination)
    }

    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        self.timers.next_timeout()
    }

    /// Removes the usage from the tables.
    pub(crate) fn forget(&self, ctx: &mut Context<'_>) {
        self.forget_refers(ctx);
        match &self.state {
            State::Incoming(incoming) => incoming.forget(ctx),
            State::Outgoing(outgoing) => outgoing.forget(ctx),
            State::Established(established) => established.forget(ctx),
            State::Closing(closing) => closing.forget(ctx),
            State::Ended => {}
        }
    }

    /// The call is answered: its dialog goes over from the state that was taken out.
    fn establish(&mut self, talk: Talk) {
        self.timers.clear();
        self.set_refer_timer();
        self.state = State::Established(Box::new(Established::new(talk)));
    }

    /// The only other door between states.
    fn transition(&mut self, ctx: &mut Context<'_>, next: State) {
        debug_assert!(
            match (&self.state, &next) {
                (State::Outgoing(_) | State::Established(_), State::Closing(_)) => true,
                (from, State::Ended) => !matches!(from, State::Ended),
                _ => false,
            },
            "no such step"
        );
        self.timers.clear();
        self.set_refer_timer();
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
                UsageTimer::Retry => self.retry_offer(ctx),
                UsageTimer::Reliable => self.repeat_reliable(ctx),
                UsageTimer::ReliableDeadline => self.reliable_timeout(ctx),
                UsageTimer::Refresh => self.refresh(ctx),
                UsageTimer::SessionExpiry => self.session_expired(ctx),
                UsageTimer::Refer => self.expire_refers(ctx),
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
        if self.handle_notify_response(ctx, client, response.status)
            || self.handle_exchange_response(ctx, client, response)
        {
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
        if self.handle_notify_response(ctx, client, status) {
            return;
        }
        let response = Response {
            status,
            reason: crate::message::reason_phrase(status).to_owned(),
            headers: Headers::new(),
            body: Bytes::new(),
        };
        if self.handle_exchange_response(ctx, client, &response) {
            return;
        }
        match &self.state {
            State::Outgoing(_) => self.handle_invite_response(ctx, client, &response, None),
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
    response
        .with(HeaderName::Contact, contact)
        .with(HeaderName::Allow, config.allow())
        .with(HeaderName::Supported, SUPPORTED)
}

/// The extensions of calls we know (RFC 3262, 4028, 3891, 4488, 4538).
const SUPPORTED: &str = "100rel, timer, replaces, norefersub, tdialog";

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
