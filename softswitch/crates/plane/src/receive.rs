//! A datagram's way through the worker: find its leg, authenticate and decrypt in place, rewrite, encrypt, send.

use std::{net::SocketAddr, time::Instant};

use ringdown_media::{
    api::MediaEvent,
    codec::g711,
    jitter::Carried,
    rtcp::parse_compound,
    rtp::{EventPayload, MAX_PACKET_LENGTH, Packet, SourceKey},
    transcode::Transcoder,
};
use ringdown_rtc::{DatagramKind, SRTP_OVERHEAD, classify, stun_local_ufrag};
use ringdown_types::CodecId;
use tracing::debug;

use crate::{
    absence::Sign,
    feed::{Conversion, Feed},
    incoming::{Heard, recognise},
    leg::{Leg, Relayed},
    legs::Slot,
    output::{PacketSink, Passage, SocketKey},
    telephone::Opened,
    transport::LegTransport,
    worker::{Worker, relays_events},
};

/// A datagram in the slot it was received into.
#[derive(Debug)]
pub struct Datagram<'a> {
    /// The socket it came from.
    pub socket: SocketKey,
    /// Who sent it. A shell with dual-stack sockets may hand over mapped IPv4 addresses; what is sent back goes to
    /// plain IPv4 addresses.
    pub source: SocketAddr,
    /// The slot. Room of [`SRTP_OVERHEAD`] octets behind the datagram saves a copy on the way to a browser.
    pub buffer: &'a mut [u8],
    /// The datagram's length in the slot.
    pub length: usize,
}

impl Worker {
    /// Takes a datagram. What is to be sent on at once goes into `send`, out of the datagram's own slot.
    pub fn handle_datagram(&mut self, now: Instant, datagram: Datagram<'_>, send: &mut PacketSink<'_>) {
        let Datagram { socket, source, buffer, length } = datagram;
        self.legs.begin();
        // What descriptions say is never an IPv4 address mapped into IPv6.
        let source = SocketAddr::new(source.ip().to_canonical(), source.port());
        let slot = buffer.get(..length).and_then(|bytes| self.find_leg(socket, source, bytes));
        let Some(slot) = slot else {
            self.counts.datagrams_unknown += 1;
            return;
        };
        if buffer.len() >= length + SRTP_OVERHEAD {
            self.receive(now, slot, Datagram { socket, source, buffer, length }, send);
        } else if let Some(bytes) = buffer.get(..length).filter(|_| length <= MAX_PACKET_LENGTH) {
            let mut roomy = [0; MAX_PACKET_LENGTH + SRTP_OVERHEAD];
            roomy[..length].copy_from_slice(bytes);
            self.receive(now, slot, Datagram { socket, source, buffer: &mut roomy, length }, send);
        }
    }

    /// RFC 7983 on the shared port: checks by their ufrag, the rest by addresses that passed a check.
    fn find_leg(&self, socket: SocketKey, source: SocketAddr, bytes: &[u8]) -> Option<Slot> {
        match socket {
            SocketKey::Rtp(port) | SocketKey::Rtcp(port) => self.routes.by_port(port),
            SocketKey::WebRtc => match classify(*bytes.first()?) {
                DatagramKind::Stun => self.routes.by_ufrag(stun_local_ufrag(bytes)?),
                DatagramKind::Dtls | DatagramKind::Media => self.routes.by_address(source),
                DatagramKind::Unknown => None,
            },
        }
    }

