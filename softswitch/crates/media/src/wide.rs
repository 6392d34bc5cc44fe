//! Wide-band frames: what is recorded and played from recordings, whatever codec it came in and goes out in.

use std::{sync::Arc, time::Instant};

use ringdown_types::CodecId;

use crate::{
    band::{Downsampler, Upsampler},
    codec::{CodecError, Encoder, OpusSettings},
    playout::Playout,
};

/// Samples per second of everything that is recorded. 48,000 would triple the size of recordings for treble
/// that speech hardly has; 8,000 would make browsers sound like telephones.
pub const WIDE_RATE: u32 = 16_000;

/// Samples of one frame of 20 ms.
pub const WIDE_SAMPLES: usize = WIDE_RATE as usize / 50;

/// One frame of 20 ms.
pub type WideFrame = [i16; WIDE_SAMPLES];

/// The longest encoded frame made of one [`WideFrame`].
pub use crate::codec::MAX_ENCODED_LENGTH;

/// A leg's packets as wide-band frames.
#[derive(Debug)]
pub struct WideDecoder {
    playout: Playout,
    up: Option<Box<Upsampler>>,
}

impl WideDecoder {
    /// A decoder for one codec.
    ///
    /// # Errors
    /// Where the codec cannot be made.
    pub fn new(codec: CodecId) -> Result<Self, CodecError> {
        let up = (codec.sample_rate() < WIDE_RATE).then(Box::default);
        let rate = codec.sample_rate().min(WIDE_RATE);
        Ok(Self { playout: Playout::new(codec, rate)?, up })
    }

    /// The codec it reads.
    pub const fn codec(&self) -> CodecId {
        self.playout.codec()
    }

    /// Takes a packet.
    pub fn handle_packet(&mut self, now: Instant, ssrc: u32, sequence: u16, timestamp: u32, payload: &[u8]) {
        self.playout.handle_packet(now, ssrc, sequence, timestamp, payload);
    }

    /// The next 20 ms; `false`, leaving `frame` as it is, while the source is silent.
    pub fn next_frame(&mut self, frame: &mut WideFrame) -> bool {
        let Some(up) = &mut self.up else { return self.playout.fill(frame) };
        let mut narrow = [0; WIDE_SAMPLES / 2];
        let is_heard = self.playout.fill(&mut narrow);
        if is_heard {
            up.process(&narrow, frame);
        }
        is_heard
    }
}

/// Wide-band frames as packets of one codec.
#[derive(Debug)]
pub struct WideEncoder {
    codec: CodecId,
    encoder: Encoder,
    down: Option<Box<Downsampler>>,
}

impl WideEncoder {
    /// An encoder for one codec.
    ///
    /// # Errors
    /// Where the codec cannot be made.
    pub fn new(codec: CodecId, settings: OpusSettings) -> Result<Self, CodecError> {
        let down = (codec.sample_rate() < WIDE_RATE).then(Box::default);
        let rate = codec.sample_rate().min(WIDE_RATE);
        Ok(Self { codec, encoder: Encoder::new(codec, rate, settings)?, down })
    }

    /// The codec it writes.
    pub const fn codec(&self) -> CodecId {
        self.codec
    }

    /// Encodes 20 ms into `out`, of [`MAX_ENCODED_LENGTH`] at least, and returns the packet's length.
    ///
    /// # Errors
    /// Where the codec fails.
    pub fn encode(&mut self, frame: &WideFrame, out: &mut [u8]) -> Result<usize, CodecError> {
        let Some(down) = &mut self.down else { return self.encoder.encode(frame, out) };
        let mut narrow = [0; WIDE_SAMPLES / 2];
        down.process(frame, &mut narrow);
        self.encoder.encode(&narrow, out)
    }
}

/// A recording that is played: samples of [`WIDE_RATE`], encoded as they go out.
#[derive(Debug)]
pub struct RecordedPlayback {
    samples: Arc<[i16]>,
    next: usize,
    repeat: bool,
    encoder: Option<WideEncoder>,
}

impl RecordedPlayback {
    /// Plays `samples` from the beginning, over and over if `repeat`.
    pub const fn new(samples: Arc<[i16]>, repeat: bool) -> Self {
        Self { samples, next: 0, repeat, encoder: None }
    }

    /// Encodes the next 20 ms into `out` and returns its length; `None` at the end. The codec may change from frame to
    /// frame.
    pub fn next_frame(&mut self, codec: CodecId, settings: OpusSettings, out: &mut [u8]) -> Option<usize> {
        if self.next >= self.samples.len() && self.repeat {
            self.next = 0;
        }
        let rest = self.samples.get(self.next..).filter(|rest| !rest.is_empty())?;
        let mut frame = [0; WIDE_SAMPLES];
        let here = rest.len().min(WIDE_SAMPLES);
        frame[..here].copy_from_slice(&rest[..here]);
        self.next += here;
        if self.encoder.as_ref().is_none_or(|encoder| encoder.codec() != codec) {
            self.encoder = WideEncoder::new(codec, settings).ok();
        }
        self.encoder.as_mut()?.encode(&frame, out).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::Decoder;

    fn power(pcm: &[i16]) -> f64 {
        pcm.iter().map(|&sample| f64::from(sample).powi(2)).sum::<f64>() / pcm.len() as f64
    }

    #[test]
    fn a_recording_keeps_its_level_in_every_codec() {
        let step = std::f64::consts::TAU * 700.0 / f64::from(WIDE_RATE);
        let tone: Arc<[i16]> =
            (0..16_100).map(|index| ((f64::from(index) * step).sin() * 8000.0) as i16).collect();
        for codec in CodecId::ALL {
            let mut playback = RecordedPlayback::new(Arc::clone(&tone), false);
            let rate = codec.sample_rate().min(WIDE_RATE);
            let mut decoder = Decoder::new(codec, rate).expect("its own rate");
            let (mut packet, mut heard, mut frames) = ([0; MAX_ENCODED_LENGTH], Vec::new(), 0);
            while let Some(length) = playback.next_frame(codec, OpusSettings::default(), &mut packet) {
                let mut pcm = [0; 960];
                let samples = decoder.decode(&packet[..length], &mut pcm).expect("a packet");
                heard.extend_from_slice(&pcm[..samples]);
                frames += 1;
            }
            assert_eq!(frames, 51, "{codec:?}: the last frame is filled with silence");
            let change =
                10.0 * (power(&heard[rate as usize / 5..rate as usize * 9 / 10]) / power(&tone)).log10();
            assert!(change.abs() < 1.0, "{codec:?}: {change} dB");
        }
    }
}
