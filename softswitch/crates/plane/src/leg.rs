//! One leg: its transport, what it says, what it hears, and the one continuous stream that carries it.

use std::time::{Duration, Instant};

use ringdown_media::{
    api::{AudioParameters, PayloadFormat},
    codec::{MAX_ENCODED_LENGTH, adapt::OpusAdaptation},
    jitter::Carried,
    quality::LegMonitor,
    rtcp::RtcpSession,
    rtp::{
        EventPayload, FIXED_HEADER_LENGTH, FinishedDigit, OutgoingStream, Packet, Placement, RelayedPacket,
        SourceKey, scale_duration, write_header,
    },
};
use ringdown_types::{CodecId, LegId, Random};

use crate::{
    absence::Absence,
    digits::{Current, Digits, PAUSE_FRAMES, event_format},
    feed::{Feed, PLAY_FRAME, next_due},
    incoming::Incoming,
    output::{Output, PacketSink, Passage},
    quality::Counted,
    recorder::Recorder,
    transport::LegTransport,
    video::Video,
};

pub(crate) struct Leg {
    pub(crate) id: LegId,
    pub(crate) transport: LegTransport,
    pub(crate) audio: AudioParameters,
    /// Server-side mute: its audio goes nowhere, its keys still do.
    pub(crate) muted: bool,
    /// How loud it is in mixes, as a factor.
    pub(crate) gain: f32,
    pub(crate) incoming: Incoming,
    /// Whether its browser is there.
    pub(crate) absence: Absence,
    pub(crate) feed: Feed,
    /// Its streams beside audio.
    pub(crate) video: Option<Box<Video>>,
    pub(crate) digits: Digits,
    /// What writes down what it says.
    pub(crate) recorder: Option<Box<Recorder>>,
    pub(crate) outgoing: Outgoing,
    /// How good it is.
    pub(crate) monitor: LegMonitor,
    pub(crate) counted: Counted,
    /// Names the leg in the outgoing streams it feeds.
    pub(crate) origin: u64,
    /// How Opus is encoded for it, and the receiver's reports that went into that.
    pub(crate) opus: OpusAdaptation,
    pub(crate) reports_seen: u64,
    /// Whether [`ringdown_media::api::MediaEvent::LegConnected`] was reported, for telephones.
    pub(crate) connected: bool,
    /// Where it stands in the table of deadlines.
    pub(crate) scheduled: Option<Instant>,
}

/// What leaves towards a leg.
pub(crate) struct Outgoing {
    pub(crate) stream: OutgoingStream,
    pub(crate) rtcp: RtcpSession,
    /// What its newest audio packet is in.
    pub(crate) codec: Option<CodecId>,
}

/// What a leg's deadline brought about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Due {
    /// A key whose end was lost.
    Digit(FinishedDigit),
    /// A playback is over.
    Played { token: u32 },
    /// Nothing comes any more of a leg that spoke.
    Silent,
}

/// A source's packet on its way to this leg: its payload is in the caller's buffer.
pub(crate) struct Relayed {
    pub(crate) key: SourceKey,
    pub(crate) packet: Packet,
}

impl Leg {
    /// Whether media may be sent: the transport is up, something was negotiated, and the direction allows it.
    pub(crate) fn may_send(&self) -> bool {
        self.is_ready() && self.audio.direction.sends()
    }

    /// Whether there is a way and a codec.
    pub(crate) fn is_ready(&self) -> bool {
        !self.audio.codecs.is_empty() && self.transport.is_ready()
    }

    /// The payload type that a codec has towards this leg.
    pub(crate) fn payload_type(&self, codec: CodecId) -> Option<u8> {
        self.audio.codecs.iter().find(|format| format.codec == codec).map(|format| format.send)
    }

    /// Sends a packet of another stream on, in place. `codec` is what its payload is in by now.
    pub(crate) fn relay_audio(&mut self, codec: CodecId, relayed: Relayed, passage: Passage<'_, '_>) {
        let Relayed { key, mut packet } = relayed;
        let Some(payload_type) = self.payload_type(codec) else { return };
        packet.payload_type = payload_type;
        self.outgoing.codec = Some(codec);
        self.place_and_send(key, packet, Kind::Audio(codec), passage);
    }

    /// Sends comfort noise of another stream on, in place.
    pub(crate) fn relay_noise(&mut self, payload_type: u8, relayed: Relayed, passage: Passage<'_, '_>) {
        let Relayed { key, mut packet } = relayed;
        packet.payload_type = payload_type;
        self.place_and_send(key, packet, Kind::Noise, passage);
    }

