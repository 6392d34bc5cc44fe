//! Whether what arrives is digital silence, told without decoding.
//!
//! | what arrives | silent is |
//! |---|---|
//! | PCMU, PCMA | every sampled octet stands for −8 to 8 of 32,768 |
//! | Opus | at most 8 octets: a variable-rate encoder spends no more on zeros, and noise takes more |
//! | G.722 | not told: its octets depend on what came before |
//!
//! Where the sender says how loud a packet is (RFC 6464), Opus and G.722 are silent at what stands for zeros, and then only.
//! Only runs of packets count, never one; a period of which nothing can be told says nothing.

use ringdown_types::CodecId;

use crate::rtp::extension::AudioLevel;

/// Looks at every fourth packet.
#[derive(Debug, Clone, Copy, Default)]
pub struct SilenceDetector {
    seen: u8,
    judged: u32,
    audible: u32,
}

/// What a detector found since it was last asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    /// Nothing that could be judged, or too little.
    Nothing,
    /// Digital silence alone.
    Silence,
    /// Sound.
    Sound,
}

impl SilenceDetector {
    /// A packet came; `told` is how loud its sender says it is.
    pub fn handle_packet(&mut self, codec: CodecId, payload: &[u8], told: Option<AudioLevel>) {
        self.seen = (self.seen + 1) % SAMPLED;
        if self.seen != 0 {
            return;
        }
        let is_silent = match (codec, told) {
            (CodecId::Pcmu, _) => sampled(payload).all(|octet| octet & 0x7f >= 0x7e),
            (CodecId::Pcma, _) => sampled(payload).all(|octet| matches!(octet, 0xd5 | 0x55)),
            (CodecId::Opus | CodecId::G722, Some(level)) => level.is_digital_silence(),
            (CodecId::Opus, None) => payload.len() <= SILENT_OPUS,
            (CodecId::G722, None) => return,
        };
        self.judged = self.judged.saturating_add(1);
        self.audible = self.audible.saturating_add(u32::from(!is_silent));
    }

    /// What came since the last call.
    pub(crate) const fn take(&mut self) -> Found {
        let found = match (self.judged, self.audible) {
            (_, 1..) => Found::Sound,
            (ENOUGH.., 0) => Found::Silence,
            (_, 0) => Found::Nothing,
        };
        (self.judged, self.audible) = (0, 0);
        found
    }
}

/// Octets evenly spread over the payload.
fn sampled(payload: &[u8]) -> impl Iterator<Item = u8> + '_ {
    payload.iter().step_by(4).copied()
}

/// One packet of so many is looked at.
const SAMPLED: u8 = 4;

/// So many of them are needed for a word: half a second. Discontinuous transmission sends fewer, and says nothing
/// about the microphone.
const ENOUGH: u32 = 6;

/// The most octets of an Opus packet that holds zeros. libopus writes 3 to 6 with a variable rate.
const SILENT_OPUS: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::{Encoder, MAX_ENCODED_LENGTH, OpusSettings};

    fn heard(codec: CodecId, mut sample: impl FnMut(usize) -> i16) -> Found {
        let mut encoder = Encoder::new(codec, 8000, OpusSettings::default()).expect("8 kHz suits all");
        let mut detector = SilenceDetector::default();
        let mut out = [0; MAX_ENCODED_LENGTH];
        for frame in 0..100 {
            let pcm: Vec<i16> = (0..160).map(|index| sample(frame * 160 + index)).collect();
            let length = encoder.encode(&pcm, &mut out).expect("20 ms");
            detector.handle_packet(codec, &out[..length], None);
        }
        detector.take()
    }

    /// A packet whose sender says how loud it is.
    fn told(codec: CodecId, payload: &[u8], level: u8) -> Found {
        let header = [0x90, 111, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0xbe, 0xde, 0, 1, 0x10, level, 0, 0];
        let mut detector = SilenceDetector::default();
        for _ in 0..100 {
            detector.handle_packet(codec, payload, AudioLevel::read(&header, 1));
        }
        detector.take()
    }

    #[test]
    fn the_senders_word_goes_before_a_guess_and_not_before_the_sound() {
        // A constant bit rate spends as much on zeros as on anything; a pause is short without being silence.
        assert_eq!(told(CodecId::Opus, &[0xfc; 80], 127), Found::Silence);
        assert_eq!(told(CodecId::Opus, &[0xfc, 0], 70), Found::Sound);
        assert_eq!(told(CodecId::G722, &[0xfa; 160], 127), Found::Silence);
        assert_eq!(told(CodecId::G722, &[0xfa; 160], 126), Found::Sound);
        assert_eq!(told(CodecId::Pcma, &[0xd5; 160], 20), Found::Silence);
        assert_eq!(told(CodecId::Pcmu, &[0x20; 160], 127), Found::Sound);
    }

    #[test]
    fn zeros_are_silence_and_the_faintest_noise_is_not() {
        for codec in [CodecId::Opus, CodecId::Pcma, CodecId::Pcmu] {
            assert_eq!(heard(codec, |_| 0), Found::Silence, "{codec:?}");
            // −60 dBFS, as a microphone in a quiet room has at least.
            let mut state = 1_u32;
            let noise = |_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 16) as i16 / 500
            };
            assert_eq!(heard(codec, noise), Found::Sound, "{codec:?}");
        }
    }
}
