//! Which media workers make a mix: each mixes its own members, and one of them, the *home*, joins what the others made.
//!
//! A worker mixes its own legs only. A room of two hundred is more than one core likes to carry, so its members stay on
//! the workers their calls are on. Between the home and each other worker that has members there is one link, whose two
//! ends are members of the mix on either side: what one worker's members say together reaches the other once, however
//! many they are, and each side takes its own out as it does for everybody. Callers of a room's number begin on its home
//! as long as that is not much busier than another worker, so most rooms need no link at all.

use std::{
    collections::{BTreeMap, HashMap},
    time::Instant,
};

use ringdown_call::{LegEvent, PlaySource};
use ringdown_media::api::MediaCommand;
use ringdown_types::{LegId, MixId, UserId};
use tracing::warn;

use crate::{Output, Switch, links::LinkEnd, rooms::media_source};

/// The mixes there are.
#[derive(Debug, Default)]
pub(crate) struct Mixes {
    mixes: HashMap<MixId, Mix>,
    /// The mix each leg is in, and on which worker.
    by_leg: HashMap<LegId, (MixId, usize)>,
    /// The part each link leg joins to its home: the mix and the part's worker.
    by_link: HashMap<LegId, (MixId, usize)>,
}

#[derive(Debug)]
struct Mix {
    home: usize,
    /// By worker; the home's may have no members.
    parts: BTreeMap<usize, Part>,
}

/// What one worker has of a mix.
#[derive(Debug, Default)]
struct Part {
    members: usize,
    /// Here and at the home; the home itself has none.
    link: Option<(LinkEnd, LinkEnd)>,
}

impl Mixes {
    /// Where a mix is joined together.
    pub(crate) fn home(&self, mix: MixId) -> Option<usize> {
        self.mixes.get(&mix).map(|mix| mix.home)
    }

    fn members_at(&self, mix: MixId, worker: usize) -> Vec<LegId> {
        let mut members: Vec<LegId> =
            self.by_leg.iter().filter(|(_, at)| **at == (mix, worker)).map(|(leg, _)| *leg).collect();
        members.sort_unstable();
        members
    }
}

impl Switch {
    /// A leg hears the others of a mix from here on, and they hear it.
    pub(crate) fn join_mix(&mut self, now: Instant, leg: LegId, mix: MixId) {
        let Some(worker) = self.legs.get(leg).map(|leg| leg.worker) else { return };
        if self.mixes.by_leg.get(&leg) != Some(&(mix, worker)) {
            self.leave_mix(leg);
            self.mixes.by_leg.insert(leg, (mix, worker));
            let new = || Mix { home: worker, parts: BTreeMap::new() };
            self.mixes.mixes.entry(mix).or_insert_with(new).parts.entry(worker).or_default().members += 1;
        }
        if !self.link_part(mix, worker) {
            warn!(%leg, "no port is free for a link between two media workers");
            return self.calls.handle_leg_event(now, leg, LegEvent::MediaFailed);
        }
        self.media(leg, MediaCommand::JoinMix { leg, mix, is_link: false });
    }

    /// A leg hears something else than a mix from here on. Nothing for one in no mix.
    pub(crate) fn leave_mix(&mut self, leg: LegId) {
        let Some((mix, worker)) = self.mixes.by_leg.remove(&leg) else { return };
        let Some(part) = self.mixes.mixes.get_mut(&mix).and_then(|mix| mix.parts.get_mut(&worker)) else {
            return;
        };
        part.members -= 1;
        if part.members == 0 {
            self.tidy_mix(mix);
        }
    }

    pub(crate) fn play_to_mix(&mut self, mix: MixId, source: PlaySource) {
        let Some(worker) = self.mixes.home(mix) else { return };
        let command = MediaCommand::PlayToMix { mix, source: media_source(source) };
        self.out.push_back(Output::Media { worker, command });
    }

    /// The worker for a call to a number: that of the room it reaches, if somebody is in it, else the user's.
    pub(crate) fn worker_for_call(&self, user: UserId, dialled: &str) -> Option<usize> {
        let room = self.calls.room_reached_by(dialled).and_then(|(mix, first)| {
            self.mixes.home(mix).or_else(|| self.legs.get(first).map(|leg| leg.worker))
        });
        match room {
            Some(_) => self.near(room),
            None => self.worker_for(user),
        }
    }