    fn receive(&mut self, now: Instant, slot: Slot, datagram: Datagram<'_>, send: &mut PacketSink<'_>) {
        let Datagram { socket, source, buffer, length } = datagram;
        let Some(leg) = self.legs.get_mut(slot) else { return };
        let Some(bytes) = buffer.get_mut(..length) else { return };
        let opened = leg.transport_at(socket).open(now, socket, source, bytes);
        self.note_sign(now, slot, &opened);
        let Some(leg) = self.legs.get_mut(slot) else { return };
        match opened {
            Opened::Handshake | Opened::Refused if matches!(leg.transport, LegTransport::Browser(_)) => {
                self.drain_browser(now, slot);
                self.reschedule(slot);
            }
            Opened::Handshake => self.drain_telephone(now, slot),
            Opened::Refused => leg.incoming.rejected += 1,
            Opened::Rtcp { length } => {
                let compound = buffer.get(..length).filter(|bytes| parse_compound(bytes).is_ok());
                let Some(compound) = compound else {
                    leg.incoming.rejected += 1;
                    return;
                };
                leg.transport_at(socket).note_valid(now, source, true);
                if leg.owns(socket) {
                    leg.outgoing.rtcp.handle_rtcp(now, compound);
                    leg.adapt_opus();
                }
                if leg.video.is_some() {
                    self.hear_video_feedback(now, slot, (socket, compound), send);
                }
            }
            Opened::Rtp { length } => {
                let passage = Passage { now, buffer: &mut *buffer, send: &mut *send };
                if leg.video.is_some() && self.hear_video(slot, (socket, source), length, passage) {
                    return;
                }
                let Some(leg) = self.legs.get_mut(slot) else { return };
                let bytes = buffer.get(..length).filter(|_| leg.owns(socket));
                let Some(heard) = bytes.and_then(|bytes| recognise(&leg.audio, bytes)) else {
                    leg.incoming.rejected += 1;
                    return;
                };
                leg.transport.note_valid(now, source, false);
                // RFC 3264 §8.4: on hold nothing is expected of it; what was under way is dropped.
                if leg.audio.direction.receives() {
                    self.hear(slot, heard, Passage { now, buffer, send });
                }
            }
        }
    }

    /// A browser that can be sent to and of which something comes is there.
    fn note_sign(&mut self, now: Instant, slot: Slot, opened: &Opened) {
        let Some(leg) = self.legs.get_mut(slot) else { return };
        let LegTransport::Browser(browser) = &leg.transport else { return };
        let sign = match opened {
            Opened::Refused => return,
            Opened::Rtp { .. } => Sign::Speech,
            Opened::Rtcp { .. } | Opened::Handshake => Sign::Life,
        };
        if !browser.transport.is_connected() {
            return;
        }
        let was_watched = leg.absence.next_timeout().is_some();
        if leg.absence.handle_sign(now, sign) {
            self.outputs.event(MediaEvent::LegBack { leg: leg.id });
        }
        if !was_watched && leg.absence.next_timeout().is_some() {
            self.reschedule(slot);
        }
    }

    fn hear(&mut self, slot: Slot, heard: Heard, passage: Passage<'_, '_>) {
        let Some(leg) = self.legs.get_mut(slot) else { return };
        leg.incoming.received += 1;
        match heard {
            Heard::Audio { codec, packet } => self.hear_audio(slot, codec, packet, passage),
            Heard::Noise { packet } => self.hear_noise(slot, packet, passage),
            Heard::Event { clock_rate, packet, payload } => {
                let now = passage.now;
                leg.outgoing.rtcp.handle_event(packet.ssrc, packet.sequence);
                let stream_rate = leg.stream_rate().unwrap_or(clock_rate);
                let key = SourceKey { origin: leg.origin, ssrc: packet.ssrc, clock_rate: stream_rate };
                let rates = (clock_rate, stream_rate);
                let clock_rate =
                    leg.incoming.event_clock.judge(now, packet.timestamp, payload.duration, rates);
                let finished = leg.incoming.events.handle_packet(now, packet.timestamp, clock_rate, payload);
                let listener = leg.feed.listener(slot);
                self.reschedule(slot);
                if let Some(listener) = listener.and_then(|listener| self.legs.get_mut(listener)) {
                    listener.pass_event(clock_rate, payload, Relayed { key, packet }, passage);
                }
                if let Some(finished) = finished {
                    self.report_digit(now, slot, finished);
                }
            }
        }
    }

    fn hear_audio(&mut self, slot: Slot, codec: CodecId, packet: Packet, passage: Passage<'_, '_>) {
        let Some(leg) = self.legs.get_mut(slot) else { return };
        let clock_rate = codec.clock_rate();
        let Packet { ssrc, sequence, timestamp, .. } = packet;
        leg.incoming.clock_rate = Some(clock_rate);
        leg.outgoing.rtcp.handle_rtp(passage.now, ssrc, clock_rate, sequence, timestamp);
        leg.note_sound(codec, &packet, passage.buffer);
        let key = SourceKey { origin: leg.origin, ssrc, clock_rate };
        let (is_muted, listener) = (leg.muted, leg.feed.listener(slot));
        if !leg.incoming.started {
            leg.incoming.started = true;
            let leg = leg.id;
            self.outputs.event(MediaEvent::MediaStarted { leg });
        }
        if !self.listen(slot, codec, &packet, &passage) || is_muted {
            return;
        }
        if let Some(leg) = self.legs.get_mut(slot) {
            leg.take_down(passage.now, codec, &packet, passage.buffer);
        }
        if let Some(listener) = listener {
            self.pass_audio(listener, codec, Relayed { key, packet }, passage);
        }
    }

