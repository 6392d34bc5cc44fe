//! What call control says of a leg's video.

use std::time::Instant;

use ringdown_media::{
    api::{self, MediaEvent, MediaFailure, Transport},
    rtcp::RtcpSession,
    video::OutgoingVideo,
};
use ringdown_types::Random;

use super::{Stream, Video};
use crate::{
    leg::Leg,
    legs::Slot,
    output::Output,
    telephone::{SocketState, Telephone},
    transport::LegTransport,
    worker::Worker,
};

impl Worker {
    /// Replaces all video of a leg. A stream of a slot that had one goes on with its SSRC, numbers and timestamps.
    pub(crate) fn set_video(&mut self, now: Instant, slot: Slot, wanted: Vec<api::VideoStream>) {
        let Some(leg) = self.legs.get_mut(slot) else { return };
        if wanted.is_empty() && leg.video.is_none() {
            return;
        }
        let mut video = leg.video.take().unwrap_or_else(|| Box::new(Video::new(now)));
        let mut old = std::mem::take(&mut video.streams);
        for parameters in wanted {
            let is_taken = video.stream(parameters.slot).is_some();
            if is_taken || parameters.formats.is_empty() {
                continue;
            }
            let known = old.iter().position(|stream| stream.parameters.slot == parameters.slot);
            let stream = match known {
                Some(at) => self.update_stream(now, slot, (old.swap_remove(at), parameters)),
                None => self.make_stream(now, slot, parameters),
            };
            video.streams.push(stream);
        }
        for stream in old {
            self.end_stream(now, slot, stream);
        }
        if let Some(leg) = self.legs.get_mut(slot) {
            leg.video = Some(video).filter(|video| !video.streams.is_empty());
        }
        self.renew_pictures(now, slot);
        self.reschedule(slot);
    }

    fn make_stream(&mut self, now: Instant, slot: Slot, mut parameters: api::VideoStream) -> Stream {
        let outgoing = OutgoingVideo::new(&mut *self.random);
        let (ssrc, cname) = (parameters.local_ssrc, parameters.cname.clone());
        let rtcp = RtcpSession::new(now, self.clock, ssrc, cname, &mut *self.random);
        let origin = self.next_origin();
        let own = parameters.transport.take();
        let mut stream = Stream::new(parameters, origin, outgoing, rtcp);
        stream.next_rtx = first_number(&mut *self.random);
        self.set_own_transport(now, slot, &mut stream, own);
        stream
    }

    fn update_stream(
        &mut self,
        now: Instant,
        slot: Slot,
        (mut stream, mut parameters): (Stream, api::VideoStream),
    ) -> Stream {
        let own = parameters.transport.take();
        self.set_own_transport(now, slot, &mut stream, own);
        let (before, after) = (stream.parameters.direction, parameters.direction);
        if before.sends() != after.sends() {
            stream.outgoing.release_source();
        }
        if before.receives() != after.receives() {
            // What was said of it before is not what comes next.
            stream.incoming.has_started &= after.receives();
        }
        if stream.parameters.local_ssrc != parameters.local_ssrc
            || stream.parameters.cname != parameters.cname
        {
            stream.rtcp.set_names(parameters.local_ssrc, parameters.cname.clone());
        }
        let is_known = stream.parameters.remote_sources == parameters.remote_sources;
        stream.parameters = parameters;
        if !is_known {
            stream.learn_sources();
        }
        stream
    }

    /// Gives a stream the port pair it is to have, or none.
    fn set_own_transport(&mut self, now: Instant, slot: Slot, stream: &mut Stream, own: Option<Transport>) {
        match (&mut stream.transport, own) {
            (Some(LegTransport::Telephone(telephone)), Some(Transport::Rtp { local_port, remote }))
                if telephone.local_port == local_port =>
            {
                telephone.set_remote(now, remote);
            }
            (_, Some(Transport::Rtp { local_port, remote })) => {
                self.close_own_port(slot, stream);
                if self.routes.by_port(local_port).is_some() {
                    self.tell_failed(slot, stream);
                    return;
                }
                let telephone = Telephone::new(now, local_port, remote, &self.identity);
                stream.transport = Some(LegTransport::Telephone(Box::new(telephone)));
                self.routes.claim_port(slot, local_port);
                self.outputs.push(Output::OpenRtp { port: local_port });
            }
            // Browsers share their transport; a stream that asks for another kind has none.
            (_, Some(Transport::WebRtc { .. })) => self.tell_failed(slot, stream),
            (_, None) => self.close_own_port(slot, stream),
        }
    }

    fn tell_failed(&mut self, slot: Slot, stream: &Stream) {
        if let Some(leg) = self.legs.get(slot).map(|leg| leg.id) {
            let failure = MediaFailure::SocketUnavailable;
            self.outputs.event(MediaEvent::VideoFailed { leg, slot: stream.parameters.slot, failure });
        }
    }

