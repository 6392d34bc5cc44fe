//! The answered call: re-INVITE, UPDATE, INFO, OPTIONS and BYE in the dialog (RFC 3261 §12.2, §14, §15).

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use ringdown_types::DtmfDigit;

use super::{
    AckRecord, Context, EndCause, InviteUsage, SUPPORTED, State, UsageError, UsageEvent, UsageId, UsageTimer,
    dtmf, parse_dtmf, picture,
    talk::{Exchange, LocalOffer, Talk},
};
use crate::{
    dialog::Dialog,
    endpoint::{ClientId, Destination, Flow, ServerId},
    message::{ContentType, HeaderName, Method, NameAddr, Reason, Request, Response, Uri},
    transaction::{T1, T2},
};

/// An answered call.
pub(super) struct Established {
    pub(super) talk: Talk,
    /// Our 2xx without an ACK.
    pub(super) unacknowledged: Option<Unacknowledged>,
    /// The reliable provisional response whose PRACK the 2xx did not wait for (RFC 3262 §3).
    pub(super) late_rseq: Option<u32>,
}

/// A 2xx that is repeated until its ACK comes.
pub(super) struct Unacknowledged {
    server: ServerId,
    cseq: u32,
    response: Response,
    interval: Duration,
    /// Whether it holds our offer, which the ACK answers.
    offers: bool,
}

/// A call that is over for its user and waits for the end of its transactions.
pub(super) struct Closing {
    dialog: Dialog,
    /// The BYE.
    client: Option<ClientId>,
    /// Our 2xx without an ACK, and why the call ends: "the callee's UA MUST NOT send a BYE until it has
    /// received an ACK for its 2xx or until the server transaction times out." §15
    unacknowledged: Option<(Unacknowledged, Option<Reason>)>,
    /// The re-INVITE that was under way: its 2xx is still to be acknowledged.
    reinvite: Option<ClientId>,
}

impl Unacknowledged {
    pub(super) fn new(server: ServerId, request: &Request, response: Response) -> Self {
        let cseq = request.headers.cseq().map_or(0, |cseq| cseq.number);
        let offers = request.sdp().is_none() && !response.body.is_empty();
        Self { server, cseq, response, interval: T1, offers }
    }

    pub(super) const fn offers(&self) -> bool {
        self.offers
    }
}

impl Established {
    pub(super) fn new(mut talk: Talk) -> Self {
        talk.agree();
        Self { talk, unacknowledged: None, late_rseq: None }
    }

    pub(super) fn forget(&self, ctx: &mut Context<'_>) {
        ctx.dialogs.remove(self.talk.dialog.id());
        if let Exchange::Remote { server, .. } = &self.talk.exchange {
            ctx.servers.remove(server);
        }
    }

    /// Our re-INVITE that is under way.
    const fn reinvite(&self) -> Option<ClientId> {
        match &self.talk.exchange {
            Exchange::Local(LocalOffer { method: Method::Invite, .. }, client) => Some(*client),
            _ => None,
        }
    }
}

impl Closing {
    /// Ends the dialog with a BYE.
    pub(super) fn with_bye(
        ctx: &mut Context<'_>,
        id: UsageId,
        dialog: &mut Dialog,
        reason: Option<&Reason>,
    ) -> Self {
        let mut bye = dialog.request(Method::Bye);
        if let Some(reason) = reason {
            bye.headers.push(HeaderName::Reason, reason.to_string());
        }
        // Without room for the BYE the peer ends the call by its own means.
        let client = ctx.endpoint.send_request(ctx.now, bye, dialog.destination()).ok();
        if let Some(client) = client {
            ctx.clients.insert(client, id);
        }
        Self { dialog: dialog.clone(), client, unacknowledged: None, reinvite: None }
    }

    pub(super) const fn dialog(&self) -> &Dialog {
        &self.dialog
    }

    pub(super) const fn dialog_mut(&mut self) -> &mut Dialog {
        &mut self.dialog
    }

    pub(super) const fn is_over(&self) -> bool {
        self.client.is_none() && self.unacknowledged.is_none() && self.reinvite.is_none()
    }

    pub(super) fn forget(&self, ctx: &mut Context<'_>) {
        ctx.dialogs.remove(self.dialog.id());
    }
}

