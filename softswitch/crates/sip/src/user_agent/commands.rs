//! What a user of the user agent does with its call legs.

use std::time::{Duration, Instant};

use bytes::Bytes;
use ringdown_types::{DtmfDigit, EndReason, contain};
use tracing::error;

use super::UserAgent;
use crate::{
    invite::{InviteParams, InviteUsage, ReferId, UsageError, UsageId},
    message::{NameAddr, Reason},
};

impl UserAgent {
    /// Calls somebody. `Ringing`, `Progress`, then `Answered` or `Failed` follow. How long it may ring is the
    /// caller's business.
    ///
    /// # Errors
    /// If there are as many call legs or transactions as configured.
    pub fn invite(&mut self, now: Instant, params: InviteParams) -> Result<UsageId, UsageError> {
        if !self.has_room() {
            return Err(UsageError::Full);
        }
        let id = self.next_id();
        let mut ctx = self.context(now);
        let Ok(usage) = contain(|| InviteUsage::outgoing(id, &mut ctx, params)) else {
            error!(usage = %id, "a call leg panicked before it was one");
            self.failures += 1;
            self.forget(id);
            return Err(UsageError::WrongState);
        };
        self.adopt(id, usage?);
        self.settle(now);
        Ok(id)
    }

    /// Tells the caller that the device rings (180), with early media if `sdp` is given. A description goes out
    /// reliably if the caller knows how (RFC 3262), and is then the answer for good, or our offer.
    ///
    /// # Errors
    /// If the leg is not an unanswered incoming one.
    pub fn ring(&mut self, now: Instant, id: UsageId, sdp: Option<Bytes>) -> Result<(), UsageError> {
        self.command(now, id, |usage, ctx| usage.ring(ctx, 180, sdp))
    }

    /// Sends early media (183).
    ///
    /// # Errors
    /// If the leg is not an unanswered incoming one.
    pub fn progress(&mut self, now: Instant, id: UsageId, sdp: Bytes) -> Result<(), UsageError> {
        self.command(now, id, |usage, ctx| usage.ring(ctx, 183, Some(sdp)))
    }

    /// Whether the caller takes descriptions before the answer reliably (RFC 3262), so that an INVITE without an offer
    /// can be offered something with [`Self::progress`].
    pub fn takes_reliable(&self, id: UsageId) -> bool {
        self.usages.get(&id).is_some_and(InviteUsage::takes_reliable)
    }

    /// Answers (200). `sdp` is the answer, or our offer if the INVITE had none. `Confirmed` follows, or `Ended`
    /// after 32 s without an ACK. After early media that went out reliably the 200 waits for its PRACK and repeats no
    /// description.
    ///
    /// # Errors
    /// If the leg is not an unanswered incoming one.
    pub fn accept(&mut self, now: Instant, id: UsageId, sdp: Bytes) -> Result<(), UsageError> {
        self.command(now, id, |usage, ctx| usage.accept(ctx, Some(sdp)))
    }

    /// Refuses with a 3xx–6xx. No event follows.
    ///
    /// # Errors
    /// If the leg is not an unanswered incoming one.
    pub fn reject(
        &mut self,
        now: Instant,
        id: UsageId,
        status: u16,
        reason: Option<&Reason>,
    ) -> Result<(), UsageError> {
        self.command(now, id, |usage, ctx| usage.reject(ctx, status, reason))
    }

    /// Gives an unanswered outgoing call up; `reason` goes into the CANCEL. `Cancelled` follows.
    ///
    /// # Errors
    /// If the leg is not an unanswered outgoing one.
    pub fn cancel(&mut self, now: Instant, id: UsageId, reason: Option<Reason>) -> Result<(), UsageError> {
        self.command(now, id, |usage, ctx| usage.cancel(ctx, reason))
    }

    /// Sends the answer to the offer of `Answered`, `ReinviteAnswered` or `EarlyOffered`, when our INVITE or re-INVITE
    /// had none.
    ///
    /// # Errors
    /// If no such offer waits.
    pub fn acknowledge(&mut self, now: Instant, id: UsageId, answer: Bytes) -> Result<(), UsageError> {
        self.command(now, id, |usage, ctx| usage.acknowledge(ctx, answer))
    }

    /// Offers a change of the session; without an offer the peer is asked for one. `ReinviteAnswered` or
    /// `ReinviteRefused` follows. A 491 is tried again, up to five times.
    ///
    /// # Errors
    /// If the leg is not answered, or an offer is under way.
    pub fn reinvite(&mut self, now: Instant, id: UsageId, offer: Option<Bytes>) -> Result<(), UsageError> {
        self.command(now, id, |usage, ctx| usage.reinvite(ctx, offer))
    }

