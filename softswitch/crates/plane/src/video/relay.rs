//! A video packet's way from leg to leg: which stream it is of, where it stands in the listener's, and out.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use ringdown_media::{
    api::{MediaEvent, VideoFormat},
    rtp::{
        FIXED_HEADER_LENGTH, MAX_PACKET_LENGTH, Packet,
        extension::{ElementWriter, MAX_EXTENSION_LENGTH, absolute_send_time, elements},
        parse, write_header,
    },
    video::DownlinkEstimate,
};
use ringdown_types::{RtpExtension, VideoSlot};

use super::{Stream, Video, is_numbered, stream::VideoPacket};
use crate::{
    legs::Slot,
    output::{PacketSink, Passage, SocketKey},
    transport::LegTransport,
    worker::Worker,
};

/// A packet on its way to a listener.
struct Relayed<'a> {
    slot: VideoSlot,
    video: VideoPacket,
    payload: &'a [u8],
    /// What its sender says of the picture, by kind.
    said: Said<'a>,
}

/// The header extensions that are passed on.
type Said<'a> = [(RtpExtension, Option<&'a [u8]>); 2];

impl Worker {
    /// Takes an RTP packet of a leg with video; `false` where it is none of its video streams'.
    pub(crate) fn hear_video(
        &mut self,
        slot: Slot,
        (socket, from): (SocketKey, SocketAddr),
        length: usize,
        passage: Passage<'_, '_>,
    ) -> bool {
        let Passage { now, buffer, send } = passage;
        let Some(datagram) = buffer.get(..length) else { return false };
        let Some(leg) = self.legs.get_mut(slot) else { return false };
        let (id, listener) = (leg.id, leg.feed.listener(slot));
        let Some(video) = leg.video.as_deref_mut() else { return false };
        let Ok(packet) = parse(datagram) else { return false };
        let Some(index) = video.find(socket, &packet, datagram) else { return false };
        leg.transport_at(socket).note_valid(now, from, false);
        let Some(video) = leg.video.as_deref_mut() else { return true };
        video.note_arrival(now, index, datagram);
        let Some(stream) = video.streams.get_mut(index) else { return true };
        // RFC 3264 §8.4: nothing is expected of it; what was under way is dropped.
        if !stream.parameters.direction.receives() {
            return true;
        }
        let video_slot = stream.parameters.slot;
        if !std::mem::replace(&mut stream.incoming.has_started, true) {
            self.outputs.event(MediaEvent::VideoStarted { leg: id, slot: video_slot });
        }
        if let Some(received) = stream.receive(now, packet, datagram) {
            let payload = datagram.get(received.packet.payload.clone()).unwrap_or_default();
            let said = RELAYED_EXTENSIONS.map(|kind| (kind, stream.element(kind, datagram)));
            let relayed = Relayed { slot: video_slot, video: received, payload, said };
            let waits = listener.is_some_and(|listener| self.relay_video(now, listener, relayed, send));
            if waits {
                self.want_key_frame(now, slot, video_slot);
            }
        }
        self.reschedule_video(slot);
        true
    }

    /// Whether the listener waits for a key frame.
    fn relay_video(
        &mut self,
        now: Instant,
        listener: Slot,
        relayed: Relayed<'_>,
        send: &mut PacketSink<'_>,
    ) -> bool {
        let Some(leg) = self.legs.get_mut(listener) else { return false };
        let Some(Video { streams, downlink, epoch, .. }) = leg.video.as_deref_mut() else { return false };
        let stream = streams.iter_mut().find(|stream| stream.parameters.slot == relayed.slot);
        let Some(stream) = stream.filter(|stream| stream.parameters.direction.sends()) else { return false };
        if !stream.transport.as_ref().unwrap_or(&leg.transport).is_ready() {
            return false;
        }
        let way = Way { now, epoch: *epoch, shared: &mut leg.transport, downlink };
        stream.relay(way, relayed, send)
    }

    /// Lets the deadline of a leg follow what its video waits for.
    pub(super) fn reschedule_video(&mut self, slot: Slot) {
        let Some(leg) = self.legs.get(slot) else { return };
        let due = leg.video.as_ref().and_then(|video| video.next_timeout());
        if due.is_some_and(|due| leg.scheduled.is_none_or(|scheduled| due < scheduled)) {
            self.reschedule(slot);
        }
    }
}

