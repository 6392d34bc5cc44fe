//! Conference rooms: who is in them. A room exists from its first member to its last.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Instant,
};

use ringdown_types::{CallId, LegId, MixId, Pii, RoomId, ToneId, UserId};

use crate::{Action, Party, PlaySource, pin::Pin};

/// What is known of a room before anybody is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomPlan {
    /// The room.
    pub room: RoomId,
    /// The number that reaches it, as members see it.
    pub number: Pii<Arc<str>>,
    /// What everybody must press to enter; `None` where everybody may.
    pub pin: Option<Pin>,
    /// What makes whoever presses it a moderator.
    pub moderator_pin: Option<Pin>,
    /// Who moderates without a PIN. Where nobody does and there is no PIN for it, whoever comes first does.
    pub moderators: Vec<UserId>,
    /// The most members, 2 at least.
    pub max_members: usize,
}

/// A room as others see it. One without members is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomView {
    /// The room.
    pub room: RoomId,
    /// The number that reaches it.
    pub number: Pii<Arc<str>>,
    /// Whether only moderators may enter.
    pub is_locked: bool,
    /// Who is in it, in the order they came.
    pub members: Vec<RoomMember>,
    /// Who was invited and has not answered yet.
    pub invited: Vec<Invitation>,
}

/// Somebody whom a room calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// The call that reaches them.
    pub call: CallId,
    /// Who it is, or what was dialled while that is not known.
    pub to: Party,
    /// Who invited them.
    pub by: UserId,
    /// Whether one of their devices rings.
    pub is_ringing: bool,
    /// Since when they are called.
    pub since: Instant,
}

/// A member of a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomMember {
    /// The member's leg.
    pub leg: LegId,
    /// Its call.
    pub call: CallId,
    /// Who it is.
    pub user: UserId,
    /// Whether it may mute, remove and lock.
    pub is_moderator: bool,
    /// Whether it muted itself.
    pub is_muted: bool,
    /// Whether a moderator muted it, which it cannot undo.
    pub is_silenced: bool,
    /// How loud the others hear it, in decibels.
    pub gain: i8,
    /// Since when it is there.
    pub since: Instant,
}

impl RoomMember {
    /// What does not hold outside the room.
    fn lifted(&self) -> impl Iterator<Item = Action> {
        let leg = self.leg;
        let unmute = (self.is_silenced && !self.is_muted).then_some(Action::Mute { leg, muted: false });
        let gain = (self.gain != 0).then_some(Action::SetGain { leg, decibels: 0 });
        unmute.into_iter().chain(gain)
    }
}

/// Why somebody may not enter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Closed {
    Locked,
    Full,
}

#[derive(Debug)]
struct Room {
    plan: Arc<RoomPlan>,
    mix: MixId,
    is_locked: bool,
    members: Vec<RoomMember>,
    /// Bounded by the room's size: members and invited are no more than may be in it.
    invited: Vec<Invitation>,
}

/// Every room with somebody in it.
#[derive(Debug, Default)]
pub(crate) struct Rooms {
    rooms: BTreeMap<RoomId, Room>,
    by_leg: BTreeMap<LegId, RoomId>,
    /// Rooms that changed since their members were last told.
    changed: BTreeSet<RoomId>,
    /// What held for members in their room and does not outside it.
    lifted: Vec<Action>,
    /// Tones for rooms whose members are all in the mix by the time they are played.
    tones: Vec<(RoomId, ToneId)>,
}

impl Rooms {
    /// Lets a member in, making the room if it is the first; `mix` names what it will hear. A lock does not keep out who
    /// was invited.
    pub(crate) fn enter(
        &mut self,
        plan: &Arc<RoomPlan>,
        mix: MixId,
        (mut member, is_invited): (RoomMember, bool),
    ) -> Result<(), Closed> {
        let room = plan.room;
        let entry = self.rooms.entry(room).or_insert_with(|| Room {
            plan: Arc::clone(plan),
            mix,
            is_locked: false,
            members: Vec::new(),
            invited: Vec::new(),
        });
        if entry.is_locked && !member.is_moderator && !is_invited {
            return Err(Closed::Locked);
        }
        if entry.members.len() >= plan.max_members.max(2) {
            return Err(Closed::Full);
        }
        member.is_moderator |=
            entry.members.is_empty() && plan.moderators.is_empty() && plan.moderator_pin.is_none();
        self.by_leg.insert(member.leg, room);
        entry.members.push(member);
        self.changed.insert(room);
        self.tones.push((room, ToneId::MemberJoined));
        Ok(())
    }

