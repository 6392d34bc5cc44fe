//! Reliable provisional responses (RFC 3262), both roles.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use bytes::Bytes;

use super::{
    Context, EndCause, InviteUsage, State, UsageEvent, UsageId, UsageTimer, exchange, talk::Exchange,
    talk::Talk, with_sdp,
};
use crate::{
    endpoint::{Flow, ServerId},
    message::{HeaderName, Headers, Method, Request, Response, token},
    transaction::{T1, TIMEOUT},
};

/// The reliable provisional responses of an INVITE to us.
pub(super) struct ReliableSender {
    /// Whether the caller insists: every provisional response but 100 is reliable then.
    pub(super) required: bool,
    /// Whether the caller knows how.
    pub(super) supported: bool,
    next_rseq: u32,
    outstanding: Option<Outstanding>,
    /// What waits until the one before is acknowledged (§3).
    queue: VecDeque<(u16, Option<Bytes>)>,
}

/// A reliable response without its PRACK.
struct Outstanding {
    rseq: u32,
    response: Response,
    interval: Duration,
}

/// More waiting responses than this push the oldest out: only their latest tells anything.
const MAX_QUEUE: usize = 4;
/// "… a UAS SHOULD send a reliable provisional response every two and a half minutes" to keep the call (§3).
pub(super) const KEEP_RINGING: Duration = Duration::from_secs(150);

impl ReliableSender {
    /// `random` is where RSeq begins: "uniformly between 1 and 2³¹ − 1" (§3), far enough below its end.
    pub(super) fn new(headers: &Headers, random: u32) -> Self {
        let required = headers.lists(&HeaderName::Require, OPTION);
        let supported = required || headers.lists(&HeaderName::Supported, OPTION);
        let next_rseq = 1 + random % (1 << 30);
        Self { required, supported, next_rseq, outstanding: None, queue: VecDeque::new() }
    }

    /// Whether a description is on its way that must be acknowledged before a 2xx (§3).
    pub(super) fn holds_answer_back(&self) -> bool {
        self.outstanding.as_ref().is_some_and(|outstanding| !outstanding.response.body.is_empty())
    }

    /// The number of the response without a PRACK, if there is one.
    pub(super) fn unacknowledged(&self) -> Option<u32> {
        self.outstanding.as_ref().map(|outstanding| outstanding.rseq)
    }
}

/// RAck (§7.2): which response a PRACK acknowledges.
struct RAck {
    rseq: u32,
    cseq: u32,
    is_invite: bool,
}

impl RAck {
    fn of(headers: &Headers) -> Option<Self> {
        let mut parts = headers
            .text(&HeaderName::RAck)
            .ok()
            .flatten()?
            .split([' ', '\t'])
            .filter(|part| !part.is_empty());
        let (rseq, cseq) = (token::decimal(parts.next()?)?, token::decimal(parts.next()?)?);
        let is_invite = parts.next()? == Method::Invite.as_str();
        parts.next().is_none().then_some(Self { rseq, cseq, is_invite })
    }
}

/// RSeq of a reliable provisional response; `None` for others.
pub(super) fn rseq(headers: &Headers) -> Option<u32> {
    headers
        .lists(&HeaderName::Require, OPTION)
        .then(|| headers.number(&HeaderName::RSeq).ok().flatten())
        .flatten()
}

/// The called side.
impl InviteUsage {
    /// Whether its caller knows reliable provisional responses.
    pub(crate) fn takes_reliable(&self) -> bool {
        matches!(&self.state, State::Incoming(incoming) if incoming.reliable.supported)
    }

