//! Transcoding: a playout and an encoder, asked for one frame each packet time.
//!
//! Both work at the lower of the two codecs' sample rates, so that nothing is narrowed needlessly: 48 kHz between
//! descriptions of Opus, 16 kHz between Opus and G.722, 8 kHz with G.711. Opus converts its rate by itself; between G.722
//! and G.711 stands a half-band filter.

use std::time::Instant;

use ringdown_types::CodecId;

use crate::{
    activity::{Said, SpeechDetector, level},
    band::{Downsampler, Upsampler},
    codec::{CodecError, Encoder, OpusSettings},
    jitter::{Arrival, Carried},
    noise::{self, NOISE_LENGTH},
    playout::{Playout, PlayoutFigures},
};

/// A frame that was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TranscodedFrame {
    /// Its length in octets.
    pub length: usize,
    /// Ticks of the outgoing clock since the frame before it: more than a frame's where the source was silent.
    pub ticks_since_last: u32,
    /// What it carries.
    pub carried: Carried,
}

/// Turns one stream of a codec into another. Between the two laws of G.711 no transcoder is needed: see
/// [`crate::codec::g711`].
#[derive(Debug)]
pub struct Transcoder {
    to: CodecId,
    playout: Playout,
    conversion: Conversion,
    encoder: Encoder,
    settings: OpusSettings,
    ptime_ms: u8,
    /// One frame's samples, as decoded and as encoded.
    decoded: Vec<i16>,
    frame: Vec<i16>,
    /// Ticks of the frames that were left out since the last one made.
    silent_ticks: u32,
    /// How silence is told, where the listener knows comfort noise.
    silence: Option<Silence>,
    /// Whether the newest Opus packet said that nothing is said.
    is_pausing: bool,
}

/// What stands between the two sample rates.
#[derive(Debug)]
enum Conversion {
    None,
    Up(Box<Upsampler>),
    Down(Box<Downsampler>),
}

/// The pauses of a stream towards a listener that knows comfort noise (RFC 3389).
#[derive(Debug, Default)]
struct Silence {
    speech: SpeechDetector,
    /// The level last told, and milliseconds since; `None` while something is said.
    told: Option<(u8, u32)>,
}