impl InviteUsage {
    /// Takes an admitted request in the dialog.
    pub(crate) fn handle_request(
        &mut self,
        ctx: &mut Context<'_>,
        server: ServerId,
        request: &Arc<Request>,
        flow: Flow,
    ) {
        if self.handle_in_refer_dialog(ctx, server, request, flow) {
            return;
        }
        match &mut self.state {
            State::Incoming(_) => self.handle_early_request(ctx, server, request, flow),
            State::Outgoing(_) => self.handle_early_callee_request(ctx, server, request, flow),
            State::Established(established) => {
                // §12.2.2
                if established.talk.dialog.handle_request(request, flow).is_err() {
                    return ctx.finish(server, Response::to_request(request, 500));
                }
                match request.method {
                    Method::Invite | Method::Update => self.handle_offer(ctx, server, request, flow),
                    Method::Bye => self.handle_bye(ctx, server, request),
                    Method::Prack => self.handle_prack(ctx, server, request, flow),
                    Method::Info => self.handle_info(ctx, server, request),
                    Method::Refer => self.handle_refer(ctx, server, request, flow),
                    Method::Subscribe => self.handle_subscribe(ctx, server, request, flow),
                    // "OPTIONS in a dialog is answered as outside." §11
                    _ => ctx.finish(server, options_response(ctx, request, flow)),
                }
            }
            State::Closing(closing) if request.method == Method::Subscribe => {
                if closing.dialog.handle_request(request, flow).is_err() {
                    return ctx.finish(server, Response::to_request(request, 500));
                }
                self.handle_subscribe(ctx, server, request, flow);
            }
            State::Closing(_) => {
                // Both sides hung up at once: the peer's BYE is as good as ours.
                let status = if request.method == Method::Bye { 200 } else { 481 };
                ctx.finish(server, Response::to_request(request, status));
            }
            State::Ended => ctx.finish(server, Response::to_request(request, 481)),
        }
    }

    /// The 2xx without an ACK counts as acknowledged; whether there was one.
    pub(super) fn take_unacknowledged(&mut self) -> bool {
        let State::Established(established) = &mut self.state else { return false };
        let was = established.unacknowledged.take().is_some();
        if was {
            self.timers.stop(UsageTimer::Answer);
            self.timers.stop(UsageTimer::AckDeadline);
        }
        was
    }

    /// Takes a response to a request in the call that neither offers nor notifies.
    pub(super) fn handle_session_response(
        &mut self,
        ctx: &mut Context<'_>,
        client: ClientId,
        response: &Response,
    ) {
        // "If the response is a 481 or a 408, the UAC SHOULD terminate the dialog." §12.2.1.2
        if matches!(response.status, 408 | 481) {
            self.session_request_failed(ctx, client, response.status);
        }
    }

    /// A request in the dialog got no response, or one that says the dialog is gone.
    pub(super) fn session_request_failed(&mut self, ctx: &mut Context<'_>, client: ClientId, status: u16) {
        tracing::debug!(usage = self.id.0, ?client, status, "dialog lost");
        self.end(ctx, EndCause::Failed(status), Vec::new(), None);
    }

    /// Takes the ACK of a 2xx.
    pub(crate) fn handle_ack(&mut self, ctx: &mut Context<'_>, ack: &Request) {
        let number = ack.headers.cseq().map_or(0, |cseq| cseq.number);
        match &mut self.state {
            State::Established(established) => {
                if established.unacknowledged.as_ref().is_some_and(|waiting| waiting.cseq == number) {
                    let sdp = ack.sdp();
                    if sdp.is_some() {
                        established.talk.remote_sdp.clone_from(&sdp);
                    }
                    self.take_unacknowledged();
                    ctx.emit(self.id, UsageEvent::Confirmed { sdp });
                    self.tell_identity(ctx);
                }
            }
            State::Closing(closing) => {
                if closing.unacknowledged.as_ref().is_some_and(|(waiting, _)| waiting.cseq == number) {
                    self.bye_after_ack(ctx);
                }
            }
            State::Incoming(_) | State::Outgoing(_) | State::Ended => {}
        }
    }

    pub(super) fn repeat_answer(&mut self, ctx: &mut Context<'_>) {
        let waiting = match &mut self.state {
            State::Established(established) => established.unacknowledged.as_mut(),
            State::Closing(closing) => closing.unacknowledged.as_mut().map(|(waiting, _)| waiting),
            _ => None,
        };
        if let Some(waiting) = waiting {
            ctx.endpoint.send_response(ctx.now, waiting.server, waiting.response.clone());
            waiting.interval = (waiting.interval * 2).min(T2);
            self.timers.set(UsageTimer::Answer, ctx.now + waiting.interval);
        }
    }