    /// Passes audio on: as it is where the listener negotiated its codec, by table between the two laws of G.711,
    /// transcoded otherwise.
    fn pass_audio(&mut self, listener: Slot, codec: CodecId, relayed: Relayed, passage: Passage<'_, '_>) {
        let Some(leg) = self.legs.get_mut(listener) else { return };
        if !leg.may_send() {
            return;
        }
        let Some(way) = Way::choose(leg, codec) else { return };
        if let Way::Transcode(to) = way {
            return self.transcode(listener, (codec, to), (Carried::Audio, &relayed.packet), &passage);
        }
        if let Feed::Partner { conversion, .. } = &mut leg.feed
            && conversion.take().is_some()
        {
            leg.outgoing.stream.release_source();
        }
        if leg.digits.is_sending() {
            return;
        }
        let codec = match (way, passage.buffer.get_mut(relayed.packet.payload.clone())) {
            (Way::UlawToAlaw, Some(payload)) => {
                g711::ulaw_to_alaw(payload);
                CodecId::Pcma
            }
            (Way::AlawToUlaw, Some(payload)) => {
                g711::alaw_to_ulaw(payload);
                CodecId::Pcmu
            }
            _ => codec,
        };
        leg.relay_audio(codec, relayed, passage);
    }

    /// Hands a packet to the listener's transcoder, which is made for it if there is none that fits.
    pub(crate) fn transcode(
        &mut self,
        listener: Slot,
        (from, to): (CodecId, CodecId),
        (carried, packet): (Carried, &Packet),
        passage: &Passage<'_, '_>,
    ) {
        let now = passage.now;
        let origin = self.next_origin();
        let Some(leg) = self.legs.get_mut(listener) else { return };
        let (ptime, settings) = (leg.audio.ptime_ms, leg.opus.settings());
        let Feed::Partner { conversion, .. } = &mut leg.feed else { return };
        let fits = |made: &Conversion| made.transcoder.from() == from && made.transcoder.to() == to;
        let is_new = !conversion.as_deref().is_some_and(fits);
        if is_new {
            match Transcoder::new(from, to, ptime, settings) {
                Ok(transcoder) => {
                    *conversion = Some(Box::new(Conversion { transcoder, origin, due: now }));
                }
                Err(error) => {
                    debug!(leg = %leg.id, %error, "no transcoder; its audio is dropped");
                    return;
                }
            }
        }
        let Some(payload) = passage.buffer.get(packet.payload.clone()) else { return };
        if let Some(made) = conversion {
            let &Packet { ssrc, sequence, timestamp, .. } = packet;
            match carried {
                Carried::Noise => made.transcoder.handle_noise(now, ssrc, sequence, timestamp, payload),
                Carried::Audio | Carried::Pause => {
                    made.transcoder.handle_packet(now, ssrc, sequence, timestamp, payload);
                }
            }
        }
        if is_new {
            self.reschedule(listener);
        }
    }
}

/// How audio gets to a listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Relay,
    UlawToAlaw,
    AlawToUlaw,
    Transcode(CodecId),
}

impl Way {
    pub(crate) fn choose(listener: &Leg, codec: CodecId) -> Option<Self> {
        if listener.payload_type(codec).is_some() {
            return Some(Self::Relay);
        }
        let first = listener.audio.codecs.first()?.codec;
        Some(match (codec, first) {
            (CodecId::Pcmu, CodecId::Pcma) => Self::UlawToAlaw,
            (CodecId::Pcma, CodecId::Pcmu) => Self::AlawToUlaw,
            _ => Self::Transcode(first),
        })
    }
}

impl Leg {
    /// The clock rate of what it says.
    fn stream_rate(&self) -> Option<u32> {
        let first = self.audio.codecs.first().map(|format| format.codec.clock_rate());
        self.incoming.clock_rate.or(first)
    }

    fn pass_event(
        &mut self,
        clock_rate: u32,
        payload: EventPayload,
        relayed: Relayed,
        passage: Passage<'_, '_>,
    ) {
        if self.may_send() && relays_events(self) && !self.digits.is_sending() {
            self.relay_event(clock_rate, payload, relayed, passage);
        }
    }
}
