//! The calling side until the call is answered (RFC 3261 §13.2, §9.1).

use bytes::Bytes;
use ringdown_types::Random;

use super::{
    AckRecord, Context, InviteParams, InviteUsage, MAX_BRANCHES, State, UsageError, UsageEvent, UsageId,
    UsageTimer,
    event::MAX_TARGETS,
    session::{Closing, Established},
};
use crate::{
    dialog::{Dialog, DialogId},
    endpoint::{ClientId, Destination, Flow},
    message::{CSeq, ContentType, HeaderName, Method, NameAddr, Reason, Request, Response, Uri},
    transaction::TIMEOUT,
};

/// An INVITE that waits for its final response.
pub(super) struct Outgoing {
    client: ClientId,
    request: Request,
    destination: Destination,
    /// The dialogs of provisional responses, by branch of a fork.
    early: Vec<Dialog>,
    cancel: Cancel,
}

/// How far giving up has come.
enum Cancel {
    No,
    /// A CANCEL waits for the first provisional response (RFC 3261 §9.1).
    Wanted(Option<Reason>),
    Sent(Option<Reason>),
}

impl Outgoing {
    pub(super) fn forget(&self, ctx: &mut Context<'_>) {
        for dialog in &self.early {
            ctx.dialogs.remove(dialog.id());
        }
    }

    fn dialog_of(&self, response: &Response, flow: Option<Flow>) -> Option<Dialog> {
        let destination = flow.map_or(self.destination, Destination::Flow);
        Dialog::from_response(&self.request, response, destination).ok()
    }

    /// Remembers the early dialog of a provisional response; forks beyond the limit have none.
    fn remember(&mut self, ctx: &mut Context<'_>, id: UsageId, response: &Response, flow: Option<Flow>) {
        let Some(dialog) = self.dialog_of(response, flow).filter(|dialog| !dialog.id().remote_tag.is_empty())
        else {
            return;
        };
        let known = self.early.iter().any(|early| early.id() == dialog.id());
        if !known && self.early.len() < MAX_BRANCHES {
            ctx.dialogs.insert(dialog.id().clone(), id);
            self.early.push(dialog);
        }
    }

    /// The early dialog a request of the callee is in.
    pub(super) fn early(&self, id: &DialogId) -> Option<&Dialog> {
        self.early.iter().find(|dialog| dialog.id() == id)
    }

    fn early_mut(&mut self, request: &Request) -> Option<&mut Dialog> {
        let tag = request.headers.from().ok()?;
        let tag = tag.tag().unwrap_or_default();
        self.early.iter_mut().find(|dialog| dialog.id().remote_tag == tag)
    }
}

impl InviteUsage {
    /// Sends an INVITE.
    pub(crate) fn outgoing(
        id: UsageId,
        ctx: &mut Context<'_>,
        params: InviteParams,
    ) -> Result<Self, UsageError> {
        let random: &mut dyn Random = ctx.endpoint.random();
        let (tag, call_id) = (random.token(12), random.token(26));
        let cseq = 1 + random.u32() % 10_000;
        let config = ctx.endpoint.config();
        let contact = NameAddr::new(config.contact(params.destination, params.target.is_sips()));
        let mut request = Request::new(Method::Invite, params.target)
            .with(HeaderName::MaxForwards, params.max_forwards.to_string())
            .with(HeaderName::From, params.from.with_tag(&tag).to_string())
            .with(HeaderName::To, params.to.to_string())
            .with(HeaderName::CallId, call_id)
            .with(HeaderName::CSeq, CSeq { number: cseq, method: Method::Invite }.to_string())
            .with(HeaderName::Contact, contact.to_string())
            .with(HeaderName::Allow, config.allow());
        for (name, value) in params.headers {
            request.headers.push(name, value);
        }
        if let Some(offer) = params.offer {
            request = request.with_body(ContentType::SDP, offer);
        }
        let client = ctx
            .endpoint
            .send_request(ctx.now, request.clone(), params.destination)
            .map_err(|_| UsageError::Full)?;
        ctx.clients.insert(client, id);
        let destination = params.destination;
        let outgoing = Outgoing { client, request, destination, early: Vec::new(), cancel: Cancel::No };
        Ok(Self::new(id, State::Outgoing(Box::new(outgoing))))
    }