    /// "If the server retransmits the 2xx for 64·T1 without receiving an ACK, the dialog is confirmed, but the
    /// session SHOULD be terminated with a BYE." RFC 3261 §13.3.1.4
    pub(super) fn ack_timeout(&mut self, ctx: &mut Context<'_>) {
        match &mut self.state {
            State::Established(established) => {
                established.unacknowledged = None;
                self.end(ctx, EndCause::AckTimeout, Vec::new(), None);
            }
            State::Closing(_) => self.bye_after_ack(ctx),
            _ => {}
        }
    }

    fn bye_after_ack(&mut self, ctx: &mut Context<'_>) {
        let State::Closing(closing) = &mut self.state else { return };
        if let Some((_, reason)) = closing.unacknowledged.take() {
            self.timers.clear();
            let reinvite = closing.reinvite;
            **closing = Closing::with_bye(ctx, self.id, &mut closing.dialog, reason.as_ref());
            closing.reinvite = reinvite;
        }
    }

    /// Ends the call. `Ended` follows at once.
    pub(crate) fn bye(&mut self, ctx: &mut Context<'_>, reason: Option<&Reason>) -> Result<(), UsageError> {
        match &self.state {
            State::Established(_) => {
                self.end(ctx, EndCause::LocalBye, Vec::new(), reason);
                Ok(())
            }
            _ => Err(UsageError::WrongState),
        }
    }

    /// Leaves `Established` with a BYE of ours.
    pub(super) fn end(
        &mut self,
        ctx: &mut Context<'_>,
        cause: EndCause,
        reasons: Vec<Reason>,
        reason: Option<&Reason>,
    ) {
        self.refuse_pending_offer(ctx);
        let State::Established(established) = &mut self.state else { return };
        // A 2xx whose offer has no answer is acknowledged without one before the BYE. §13.2.2.4
        for record in &mut self.acks {
            for (_, ack, destination) in &mut record.sent {
                if ack.is_none() {
                    *ack =
                        Some(ctx.endpoint.send_ack(established.talk.dialog.ack(record.cseq), *destination));
                }
            }
        }
        let reinvite = established.reinvite();
        let mut dialog = established.talk.dialog.clone();
        let waiting = established.unacknowledged.take();
        let timers = self.timers.clone();
        let mut closing = match waiting {
            Some(waiting) => {
                let unacknowledged = Some((waiting, reason.cloned()));
                Closing { dialog, client: None, unacknowledged, reinvite: None }
            }
            None => Closing::with_bye(ctx, self.id, &mut dialog, reason),
        };
        closing.reinvite = reinvite;
        let keeps_answering = closing.unacknowledged.is_some();
        ctx.emit(self.id, UsageEvent::Ended { cause, reasons });
        self.transition(ctx, State::Closing(Box::new(closing)));
        if keeps_answering {
            self.timers = timers;
            for timer in [UsageTimer::Retry, UsageTimer::Refresh, UsageTimer::SessionExpiry] {
                self.timers.stop(timer);
            }
        }
    }

    /// The peer hung up.
    fn handle_bye(&mut self, ctx: &mut Context<'_>, server: ServerId, request: &Request) {
        ctx.finish(server, Response::to_request(request, 200));
        self.refuse_pending_offer(ctx);
        let State::Established(established) = &self.state else { return };
        let reinvite = established.reinvite();
        let dialog = established.talk.dialog.clone();
        let closing = Closing { dialog, client: None, unacknowledged: None, reinvite };
        ctx.emit(
            self.id,
            UsageEvent::Ended { cause: EndCause::RemoteBye, reasons: request.headers.reasons() },
        );
        self.transition(ctx, State::Closing(Box::new(closing)));
    }

    /// "The UAS MUST still respond to any pending requests received for that dialog … with a 487." §15.1.2
    fn refuse_pending_offer(&mut self, ctx: &mut Context<'_>) {
        // There is no pending request in most cases.
        let _ = self.reject_reinvite(ctx, 487);
    }

