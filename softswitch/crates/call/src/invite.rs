//! Inviting: a room calls somebody, who is in it as soon as they answer.
//!
//! An invitation is a call without an anchor: its devices ring for the inviter, and the one that answers becomes a
//! member. It lives as long as somebody is in the room, whoever invited.

use std::{sync::Arc, time::Instant};

use ringdown_types::{CallId, EndReason, LegId, Pii, RoomId, UserId, contain};

use crate::{
    CallControl, CommandError, Destination, EndedBy, Invitation, LegCommand, LookupTarget, Party,
    call::{Call, State},
    leg::Phase,
    room::RoomPlan,
    shared::Shared,
};

impl CallControl {
    /// Invites whoever a number reaches, with the rights of the leg's user. A leg in a room invites into it: any member
    /// may, and moderators alone while it is locked. Of two who talk a room is made first.
    ///
    /// # Errors
    /// When it cannot be done, or they may not; nothing changed then.
    pub fn handle_invite(
        &mut self,
        now: Instant,
        leg: LegId,
        to: Pii<Arc<str>>,
    ) -> Result<(RoomId, CallId), CommandError> {
        self.input_at(now);
        if to.0.is_empty() || to.0.len() > LegCommand::MAX_DIALLED_BYTES {
            return Err(CommandError::Invalid);
        }
        if self.call_count() + 2 >= self.limits().calls {
            return Err(CommandError::Full);
        }
        let id = self.call_of(leg).ok_or(CommandError::NoSuchLeg)?;
        let call = self.with_call(id).ok_or(CommandError::NoSuchLeg)?;
        let user = call.leg(leg).ok_or(CommandError::NoSuchLeg)?.user;
        let plan = match call.room() {
            Some(room) => self.may_invite(room, leg)?,
            None => self.make_room(now, leg)?,
        };
        let room = plan.room;
        let invitation = self.begin(now, None, user, Arc::clone(&to.0));
        let invited = Invitation {
            call: invitation,
            to: Party::Number(Pii(Arc::clone(&to.0))),
            by: user,
            is_ringing: false,
            since: now,
        };
        self.shared.rooms.invite(room, invited);
        self.with(invitation, |call, shared| {
            call.way.invitation = Some(plan);
            call.look_up(LookupTarget::Number(to), user, shared);
        });
        Ok((room, invitation))
    }

    /// Takes an invitation back: for whoever invited, and for moderators.
    ///
    /// # Errors
    /// When there is none (it may have been answered just now), or they may not; nothing changed then.
    pub fn handle_uninvite(
        &mut self,
        now: Instant,
        (room, invitation): (RoomId, CallId),
        by: UserId,
    ) -> Result<(), CommandError> {
        self.input_at(now);
        if !self.shared.rooms.exists(room) {
            return Err(CommandError::NoSuchRoom);
        }
        let invited = self.shared.rooms.invited(room).iter().find(|invited| invited.call == invitation);
        let invited = invited.ok_or(CommandError::NoSuchLeg)?;
        if invited.by != by && !self.shared.rooms.is_moderator(room, by) {
            return Err(CommandError::NotAllowed);
        }
        self.with(invitation, |call, shared| {
            call.refuse(now, EndReason::Cancelled, EndedBy::Local, shared);
        });
        Ok(())
    }

    /// What a room was made of, where this member may bring somebody into it.
    fn may_invite(&self, room: RoomId, leg: LegId) -> Result<Arc<RoomPlan>, CommandError> {
        let rooms = &self.shared.rooms;
        let plan = rooms.plan(room).ok_or(CommandError::NoSuchRoom)?;
        if rooms.is_locked(room) && !rooms.moderates(room, leg) {
            return Err(CommandError::NotAllowed);
        }
        if rooms.members(room).len() + rooms.invited(room).len() >= plan.max_members.max(2) {
            return Err(CommandError::Full);
        }
        Ok(plan)
    }

    /// Where an invitation leads: to people. A machine that answers for somebody would talk to the whole room.
    pub(crate) fn invited_to(&self, id: CallId, destination: Destination) -> Destination {
        let Some(plan) = self.with_call(id).and_then(|call| call.way.invitation.as_ref()) else {
            return destination;
        };
        let is_there = |user| self.shared.rooms.members(plan.room).iter().any(|member| member.user == user);
        match destination {
            Destination::User(callee) if is_there(callee.user) => Destination::Refused(EndReason::Busy),
            Destination::User(_)
            | Destination::Group(_)
            | Destination::Forwarded { .. }
            | Destination::Refused(_) => destination,
            _ => Destination::Refused(EndReason::NotFound),
        }
    }

    /// Nobody is in the room any more: whoever still rings for it rings in vain.
    pub(crate) fn end_invitations(&mut self, invited: Vec<Invitation>) {
        let Some(now) = self.now() else { return };
        for invited in invited {
            let Some(entry) = self.calls.get_mut(&invited.call) else { continue };
            let ended = contain(|| {
                entry.call.refuse(now, EndReason::Cancelled, EndedBy::Local, &mut self.shared);
            });
            if ended.is_err() {
                self.abandon(invited.call, "it panicked");
            }
            self.settle_one(invited.call);
        }
    }
}

impl Call {
    /// A device of somebody invited answered: it is a member from here on.
    pub(crate) fn invited_answers(
        &mut self,
        now: Instant,
        leg: LegId,
        plan: &Arc<RoomPlan>,
        shared: &mut Shared,
    ) {
        self.anchor = Some(leg);
        if let Some(leg) = self.leg(leg) {
            self.callee = Party::User(leg.user);
        }
        shared.rooms.uninvite(plan.room, self.id);
        self.join_conference(now, Arc::clone(plan), shared);
    }

    /// Lets the room know whom the invitation reaches and whether they ring.
    pub(crate) fn follow_invitation(&self, shared: &mut Shared) {
        if let Some(plan) = &self.way.invitation
            && matches!(self.state, State::Routing | State::Forking(_))
        {
            let is_ringing = self.called().any(|leg| leg.phase == Phase::Ringing);
            shared.rooms.note_invited(plan.room, self.id, &self.callee, is_ringing);
        }
    }
}
