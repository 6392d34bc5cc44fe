//! Links: two legs that hear each other are on different media workers.
//!
//! A worker joins its own legs only. Legs of one call share a worker from the start, but a transfer, a pick-up or a
//! retrieval brings legs of two calls together. Then a pair of *link legs*, one on each worker, carries the audio
//! between them as plain RTP over the advertised address. A link speaks every codec on fixed payload types, so what one
//! side says reaches the other as it was sent if it knows the codec, and is transcoded once if not. Video goes beside it
//! (`link_video.rs`). A link lives as long as its bridge. Links between the parts of a mix are `mixes.rs`'s.

use std::{collections::HashMap, net::SocketAddr, time::Instant};

use ringdown_call::LegEvent;
use ringdown_media::api::{
    AudioParameters, ComfortNoiseFormat, MediaCommand, OpusWishes, PayloadFormat, RtpRemote, RtpSecurity,
    TelephoneEventFormat, Transport,
};
use ringdown_types::{CodecId, LegId, MediaDirection, Random, UserId};
use tracing::warn;

use crate::{Output, Switch, link_video::LinkVideo};

/// One end of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LinkEnd {
    /// The link leg; call control does not know it.
    pub(crate) leg: LegId,
    pub(crate) worker: usize,
    port: u16,
}

/// The links there are.
#[derive(Debug, Default)]
pub(crate) struct Links {
    /// By each of the two legs it serves: its own end, and the other leg.
    ends: HashMap<LegId, (LinkEnd, LegId)>,
    /// The leg each link leg serves.
    served: HashMap<LegId, LegId>,
    /// By link leg, from the first time that it carried video.
    pub(crate) video: HashMap<LegId, LinkVideo>,
}

impl Links {
    /// The legs that links of a worker serve.
    pub(crate) fn served_at(&self, worker: usize) -> Vec<LegId> {
        let here = self.ends.iter().filter(|(_, (end, _))| end.worker == worker);
        here.filter_map(|(_, (end, _))| self.served_by(end.leg)).collect()
    }

    /// The near end of the link a leg is on, and the leg at its far end.
    pub(crate) fn end_of(&self, leg: LegId) -> Option<(LinkEnd, LegId)> {
        self.ends.get(&leg).copied()
    }

    /// The leg a link leg serves.
    pub(crate) fn served_by(&self, link: LegId) -> Option<LegId> {
        self.served.get(&link).copied()
    }
}

impl Switch {
    /// Joins two legs' media, over a link where they are on different workers.
    pub(crate) fn bridge(&mut self, now: Instant, a: LegId, b: LegId) {
        let worker = |leg| self.legs.get(leg).map(|leg| leg.worker);
        let (Some(of_a), Some(of_b)) = (worker(a), worker(b)) else { return };
        if of_a == of_b {
            return self.media(a, MediaCommand::Connect { a, b });
        }
        let Some((end_a, end_b)) = self.make_link(of_a, of_b) else {
            warn!(leg = %a, "no port is free for a link between two media workers");
            return self.calls.handle_leg_event(now, a, LegEvent::MediaFailed);
        };
        for (leg, end, other) in [(a, end_a, b), (b, end_b, a)] {
            self.links.served.insert(end.leg, leg);
            self.links.ends.insert(leg, (end, other));
            self.media(leg, MediaCommand::Connect { a: leg, b: end.leg });
        }
        self.match_link_video(a);
    }

    /// Parts two legs' media.
    pub(crate) fn unbridge(&mut self, a: LegId, b: LegId) {
        self.media(a, MediaCommand::Disconnect { leg: a });
        if self.links.ends.contains_key(&a) {
            self.media(b, MediaCommand::Disconnect { leg: b });
            self.drop_link_of(a);
        }
    }