    /// Gives the call up. `Cancelled` follows, at the latest after 64·T1.
    pub(crate) fn cancel(&mut self, ctx: &mut Context<'_>, reason: Option<Reason>) -> Result<(), UsageError> {
        let State::Outgoing(outgoing) = &mut self.state else { return Err(UsageError::WrongState) };
        if !matches!(outgoing.cancel, Cancel::No) {
            return Ok(());
        }
        // "If no provisional response has been received, the CANCEL MUST NOT be sent; the client MUST wait for
        // the arrival of a provisional response." §9.1
        outgoing.cancel = Cancel::Wanted(reason);
        self.try_cancel(ctx);
        Ok(())
    }

    fn try_cancel(&mut self, ctx: &mut Context<'_>) {
        let State::Outgoing(outgoing) = &mut self.state else { return };
        if let Cancel::Wanted(reason) = &mut outgoing.cancel
            && ctx.endpoint.cancel(ctx.now, outgoing.client, reason.as_ref())
        {
            outgoing.cancel = Cancel::Sent(reason.take());
            self.timers.set(UsageTimer::CancelDeadline, ctx.now + TIMEOUT);
        }
    }

    /// "If there is no final response within 64·T1 of the CANCEL, the client SHOULD then consider the original
    /// transaction cancelled and SHOULD destroy it." RFC 3261 §9.1
    pub(super) fn abandon(&mut self, ctx: &mut Context<'_>) {
        let State::Outgoing(outgoing) = &self.state else { return };
        ctx.endpoint.abandon(ctx.now, outgoing.client);
        ctx.emit(self.id, UsageEvent::Cancelled { reasons: Vec::new() });
        self.transition(ctx, State::Ended);
    }

    pub(super) fn handle_invite_response(
        &mut self,
        ctx: &mut Context<'_>,
        client: ClientId,
        response: &Response,
        flow: Option<Flow>,
    ) {
        let State::Outgoing(outgoing) = &mut self.state else { return };
        if outgoing.client != client {
            return;
        }
        match response.status {
            ..101 => self.try_cancel(ctx),
            101..200 => {
                outgoing.remember(ctx, self.id, response, flow);
                if !matches!(outgoing.cancel, Cancel::No) {
                    return self.try_cancel(ctx);
                }
                if response.status == 180 {
                    ctx.emit(self.id, UsageEvent::Ringing);
                }
                if let Some(sdp) = response.sdp() {
                    ctx.emit(self.id, UsageEvent::Progress { sdp });
                }
            }
            200..300 => self.handle_answer(ctx, response, flow),
            _ => {
                let targets = redirection(response);
                self.invite_failed(ctx, response.status, &response.reason, targets);
            }
        }
    }

    pub(super) fn invite_failed(
        &mut self,
        ctx: &mut Context<'_>,
        status: u16,
        reason: &str,
        targets: Vec<Uri>,
    ) {
        let State::Outgoing(outgoing) = &self.state else { return };
        let event = match outgoing.cancel {
            Cancel::No => UsageEvent::Failed { status, reason: reason.to_owned(), targets },
            Cancel::Wanted(_) | Cancel::Sent(_) => UsageEvent::Cancelled { reasons: Vec::new() },
        };
        ctx.emit(self.id, event);
        self.transition(ctx, State::Ended);
    }

    /// The first 2xx makes the dialog.
    fn handle_answer(&mut self, ctx: &mut Context<'_>, response: &Response, flow: Option<Flow>) {
        let State::Outgoing(outgoing) = &mut self.state else { return };
        let Some(mut dialog) = outgoing.dialog_of(response, flow) else {
            // Without a readable To there is no dialog to acknowledge or to end.
            return self.invite_failed(ctx, 502, "Bad Gateway", Vec::new());
        };
        let cseq = dialog.local_cseq();
        let client = outgoing.client;
        let offered = !outgoing.request.body.is_empty();
        let cancel = std::mem::replace(&mut outgoing.cancel, Cancel::No);
        outgoing.forget(ctx);
        ctx.dialogs.insert(dialog.id().clone(), self.id);
        let tag = dialog.id().remote_tag.clone();
        let gave_up = !matches!(cancel, Cancel::No);
        let ack = (offered || gave_up).then(|| ctx.endpoint.send_ack(dialog.ack(cseq), dialog.destination()));
        self.acks.push(AckRecord { client, cseq, sent: vec![(tag, ack, dialog.destination())] });
        match cancel {
            Cancel::No => {
                self.transition(ctx, State::Established(Box::new(Established::new(dialog))));
                ctx.emit(self.id, UsageEvent::Answered { sdp: response.sdp() });
            }
            // The CANCEL crossed the 2xx: the call exists, so it is acknowledged and ended. §9.1, §15
            Cancel::Wanted(reason) | Cancel::Sent(reason) => {
                let closing = Closing::with_bye(ctx, self.id, &mut dialog, reason.as_ref());
                ctx.emit(self.id, UsageEvent::Cancelled { reasons: Vec::new() });
                self.transition(ctx, State::Closing(Box::new(closing)));
            }
        }
    }

