//! Taking somebody else's call: one that rings, one that is parked, or one that another device is in.
//!
//! Whoever takes a call that nobody has answered joins it; no call of their own is made. Who takes the place of a leg
//! that was answered begins a new call.

use std::time::Instant;

use ringdown_types::{CallId, EndReason, LegId, UserId};

use crate::{
    Action, CallControl, Destination, EndedBy, Party,
    call::{Call, Ending, State},
    leg::{Leg, Phase},
    shared::Shared,
};

/// A call somebody can join, and how.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Joint {
    /// It rings: in the place of the devices that ring.
    Ringing(CallId),
    /// It is parked: as the partner of the parked side.
    Parked(CallId),
    /// In the place of one of two answered legs.
    Answered(CallId, LegId),
}

impl CallControl {
    /// The call a destination leads into; `None` where it leads to none.
    pub(crate) fn joint(&self, destination: &Destination) -> Option<Joint> {
        match destination {
            Destination::PickUp(users) => self.longest_ringing(users).map(Joint::Ringing),
            Destination::ParkSlot(slot) => self.slots.get(slot).copied().map(Joint::Parked),
            Destination::Replace { leg, early_only } => {
                let id = self.call_of(*leg)?;
                let call = self.with_call(id)?;
                let rings = call.can_be_picked_up() && call.called().any(|called| called.id == *leg);
                if rings {
                    return Some(Joint::Ringing(id));
                }
                (!early_only && call.partner(*leg).is_some()).then_some(Joint::Answered(id, *leg))
            }
            _ => None,
        }
    }

    fn longest_ringing(&self, users: &[UserId]) -> Option<CallId> {
        self.each_call()
            .filter(|call| call.can_be_picked_up() && call.called().any(|leg| users.contains(&leg.user)))
            .min_by_key(|call| (call.started_at, call.id))
            .map(|call| call.id)
    }

    /// Joins a call with a leg that is in none. Gives the call the leg is in.
    pub(crate) fn join(&mut self, now: Instant, leg: Leg, joint: Joint) -> CallId {
        match joint {
            Joint::Ringing(id) => {
                self.place(leg.id, id);
                self.with(id, |call, shared| call.is_picked_up(now, leg, shared));
                id
            }
            Joint::Parked(id) => {
                self.place(leg.id, id);
                self.with(id, |call, shared| call.is_retrieved(now, leg, shared));
                id
            }
            Joint::Answered(old, replaced) => self.replace(now, leg, old, replaced),
        }
    }

    /// Takes a call's anchor to another call that it leads into.
    pub(crate) fn move_anchor(&mut self, now: Instant, from: CallId, joint: Joint) {
        let Some(anchor) = self.change(from, |call, shared| {
            call.dismiss_watcher(shared);
            call.anchor.and_then(|anchor| call.detach(anchor, shared))
        }) else {
            return;
        };
        if let Some(anchor) = anchor {
            self.join(now, anchor, joint);
        }
        self.with(from, |call, shared| call.finish(now, EndReason::Transferred, EndedBy::Local, shared));
    }

    /// RFC 3891 §3: the new leg takes the place of the old one, which ends.
    fn replace(&mut self, now: Instant, leg: Leg, old: CallId, replaced: LegId) -> CallId {
        let partner = self.with_call(old).and_then(|call| call.partner(replaced)).map(|leg| leg.id);
        let partner = partner.and_then(|partner| self.take(old, partner));
        let (user, id) = (leg.user, leg.id);
        let was_active = leg.is_active();
        let dialled = self.with_call(old).map(|call| call.dialled().0).unwrap_or_default();
        let new = self.begin(now, Some(leg), user, dialled);
        if let Some(partner) = partner {
            self.place(partner.id, new);
            self.with(new, |call, shared| {
                let other = partner.id;
                call.callee = Party::User(partner.user);
                call.attach(partner);
                call.transition(State::Talking { partner: other });
                call.set_answered(now, Some(other), shared);
            });
        }
        debug_assert!(was_active || self.leg(id).is_some_and(|leg| leg.answered_at.is_some()));
        self.with(old, |call, shared| {
            call.is_handed_on(now, replaced, EndReason::Transferred, shared);
        });
        new
    }
}

impl Call {
    /// Whether others may take it. A user's own devices that ring for a call they asked for are nobody else's.
    fn can_be_picked_up(&self) -> bool {
        matches!(self.state, State::Forking(_)) && self.anchor.is_some()
    }

    fn is_picked_up(&mut self, now: Instant, leg: Leg, shared: &mut Shared) {
        self.end_called(Ending::told(EndReason::AnsweredElsewhere, EndedBy::Switch), shared);
        self.talk_with(now, leg, shared);
        self.dismiss_watcher(shared);
    }

    fn is_retrieved(&mut self, now: Instant, leg: Leg, shared: &mut Shared) {
        self.way.recall = None;
        self.talk_with(now, leg, shared);
    }

    /// The anchor talks with a leg that came from elsewhere.
    fn talk_with(&mut self, now: Instant, mut leg: Leg, shared: &mut Shared) {
        let (id, is_answered) = (leg.id, leg.is_active());
        self.callee = Party::User(leg.user);
        if !is_answered {
            leg.phase = Phase::Active { since: now };
        }
        self.attach(leg);
        self.transition(State::Talking { partner: id });
        self.set_answered(now, Some(id), shared);
        if !is_answered {
            shared.action(Action::AnswerLeg { leg: id, callee: self.anchor });
        }
    }
}