    fn handle_info(&mut self, ctx: &mut Context<'_>, server: ServerId, request: &Request) {
        match parse_dtmf(request) {
            _ if picture::asks_for_picture(request) => {
                ctx.finish(server, Response::to_request(request, 200));
                ctx.emit(self.id, UsageEvent::PictureWanted);
            }
            Ok(key) => {
                ctx.finish(server, Response::to_request(request, 200));
                if let Some((digit, duration)) = key {
                    ctx.emit(self.id, UsageEvent::Info { digit, duration });
                }
            }
            // RFC 6086 §4.2.2 knows 469 for info packages only.
            Err(_) => {
                let response = Response::to_request(request, 415).with(HeaderName::Accept, dtmf::ACCEPTED);
                ctx.finish(server, response);
            }
        }
    }

    /// Tells the peer of a key.
    pub(crate) fn info_dtmf(
        &mut self,
        ctx: &mut Context<'_>,
        digit: DtmfDigit,
        duration: Duration,
    ) -> Result<(), UsageError> {
        self.info(ctx, dtmf::DTMF_RELAY, dtmf::dtmf_body(digit, duration))
    }

    /// Asks the peer for a whole picture.
    pub(crate) fn info_picture(&mut self, ctx: &mut Context<'_>) -> Result<(), UsageError> {
        self.info(ctx, picture::MEDIA_CONTROL, picture::BODY)
    }

    fn info(&mut self, ctx: &mut Context<'_>, kind: &str, body: Bytes) -> Result<(), UsageError> {
        let State::Established(established) = &mut self.state else { return Err(UsageError::WrongState) };
        let request = established.talk.dialog.request(Method::Info).with_body(kind, body);
        let destination = established.talk.dialog.destination();
        let client =
            ctx.endpoint.send_request(ctx.now, request, destination).map_err(|_| UsageError::Full)?;
        ctx.clients.insert(client, self.id);
        Ok(())
    }

    pub(super) fn handle_closing_response(
        &mut self,
        ctx: &mut Context<'_>,
        client: ClientId,
        response: &Response,
    ) {
        let State::Closing(closing) = &mut self.state else { return };
        if response.is_provisional() {
            return;
        }
        if closing.reinvite == Some(client) && response.is_success() {
            let dialog = &closing.dialog;
            let cseq = response.headers.cseq().map_or(0, |cseq| cseq.number);
            let ack = ctx.endpoint.send_ack(dialog.ack(cseq), dialog.destination());
            let tag = dialog.id().remote_tag.clone();
            self.acks.push(AckRecord { client, cseq, sent: vec![(tag, Some(ack), dialog.destination())] });
        }
        self.closing_request_done(ctx, client);
    }

    pub(super) fn closing_request_done(&mut self, ctx: &mut Context<'_>, client: ClientId) {
        if let State::Closing(closing) = &mut self.state {
            closing.client = closing.client.filter(|own| *own != client);
            closing.reinvite = closing.reinvite.filter(|own| *own != client);
        }
        self.finish_if_over(ctx);
    }

    pub(super) fn finish_if_over(&mut self, ctx: &mut Context<'_>) {
        if self.is_over() && !matches!(self.state, State::Ended) {
            self.transition(ctx, State::Ended);
        }
    }

    /// The URI requests in the dialog are addressed to, once the call is answered.
    pub(crate) fn remote_target(&self) -> Option<&Uri> {
        match &self.state {
            State::Established(established) => Some(established.talk.dialog.remote_target()),
            State::Closing(closing) => Some(closing.dialog.remote_target()),
            State::Incoming(_) | State::Outgoing(_) | State::Ended => None,
        }
    }

    /// The peer is now reached at `destination`: what follows in its dialog goes there.
    pub(crate) fn move_to(&mut self, destination: Destination) {
        match &mut self.state {
            State::Established(established) => established.talk.dialog.move_to(destination),
            State::Closing(closing) => closing.dialog.move_to(destination),
            // Before the answer the dialog lives with a transaction, which keeps its flow.
            State::Incoming(_) | State::Outgoing(_) | State::Ended => {}
        }
    }
}

/// What OPTIONS is answered with (RFC 3261 §11.2).
pub(crate) fn options_response(ctx: &Context<'_>, request: &Request, flow: Flow) -> Response {
    let config = ctx.endpoint.config();
    let contact = NameAddr::new(config.contact_for(request, flow)).to_string();
    Response::to_request(request, 200)
        .with(HeaderName::Contact, contact)
        .with(HeaderName::Allow, config.allow())
        .with(HeaderName::Accept, ContentType::SDP)
        .with(HeaderName::AcceptEncoding, "identity")
        .with(HeaderName::Supported, SUPPORTED)
}
