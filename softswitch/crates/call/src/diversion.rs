//! Calls that are sent on: by a user's forward, a group's overflow, a telephone that redirects.

use std::{sync::Arc, time::Instant};

use ringdown_types::{EndReason, LegId, Pii, UserId};
use tracing::debug;

use crate::{
    EndedBy, LookupTarget, Party,
    call::{Call, Ending, State},
    shared::Shared,
};

/// One step of a call's way: who sent it on, and why (RFC 5806, RFC 7044).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diversion {
    /// Whom the call was for.
    pub from: Party,
    /// Why it went on.
    pub reason: DiversionReason,
}

/// Why a call was sent on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiversionReason {
    /// All calls are.
    Always,
    /// The callee is busy or declined.
    Busy,
    /// Nobody answered in time.
    NoAnswer,
    /// No device can be reached.
    Offline,
    /// The ringing device said where to (302).
    Deflected,
}

impl DiversionReason {
    /// Whether the call went by its callee. One who had it sent on themselves missed nothing.
    pub(crate) const fn is_missed(self) -> bool {
        matches!(self, Self::Busy | Self::NoAnswer | Self::Offline)
    }

    /// Why a forward is followed after this refusal.
    const fn after(reason: EndReason) -> Self {
        match reason {
            EndReason::Busy | EndReason::Declined => Self::Busy,
            EndReason::NoAnswer => Self::NoAnswer,
            _ => Self::Offline,
        }
    }
}

impl Call {
    /// The callee forwards every call.
    pub(crate) fn forward_at_once(
        &mut self,
        now: Instant,
        (user, to): (UserId, Pii<Arc<str>>),
        shared: &mut Shared,
    ) {
        self.callee = Party::User(user);
        if !self.may_be_sent_on() {
            return self.nobody_takes_it(now, EndReason::Busy, EndedBy::Switch, shared);
        }
        self.send_on(DiversionReason::Always, (to, user), shared);
    }

    /// Nobody took the call for this reason; it goes on.
    pub(crate) fn forward_after(
        &mut self,
        reason: EndReason,
        onward: (Pii<Arc<str>>, UserId),
        shared: &mut Shared,
    ) {
        self.send_on(DiversionReason::after(reason), onward, shared);
    }

    /// A ringing device says where its user is to be reached instead. In a group that is a member's word about
    /// themselves: they do not take the call.
    pub(crate) fn deflect(&mut self, now: Instant, leg: LegId, to: Pii<Arc<str>>, shared: &mut Shared) {
        let Some(user) = self.unanswered_callee(leg) else { return };
        let signalled = Ending { reason: EndReason::Declined, by: EndedBy::Local, signalled: true };
        if self.is_for_a_group() || !self.may_be_sent_on() {
            if self.decline(now, leg, signalled, shared).is_err() {
                debug!(call = %self.id, %leg, "redirection dropped: the leg is not ringing");
            }
            return;
        }
        self.end_leg(leg, signalled, shared);
        self.end_called(Ending::told(EndReason::DeclinedElsewhere, EndedBy::Switch), shared);
        // Should it lead nowhere, the caller hears what the telephone meant.
        self.way.failure.get_or_insert((EndReason::Declined, EndedBy::Remote));
        self.send_on(DiversionReason::Deflected, (to, user), shared);
    }

    /// Whether the call was sent on less often than it may be.
    pub(crate) fn may_be_sent_on(&self) -> bool {
        (self.anchor.is_some() || self.way.invitation.is_some()) && self.way.diversions.len() < MAX_DIVERSIONS
    }

    fn send_on(
        &mut self,
        reason: DiversionReason,
        (number, by): (Pii<Arc<str>>, UserId),
        shared: &mut Shared,
    ) {
        self.way.diversions.push(Diversion { from: self.callee.clone(), reason });
        debug!(call = %self.id, ?reason, times = self.way.diversions.len(), "sent on");
        self.look_up(LookupTarget::Onward(number), by, shared);
    }

    fn is_for_a_group(&self) -> bool {
        matches!(&self.state, State::Forking(fork) if fork.is_for_a_group())
    }
}

/// How often one call is sent on. Fewer break honest chains of forwards, more let a loop of them ring for minutes.
const MAX_DIVERSIONS: usize = 8;