impl Video {
    /// The stream that a packet belongs to.
    fn find(&mut self, socket: SocketKey, packet: &Packet, datagram: &[u8]) -> Option<usize> {
        let port = match socket {
            SocketKey::Rtp(port) | SocketKey::Rtcp(port) => Some(port),
            SocketKey::WebRtc => None,
        };
        let claims = self.streams.iter().enumerate().map(|(index, stream)| {
            // A stream with a port pair of its own takes what comes there and nothing else.
            let is_here = stream.own_port().is_none_or(|own| Some(own) == port);
            (if is_here { stream.claim(packet.payload_type, packet.ssrc, datagram) } else { 0 }, index)
        });
        // The first of equals: the camera where nothing tells them apart.
        claims.filter(|(claim, _)| *claim > 0).rev().max_by_key(|(claim, _)| *claim).map(|(_, index)| index)
    }

    /// Notes when a numbered packet came, for the sender's own estimate.
    fn note_arrival(&mut self, now: Instant, index: usize, datagram: &[u8]) {
        let Some(stream) = self.streams.get(index) else { return };
        if is_numbered(&stream.parameters).is_none() {
            return;
        }
        let number = stream.element(RtpExtension::TransportSequence, datagram);
        if let Some([high, low]) = number {
            self.arrivals.handle_packet(now, u16::from_be_bytes([*high, *low]));
        }
    }
}

/// What a packet to a leg goes by.
pub(super) struct Way<'a> {
    pub(super) now: Instant,
    pub(super) epoch: Instant,
    pub(super) shared: &'a mut LegTransport,
    pub(super) downlink: &'a mut DownlinkEstimate,
}

impl Stream {
    fn relay(&mut self, way: Way<'_>, relayed: Relayed<'_>, send: &mut PacketSink<'_>) -> bool {
        let Relayed {
            video: VideoPacket { coding, packet, source, begins_key_frame }, payload, said, ..
        } = relayed;
        let format = self.parameters.formats.iter().find(|format| format.coding == coding).copied();
        let Some(format) = format else { return false };
        let follows = self.outgoing.follows(source);
        let place = (packet.sequence, packet.timestamp);
        let Some(placement) = self.outgoing.relay(way.now, source, place, begins_key_frame) else {
            return !follows;
        };
        if !follows {
            self.store.clear();
        }
        let is_late = placement.behind > MAX_BEHIND;
        if is_late && format.rtx.is_none() {
            return false;
        }
        let said = said.map(|(kind, value)| {
            (self.extension(kind).filter(|_| value.is_some()), value.unwrap_or_default())
        });
        let header = Packet {
            payload_type: format.send,
            sequence: placement.sequence,
            timestamp: placement.timestamp,
            ssrc: self.parameters.local_ssrc,
            ..packet
        };
        let elements = said.iter().filter_map(|(id, value)| Some(((*id)?, *value)));
        let outbound = Outbound { format, header: &header, payload };
        if is_late {
            self.send_again(way, outbound, elements, send);
        } else {
            self.send_first(way, outbound, elements, send);
        }
        false
    }

    fn send_first<'e>(
        &mut self,
        way: Way<'_>,
        outbound: Outbound<'_>,
        elements: impl Iterator<Item = (u8, &'e [u8])>,
        send: &mut PacketSink<'_>,
    ) {
        let Outbound { format, header, payload } = outbound;
        let Way { now, epoch, shared, downlink } = way;
        let number = self.take_number(now, downlink, payload.len());
        let mut buffer = [0; ROOM];
        let stamps = Stamps { number, since_epoch: now - epoch };
        let Some(length) = self.write(&mut buffer, header, stamps, elements, &[payload]) else { return };
        let keeps = self.parameters.feedback.nack;
        if keeps && format.rtx.is_some() {
            self.store.insert(now, header.sequence, &buffer[..length]);
        }
        let transport = self.transport.as_mut().unwrap_or(shared);
        let store = &mut self.store;
        // Without a stream for retransmissions the very same bytes are sent again.
        let mut keep = |socket, destination, bytes: &[u8]| {
            if keeps && format.rtx.is_none() {
                store.insert(now, header.sequence, bytes);
            }
            send(socket, destination, bytes);
        };
        if transport.send_rtp(&mut buffer, length, &mut keep) {
            self.rtcp.handle_sent(payload.len());
        }
    }

    /// Sends a packet as a retransmission (RFC 4588 §4).
    fn send_again<'e>(
        &mut self,
        way: Way<'_>,
        outbound: Outbound<'_>,
        elements: impl Iterator<Item = (u8, &'e [u8])>,
        send: &mut PacketSink<'_>,
    ) {
        let Outbound { format, header, payload } = outbound;
        let Some(rtx) = format.rtx else { return };
        let Way { now, epoch, shared, downlink } = way;
        let stamps =
            Stamps { number: self.take_number(now, downlink, payload.len()), since_epoch: now - epoch };
        let original = header.sequence.to_be_bytes();
        let header = Packet {
            payload_type: rtx.send,
            sequence: self.next_rtx,
            ssrc: self.parameters.local_rtx_ssrc,
            ..header.clone()
        };
        self.next_rtx = self.next_rtx.wrapping_add(1);
        let mut buffer = [0; ROOM];
        let Some(length) = self.write(&mut buffer, &header, stamps, elements, &[&original, payload]) else {
            return;
        };
        self.transport.as_mut().unwrap_or(shared).send_rtp(&mut buffer, length, send);
    }

