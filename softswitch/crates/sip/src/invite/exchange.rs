//! Changing the session: re-INVITE (RFC 3261 §14) and UPDATE (RFC 3311), both ways, in early dialogs as well.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;

use super::{
    AckRecord, Context, EndCause, InviteUsage, SUPPORTED, State, UsageError, UsageEvent, UsageTimer,
    dialog_response, identity,
    session::Unacknowledged,
    session_timer::{self, Verdict},
    talk::{Exchange, LocalOffer, Talk},
    unsupported_body, with_sdp,
};
use crate::{
    dialog::DialogId,
    endpoint::{ClientId, Flow, ServerId},
    message::{ContentType, HeaderName, Method, NameAddr, Request, Response},
};

/// How often an offer is tried again after a 491 or a 500 that says when.
const MAX_ATTEMPTS: u32 = 5;
/// "A Retry-After header field with a randomly chosen value of between 0 and 10 seconds" (RFC 3261 §14.2).
const MAX_RETRY_AFTER: u32 = 10;

impl InviteUsage {
    /// A re-INVITE or an UPDATE of the peer, in an early dialog or in the call.
    pub(super) fn handle_offer(
        &mut self,
        ctx: &mut Context<'_>,
        server: ServerId,
        request: &Arc<Request>,
        flow: Flow,
    ) {
        if let Some(response) = unsupported_body(request) {
            return ctx.finish(server, response);
        }
        let offer = request.sdp();
        let is_update = request.method == Method::Update;
        // Our 2xx offered, or theirs did, and the ACK is yet to answer.
        let in_ack = self.offer_in_ack();
        let Some(talk) = self.talk_of(request) else {
            return ctx.finish(server, Response::to_request(request, 481));
        };
        let refusal = match &talk.exchange {
            // An UPDATE without an offer meets only another UPDATE. RFC 3311 §5.2
            Exchange::Remote { request, .. } if request.method == Method::Update => Some(500),
            _ if is_update && offer.is_none() => None,
            _ if is_update && in_ack => Some(491),
            _ => talk.refusal(),
        };
        if let Some(status) = refusal {
            let response = glare(ctx, request, status);
            return ctx.finish(server, response);
        }
        if session_timer::negotiate(ctx.session_timers, &request.headers, None) == Verdict::TooSmall {
            return ctx.finish(server, session_timer::too_small(ctx.session_timers, request));
        }
        talk.dialog.refresh_target(&request.headers);
        talk.peer.note(&request.headers);
        // An UPDATE without an offer refreshes the target and the session timer. RFC 3311 §5.2
        if is_update && offer.is_none() {
            let response = self.refreshing_response(ctx, request, flow);
            return ctx.finish(server, response);
        }
        if let Exchange::Retry(_) = talk.exchange {
            self.timers.stop(UsageTimer::Retry);
            ctx.emit(self.id, UsageEvent::ReinviteRefused { status: 491 });
        }
        self.set_remote_offer(ctx, server, request, flow);
        // A new INVITE shows that the 2xx of the last one arrived, though its ACK did not.
        if !is_update && self.take_unacknowledged() {
            ctx.emit(self.id, UsageEvent::Confirmed { sdp: None });
        }
        ctx.emit(self.id, UsageEvent::Reinvited { offer });
    }

    /// Takes an offer that waits for our user.
    pub(super) fn set_remote_offer(
        &mut self,
        ctx: &mut Context<'_>,
        server: ServerId,
        request: &Arc<Request>,
        flow: Flow,
    ) {
        if let Some(talk) = self.talk_of(request) {
            talk.exchange = Exchange::Remote { server, request: Arc::clone(request), flow };
            ctx.servers.insert(server, self.id);
        }
    }

    fn offer_in_ack(&self) -> bool {
        let State::Established(established) = &self.state else { return false };
        established.unacknowledged.as_ref().is_some_and(Unacknowledged::offers)
            || self.acks.iter().any(|record| record.sent.iter().any(|(_, ack, _)| ack.is_none()))
    }