    /// Sends an event packet of another stream on, in place, with the payload type, the timeline and the duration
    /// that hold towards this leg. `clock_rate` is what its duration is counted in.
    pub(crate) fn relay_event(
        &mut self,
        clock_rate: u32,
        payload: EventPayload,
        relayed: Relayed,
        passage: Passage<'_, '_>,
    ) {
        let Relayed { key, mut packet } = relayed;
        let Some(format) = event_format(&self.audio, key.clock_rate) else { return };
        packet.payload_type = format.send;
        packet.payload.end = packet.payload.start + ringdown_media::rtp::PAYLOAD_LENGTH;
        let duration = scale_duration(payload.duration, clock_rate, key.clock_rate);
        let Some(bytes) = passage.buffer.get_mut(packet.payload.clone()) else { return };
        bytes.copy_from_slice(&EventPayload { duration, ..payload }.to_bytes());
        self.place_and_send(key, packet, Kind::Key, passage);
    }

    fn place_and_send(&mut self, key: SourceKey, mut packet: Packet, kind: Kind, passage: Passage<'_, '_>) {
        let Passage { now, buffer, send } = passage;
        let (sequence, timestamp, marker) = (packet.sequence, packet.timestamp, packet.marker);
        let relayed = RelayedPacket { sequence, timestamp, marker, is_event: kind == Kind::Key };
        let Some(placement) = self.outgoing.stream.relay(now, key, key.clock_rate, relayed) else { return };
        Placement { sequence: packet.sequence, timestamp: packet.timestamp, marker: packet.marker } =
            placement;
        packet.ssrc = self.audio.local_ssrc;
        if let Kind::Audio(codec) = kind {
            self.note_heard(now, codec, &packet, buffer);
        }
        let payload_length = packet.payload.len();
        let Some(range) = packet.write_before_payload(buffer) else { return };
        let Some(datagram) = buffer.get_mut(range.start..) else { return };
        if self.transport.send_rtp(datagram, range.len(), send) {
            self.outgoing.rtcp.handle_sent(payload_length);
        }
    }

    /// Sends a payload that we made, which stands in `buffer` behind room for the header.
    fn send_made(&mut self, now: Instant, made: Made, buffer: &mut [u8], send: &mut PacketSink<'_>) {
        let Placement { sequence, timestamp, marker } = made.placement;
        let end = FIXED_HEADER_LENGTH + made.length;
        let (payload_type, ssrc) = (made.payload_type, self.audio.local_ssrc);
        let payload = FIXED_HEADER_LENGTH..end;
        let packet = Packet { marker, payload_type, sequence, timestamp, ssrc, payload };
        let Some(header) = buffer.first_chunk_mut() else { return };
        write_header(header, &packet);
        if let Some(codec) = made.audio {
            self.note_heard(now, codec, &packet, buffer);
        }
        if self.transport.send_rtp(buffer, end, send) {
            self.outgoing.rtcp.handle_sent(made.length);
        }
    }

