//! REFER, received (RFC 3515): the peer asks us to call somebody and is told how that goes.
//!
//! ```text
//!  REFER ─► Waiting ──accept──► Subscribed ──final NOTIFY, expiry, 481──► gone
//!              └─reject, norefersub───────────────────────────────────────►│
//! ```
//! The subscription (RFC 6665) is a usage of its own in the dialog (RFC 5057): it outlives the call, and the dialog
//! lasts until its last NOTIFY is answered. One NOTIFY is under way at a time, so that none overtakes another; states
//! that change meanwhile are told as the latest of them.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    Context, InviteUsage, State, UsageError, UsageEvent, UsageId, UsageTimer, dialog_response, replaces,
};
use crate::{
    dialog::{Dialog, DialogId},
    endpoint::{ClientId, Flow, ServerId},
    message::{HeaderName, Method, NameAddr, Request, Response, Uri, reason_phrase},
    transaction::TIMEOUT,
};

/// Names a REFER of one usage. Never used twice in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ReferId(u32);

impl fmt::Display for ReferId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// What a REFER asks for.
#[derive(Debug, Clone)]
pub struct Referral {
    /// Names it in `accept_refer`, `reject_refer` and `notify_refer`.
    pub id: ReferId,
    /// Whom to call: a `sip`, `sips` or `tel` URI without headers. Its host is the peer's word.
    pub target: Uri,
    /// The call leg the new call takes the place of: an attended transfer (RFC 5589 §7).
    pub replaces: Option<UsageId>,
    /// Who asks, as the peer says (RFC 3892).
    pub referred_by: Option<NameAddr>,
}

/// A REFER and the subscription it makes.
pub(super) struct Refer {
    id: ReferId,
    /// The dialog this REFER made, when it came outside of the call's (RFC 4538).
    own_dialog: Option<Dialog>,
    /// When it is over by itself.
    expires: Instant,
    state: ReferState,
}

enum ReferState {
    /// For its user.
    Waiting {
        server: ServerId,
        request: Arc<Request>,
        flow: Flow,
    },
    Subscribed(Subscription),
}

struct Subscription {
    /// The value of Event.
    event: String,
    /// How the call goes, as the status of its latest response.
    status: u16,
    /// Why the subscription ends, once it does.
    over: Option<&'static str>,
    /// The NOTIFY under way.
    in_flight: Option<ClientId>,
    /// Whether the state has changed since the latest NOTIFY.
    unsent: bool,
    /// How often a NOTIFY came too late, because another request of ours overtook it.
    overtaken: u8,
}

/// How long a transfer may take to come to something. Its end shows a telephone whose transfer hangs that nothing
/// more is said; longer keeps dialogs of calls that are over.
const DURATION: Duration = Duration::from_secs(180);
/// The REFERs one call leg may have at a time. A telephone sends one.
const MAX_REFERS: usize = 4;
/// The NOTIFYs of a subscription that are sent again after a 500.
const MAX_OVERTAKEN: u8 = 3;
/// The content type of a NOTIFY (RFC 3420).
const SIPFRAG: &str = "message/sipfrag;version=2.0";

impl InviteUsage {
    /// Takes an admitted REFER in the call's dialog.
    pub(super) fn handle_refer(
        &mut self,
        ctx: &mut Context<'_>,
        server: ServerId,
        request: &Arc<Request>,
        flow: Flow,
    ) {
        self.refer(ctx, None, server, request, flow);
    }

    /// Takes an admitted REFER that names this call in Target-Dialog (RFC 4538).
    pub(crate) fn handle_outside_refer(
        &mut self,
        ctx: &mut Context<'_>,
        server: ServerId,
        request: &Arc<Request>,
        flow: Flow,
    ) {
        let tag = ctx.endpoint.random().token(12);
        match Dialog::from_request(request, &tag, flow) {
            Ok(dialog) => self.refer(ctx, Some(dialog), server, request, flow),
            Err(error) => {
                let response = Response::to_request(request, 400).with_reason(&error.to_string());
                ctx.finish(server, response.with_to_tag(&tag));
            }
        }
    }

