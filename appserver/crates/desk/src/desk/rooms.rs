//! Conference rooms for their members: who is in them, and what may be done there. Rights are the softswitch's to judge.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Instant,
};

use ringdown_control::{self as control, Command};
use ringdown_protocol::{ErrorCode, ErrorInfo, Method, Push, RoomInvitation, RoomMember, RoomState};
use ringdown_types::{EndReason, LegId, NodeId, RoomId, SessionId, UserId};
use serde_json::Value;

use super::{
    ConnId, Desk,
    requests::{bad_request, check_number},
};
use crate::{leg::peer_info, pending::Waiter};

/// Rooms with somebody in them; bounded by the calls there are.
pub(super) type Rooms = BTreeMap<RoomId, (NodeId, control::RoomInfo)>;

impl Desk {
    /// The requests of this file.
    pub(super) fn dispatch_room(
        &mut self,
        now: Instant,
        (conn, session): (ConnId, SessionId),
        request: u32,
        method: Method,
    ) -> Result<Option<Value>, ErrorInfo> {
        let waiter = Waiter::Plain { conn, request };
        let Some(by) = self.user_of(session) else { return Ok(None) };
        let (node, command) = match method {
            Method::CallMerge(params) => {
                let other = self.own_leg(session, &params.other)?;
                return self.command(now, session, &params.call, waiter, |leg| Command::Merge { leg, other });
            }
            Method::RoomMute(params) => {
                let (node, room) = self.room_of(by, &params.room)?;
                let leg = member(&params.member)?;
                (node, Command::RoomMute { room, leg, muted: params.muted, by })
            }
            Method::RoomGain(params) => {
                let (node, room) = self.room_of(by, &params.room)?;
                let leg = member(&params.member)?;
                (node, Command::RoomGain { room, leg, decibels: params.decibels, by })
            }
            Method::RoomRemove(params) => {
                let (node, room) = self.room_of(by, &params.room)?;
                (node, Command::RoomRemove { room, leg: member(&params.member)?, by })
            }
            Method::RoomInvite(params) => {
                let to = check_number(&params.to)?;
                return self.command(now, session, &params.call, waiter, |leg| Command::Invite { leg, to });
            }
            Method::RoomUninvite(params) => {
                let (node, room) = self.room_of(by, &params.room)?;
                let invitation = params.invitation.parse();
                let invitation =
                    invitation.map_err(|_| bad_request("an invitation is 32 hexadecimal digits"))?;
                (node, Command::Uninvite { room, invitation, by })
            }
            Method::RoomLock(params) => {
                let (node, room) = self.room_of(by, &params.room)?;
                (node, Command::RoomLock { room, locked: params.locked, by })
            }
            _ => return Err(ErrorInfo::new(ErrorCode::UnknownMethod, "no such method")),
        };
        self.send(now, node, session, command, waiter)
    }

    /// A room the user is in. Any other is as unknown as one that never was.
    fn room_of(&self, user: UserId, room: &str) -> Result<(NodeId, RoomId), ErrorInfo> {
        let room: RoomId = room.parse().map_err(|_| bad_request("a room is 32 hexadecimal digits"))?;
        let known = self.rooms.get(&room).filter(|(_, info)| is_in(info, user));
        known
            .map(|(node, _)| (*node, room))
            .ok_or_else(|| ErrorInfo::new(ErrorCode::NoSuchCall, "you are in no such room"))
    }

    pub(super) fn handle_room(&mut self, now: Instant, node: NodeId, info: control::RoomInfo) {
        let before = self.rooms.remove(&info.room).map(|(_, before)| before);
        let told: BTreeSet<UserId> = before.iter().flat_map(users).chain(users(&info)).collect();
        let state = shown(&info);
        let were_in: Vec<UserId> = before.iter().flat_map(users).collect();
        self.follow_room(now, &were_in, &info);
        let legs = before.iter().flat_map(|info| &info.members).chain(&info.members).map(|member| member.leg);
        let legs: BTreeSet<LegId> = legs.collect();
        if !info.members.is_empty() {
            self.rooms.insert(info.room, (node, info));
        }
        for session in told.into_iter().flat_map(|user| self.sessions_of(user)).collect::<Vec<_>>() {
            self.push(session, Push::Room { room: state.clone() });
        }
        self.tell_recorded_room(&legs);
    }