    /// Removes the link a leg is on, if it is on one.
    pub(crate) fn drop_link_of(&mut self, leg: LegId) {
        let Some((end, other)) = self.links.ends.remove(&leg) else { return };
        let far = self.links.ends.remove(&other).map(|(end, _)| end);
        for end in [Some(end), far].into_iter().flatten() {
            self.links.served.remove(&end.leg);
            self.remove_link_end(end);
        }
    }

    pub(crate) fn remove_link_end(&mut self, end: LinkEnd) {
        let video = self.links.video.remove(&end.leg);
        let ports = std::iter::once(end.port).chain(video.iter().flat_map(LinkVideo::ports));
        self.workers.leg_leaves(end.leg, end.worker, ports.collect());
        let command = MediaCommand::RemoveLeg { leg: end.leg };
        self.out.push_back(Output::Media { worker: end.worker, command });
    }

    /// A pair of link legs that carry audio between two workers; `None` where either has no port left.
    pub(crate) fn make_link(&mut self, a: usize, b: usize) -> Option<(LinkEnd, LinkEnd)> {
        let port_a = self.workers.take_port(a)?;
        let Some(port_b) = self.workers.take_port(b) else {
            self.workers.return_ports(a, vec![port_a]);
            return None;
        };
        let mut end = |worker, port| LinkEnd { leg: LegId::random(&mut *self.random), worker, port };
        let (a, b) = (end(a, port_a), end(b, port_b));
        for (end, other) in [(a, b), (b, a)] {
            let address = |port| SocketAddr::new(self.config.advertised_address, port);
            let (rtp, rtcp) = (address(other.port), address(other.port.saturating_add(1)));
            let remote = Some(RtpRemote { rtp, rtcp, nat_source: None, security: RtpSecurity::None });
            let transport = Transport::Rtp { local_port: end.port, remote };
            let audio = link_audio(&mut *self.random);
            let command = MediaCommand::AddLeg { leg: end.leg, transport, audio };
            self.workers.leg_added(end.worker);
            self.out.push_back(Output::Media { worker: end.worker, command });
        }
        Some((a, b))
    }

    /// The worker for a new call of a user: that of the call they are in, so that joining the two needs no link,
    /// unless it has much more to do than the one with the least.
    pub(crate) fn worker_for(&self, user: UserId) -> Option<usize> {
        let theirs = || {
            let call = self.calls.last_call_of(user)?;
            call.legs.iter().find_map(|leg| self.legs.get(leg.leg)).map(|leg| leg.worker)
        };
        self.near(theirs())
    }

    /// This worker, unless it has much more to do than the one with the least.
    pub(crate) fn near(&self, worker: Option<usize>) -> Option<usize> {
        self.workers.at_most_above_least(worker, MAX_MORE_LEGS)
    }
}

/// What a link speaks: every codec and both clocks of telephone-event, on fixed payload types.
fn link_audio(random: &mut dyn Random) -> AudioParameters {
    let number = |codec: CodecId| codec.static_payload_type().unwrap_or(OPUS);
    AudioParameters {
        codecs: CodecId::ALL.map(|codec| PayloadFormat::symmetric(codec, number(codec))).to_vec(),
        telephone_events: vec![
            TelephoneEventFormat::symmetric(8_000, EVENTS_8K),
            TelephoneEventFormat::symmetric(48_000, EVENTS_48K),
        ],
        comfort_noise: Some(ComfortNoiseFormat { send: NOISE, receive: NOISE }),
        audio_level: None,
        opus: OpusWishes::default(),
        direction: MediaDirection::SendRecv,
        ptime_ms: 20,
        local_ssrc: random.u32(),
        cname: random.token(16),
    }
}

/// RFC 3551 §6.
const NOISE: u8 = 13;
/// Payload types of a link that RFC 3551 does not fix.
const OPUS: u8 = 111;
const EVENTS_8K: u8 = 101;
const EVENTS_48K: u8 = 110;

/// How many more legs a worker may have than the idlest and still get its users' next calls. More crowd one worker,
/// fewer make links of transfers.
const MAX_MORE_LEGS: usize = 16;
