//! Where a call goes: the answer to a lookup, and what happens when nobody takes the call.
//!
//! Of several ways on the first that exists is taken: back to the transferor who is still there, the recall of one
//! who left, the callee's forward, the end.

use std::time::Instant;

use ringdown_types::{EndReason, LegId, UserId};
use tracing::debug;

use crate::{
    Action, Destination, EndedBy, LookupTarget, Party, TransferProgress,
    call::{Call, Ending, State},
    fork::Plan,
    shared::Shared,
};

impl Call {
    /// Asks where something leads.
    pub(crate) fn look_up(&mut self, target: LookupTarget, by: UserId, shared: &mut Shared) {
        self.transition(State::Routing);
        self.rights = by;
        shared.action(Action::Lookup { call: self.id, target, by });
    }

    /// Goes where a number or a user leads.
    pub(crate) fn route(&mut self, now: Instant, destination: Destination, shared: &mut Shared) {
        debug_assert!(matches!(self.state, State::Routing), "only a call on its way is sent somewhere");
        match destination {
            Destination::User(mut callee) => {
                callee.auto_answer |= std::mem::take(&mut self.way.auto_answer);
                if self.anchor.is_some() || self.way.invitation.is_some() {
                    self.callee = Party::User(callee.user);
                }
                self.follow(now, Plan::person(callee), shared);
            }
            Destination::Group(group) => {
                self.callee = Party::Number(group.number.clone());
                self.follow(now, Plan::group(group, self.rights), shared);
            }
            Destination::Forwarded { user, to } => self.forward_at_once(now, (user, to), shared),
            Destination::EchoTest => self.start_echo_test(now, shared),
            Destination::Announcement(prompts) => self.start_announcement(now, prompts, shared),
            Destination::Room(plan) => self.start_conference(now, plan, shared),
            Destination::Deposit(plan) => {
                self.callee = Party::User(plan.mailbox);
                self.start_deposit(now, plan, shared);
            }
            Destination::Mailbox(plan) => self.start_mailbox(now, plan, shared),
            // What concerns other calls their owner has resolved; what is left concerns nobody.
            Destination::Park(_)
            | Destination::ParkSlot(_)
            | Destination::PickUp(_)
            | Destination::Replace { .. }
            | Destination::Completion { .. } => {
                self.nobody_takes_it(now, EndReason::NotFound, EndedBy::Switch, shared);
            }
            Destination::Refused(reason) => self.nobody_takes_it(now, reason, EndedBy::Switch, shared),
        }
    }

    /// Nobody takes the call where it went: it takes the next way there is.
    pub(crate) fn nobody_takes_it(
        &mut self,
        now: Instant,
        reason: EndReason,
        by: EndedBy,
        shared: &mut Shared,
    ) {
        self.end_called(Ending::told(reason, by), shared);
        let forward = match &self.state {
            State::Forking(fork) => fork.forward_on(reason),
            _ => None,
        };
        // A forward that leads nowhere tells the caller nothing: why it was followed does.
        let (reason, by) = match (reason, self.way.failure) {
            (EndReason::NotFound | EndReason::Forbidden, Some(first)) => first,
            _ => (reason, by),
        };
        self.way.failure.get_or_insert((reason, by));
        self.tell_watcher(TransferProgress::Failed(reason), shared);
        if let Some(watcher) = self.way.watcher {
            return self.give_back(now, watcher, shared);
        }
        if let Some(user) = self.way.recall.take() {
            self.way.recalled = true;
            self.way.last_resort = forward;
            debug!(call = %self.id, %reason, "nobody takes the transferred side: the transferor is rung");
            return self.look_up(LookupTarget::User(user), user, shared);
        }
        match forward.or_else(|| self.way.last_resort.take()) {
            Some(onward) if self.may_be_sent_on() => self.forward_after(reason, onward, shared),
            // That the transferor did not take the anchor back either is not why it ends.
            _ => {
                let first = self.way.failure.filter(|_| self.way.recalled);
                let (reason, by) = first.unwrap_or((reason, by));
                self.refuse(now, reason, by, shared);
            }
        }
    }

    /// The transferor is still there and talks with the anchor again.
    fn give_back(&mut self, now: Instant, watcher: LegId, shared: &mut Shared) {
        self.way.watcher = None;
        self.way.recall = None;
        if let Some(leg) = self.leg(watcher) {
            self.callee = Party::User(leg.user);
        }
        self.transition(State::Talking { partner: watcher });
        self.set_answered(now, Some(watcher), shared);
    }

    /// Tells a transferor who wants to know how it goes; after the outcome nothing more.
    pub(crate) fn tell_watcher(&mut self, progress: TransferProgress, shared: &mut Shared) {
        if let Some(leg) = self.way.informed {
            shared.action(Action::TransferProgress { leg, progress });
        }
        if progress != TransferProgress::Ringing {
            self.way.informed = None;
        }
    }

    /// The transfer succeeded; the transferor is not needed any more.
    pub(crate) fn dismiss_watcher(&mut self, shared: &mut Shared) {
        self.tell_watcher(TransferProgress::Answered, shared);
        self.way.recall = None;
        if let Some(watcher) = self.way.watcher.take() {
            self.end_leg(watcher, Ending::told(EndReason::Transferred, EndedBy::Local), shared);
        }
    }

    /// The transferor hung up without waiting for the outcome.
    pub(crate) fn watcher_leaves(&mut self, leg: LegId, ending: Ending, shared: &mut Shared) {
        self.way.watcher = None;
        let reason = if ending.reason == EndReason::Hangup { EndReason::Transferred } else { ending.reason };
        self.end_leg(leg, Ending { reason, ..ending }, shared);
    }
}
