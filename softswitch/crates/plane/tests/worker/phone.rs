//! A telephone: says a tone, keeps what it hears.

use std::net::SocketAddr;

use ringdown_media::{
    api::RtpSecurity,
    codec::{Decoder, Encoder, MAX_ENCODED_LENGTH, OpusSettings},
    rtp::{EventPayload, Packet, parse, write_header},
};
use ringdown_plane::SocketKey;
use ringdown_rtc::{SRTP_OVERHEAD, SrtpReceiver, SrtpSender};
use ringdown_testkit::audio::Tone;
use ringdown_types::{CodecId, LegId, SeededRandom, SrtpKey, SrtpProfile};

use crate::rig::{Rig, Sent, address, leg};

pub(crate) const RATE: u32 = 8000;

pub(crate) struct Phone {
    pub(crate) leg: LegId,
    pub(crate) address: SocketAddr,
    /// The worker's port for it.
    pub(crate) port: u16,
    pub(crate) codec: CodecId,
    /// Samples per second of what it says and hears: [`RATE`], but for G.722.
    pub(crate) rate: u32,
    /// What it hears audio with.
    pub(crate) payload_type: u8,
    /// What it says audio with.
    pub(crate) sends_as: u8,
    pub(crate) tone: Option<Tone>,
    pub(crate) sequence: u16,
    pub(crate) timestamp: u32,
    pub(crate) ssrc: u32,
    encoder: Encoder,
    decoder: Decoder,
    /// What was heard, at its rate.
    pub(crate) heard: Vec<i16>,
    /// Every RTP packet that came, with its payload.
    pub(crate) packets: Vec<(Packet, Vec<u8>)>,
    pub(crate) rtcp: Vec<Vec<u8>>,
    /// What its description says of encryption.
    pub(crate) security: RtpSecurity,
    pub(crate) srtp: Option<Box<(SrtpSender, SrtpReceiver)>>,
}

impl Phone {
    /// Telephone number `number` with a codec; it says `hertz`, or nothing.
    pub(crate) fn new(number: u16, (codec, payload_type): (CodecId, u8), hertz: Option<f64>) -> Self {
        let rate = if codec == CodecId::G722 { codec.sample_rate() } else { RATE };
        Self {
            leg: leg(u128::from(number)),
            address: address(&format!("10.0.0.{number}:{}", 4000 + number)),
            port: 20_000 + number * 2,
            codec,
            rate,
            payload_type,
            sends_as: payload_type,
            tone: hertz.map(|hertz| Tone::new(hertz, rate, -12.0)),
            sequence: 65_500,
            timestamp: 77,
            ssrc: 0xa000 + u32::from(number),
            encoder: Encoder::new(codec, rate, OpusSettings::default()).expect("a rate of the codec"),
            decoder: Decoder::new(codec, rate).expect("a rate of the codec"),
            heard: Vec::new(),
            packets: Vec::new(),
            rtcp: Vec::new(),
            security: RtpSecurity::None,
            srtp: None,
        }
    }

    /// Encrypts from now on, with fresh keys of a profile.
    pub(crate) fn encrypt(&mut self, profile: SrtpProfile, seed: u64) {
        let mut random = SeededRandom::new(seed);
        let (ours, theirs) =
            (SrtpKey::generate(profile, &mut random), SrtpKey::generate(profile, &mut random));
        let sender = SrtpSender::new(profile, ours.master_key(), ours.master_salt());
        let receiver = SrtpReceiver::new(profile, theirs.master_key(), theirs.master_salt());
        self.srtp = Some(Box::new((sender.expect("a key"), receiver.expect("a key"))));
        self.security = RtpSecurity::Sdes { send: theirs, receive: ours };
    }

    /// A packet as it goes over the wire.
    pub(crate) fn sealed(&mut self, packet: &[u8]) -> Vec<u8> {
        let Some(srtp) = &mut self.srtp else { return packet.to_vec() };
        let mut buffer = packet.to_vec();
        buffer.resize(packet.len() + SRTP_OVERHEAD, 0);
        let length = srtp.0.protect_rtp(&mut buffer, packet.len()).expect("a fresh number");
        buffer.truncate(length);
        buffer
    }

    /// One frame of its tone, as a packet; `None` where it says nothing.
    pub(crate) fn frame(&mut self) -> Option<Vec<u8>> {
        let step = self.codec.clock_rate() / 50;
        self.timestamp = self.timestamp.wrapping_add(step);
        let pcm = self.tone.as_mut()?.samples(self.rate as usize / 50);
        let mut payload = [0; MAX_ENCODED_LENGTH];
        let length = self.encoder.encode(&pcm, &mut payload).expect("20 ms");
        self.sequence = self.sequence.wrapping_add(1);
        Some(self.packet(self.sends_as, self.timestamp, &payload[..length]))
    }

