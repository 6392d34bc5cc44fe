//! G.722 at 64 kbit/s (ITU-T G.722 (09/2012), mode 1): two bands of ADPCM, 16,000 samples per second.
//!
//! Block numbers and names in the comments are those of G.722 §6. All arithmetic is the Recommendation's 16-bit
//! fixed point, so that any other implementation makes the same octets of the same samples.

/// Samples per second.
pub const SAMPLE_RATE: u32 = 16_000;

/// Octets per second: each holds two samples.
pub const OCTET_RATE: u32 = 8_000;

/// One band's adaptive predictor and quantiser.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Band {
    /// The prediction, its pole part is folded in.
    s: i32,
    /// The zero part of the prediction.
    sz: i32,
    /// Reconstructed signal, newest first, and its partial reconstruction.
    r: [i32; 3],
    p: [i32; 3],
    /// Pole coefficients; index 0 is unused, as in the Recommendation.
    a: [i32; 3],
    /// Quantised differences, newest first, and zero coefficients.
    d: [i32; 7],
    b: [i32; 7],
    /// The logarithmic and the linear scale factor.
    nb: i32,
    det: i32,
}

impl Band {
    const fn new(det: i32) -> Self {
        Self { s: 0, sz: 0, r: [0; 3], p: [0; 3], a: [0; 3], d: [0; 7], b: [0; 7], nb: 0, det }
    }

    /// Blocks 3L and 3H: LOGSCL and SCALEL, LOGSCH and SCALEH.
    fn scale(&mut self, step: i32, limit: i32, shift: i32) {
        self.nb = (((self.nb * 127) >> 7) + step).clamp(0, limit);
        let mantissa = ILB[((self.nb >> 6) & 31) as usize];
        let exponent = shift - (self.nb >> 11);
        let linear = if exponent < 0 { mantissa << -exponent } else { mantissa >> exponent };
        self.det = linear << 2;
    }

    /// Block 4: adapts the predictor to the quantised difference and predicts the next sample.
    fn adapt(&mut self, difference: i32) {
        // RECONS and PARREC.
        self.d[0] = difference;
        self.r[0] = saturate(self.s + difference);
        self.p[0] = saturate(self.sz + difference);
        // UPPOL2.
        let sign = self.p.map(|value| value >> 15);
        let doubled = saturate(self.a[1] << 2);
        let turned = if sign[0] == sign[1] { -doubled } else { doubled }.min(32_767);
        let towards = if sign[0] == sign[2] { 128 } else { -128 };
        let a2 = (towards + (turned >> 7) + ((self.a[2] * 32_512) >> 15)).clamp(-12_288, 12_288);
        // UPPOL1.
        let towards = if sign[0] == sign[1] { 192 } else { -192 };
        let bound = saturate(15_360 - a2);
        let a1 = saturate(towards + ((self.a[1] * 32_640) >> 15)).clamp(-bound, bound);
        // UPZERO and the delays of d and b.
        let towards = if difference == 0 { 0 } else { 128 };
        let sign = difference >> 15;
        for (b, &d) in self.b.iter_mut().zip(&self.d).skip(1) {
            let step = if (d >> 15) == sign { towards } else { -towards };
            *b = saturate(step + ((*b * 32_640) >> 15));
        }
        self.d.copy_within(..6, 1);
        // DELAYA.
        self.r.copy_within(..2, 1);
        self.p.copy_within(..2, 1);
        self.a = [0, a1, a2];
        // FILTEP, FILTEZ, PREDIC.
        let pole = |a: i32, r: i32| (a * saturate(r + r)) >> 15;
        let poles = saturate(pole(self.a[1], self.r[1]) + pole(self.a[2], self.r[2]));
        let zeros: i32 = self.b.iter().zip(&self.d).skip(1).map(|(&b, &d)| pole(b, d)).sum();
        self.sz = saturate(zeros);
        self.s = saturate(poles + self.sz);
    }

    /// The lower band's part of an octet: INVQAL, then adaptation. Returns nothing: the decoder reads with more bits.
    fn follow_low(&mut self, code: usize) {
        let coarse = code >> 2;
        let difference = (self.det * QM4[coarse]) >> 15;
        self.scale(WL[RL42[coarse]], 18_432, 8);
        self.adapt(difference);
    }

    /// The higher band's part of an octet; returns the difference.
    fn follow_high(&mut self, code: usize) -> i32 {
        let difference = (self.det * QM2[code]) >> 15;
        self.scale(WH[code & 1], 22_528, 10);
        self.adapt(difference);
        difference
    }
}

/// Makes octets of samples.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoder {
    low: Band,
    high: Band,
    /// The newest samples, oldest first.
    history: [i32; 24],
}

impl Default for Encoder {
    fn default() -> Self {
        Self { low: Band::new(32), high: Band::new(8), history: [0; 24] }
    }
}

