//! G.711 (ITU-T G.711): both laws by tables, and what fills a gap.

/// The only sample rate of G.711.
pub const SAMPLE_RATE: u32 = 8000;

/// The sample of each µ-law octet.
pub static ULAW: [i16; 256] = {
    let mut out = [0; 256];
    let mut octet = 0;
    while octet < 256 {
        out[octet] = decode_ulaw(octet as u8);
        octet += 1;
    }
    out
};

/// The sample of each A-law octet.
pub static ALAW: [i16; 256] = {
    let mut out = [0; 256];
    let mut octet = 0;
    while octet < 256 {
        out[octet] = decode_alaw(octet as u8);
        octet += 1;
    }
    out
};

/// The A-law octet of each µ-law octet.
static ULAW_TO_ALAW: [u8; 256] = {
    let mut out = [0; 256];
    let mut octet = 0;
    while octet < 256 {
        out[octet] = encode_alaw(decode_ulaw(octet as u8));
        octet += 1;
    }
    out
};

/// The µ-law octet of each A-law octet.
static ALAW_TO_ULAW: [u8; 256] = {
    let mut out = [0; 256];
    let mut octet = 0;
    while octet < 256 {
        out[octet] = encode_ulaw(decode_alaw(octet as u8));
        octet += 1;
    }
    out
};

/// Turns a µ-law payload into A-law, in place.
pub fn ulaw_to_alaw(payload: &mut [u8]) {
    payload.iter_mut().for_each(|octet| *octet = ULAW_TO_ALAW[usize::from(*octet)]);
}

/// Turns an A-law payload into µ-law, in place.
pub fn alaw_to_ulaw(payload: &mut [u8]) {
    payload.iter_mut().for_each(|octet| *octet = ALAW_TO_ULAW[usize::from(*octet)]);
}

const fn decode_ulaw(octet: u8) -> i16 {
    let octet = !octet;
    let exponent = (octet >> 4) & 7;
    let magnitude = ((((octet & 0x0f) as i16) << 3) + ULAW_BIAS) << exponent;
    if octet & 0x80 != 0 { ULAW_BIAS - magnitude } else { magnitude - ULAW_BIAS }
}

const fn decode_alaw(octet: u8) -> i16 {
    let octet = octet ^ 0x55;
    let exponent = (octet >> 4) & 7;
    let mantissa = ((octet & 0x0f) as i16) << 4;
    let magnitude = if exponent == 0 { mantissa + 8 } else { (mantissa + 0x108) << (exponent - 1) };
    if octet & 0x80 != 0 { magnitude } else { -magnitude }
}

/// The µ-law octet of a sample.
pub const fn encode_ulaw(sample: i16) -> u8 {
    let sign = if sample < 0 { 0x80 } else { 0 };
    let magnitude = (sample as i32).abs();
    let magnitude = (if magnitude > ULAW_CLIP { ULAW_CLIP } else { magnitude }) + ULAW_BIAS as i32;
    // The bias puts the highest bit at 7 to 14.
    let exponent = 24 - magnitude.leading_zeros();
    let mantissa = (magnitude >> (exponent + 3)) & 0x0f;
    !(sign | (exponent << 4) as u8 | mantissa as u8)
}

/// The A-law octet of a sample.
pub const fn encode_alaw(sample: i16) -> u8 {
    // Negative samples are mirrored so that −1 falls together with 0.
    let (sign, magnitude) = if sample < 0 { (0, !sample) } else { (0x80, sample) };
    let magnitude = magnitude as u32;
    let octet = if magnitude < 0x100 {
        magnitude >> 4
    } else {
        let exponent = 24 - magnitude.leading_zeros();
        exponent << 4 | (magnitude >> (exponent + 3)) & 0x0f
    };
    (sign | octet as u8) ^ 0x55
}

const ULAW_BIAS: i16 = 0x84;
const ULAW_CLIP: i32 = 32_635;

/// Fills gaps by repeating the last pitch period while it fades (after the idea of G.711 Appendix I).
#[derive(Debug, Clone)]
pub struct Concealment {
    /// The newest samples, oldest first.
    history: [i16; HISTORY],
    /// Samples filled since the last good one.
    filled: usize,
    period: usize,
}

impl Default for Concealment {
    fn default() -> Self {
        Self { history: [0; HISTORY], filled: 0, period: LONGEST_PERIOD }
    }
}