    /// Somebody who was invited does not come: those in the room are told.
    pub(super) fn handle_invitation_ended(
        &mut self,
        room: RoomId,
        invitation: &control::InvitationInfo,
        reason: EndReason,
    ) {
        let Some((_, info)) = self.rooms.get(&room) else { return };
        let members: BTreeSet<UserId> = users(info).collect();
        for session in members.into_iter().flat_map(|user| self.sessions_of(user)).collect::<Vec<_>>() {
            let invitation = shown_invitation(invitation);
            let (room, reason) = (room.to_string(), reason.name().to_owned());
            self.push(session, Push::RoomInvitation { room, invitation, reason });
        }
    }

    pub(super) fn handle_room_talking(&mut self, room: RoomId, leg: LegId, is_talking: bool) {
        let Some((_, info)) = self.rooms.get(&room) else { return };
        let members: BTreeSet<UserId> = users(info).collect();
        for session in members.into_iter().flat_map(|user| self.sessions_of(user)).collect::<Vec<_>>() {
            let push = Push::RoomTalking { room: room.to_string(), member: leg.to_string(), is_talking };
            self.push(session, push);
        }
    }

    /// A softswitch says which rooms it has, or is over and has none.
    pub(super) fn set_rooms(&mut self, now: Instant, node: NodeId, rooms: Vec<control::RoomInfo>) {
        let named: BTreeSet<RoomId> = rooms.iter().map(|info| info.room).collect();
        let gone = self.rooms.iter().filter(|(room, (other, _))| *other == node && !named.contains(room));
        let gone: Vec<_> = gone.map(|(_, (_, info))| info.clone()).collect();
        for info in gone {
            self.handle_room(
                now,
                node,
                control::RoomInfo { members: Vec::new(), invited: Vec::new(), ..info },
            );
        }
        for info in rooms {
            if self.rooms.get(&info.room).is_none_or(|(_, known)| *known != info) {
                self.handle_room(now, node, info);
            }
        }
    }

    /// The rooms a user is in, as clients see them.
    pub(super) fn rooms_of(&self, user: UserId) -> Vec<RoomState> {
        self.rooms.values().map(|(_, info)| info).filter(|info| is_in(info, user)).map(shown).collect()
    }
}

fn member(text: &str) -> Result<LegId, ErrorInfo> {
    text.parse().map_err(|_| bad_request("a member is 32 hexadecimal digits"))
}

fn users(info: &control::RoomInfo) -> impl Iterator<Item = UserId> {
    info.members.iter().filter_map(|member| member.party.user)
}

fn is_in(info: &control::RoomInfo, user: UserId) -> bool {
    users(info).any(|member| member == user)
}

fn shown(info: &control::RoomInfo) -> RoomState {
    let member = |member: &control::RoomMemberInfo| RoomMember {
        id: member.leg.to_string(),
        party: peer_info(&member.party),
        is_moderator: member.is_moderator,
        is_muted: member.is_muted,
        is_silenced: member.is_silenced,
        gain: member.gain,
        since: member.since,
    };
    RoomState {
        room: info.room.to_string(),
        number: info.number.0.clone(),
        is_locked: info.is_locked,
        members: info.members.iter().map(member).collect(),
        invited: info.invited.iter().map(shown_invitation).collect(),
    }
}

fn shown_invitation(invited: &control::InvitationInfo) -> RoomInvitation {
    RoomInvitation {
        id: invited.call.to_string(),
        party: peer_info(&invited.party),
        by: invited.by.to_string(),
        is_ringing: invited.is_ringing,
        since: invited.since,
    }
}