    /// Answers a NACK for one packet, if it is still here.
    pub(super) fn resend(&mut self, way: Way<'_>, sequence: u16, send: &mut PacketSink<'_>) {
        let round_trip = self.round_trip();
        let Some(stored) = self.store.take(way.now, sequence, round_trip).map(<[u8]>::to_vec) else { return };
        let number_of = |stored: &[u8]| stored.get(1).map_or(0, |second| second & 0x7f);
        let payload_type = number_of(&stored);
        let format = self.parameters.formats.iter().find(|format| format.send == payload_type).copied();
        let Some(format) = format else { return };
        if format.rtx.is_none() {
            self.transport.as_mut().unwrap_or(way.shared).send_protected(&stored, send);
            return;
        }
        let Ok(packet) = parse(&stored) else { return };
        let payload = stored.get(packet.payload.clone()).unwrap_or_default();
        let stamped = STAMPED_EXTENSIONS.map(|kind| self.extension(kind));
        let kept = elements(&stored).filter(|(id, _)| !stamped.contains(&Some(*id)));
        self.send_again(way, Outbound { format, header: &packet, payload }, kept, send);
    }

    /// Writes a packet: header, extensions, and the parts of its payload.
    fn write<'e>(
        &self,
        buffer: &mut [u8; ROOM],
        header: &Packet,
        stamps: Stamps,
        elements: impl Iterator<Item = (u8, &'e [u8])>,
        payload: &[&[u8]],
    ) -> Option<usize> {
        write_header(buffer.first_chunk_mut()?, header);
        let room = buffer.get_mut(FIXED_HEADER_LENGTH..FIXED_HEADER_LENGTH + MAX_EXTENSION_LENGTH)?;
        let mut writer = ElementWriter::new(room);
        if let (Some(id), Some(number)) = (self.extension(RtpExtension::TransportSequence), stamps.number) {
            writer.add(id, &number.to_be_bytes());
        }
        if let Some(id) = self.extension(RtpExtension::AbsoluteSendTime) {
            writer.add(id, &absolute_send_time(stamps.since_epoch));
        }
        if let (Some(id), Some(mid)) = (self.extension(RtpExtension::Mid), &self.parameters.mid) {
            writer.add(id, mid.as_bytes());
        }
        for (id, value) in elements {
            writer.add(id, value);
        }
        let length = writer.finish();
        if length > 0 {
            buffer[0] |= 0x10;
        }
        let mut at = FIXED_HEADER_LENGTH + length;
        for part in payload {
            buffer.get_mut(at..at + part.len())?.copy_from_slice(part);
            at += part.len();
        }
        Some(at)
    }

    /// The id of an extension towards the peer.
    fn extension(&self, kind: RtpExtension) -> Option<u8> {
        let known = self.parameters.extensions.iter().find(|extension| extension.kind == kind);
        known.map(|extension| extension.send)
    }

    fn take_number(&self, now: Instant, downlink: &mut DownlinkEstimate, payload: usize) -> Option<u16> {
        is_numbered(&self.parameters).map(|_| downlink.number(now, payload + OVERHEAD))
    }
}

/// A packet with its place in the stream.
struct Outbound<'a> {
    format: VideoFormat,
    header: &'a Packet,
    payload: &'a [u8],
}

/// What is of one transport and one moment.
struct Stamps {
    number: Option<u16>,
    since_epoch: Duration,
}

const RELAYED_EXTENSIONS: [RtpExtension; 2] = [RtpExtension::PlayoutDelay, RtpExtension::VideoContentType];

/// What [`Stream::write`] writes by itself.
const STAMPED_EXTENSIONS: [RtpExtension; 3] =
    [RtpExtension::TransportSequence, RtpExtension::AbsoluteSendTime, RtpExtension::Mid];

const ROOM: usize =
    MAX_PACKET_LENGTH + MAX_EXTENSION_LENGTH + ringdown_rtc::SRTP_OVERHEAD + FIXED_HEADER_LENGTH;

/// What a packet weighs beside its payload: headers of IP, UDP and RTP, and the tag.
const OVERHEAD: usize = 64;

/// SRTP's replay window is 128 packets (RFC 3711 §3.3.2): what comes later goes as a retransmission.
const MAX_BEHIND: u16 = 100;
