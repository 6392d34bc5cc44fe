//! The called side until the call is answered (RFC 3261 §13.3).

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;

use super::{
    Context, Invitation, InviteUsage, State, UsageError, UsageEvent, UsageId, UsageTimer, dialog_response,
    exchange,
    reliable::ReliableSender,
    session::Unacknowledged,
    session_timer::{self, Verdict},
    talk::{Exchange, Talk},
    unsupported_body, with_sdp,
};
use crate::{
    dialog::Dialog,
    endpoint::{Flow, ServerId},
    message::{HeaderName, Method, Reason, Request, Response},
    user_agent::Received,
};

/// An INVITE that waits for its final response.
pub(super) struct Incoming {
    pub(super) server: ServerId,
    pub(super) request: Arc<Request>,
    flow: Flow,
    pub(super) talk: Talk,
    pub(super) last_provisional: Option<Response>,
    pub(super) reliable: ReliableSender,
    /// Its user has answered, and the 2xx waits for a PRACK or for the end of another offer.
    pub(super) accepting: bool,
    answer: Option<Bytes>,
}

/// Provisional responses are repeated this often, so that proxies keep the call (RFC 3261 §13.3.1.1).
const PROVISIONAL_INTERVAL: Duration = Duration::from_secs(60);

impl Incoming {
    pub(super) fn forget(&self, ctx: &mut Context<'_>) {
        ctx.dialogs.remove(self.talk.dialog.id());
        ctx.servers.remove(&self.server);
    }

    pub(super) fn response(&self, ctx: &Context<'_>, status: u16) -> Response {
        dialog_response(ctx, &self.request, &self.talk.dialog.id().local_tag, self.flow, status)
    }

    /// A refusal; it needs the tag, but neither Contact nor Record-Route.
    fn refusal(&self, status: u16) -> Response {
        Response::to_request(&self.request, status).with_to_tag(&self.talk.dialog.id().local_tag)
    }
}

impl InviteUsage {
    /// Takes an admitted INVITE. An INVITE that cannot become a call is refused and makes no usage.
    pub(crate) fn incoming(
        id: UsageId,
        ctx: &mut Context<'_>,
        received: Received,
        replaces: Option<UsageId>,
    ) -> Option<Self> {
        let Received { id: server, request, flow, .. } = received;
        let too_small =
            session_timer::negotiate(ctx.session_timers, &request.headers, None) == Verdict::TooSmall;
        let refusal = unsupported_body(&request)
            .or_else(|| too_small.then(|| session_timer::too_small(ctx.session_timers, &request)));
        if let Some(response) = refusal {
            ctx.endpoint.send_response(ctx.now, server, response);
            return None;
        }
        let tag = ctx.endpoint.random().token(12);
        let parts = Dialog::from_request(&request, &tag, flow)
            .and_then(|dialog| Ok((dialog, request.headers.from()?, request.headers.max_forwards()?)));
        let (dialog, from, max_forwards) = match parts {
            Ok(parts) => parts,
            Err(error) => {
                let response = Response::to_request(&request, 400).with_reason(&error.to_string());
                ctx.endpoint.send_response(ctx.now, server, response.with_to_tag(&tag));
                return None;
            }
        };
        ctx.dialogs.insert(dialog.id().clone(), id);
        ctx.servers.insert(server, id);
        let max_forwards = max_forwards.unwrap_or(70);
        let offer = request.sdp();
        let invitation =
            Invitation { request: Arc::clone(&request), from, flow, offer, max_forwards, replaces };
        ctx.emit(id, UsageEvent::Invited(Box::new(invitation)));
        let expires = request.headers.number(&HeaderName::Expires).ok().flatten();
        let reliable = ReliableSender::new(&request.headers, ctx.endpoint.random().u32());
        let mut talk = Talk::new(dialog, &request.headers);
        talk.remote_sdp = request.sdp();
        let (last_provisional, accepting, answer) = (None, false, None);
        let incoming =
            Incoming { server, request, flow, talk, last_provisional, reliable, accepting, answer };
        let mut usage = Self::new(id, State::Incoming(Box::new(incoming)));
        if let Some(seconds) = expires.filter(|&seconds| seconds > 0) {
            usage.timers.set(UsageTimer::Expires, ctx.now + Duration::from_secs(seconds.into()));
        }
        Some(usage)
    }

    /// Sends a provisional response, with early media if a session description is given.
    pub(crate) fn ring(
        &mut self,
        ctx: &mut Context<'_>,
        status: u16,
        sdp: Option<Bytes>,
    ) -> Result<(), UsageError> {
        let State::Incoming(incoming) = &mut self.state else { return Err(UsageError::WrongState) };
        if incoming.accepting {
            return Err(UsageError::WrongState);
        }
        let status = status.clamp(101, 199);
        // A description is worth a PRACK, a ringing tone that comes late is not. RFC 3262 §3
        if incoming.reliable.required || (incoming.reliable.supported && sdp.is_some()) {
            self.ring_reliably(ctx, status, sdp);
            return Ok(());
        }
        let response = incoming.response(ctx, status);
        let response = self.with_identity(with_sdp(response, sdp));
        let State::Incoming(incoming) = &mut self.state else { return Err(UsageError::WrongState) };
        ctx.endpoint.send_response(ctx.now, incoming.server, response.clone());
        incoming.last_provisional = Some(response);
        self.timers.set(UsageTimer::Provisional, ctx.now + PROVISIONAL_INTERVAL);
        Ok(())
    }