    /// The dialog a request of the peer is in, among those that can take offers.
    pub(super) fn talk_of(&mut self, request: &Request) -> Option<&mut Talk> {
        let id = DialogId::of_request(request).ok()??;
        self.state.talks_mut().into_iter().find(|talk| *talk.dialog.id() == id)
    }

    /// The 200 of a request that refreshes the session, with what that comes to; in a call the timer starts anew.
    fn refreshing_response(&mut self, ctx: &mut Context<'_>, request: &Request, flow: Flow) -> Response {
        let response = self.with_identity(dialog_response(ctx, request, "", flow, 200));
        if !matches!(self.state, State::Established(_)) || request.method == Method::Prack {
            return response;
        }
        let verdict = session_timer::negotiate(ctx.session_timers, &request.headers, self.session_timer);
        self.set_session_timer(
            ctx,
            match verdict {
                Verdict::On(timer) => Some(timer),
                Verdict::Off | Verdict::TooSmall => None,
            },
        );
        session_timer::with_timer(response, verdict)
    }

    /// Answers the peer's re-INVITE, UPDATE or PRACK.
    pub(crate) fn answer_reinvite(
        &mut self,
        ctx: &mut Context<'_>,
        sdp: Option<Bytes>,
    ) -> Result<(), UsageError> {
        let (server, request, flow) = self.take_remote_offer(sdp.as_ref())?;
        let response = with_sdp(self.refreshing_response(ctx, &request, flow), sdp);
        ctx.finish(server, response.clone());
        if request.method == Method::Invite {
            self.await_ack(ctx.now, Unacknowledged::new(server, &request, response));
        }
        self.accept_when_ready(ctx);
        Ok(())
    }

    /// Refuses the peer's re-INVITE, UPDATE or PRACK; the session goes on as it was.
    pub(crate) fn reject_reinvite(&mut self, ctx: &mut Context<'_>, status: u16) -> Result<(), UsageError> {
        let (server, request, _) = self.take_remote_offer(None)?;
        ctx.finish(server, Response::to_request(&request, status.clamp(300, 699)));
        self.accept_when_ready(ctx);
        Ok(())
    }

    /// The peer cancelled its re-INVITE.
    pub(super) fn cancel_reinvite(&mut self, ctx: &mut Context<'_>) {
        if self.reject_reinvite(ctx, 487).is_ok() {
            // The user may have begun to prepare an answer; it will meet `WrongState`.
            tracing::debug!(usage = self.id.0, "re-INVITE cancelled");
        }
    }

    fn take_remote_offer(
        &mut self,
        answer: Option<&Bytes>,
    ) -> Result<(ServerId, Arc<Request>, Flow), UsageError> {
        for talk in self.state.talks_mut() {
            if let Exchange::Remote { server, request, flow } = &talk.exchange {
                let taken = (*server, Arc::clone(request), *flow);
                talk.exchange = Exchange::Stable;
                if let Some(answer) = answer {
                    talk.local_sdp = Some(answer.clone());
                    talk.remote_sdp = taken.1.sdp().or_else(|| talk.remote_sdp.take());
                }
                return Ok(taken);
            }
        }
        Err(UsageError::WrongState)
    }

    /// Sends a re-INVITE; without an offer the peer is asked for one.
    pub(crate) fn reinvite(&mut self, ctx: &mut Context<'_>, offer: Option<Bytes>) -> Result<(), UsageError> {
        let State::Established(established) = &self.state else { return Err(UsageError::WrongState) };
        let unanswered = self.acks.iter().any(|record| record.sent.iter().any(|(_, ack, _)| ack.is_none()));
        let stable = matches!(established.talk.exchange, Exchange::Stable);
        // "A UAC MUST NOT initiate a new INVITE within a dialog while another is in progress." §14.1
        if !stable || unanswered || established.unacknowledged.is_some() {
            return Err(UsageError::OfferPending);
        }
        let method = Method::Invite;
        self.send_offer(ctx, LocalOffer { method, offer, attempts: 0, is_refresh: false })
    }