    /// Sends the ACK with the answer to the offer of a 2xx.
    pub(crate) fn acknowledge(&mut self, ctx: &mut Context<'_>, answer: Bytes) -> Result<(), UsageError> {
        let State::Established(established) = &self.state else { return Err(UsageError::WrongState) };
        let dialog = &established.dialog;
        let waiting = self.acks.iter_mut().find_map(|record| {
            let cseq = record.cseq;
            let own = |tag: &String| *tag == dialog.id().remote_tag;
            record.sent.iter_mut().find(|(tag, ack, _)| ack.is_none() && own(tag)).map(|slot| (cseq, slot))
        });
        let Some((cseq, (_, ack, destination))) = waiting else { return Err(UsageError::WrongState) };
        let request = dialog.ack(cseq).with_body(ContentType::SDP, answer);
        *ack = Some(ctx.endpoint.send_ack(request, *destination));
        Ok(())
    }

    /// Acknowledges a 2xx that came again, and one of a further branch, which is then ended: "the first wins".
    /// Says whether the response is dealt with.
    pub(super) fn repeat_ack(
        &mut self,
        ctx: &mut Context<'_>,
        client: ClientId,
        response: &Response,
        flow: Option<Flow>,
    ) -> bool {
        let Some(record) = self.acks.iter_mut().find(|record| record.client == client) else { return false };
        let to = response.headers.to().ok();
        let tag = to.as_ref().and_then(NameAddr::tag).unwrap_or_default();
        if let Some((_, ack, destination)) = record.sent.iter().find(|(known, ..)| known == tag) {
            if let Some(ack) = ack {
                ctx.endpoint.retransmit(ack.clone(), *destination);
            }
            return true;
        }
        let own = match &self.state {
            State::Established(established) => &established.dialog,
            State::Closing(closing) => closing.dialog(),
            _ => return true,
        };
        if record.sent.len() < MAX_BRANCHES
            && let Some(mut dialog) = own.branch(response, flow)
        {
            let ack = ctx.endpoint.send_ack(dialog.ack(record.cseq), dialog.destination());
            record.sent.push((tag.to_owned(), Some(ack), dialog.destination()));
            let bye = dialog.request(Method::Bye);
            // If there is no room for the BYE, the branch ends by its own timers. What becomes of the BYE is
            // nobody's business.
            if let Ok(client) = ctx.endpoint.send_request(ctx.now, bye, dialog.destination()) {
                ctx.clients.insert(client, UsageId::NOBODY);
            }
        }
        true
    }

    /// Takes a request of the callee in an early dialog.
    pub(super) fn handle_early_callee_request(
        &mut self,
        ctx: &mut Context<'_>,
        server: crate::endpoint::ServerId,
        request: &Request,
        flow: Flow,
    ) {
        let State::Outgoing(outgoing) = &mut self.state else { return };
        let in_order = outgoing.early_mut(request).map(|dialog| dialog.handle_request(request, flow).is_ok());
        let status = match (in_order, &request.method) {
            (None, _) => 481,
            (Some(false), _) => 500,
            // Our offer has no answer yet. RFC 3311 §5.2
            (_, Method::Update) if request.sdp().is_some() => 491,
            // Two INVITEs at a time are glare. §14.2
            (_, Method::Invite) => 491,
            // "The callee's UA MUST NOT send a BYE on early dialogs." §15
            (_, Method::Bye) => 481,
            _ => 200,
        };
        ctx.finish(server, Response::to_request(request, status));
    }
}

/// The targets of a 3xx in its order, by `q` first (RFC 3261 §8.1.3.4). What cannot be read is left out.
fn redirection(response: &Response) -> Vec<Uri> {
    if !(300..400).contains(&response.status) {
        return Vec::new();
    }
    let values = response.headers.values(&HeaderName::Contact).unwrap_or_default();
    let mut targets: Vec<NameAddr> =
        values.into_iter().take(MAX_TARGETS).filter_map(NameAddr::parse).collect();
    // Stable: equal ones keep their order.
    let preference = |target: &NameAddr| {
        let q = target.params.get("q").and_then(|q| q.parse::<f32>().ok()).unwrap_or(1.0);
        (q.clamp(0.0, 1.0) * 1000.0) as i32
    };
    targets.sort_by_key(|target| -preference(target));
    targets.into_iter().map(|target| target.uri).collect()
}
