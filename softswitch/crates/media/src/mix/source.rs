//! What a member of a mix says, and what is played to all of them, as frames of 48 kHz.

use std::time::Instant;

use ringdown_types::CodecId;

use super::{MIX_RATE, MIX_SAMPLES, MixFrame, power, rate::Upsampler};
use crate::{
    codec::{CodecError, Decoder, MAX_PACKET_MS},
    playout::Playout,
    prompt::Playback,
};

/// A member's packets, decoded by the mix's clock. How loud it is, is told at its codec's own rate; only what is mixed is
/// brought to 48 kHz.
#[derive(Debug)]
pub struct MixSource {
    playout: Playout,
    up: Option<Box<Upsampler>>,
    /// The frame, at the codec's rate.
    frame: Vec<i16>,
    /// Whether the frame was not brought to 48 kHz.
    is_unheard: bool,
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
        Ok(Self { playout: Playout::new(codec, rate)?, up, frame, is_unheard: false })
    }

    /// The codec it reads.
    pub const fn codec(&self) -> CodecId {
        self.playout.codec()
    }

    /// Takes a packet.
    pub fn handle_packet(&mut self, now: Instant, ssrc: u32, sequence: u16, timestamp: u32, payload: &[u8]) {
        self.playout.handle_packet(now, ssrc, sequence, timestamp, payload);
    }

    /// Goes on by 20 ms and returns the power of what is said; `None` while nothing comes.
    pub fn next_frame(&mut self) -> Option<f32> {
        if self.is_unheard
            && let Some(up) = &mut self.up
        {
            up.skip(&self.frame);
        }
        self.is_unheard = true;
        if self.playout.fill(&mut self.frame) {
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
