//! Whether a leg speaks, told from its packets as they are: G.711 by a table of its octets, G.722 by its scale factor,
//! Opus by what its encoder found (RFC 6716 §4.2.3), both better by what the sender says of its level (RFC 6464), where it
//! does. Nothing is decoded, so that every relayed call can be watched.

use ringdown_types::CodecId;

use crate::{
    codec::{g711, g722::Loudness},
    rtp::extension::AudioLevel,
};

/// What a packet tells of its sound.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Said {
    /// Its level in dB below full scale: 0 or less. That of G.722 is an estimate, within a few dB, unless the sender
    /// told it.
    Level(f32),
    /// Whether its encoder heard a voice.
    Voice(bool),
    /// Nothing.
    Unknown,
}

/// Reads what packets say.
#[derive(Debug, Clone, Default)]
pub struct LevelMeter {
    g722: Loudness,
}

impl LevelMeter {
    /// What a packet of `codec` says; `told` is how loud its sender says it is.
    pub fn read(&mut self, codec: CodecId, payload: &[u8], told: Option<AudioLevel>) -> Said {
        match (codec, told) {
            (CodecId::Opus | CodecId::G722, Some(level)) => Said::Level(level.decibels()),
            (CodecId::Opus, None) => opus_voice(payload),
            (CodecId::G722, None) => Said::Level(self.g722.decibels(payload)),
            (CodecId::Pcmu, _) => g711_level(payload, &g711::ULAW),
            (CodecId::Pcma, _) => g711_level(payload, &g711::ALAW),
        }
    }
}

/// Of each fourth sample: of speech and noise that is as loud as all of them.
fn g711_level(payload: &[u8], table: &[i16; 256]) -> Said {
    let samples = payload.iter().step_by(4);
    let count = samples.len().max(1);
    let square = |&octet: &u8| i64::from(table[usize::from(octet)]).pow(2);
    Said::Level(decibels(samples.map(square).sum::<i64>() as f32 / count as f32))
}

/// RFC 6716 §3.1: the first octet names the mode. §4.2.3: packets with a SILK layer begin with one bit for each 20 ms
/// that says whether there is a voice, of even odds, so that they stand plain at the beginning of the range coder.
fn opus_voice(payload: &[u8]) -> Said {
    let &[toc, first, ..] = payload else {
        // RFC 7587 §3.1.3: next to nothing is sent while nothing is said.
        return Said::Voice(false);
    };
    let has_silk = toc >> 3 < 16;
    let start = match toc & 3 {
        0 | 1 => first,
        // §3.2.4: the first frame's length comes first.
        2 => match payload.get(if first < 252 { 2 } else { 3 }) {
            Some(&octet) => octet,
            None => return Said::Unknown,
        },
        _ => return Said::Unknown,
    };
    if !has_silk {
        return if payload.len() <= 2 { Said::Voice(false) } else { Said::Unknown };
    }
    // §3.1 table 2: SILK frames are of 10, 20, 40 and 60 ms; hybrid ones of 10 and 20.
    let flags = match (toc >> 3 < 12, toc >> 3 & 3) {
        (true, 2) => 0xc0,
        (true, 3) => 0xe0,
        _ => 0x80,
    };
    Said::Voice(start & flags != 0)
}

/// Decibels below full scale of a mean square.
pub fn decibels(mean_square: f32) -> f32 {
    10.0 * (mean_square.max(1e-3) / (32_768.0 * 32_768.0)).log10()
}

/// The level of a piece of sound, in dB below full scale.
pub fn level(pcm: &[i16]) -> f32 {
    let sum: f32 = pcm.iter().map(|&sample| f32::from(sample) * f32::from(sample)).sum();
    decibels(sum / pcm.len().max(1) as f32)
}

/// Whether somebody speaks, told from packet to packet. What counts as loud is told by the quietest of the last
/// seconds, so that a fan is no voice and a soft voice in a quiet room is one.
#[derive(Debug, Clone, Copy)]
pub struct SpeechDetector {
    /// The background's level.
    floor: f32,
    /// Milliseconds of voice in a row, as far as they count, and since the last of it.
    voiced_ms: u32,
    silent_ms: u32,
    is_active: bool,
}

impl Default for SpeechDetector {
    fn default() -> Self {
        Self { floor: INITIAL_FLOOR, voiced_ms: 0, silent_ms: HANGOVER_MS, is_active: false }
    }
}

impl SpeechDetector {
    /// Takes what `duration_ms` of sound say; returns what changed.
    pub fn handle(&mut self, said: Said, duration_ms: u32) -> Option<bool> {
        let is_voice = match said {
            Said::Level(level) => self.is_loud(level, duration_ms),
            Said::Voice(is_voice) => is_voice,
            Said::Unknown => return None,
        };
        if is_voice {
            self.voiced_ms = (self.voiced_ms + duration_ms).min(BEGIN_MS);
            self.silent_ms = 0;
        } else {
            self.voiced_ms = 0;
            self.silent_ms = self.silent_ms.saturating_add(duration_ms);
        }
        let is_active =
            if self.is_active { self.silent_ms < HANGOVER_MS } else { self.voiced_ms >= BEGIN_MS };
        (std::mem::replace(&mut self.is_active, is_active) != is_active).then_some(is_active)
    }

    /// Nothing comes any more; returns what changed.
    pub const fn handle_silence(&mut self) -> Option<bool> {
        self.voiced_ms = 0;
        self.silent_ms = HANGOVER_MS;
        if std::mem::replace(&mut self.is_active, false) { Some(false) } else { None }
    }

    /// Whether somebody speaks.
    pub const fn is_active(&self) -> bool {
        self.is_active
    }