impl Encoder {
    /// Encodes pairs of samples; a last odd one is left out. Returns how many octets were written, as many as `out`
    /// holds at most.
    pub fn encode(&mut self, pcm: &[i16], out: &mut [u8]) -> usize {
        let mut written = 0;
        for (pair, octet) in pcm.chunks_exact(2).zip(out) {
            self.history.copy_within(2.., 0);
            self.history[22] = i32::from(pair[0]);
            self.history[23] = i32::from(pair[1]);
            let (odd, even) = quadrature(&self.history);
            let low = self.encode_low((even + odd) >> 14);
            let high = self.encode_high((even - odd) >> 14);
            *octet = (high << 6 | low) as u8;
            written += 1;
        }
        written
    }

    /// Blocks 1L to 4L.
    fn encode_low(&mut self, sample: i32) -> usize {
        let error = saturate(sample - self.low.s);
        let magnitude = if error >= 0 { error } else { -(error + 1) };
        // QUANTL: decision levels rise, so the first above the magnitude is where it belongs.
        let level = Q6.partition_point(|&level| (level * self.low.det) >> 12 <= magnitude) + 1;
        let code = if error < 0 { ILN[level] } else { ILP[level] };
        self.low.follow_low(code);
        code
    }

    /// Blocks 1H to 4H.
    fn encode_high(&mut self, sample: i32) -> usize {
        let error = saturate(sample - self.high.s);
        let magnitude = if error >= 0 { error } else { -(error + 1) };
        let is_large = magnitude >= (564 * self.high.det) >> 12;
        let code = match (error < 0, is_large) {
            (true, false) => 1,
            (true, true) => 0,
            (false, false) => 3,
            (false, true) => 2,
        };
        self.high.follow_high(code);
        code
    }
}

/// Makes samples of octets.
#[derive(Debug, Clone)]
pub struct Decoder {
    low: Band,
    high: Band,
    history: [i32; 24],
}

impl Default for Decoder {
    fn default() -> Self {
        Self { low: Band::new(32), high: Band::new(8), history: [0; 24] }
    }
}

impl Decoder {
    /// Decodes octets to two samples each, as many as `out` holds; returns the number of samples.
    pub fn decode(&mut self, octets: &[u8], out: &mut [i16]) -> usize {
        let mut written = 0;
        for (&octet, pair) in octets.iter().zip(out.chunks_exact_mut(2)) {
            let low_code = usize::from(octet & 0x3f);
            // Blocks 5L and 6L.
            let low = self.low.s + ((self.low.det * QM6[low_code]) >> 15);
            let low = low.clamp(-16_384, 16_383);
            self.low.follow_low(low_code);
            // Blocks 5H and 6H.
            let predicted = self.high.s;
            let high = self.high.follow_high(usize::from(octet >> 6)) + predicted;
            let high = high.clamp(-16_384, 16_383);
            self.history.copy_within(2.., 0);
            self.history[22] = low + high;
            self.history[23] = low - high;
            let (odd, even) = quadrature(&self.history);
            pair[0] = saturate(even >> 11) as i16;
            pair[1] = saturate(odd >> 11) as i16;
            written += 2;
        }
        written
    }
}

/// Tells how loud a stream is from the lower band's scale factor alone, which follows what cannot be predicted: less
/// work than a twentieth of decoding.
#[derive(Debug, Clone, Default)]
pub struct Loudness {
    nb: i32,
}

impl Loudness {
    /// The level of a packet in dB below full scale, within a few dB.
    pub fn decibels(&mut self, octets: &[u8]) -> f32 {
        let mut sum = 0_i64;
        for &octet in octets {
            let step = WL[RL42[usize::from(octet & 0x3f) >> 2]];
            self.nb = (((self.nb * 127) >> 7) + step).clamp(0, 18_432);
            sum += i64::from(self.nb);
        }
        let mean = sum as f32 / octets.len().max(1) as f32;
        // What cannot be predicted doubles with each 2,048, 18,432 being the most.
        let unpredicted = (mean - 18_432.0) / 2048.0 * 6.02;
        unpredicted * PER_DECIBEL + LOUDEST
    }
}

/// The two halves of the quadrature mirror filter, of the samples at odd and at even places.
fn quadrature(history: &[i32; 24]) -> (i32, i32) {
    let (mut odd, mut even) = (0, 0);
    for (pair, index) in history.chunks_exact(2).zip(0..12) {
        odd += pair[0] * QMF[index];
        even += pair[1] * QMF[11 - index];
    }
    (odd, even)
}

fn saturate(value: i32) -> i32 {
    value.clamp(i32::from(i16::MIN), i32::from(i16::MAX))
}

