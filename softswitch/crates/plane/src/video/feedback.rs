//! What receivers ask for, and what sources are asked for and told.

use std::time::Instant;

use ringdown_media::{
    api::MediaEvent,
    rtcp::{
        Feedback, FeedbackKind, Report, RtcpPacket, parse_arrivals, parse_compound, write_receiver_estimate,
        write_report,
    },
};
use ringdown_types::VideoSlot;

use super::{LIMIT_INTERVAL, Stream, UNLIMITED, Video, relay::Way};
use crate::{
    feed::Feed,
    legs::Slot,
    output::{PacketSink, SocketKey},
    worker::Worker,
};

impl Worker {
    /// Takes the feedback of a compound that a leg with video sent.
    pub(crate) fn hear_video_feedback(
        &mut self,
        now: Instant,
        slot: Slot,
        (socket, compound): (SocketKey, &[u8]),
        send: &mut PacketSink<'_>,
    ) {
        let Some(leg) = self.legs.get_mut(slot) else { return };
        let Some(video) = leg.video.as_deref_mut() else { return };
        for stream in video.streams.iter_mut().filter(|stream| stream.is_reached_by(socket)) {
            stream.rtcp.handle_rtcp(now, compound);
        }
        let Ok(packets) = parse_compound(compound) else { return };
        let mut wanted = [false; VideoSlot::ALL.len()];
        for packet in packets {
            let RtcpPacket::Feedback(feedback) = packet else { continue };
            let Video { streams, downlink, epoch, estimate, .. } = &mut *video;
            let Feedback { kind, .. } = feedback;
            match kind {
                FeedbackKind::Nack { media, lost } => {
                    let Some(stream) = Stream::meant(streams, socket, media) else { continue };
                    for sequence in lost.iter() {
                        let way = Way { now, epoch: *epoch, shared: &mut leg.transport, downlink };
                        stream.resend(way, sequence, send);
                    }
                }
                FeedbackKind::PictureLoss { media } => {
                    if let Some(stream) = Stream::meant(streams, socket, media) {
                        wanted[stream.parameters.slot.index()] = true;
                    }
                }
                FeedbackKind::FullIntra(requests) => {
                    for (media, number) in requests.iter() {
                        let Some(stream) = Stream::meant(streams, socket, media) else { continue };
                        if stream.full_intra.replace(number) != Some(number) {
                            wanted[stream.parameters.slot.index()] = true;
                        }
                    }
                }
                FeedbackKind::ReceiverEstimate { bits_per_second } => {
                    *estimate = Some((bits_per_second, now))
                }
                FeedbackKind::TransportWide { body } => {
                    if let Some(statuses) = parse_arrivals(body) {
                        downlink.handle_arrivals(now, *epoch, &statuses);
                    }
                }
            }
        }
        if let Some(source) = leg.feed.listener(slot) {
            for video_slot in VideoSlot::ALL.into_iter().filter(|video_slot| wanted[video_slot.index()]) {
                self.want_key_frame(now, source, video_slot);
            }
        }
        self.tell_limit(now, slot);
    }

    /// Asks a leg's source for a key frame, as soon as its limit allows.
    pub(super) fn want_key_frame(&mut self, now: Instant, slot: Slot, video_slot: VideoSlot) {
        let video = self.legs.get_mut(slot).and_then(|leg| leg.video.as_deref_mut());
        let Some(stream) = video.and_then(|video| video.stream_mut(video_slot)) else { return };
        if !stream.can_be_asked() {
            // Its first packet shows that nobody can decode it yet.
            return;
        }
        stream.incoming.requests.want(now);
        self.ask_sources(now, slot);
        self.reschedule_video(slot);
    }

    /// Asks all of a leg's sources for key frames: somebody else sees them from now on.
    pub(crate) fn want_key_frames(&mut self, now: Instant, slot: Slot) {
        for video_slot in VideoSlot::ALL {
            self.want_key_frame(now, slot, video_slot);
        }
    }

    /// Does what is due for a leg's video: reports, requests, arrival times, limits.
    pub(crate) fn tend_video(&mut self, now: Instant, slot: Slot) {
        let Some(leg) = self.legs.get_mut(slot) else { return };
        let Some(video) = leg.video.as_deref_mut() else { return };
        for stream in video.streams.iter_mut().filter(|stream| stream.rtcp.next_report() <= now) {
            let mut compound = Vec::with_capacity(128);
            let timestamp = stream.outgoing.timestamp_at(now);
            stream.rtcp.write_report(now, timestamp, &mut *self.random, &mut compound);
            if let Some(report) = stream.route(&mut leg.transport).rtcp_transmit(compound) {
                self.outputs.push(report);
            }
        }
        let shared = video.streams.iter().find(|stream| stream.transport.is_none());
        if let Some((ours, theirs)) =
            shared.and_then(|shared| Some((shared.parameters.local_ssrc, shared.source_ssrc()?)))
        {
            let mut compound = video.begin_compound();
            let empty = compound.len();
            video.arrivals.write_due(now, ours, theirs, &mut compound);
            let told = (compound.len() > empty).then(|| leg.transport.rtcp_transmit(compound)).flatten();
            if let Some(told) = told {
                self.outputs.push(told);
            }
        }
        self.ask_sources(now, slot);
        self.tell_limit(now, slot);
    }

