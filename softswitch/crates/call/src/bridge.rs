//! Who hears what.
//!
//! What each leg should hear follows from the call's state alone ([`Call::desired_feed`]); after each input it is
//! compared with what the media plane was last told, and the difference becomes actions. No feature commands media
//! on its own, so no two features can disagree about it.

use ringdown_types::{LegId, MixId, PromptId, ToneId};

use crate::{
    Action, PlaySource,
    call::{Call, State},
    leg::{Leg, Phase},
    shared::Shared,
};

/// What a leg hears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Feed {
    Silence,
    Tone(ToneId),
    Music,
    /// Something that is played once.
    Sound {
        source: PlaySource,
        token: u32,
    },
    /// Every other member of a mix.
    Mix(MixId),
    Echo,
    /// Another leg, which hears this one.
    Partner(LegId),
}

impl Call {
    /// Turns the difference between what legs should hear and what they hear into actions.
    pub(crate) fn reconcile_media(&mut self, shared: &mut Shared) {
        self.end_insertions_of_holders();
        let heard = |leg: &Leg| self.with_insertions(leg.id, self.desired_feed(leg));
        let desired: Vec<Feed> = self.legs.iter().map(heard).collect();
        self.part_bridges(&desired, shared);
        for (index, &feed) in desired.iter().enumerate() {
            let leg = self.legs[index].id;
            if self.legs[index].feed == feed {
                continue;
            }
            self.legs[index].feed = feed;
            match feed {
                Feed::Silence => shared.action(Action::StopPlay { leg }),
                Feed::Tone(tone) => play(leg, PlaySource::Tone(tone), true, shared),
                Feed::Music => play(leg, PlaySource::Prompt(PromptId::MusicOnHold), true, shared),
                Feed::Sound { source, token } => {
                    shared.action(Action::Play { leg, source, repeat: false, token });
                }
                Feed::Mix(mix) => shared.action(Action::JoinMix { leg, mix }),
                Feed::Echo => shared.action(Action::Echo { leg }),
                Feed::Partner(partner) => {
                    if let Some(other) = self.leg_mut(partner) {
                        other.feed = Feed::Partner(leg);
                    }
                    shared.action(Action::Bridge { a: leg, b: partner });
                }
            }
        }
    }

    /// Parts bridges before anything else is joined or played, so that no leg is ever in two.
    fn part_bridges(&mut self, desired: &[Feed], shared: &mut Shared) {
        for (index, &feed) in desired.iter().enumerate() {
            let Feed::Partner(partner) = self.legs[index].feed else { continue };
            if self.legs[index].feed == feed {
                continue;
            }
            let a = self.legs[index].id;
            self.legs[index].feed = Feed::Silence;
            // A partner that has ended took the bridge with it.
            if let Some(other) = self.leg_mut(partner) {
                other.feed = Feed::Silence;
                shared.action(Action::Unbridge { a, b: partner });
            }
        }
    }

    /// What a leg should hear. A leg has a partner exactly when the partner has it.
    fn desired_feed(&self, leg: &Leg) -> Feed {
        match &self.state {
            State::Routing if Some(leg.id) == self.anchor => self.ringback(leg),
            State::Forking(fork) if Some(leg.id) == self.anchor => match fork.early {
                _ if leg.held => Feed::Silence,
                Some(early) => Feed::Partner(early),
                None => self.ringback(leg),
            },
            State::Forking(fork) => match (fork.early, self.anchor) {
                (Some(early), Some(anchor)) if early == leg.id && !self.is_held(anchor) => {
                    Feed::Partner(anchor)
                }
                _ => Feed::Silence,
            },
            State::Talking { .. } => match self.partner(leg.id) {
                _ if leg.held => Feed::Silence,
                Some(partner) if partner.held => Feed::Music,
                Some(partner) if partner.lost => Feed::Tone(ToneId::Comfort),
                // Who is lost hears nothing, so that its partner is free for the tone.
                Some(_) if leg.lost => Feed::Silence,
                Some(partner) => Feed::Partner(partner.id),
                None => Feed::Silence,
            },
            State::Service(_) if leg.held => Feed::Silence,
            State::Service(service) => service.feed(),
            State::Parked(_) if leg.held => Feed::Silence,
            State::Parked(_) => Feed::Music,
            State::Routing | State::Over => Feed::Silence,
        }
    }

    /// What an anchor hears that waits for somebody. One that was answered in a call before this one has nothing of
    /// its own to play; another waits for the first device to ring.
    fn ringback(&self, leg: &Leg) -> Feed {
        let rings = leg.phase == Phase::Ringing && (leg.wants_ringback || self.way.progressed);
        let waits = leg.is_active() && !leg.held;
        if rings || waits { Feed::Tone(ToneId::Ringback) } else { Feed::Silence }
    }

    fn is_held(&self, leg: LegId) -> bool {
        self.leg(leg).is_some_and(|leg| leg.held)
    }
}

fn play(leg: LegId, source: PlaySource, repeat: bool, shared: &mut Shared) {
    shared.action(Action::Play { leg, source, repeat, token: UNWATCHED });
}

/// The token of playbacks whose end means nothing: they repeat.
const UNWATCHED: u32 = 0;