    pub(super) fn repeat_provisional(&mut self, ctx: &mut Context<'_>) {
        let State::Incoming(incoming) = &mut self.state else { return };
        let Some(response) = incoming.last_provisional.clone() else { return };
        // A reliable one is not repeated once acknowledged: a further one follows it. RFC 3262 §3
        if super::reliable::rseq(&response.headers).is_some() {
            return self.ring_reliably(ctx, response.status, None);
        }
        ctx.endpoint.send_response(ctx.now, incoming.server, response);
        self.timers.set(UsageTimer::Provisional, ctx.now + PROVISIONAL_INTERVAL);
    }

    /// Answers with a 2xx: `sdp` is the answer, or our offer if the INVITE had none. A description that went out
    /// reliably is acknowledged first, and stays the answer.
    pub(crate) fn accept(&mut self, ctx: &mut Context<'_>, sdp: Option<Bytes>) -> Result<(), UsageError> {
        let State::Incoming(incoming) = &mut self.state else { return Err(UsageError::WrongState) };
        if incoming.accepting {
            return Err(UsageError::WrongState);
        }
        incoming.accepting = true;
        incoming.answer = sdp;
        self.accept_when_ready(ctx);
        Ok(())
    }

    /// "It MUST NOT send a 2xx while a reliable provisional response with a description is unacknowledged" (RFC 3262
    /// §3), nor while an offer of the early dialog has no answer.
    pub(super) fn accept_when_ready(&mut self, ctx: &mut Context<'_>) {
        let State::Incoming(incoming) = &mut self.state else { return };
        let is_settled = matches!(incoming.talk.exchange, Exchange::Initial | Exchange::Stable);
        if !incoming.accepting || incoming.reliable.holds_answer_back() || !is_settled {
            return;
        }
        let sdp = incoming.answer.take().filter(|_| !incoming.talk.is_agreed());
        if sdp.is_some() {
            incoming.talk.local_sdp.clone_from(&sdp);
        }
        let (server, request) = (incoming.server, Arc::clone(&incoming.request));
        let response = with_sdp(incoming.response(ctx, 200), sdp);
        let late_rseq = incoming.reliable.unacknowledged();
        let verdict = session_timer::negotiate(ctx.session_timers, &request.headers, None);
        let response = session_timer::with_timer(self.with_identity(response), verdict);
        ctx.finish(server, response.clone());
        let unacknowledged = Unacknowledged::new(server, &request, response);
        let State::Incoming(incoming) = std::mem::replace(&mut self.state, State::Ended) else { return };
        let mut talk = incoming.talk;
        talk.dialog.confirm();
        self.establish(talk);
        if let State::Established(established) = &mut self.state {
            established.late_rseq = late_rseq;
        }
        self.await_ack(ctx.now, unacknowledged);
        if let Verdict::On(timer) = verdict {
            self.set_session_timer(ctx, Some(timer));
        }
    }

    /// Refuses with a 3xx–6xx. No event follows.
    pub(crate) fn reject(
        &mut self,
        ctx: &mut Context<'_>,
        status: u16,
        reason: Option<&Reason>,
    ) -> Result<(), UsageError> {
        let State::Incoming(incoming) = &self.state else { return Err(UsageError::WrongState) };
        let mut response = incoming.refusal(status.clamp(300, 699));
        if let Some(reason) = reason {
            response.headers.push(HeaderName::Reason, reason.to_string());
        }
        ctx.finish(incoming.server, response);
        self.transition(ctx, State::Ended);
        Ok(())
    }

    /// Takes the CANCEL of the INVITE, or of a re-INVITE.
    pub(crate) fn handle_cancel(&mut self, ctx: &mut Context<'_>, reasons: Vec<Reason>) {
        match &self.state {
            // "… the UAS SHOULD immediately respond to the INVITE with a 487." §9.2
            State::Incoming(incoming) => {
                ctx.finish(incoming.server, incoming.refusal(487));
                ctx.emit(self.id, UsageEvent::Cancelled { reasons });
                self.transition(ctx, State::Ended);
            }
            State::Established(_) => self.cancel_reinvite(ctx),
            State::Outgoing(_) | State::Closing(_) | State::Ended => {}
        }
    }

    /// Takes a request in the early dialog.
    pub(super) fn handle_early_request(
        &mut self,
        ctx: &mut Context<'_>,
        server: ServerId,
        request: &Arc<Request>,
        flow: Flow,
    ) {
        let State::Incoming(incoming) = &mut self.state else { return };
        if incoming.talk.dialog.handle_request(request, flow).is_err() {
            return ctx.finish(server, Response::to_request(request, 500));
        }
        match request.method {
            // "The caller's UA MAY send a BYE for either confirmed or early dialogs", and the INVITE then gets
            // its 487. §15, §15.1.2
            Method::Bye => {
                ctx.finish(server, Response::to_request(request, 200));
                self.handle_cancel(ctx, request.headers.reasons());
            }
            Method::Prack => self.handle_prack(ctx, server, request, flow),
            Method::Update => self.handle_offer(ctx, server, request, flow),
            // "A UAS that receives a second INVITE before it sends the final response to a first with a lower
            // CSeq MUST return a 500 with Retry-After." §14.2
            Method::Invite => {
                let response = exchange::glare(ctx, request, 500);
                ctx.finish(server, response);
            }
            Method::Refer => self.handle_refer(ctx, server, request, flow),
            _ => {
                let response = dialog_response(ctx, request, "", flow, 200);
                ctx.finish(server, response);
            }
        }
    }

    /// Repeats the 2xx until its ACK comes (RFC 3261 §13.3.1.4).
    pub(super) fn await_ack(&mut self, now: Instant, unacknowledged: Unacknowledged) {
        self.timers.set(UsageTimer::Answer, now + crate::transaction::T1);
        self.timers.set(UsageTimer::AckDeadline, now + crate::transaction::TIMEOUT);
        if let State::Established(established) = &mut self.state {
            established.unacknowledged = Some(unacknowledged);
        }
    }
}