    fn ask_sources(&mut self, now: Instant, slot: Slot) {
        let Some(leg) = self.legs.get_mut(slot) else { return };
        let Some(video) = leg.video.as_deref_mut() else { return };
        for stream in &mut video.streams {
            // A request that cannot be sent yet is kept.
            if !stream.route(&mut leg.transport).is_ready()
                || stream.next_timeout().is_none_or(|due| due > now)
            {
                continue;
            }
            let mut compound = Vec::new();
            if stream.write_requests(now, &mut compound) {
                self.outputs.event(MediaEvent::KeyFrameNeeded { leg: leg.id, slot: stream.parameters.slot });
            }
            let asked = (!compound.is_empty())
                .then(|| stream.route(&mut leg.transport).rtcp_transmit(compound))
                .flatten();
            if let Some(asked) = asked {
                self.outputs.push(asked);
            }
        }
    }

    /// Tells whoever feeds this leg what its way carries: lower at once, the same again once a second, and when there
    /// is no limit any more.
    fn tell_limit(&mut self, now: Instant, slot: Slot) {
        let Some(leg) = self.legs.get_mut(slot) else { return };
        let source = leg.feed.listener(slot);
        let (Some(video), Some(source)) = (leg.video.as_deref_mut(), source) else { return };
        let limit = match (video.limit(now), video.told) {
            (None, None) => return,
            (None, Some(_)) => UNLIMITED,
            (Some(limit), Some((told, at))) if limit >= told && now < at + LIMIT_INTERVAL => {
                // What was told stands until then.
                return;
            }
            (Some(limit), _) => limit,
        };
        video.told = Some((limit, now)).filter(|_| limit != UNLIMITED);
        self.send_limit(source, limit);
    }

    /// A leg stops hearing its partner: what was said of its way holds no longer.
    pub(crate) fn lift_limit(&mut self, slot: Slot) {
        let Some(leg) = self.legs.get_mut(slot) else { return };
        let Feed::Partner { slot: source, .. } = &leg.feed else { return };
        let source = *source;
        let told = leg.video.as_deref_mut().and_then(|video| video.told.take());
        if told.is_some() {
            self.send_limit(source, UNLIMITED);
        }
    }

    fn send_limit(&mut self, source: Slot, bits_per_second: u64) {
        let Some(leg) = self.legs.get_mut(source) else { return };
        let Some(video) = leg.video.as_deref_mut() else { return };
        let media: Vec<u32> = video.streams.iter().filter_map(Stream::source_ssrc).collect();
        let compound = video.begin_compound();
        for stream in video.streams.iter_mut().filter(|stream| stream.parameters.feedback.remb) {
            let mut compound = compound.clone();
            write_receiver_estimate(&mut compound, stream.parameters.local_ssrc, bits_per_second, &media);
            if let Some(told) = stream.route(&mut leg.transport).rtcp_transmit(compound) {
                self.outputs.push(told);
            }
            // One estimate is of the whole transport.
            if stream.transport.is_none() {
                break;
            }
        }
    }
}

impl Video {
    /// RFC 3550 §6.1: a compound begins with a report and the canonical name.
    fn begin_compound(&self) -> Vec<u8> {
        let mut compound = Vec::with_capacity(128);
        if let Some(stream) = self.streams.first() {
            let (ssrc, cname) = (stream.parameters.local_ssrc, stream.parameters.cname.as_str());
            write_report(&mut compound, &Report { ssrc, sender: None, block: None, cname });
        }
        compound
    }
}

impl Stream {
    /// Whether what comes on a socket can be about this stream.
    fn is_reached_by(&self, socket: SocketKey) -> bool {
        let own = self.own_port();
        match socket {
            SocketKey::WebRtc => own.is_none(),
            SocketKey::Rtp(port) | SocketKey::Rtcp(port) => own.is_none_or(|own| own == port),
        }
    }

    fn meant(streams: &mut [Self], socket: SocketKey, media: u32) -> Option<&mut Self> {
        streams.iter_mut().find(|stream| stream.is_meant(socket, media))
    }

    /// Whether feedback on `media` is on this stream. On a port pair of its own there is no other, whatever a telephone
    /// takes our SSRC for.
    fn is_meant(&self, socket: SocketKey, media: u32) -> bool {
        let is_own = self.own_port().is_some() && self.is_reached_by(socket);
        is_own || self.is_reached_by(socket) && media == self.parameters.local_ssrc
    }
}