impl Concealment {
    /// Remembers good audio, and blends its beginning with what was filled before it.
    pub fn handle_good(&mut self, pcm: &mut [i16]) {
        if self.filled > 0 {
            let mut overlap = [0; OVERLAP];
            self.fill(&mut overlap);
            for (index, (sample, old)) in pcm.iter_mut().zip(overlap).enumerate() {
                let mixed = i32::from(*sample) * index as i32 + i32::from(old) * (OVERLAP - index) as i32;
                *sample = (mixed / OVERLAP as i32) as i16;
            }
            self.filled = 0;
        }
        let kept = pcm.len().min(HISTORY);
        self.history.copy_within(kept.., 0);
        self.history[HISTORY - kept..].copy_from_slice(&pcm[pcm.len() - kept..]);
    }

    /// Fills `out` with a continuation of the good audio; silence after 60 ms.
    pub fn fill(&mut self, out: &mut [i16]) {
        if self.filled == 0 {
            self.period = self.pitch_period();
        }
        for sample in out {
            let repeated = self.history[HISTORY - self.period + self.filled % self.period];
            let left = FADE.saturating_sub(self.filled) as i32;
            *sample = (i32::from(repeated) * left / FADE as i32) as i16;
            self.filled = self.filled.saturating_add(1);
        }
    }

    /// The lag at which the newest audio is most like what went before.
    fn pitch_period(&self) -> usize {
        let newest = &self.history[HISTORY - WINDOW..];
        let likeness = |lag: usize| {
            let older = &self.history[HISTORY - WINDOW - lag..HISTORY - lag];
            let (mut product, mut energy) = (0_i64, 1_i64);
            for (&new, &old) in newest.iter().zip(older) {
                product += i64::from(new) * i64::from(old);
                energy += i64::from(old) * i64::from(old);
            }
            product as f64 / (energy as f64).sqrt()
        };
        let lags = SHORTEST_PERIOD..=LONGEST_PERIOD;
        lags.map(|lag| (lag, likeness(lag)))
            .max_by(|(_, a), (_, b)| a.total_cmp(b))
            .map_or(LONGEST_PERIOD, |(lag, _)| lag)
    }
}

/// 66 Hz and 200 Hz and above, as in Appendix I.
const LONGEST_PERIOD: usize = 120;
const SHORTEST_PERIOD: usize = 40;
/// 20 ms are compared.
const WINDOW: usize = 160;
const HISTORY: usize = WINDOW + LONGEST_PERIOD;
/// 60 ms until silence. A longer fade buzzes; a shorter one makes longer holes.
const FADE: usize = 480;
/// 4 ms of blending.
const OVERLAP: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octets_survive_their_samples() {
        for octet in 0..=u8::MAX {
            assert_eq!(encode_alaw(ALAW[usize::from(octet)]), octet, "A-law {octet:#x}");
            // µ-law has two zeros.
            let again = encode_ulaw(ULAW[usize::from(octet)]);
            assert!(again == octet || (octet == 0x7f && again == 0xff), "µ-law {octet:#x}");
        }
    }

    #[test]
    fn known_values() {
        // ITU-T G.711 tables 1a and 2a: the loudest, and silence.
        assert_eq!((encode_alaw(i16::MAX), encode_alaw(i16::MIN)), (0xaa, 0x2a));
        assert_eq!((encode_ulaw(i16::MAX), encode_ulaw(i16::MIN)), (0x80, 0x00));
        assert_eq!((encode_alaw(0), encode_ulaw(0)), (0xd5, 0xff));
        assert_eq!((ALAW[0xaa], ULAW[0x80]), (32_256, 32_124));
    }

    #[test]
    fn the_error_of_any_sample_is_small() {
        for sample in i16::MIN..=i16::MAX {
            let bound = i32::from(sample).abs() / 16 + 16;
            let alaw = i32::from(ALAW[usize::from(encode_alaw(sample))]);
            assert!((alaw - i32::from(sample)).abs() <= bound, "A-law {sample}: {alaw}");
            let ulaw = i32::from(ULAW[usize::from(encode_ulaw(sample))]);
            assert!((ulaw - i32::from(sample)).abs() <= bound + 640, "µ-law {sample}: {ulaw}");
        }
    }

    #[test]
    fn the_laws_are_exchanged_in_place() {
        let mut payload: Vec<u8> = (0..=u8::MAX).collect();
        ulaw_to_alaw(&mut payload);
        for (ulaw, &alaw) in payload.iter().enumerate() {
            let (before, after) = (i32::from(ULAW[ulaw]), i32::from(ALAW[usize::from(alaw)]));
            assert!((before - after).abs() <= before.abs() / 16 + 16, "{before} became {after}");
        }
        alaw_to_ulaw(&mut payload);
    }
}