    /// Sends an UPDATE with an offer, in the call or, once the INVITE's offer is answered, in an early dialog.
    pub(crate) fn update(&mut self, ctx: &mut Context<'_>, offer: Bytes) -> Result<(), UsageError> {
        let in_ack = self.offer_in_ack();
        let talk = self.state.talks_mut().into_iter().find(|talk| talk.is_agreed());
        let talk = talk.ok_or(UsageError::WrongState)?;
        if !talk.peer.update {
            return Err(UsageError::NotAllowed);
        }
        if in_ack || talk.update.is_some() || !matches!(talk.exchange, Exchange::Stable) {
            return Err(UsageError::OfferPending);
        }
        let method = Method::Update;
        self.send_offer(ctx, LocalOffer { method, offer: Some(offer), attempts: 0, is_refresh: false })
    }

    pub(super) fn send_offer(&mut self, ctx: &mut Context<'_>, offer: LocalOffer) -> Result<(), UsageError> {
        let mut request = self.refreshing_request(ctx, offer.method.clone()).ok_or(UsageError::WrongState)?;
        if let Some(sdp) = &offer.offer {
            request = request.with_body(ContentType::SDP, sdp.clone());
        }
        let talk = self.agreed_talk().ok_or(UsageError::WrongState)?;
        let destination = talk.dialog.destination();
        let client =
            ctx.endpoint.send_request(ctx.now, request, destination).map_err(|_| UsageError::Full)?;
        talk.exchange = Exchange::Local(offer, client);
        ctx.clients.insert(client, self.id);
        Ok(())
    }

    /// Sends an UPDATE without an offer: to show that we live, or whom the peer talks to. One at a time.
    pub(super) fn send_update(&mut self, ctx: &mut Context<'_>) {
        let is_free = self.agreed_talk().is_some_and(|talk| talk.update.is_none() && talk.peer.update);
        let Some(request) = is_free.then(|| self.refreshing_request(ctx, Method::Update)).flatten() else {
            return;
        };
        let id = self.id;
        let Some(talk) = self.agreed_talk() else { return };
        if let Ok(client) = ctx.endpoint.send_request(ctx.now, request, talk.dialog.destination()) {
            talk.update = Some(client);
            ctx.clients.insert(client, id);
            self.identity_untold = false;
        }
    }

    /// The dialog requests of ours go out in: the call's, or the first early one whose offer is answered.
    fn agreed_talk(&mut self) -> Option<&mut Talk> {
        self.state.talks_mut().into_iter().find(|talk| talk.is_agreed())
    }

    /// A re-INVITE or an UPDATE without its body.
    fn refreshing_request(&mut self, ctx: &Context<'_>, method: Method) -> Option<Request> {
        let in_call = matches!(self.state, State::Established(_));
        let (timer, least, shown) = (self.session_timer, self.min_se, self.identity.clone());
        let talk = self.agreed_talk()?;
        let config = ctx.endpoint.config();
        let contact = NameAddr::new(config.contact(talk.dialog.destination(), talk.dialog.is_sips()));
        if let Some(shown) = shown.as_ref().filter(|_| talk.peer.from_change) {
            talk.dialog.change_local(shown);
        }
        let mut request = talk
            .dialog
            .request(method)
            .with(HeaderName::Contact, contact.to_string())
            .with(HeaderName::Allow, config.allow())
            .with(HeaderName::Supported, SUPPORTED);
        if let Some(shown) = &shown {
            identity::assert(&mut request.headers, shown, talk.dialog.owns_call_id());
        }
        // A session has a timer once it is a session. RFC 4028 §7.1
        if in_call {
            request = session_timer::asking(request, ctx.session_timers, timer, least);
        }
        Some(request)
    }

