//! Conference rooms: from the directory to call control, and from call control to the media workers.

use std::{collections::HashMap, sync::Arc, time::Instant};

use ringdown_call::{LegEvent, Pin, PlaySource as Play, RoomPlan, RoomView};
use ringdown_control::{ConferenceRoom, RoomInfo, RoomMemberInfo};
use ringdown_media::api::{MediaCommand, PlaySource};
use ringdown_types::{LegId, MixId, Pii, RoomId};
use tracing::warn;

use crate::{Output, Switch, notices::Translator};

/// Which worker makes a mix: the one of whoever hears it first. Members on other workers are joined by a link, whose far
/// end is the member there.
#[derive(Debug, Default)]
pub(crate) struct Mixes {
    homes: HashMap<MixId, Home>,
    by_leg: HashMap<LegId, MixId>,
}

#[derive(Debug)]
struct Home {
    worker: usize,
    members: usize,
}

impl Mixes {
    /// Notes that a leg is in a mix, whose first one chooses the worker; returns the worker.
    fn join(&mut self, leg: LegId, mix: MixId, worker: usize) -> usize {
        self.by_leg.insert(leg, mix);
        let home = self.homes.entry(mix).or_insert(Home { worker, members: 0 });
        home.members += 1;
        home.worker
    }

    /// Notes that a leg hears something else; `false` for one in no mix.
    fn leave(&mut self, leg: LegId) -> bool {
        let Some(mix) = self.by_leg.remove(&leg) else { return false };
        if let Some(home) = self.homes.get_mut(&mix) {
            home.members -= 1;
            if home.members == 0 {
                self.homes.remove(&mix);
            }
        }
        true
    }
}

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

    pub(crate) fn join_mix(&mut self, now: Instant, leg: LegId, mix: MixId) {
        self.leave_mix(leg);
        let Some(worker) = self.legs.get(leg).map(|leg| leg.worker) else { return };
        let home = self.mixes.join(leg, mix, worker);
        if home == worker {
            return self.media(leg, MediaCommand::JoinMix { leg, mix, is_link: false });
        }
        let Some(far) = self.link_to_worker(leg, worker, home) else {
            warn!(%leg, "no port is free for a link between two media workers");
            return self.calls.handle_leg_event(now, leg, LegEvent::MediaFailed);
        };
        let command = MediaCommand::JoinMix { leg: far, mix, is_link: false };
        self.out.push_back(Output::Media { worker: home, command });
    }

    /// A leg hears something else than a mix from here on. Nothing for one in no mix.
    pub(crate) fn leave_mix(&mut self, leg: LegId) {
        if self.mixes.leave(leg) {
            self.drop_link_of(leg);
        }
    }

    pub(crate) fn play_to_mix(&mut self, mix: MixId, source: Play) {
        let Some(home) = self.mixes.homes.get(&mix) else { return };
        let command = MediaCommand::PlayToMix { mix, source: media_source(source) };
        self.out.push_back(Output::Media { worker: home.worker, command });
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
            is_muted: member.is_muted,
            since: self.clock.unix_ms(member.since),
        });
        RoomInfo {
            room: view.room,
            number: Pii(view.number.0.as_ref().to_owned()),
            is_locked: view.is_locked,
            members: members.collect(),
        }
    }
}