impl Transcoder {
    /// A transcoder that makes a frame of about `ptime_ms`: Opus has frames of 10, 20, 40 and 60 ms, the others take
    /// any multiple of 10 ms up to 60.
    ///
    /// # Errors
    /// Where a codec cannot be made.
    pub fn new(from: CodecId, to: CodecId, ptime_ms: u8, settings: OpusSettings) -> Result<Self, CodecError> {
        let decoded_rate = if from == CodecId::Opus { to.sample_rate() } else { from.sample_rate() };
        let encoded_rate = if to == CodecId::Opus { from.sample_rate() } else { to.sample_rate() };
        let conversion = match decoded_rate.cmp(&encoded_rate) {
            std::cmp::Ordering::Less => Conversion::Up(Box::default()),
            std::cmp::Ordering::Equal => Conversion::None,
            std::cmp::Ordering::Greater => Conversion::Down(Box::default()),
        };
        let ptime_ms = frame_length_ms(to, ptime_ms);
        let settings = affordable(settings, encoded_rate);
        let samples = |rate: u32| vec![0; rate as usize * usize::from(ptime_ms) / 1000];
        let is_converted = !matches!(conversion, Conversion::None);
        Ok(Self {
            to,
            playout: Playout::new(from, decoded_rate)?,
            conversion,
            encoder: Encoder::new(to, encoded_rate, settings)?,
            settings,
            ptime_ms,
            decoded: if is_converted { samples(decoded_rate) } else { Vec::new() },
            frame: samples(encoded_rate),
            silent_ticks: 0,
            silence: None,
            is_pausing: false,
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

    /// What it had to do to the source so far.
    pub const fn figures(&self) -> PlayoutFigures {
        self.playout.figures()
    }

    /// Tells silence as comfort noise from now on, if `enabled` and the codec it writes is one of 8 kHz.
    pub fn set_comfort_noise(&mut self, enabled: bool) {
        let wanted = enabled && self.to.sample_rate() == 8_000;
        if wanted != self.silence.is_some() {
            self.silence = wanted.then(Silence::default);
        }
    }

    /// Takes other settings for Opus.
    pub fn set_opus(&mut self, settings: OpusSettings) {
        let settings = affordable(settings, self.encoded_rate());
        // Settings libopus refuses leave the ones before.
        if settings != self.settings && self.encoder.set_opus(settings).is_ok() {
            self.settings = settings;
        }
    }

    fn encoded_rate(&self) -> u32 {
        if self.to == CodecId::Opus { self.from().sample_rate() } else { self.to.sample_rate() }
    }

    /// Takes a packet of the source. A new SSRC begins anew.
    pub fn handle_packet(&mut self, now: Instant, ssrc: u32, sequence: u16, timestamp: u32, payload: &[u8]) {
        self.playout.handle_packet(now, ssrc, sequence, timestamp, payload);
    }

    /// Takes a packet of comfort noise of the source.
    pub fn handle_noise(&mut self, now: Instant, ssrc: u32, sequence: u16, timestamp: u32, payload: &[u8]) {
        let arrival = Arrival { sequence, timestamp, carried: Carried::Noise, payload };
        self.playout.handle_arrival(now, ssrc, arrival);
    }

    /// Makes the next frame into `out`; `None` while nothing is to be sent.
    pub fn next_frame(&mut self, out: &mut [u8]) -> Option<TranscodedFrame> {
        let ticks = self.to.clock_rate() * u32::from(self.ptime_ms) / 1000;
        let made = if self.take_frame() { self.encode(out) } else { None };
        let Some((length, carried)) = made else {
            self.silent_ticks = self.silent_ticks.wrapping_add(ticks);
            return None;
        };
        let ticks_since_last = ticks.wrapping_add(std::mem::take(&mut self.silent_ticks));
        Some(TranscodedFrame { length, ticks_since_last, carried })
    }

    /// Fills `frame` with what comes next; `false` while the source is silent.
    fn take_frame(&mut self) -> bool {
        let decoded = &mut self.decoded;
        match &mut self.conversion {
            Conversion::None => self.playout.fill(&mut self.frame),
            Conversion::Up(up) => {
                let is_heard = self.playout.fill(decoded);
                if is_heard {
                    up.process(decoded, &mut self.frame);
                }
                is_heard
            }
            Conversion::Down(down) => {
                let is_heard = self.playout.fill(decoded);
                if is_heard {
                    down.process(decoded, &mut self.frame);
                }
                is_heard
            }
        }
    }

    fn encode(&mut self, out: &mut [u8]) -> Option<(usize, Carried)> {
        if let Some(silence) = &mut self.silence {
            match silence.judge(&self.frame, u32::from(self.ptime_ms)) {
                Telling::Audio => {}
                Telling::Noise(payload) => {
                    out.get_mut(..payload.len())?.copy_from_slice(&payload);
                    return Some((payload.len(), Carried::Noise));
                }
                Telling::Nothing => return None,
            }
        }
        let length = self.encoder.encode(&self.frame, out).ok()?;
        if self.to != CodecId::Opus || !self.settings.dtx {
            return Some((length, Carried::Audio));
        }
        // The first packet of a pause tells of it; the others need not be sent (RFC 7587 §3.1.3).
        let is_empty = length <= EMPTY_OPUS_LENGTH;
        let was_pausing = std::mem::replace(&mut self.is_pausing, is_empty);
        (!is_empty || !was_pausing)
            .then_some((length, if is_empty { Carried::Pause } else { Carried::Audio }))
    }
}

/// What is sent of a frame.
enum Telling {
    Audio,
    Noise([u8; NOISE_LENGTH]),
    Nothing,
}

impl Silence {
    fn judge(&mut self, frame: &[i16], duration_ms: u32) -> Telling {
        let level = level(frame);
        self.speech.handle(Said::Level(level), duration_ms);
        // Loud background is not replaced: it is what the speaker wants heard, or music.
        if self.speech.is_active() || level > LOUDEST_SILENCE {
            self.told = None;
            return Telling::Audio;
        }
        let payload = noise::describe(frame);
        if let Some((told, since)) = &mut self.told {
            *since += duration_ms;
            let has_changed = told.abs_diff(payload[0]) >= LEVEL_CHANGE && *since >= SOONEST_MS;
            if !has_changed && *since < LATEST_MS {
                return Telling::Nothing;
            }
        }
        self.told = Some((payload[0], 0));
        Telling::Noise(payload)
    }
}

/// Of narrow sound at a bit rate that is ample for it, a search that costs three times as much finds nothing that is
/// understood better: `docs/media.md` has the figures.
fn affordable(settings: OpusSettings, rate: u32) -> OpusSettings {
    let most = match rate {
        8_000 => 1,
        16_000 => 2,
        _ => settings.complexity,
    };
    OpusSettings { complexity: settings.complexity.min(most), ..settings }
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

/// The longest Opus packet that need not be sent.
const EMPTY_OPUS_LENGTH: usize = 2;
/// dB below full scale.
const LOUDEST_SILENCE: f32 = -45.0;
/// In dB. A smaller value sends more; a larger one makes the noise jump.
const LEVEL_CHANGE: u8 = 4;
/// Noise is told of this often at most, and at least: a listener that lost a packet is not left with the wrong one.
const SOONEST_MS: u32 = 100;
const LATEST_MS: u32 = 500;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::codec::{Decoder, MAX_ENCODED_LENGTH};

    const FRAME: Duration = Duration::from_millis(20);

    /// Sends one second of a tone through; returns what is heard at 8 kHz.
    fn tone_through(from: CodecId, to: CodecId, lost: impl Fn(u16) -> bool) -> (Vec<i16>, f64) {
        let settings = OpusSettings::default();
        let rate = |codec: CodecId| if codec == CodecId::Opus { 8000 } else { codec.sample_rate() };
        let frame = rate(from) as usize / 50;
        let mut source = Encoder::new(from, rate(from), settings).expect("its rate");
        let mut sink = Decoder::new(to, rate(to)).expect("its rate");
        let mut transcoder = Transcoder::new(from, to, 20, settings).expect("both codecs");
        let start = crate::test_start();
        let (mut heard, mut sent_power) = (Vec::new(), 0.0);
        for number in 0_u16..100 {
            let now = start + FRAME * u32::from(number);
            let step = std::f64::consts::TAU * 440.0 / f64::from(rate(from));
            let sample =
                |index: usize| ((f64::from(number) * frame as f64 + index as f64) * step).sin() * 6000.0;
            let pcm: Vec<i16> = (0..frame).map(|index| sample(index) as i16).collect();
            sent_power = pcm.iter().map(|&sample| f64::from(sample).powi(2)).sum::<f64>() / frame as f64;
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