    pub(super) fn retry_offer(&mut self, ctx: &mut Context<'_>) {
        for talk in self.state.talks_mut() {
            if let Exchange::Retry(offer) = &talk.exchange {
                let offer = offer.clone();
                talk.exchange = Exchange::Stable;
                if self.send_offer(ctx, offer.clone()).is_err() {
                    self.offer_refused(ctx, &offer, 503);
                }
                return;
            }
        }
    }

    /// Takes a final response, or the lack of one, to a re-INVITE or UPDATE of ours; says whether it was to one.
    pub(super) fn handle_exchange_response(
        &mut self,
        ctx: &mut Context<'_>,
        client: ClientId,
        response: &Response,
    ) -> bool {
        let is_own = |talk: &Talk| {
            talk.update == Some(client) || matches!(&talk.exchange, Exchange::Local(_, own) if *own == client)
        };
        let Some(talk) = self.state.talks_mut().into_iter().find(|talk| is_own(talk)) else { return false };
        if response.is_provisional() {
            return true;
        }
        if talk.update == Some(client) {
            talk.update = None;
            self.update_answered(ctx, response);
            return true;
        }
        let Exchange::Local(offer, _) = std::mem::replace(&mut talk.exchange, Exchange::Stable) else {
            return true;
        };
        match response.status {
            200..300 => self.offer_answered(ctx, client, &offer, response),
            // "If the response is a 481 or a 408, the UAC SHOULD terminate the dialog." §12.2.1.2
            408 | 481 => self.dialog_lost(ctx, &offer, response.status),
            422 if offer.attempts < MAX_ATTEMPTS => {
                self.min_se = self.min_se.max(session_timer::min_se(&response.headers));
                let again = LocalOffer { attempts: offer.attempts + 1, ..offer.clone() };
                if self.send_offer(ctx, again).is_err() {
                    self.offer_refused(ctx, &offer, 422);
                }
            }
            405 | 501 if offer.method == Method::Update => {
                if let Some(talk) = self.agreed_talk() {
                    talk.peer.update = false;
                }
                self.offer_refused(ctx, &offer, response.status);
            }
            491 | 500 => match self.retry_after(ctx, response) {
                Some(delay) if offer.attempts < MAX_ATTEMPTS => {
                    if let Some(talk) = self.agreed_talk() {
                        let attempts = offer.attempts + 1;
                        talk.exchange = Exchange::Retry(LocalOffer { attempts, ..offer });
                    }
                    self.timers.set(UsageTimer::Retry, ctx.now + delay);
                }
                _ => self.offer_refused(ctx, &offer, response.status),
            },
            // "The session remains unchanged, as if no re-INVITE had been issued." §14.1
            status => self.offer_refused(ctx, &offer, status),
        }
        true
    }

    fn offer_refused(&mut self, ctx: &mut Context<'_>, offer: &LocalOffer, status: u16) {
        if offer.is_refresh {
            self.refresh_refused(ctx);
        } else {
            ctx.emit(self.id, UsageEvent::ReinviteRefused { status });
        }
        self.tell_identity(ctx);
    }

    /// In an early dialog the INVITE goes on: its own response says what becomes of it.
    fn dialog_lost(&mut self, ctx: &mut Context<'_>, offer: &LocalOffer, status: u16) {
        if matches!(self.state, State::Established(_)) {
            self.end(ctx, EndCause::Failed(status), Vec::new(), None);
        } else {
            self.offer_refused(ctx, offer, status);
        }
    }

