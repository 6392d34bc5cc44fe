//! The called side until the call is answered (RFC 3261 §13.3).

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;

use super::{
    Context, Invitation, InviteUsage, State, UsageError, UsageEvent, UsageId, UsageTimer, dialog_response,
    session::{Established, Unacknowledged},
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
    server: ServerId,
    request: Arc<Request>,
    flow: Flow,
    dialog: Dialog,
    last_provisional: Option<Response>,
}

/// Provisional responses are repeated this often, so that proxies keep the call (RFC 3261 §13.3.1.1).
const PROVISIONAL_INTERVAL: Duration = Duration::from_secs(60);

impl Incoming {
    pub(super) fn forget(&self, ctx: &mut Context<'_>) {
        ctx.dialogs.remove(self.dialog.id());
        ctx.servers.remove(&self.server);
    }

    pub(super) const fn dialog(&self) -> &Dialog {
        &self.dialog
    }

    pub(super) const fn dialog_mut(&mut self) -> &mut Dialog {
        &mut self.dialog
    }

    fn response(&self, ctx: &Context<'_>, status: u16) -> Response {
        dialog_response(ctx, &self.request, &self.dialog.id().local_tag, self.flow, status)
    }

    /// A refusal; it needs the tag, but neither Contact nor Record-Route.
    fn refusal(&self, status: u16) -> Response {
        Response::to_request(&self.request, status).with_to_tag(&self.dialog.id().local_tag)
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
        if let Some(response) = unsupported_body(&request) {
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
        let state =
            State::Incoming(Box::new(Incoming { server, request, flow, dialog, last_provisional: None }));
        let mut usage = Self::new(id, state);
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
        let response = with_sdp(incoming.response(ctx, status.clamp(101, 199)), sdp);
        ctx.endpoint.send_response(ctx.now, incoming.server, response.clone());
        incoming.last_provisional = Some(response);
        self.timers.set(UsageTimer::Provisional, ctx.now + PROVISIONAL_INTERVAL);
        Ok(())
    }

    pub(super) fn repeat_provisional(&mut self, ctx: &mut Context<'_>) {
        if let State::Incoming(incoming) = &mut self.state
            && let Some(response) = &incoming.last_provisional
        {
            ctx.endpoint.send_response(ctx.now, incoming.server, response.clone());
            self.timers.set(UsageTimer::Provisional, ctx.now + PROVISIONAL_INTERVAL);
        }
    }

    /// Answers with a 2xx: `sdp` is the answer, or our offer if the INVITE had none.
    pub(crate) fn accept(&mut self, ctx: &mut Context<'_>, sdp: Option<Bytes>) -> Result<(), UsageError> {
        let State::Incoming(incoming) = &self.state else { return Err(UsageError::WrongState) };
        let response = with_sdp(incoming.response(ctx, 200), sdp);
        let mut dialog = incoming.dialog.clone();
        dialog.confirm();
        ctx.finish(incoming.server, response.clone());
        let unacknowledged = Unacknowledged::new(incoming.server, &incoming.request, response);
        self.transition(ctx, State::Established(Box::new(Established::new(dialog))));
        self.await_ack(ctx.now, unacknowledged);
        Ok(())
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
        request: &Request,
        flow: Flow,
    ) {
        let State::Incoming(incoming) = &mut self.state else { return };
        if incoming.dialog.handle_request(request, flow).is_err() {
            return ctx.finish(server, Response::to_request(request, 500));
        }
        match request.method {
            // "The caller's UA MAY send a BYE for either confirmed or early dialogs", and the INVITE then gets
            // its 487. §15, §15.1.2
            Method::Bye => {
                ctx.finish(server, Response::to_request(request, 200));
                self.handle_cancel(ctx, request.headers.reasons());
            }
            // The INVITE's offer has no answer yet. RFC 3311 §5.2
            Method::Update if request.sdp().is_some() => {
                let response = Response::to_request(request, 500).with(HeaderName::RetryAfter, "5");
                ctx.finish(server, response);
            }
            // "A UAS that receives a second INVITE before it sends the final response to a first with a lower
            // CSeq MUST return a 500 with Retry-After." §14.2
            Method::Invite => {
                let response = Response::to_request(request, 500).with(HeaderName::RetryAfter, "5");
                ctx.finish(server, response);
            }
            _ => {
                let contact = dialog_response(ctx, request, &incoming.dialog.id().local_tag, flow, 200);
                ctx.finish(server, contact);
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
