//! Conference rooms: from the directory to call control, and from call control to the media workers.

use std::sync::Arc;

use ringdown_call::{Invitation, Pin, PlaySource as Play, RoomPlan, RoomView};
use ringdown_control::{ConferenceRoom, InvitationInfo, RoomInfo, RoomMemberInfo};
use ringdown_media::api::PlaySource;
use ringdown_types::{Pii, RoomId};

use crate::{Switch, notices::Translator};

impl Switch {
    /// What a caller meets who dials a room.
    pub(crate) fn room_plan(&self, id: RoomId) -> Option<Arc<RoomPlan>> {
        let room = self.directory.room(id)?;
        let ConferenceRoom { extension, pin, moderator_pin, moderators, max_members, .. } = room;
        let pin_of =
            |pin: &Option<Pii<String>>| pin.as_ref().map(|pin| Pin::Plain(Pii(Arc::from(pin.0.as_str()))));
        Some(Arc::new(RoomPlan {
            room: id,
            number: Pii(Arc::from(extension.as_str())),
            pin: pin_of(pin),
            moderator_pin: pin_of(moderator_pin),
            moderators: moderators.clone(),
            max_members: usize::from(*max_members),
        }))
    }
}

/// What call control plays, in the media workers' words.
pub(crate) const fn media_source(source: Play) -> PlaySource {
    match source {
        Play::Tone(tone) => PlaySource::Tone(tone),
        Play::Prompt(prompt) => PlaySource::Prompt(prompt),
        Play::Recording(recording) => PlaySource::Recording(recording),
    }
}

impl Translator<'_> {
    pub(crate) fn room(&self, view: &RoomView) -> RoomInfo {
        let members = view.members.iter().map(|member| RoomMemberInfo {
            leg: member.leg,
            call: member.call,
            party: self.directory.party(&ringdown_call::Party::User(member.user)),
            is_moderator: member.is_moderator,
            is_muted: member.is_muted || member.is_silenced,
            is_silenced: member.is_silenced,
            gain: member.gain,
            since: self.clock.unix_ms(member.since),
        });
        let invited = view.invited.iter().map(|invited| self.invitation(invited));
        RoomInfo {
            room: view.room,
            number: Pii(view.number.0.as_ref().to_owned()),
            is_locked: view.is_locked,
            members: members.collect(),
            invited: invited.collect(),
        }
    }

    pub(crate) fn invitation(&self, invited: &Invitation) -> InvitationInfo {
        InvitationInfo {
            call: invited.call,
            party: self.directory.party(&invited.to),
            by: invited.by,
            is_ringing: invited.is_ringing,
            since: self.clock.unix_ms(invited.since),
        }
    }
}