    fn refer(
        &mut self,
        ctx: &mut Context<'_>,
        own_dialog: Option<Dialog>,
        server: ServerId,
        request: &Arc<Request>,
        flow: Flow,
    ) {
        // A call that is being set up is given up, not transferred.
        let referral = match self.state {
            State::Established(_) => self.read_refer(ctx, request),
            _ => Err(403),
        };
        let tag = own_dialog.as_ref().map(|dialog| dialog.id().local_tag.clone()).unwrap_or_default();
        let refuse = |status| Response::to_request(request, status).with_to_tag(&tag);
        if self.refers.len() >= MAX_REFERS {
            return ctx.finish(server, refuse(503).with(HeaderName::RetryAfter, "10"));
        }
        let referral = match referral {
            Ok(referral) => referral,
            Err(status) => return ctx.finish(server, refuse(status)),
        };
        self.refers_seen += 1;
        if let Some(dialog) = &own_dialog {
            ctx.dialogs.insert(dialog.id().clone(), self.id);
        }
        let id = ReferId(self.refers_seen);
        let state = ReferState::Waiting { server, request: Arc::clone(request), flow };
        self.refers.push(Refer { id, own_dialog, expires: ctx.now + TIMEOUT, state });
        self.set_refer_timer();
        match referral {
            Some(referral) => ctx.emit(self.id, UsageEvent::Referred(Box::new(Referral { id, ..referral }))),
            // The call it wants to replace is none of ours: what calling with that Replaces would have brought.
            None => {
                let _ = self.accept_refer(ctx, id);
                let _ = self.notify_refer(ctx, id, 481, true);
            }
        }
    }

    /// What a REFER asks for, `None` if it replaces a call that is not here, or the status that refuses it.
    fn read_refer(&self, ctx: &Context<'_>, request: &Request) -> Result<Option<Referral>, u16> {
        let headers = &request.headers;
        // "A REFER MUST contain exactly one Refer-To header field value." RFC 3515 §2.4.1
        let mut targets = headers.addresses(&HeaderName::ReferTo).map_err(|_| 400u16)?.into_iter();
        let (Some(target), None) = (targets.next(), targets.next()) else { return Err(400) };
        let mut replaces = None;
        let uri = match target.uri {
            Uri::Sip(mut uri) => {
                // Anything but a call is not ours to make for others. §2.4.2
                if uri.params.get("method").is_some_and(|method| method != Method::Invite.as_str()) {
                    return Err(403);
                }
                if let Some(name) = replaces::replaces_in(&uri).map_err(|()| 400u16)? {
                    match name.find(ctx.dialogs) {
                        Some(usage) => replaces = Some(usage),
                        None => return Ok(None),
                    }
                }
                uri.params.remove("method");
                uri.headers = None;
                Uri::Sip(uri)
            }
            Uri::Tel(uri) => Uri::Tel(uri),
            Uri::Other(_) => return Err(416),
        };
        let referred_by = headers.text(&HeaderName::ReferredBy).ok().flatten().and_then(NameAddr::parse);
        Ok(Some(Referral { id: ReferId(0), target: uri, replaces, referred_by }))
    }

    /// Accepts a REFER (202); the peer is told `100 Trying` at once.
    pub(crate) fn accept_refer(&mut self, ctx: &mut Context<'_>, id: ReferId) -> Result<(), UsageError> {
        let at = self.waiting_refer(id)?;
        let Some(Refer { own_dialog, state: ReferState::Waiting { server, request, flow }, .. }) =
            self.refers.get(at)
        else {
            return Err(UsageError::WrongState);
        };
        let (server, request, flow) = (*server, Arc::clone(request), *flow);
        let tag = own_dialog.as_ref().or_else(|| self.dialog()).map(|dialog| dialog.id().local_tag.clone());
        let mut response = dialog_response(ctx, &request, &tag.unwrap_or_default(), flow, 202);
        // "Refer-Sub: false … no implicit subscription is created." RFC 4488 §4
        let wants_none = request.headers.text(&HeaderName::ReferSub).ok().flatten();
        if wants_none.is_some_and(|text| text.trim().to_ascii_lowercase().starts_with("false")) {
            response.headers.push(HeaderName::ReferSub, "false");
            ctx.finish(server, response);
            self.remove_refer(ctx, at);
            return Ok(());
        }
        ctx.finish(server, response);
        // "The NOTIFYs of a second or subsequent REFER in a dialog MUST carry an id parameter: its CSeq." §2.4.6
        let cseq = request.headers.cseq().map_or(0, |cseq| cseq.number);
        let event = if id.0 == 1 { "refer".to_owned() } else { format!("refer;id={cseq}") };
        let subscription =
            Subscription { event, status: 100, over: None, in_flight: None, unsent: true, overtaken: 0 };
        if let Some(refer) = self.refers.get_mut(at) {
            refer.state = ReferState::Subscribed(subscription);
            refer.expires = ctx.now + DURATION;
        }
        self.notify(ctx, at);
        Ok(())
    }

    /// Refuses a REFER.
    pub(crate) fn reject_refer(
        &mut self,
        ctx: &mut Context<'_>,
        id: ReferId,
        status: u16,
    ) -> Result<(), UsageError> {
        let at = self.waiting_refer(id)?;
        self.refuse_waiting(ctx, at, status.clamp(300, 699));
        self.remove_refer(ctx, at);
        Ok(())
    }