    /// Takes a member out. Nothing for a leg that is no member.
    pub(crate) fn leave(&mut self, leg: LegId) {
        let Some(id) = self.by_leg.remove(&leg) else { return };
        let Some(room) = self.rooms.get_mut(&id) else { return };
        let (gone, stay): (Vec<_>, Vec<_>) =
            std::mem::take(&mut room.members).into_iter().partition(|member| member.leg == leg);
        room.members = stay;
        self.lifted.extend(gone.iter().flat_map(RoomMember::lifted));
        self.changed.insert(id);
        self.tones.push((id, ToneId::MemberLeft));
    }

    /// Somebody is called to come into a room that exists.
    pub(crate) fn invite(&mut self, id: RoomId, invitation: Invitation) {
        if let Some(room) = self.rooms.get_mut(&id) {
            room.invited.push(invitation);
            self.changed.insert(id);
        }
    }

    /// Notes whom an invitation reaches, and whether they ring.
    pub(crate) fn note_invited(&mut self, id: RoomId, call: CallId, to: &Party, is_ringing: bool) {
        let Some(room) = self.rooms.get_mut(&id) else { return };
        let Some(invited) = room.invited.iter_mut().find(|invited| invited.call == call) else { return };
        if invited.to != *to || invited.is_ringing != is_ringing {
            invited.to = to.clone();
            invited.is_ringing = is_ringing;
            self.changed.insert(id);
        }
    }

    /// An invitation is over, one way or the other.
    pub(crate) fn uninvite(&mut self, id: RoomId, call: CallId) -> Option<Invitation> {
        let room = self.rooms.get_mut(&id)?;
        let place = room.invited.iter().position(|invited| invited.call == call)?;
        self.changed.insert(id);
        Some(room.invited.remove(place))
    }

    /// Who was invited and has not answered yet.
    pub(crate) fn invited(&self, id: RoomId) -> &[Invitation] {
        self.rooms.get(&id).map_or(&[], |room| &room.invited)
    }

    /// Notes that a leg muted itself, or does not any more; returns whether a moderator muted it all the same. Nothing
    /// for a leg that is no member.
    pub(crate) fn note_muted(&mut self, leg: LegId, is_muted: bool) -> bool {
        let Some(id) = self.by_leg.get(&leg).copied() else { return false };
        let Some(member) = self.member_mut(id, leg) else { return false };
        let is_silenced = member.is_silenced;
        if member.is_muted != is_muted {
            member.is_muted = is_muted;
            self.changed.insert(id);
        }
        is_silenced
    }

    /// A moderator mutes a member, or lets it speak; what changes for its leg, if anything does.
    pub(crate) fn silence(&mut self, id: RoomId, leg: LegId, is_silenced: bool) -> Option<Action> {
        let member = self.member_mut(id, leg).filter(|member| member.is_silenced != is_silenced)?;
        member.is_silenced = is_silenced;
        let changes = !member.is_muted;
        self.changed.insert(id);
        changes.then_some(Action::Mute { leg, muted: is_silenced })
    }

    /// A moderator makes a member louder or softer; what changes for its leg, if anything does.
    pub(crate) fn set_gain(&mut self, id: RoomId, leg: LegId, decibels: i8) -> Option<Action> {
        let member = self.member_mut(id, leg).filter(|member| member.gain != decibels)?;
        member.gain = decibels;
        self.changed.insert(id);
        Some(Action::SetGain { leg, decibels })
    }

    pub(crate) fn set_locked(&mut self, id: RoomId, is_locked: bool) {
        if let Some(room) = self.rooms.get_mut(&id)
            && room.is_locked != is_locked
        {
            room.is_locked = is_locked;
            self.changed.insert(id);
        }
    }

    pub(crate) fn is_locked(&self, id: RoomId) -> bool {
        self.rooms.get(&id).is_some_and(|room| room.is_locked)
    }

