//! Video between two legs: each side is told what the other can take and does.
//!
//! A side that describes itself is answered at once, with what is known of its partner. If that leaves the partner with
//! something else than it should have, the partner gets an offer of ours, and its answer may in turn lead to one to the
//! first side. Nothing happens while the two do not hear each other: a held side keeps what it has.

use std::{collections::HashMap, time::Instant};

use ringdown_control::Event;
use ringdown_media::api::MediaCommand;
use ringdown_sdp::{RemoteDescription, VideoWish};
use ringdown_types::{LegId, VideoSlot};
use tracing::debug;

use crate::{
    Output, Switch,
    device_video::{DeviceVideo, Kind, Occasion, differs},
    legs::{Leg, Side},
    workers::Workers,
};

/// Who sees whom.
#[derive(Debug, Default)]
pub(crate) struct Pairs(HashMap<LegId, Pair>);

#[derive(Debug, Clone, Copy)]
struct Pair {
    other: LegId,
    /// Whether they hear each other at the moment.
    is_joined: bool,
    /// How many offers in a row the leg got because of the other.
    offers: u8,
}

impl Pairs {
    fn join(&mut self, a: LegId, b: LegId) {
        for (leg, other) in [(a, b), (b, a)] {
            self.0.insert(leg, Pair { other, is_joined: true, offers: 0 });
        }
    }

    fn part(&mut self, legs: [LegId; 2]) {
        for leg in legs {
            if let Some(pair) = self.0.get_mut(&leg) {
                pair.is_joined = false;
            }
        }
    }

    fn forget(&mut self, leg: LegId) {
        if let Some(pair) = self.0.remove(&leg)
            && self.0.get(&pair.other).is_some_and(|other| other.other == leg)
        {
            self.0.remove(&pair.other);
        }
    }

    /// Whom a leg sees, or saw before it was held.
    fn of(&self, leg: LegId) -> Option<LegId> {
        self.0.get(&leg).map(|pair| pair.other)
    }

    fn joined(&self, leg: LegId) -> Option<LegId> {
        self.0.get(&leg).filter(|pair| pair.is_joined).map(|pair| pair.other)
    }

    /// Counts an offer; whether it may be made.
    fn may_offer(&mut self, leg: LegId) -> bool {
        self.0.get_mut(&leg).is_some_and(|pair| {
            pair.offers += 1;
            pair.offers <= MAX_OFFERS
        })
    }

    fn exhaust(&mut self, leg: LegId) {
        if let Some(pair) = self.0.get_mut(&leg) {
            pair.offers = MAX_OFFERS;
        }
    }

    /// The device speaks for itself: what it is told then is told anew.
    fn described(&mut self, leg: LegId) {
        if let Some(other) = self.of(leg) {
            for leg in [leg, other] {
                if let Some(pair) = self.0.get_mut(&leg) {
                    pair.offers = 0;
                }
            }
        }
    }
}

/// Most offers in a row to one leg because of the other. Two settle every pair whose devices do what they say; more
/// than a few are devices that answer each other for ever.
const MAX_OFFERS: u8 = 4;

impl Switch {
    /// Two legs hear each other from now on, and see what they share: [`Switch::match_video`] is to follow.
    pub(crate) fn join_video(&mut self, a: LegId, b: LegId) {
        self.pairs.join(a, b);
        for (leg, other) in [(a, b), (b, a)] {
            // An offer about its audio may follow, and says all.
            if self.legs.get(leg).is_some_and(|leg| leg.is_web_rtc() && !leg.is_offer_pending()) {
                self.prepare_video(leg, Some(other), None);
            }
        }
    }

    /// They do not any more, for now.
    pub(crate) fn part_video(&mut self, a: LegId, b: LegId) {
        self.pairs.part([a, b]);
    }

    pub(crate) fn forget_video(&mut self, leg: LegId) {
        self.pairs.forget(leg);
    }

    /// A leg hears something that shows nothing, such as a conference.
    pub(crate) fn end_video(&mut self, now: Instant, leg: LegId) {
        self.pairs.forget(leg);
        self.adapt_video(now, leg, None);
    }

    /// Before a description of ours: wishes for what `partner` can take and does. `offer` is what the device says, where
    /// it offers.
    pub(crate) fn prepare_video(
        &mut self,
        leg: LegId,
        partner: Option<LegId>,
        offer: Option<&RemoteDescription>,
    ) {
        let partner_video = self.video_of(partner);
        let Some(entry) = self.legs.get_mut(leg) else { return };
        let begun = entry.prepare_video(&mut self.workers, partner_video, offer);
        if offer.is_some() {
            self.pairs.described(leg);
        }
        if let Some(partner) = partner.and_then(|partner| self.legs.get_mut(partner)) {
            partner.video_mut().ask_again(&begun);
        }
    }

    /// What a leg's device does with video.
    pub(crate) fn video_of(&self, leg: Option<LegId>) -> Option<DeviceVideo> {
        leg.and_then(|leg| self.legs.get(leg)).map(|leg| leg.video().clone())
    }

    /// Whom a leg sees, or saw before it was held.
    pub(crate) fn video_partner(&self, leg: LegId) -> Option<LegId> {
        self.pairs.of(leg)
    }

