//! The calling side until the call is answered (RFC 3261 §13.2, §9.1).

use std::sync::Arc;

use bytes::Bytes;
use ringdown_types::Random;

use super::{
    AckRecord, Context, InviteParams, InviteUsage, MAX_BRANCHES, SUPPORTED, State, UsageError, UsageEvent,
    UsageId, UsageTimer,
    event::MAX_TARGETS,
    identity,
    reliable::{self, ReliableReceiver},
    session::Closing,
    session_timer,
    talk::{Exchange, Talk},
};
use crate::{
    dialog::{Dialog, DialogId},
    endpoint::{ClientId, Destination, Flow, ServerId},
    message::{CSeq, ContentType, HeaderName, Method, NameAddr, Reason, Request, Response, Uri},
    transaction::TIMEOUT,
};

/// An INVITE that waits for its final response.
pub(super) struct Outgoing {
    client: ClientId,
    /// As it is sent again after a 422, without Via.
    request: Request,
    destination: Destination,
    /// The dialogs of provisional responses, by branch of a fork.
    early: Vec<Early>,
    cancel: Cancel,
    /// How often the callee found the session interval too small.
    refused_intervals: u32,
}

/// One branch that rings.
struct Early {
    talk: Talk,
    reliable: ReliableReceiver,
}

/// How often the callee may find the session interval too small: each proxy on the way may once.
const MAX_INTERVALS: u32 = 4;

/// How far giving up has come.
enum Cancel {
    No,
    /// A CANCEL waits for the first provisional response (RFC 3261 §9.1).
    Wanted(Option<Reason>),
    Sent(Option<Reason>),
}

impl Outgoing {
    pub(super) fn forget(&self, ctx: &mut Context<'_>) {
        for early in &self.early {
            ctx.dialogs.remove(early.talk.dialog.id());
            // An offer of a branch that lost is over with it.
            if let Exchange::Remote { server, request, .. } = &early.talk.exchange {
                ctx.finish(*server, Response::to_request(request, 487));
            }
        }
    }

    pub(super) fn talks_mut(&mut self) -> Vec<&mut Talk> {
        self.early.iter_mut().map(|early| &mut early.talk).collect()
    }

    fn dialog_of(&self, response: &Response, flow: Option<Flow>) -> Option<Dialog> {
        let destination = flow.map_or(self.destination, Destination::Flow);
        Dialog::from_response(&self.request, response, destination).ok()
    }

    /// The branch of a provisional response, new or known; forks beyond the limit have none.
    fn branch(
        &mut self,
        ctx: &mut Context<'_>,
        id: UsageId,
        response: &Response,
        flow: Option<Flow>,
    ) -> Option<&mut Early> {
        let dialog = self.dialog_of(response, flow).filter(|dialog| !dialog.id().remote_tag.is_empty())?;
        let known = self.early.iter().position(|early| early.talk.dialog.id() == dialog.id());
        let at = match known {
            Some(at) => at,
            None if self.early.len() < MAX_BRANCHES => {
                ctx.dialogs.insert(dialog.id().clone(), id);
                let talk = Talk::new(dialog, &response.headers);
                self.early.push(Early { talk, reliable: ReliableReceiver::default() });
                self.early.len() - 1
            }
            None => return None,
        };
        self.early.get_mut(at)
    }

    /// The early dialog a request of the callee is in.
    pub(super) fn early(&self, id: &DialogId) -> Option<&Dialog> {
        self.early.iter().map(|early| &early.talk.dialog).find(|dialog| dialog.id() == id)
    }

    /// Answers the offer of a reliable provisional response with its PRACK (RFC 3262 §5).
    fn answer_early(&mut self, ctx: &mut Context<'_>, answer: Bytes) -> Result<(), UsageError> {
        let cseq = self.request.headers.cseq().map_or(0, |cseq| cseq.number);
        for talk in self.talks_mut() {
            if let Exchange::Asked { rseq } = talk.exchange {
                talk.agree();
                talk.local_sdp = Some(answer.clone());
                reliable::acknowledge(ctx, talk, (rseq, cseq), Some(answer));
                return Ok(());
            }
        }
        Err(UsageError::WrongState)
    }