    pub(crate) fn packet(&self, payload_type: u8, timestamp: u32, payload: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0; 12];
        let (sequence, ssrc) = (self.sequence, self.ssrc);
        let packet = Packet { marker: false, payload_type, sequence, timestamp, ssrc, payload: 0..0 };
        write_header(bytes.first_chunk_mut().expect("twelve octets"), &packet);
        bytes.extend(payload);
        bytes
    }

    /// Says one frame of anything.
    pub(crate) fn say(&mut self, rig: &mut Rig, pcm: &[i16]) {
        let mut payload = [0; MAX_ENCODED_LENGTH];
        let length = self.encoder.encode(pcm, &mut payload).expect("20 ms");
        self.timestamp = self.timestamp.wrapping_add(self.codec.clock_rate() / 50);
        self.sequence = self.sequence.wrapping_add(1);
        let packet = self.packet(self.sends_as, self.timestamp, &payload[..length]);
        rig.deliver(SocketKey::Rtp(self.port), self.address, &packet);
    }

    pub(crate) fn speak(&mut self, rig: &mut Rig) {
        if let Some(packet) = self.frame() {
            let packet = self.sealed(&packet);
            rig.deliver(SocketKey::Rtp(self.port), self.address, &packet);
        }
    }

    /// Presses a key for `updates` frames, then lets it go.
    pub(crate) fn press(
        &mut self,
        rig: &mut Rig,
        payload_type: u8,
        event: u8,
        updates: u16,
        clock_rate: u32,
    ) {
        let timestamp = self.timestamp;
        let step = (clock_rate / 50) as u16;
        for update in 1..=updates + 3 {
            let end = update > updates;
            let duration = step * update.min(updates);
            self.sequence = self.sequence.wrapping_add(1);
            let payload = EventPayload { event, end, volume: 10, duration }.to_bytes();
            let packet = self.packet(payload_type, timestamp, &payload);
            rig.deliver(SocketKey::Rtp(self.port), self.address, &packet);
            rig.advance(crate::rig::FRAME);
            self.timestamp = self.timestamp.wrapping_add(self.codec.clock_rate() / 50);
        }
    }

    pub(crate) fn listen(&mut self, sent: &[Sent]) {
        let address = self.address;
        for Sent { bytes, .. } in sent.iter().filter(|sent| sent.destination == address) {
            self.hear(bytes);
        }
        let rtcp = SocketAddr::new(self.address.ip(), self.address.port() + 1);
        for Sent { bytes, .. } in sent.iter().filter(|sent| sent.destination == rtcp) {
            let mut compound = bytes.clone();
            if let Some(srtp) = &mut self.srtp {
                let length = srtp.1.unprotect_rtcp(&mut compound).expect("our key");
                compound.truncate(length);
            }
            self.rtcp.push(compound);
        }
    }

    fn hear(&mut self, bytes: &[u8]) {
        let mut plain = bytes.to_vec();
        if let Some(srtp) = &mut self.srtp {
            let length = srtp.1.unprotect_rtp(&mut plain).expect("our key");
            plain.truncate(length);
        }
        let bytes = &plain[..];
        let packet = parse(bytes).expect("the worker sends well-formed packets");
        let payload = bytes[packet.payload.clone()].to_vec();
        if packet.payload_type == self.payload_type {
            let mut pcm = [0; 960];
            let samples = self.decoder.decode(&payload, &mut pcm).expect("a packet of the negotiated codec");
            self.heard.extend_from_slice(&pcm[..samples]);
        }
        self.packets.push((packet, payload));
    }

    /// The events it heard, each with its payload type.
    pub(crate) fn heard_events(&self, payload_type: u8) -> Vec<(Packet, EventPayload)> {
        let events = self.packets.iter().filter(|(packet, _)| packet.payload_type == payload_type);
        events
            .map(|(packet, payload)| (packet.clone(), EventPayload::parse(payload).expect("four octets")))
            .collect()
    }

    /// Asserts that sequence numbers go on by one and timestamps never go back.
    #[track_caller]
    pub(crate) fn assert_continuous(&self) {
        for pair in self.packets.windows(2) {
            let (before, after) = (&pair[0].0, &pair[1].0);
            assert_eq!(after.sequence, before.sequence.wrapping_add(1), "{before:?} then {after:?}");
            let step = after.timestamp.wrapping_sub(before.timestamp) as i32;
            // All packets of a key have the time of its beginning; the longest of the tests lasts two seconds.
            let most = self.codec.clock_rate() as i32 * 5 / 2;
            assert!((0..=most).contains(&step), "{before:?} then {after:?}");
            assert_eq!(after.ssrc, before.ssrc);
        }
    }
}

pub(crate) const PCMA: (CodecId, u8) = (CodecId::Pcma, 8);
pub(crate) const PCMU: (CodecId, u8) = (CodecId::Pcmu, 0);
pub(crate) const G722: (CodecId, u8) = (CodecId::G722, 9);
pub(crate) const OPUS: (CodecId, u8) = (CodecId::Opus, 111);