    fn is_loud(&mut self, level: f32, duration_ms: u32) -> bool {
        let risen = self.floor + FLOOR_RISE * duration_ms as f32 / 1000.0;
        self.floor = level.min(risen).clamp(LOWEST_FLOOR, HIGHEST_FLOOR);
        level > self.floor + ABOVE_FLOOR && level > AUDIBLE
    }
}

/// A quiet room through a telephone.
const INITIAL_FLOOR: f32 = -60.0;
/// Digital silence is no background to compare with, and a voice that never pauses is none either.
const LOWEST_FLOOR: f32 = -70.0;
const HIGHEST_FLOOR: f32 = -30.0;
/// dB per second. A larger value takes long sentences for background, a smaller one a fan that starts for speech.
const FLOOR_RISE: f32 = 2.0;
/// dB above the background.
const ABOVE_FLOOR: f32 = 9.0;
/// −52 dB: nobody hears more of it than a breath.
const AUDIBLE: f32 = -52.0;
/// A key stroke is shorter.
const BEGIN_MS: u32 = 60;
/// Pauses between words are shorter. A larger value shows people as speaking who are not.
const HANGOVER_MS: u32 = 400;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::{Encoder, MAX_ENCODED_LENGTH, OpusSettings};

    /// A voice-like sound: harmonics of 140 Hz that swell four times a second.
    fn voice(rate: u32, from: usize, length: usize, peak: f64) -> Vec<i16> {
        let sample = |index: usize| {
            let at = (from + index) as f64 / f64::from(rate) * std::f64::consts::TAU;
            let swell = 0.55 - 0.45 * (at * 4.0).cos();
            let sum: f64 = (1..18).map(|n| (at * 140.0 * f64::from(n)).sin() / f64::from(n)).sum();
            (sum * swell * peak) as i16
        };
        (0..length).map(sample).collect()
    }

    fn hiss(state: &mut u32, length: usize, peak: i32) -> Vec<i16> {
        (0..length)
            .map(|_| {
                *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (((*state >> 16) as i32 - 32_768) * peak / 32_768) as i16
            })
            .collect()
    }

    #[test]
    fn speech_is_told_from_a_fan_in_every_codec() {
        for codec in CodecId::ALL {
            let rate = codec.sample_rate();
            let frame = rate as usize / 50;
            let mut encoder = Encoder::new(codec, rate, OpusSettings::default()).expect("its rate");
            let (mut meter, mut speech, mut state) = (LevelMeter::default(), SpeechDetector::default(), 7);
            let mut heard = Vec::new();
            // A second of background, two of speech over it, two of background.
            for number in 0..250 {
                let mut pcm = hiss(&mut state, frame, 60);
                if (50..150).contains(&number) {
                    let said = voice(rate, number * frame, frame, 5000.0);
                    pcm.iter_mut().zip(said).for_each(|(sample, said)| *sample += said);
                }
                let mut packet = [0; MAX_ENCODED_LENGTH];
                let length = encoder.encode(&pcm, &mut packet).expect("20 ms");
                if let Some(change) = speech.handle(meter.read(codec, &packet[..length], None), 20) {
                    heard.push((number, change));
                }
            }
            let [(begins, true), (ends, false)] = heard[..] else { panic!("{codec:?}: {heard:?}") };
            assert!((50..65).contains(&begins) && (160..200).contains(&ends), "{codec:?}: {heard:?}");
        }
    }

    #[test]
    fn levels_are_about_right() {
        for codec in [CodecId::Pcmu, CodecId::Pcma, CodecId::G722] {
            for peak in [300.0, 3000.0, 15_000.0] {
                let rate = codec.sample_rate();
                let pcm = voice(rate, 0, rate as usize, peak);
                let mut packet = vec![0; 8000];
                let length = Encoder::new(codec, rate, OpusSettings::default())
                    .and_then(|mut encoder| encoder.encode(&pcm, &mut packet));
                assert_eq!(length, Ok(8000));
                let Said::Level(told) = LevelMeter::default().read(codec, &packet, None) else {
                    panic!("a level")
                };
                let bound = if codec == CodecId::G722 { 6.0 } else { 0.5 };
                assert!((told - level(&pcm)).abs() < bound, "{codec:?} {peak}: {told} for {}", level(&pcm));
            }
        }
    }

    #[test]
    fn the_senders_word_tells_of_opus_without_a_silk_layer() {
        let header = [0x90, 111, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0xbe, 0xde, 0, 1, 0x10, 0x80 | 25, 0, 0];
        let told = AudioLevel::read(&header, 1);
        let music = [0xfc; 80];
        let mut meter = LevelMeter::default();
        assert_eq!(meter.read(CodecId::Opus, &music, None), Said::Unknown);
        assert_eq!(meter.read(CodecId::Opus, &music, told), Said::Level(-25.0));
        assert_eq!(meter.read(CodecId::G722, &music, told), Said::Level(-25.0));
        assert_ne!(meter.read(CodecId::Pcma, &[0xd5; 160], told), Said::Level(-25.0));
    }

    #[test]
    fn a_click_is_no_speech_and_silence_ends_it() {
        let mut speech = SpeechDetector::default();
        assert_eq!(speech.handle(Said::Level(-10.0), 20), None);
        assert_eq!(speech.handle(Said::Level(-65.0), 20), None);
        assert_eq!(speech.handle(Said::Voice(true), 60), Some(true));
        assert!(speech.is_active());
        assert_eq!(speech.handle(Said::Unknown, 20), None);
        assert_eq!(speech.handle_silence(), Some(false));
        assert_eq!(speech.handle_silence(), None);
        for payload in [&[][..], &[0], &[0xff; 3], &[2, 255], &[2, 255, 0, 128, 0]] {
            let _ = opus_voice(payload);
        }
    }
}
