//! What a member of a mix says, and what is played to all of them, as frames of 48 kHz.

use std::{sync::Arc, time::Instant};

use ringdown_types::CodecId;

use super::{MIX_RATE, MIX_SAMPLES, MixFrame, is_audible, power, rate::Upsampler};
use crate::{
    activity::{LevelMeter, Said},
    codec::{CodecError, Decoder, MAX_PACKET_MS},
    jitter::{Arrival, Carried},
    playout::Playout,
    prompt::Playback,
    wide::{WIDE_RATE, WIDE_SAMPLES},
};

/// A member's packets, decoded by the mix's clock. How loud it is, is told at its codec's own rate; only what is mixed is
/// brought to 48 kHz.
///
/// Who says nothing for a second is not decoded at all: their packets pass the jitter buffer, and what is told of them
/// without decoding says when to listen again, before the frame is due. Half a second is the longest that anything is
/// missed which an encoder does not take for a voice.
#[derive(Debug)]
pub struct MixSource {
    playout: Playout,
    up: Option<Box<Upsampler>>,
    /// The frame, at the codec's rate.
    frame: Vec<i16>,
    /// Whether the frame was not brought to 48 kHz.
    is_unheard: bool,
    meter: LevelMeter,
    /// Frames since something could be heard.
    still: u16,
    /// Which frames are listened to all the same: other ones for each member, or a silent room would be decoded at once.
    phase: u16,
}

impl MixSource {
    /// A source of one codec.
    ///
    /// # Errors
    /// Where the codec cannot be made.
    pub fn new(codec: CodecId) -> Result<Self, CodecError> {
        let rate = codec.sample_rate();
        let up = (rate != MIX_RATE).then(|| Box::new(Upsampler::new(rate)));
        let frame = vec![0; rate as usize / 50];
        Ok(Self {
            playout: Playout::new(codec, rate)?,
            up,
            frame,
            is_unheard: false,
            meter: LevelMeter::default(),
            still: 0,
            phase: 0,
        })
    }

    /// The codec it reads.
    pub const fn codec(&self) -> CodecId {
        self.playout.codec()
    }

    /// Takes a packet.
    pub fn handle_packet(&mut self, now: Instant, ssrc: u32, sequence: u16, timestamp: u32, payload: &[u8]) {
        // Who is mixed depends on the sound itself, never on what a member says of it.
        let may_be_heard = match self.meter.read(self.playout.codec(), payload, None) {
            Said::Level(level) => level > STILL_DB,
            Said::Voice(is_voice) => is_voice,
            Said::Unknown => true,
        };
        if may_be_heard {
            self.still = 0;
        }
        self.phase = (ssrc % u32::from(PROBE_FRAMES)) as u16;
        self.playout.handle_packet(now, ssrc, sequence, timestamp, payload);
    }

    /// Takes comfort noise (RFC 3389) of a source that counts it in its codec's clock; `place` is its sequence number and
    /// timestamp.
    pub fn handle_noise(&mut self, now: Instant, ssrc: u32, place: (u16, u32), payload: &[u8]) {
        if self.playout.codec().clock_rate() == 8_000 {
            let (sequence, timestamp) = place;
            let arrival = Arrival { sequence, timestamp, carried: Carried::Noise, payload };
            self.playout.handle_arrival(now, ssrc, arrival);
        }
    }

    /// Goes on by 20 ms and returns the power of what is said; `None` while nothing comes.
    pub fn next_frame(&mut self) -> Option<f32> {
        if self.is_unheard
            && let Some(up) = &mut self.up
        {
            up.skip(&self.frame);
        }
        self.is_unheard = true;
        self.still = self.still.saturating_add(1);
        if self.still > STILL_FRAMES && self.still % PROBE_FRAMES != self.phase {
            self.playout.skip(self.frame.len());
        } else if self.playout.fill(&mut self.frame) {
            if is_audible(&self.frame) {
                self.still = 0;
            }
            return Some(power(&self.frame));
        }
        self.frame.fill(0);
        None
    }

    /// The frame at 48 kHz; to be asked for once after [`MixSource::next_frame`].
    pub fn write(&mut self, out: &mut MixFrame) {
        self.is_unheard = false;
        match &mut self.up {
            Some(up) => up.process(&self.frame, out),
            None => out.copy_from_slice(&self.frame),
        }
    }
}

/// A clip of the sound pack as frames of a mix.
#[derive(Debug)]
pub struct MixClip {
    playback: Playback,
    decoder: Decoder,
}

impl MixClip {
    /// Plays a clip from where `playback` stands.
    ///
    /// # Errors
    /// Where Opus does not work at all.
    pub fn new(playback: Playback) -> Result<Self, CodecError> {
        Ok(Self { playback, decoder: Decoder::new(CodecId::Opus, MIX_RATE)? })
    }

    /// The next 20 ms; `false` at the end.
    pub fn next_frame(&mut self, frame: &mut MixFrame) -> bool {
        let Some(packet) = self.playback.next_frame(CodecId::Opus) else { return false };
        let mut pcm = [0; MIX_RATE as usize / 1000 * MAX_PACKET_MS];
        let samples = self.decoder.decode(packet, &mut pcm).unwrap_or(0).min(MIX_SAMPLES);
        let (heard, rest) = frame.split_at_mut(samples);
        heard.copy_from_slice(&pcm[..samples]);
        rest.fill(0);
        true
    }
}

/// Samples of [`WIDE_RATE`] as frames of a mix.
#[derive(Debug)]
pub struct MixRecorded {
    samples: Arc<[i16]>,
    next: usize,
    up: Upsampler,
}

impl MixRecorded {
    /// Plays `samples` once.
    pub fn new(samples: Arc<[i16]>) -> Self {
        Self { samples, next: 0, up: Upsampler::new(WIDE_RATE) }
    }

    /// The next 20 ms; `false` at the end.
    pub fn next_frame(&mut self, frame: &mut MixFrame) -> bool {
        let Some(rest) = self.samples.get(self.next..).filter(|rest| !rest.is_empty()) else { return false };
        let mut wide = [0; WIDE_SAMPLES];
        let here = rest.len().min(WIDE_SAMPLES);
        wide[..here].copy_from_slice(&rest[..here]);
        self.next += here;
        self.up.process(&wide, frame);
        true
    }
}

/// Below what is audible in a mix, by a margin for what is estimated.
const STILL_DB: f32 = -54.0;
/// 1 s. A smaller value begins decoding anew after every sentence.
const STILL_FRAMES: u16 = 50;
/// 500 ms.
const PROBE_FRAMES: u16 = 25;
