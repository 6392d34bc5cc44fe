//! Merging: a user's two calls become one conference.
//!
//! The user's first leg goes on, the second ends; the partners stay. Each of them is in a call of its own then, as
//! every member of a room is, and what were two calls end as [`EndReason::Transferred`].

use std::{sync::Arc, time::Instant};

use ringdown_types::{EndReason, LegId, Pii, RoomId, UserId};

use crate::{CallControl, CommandError, leg::Leg, room::RoomPlan};

impl CallControl {
    /// Makes a conference of the calls that two legs of one user are in, or brings the partner of `other` into the room
    /// that `leg` is in.
    ///
    /// # Errors
    /// When the legs are not of one user, `other` does not talk with anybody, or `leg` neither talks nor is in a room;
    /// nothing changed then.
    pub fn handle_merge(&mut self, now: Instant, leg: LegId, other: LegId) -> Result<RoomId, CommandError> {
        self.input_at(now);
        let first = self.call_of(leg).ok_or(CommandError::NoSuchLeg)?;
        let (second, user, partner) = self.talking(other)?;
        let asked = self.with_call(first).ok_or(CommandError::NoSuchLeg)?;
        let is_theirs = asked.leg(leg).is_some_and(|leg| leg.user == user);
        if first == second || !is_theirs {
            return Err(CommandError::WrongState);
        }
        let plan = if let Some(plan) = asked.room().and_then(|room| self.shared.rooms.plan(room)) {
            plan
        } else {
            self.make_room(now, leg)?
        };
        if let Some(member) = self.take(second, partner) {
            self.seat(now, member, &plan);
        }
        self.with(second, |call, shared| call.is_handed_on(now, other, EndReason::Transferred, shared));
        // Who held the room to ask somebody is in it again; a leg that was seated is in another call by now.
        self.with(first, |call, _| call.leg(leg).is_some().then(|| call.set_held(leg, false)));
        Ok(plan.room)
    }

    /// Makes a room of two who talk: the leg's user moderates it.
    pub(crate) fn make_room(&mut self, now: Instant, leg: LegId) -> Result<Arc<RoomPlan>, CommandError> {
        let (id, user, partner) = self.talking(leg)?;
        let plan = Arc::new(self.made_room(user));
        for member in [leg, partner] {
            if let Some(member) = self.take(id, member) {
                self.seat(now, member, &plan);
            }
        }
        self.with(id, |call, shared| call.is_handed_on(now, leg, EndReason::Transferred, shared));
        Ok(plan)
    }

    /// A leg that was answered becomes a member of a room.
    fn seat(&mut self, now: Instant, mut leg: Leg, plan: &Arc<RoomPlan>) {
        // Whom it held is in the room too.
        leg.held = false;
        let user = leg.user;
        let id = self.begin(now, Some(leg), user, Arc::clone(&plan.number.0));
        let plan = Arc::clone(plan);
        self.with(id, |call, shared| call.start_conference(now, plan, shared));
    }

    /// A room that no directory knows: whoever makes it moderates it.
    fn made_room(&mut self, user: UserId) -> RoomPlan {
        RoomPlan {
            room: self.shared.new_room_id(),
            number: Pii(Arc::from(MADE_ROOM)),
            pin: None,
            moderator_pin: None,
            moderators: vec![user],
            max_members: MAX_MEMBERS,
        }
    }
}

/// What members see in a number's place.
const MADE_ROOM: &str = "conference";

/// The most members of a room that merging made.
const MAX_MEMBERS: usize = 20;