    /// The dialog of a 2xx: the early one of its branch, if there is one.
    fn answered_by(&mut self, response: &Response, flow: Option<Flow>) -> Option<Talk> {
        let dialog = self.dialog_of(response, flow)?;
        let own = self.early.iter().position(|early| early.talk.dialog.id() == dialog.id());
        let mut talk = match own {
            Some(at) => self.early.remove(at).talk,
            None => Talk::new(dialog, &response.headers),
        };
        talk.dialog.answer(response, flow);
        talk.peer.note(&response.headers);
        // The BYEs of other branches must not come with numbers their PRACKs have used.
        let used = self.early.iter().map(|early| early.talk.dialog.local_cseq()).max().unwrap_or_default();
        talk.dialog.skip_cseq(used);
        Some(talk)
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
            .with(HeaderName::From, params.from.clone().with_tag(&tag).to_string())
            .with(HeaderName::To, params.to.to_string())
            .with(HeaderName::CallId, call_id)
            .with(HeaderName::CSeq, CSeq { number: cseq, method: Method::Invite }.to_string())
            .with(HeaderName::Contact, contact.to_string())
            .with(HeaderName::Allow, config.allow())
            .with(HeaderName::Supported, SUPPORTED);
        request = session_timer::asking(request, ctx.session_timers, None, 0);
        identity::assert(&mut request.headers, &params.from, true);
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
        let (early, cancel, refused_intervals) = (Vec::new(), Cancel::No, 0);
        let outgoing = Outgoing { client, request, destination, early, cancel, refused_intervals };
        let mut usage = Self::new(id, State::Outgoing(Box::new(outgoing)));
        usage.identity = Some(params.from);
        Ok(usage)
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
            101..200 => self.handle_provisional(ctx, response, flow),
            200..300 => self.handle_answer(ctx, response, flow),
            422 if self.ask_for_longer(ctx, response) => {}
            _ => {
                let targets = redirection(response);
                self.invite_failed(ctx, response.status, &response.reason, targets);
            }
        }
    }

    fn handle_provisional(&mut self, ctx: &mut Context<'_>, response: &Response, flow: Option<Flow>) {
        let State::Outgoing(outgoing) = &mut self.state else { return };
        let cseq = outgoing.request.headers.cseq().map_or(0, |cseq| cseq.number);
        let offer = outgoing.request.sdp();
        let gave_up = !matches!(outgoing.cancel, Cancel::No);
        let rseq = reliable::rseq(&response.headers);
        let branch = outgoing.branch(ctx, self.id, response, flow);
        let sdp = response.sdp();
        let mut progress = sdp.clone();
        if let Some(Early { talk, reliable: receiver }) = branch {
            talk.peer.note(&response.headers);
            if rseq.is_some_and(|rseq| !receiver.is_next(rseq)) {
                return;
            }
            // Once there is an answer, descriptions mean nothing: UPDATE has the say. RFC 3261 §13.2.1
            let is_first = matches!(talk.exchange, Exchange::Initial);
            match (rseq, &offer) {
                (Some(rseq), None) if is_first && sdp.is_some() && !gave_up => {
                    talk.exchange = Exchange::Asked { rseq };
                    talk.remote_sdp.clone_from(&sdp);
                }
                (Some(rseq), _) => {
                    if is_first && sdp.is_some() {
                        talk.agree();
                        talk.local_sdp.clone_from(&offer);
                        talk.remote_sdp.clone_from(&sdp);
                    }
                    reliable::acknowledge(ctx, talk, (rseq, cseq), None);
                }
                (None, _) => {}
            }
            progress = progress.filter(|_| is_first);
        }
        if gave_up {
            return self.try_cancel(ctx);
        }
        if response.status == 180 {
            ctx.emit(self.id, UsageEvent::Ringing);
        }
        match progress {
            Some(sdp) if offer.is_some() => ctx.emit(self.id, UsageEvent::Progress { sdp }),
            // An offer that nothing can answer before the ACK is worth nothing.
            Some(sdp) if rseq.is_some() => ctx.emit(self.id, UsageEvent::EarlyOffered { sdp }),
            _ => {}
        }
    }

    /// "The UAC SHOULD retry with a Session-Expires of at least Min-SE" (RFC 4028 §7.3): the same INVITE with the
    /// next number. Says whether it is done.
    fn ask_for_longer(&mut self, ctx: &mut Context<'_>, response: &Response) -> bool {
        let State::Outgoing(outgoing) = &mut self.state else { return false };
        outgoing.refused_intervals += 1;
        if !matches!(outgoing.cancel, Cancel::No) || outgoing.refused_intervals > MAX_INTERVALS {
            return false;
        }
        self.min_se = self.min_se.max(session_timer::min_se(&response.headers));
        let number = outgoing.request.headers.cseq().map_or(1, |cseq| cseq.number + 1);
        let cseq = CSeq { number, method: Method::Invite };
        outgoing.request.headers.set(HeaderName::CSeq, cseq.to_string());
        outgoing.request.headers.remove(&HeaderName::SessionExpires);
        outgoing.request.headers.remove(&HeaderName::MinSe);
        outgoing.request =
            session_timer::asking(outgoing.request.clone(), ctx.session_timers, None, self.min_se);
        let sent = ctx.endpoint.send_request(ctx.now, outgoing.request.clone(), outgoing.destination);
        let Ok(client) = sent else { return false };
        outgoing.forget(ctx);
        outgoing.early.clear();
        outgoing.client = client;
        ctx.clients.insert(client, self.id);
        true
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

    /// The first 2xx makes the dialog, or confirms the early one of its branch.
    fn handle_answer(&mut self, ctx: &mut Context<'_>, response: &Response, flow: Option<Flow>) {
        let State::Outgoing(outgoing) = &mut self.state else { return };
        let Some(mut talk) = outgoing.answered_by(response, flow) else {
            // Without a readable To there is no dialog to acknowledge or to end.
            return self.invite_failed(ctx, 502, "Bad Gateway", Vec::new());
        };
        let cseq = outgoing.request.headers.cseq().map_or(0, |cseq| cseq.number);
        let (client, offer) = (outgoing.client, outgoing.request.sdp());
        let cancel = std::mem::replace(&mut outgoing.cancel, Cancel::No);
        outgoing.forget(ctx);
        let dialog = &talk.dialog;
        ctx.dialogs.insert(dialog.id().clone(), self.id);
        let was_agreed = talk.is_agreed();
        let needs_no_answer = offer.is_some() || was_agreed || !matches!(cancel, Cancel::No);
        let ack = needs_no_answer.then(|| ctx.endpoint.send_ack(dialog.ack(cseq), dialog.destination()));
        let tag = dialog.id().remote_tag.clone();
        self.acks.push(AckRecord { client, cseq, sent: vec![(tag, ack, dialog.destination())] });
        if !was_agreed {
            talk.local_sdp.clone_from(&offer);
            talk.remote_sdp = response.sdp();
        }
        match cancel {
            Cancel::No => {
                let sdp = if was_agreed && offer.is_none() { None } else { talk.remote_sdp.clone() };
                self.establish(talk);
                self.set_session_timer(ctx, session_timer::agreed(&response.headers));
                ctx.emit(self.id, UsageEvent::Answered { sdp });
                self.tell_identity(ctx);
            }
            // The CANCEL crossed the 2xx: the call exists, so it is acknowledged and ended. §9.1, §15
            Cancel::Wanted(reason) | Cancel::Sent(reason) => {
                let closing = Closing::with_bye(ctx, self.id, &mut talk.dialog, reason.as_ref());
                ctx.emit(self.id, UsageEvent::Cancelled { reasons: Vec::new() });
                self.transition(ctx, State::Closing(Box::new(closing)));
            }
        }
    }

    /// Sends our answer to the peer's offer: in the ACK of a 2xx, or in the PRACK of a provisional response.
    pub(crate) fn acknowledge(&mut self, ctx: &mut Context<'_>, answer: Bytes) -> Result<(), UsageError> {
        let established = match &mut self.state {
            State::Outgoing(outgoing) => return outgoing.answer_early(ctx, answer),
            State::Established(established) => established,
            _ => return Err(UsageError::WrongState),
        };
        let dialog = &established.talk.dialog;
        let waiting = self.acks.iter_mut().find_map(|record| {
            let cseq = record.cseq;
            let own = |tag: &String| *tag == dialog.id().remote_tag;
            record.sent.iter_mut().find(|(tag, ack, _)| ack.is_none() && own(tag)).map(|slot| (cseq, slot))
        });
        let Some((cseq, (_, ack, destination))) = waiting else { return Err(UsageError::WrongState) };
        let request = dialog.ack(cseq).with_body(ContentType::SDP, answer.clone());
        *ack = Some(ctx.endpoint.send_ack(request, *destination));
        established.talk.local_sdp = Some(answer);
        self.tell_identity(ctx);
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
            State::Established(established) => &established.talk.dialog,
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
        server: ServerId,
        request: &Arc<Request>,
        flow: Flow,
    ) {
        let in_order = self.talk_of(request).map(|talk| talk.dialog.handle_request(request, flow).is_ok());
        let status = match (in_order, &request.method) {
            (None, _) => 481,
            (Some(false), _) => 500,
            (_, Method::Update) => return self.handle_offer(ctx, server, request, flow),
            (_, Method::Refer) => return self.handle_refer(ctx, server, request, flow),
            // Two INVITEs at a time are glare. §14.2
            (_, Method::Invite) => 491,
            // "The callee's UA MUST NOT send a BYE on early dialogs." §15. PRACK is the caller's.
            (_, Method::Bye | Method::Prack) => 481,
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