    /// Tells the peer how the call it asked for goes: the status of its latest response.
    pub(crate) fn notify_refer(
        &mut self,
        ctx: &mut Context<'_>,
        id: ReferId,
        status: u16,
        is_final: bool,
    ) -> Result<(), UsageError> {
        let at = self.refers.iter().position(|refer| refer.id == id).ok_or(UsageError::WrongState)?;
        let Some(Refer { state: ReferState::Subscribed(subscription), .. }) = self.refers.get_mut(at) else {
            return Err(UsageError::WrongState);
        };
        if subscription.over.is_some() {
            return Err(UsageError::WrongState);
        }
        subscription.status = status.clamp(100, 699);
        // "noresource: the subscription ended because the state it shows no longer exists." RFC 6665 §4.1.3
        subscription.over = is_final.then_some("noresource");
        subscription.unsent = true;
        self.notify(ctx, at);
        Ok(())
    }

    /// Sends the state of a subscription, unless its last NOTIFY is still under way.
    fn notify(&mut self, ctx: &mut Context<'_>, at: usize) {
        let Some(refer) = self.refers.get_mut(at) else { return };
        let ReferState::Subscribed(subscription) = &mut refer.state else { return };
        if subscription.in_flight.is_some() || !subscription.unsent {
            return self.set_refer_timer();
        }
        let Some(dialog) = refer.own_dialog.as_mut().or_else(|| self.state.dialog_mut()) else {
            return self.remove_refer(ctx, at);
        };
        let remaining = refer.expires.saturating_duration_since(ctx.now).as_secs();
        let state = match subscription.over {
            Some(reason) => format!("terminated;reason={reason}"),
            None => format!("active;expires={remaining}"),
        };
        let destination = dialog.destination();
        let contact = NameAddr::new(ctx.endpoint.config().contact(destination, dialog.is_sips()));
        let status = subscription.status;
        let body = format!("SIP/2.0 {status} {}\r\n", reason_phrase(status));
        let request = dialog
            .request(Method::Notify)
            .with(HeaderName::Contact, contact.to_string())
            .with(HeaderName::Event, subscription.event.clone())
            .with(HeaderName::SubscriptionState, state)
            .with_body(SIPFRAG, body.into());
        subscription.unsent = false;
        // Without room for a NOTIFY its state is told with the next one; the last one is not worth waiting for.
        match ctx.endpoint.send_request(ctx.now, request, destination) {
            Ok(client) => {
                ctx.clients.insert(client, self.id);
                subscription.in_flight = Some(client);
            }
            Err(_) if subscription.over.is_some() => return self.remove_refer(ctx, at),
            Err(_) => {}
        }
        self.set_refer_timer();
    }

    /// Takes the final response to a NOTIFY; says whether it was one.
    pub(super) fn handle_notify_response(
        &mut self,
        ctx: &mut Context<'_>,
        client: ClientId,
        status: u16,
    ) -> bool {
        let is_own =
            |refer: &Refer| matches!(&refer.state, ReferState::Subscribed(s) if s.in_flight == Some(client));
        let Some(at) = self.refers.iter().position(is_own) else { return false };
        if status < 200 {
            return true;
        }
        let Some(Refer { state: ReferState::Subscribed(subscription), .. }) = self.refers.get_mut(at) else {
            return true;
        };
        subscription.in_flight = None;
        // "A lower CSeq MUST be rejected with a 500" (RFC 3261 §12.2.2): a later request arrived first.
        if status == 500 && subscription.overtaken < MAX_OVERTAKEN {
            subscription.overtaken += 1;
            subscription.unsent = true;
            self.notify(ctx, at);
            return true;
        }
        let is_done = subscription.over.is_some() && !subscription.unsent;
        // "If the NOTIFY fails …, the notifier MUST remove the subscription." RFC 6665 §4.2.2
        if status >= 300 || is_done {
            self.remove_refer(ctx, at);
        } else {
            self.notify(ctx, at);
        }
        true
    }