    fn close_own_port(&mut self, slot: Slot, stream: &mut Stream) {
        if let Some(port) = stream.own_port() {
            self.routes.release_port(slot, port);
            self.outputs.push(Output::CloseRtp { port });
        }
        stream.transport = None;
    }

    /// What became of a video stream's own ports.
    pub(crate) fn handle_video_socket(&mut self, now: Instant, slot: Slot, port: u16, is_open: bool) {
        let Some(leg) = self.legs.get_mut(slot) else { return };
        let id = leg.id;
        let streams = leg.video.as_deref_mut().map(|video| &mut video.streams);
        let Some(stream) = streams.into_iter().flatten().find(|stream| stream.own_port() == Some(port))
        else {
            return;
        };
        let video_slot = stream.parameters.slot;
        let Some(LegTransport::Telephone(telephone)) = &mut stream.transport else { return };
        let before = telephone.socket;
        telephone.socket = if is_open { SocketState::Open } else { SocketState::Failed };
        if !is_open && before != SocketState::Failed {
            let failure = MediaFailure::SocketUnavailable;
            self.outputs.event(MediaEvent::VideoFailed { leg: id, slot: video_slot, failure });
        }
        telephone.start_handshakes(now);
        self.drain_telephone(now, slot);
    }

    /// Ends a leg's video, saying goodbye.
    pub(crate) fn end_video(&mut self, now: Instant, slot: Slot) {
        let video = self.legs.get_mut(slot).and_then(|leg| leg.video.take());
        for stream in video.into_iter().flat_map(|video| video.streams) {
            self.end_stream(now, slot, stream);
        }
    }

    fn end_stream(&mut self, now: Instant, slot: Slot, mut stream: Stream) {
        if let Some(leg) = self.legs.get_mut(slot).filter(|_| stream.rtcp.has_spoken()) {
            let mut compound = Vec::with_capacity(128);
            let timestamp = stream.outgoing.timestamp_at(now);
            stream.rtcp.write_bye(now, timestamp, &mut *self.random, &mut compound);
            if let Some(bye) = stream.route(&mut leg.transport).rtcp_transmit(compound) {
                self.outputs.push(bye);
            }
        }
        self.close_own_port(slot, &mut stream);
    }

    /// Whoever sees a leg, and whom it sees, begin with key frames.
    fn renew_pictures(&mut self, now: Instant, slot: Slot) {
        let Some(partner) = self.legs.get(slot).and_then(|leg| leg.feed.listener(slot)) else { return };
        self.want_key_frames(now, slot);
        self.want_key_frames(now, partner);
    }
}

impl Leg {
    /// The transport that a port belongs to: the leg's, or a video stream's own.
    pub(crate) fn transport_at(&mut self, socket: crate::SocketKey) -> &mut LegTransport {
        let own = self.video.as_deref_mut().and_then(|video| video.by_socket(socket));
        own.and_then(|stream| stream.transport.as_mut()).unwrap_or(&mut self.transport)
    }

    /// Whether a socket carries its audio: no stream of its video has it to itself.
    pub(crate) fn owns(&self, socket: crate::SocketKey) -> bool {
        let (crate::SocketKey::Rtp(port) | crate::SocketKey::Rtcp(port)) = socket else { return true };
        let streams = self.video.iter().flat_map(|video| &video.streams);
        !streams.into_iter().any(|stream| stream.own_port() == Some(port))
    }

    /// Its transports that are a telephone's: its own, and those of its video.
    pub(crate) fn telephones(&mut self) -> impl Iterator<Item = &mut Telephone> {
        let streams = self.video.as_deref_mut().map(|video| &mut video.streams).into_iter().flatten();
        let of_video = streams.filter_map(|stream| stream.transport.as_mut());
        std::iter::once(&mut self.transport).chain(of_video).filter_map(|transport| match transport {
            LegTransport::Telephone(telephone) => Some(&mut **telephone),
            LegTransport::Browser(_) => None,
        })
    }

    /// What it hears and sees has changed, or will.
    pub(crate) fn release_sources(&mut self) {
        self.outgoing.stream.release_source();
        if let Some(video) = self.video.as_deref_mut() {
            video.release_sources();
        }
    }

    /// A new receiver behind the same leg: numbers near their wrap would be undecryptable if its first packets were
    /// lost (RFC 3711 §3.3.1).
    pub(crate) fn renew_video(&mut self, random: &mut dyn Random) {
        let Some(video) = self.video.as_deref_mut() else { return };
        video.downlink = ringdown_media::video::DownlinkEstimate::default();
        for stream in &mut video.streams {
            stream.outgoing = OutgoingVideo::new(random);
            stream.next_rtx = first_number(random);
            stream.store.clear();
        }
    }
}

/// In the lower half, so that the first wrap is far (RFC 3711 §3.3.1).
fn first_number(random: &mut dyn Random) -> u16 {
    random.u64() as u16 & 0x7fff
}