    fn offer_answered(
        &mut self,
        ctx: &mut Context<'_>,
        client: ClientId,
        offer: &LocalOffer,
        response: &Response,
    ) {
        self.take_refresh(ctx, response);
        let Some(talk) = self.agreed_talk() else { return };
        let sdp = response.sdp();
        if offer.offer.is_some() {
            talk.local_sdp.clone_from(&offer.offer);
        }
        let is_news = sdp.is_some() && sdp != talk.remote_sdp;
        talk.remote_sdp = sdp.clone().or_else(|| talk.remote_sdp.take());
        if offer.method == Method::Invite {
            let dialog = &talk.dialog;
            let cseq = response.headers.cseq().map_or(dialog.local_cseq(), |cseq| cseq.number);
            let answers = offer.offer.is_some();
            let ack = answers.then(|| ctx.endpoint.send_ack(dialog.ack(cseq), dialog.destination()));
            let tag = dialog.id().remote_tag.clone();
            let destination = dialog.destination();
            self.acks.push(AckRecord { client, cseq, sent: vec![(tag, ack, destination)] });
        }
        match (offer.is_refresh, sdp) {
            (false, sdp) => ctx.emit(self.id, UsageEvent::ReinviteAnswered { sdp }),
            (true, Some(sdp)) if is_news => ctx.emit(self.id, UsageEvent::Refreshed { sdp }),
            (true, _) => {}
        }
        self.tell_identity(ctx);
    }

    fn update_answered(&mut self, ctx: &mut Context<'_>, response: &Response) {
        match response.status {
            200..300 => self.take_refresh(ctx, response),
            408 | 481 if matches!(self.state, State::Established(_)) => {
                return self.end(ctx, EndCause::Failed(response.status), Vec::new(), None);
            }
            422 => {
                let least = session_timer::min_se(&response.headers);
                if least > self.min_se {
                    self.min_se = least;
                    return self.send_update(ctx);
                }
                self.refresh_refused(ctx);
            }
            405 | 501 => {
                if let Some(talk) = self.agreed_talk() {
                    talk.peer.update = false;
                }
                // A re-INVITE does it, too.
                if self.session_timer.is_some_and(|timer| timer.we_refresh) {
                    self.timers.set(UsageTimer::Refresh, ctx.now);
                }
            }
            _ => self.refresh_refused(ctx),
        }
        self.tell_identity(ctx);
    }

    /// Takes what a 2xx says of the target, of the peer, and of the session timer.
    fn take_refresh(&mut self, ctx: &Context<'_>, response: &Response) {
        if let Some(talk) = self.agreed_talk() {
            talk.dialog.refresh_target(&response.headers);
            talk.peer.note(&response.headers);
        }
        if matches!(self.state, State::Established(_)) {
            self.set_session_timer(ctx, session_timer::agreed(&response.headers));
        }
    }

    /// When to try again. "If the UAC is the owner of the Call-ID, T is between 2.1 and 4 seconds in units of 10 ms,
    /// else between 0 and 2 seconds" (RFC 3261 §14.1); for a 500 when it says.
    fn retry_after(&mut self, ctx: &mut Context<'_>, response: &Response) -> Option<Duration> {
        if response.status == 500 {
            let text = response.headers.text(&HeaderName::RetryAfter).ok().flatten()?;
            let number = text.split([';', '(', ' ']).next().and_then(crate::message::token::decimal)?;
            return (number <= MAX_RETRY_AFTER).then(|| Duration::from_secs(number.into()));
        }
        let random = u64::from(ctx.endpoint.random().u32());
        let owns = self.agreed_talk().is_some_and(|talk| talk.dialog.owns_call_id());
        let tens = if owns { 210 + random % 191 } else { random % 201 };
        Some(Duration::from_millis(tens * 10))
    }
}

/// The refusal of an offer that meets another; a 500 says when to try again.
pub(super) fn glare(ctx: &mut Context<'_>, request: &Request, status: u16) -> Response {
    let response = Response::to_request(request, status);
    if status == 491 {
        return response;
    }
    let seconds = ctx.endpoint.random().u32() % (MAX_RETRY_AFTER + 1);
    response.with(HeaderName::RetryAfter, seconds.to_string())
}
