//! Video on a link between two media workers: what the two legs speak of each stream, on fixed payload types and ports of
//! its own, so that each end relays it as any other telephone's.

use std::net::SocketAddr;

use ringdown_media::api::{MediaCommand, RtpRemote, RtpSecurity, Transport, VideoFormat, VideoStream};
use ringdown_types::{LegId, MediaDirection, Random, VideoCoding, VideoFeedback, VideoSlot};
use tracing::warn;

use crate::{Output, Switch, links::LinkEnd};

/// The video of one end of a link.
#[derive(Debug)]
pub(crate) struct LinkVideo {
    /// By [`VideoSlot::index`]: the even port, taken when the stream begins.
    ports: [Option<u16>; VideoSlot::ALL.len()],
    ssrcs: [u32; VideoSlot::ALL.len()],
    cname: String,
    told: Vec<VideoStream>,
}

impl LinkVideo {
    fn new(random: &mut dyn Random) -> Self {
        let ssrcs = std::array::from_fn(|_| random.u32());
        Self { ports: [None; VideoSlot::ALL.len()], ssrcs, cname: random.token(16), told: Vec::new() }
    }

    /// Every port it took.
    pub(crate) fn ports(&self) -> impl Iterator<Item = u16> {
        self.ports.iter().copied().flatten()
    }

    fn port(&self, slot: VideoSlot) -> Option<u16> {
        self.ports.get(slot.index()).copied().flatten()
    }

    fn stream(&self, slot: VideoSlot, codings: &[VideoCoding], far: SocketAddr) -> Option<VideoStream> {
        let rtcp = SocketAddr::new(far.ip(), far.port().saturating_add(1));
        let remote = Some(RtpRemote { rtp: far, rtcp, nat_source: None, security: RtpSecurity::None });
        let numbered = (FIRST_FORMAT..).zip(codings);
        Some(VideoStream {
            slot,
            transport: Some(Transport::Rtp { local_port: self.port(slot)?, remote }),
            mid: None,
            formats: numbered
                .map(|(number, &coding)| VideoFormat { coding, send: number, receive: number, rtx: None })
                .collect(),
            direction: MediaDirection::SendRecv,
            // Who receives at the far end speaks to who sends at this one through the link.
            feedback: VideoFeedback { nack: true, pli: true, fir: true, remb: true, transport_cc: false },
            extensions: Vec::new(),
            local_ssrc: self.ssrcs.get(slot.index()).copied()?,
            local_rtx_ssrc: 0,
            remote_sources: Vec::new(),
            cname: self.cname.clone(),
            max_send_kbps: None,
        })
    }
}

impl Switch {
    /// Brings the link a leg is on, if it is on one, in line with what its two legs speak.
    pub(crate) fn match_link_video(&mut self, leg: LegId) {
        let Some((near, other)) = self.links.end_of(leg) else { return };
        let Some((far, _)) = self.links.end_of(other) else { return };
        let codings = VideoSlot::ALL.map(|slot| self.codings_of([leg, other], slot));
        for end in [near, far] {
            for (slot, codings) in VideoSlot::ALL.into_iter().zip(&codings) {
                if !codings.is_empty() {
                    self.take_link_port(end, slot);
                }
            }
        }
        for (end, towards) in [(near, far), (far, near)] {
            let slots = VideoSlot::ALL.into_iter().zip(&codings).filter(|(_, codings)| !codings.is_empty());
            let streams: Vec<VideoStream> = slots
                .filter_map(|(slot, codings)| {
                    let port = self.links.video.get(&towards.leg)?.port(slot)?;
                    let address = SocketAddr::new(self.config.advertised_address, port);
                    self.links.video.get(&end.leg)?.stream(slot, codings, address)
                })
                .collect();
            let Some(video) = self.links.video.get_mut(&end.leg) else { continue };
            if video.told != streams {
                video.told.clone_from(&streams);
                let command = MediaCommand::SetVideo { leg: end.leg, streams };
                self.out.push_back(Output::Media { worker: end.worker, command });
            }
        }
    }

    /// What either leg speaks of a stream, each coding once.
    fn codings_of(&self, legs: [LegId; 2], slot: VideoSlot) -> Vec<VideoCoding> {
        let streams = legs.iter().filter_map(|leg| self.legs.get(*leg)).flat_map(|leg| &leg.told_video);
        let mut codings = Vec::new();
        for format in streams.filter(|stream| stream.slot == slot).flat_map(|stream| &stream.formats) {
            if !codings.contains(&format.coding) && codings.len() < MAX_CODINGS {
                codings.push(format.coding);
            }
        }
        codings
    }

    fn take_link_port(&mut self, end: LinkEnd, slot: VideoSlot) {
        let video = self.links.video.entry(end.leg).or_insert_with(|| LinkVideo::new(&mut *self.random));
        let Some(port) = video.ports.get_mut(slot.index()).filter(|port| port.is_none()) else { return };
        *port = self.workers.take_port(end.worker);
        if port.is_none() {
            warn!(leg = %end.leg, "no port is free for the video of a link");
        }
    }
}

/// The payload type of a link's first video format; the others follow.
const FIRST_FORMAT: u8 = 96;
/// Most formats of a stream on a link: the dynamic payload types from 96 on hold twice as many.
const MAX_CODINGS: usize = 16;