    /// A SUBSCRIBE to what a REFER made: it is prolonged, or, with Expires 0, ended (RFC 3515 §2.4.4).
    pub(super) fn handle_subscribe(
        &mut self,
        ctx: &mut Context<'_>,
        server: ServerId,
        request: &Request,
        flow: Flow,
    ) {
        let event = request.headers.text(&HeaderName::Event).ok().flatten().unwrap_or_default().trim();
        if !event.split(';').next().is_some_and(|package| package.trim().eq_ignore_ascii_case("refer")) {
            let response = Response::to_request(request, 489).with(HeaderName::AllowEvents, "refer");
            return ctx.finish(server, response);
        }
        let dialog = DialogId::of_request(request).ok().flatten();
        let is_meant = |refer: &Refer| {
            let is_in = match &refer.own_dialog {
                Some(own) => Some(own.id()) == dialog.as_ref(),
                None => self.dialog().map(Dialog::id) == dialog.as_ref(),
            };
            is_in && matches!(&refer.state, ReferState::Subscribed(s) if s.event.eq_ignore_ascii_case(event))
        };
        let Some(at) = self.refers.iter().position(is_meant) else {
            return ctx.finish(server, Response::to_request(request, 481));
        };
        let wanted = request.headers.number(&HeaderName::Expires).ok().flatten();
        let duration = wanted.map_or(DURATION, |seconds| DURATION.min(Duration::from_secs(seconds.into())));
        let response = dialog_response(ctx, request, "", flow, 200);
        ctx.finish(server, response.with(HeaderName::Expires, duration.as_secs().to_string()));
        let Some(refer) = self.refers.get_mut(at) else { return };
        let ReferState::Subscribed(subscription) = &mut refer.state else { return };
        refer.expires = ctx.now + duration;
        if duration.is_zero() {
            subscription.over.get_or_insert("timeout");
        }
        // "Upon accepting a SUBSCRIBE the notifier MUST send a NOTIFY immediately." RFC 6665 §4.2.1.2
        subscription.unsent = true;
        self.notify(ctx, at);
    }

    /// The dialog of a REFER that came outside of the call's, if the request is in one: its CSeq is looked at.
    pub(super) fn handle_in_refer_dialog(
        &mut self,
        ctx: &mut Context<'_>,
        server: ServerId,
        request: &Request,
        flow: Flow,
    ) -> bool {
        let Ok(Some(id)) = DialogId::of_request(request) else { return false };
        let own = self.refers.iter_mut().filter_map(|refer| refer.own_dialog.as_mut());
        let Some(dialog) = own.into_iter().find(|dialog| *dialog.id() == id) else { return false };
        if dialog.handle_request(request, flow).is_err() {
            ctx.finish(server, Response::to_request(request, 500));
        } else if request.method == Method::Subscribe {
            self.handle_subscribe(ctx, server, request, flow);
        } else {
            ctx.finish(server, Response::to_request(request, 403));
        }
        true
    }

    /// The dialog a REFER made.
    pub(super) fn refer_dialog(&self, id: &DialogId) -> Option<&Dialog> {
        self.refers.iter().filter_map(|refer| refer.own_dialog.as_ref()).find(|dialog| dialog.id() == id)
    }

    /// Ends what is due.
    pub(super) fn expire_refers(&mut self, ctx: &mut Context<'_>) {
        let now = ctx.now;
        while let Some(at) = self.refers.iter().position(|refer| refer.expires <= now) {
            let Some(refer) = self.refers.get_mut(at) else { break };
            // A NOTIFY under way ends by its own timer before that.
            refer.expires = ctx.now + TIMEOUT * 2;
            match &mut refer.state {
                ReferState::Waiting { .. } => {
                    self.refuse_waiting(ctx, at, 480);
                    self.remove_refer(ctx, at);
                }
                ReferState::Subscribed(subscription) => {
                    subscription.over.get_or_insert("timeout");
                    subscription.unsent = true;
                    self.notify(ctx, at);
                }
            }
        }
        self.set_refer_timer();
    }

    /// Forgets all REFERs: their usage goes.
    pub(super) fn forget_refers(&self, ctx: &mut Context<'_>) {
        for dialog in self.refers.iter().filter_map(|refer| refer.own_dialog.as_ref()) {
            ctx.dialogs.remove(dialog.id());
        }
    }

    pub(super) fn set_refer_timer(&mut self) {
        match self.refers.iter().map(|refer| refer.expires).min() {
            Some(deadline) => self.timers.set(UsageTimer::Refer, deadline),
            None => self.timers.stop(UsageTimer::Refer),
        }
    }

    fn waiting_refer(&self, id: ReferId) -> Result<usize, UsageError> {
        let is_meant = |refer: &Refer| refer.id == id && matches!(refer.state, ReferState::Waiting { .. });
        self.refers.iter().position(is_meant).ok_or(UsageError::WrongState)
    }

    fn refuse_waiting(&self, ctx: &mut Context<'_>, at: usize, status: u16) {
        let Some(refer) = self.refers.get(at) else { return };
        if let ReferState::Waiting { server, request, .. } = &refer.state {
            let tag = refer.own_dialog.as_ref().map(|dialog| dialog.id().local_tag.as_str());
            ctx.finish(*server, Response::to_request(request, status).with_to_tag(tag.unwrap_or_default()));
        }
    }

    fn remove_refer(&mut self, ctx: &mut Context<'_>, at: usize) {
        if at < self.refers.len()
            && let Some(dialog) = self.refers.remove(at).own_dialog
        {
            ctx.dialogs.remove(dialog.id());
        }
        self.set_refer_timer();
        self.finish_if_over(ctx);
    }
}