    /// Sends a provisional response reliably, or lets it wait for the PRACK of the one before.
    pub(super) fn ring_reliably(&mut self, ctx: &mut Context<'_>, status: u16, sdp: Option<Bytes>) {
        let State::Incoming(incoming) = &mut self.state else { return };
        let reliable = &mut incoming.reliable;
        if reliable.outstanding.is_some() {
            if reliable.queue.len() == MAX_QUEUE {
                reliable.queue.pop_front();
            }
            return reliable.queue.push_back((status, sdp));
        }
        // Only the first description says anything: after it UPDATE does. §5
        let sdp = sdp.filter(|_| matches!(incoming.talk.exchange, Exchange::Initial));
        if let Some(sdp) = &sdp {
            incoming.talk.local_sdp = Some(sdp.clone());
            let answers = incoming.request.sdp().is_some();
            incoming.talk.exchange = if answers { Exchange::Stable } else { Exchange::Offered };
        }
        let rseq = incoming.reliable.next_rseq;
        incoming.reliable.next_rseq += 1;
        let response = incoming.response(ctx, status);
        let response = self.with_identity(with_sdp(response, sdp));
        let response = response.with(HeaderName::Require, OPTION).with(HeaderName::RSeq, rseq.to_string());
        let State::Incoming(incoming) = &mut self.state else { return };
        ctx.endpoint.send_response(ctx.now, incoming.server, response.clone());
        incoming.last_provisional = Some(response.clone());
        incoming.reliable.outstanding = Some(Outstanding { rseq, response, interval: T1 });
        self.timers.stop(UsageTimer::Provisional);
        self.timers.set(UsageTimer::Reliable, ctx.now + T1);
        self.timers.set(UsageTimer::ReliableDeadline, ctx.now + TIMEOUT);
    }

    /// "The provisional response is retransmitted with an interval that starts at T1 and doubles" (§3), without T2.
    pub(super) fn repeat_reliable(&mut self, ctx: &mut Context<'_>) {
        let State::Incoming(incoming) = &mut self.state else { return };
        let Some(outstanding) = &mut incoming.reliable.outstanding else { return };
        ctx.endpoint.send_response(ctx.now, incoming.server, outstanding.response.clone());
        outstanding.interval *= 2;
        self.timers.set(UsageTimer::Reliable, ctx.now + outstanding.interval);
    }

    /// "If a reliable provisional response is retransmitted for 64·T1 without a PRACK, the UAS SHOULD reject the
    /// original request with a 5xx." §3
    pub(super) fn reliable_timeout(&mut self, ctx: &mut Context<'_>) {
        if self.reject(ctx, 504, None).is_ok() {
            ctx.emit(self.id, UsageEvent::Ended { cause: EndCause::PrackTimeout, reasons: Vec::new() });
        }
    }

    /// Takes a PRACK.
    pub(super) fn handle_prack(
        &mut self,
        ctx: &mut Context<'_>,
        server: ServerId,
        request: &Arc<Request>,
        flow: Flow,
    ) {
        let State::Incoming(incoming) = &mut self.state else {
            return self.handle_late_prack(ctx, server, request);
        };
        let cseq = incoming.request.headers.cseq().map_or(0, |cseq| cseq.number);
        let rack = RAck::of(&request.headers).filter(|rack| rack.is_invite && rack.cseq == cseq);
        // "If it does not match any unacknowledged reliable provisional response, … 481." §3
        if rack.is_none_or(|rack| Some(rack.rseq) != incoming.reliable.unacknowledged()) {
            return ctx.finish(server, Response::to_request(request, 481));
        }
        let sdp = request.sdp();
        match (&incoming.talk.exchange, sdp) {
            // "If the UAC receives an offer in a reliable provisional response, its PRACK MUST carry the answer." §5
            (Exchange::Offered, None) => {
                let response = Response::to_request(request, 400).with_reason("Answer Missing");
                return ctx.finish(server, response);
            }
            (Exchange::Offered, Some(sdp)) => {
                incoming.talk.exchange = Exchange::Stable;
                incoming.talk.remote_sdp = Some(sdp.clone());
                ctx.emit(self.id, UsageEvent::EarlyAnswered { sdp });
                ctx.finish(server, Response::to_request(request, 200));
            }
            // "… the UAC MAY generate an additional offer in the PRACK." §5
            (Exchange::Stable, Some(offer)) => {
                self.set_remote_offer(ctx, server, request, flow);
                ctx.emit(self.id, UsageEvent::Reinvited { offer: Some(offer) });
            }
            (_, Some(_)) => {
                let status = incoming.talk.refusal().unwrap_or(500);
                let response = exchange::glare(ctx, request, status);
                return ctx.finish(server, response);
            }
            (_, None) => ctx.finish(server, Response::to_request(request, 200)),
        }
        self.acknowledged(ctx);
    }

