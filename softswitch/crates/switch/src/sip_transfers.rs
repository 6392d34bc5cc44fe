//! What a telephone's REFER and Replaces mean for calls: transfers, and taking the place of a leg.
//!
//! A REFER is never passed on: the switch is the other side of every dialog, so it does what was asked itself, with
//! the telephone's rights, and tells how it goes.

use std::time::Instant;

use ringdown_call::{CommandError, Destination, LegCommand, OfferError, OfferedCall, TransferProgress};
use ringdown_sip::invite::{ReferId, Referral, UsageId};
use ringdown_types::{CallId, EndReason, LegId};
use tracing::debug;

use crate::{Switch, routing::Caller};

/// A REFER whose outcome its telephone waits for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Referred {
    usage: UsageId,
    refer: ReferId,
    /// The call that goes to the target.
    call: CallId,
}

impl Switch {
    /// A telephone hands its partner on: to a number (RFC 5589 §6), or to whoever another of its calls reached (§7).
    pub(crate) fn referred(&mut self, now: Instant, leg: LegId, referral: &Referral) {
        let Some(usage) = self.legs.sip(leg).map(|sip| sip.usage) else { return };
        let attended = referral.replaces.map(|replaced| self.sip.legs.get(&replaced).copied());
        let asked = match attended {
            Some(Some(other)) => LegCommand::CompleteTransfer { other },
            Some(None) => return self.refuse_refer(now, leg, (usage, referral.id), 481),
            None => match self.own_number(std::slice::from_ref(&referral.target)) {
                Some(to) => LegCommand::Transfer { to, stays: true },
                // Nobody outside is reachable, whatever their number is here.
                None if referral.target.called_number().is_some() => {
                    return self.refuse_refer(now, leg, (usage, referral.id), 403);
                }
                None => return self.refuse_refer(now, leg, (usage, referral.id), 400),
            },
        };
        if let Err(error) = self.calls.handle_command(now, leg, asked) {
            let status = match error {
                CommandError::Invalid => 400,
                CommandError::NoSuchLeg => 481,
                CommandError::WrongState
                | CommandError::Full
                | CommandError::NoSuchRoom
                | CommandError::NotAllowed => 603,
            };
            return self.refuse_refer(now, leg, (usage, referral.id), status);
        }
        let accepted = self.sip.agent.accept_refer(now, usage, referral.id);
        self.note_failure(leg, accepted);
        match self.calls.call_of(leg) {
            Some(call) if attended.is_none() => {
                self.referrals.insert(leg, Referred { usage, refer: referral.id, call });
            }
            // Both sides are joined already.
            _ => self.tell_referrer(now, (usage, referral.id), 200, true),
        }
    }

    /// How a transfer goes that a telephone asked for (RFC 3515 §2.4.4).
    pub(crate) fn transfer_progressed(&mut self, now: Instant, leg: LegId, progress: TransferProgress) {
        let (status, is_final) = match progress {
            TransferProgress::Ringing => (180, false),
            TransferProgress::Answered => (200, true),
            TransferProgress::Failed(reason) => (reason.sip_status(), true),
        };
        let Some(Referred { usage, refer, .. }) = self.referrals.get(&leg).copied() else { return };
        if is_final {
            self.referrals.remove(&leg);
        }
        self.tell_referrer(now, (usage, refer), status, is_final);
    }

    /// A call is over: nobody waits for its outcome any more.
    pub(crate) fn forget_referrals(&mut self, over: CallId) {
        self.referrals.retain(|_, referred| referred.call != over);
    }

    /// A telephone calls in the place of a leg (RFC 3891). A ringing one anybody may answer, as with the pick-up code;
    /// one that talks only its own user may take over.
    pub(crate) fn place_call_replacing(
        &mut self,
        now: Instant,
        caller: Caller,
        (replaced, dialled): (LegId, String),
    ) -> Result<CallId, OfferError> {
        let taken = self.calls.leg(replaced);
        let is_own = taken.as_ref().is_some_and(|leg| leg.user == caller.user);
        let talks = taken.is_some_and(|leg| leg.answered_at.is_some());
        let destination = if talks && !is_own {
            // "If the initiator of the new INVITE is not authorized, … a 403." RFC 3891 §3
            Destination::Refused(EndReason::Forbidden)
        } else {
            Destination::Replace { leg: replaced, early_only: !is_own }
        };
        let offer = OfferedCall {
            leg: caller.leg,
            user: caller.user,
            device: caller.device,
            dialled,
            destination,
            wants_generated_ringback: !caller.makes_ringback,
        };
        self.calls.handle_offer(now, offer)
    }

    fn tell_referrer(
        &mut self,
        now: Instant,
        (usage, refer): (UsageId, ReferId),
        status: u16,
        is_final: bool,
    ) {
        if let Err(error) = self.sip.agent.notify_refer(now, usage, refer, status, is_final) {
            debug!(%usage, %error, "nobody listens how a transfer goes");
        }
    }

    fn refuse_refer(&mut self, now: Instant, leg: LegId, (usage, refer): (UsageId, ReferId), status: u16) {
        let refused = self.sip.agent.reject_refer(now, usage, refer, status);
        self.note_failure(leg, refused);
    }
}