    /// What a room was made of.
    pub(crate) fn plan(&self, id: RoomId) -> Option<Arc<RoomPlan>> {
        self.rooms.get(&id).map(|room| Arc::clone(&room.plan))
    }

    /// Whether a room exists.
    pub(crate) fn exists(&self, id: RoomId) -> bool {
        self.rooms.contains_key(&id)
    }

    /// The mix of a room in which there is somebody to listen to.
    pub(crate) fn mix(&self, id: RoomId) -> Option<MixId> {
        self.rooms.get(&id).filter(|room| room.members.len() > 1).map(|room| room.mix)
    }

    /// The mix of the room a number reaches, and who came first of those in it, if somebody is.
    pub(crate) fn reached_by(&self, number: &str) -> Option<(MixId, LegId)> {
        let room = self.rooms.values().find(|room| &*room.plan.number.0 == number)?;
        Some((room.mix, room.members.first()?.leg))
    }

    pub(crate) fn members(&self, id: RoomId) -> &[RoomMember] {
        self.rooms.get(&id).map_or(&[], |room| &room.members)
    }

    /// Whether a user moderates a room: as its moderator, or as a member who became one.
    pub(crate) fn is_moderator(&self, id: RoomId, user: UserId) -> bool {
        let Some(room) = self.rooms.get(&id) else { return false };
        let is_member = room.members.iter().any(|member| member.user == user && member.is_moderator);
        is_member || room.plan.moderators.contains(&user)
    }

    /// Whether a moderator muted this member.
    pub(crate) fn is_silenced(&self, id: RoomId, leg: LegId) -> bool {
        self.members(id).iter().any(|member| member.leg == leg && member.is_silenced)
    }

    /// Whether this member moderates.
    pub(crate) fn moderates(&self, id: RoomId, leg: LegId) -> bool {
        self.members(id).iter().any(|member| member.leg == leg && member.is_moderator)
    }

    /// The call of a member.
    pub(crate) fn call_of(&self, id: RoomId, leg: LegId) -> Option<CallId> {
        self.members(id).iter().find(|member| member.leg == leg).map(|member| member.call)
    }

    /// Whoever came last, but for this leg and moderators.
    pub(crate) fn newest_other(&self, id: RoomId, leg: LegId) -> Option<RoomMember> {
        let mut others = self.members(id).iter().filter(|member| member.leg != leg && !member.is_moderator);
        others.next_back().cloned()
    }

    pub(crate) fn take_changed(&mut self) -> Option<RoomId> {
        self.changed.pop_first()
    }

    /// What those who left are to be rid of.
    pub(crate) fn take_lifted(&mut self) -> Vec<Action> {
        std::mem::take(&mut self.lifted)
    }

    /// What is to be played into mixes. Where a member is alone or nobody is left, nobody would hear it.
    pub(crate) fn take_tones(&mut self) -> Vec<Action> {
        let tones = std::mem::take(&mut self.tones);
        let play = |(room, tone)| {
            let source = PlaySource::Tone(tone);
            self.mix(room).map(|mix| Action::PlayToMix { mix, source })
        };
        tones.into_iter().filter_map(play).collect()
    }

    /// A room as it is. One whose last member left is forgotten with this.
    pub(crate) fn view_of_changed(&mut self, id: RoomId) -> Option<RoomView> {
        let view = self.view(id)?;
        if view.members.is_empty() {
            self.rooms.remove(&id);
        }
        Some(view)
    }

    pub(crate) fn view(&self, id: RoomId) -> Option<RoomView> {
        let Room { plan, is_locked, members, invited, .. } = self.rooms.get(&id)?;
        let number = plan.number.clone();
        let (members, invited) = (members.clone(), invited.clone());
        Some(RoomView { room: id, number, is_locked: *is_locked, members, invited })
    }

    pub(crate) fn views(&self) -> impl Iterator<Item = RoomView> {
        self.rooms.keys().filter_map(|id| self.view(*id))
    }

    fn member_mut(&mut self, id: RoomId, leg: LegId) -> Option<&mut RoomMember> {
        self.rooms.get_mut(&id)?.members.iter_mut().find(|member| member.leg == leg)
    }
}
