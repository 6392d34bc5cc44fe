//! Transcoding: a playout and an encoder, asked for one frame each packet time.

use std::time::Instant;

use ringdown_types::CodecId;

use crate::{
    codec::{CodecError, Encoder, OpusSettings},
    playout::Playout,
};

/// A frame that was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TranscodedFrame {
    /// Its length in octets.
    pub length: usize,
    /// Ticks of the outgoing clock since the frame before it: more than a frame's where the source was silent.
    pub ticks_since_last: u32,
}

/// Turns one stream of a codec into another. Between the two laws of G.711 no transcoder is needed: see
/// [`crate::codec::g711`].
#[derive(Debug)]
pub struct Transcoder {
    to: CodecId,
    playout: Playout,
    encoder: Encoder,
    ptime_ms: u8,
    /// One frame's samples.
    frame: Vec<i16>,
    /// Ticks of the frames that were left out since the last one made.
    silent_ticks: u32,
}

impl Transcoder {
    /// A transcoder that makes a frame of about `ptime_ms`: Opus has frames of 10, 20, 40 and 60 ms, G.711 takes
    /// any multiple of 10 ms up to 60.
    ///
    /// # Errors
    /// Where a codec cannot be made.
    pub fn new(from: CodecId, to: CodecId, ptime_ms: u8, settings: OpusSettings) -> Result<Self, CodecError> {
        let pcm_rate = if from == CodecId::Opus && to == CodecId::Opus { 48_000 } else { 8_000 };
        let ptime_ms = frame_length_ms(to, ptime_ms);
        Ok(Self {
            to,
            playout: Playout::new(from, pcm_rate)?,
            encoder: Encoder::new(to, pcm_rate, settings)?,
            ptime_ms,
            frame: vec![0; pcm_rate as usize * usize::from(ptime_ms) / 1000],
            silent_ticks: 0,
        })
    }

    /// The codec it reads.
    pub const fn from(&self) -> CodecId {
        self.playout.codec()
    }

    /// The codec it writes.
    pub const fn to(&self) -> CodecId {
        self.to
    }

    /// How often [`Self::next_frame`] is asked, in milliseconds.
    pub const fn ptime_ms(&self) -> u8 {
        self.ptime_ms
    }

    /// Takes a packet of the source. A new SSRC begins anew.
    pub fn handle_packet(&mut self, now: Instant, ssrc: u32, sequence: u16, timestamp: u32, payload: &[u8]) {
        self.playout.handle_packet(now, ssrc, sequence, timestamp, payload);
    }

    /// Makes the next frame into `out`; `None` while the source is silent.
    pub fn next_frame(&mut self, out: &mut [u8]) -> Option<TranscodedFrame> {
        let ticks = self.to.clock_rate() * u32::from(self.ptime_ms) / 1000;
        if !self.playout.fill(&mut self.frame) {
            self.silent_ticks = self.silent_ticks.wrapping_add(ticks);
            return None;
        }
        let length = self.encoder.encode(&self.frame, out).ok()?;
        let ticks_since_last = ticks.wrapping_add(std::mem::take(&mut self.silent_ticks));
        Some(TranscodedFrame { length, ticks_since_last })
    }
}