/// From what cannot be predicted to the level, in dB: fitted to voice-like sound, within a few dB from −60 to −10 dB. White
/// noise, of which nothing can be predicted, is taken for up to 8 dB louder than it is.
const PER_DECIBEL: f32 = 1.32;
const LOUDEST: f32 = -1.0;
/// Decision levels of the lower band (table 14), from the first above zero.
const Q6: [i32; 29] = [
    35, 72, 110, 150, 190, 233, 276, 323, 370, 422, 473, 530, 587, 650, 714, 786, 858, 940, 1023, 1121, 1219,
    1339, 1458, 1612, 1765, 1980, 2195, 2557, 2919,
];
/// Codes of the lower band for negative and for positive differences (table 14).
const ILN: [usize; 31] = [
    0, 63, 62, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8,
    7, 6, 5, 4,
];
const ILP: [usize; 31] = [
    0, 61, 60, 59, 58, 57, 56, 55, 54, 53, 52, 51, 50, 49, 48, 47, 46, 45, 44, 43, 42, 41, 40, 39, 38, 37,
    36, 35, 34, 33, 32,
];
/// How the lower band's scale factor follows each of its coarse codes.
const WL: [i32; 8] = [-60, -30, 58, 172, 334, 538, 1198, 3042];
const RL42: [usize; 16] = [0, 7, 6, 5, 4, 3, 2, 1, 7, 6, 5, 4, 3, 2, 1, 0];
/// How the higher band's scale factor follows each of its codes, by their lowest bit.
const WH: [i32; 2] = [798, -214];
/// Powers of two in steps of 1/32.
const ILB: [i32; 32] = [
    2048, 2093, 2139, 2186, 2233, 2282, 2332, 2383, 2435, 2489, 2543, 2599, 2656, 2714, 2774, 2834, 2896,
    2960, 3025, 3091, 3158, 3228, 3298, 3371, 3444, 3520, 3597, 3676, 3756, 3838, 3922, 4008,
];
/// Inverse quantisers: higher band, lower band with four bits (prediction) and six (sound).
const QM2: [i32; 4] = [-7408, -1616, 7408, 1616];
const QM4: [i32; 16] =
    [0, -20_456, -12_896, -8968, -6288, -4240, -2584, -1200, 20_456, 12_896, 8968, 6288, 4240, 2584, 1200, 0];
const QM6: [i32; 64] = [
    -136, -136, -136, -136, -24_808, -21_904, -19_008, -16_704, -14_984, -13_512, -12_280, -11_192, -10_232,
    -9360, -8576, -7856, -7192, -6576, -6000, -5456, -4944, -4464, -4008, -3576, -3168, -2776, -2400, -2032,
    -1688, -1360, -1040, -728, 24_808, 21_904, 19_008, 16_704, 14_984, 13_512, 12_280, 11_192, 10_232, 9360,
    8576, 7856, 7192, 6576, 6000, 5456, 4944, 4464, 4008, 3576, 3168, 2776, 2400, 2032, 1688, 1360, 1040,
    728, 432, 136, -432, -136,
];
/// The quadrature mirror filter (table 11), half of it: the other half mirrors it.
const QMF: [i32; 12] = [3, -11, 12, 32, -210, 951, 3876, -805, 362, -156, 53, -11];

#[cfg(test)]
mod tests {
    use super::*;

    /// Noise of four levels over a triangle of three.
    fn rough_signal() -> Vec<i16> {
        let mut state = 12_345_u32;
        let sample = |index: i32| {
            state = state.wrapping_mul(1_103_515_245).wrapping_add(12_345);
            let noise = ((state >> 16) & 0xffff) as i32 - 32_768;
            let level = [200, 2000, 8000, 12_000][(index / 1000 % 4) as usize];
            let triangle = ((index * 37) % 4000 - 2000).abs() * 16 - 16_000;
            let sum = (noise * level).div_euclid(32_768) + (triangle * (index / 2000 % 3)).div_euclid(2);
            saturate(sum) as i16
        };
        (0..16_000).map(sample).collect()
    }

    fn fnv(bytes: impl IntoIterator<Item = u8>) -> u64 {
        bytes
            .into_iter()
            .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
    }

    /// The sums are those of what libspandsp 0.0.6 makes of the same input (`g722_encode`, `g722_decode`, 64 kbit/s). The
    /// signal stays below full scale, where that library wraps round and G.722 wants the limit.
    #[test]
    fn octets_and_samples_are_those_of_another_implementation() {
        let mut octets = vec![0; 8000];
        assert_eq!(Encoder::default().encode(&rough_signal(), &mut octets), 8000);
        assert_eq!(octets[..8], [222, 122, 183, 174, 151, 32, 36, 19]);
        assert_eq!(fnv(octets.iter().copied()), 0x6c46_00b7_c481_8c99);

        let mut decoded = vec![0; 16_000];
        assert_eq!(Decoder::default().decode(&octets, &mut decoded), 16_000);
        assert_eq!(fnv(decoded.iter().flat_map(|sample| sample.to_le_bytes())), 0xae1b_b4cb_707a_98da);
    }
}