    /// The response under way is acknowledged: the next one goes out, or the answer that waited.
    fn acknowledged(&mut self, ctx: &mut Context<'_>) {
        self.timers.stop(UsageTimer::Reliable);
        self.timers.stop(UsageTimer::ReliableDeadline);
        self.timers.set(UsageTimer::Provisional, ctx.now + KEEP_RINGING);
        let State::Incoming(incoming) = &mut self.state else { return };
        incoming.reliable.outstanding = None;
        if incoming.accepting {
            return self.accept_when_ready(ctx);
        }
        if let Some((status, sdp)) = incoming.reliable.queue.pop_front() {
            self.ring_reliably(ctx, status, sdp);
        }
    }

    /// "It MUST be prepared to process PRACK requests for those outstanding responses" after a final one (§3).
    fn handle_late_prack(&mut self, ctx: &mut Context<'_>, server: ServerId, request: &Request) {
        let rseq = RAck::of(&request.headers).filter(|rack| rack.is_invite).map(|rack| rack.rseq);
        let State::Established(established) = &mut self.state else {
            return ctx.finish(server, Response::to_request(request, 481));
        };
        let known = rseq.is_some() && established.late_rseq == rseq;
        if known {
            established.late_rseq = None;
        }
        ctx.finish(server, Response::to_request(request, if known { 200 } else { 481 }));
    }
}

/// The reliable provisional responses of one branch of an INVITE of ours.
#[derive(Debug, Default)]
pub(super) struct ReliableReceiver(Option<u32>);

impl ReliableReceiver {
    /// Whether a response is the next one. "If it is not one higher than the last, it MUST NOT be acknowledged …
    /// and MUST NOT be processed further" (§4): it came again, or an earlier one is yet to come again.
    pub(super) fn is_next(&mut self, rseq: u32) -> bool {
        let is_next = self.0.is_none_or(|last| last.checked_add(1) == Some(rseq));
        if is_next {
            self.0 = Some(rseq);
        }
        is_next
    }
}

/// Acknowledges a reliable provisional response of our INVITE (§4). What becomes of the PRACK is nobody's business:
/// without it the peer gives the call up by itself.
pub(super) fn acknowledge(
    ctx: &mut Context<'_>,
    talk: &mut Talk,
    (rseq, cseq): (u32, u32),
    answer: Option<Bytes>,
) {
    let mut prack = talk
        .dialog
        .request(Method::Prack)
        .with(HeaderName::RAck, format!("{rseq} {cseq} {}", Method::Invite));
    if let Some(answer) = answer {
        prack = prack.with_body(crate::message::ContentType::SDP, answer);
    }
    if let Ok(client) = ctx.endpoint.send_request(ctx.now, prack, talk.dialog.destination()) {
        ctx.clients.insert(client, UsageId::NOBODY);
    }
}

/// The option tag.
pub(super) const OPTION: &str = "100rel";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rack_is_two_numbers_and_a_method() {
        let read = |text: &str| {
            let mut headers = Headers::new();
            headers.push(HeaderName::RAck, text);
            RAck::of(&headers).map(|rack| (rack.rseq, rack.cseq, rack.is_invite))
        };
        assert_eq!(read("776656 1 INVITE"), Some((776_656, 1, true)));
        assert_eq!(read("1\t 2  UPDATE"), Some((1, 2, false)));
        for bad in ["", "1 INVITE", "1 2", "1 2 INVITE x", "-1 2 INVITE", "99999999999 1 INVITE"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    #[test]
    fn responses_are_taken_in_order_and_once() {
        let mut receiver = ReliableReceiver::default();
        let taken = [7, 7, 9, 8, 8, 9, 7].map(|rseq| receiver.is_next(rseq));
        assert_eq!(taken, [true, false, false, true, false, true, false]);
        assert!(!ReliableReceiver(Some(u32::MAX)).is_next(0));
    }
}