    /// When something is due, whatever arrives until then.
    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        [
            Some(self.outgoing.rtcp.next_report()),
            self.incoming.events.next_timeout(),
            self.absence.next_timeout(),
            self.digits.due,
            self.feed.next_timeout(),
            self.incoming.voice.as_ref().and_then(|voice| voice.due),
            self.recorder.as_ref().map(|recorder| recorder.due),
            self.transport.next_timeout(),
            self.video.as_ref().and_then(|video| video.next_timeout()),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// Does what is due at `now`, all but the report.
    pub(crate) fn handle_timeout(&mut self, now: Instant, send: &mut PacketSink<'_>) -> Option<Due> {
        self.transport.handle_timeout(now);
        for stream in self.video.as_deref_mut().into_iter().flat_map(|video| &mut video.streams) {
            if let Some(transport) = &mut stream.transport {
                transport.handle_timeout(now);
            }
        }
        if self.digits.due.is_some_and(|due| due <= now) {
            self.send_digit_frame(now, send);
        }
        if let Some(finished) = self.incoming.events.handle_timeout(now) {
            return Some(Due::Digit(finished));
        }
        if let Some(voice) = &mut self.incoming.voice
            && voice.due.is_some_and(|due| due <= now)
            && voice.handle_timeout(now).is_some()
        {
            return Some(Due::Silent);
        }
        if self.feed.next_timeout().is_some_and(|due| due <= now) {
            return self.send_feed_frame(now, send);
        }
        None
    }

    /// The report that is due, if any. It is skipped while there is no way to send it.
    pub(crate) fn take_report(&mut self, now: Instant, random: &mut dyn Random) -> Option<Output> {
        if self.outgoing.rtcp.next_report() > now {
            return None;
        }
        let mut compound = Vec::with_capacity(128);
        let timestamp = self.outgoing.stream.timestamp_at(now);
        self.outgoing.rtcp.write_report(now, timestamp, random, &mut compound);
        self.transport.rtcp_transmit(compound)
    }

    /// The last report, if anybody knows us.
    pub(crate) fn take_bye(&mut self, now: Instant, random: &mut dyn Random) -> Option<Output> {
        if !self.outgoing.rtcp.has_spoken() {
            return None;
        }
        let mut compound = Vec::with_capacity(128);
        let timestamp = self.outgoing.stream.timestamp_at(now);
        self.outgoing.rtcp.write_bye(now, timestamp, random, &mut compound);
        self.transport.rtcp_transmit(compound)
    }

    /// Starts a playback that waited for the leg.
    pub(crate) fn wake(&mut self, now: Instant) {
        let is_ready = self.is_ready();
        if let Feed::Play(play) = &mut self.feed
            && is_ready
            && !play.sound.is_awaited()
        {
            play.due.get_or_insert(now);
        }
    }

    /// Takes what it says to whatever decodes it here: a mix, a recording.
    pub(crate) fn take_down(&mut self, now: Instant, codec: CodecId, packet: &Packet, buffer: &[u8]) {
        if !matches!(self.feed, Feed::Mix(_)) && self.recorder.is_none() {
            return;
        }
        let Some(payload) = buffer.get(packet.payload.clone()) else { return };
        if let Feed::Mix(member) = &mut self.feed {
            member.handle_packet(now, codec, packet, payload);
        }
        if let Some(recorder) = &mut self.recorder {
            recorder.handle_said(now, codec, packet, payload);
        }
    }

    /// What is not sent is not lost: whatever comes next is placed anew. A key that sounds has its place, and all its
    /// packets share one timestamp (RFC 4733 §2.5.1.2).
    fn pause_stream(&mut self) {
        if !self.digits.is_sending() {
            self.outgoing.stream.release_source();
        }
    }

    /// Sends a frame of 20 ms that was made for it, unless a key sounds or its direction forbids.
    pub(crate) fn send_frame(
        &mut self,
        now: Instant,
        origin: u64,
        codec: CodecId,
        frame: &[u8],
        send: &mut PacketSink<'_>,
    ) {
        let payload_type = self.payload_type(codec).filter(|_| self.may_send() && !self.digits.is_sending());
        let mut buffer = [0; FRAME_BUFFER];
        let room = buffer.get_mut(FIXED_HEADER_LENGTH..FIXED_HEADER_LENGTH + frame.len());
        let (Some(payload_type), Some(room)) = (payload_type, room) else {
            return self.pause_stream();
        };
        room.copy_from_slice(frame);
        let clock_rate = codec.clock_rate();
        self.outgoing.codec = Some(codec);
        let placement = self.outgoing.stream.generate(now, origin, clock_rate, clock_rate / 50);
        let audio = Some(codec);
        self.send_made(now, Made { placement, payload_type, length: frame.len(), audio }, &mut buffer, send);
    }

    fn send_feed_frame(&mut self, now: Instant, send: &mut PacketSink<'_>) -> Option<Due> {
        let is_heard = self.may_send() && !self.digits.is_sending();
        let mut is_noise = false;
        let mut buffer = [0; FRAME_BUFFER];
        let frame = match &mut self.feed {
            Feed::Silence | Feed::Echo | Feed::Mix(_) => return None,
            Feed::Play(play) => {
                play.due = Some(next_due(now, play.due.unwrap_or(now), PLAY_FRAME));
                let &PayloadFormat { codec, send: payload_type, .. } = self.audio.codecs.first()?;
                let room = buffer.get_mut(FIXED_HEADER_LENGTH..FIXED_HEADER_LENGTH + MAX_ENCODED_LENGTH)?;
                let Some(length) = play.sound.next_frame(codec, self.opus.settings(), room) else {
                    let token = play.token;
                    self.feed = Feed::Silence;
                    return Some(Due::Played { token });
                };
                let ticks = codec.clock_rate() / 50;
                Frame { origin: play.origin, codec, payload_type, length, ticks }
            }
            Feed::Partner { conversion, .. } => {
                let made = conversion.as_mut()?;
                let step = Duration::from_millis(u64::from(made.transcoder.ptime_ms()));
                made.due = next_due(now, made.due, step);
                let codec = made.transcoder.to();
                let known = self.audio.codecs.iter().find(|format| format.codec == codec);
                let Some(payload_type) = known.map(|format| format.send) else {
                    *conversion = None;
                    return None;
                };
                let noise_type = self.audio.comfort_noise.map(|noise| noise.send);
                made.transcoder.set_comfort_noise(noise_type.is_some());
                made.transcoder.set_opus(self.opus.settings());
                let room = buffer.get_mut(FIXED_HEADER_LENGTH..FIXED_HEADER_LENGTH + MAX_ENCODED_LENGTH)?;
                let frame = made.transcoder.next_frame(room)?;
                let (length, ticks) = (frame.length, frame.ticks_since_last);
                let noise_type = noise_type.filter(|_| frame.carried == Carried::Noise);
                is_noise = noise_type.is_some();
                let payload_type = noise_type.unwrap_or(payload_type);
                Frame { origin: made.origin, codec, payload_type, length, ticks }
            }
        };
        if is_heard {
            let Frame { origin, codec, payload_type, length, ticks } = frame;
            self.outgoing.codec = Some(codec);
            let placement = self.outgoing.stream.generate(now, origin, codec.clock_rate(), ticks);
            let audio = Some(codec).filter(|_| !is_noise);
            self.send_made(now, Made { placement, payload_type, length, audio }, &mut buffer, send);
        } else {
            self.pause_stream();
        }
        None
    }

    fn send_digit_frame(&mut self, now: Instant, send: &mut PacketSink<'_>) {
        self.digits.due = Some(next_due(now, self.digits.due.unwrap_or(now), PLAY_FRAME));
        if !self.may_send() {
            self.digits.clear();
            return;
        }
        // A key that is over makes room for the pause or the next key within the same frame.
        for _ in 0..MAX_STEPS {
            if self.send_digit_step(now, send) {
                return;
            }
        }
    }

    /// Whether this frame's packet is out, or none is to be sent.
    fn send_digit_step(&mut self, now: Instant, send: &mut PacketSink<'_>) -> bool {
        let Some(&PayloadFormat { codec, send: audio_type, .. }) = self.audio.codecs.first() else {
            return true;
        };
        let clock_rate = codec.clock_rate();
        let mut buffer = [0; FRAME_BUFFER];
        let room = &mut buffer[FIXED_HEADER_LENGTH..];
        let made = match &mut self.digits.current {
            Current::None => {
                if self.digits.begin_next(&self.audio) {
                    return false;
                }
                self.digits.due = None;
                return true;
            }
            Current::Pause(0) => {
                self.digits.current = Current::None;
                return false;
            }
            Current::Pause(frames) => {
                *frames -= 1;
                return true;
            }
            Current::Event { sender, payload_type, origin, offset } => {
                let Some(event) = sender.next_packet() else {
                    self.digits.current = Current::Pause(PAUSE_FRAMES);
                    return false;
                };
                let bytes = event.payload.to_bytes();
                room[..bytes.len()].copy_from_slice(&bytes);
                let step = event.timestamp_offset.wrapping_sub(*offset);
                *offset = event.timestamp_offset;
                let mut placement = self.outgoing.stream.generate(now, *origin, clock_rate, step);
                placement.marker = event.marker;
                Made { placement, payload_type: *payload_type, length: bytes.len(), audio: None }
            }
            Current::InBand { playback, origin } => {
                let Some(frame) = playback.next_frame(codec) else {
                    self.digits.current = Current::None;
                    return false;
                };
                let Some(room) = room.get_mut(..frame.len()) else { return true };
                room.copy_from_slice(frame);
                let length = frame.len();
                let placement = self.outgoing.stream.generate(now, *origin, clock_rate, clock_rate / 50);
                Made { placement, payload_type: audio_type, length, audio: Some(codec) }
            }
        };
        self.send_made(now, made, &mut buffer, send);
        true
    }
}

/// A frame that a feed made.
struct Frame {
    origin: u64,
    codec: CodecId,
    payload_type: u8,
    length: usize,
    ticks: u32,
}

/// What a packet that is passed on holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Audio(CodecId),
    Noise,
    Key,
}

/// A payload with its place in the stream.
struct Made {
    placement: Placement,
    payload_type: u8,
    length: usize,
    /// What it is in; `None` for a key and for comfort noise.
    audio: Option<CodecId>,
}

/// A header, the longest frame, and the tag of SRTP.
const FRAME_BUFFER: usize = FIXED_HEADER_LENGTH + MAX_ENCODED_LENGTH + ringdown_rtc::SRTP_OVERHEAD;

/// The end of a key, its pause, and the beginning of the next.
const MAX_STEPS: usize = 4;