    /// What changed for a leg may concern its partner, and the other way round.
    pub(crate) fn match_video(&mut self, now: Instant, leg: LegId) {
        let Some(partner) = self.pairs.joined(leg) else { return };
        // Who is held keeps what it has.
        let holds = |leg| self.legs.get(leg).and_then(Leg::negotiated).is_some_and(|said| said.held_by_peer);
        if holds(leg) || holds(partner) {
            return;
        }
        self.adapt_video(now, partner, Some(leg));
        self.adapt_video(now, leg, Some(partner));
    }

    /// Makes a device an offer if what stands with it does not suit its partner. While one is unanswered nothing is
    /// done: its answer leads here again.
    fn adapt_video(&mut self, now: Instant, leg: LegId, partner: Option<LegId>) {
        let partner_video = self.video_of(partner);
        let Some(entry) = self.legs.get_mut(leg) else { return };
        let Some(negotiated) = entry.negotiated().filter(|_| !entry.is_offer_pending()) else { return };
        let wishes = entry.video().wishes(entry.kind(), partner_video.as_ref(), Occasion::Offer);
        if !differs(&wishes, negotiated, entry.video()) {
            return;
        }
        if partner.is_some() && !self.pairs.may_offer(leg) {
            debug!(%leg, "two devices do not come to an end about their video");
            return;
        }
        self.offer_video(now, leg, wishes);
    }

    fn offer_video(&mut self, now: Instant, leg: LegId, wishes: Vec<VideoWish>) {
        let Some(entry) = self.legs.get_mut(leg) else { return };
        entry.wish(&mut self.workers, wishes);
        match &mut entry.side {
            Side::Browser(web) => {
                let session = web.session();
                if let Ok(description) = web.offer_again() {
                    self.event(Event::Description { leg, session, description });
                }
            }
            Side::Telephone(sip) => {
                let usage = sip.usage;
                let codecs = sip.codecs();
                let Ok(offer) = sip.media.offer(&codecs) else { return };
                if let Err(error) = self.sip.agent.reinvite(now, usage, Some(offer.into())) {
                    // Its 2xx is not acknowledged yet, or a refresh is under way: the end of that leads here again.
                    debug!(%leg, %error, "no time for a re-INVITE");
                    sip.media.withdraw_offer();
                }
            }
        }
    }

    /// A device refused our re-INVITE: it is made no other before something else is said.
    pub(crate) fn video_offer_refused(&mut self, leg: LegId) {
        self.pairs.exhaust(leg);
        if let Some(sip) = self.legs.sip(leg) {
            sip.media.video_offer_refused();
        }
    }

    /// A device wants whole pictures of what it sees.
    pub(crate) fn request_pictures(&mut self, leg: LegId) {
        let Some(partner) = self.pairs.joined(leg) else { return };
        match self.links.end_of(leg) {
            Some((end, _)) => {
                let command = MediaCommand::RequestKeyFrames { leg: end.leg };
                self.out.push_back(Output::Media { worker: end.worker, command });
            }
            None => self.media(partner, MediaCommand::RequestKeyFrames { leg: partner }),
        }
    }

    /// Somebody needs a whole picture of a telephone that knows no RTCP feedback.
    pub(crate) fn key_frame_needed(&mut self, now: Instant, leg: LegId) {
        let Some(usage) = self.legs.sip(leg).map(|sip| sip.usage) else { return };
        let asked = self.sip.agent.info_picture(now, usage);
        self.note_failure(leg, asked);
    }

    /// A stream's own transport cannot work: the call goes on without it.
    pub(crate) fn video_failed(&mut self, now: Instant, leg: LegId, slot: VideoSlot) {
        if let Some(entry) = self.legs.get_mut(leg) {
            entry.video_mut().refuse(std::iter::once(slot));
            self.match_video(now, leg);
        }
    }

    /// Tells a leg's worker of its video where that changed.
    pub(crate) fn tell_video(&mut self, leg: LegId) {
        let Some(entry) = self.legs.get_mut(leg).filter(|entry| entry.in_media) else { return };
        let streams = entry.video_streams();
        if entry.told_video == streams {
            return;
        }
        entry.told_video.clone_from(&streams);
        let command = MediaCommand::SetVideo { leg, streams };
        self.out.push_back(Output::Media { worker: entry.worker, command });
        self.match_link_video(leg);
    }
}

impl Leg {
    fn kind(&self) -> Kind {
        if self.is_web_rtc() { Kind::Browser } else { Kind::Telephone }
    }

    /// Notes what the device offers and wishes for what its partner does; the slots in which the device begins to send.
    fn prepare_video(
        &mut self,
        workers: &mut Workers,
        partner: Option<DeviceVideo>,
        offer: Option<&RemoteDescription>,
    ) -> Vec<VideoSlot> {
        let begun = offer.map(|offer| self.note_video_offer(offer)).unwrap_or_default();
        let partner = partner.map(|mut partner| {
            partner.ask_again(&begun);
            partner
        });
        let occasion = if offer.is_some() { Occasion::Answer } else { Occasion::Offer };
        let wishes = self.video().wishes(self.kind(), partner.as_ref(), occasion);
        self.wish(workers, wishes);
        begun
    }

    fn wish(&mut self, workers: &mut Workers, wishes: Vec<VideoWish>) {
        let worker = self.worker;
        match &mut self.side {
            Side::Browser(web) => web.media_mut().wish(wishes),
            Side::Telephone(sip) => sip.media.wish(wishes, &mut || workers.take_port(worker)),
        }
    }
}
