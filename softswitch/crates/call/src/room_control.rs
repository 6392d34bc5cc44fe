//! Rooms from outside: what moderators ask of them, and how changes reach their members.

use std::time::Instant;

use ringdown_types::{LegId, MixId, RoomId, UserId, contain};

use crate::{Action, CallControl, CommandError, Notice, RoomCommand, RoomView};

impl CallControl {
    /// A person wants something of a room.
    ///
    /// # Errors
    /// When it cannot be done, or they may not; nothing changed then.
    pub fn handle_room_command(
        &mut self,
        now: Instant,
        room: RoomId,
        by: UserId,
        command: RoomCommand,
    ) -> Result<(), CommandError> {
        self.input_at(now);
        let rooms = &mut self.shared.rooms;
        if !rooms.exists(room) {
            return Err(CommandError::NoSuchRoom);
        }
        let member = |leg| rooms.members(room).iter().find(move |member| member.leg == leg);
        let is_own = match command {
            RoomCommand::Mute { leg, .. } => member(leg).is_some_and(|member| member.user == by),
            RoomCommand::Gain { .. } | RoomCommand::Remove { .. } | RoomCommand::Lock(_) => false,
        };
        let moderates = rooms.is_moderator(room, by);
        if !is_own && !moderates {
            return Err(CommandError::NotAllowed);
        }
        let call_of = |leg| rooms.call_of(room, leg).ok_or(CommandError::NoSuchLeg);
        match command {
            // A microphone that its owner switched off, nobody else switches on.
            RoomCommand::Mute { leg, muted } if !is_own => {
                call_of(leg)?;
                if let Some(action) = rooms.silence(room, leg, muted) {
                    self.shared.action(action);
                }
            }
            RoomCommand::Mute { leg, muted } => {
                let call = call_of(leg)?;
                if !muted && rooms.is_silenced(room, leg) {
                    if !moderates {
                        return Err(CommandError::NotAllowed);
                    }
                    if let Some(action) = rooms.silence(room, leg, false) {
                        self.shared.action(action);
                    }
                }
                self.with(call, |call, shared| call.set_muted(leg, muted, shared)).unwrap_or(Ok(()))?;
            }
            RoomCommand::Gain { leg, decibels } => {
                call_of(leg)?;
                if !GAINS.contains(&decibels) {
                    return Err(CommandError::Invalid);
                }
                if let Some(action) = rooms.set_gain(room, leg, decibels) {
                    self.shared.action(action);
                }
            }
            RoomCommand::Remove { leg } => {
                let call = call_of(leg)?;
                self.shared.remove_from_room(call);
            }
            RoomCommand::Lock(is_locked) => rooms.set_locked(room, is_locked),
        }
        self.settle_rooms();
        Ok(())
    }

    /// The mix of the room a number reaches, and who came first of those in it, if somebody is.
    pub fn room_reached_by(&self, number: &str) -> Option<(MixId, LegId)> {
        self.shared.rooms.reached_by(number)
    }

    /// A room's mix, for somebody who wants to do something with all of it: a moderator, or an administrator (`None`).
    ///
    /// # Errors
    /// Where there is nobody in the room, nobody to talk with, or they may not.
    pub fn room_mix(&self, room: RoomId, by: Option<UserId>) -> Result<MixId, CommandError> {
        let rooms = &self.shared.rooms;
        if !rooms.exists(room) {
            return Err(CommandError::NoSuchRoom);
        }
        if by.is_some_and(|by| !rooms.is_moderator(room, by)) {
            return Err(CommandError::NotAllowed);
        }
        rooms.mix(room).ok_or(CommandError::WrongState)
    }

    /// Whether somebody may do something with one member of a room: a moderator of the room the leg is in, or an
    /// administrator (`None`).
    ///
    /// # Errors
    /// Where there is no such leg, or they may not.
    pub fn check_moderates(&self, leg: LegId, by: Option<UserId>) -> Result<(), CommandError> {
        self.leg(leg).ok_or(CommandError::NoSuchLeg)?;
        let Some(by) = by else { return Ok(()) };
        let is_in = |room: &RoomView| room.members.iter().any(|member| member.leg == leg);
        let room = self.rooms().find(is_in).ok_or(CommandError::NotAllowed)?;
        if self.shared.rooms.is_moderator(room.room, by) { Ok(()) } else { Err(CommandError::NotAllowed) }
    }

    /// Every room with somebody in it.
    pub fn rooms(&self) -> impl Iterator<Item = RoomView> {
        self.shared.rooms.views()
    }

    /// Lets what one caller did reach everybody in their room: whoever is alone hears music, others each other.
    pub(crate) fn settle_rooms(&mut self) {
        loop {
            while let (Some(now), Some(call)) = (self.now(), self.shared.take_removal()) {
                if let Some(entry) = self.calls.get_mut(&call)
                    && contain(|| entry.call.remove_from_room(now, &mut self.shared)).is_err()
                {
                    self.abandon(call, "it panicked");
                }
                self.settle_one(call);
            }
            let Some(room) = self.shared.rooms.take_changed() else { break };
            let calls: Vec<_> = self.shared.rooms.members(room).iter().map(|member| member.call).collect();
            for call in calls {
                if let Some(entry) = self.calls.get_mut(&call)
                    && contain(|| entry.call.follow_room(&self.shared)).is_err()
                {
                    self.abandon(call, "it panicked");
                }
                self.settle_one(call);
            }
            if let Some(mut view) = self.shared.rooms.view_of_changed(room) {
                if view.members.is_empty() {
                    self.end_invitations(std::mem::take(&mut view.invited));
                }
                self.shared.notice(Notice::RoomChanged(view));
            }
        }
        for action in self.shared.rooms.take_lifted() {
            let (Action::Mute { leg, .. } | Action::SetGain { leg, .. }) = action else { continue };
            if self.call_of(leg).is_some() {
                self.shared.action(action);
            }
        }
        for tone in self.shared.rooms.take_tones() {
            self.shared.action(tone);
        }
    }
}

/// How loud a moderator may make a member, in decibels. Less is silence, more is noise.
const GAINS: std::ops::RangeInclusive<i8> = -60..=20;
