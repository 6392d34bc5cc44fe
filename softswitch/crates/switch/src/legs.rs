//! The legs' protocol sides.

use std::collections::{BTreeMap, HashMap};

use ringdown_control::LegPlace;
use ringdown_media::api::VideoStream;
use ringdown_sdp::{Negotiated, RemoteDescription};
use ringdown_types::{CodecId, LegId, VideoSlot};

use crate::{
    device_video::DeviceVideo,
    sip_leg::{MediaSession, SipLeg},
    web_leg::WebLeg,
};

/// One leg as its protocol and the media plane see it. Call control owns what it means.
#[derive(Debug)]
pub(crate) struct Leg {
    /// The media worker that serves its call.
    pub(crate) worker: usize,
    /// The device, as events show it.
    pub(crate) place: LegPlace,
    pub(crate) side: Side,
    /// Whether the worker was told of it.
    pub(crate) in_media: bool,
    /// Free-form data the caller sent along.
    pub(crate) variables: BTreeMap<String, String>,
    /// What the worker was told last of its video.
    pub(crate) told_video: Vec<VideoStream>,
}

/// Which protocol a leg's device speaks.
#[derive(Debug)]
pub(crate) enum Side {
    Browser(Box<WebLeg>),
    Telephone(Box<SipLeg>),
}

impl Leg {
    /// The codecs its device can take, preferred first: negotiated ones, or those it offered.
    pub(crate) fn codecs(&self) -> Vec<CodecId> {
        match &self.side {
            Side::Browser(web) => web.codecs(),
            Side::Telephone(sip) => sip.codecs(),
        }
    }

    /// Whether its media is a browser's: such a device says by silence that it lost its network.
    pub(crate) fn is_web_rtc(&self) -> bool {
        match &self.side {
            Side::Browser(_) => true,
            Side::Telephone(sip) => matches!(sip.media, MediaSession::WebRtc(_)),
        }
    }

    /// The even RTP ports it takes.
    pub(crate) fn ports(&self) -> Vec<u16> {
        match &self.side {
            Side::Browser(_) => Vec::new(),
            Side::Telephone(sip) => sip.media.ports(),
        }
    }

    /// What was agreed last.
    pub(crate) fn negotiated(&self) -> Option<&Negotiated> {
        match &self.side {
            Side::Browser(web) => web.media().negotiated(),
            Side::Telephone(sip) => sip.media.negotiated(),
        }
    }

    /// Whether an offer of ours is unanswered.
    pub(crate) fn is_offer_pending(&self) -> bool {
        match &self.side {
            Side::Browser(web) => web.media().is_offer_pending(),
            Side::Telephone(sip) => sip.media.is_offer_pending(),
        }
    }

    /// What its device does with video.
    pub(crate) const fn video(&self) -> &DeviceVideo {
        match &self.side {
            Side::Browser(web) => web.media().video(),
            Side::Telephone(sip) => sip.media.video(),
        }
    }

    pub(crate) const fn video_mut(&mut self) -> &mut DeviceVideo {
        match &mut self.side {
            Side::Browser(web) => web.media_mut().video_mut(),
            Side::Telephone(sip) => sip.media.video_mut(),
        }
    }

    /// Notes the video of an offer; the slots in which the device begins to send.
    pub(crate) fn note_video_offer(&mut self, offer: &RemoteDescription) -> Vec<VideoSlot> {
        match &mut self.side {
            Side::Browser(web) => web.media_mut().note_video_offer(offer),
            Side::Telephone(sip) => sip.media.note_video_offer(offer),
        }
    }

    /// Its video, for the media worker.
    pub(crate) fn video_streams(&self) -> Vec<VideoStream> {
        match &self.side {
            Side::Browser(web) => web.media().video_streams(),
            Side::Telephone(sip) => sip.video_streams(),
        }
    }
}

/// All legs.
#[derive(Debug, Default)]
pub(crate) struct Legs(HashMap<LegId, Leg>);

impl Legs {
    pub(crate) fn insert(&mut self, id: LegId, leg: Leg) {
        self.0.insert(id, leg);
    }

    pub(crate) fn remove(&mut self, id: LegId) -> Option<Leg> {
        self.0.remove(&id)
    }

    /// The legs of a worker.
    pub(crate) fn at(&self, worker: usize) -> impl Iterator<Item = LegId> {
        self.0.iter().filter(move |(_, leg)| leg.worker == worker).map(|(id, _)| *id)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn get(&self, id: LegId) -> Option<&Leg> {
        self.0.get(&id)
    }

    pub(crate) fn get_mut(&mut self, id: LegId) -> Option<&mut Leg> {
        self.0.get_mut(&id)
    }

    pub(crate) fn web(&mut self, id: LegId) -> Option<&mut WebLeg> {
        match &mut self.get_mut(id)?.side {
            Side::Browser(web) => Some(web),
            Side::Telephone(_) => None,
        }
    }

    pub(crate) fn sip(&mut self, id: LegId) -> Option<&mut SipLeg> {
        match &mut self.get_mut(id)?.side {
            Side::Browser(_) => None,
            Side::Telephone(sip) => Some(sip),
        }
    }
}

/// `first` in its order, then every codec that is not in it: what we offer one side when the other speaks `first`.
pub(crate) fn codecs_starting_with(first: &[CodecId]) -> Vec<CodecId> {
    let mut codecs = first.to_vec();
    codecs.extend(CodecId::ALL.into_iter().filter(|codec| !first.contains(codec)));
    codecs
}