    /// A link between workers does not work: whoever it joined to the others is in no conference.
    pub(crate) fn mix_link_failed(&mut self, now: Instant, link: LegId) -> bool {
        let Some((mix, worker)) = self.mixes.by_link.get(&link).copied() else { return false };
        for leg in self.mixes.members_at(mix, worker) {
            self.calls.handle_leg_event(now, leg, LegEvent::MediaFailed);
        }
        true
    }

    /// A worker is another now and has no leg: what is left of the mixes it was home to is joined elsewhere. Its own
    /// members' calls end by themselves.
    pub(crate) fn mixes_lose(&mut self, now: Instant, worker: usize) {
        let mut struck: Vec<MixId> = self
            .mixes
            .mixes
            .iter()
            .filter(|(_, mix)| mix.parts.contains_key(&worker))
            .map(|(id, _)| *id)
            .collect();
        struck.sort_unstable();
        for id in struck {
            self.drop_mix_link(id, worker);
            let Some(mix) = self.mixes.mixes.get_mut(&id) else { continue };
            mix.parts.remove(&worker);
            self.mixes.by_leg.retain(|_, at| *at != (id, worker));
            if mix.home == worker {
                self.move_home(now, id);
            }
            self.tidy_mix(id);
        }
    }

    /// Joins the parts of a mix whose home is lost.
    fn move_home(&mut self, now: Instant, id: MixId) {
        let Some(mix) = self.mixes.mixes.get_mut(&id) else { return };
        let workers: Vec<usize> = mix.parts.keys().copied().collect();
        let Some(&home) = workers.first() else { return };
        mix.home = home;
        for &worker in &workers {
            self.drop_mix_link(id, worker);
        }
        for &worker in &workers {
            if !self.link_part(id, worker) {
                warn!("no port is free for a link between two media workers");
                for leg in self.mixes.members_at(id, worker) {
                    self.calls.handle_leg_event(now, leg, LegEvent::MediaFailed);
                }
            }
        }
    }

    /// Joins a worker's part to the home, if it is not yet; `false` where either worker has no port left.
    fn link_part(&mut self, id: MixId, worker: usize) -> bool {
        let Some(mix) = self.mixes.mixes.get(&id) else { return true };
        let home = mix.home;
        if home == worker || mix.parts.get(&worker).is_none_or(|part| part.link.is_some()) {
            return true;
        }
        let Some((here, there)) = self.make_link(worker, home) else { return false };
        for end in [here, there] {
            self.mixes.by_link.insert(end.leg, (id, worker));
            let command = MediaCommand::JoinMix { leg: end.leg, mix: id, is_link: true };
            self.out.push_back(Output::Media { worker: end.worker, command });
        }
        if let Some(part) = self.mixes.mixes.get_mut(&id).and_then(|mix| mix.parts.get_mut(&worker)) {
            part.link = Some((here, there));
        }
        true
    }

    fn drop_mix_link(&mut self, id: MixId, worker: usize) {
        let part = self.mixes.mixes.get_mut(&id).and_then(|mix| mix.parts.get_mut(&worker));
        let Some((here, there)) = part.and_then(|part| part.link.take()) else { return };
        for end in [here, there] {
            self.mixes.by_link.remove(&end.leg);
            self.remove_link_end(end);
        }
    }

    /// Drops links nobody needs: those of parts without members, and the last one of a home without members.
    fn tidy_mix(&mut self, id: MixId) {
        let Some(mix) = self.mixes.mixes.get(&id) else { return };
        let empty = |(worker, part): (&usize, &Part)| (part.members == 0).then_some(*worker);
        let gone: Vec<usize> = mix.parts.iter().filter_map(empty).collect();
        for &worker in &gone {
            self.drop_mix_link(id, worker);
        }
        let Some(mix) = self.mixes.mixes.get_mut(&id) else { return };
        mix.parts.retain(|_, part| part.members > 0);
        let mut workers = mix.parts.keys().copied();
        match (workers.next(), workers.next()) {
            (None, _) => {
                self.mixes.mixes.remove(&id);
            }
            (Some(last), None) if last != mix.home => {
                mix.home = last;
                self.drop_mix_link(id, last);
            }
            _ => {}
        }
    }
}
