//! Handing the other side on: blind (to a number), attended (to whoever another leg reaches).
//!
//! What was one call ends as [`EndReason::Transferred`], and the sides that go on are in a new call with a record of
//! its own. Its anchor is the side that was handed on; a blind one looks the number up with the transferor's rights,
//! and rings the transferor when nobody takes it.

use std::{sync::Arc, time::Instant};

use ringdown_types::{CallId, EndReason, LegId, Pii, UserId};

use crate::{
    CallControl, CommandError, EndedBy, LegCommand, LookupTarget, Party,
    call::{Call, Ending, State},
    leg::Leg,
    shared::Shared,
};

impl CallControl {
    /// Hands the partner of `leg` on to a number.
    pub(crate) fn transfer(
        &mut self,
        now: Instant,
        leg: LegId,
        to: Pii<Arc<str>>,
        stays: bool,
    ) -> Result<(), CommandError> {
        if to.0.is_empty() || to.0.len() > LegCommand::MAX_DIALLED_BYTES {
            return Err(CommandError::Invalid);
        }
        let (old, user, partner) = self.talking(leg)?;
        let Some(anchor) = self.take(old, partner) else { return Err(CommandError::WrongState) };
        let watcher = if stays { self.take(old, leg) } else { None };
        let caller = anchor.user;
        let id = self.begin(now, Some(anchor), caller, Arc::clone(&to.0));
        if let Some(watcher) = &watcher {
            self.place(watcher.id, id);
        }
        self.with(id, |call, shared| {
            call.way.recall = Some(user);
            call.way.watcher = watcher.as_ref().map(|leg| leg.id);
            call.way.informed = call.way.watcher;
            if let Some(watcher) = watcher {
                call.attach(watcher);
            }
            call.look_up(LookupTarget::Number(to), user, shared);
        });
        self.with(old, |call, shared| call.is_handed_on(now, leg, EndReason::Transferred, shared));
        Ok(())
    }

    /// Joins the partner of `leg` with the other side of `other`, which talks or rings.
    pub(crate) fn complete_transfer(
        &mut self,
        now: Instant,
        leg: LegId,
        other: LegId,
    ) -> Result<(), CommandError> {
        let (first, user, partner) = self.talking(leg)?;
        let second = self.call_of(other).ok_or(CommandError::NoSuchLeg)?;
        let consulted = self.with_call(second).ok_or(CommandError::NoSuchLeg)?;
        let is_theirs = consulted.leg(other).is_some_and(|leg| leg.user == user);
        if first == second || !is_theirs || !consulted.can_be_handed(other) {
            return Err(CommandError::WrongState);
        }
        let dialled = consulted.dialled();
        let Some(anchor) = self.take(first, partner) else { return Err(CommandError::WrongState) };
        let caller = anchor.user;
        let id = self.begin(now, Some(anchor), caller, dialled.0);
        self.move_destination(now, (second, other), id, user);
        self.settle(id);
        for (call, leg) in [(first, leg), (second, other)] {
            self.with(call, |call, shared| call.is_handed_on(now, leg, EndReason::Transferred, shared));
        }
        Ok(())
    }

    /// Everything `other` reached in its call goes to another call's anchor: a partner, or whoever rings.
    fn move_destination(&mut self, now: Instant, (from, other): (CallId, LegId), to: CallId, user: UserId) {
        let moved: Vec<LegId> = self
            .with_call(from)
            .map(|call| call.legs.iter().map(|leg| leg.id).filter(|id| *id != other).collect())
            .unwrap_or_default();
        let legs: Vec<Leg> = moved.into_iter().filter_map(|leg| self.take(from, leg)).collect();
        for leg in &legs {
            self.place(leg.id, to);
        }
        let Some(state) = self.change(from, |call, _| std::mem::replace(&mut call.state, State::Routing))
        else {
            return;
        };
        let callee = self.with_call(from).map(|call| call.callee.clone());
        self.change(to, |call, shared| {
            let partner = legs.first().map(|leg| (leg.id, leg.user));
            call.legs.extend(legs);
            call.callee = callee.unwrap_or_else(|| call.callee.clone());
            match (state, partner) {
                (State::Talking { .. }, Some((partner, user))) => {
                    call.callee = Party::User(user);
                    call.transition(State::Talking { partner });
                    call.set_answered(now, Some(partner), shared);
                }
                (state, _) => {
                    call.way.recall = Some(user);
                    call.transition(state);
                }
            }
        });
    }

    /// A leg's call, its user and the leg it talks with.
    pub(crate) fn talking(&self, leg: LegId) -> Result<(CallId, UserId, LegId), CommandError> {
        let id = self.call_of(leg).ok_or(CommandError::NoSuchLeg)?;
        let call = self.with_call(id).ok_or(CommandError::NoSuchLeg)?;
        let user = call.leg(leg).ok_or(CommandError::NoSuchLeg)?.user;
        let partner = call.partner(leg).ok_or(CommandError::WrongState)?.id;
        Ok((id, user, partner))
    }

    /// Takes a leg out of a call that is settled later.
    pub(crate) fn take(&mut self, call: CallId, leg: LegId) -> Option<Leg> {
        self.change(call, |call, shared| call.detach(leg, shared)).flatten()
    }
}

impl Call {
    /// Whether what this leg reached can be handed to somebody else: a partner, or devices that ring for it alone.
    fn can_be_handed(&self, leg: LegId) -> bool {
        match self.state {
            State::Talking { .. } => self.partner(leg).is_some(),
            State::Forking(_) => self.anchor == Some(leg) && self.way.watcher.is_none(),
            _ => false,
        }
    }

    /// What is left of a call whose other side goes on elsewhere: the leg that handed it on, unless it moved too.
    pub(crate) fn is_handed_on(&mut self, now: Instant, leg: LegId, reason: EndReason, shared: &mut Shared) {
        let by = if Some(leg) == self.anchor { EndedBy::Local } else { EndedBy::Remote };
        self.end_leg(leg, Ending::told(reason, EndedBy::Local), shared);
        self.finish(now, reason, by, shared);
    }
}