/// The packet length that a codec can make, next to the one wished for.
fn frame_length_ms(codec: CodecId, wished: u8) -> u8 {
    match (codec, wished) {
        (_, 0..15) => 10,
        (CodecId::Opus, 15..30) => 20,
        (CodecId::Opus, 30..50) => 40,
        (CodecId::Opus, _) => 60,
        _ => wished.min(60) / 10 * 10,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::codec::{Decoder, MAX_ENCODED_LENGTH};

    const FRAME: Duration = Duration::from_millis(20);

    /// Sends one second of a tone through; returns what is heard at 8 kHz.
    fn tone_through(from: CodecId, to: CodecId, lost: impl Fn(u16) -> bool) -> (Vec<i16>, f64) {
        let settings = OpusSettings::default();
        let mut source = Encoder::new(from, 8000, settings).expect("8 kHz suits all");
        let mut sink = Decoder::new(to, 8000).expect("8 kHz suits all");
        let mut transcoder = Transcoder::new(from, to, 20, settings).expect("both codecs");
        let start = crate::test_start();
        let (mut heard, mut sent_power) = (Vec::new(), 0.0);
        for number in 0_u16..100 {
            let now = start + FRAME * u32::from(number);
            let step = std::f64::consts::TAU * 440.0 / 8000.0;
            let sample = |index: usize| ((f64::from(number) * 160.0 + index as f64) * step).sin() * 6000.0;
            let pcm: Vec<i16> = (0..160).map(|index| sample(index) as i16).collect();
            sent_power = pcm.iter().map(|&sample| f64::from(sample).powi(2)).sum::<f64>() / 160.0;
            let mut packet = [0; MAX_ENCODED_LENGTH];
            let length = source.encode(&pcm, &mut packet).expect("20 ms");
            let timestamp = u32::from(number) * from.clock_rate() / 50;
            if !lost(number) {
                transcoder.handle_packet(now, 1, number, timestamp, &packet[..length]);
            }
            let mut out = [0; MAX_ENCODED_LENGTH];
            if let Some(frame) = transcoder.next_frame(&mut out) {
                let mut pcm = [0; 960];
                let samples = sink.decode(&out[..frame.length], &mut pcm).expect("a packet");
                heard.extend_from_slice(&pcm[..samples]);
            }
        }
        (heard, sent_power)
    }

    fn decibels(heard: &[i16], sent: f64) -> f64 {
        let tail = &heard[heard.len() / 2..];
        let power = tail.iter().map(|&sample| f64::from(sample).powi(2)).sum::<f64>() / tail.len() as f64;
        10.0 * (power / sent).log10()
    }

    #[test]
    fn a_tone_keeps_its_level() {
        for (from, to) in [(CodecId::Opus, CodecId::Pcma), (CodecId::Pcmu, CodecId::Opus)] {
            let (heard, sent) = tone_through(from, to, |_| false);
            assert!(heard.len() > 160 * 90, "{} samples", heard.len());
            let level = decibels(&heard, sent);
            assert!(level.abs() < 1.0, "{from:?} to {to:?}: {level} dB");
        }
    }

    #[test]
    fn loss_leaves_no_holes() {
        let (heard, sent) = tone_through(CodecId::Opus, CodecId::Pcma, |number| number % 10 == 5);
        assert!(heard.len() > 160 * 90, "{} samples", heard.len());
        // After 0.7 s Opus takes a steady tone for background noise and stops protecting it.
        for (index, frame) in heard.chunks(160).enumerate().take(30).skip(3) {
            let level = decibels(&[frame, frame].concat(), sent);
            assert!(level.abs() < 1.0, "{level} dB in frame {index}");
        }
    }

    #[test]
    fn a_silent_source_pauses_the_stream() {
        let (heard, _) = tone_through(CodecId::Opus, CodecId::Pcma, |number| number >= 20);
        assert!(heard.len() < 160 * 32, "{} samples", heard.len());
    }

    #[test]
    fn garbage_payloads_are_survived() {
        let settings = OpusSettings::default();
        let mut transcoder =
            Transcoder::new(CodecId::Opus, CodecId::Pcmu, 30, settings).expect("both codecs");
        assert_eq!(transcoder.ptime_ms(), 30);
        let mut out = [0; MAX_ENCODED_LENGTH];
        for number in 0_u16..500 {
            let payload: Vec<u8> = (0..number).map(|octet| (octet * 31) as u8).collect();
            transcoder.handle_packet(crate::test_start(), 1, number, u32::from(number) * 960, &payload);
            transcoder.next_frame(&mut out);
        }
        assert!(transcoder.playout.waiting() < 2000);
    }
}
