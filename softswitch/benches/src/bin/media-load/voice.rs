//! What a simulated device says: packets that carry their time of sending, or frames of a codec.

use std::{io, sync::Arc};

use ringdown_media::codec::{Encoder, MAX_ENCODED_LENGTH, OpusSettings};
use ringdown_types::CodecId;

use crate::description::Format;

/// Bytes of the RTP header we write: no contributing source, no extension.
pub(crate) const HEADER: usize = 12;

/// Packets are 20 ms long.
pub(crate) const PACKETS_PER_SECOND: u32 = 50;

/// A G.711 payload of 20 ms.
const G711_LENGTH: usize = 160;

/// Begins the payload of a packet that carries its sender and its time.
const MAGIC: [u8; 4] = *b"Rdwn";

/// One device's outgoing stream.
#[derive(Debug)]
pub(crate) struct Voice {
    payload_type: u8,
    ssrc: u32,
    sequence: u16,
    timestamp: u32,
    ticks: u32,
    says: Says,
}

#[derive(Debug, Clone)]
enum Says {
    /// Nothing, ever.
    Nothing,
    /// What a relay passes on unchanged.
    Stamped,
    /// What a codec has to understand.
    Frames { frames: Arc<[Vec<u8>]>, at: usize },
}

impl Voice {
    /// A device that only listens.
    pub(crate) const fn silent() -> Self {
        Self { payload_type: 0, ssrc: 0, sequence: 0, timestamp: 0, ticks: 0, says: Says::Nothing }
    }

    /// Stamped packets of the size G.711 has.
    pub(crate) fn stamped(leg: u32, format: Format) -> Self {
        Self::of(leg, format, Says::Stamped)
    }

    /// These frames, again and again, beginning somewhere.
    pub(crate) fn frames(leg: u32, format: Format, frames: &Arc<[Vec<u8>]>) -> Self {
        let at = leg as usize * 7 % frames.len().max(1);
        Self::of(leg, format, Says::Frames { frames: Arc::clone(frames), at })
    }

    /// The silence of a room nobody talks in.
    pub(crate) fn quiet(leg: u32, format: Format) -> io::Result<Self> {
        let mut pcm = [0_i16; 320];
        for (index, sample) in pcm.iter_mut().enumerate() {
            *sample = if index % 40 < 20 { 6 } else { -6 };
        }
        let frame = encode(format.codec, &[pcm])?;
        Ok(Self::of(leg, format, Says::Frames { frames: frame.into(), at: 0 }))
    }

    fn of(leg: u32, format: Format, says: Says) -> Self {
        let ticks = format.codec.clock_rate() / PACKETS_PER_SECOND;
        let (ssrc, sequence) = (0x5000_0000 + leg, leg as u16);
        Self { payload_type: format.payload_type, ssrc, sequence, timestamp: leg, ticks, says }
    }

    pub(crate) const fn speaks(&self) -> bool {
        !matches!(self.says, Says::Nothing)
    }

    /// Writes the next packet and returns its length.
    pub(crate) fn write(&mut self, leg: u32, now_ns: u64, packet: &mut [u8]) -> usize {
        packet[0] = 0x80;
        packet[1] = self.payload_type;
        packet[2..4].copy_from_slice(&self.sequence.to_be_bytes());
        packet[4..8].copy_from_slice(&self.timestamp.to_be_bytes());
        packet[8..12].copy_from_slice(&self.ssrc.to_be_bytes());
        self.sequence = self.sequence.wrapping_add(1);
        self.timestamp = self.timestamp.wrapping_add(self.ticks);
        match &mut self.says {
            Says::Nothing => 0,
            Says::Stamped => {
                let payload = &mut packet[HEADER..HEADER + G711_LENGTH];
                payload.fill(0xd5);
                payload[..4].copy_from_slice(&MAGIC);
                payload[4..8].copy_from_slice(&leg.to_be_bytes());
                payload[8..16].copy_from_slice(&now_ns.to_be_bytes());
                HEADER + G711_LENGTH
            }
            Says::Frames { frames, at } => {
                let frame = &frames[*at % frames.len()];
                *at += 1;
                packet[HEADER..HEADER + frame.len()].copy_from_slice(frame);
                HEADER + frame.len()
            }
        }
    }
}

/// Who said a stamped packet, and when.
pub(crate) fn stamp(packet: &[u8]) -> Option<(u32, u64)> {
    let payload = packet.get(HEADER..HEADER + 16)?;
    if payload[..4] != MAGIC {
        return None;
    }
    let leg = u32::from_be_bytes(payload[4..8].try_into().ok()?);
    Some((leg, u64::from_be_bytes(payload[8..16].try_into().ok()?)))
}

/// What frames are encoded from: 20 ms.
const RATE: u32 = 16_000;
const FRAME: usize = RATE as usize / PACKETS_PER_SECOND as usize;

/// Two seconds of something like speech: a tone of changing pitch that rises and falls.
pub(crate) fn speech(codec: CodecId) -> io::Result<Arc<[Vec<u8>]>> {
    let mut phase = 0.0_f64;
    let mut frames = Vec::new();
    for frame in 0..100_usize {
        let mut pcm = [0_i16; FRAME];
        for (index, sample) in pcm.iter_mut().enumerate() {
            let time = (frame * FRAME + index) as f64 / f64::from(RATE);
            let pitch = 180.0 + 60.0 * (time * 4.0).sin();
            phase += std::f64::consts::TAU * pitch / f64::from(RATE);
            let loudness = 6000.0 * (0.55 + 0.45 * (time * 9.0).sin());
            *sample =
                (loudness * (phase.sin() + 0.4 * (3.0 * phase).sin() + 0.2 * (7.0 * phase).sin())) as i16;
        }
        frames.push(pcm);
    }
    Ok(encode(codec, &frames)?.into())
}

fn encode(codec: CodecId, frames: &[[i16; FRAME]]) -> io::Result<Vec<Vec<u8>>> {
    let failed = |error: ringdown_media::codec::CodecError| io::Error::other(error.to_string());
    // G.711 hears every second sample.
    let step = if codec == CodecId::Opus { 1 } else { 2 };
    let mut encoder = Encoder::new(codec, RATE / step, OpusSettings::default()).map_err(failed)?;
    let encode = |pcm: &[i16; FRAME]| {
        let pcm: Vec<i16> = pcm.iter().step_by(step as usize).copied().collect();
        let mut out = [0; MAX_ENCODED_LENGTH];
        let length = encoder.encode(&pcm, &mut out).map_err(failed)?;
        Ok(out[..length].to_vec())
    };
    frames.iter().map(encode).collect()
}