    /// Offers a change of the session by UPDATE (RFC 3311): without a third message, and before the call is answered
    /// as well, once the INVITE's own offer is. `ReinviteAnswered` or `ReinviteRefused` follows.
    ///
    /// # Errors
    /// If the peer does not allow UPDATE, or an offer is under way.
    pub fn update(&mut self, now: Instant, id: UsageId, offer: Bytes) -> Result<(), UsageError> {
        self.command(now, id, |usage, ctx| usage.update(ctx, offer))
    }

    /// Says who is at the other side of this leg, as a name and an address. Before the answer the responses to the
    /// caller show it; a telephone that talks is told by an UPDATE without an offer, if it allows UPDATE (RFC 4916);
    /// another one hears it with the next re-INVITE.
    ///
    /// # Errors
    /// If the leg is over.
    pub fn set_identity(&mut self, now: Instant, id: UsageId, identity: NameAddr) -> Result<(), UsageError> {
        self.command(now, id, |usage, ctx| usage.set_identity(ctx, identity))
    }

    /// Answers the peer's `Reinvited`.
    ///
    /// # Errors
    /// If none waits.
    pub fn answer_reinvite(&mut self, now: Instant, id: UsageId, sdp: Bytes) -> Result<(), UsageError> {
        self.command(now, id, |usage, ctx| usage.answer_reinvite(ctx, Some(sdp)))
    }

    /// Refuses the peer's `Reinvited`; the session goes on as it was.
    ///
    /// # Errors
    /// If none waits.
    pub fn reject_reinvite(&mut self, now: Instant, id: UsageId, status: u16) -> Result<(), UsageError> {
        self.command(now, id, |usage, ctx| usage.reject_reinvite(ctx, status))
    }

    /// Hangs an answered call up; `reason` goes into the BYE. `Ended` follows at once.
    ///
    /// # Errors
    /// If the leg is not answered.
    pub fn bye(&mut self, now: Instant, id: UsageId, reason: Option<&Reason>) -> Result<(), UsageError> {
        self.command(now, id, |usage, ctx| usage.bye(ctx, reason))
    }

    /// Ends the leg in whatever state it is: rejects, cancels or hangs up, with the status and the Reason that
    /// fit `reason`.
    ///
    /// # Errors
    /// If the leg is over.
    pub fn end(&mut self, now: Instant, id: UsageId, reason: EndReason) -> Result<(), UsageError> {
        let header = Reason::for_end(reason);
        self.command(now, id, |usage, ctx| {
            usage
                .reject(ctx, reason.sip_status(), Some(&header))
                .or_else(|_| usage.cancel(ctx, Some(header.clone())))
                .or_else(|_| usage.bye(ctx, Some(&header)))
        })
    }

    /// Tells the peer of a key by INFO, for legs without telephone-event.
    ///
    /// # Errors
    /// If the leg is not answered.
    pub fn info_dtmf(
        &mut self,
        now: Instant,
        id: UsageId,
        digit: DtmfDigit,
        duration: Duration,
    ) -> Result<(), UsageError> {
        self.command(now, id, |usage, ctx| usage.info_dtmf(ctx, digit, duration))
    }

    /// Asks the peer for a whole picture by INFO (RFC 5168), where RTCP feedback was not agreed on.
    ///
    /// # Errors
    /// If the leg is not answered.
    pub fn info_picture(&mut self, now: Instant, id: UsageId) -> Result<(), UsageError> {
        self.command(now, id, |usage, ctx| usage.info_picture(ctx))
    }

    /// Accepts the peer's `Referred`: it hears `100 Trying` at once, and from then on what [`Self::notify_refer`]
    /// tells. That goes on after the call has ended; after three minutes it ends by itself.
    ///
    /// # Errors
    /// If that REFER does not wait.
    pub fn accept_refer(&mut self, now: Instant, id: UsageId, refer: ReferId) -> Result<(), UsageError> {
        self.command(now, id, |usage, ctx| usage.accept_refer(ctx, refer))
    }

    /// Refuses the peer's `Referred` with a 3xx–6xx.
    ///
    /// # Errors
    /// If that REFER does not wait.
    pub fn reject_refer(
        &mut self,
        now: Instant,
        id: UsageId,
        refer: ReferId,
        status: u16,
    ) -> Result<(), UsageError> {
        self.command(now, id, |usage, ctx| usage.reject_refer(ctx, refer, status))
    }

    /// Tells the peer how the call it asked for goes: the status of its latest response, and whether that is the
    /// last word (any 2xx–6xx).
    ///
    /// # Errors
    /// If nobody listens any more: the peer wanted to hear nothing (RFC 4488), unsubscribed, or was told the end.
    pub fn notify_refer(
        &mut self,
        now: Instant,
        id: UsageId,
        refer: ReferId,
        status: u16,
        is_final: bool,
    ) -> Result<(), UsageError> {
        self.command(now, id, |usage, ctx| usage.notify_refer(ctx, refer, status, is_final))
    }
}
