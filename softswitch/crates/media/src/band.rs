//! Between narrow band (8 kHz, what G.711 carries) and wide band (16 kHz, what is recorded), sample by
//! sample as a call goes on: a half-band filter, linear in phase, with 1.4 ms of delay each way.

/// Makes two samples of one.
#[derive(Debug, Clone)]
pub struct Upsampler {
    taps: [f32; TAPS],
    history: [f32; TAPS],
}

impl Default for Upsampler {
    fn default() -> Self {
        Self { taps: taps(), history: [0.0; TAPS] }
    }
}

impl Upsampler {
    /// Fills `wide`, which is twice as long as `narrow`; what is longer is left as it is.
    pub fn process(&mut self, narrow: &[i16], wide: &mut [i16]) {
        for (&sample, pair) in narrow.iter().zip(wide.chunks_exact_mut(2)) {
            self.history.copy_within(1.., 0);
            self.history[TAPS - 1] = f32::from(sample);
            pair[0] = to_sample(self.history[TAPS / 2 - 1]);
            pair[1] = to_sample(dot(&self.history, &self.taps));
        }
    }
}

/// Makes one sample of two.
#[derive(Debug, Clone)]
pub struct Downsampler {
    taps: [f32; TAPS],
    even: [f32; TAPS],
    odd: [f32; TAPS],
}

impl Default for Downsampler {
    fn default() -> Self {
        Self { taps: taps(), even: [0.0; TAPS], odd: [0.0; TAPS] }
    }
}

impl Downsampler {
    /// Fills `narrow`, which is half as long as `wide`; what is longer is left as it is.
    pub fn process(&mut self, wide: &[i16], narrow: &mut [i16]) {
        for (pair, sample) in wide.chunks_exact(2).zip(narrow) {
            self.even.copy_within(1.., 0);
            self.odd.copy_within(1.., 0);
            self.even[TAPS - 1] = f32::from(pair[0]);
            self.odd[TAPS - 1] = f32::from(pair[1]);
            *sample = to_sample(f32::midpoint(self.even[TAPS / 2], dot(&self.odd, &self.taps)));
        }
    }
}

/// Every second tap of a half-band filter: the others are zero, but for the middle one, which is a delay.
fn taps() -> [f32; TAPS] {
    let mut taps = [0.0; TAPS];
    for (index, tap) in taps.iter_mut().enumerate() {
        let offset = index as f64 - (TAPS as f64 - 1.0) / 2.0;
        let window = 0.5 + 0.5 * (std::f64::consts::PI * offset / (TAPS as f64 / 2.0 + 0.5)).cos();
        let angle = std::f64::consts::PI * offset;
        *tap = (angle.sin() / angle * window) as f32;
    }
    // A constant passes unchanged.
    let sum: f32 = taps.iter().sum();
    taps.map(|tap| tap / sum)
}

fn dot(history: &[f32; TAPS], taps: &[f32; TAPS]) -> f32 {
    history.iter().zip(taps).map(|(sample, tap)| sample * tap).sum()
}

fn to_sample(value: f32) -> i16 {
    value.round().clamp(f32::from(i16::MIN), f32::from(i16::MAX)) as i16
}

/// Even. More make the edge at 4 kHz steeper and every decoded frame dearer.
const TAPS: usize = 24;

#[cfg(test)]
mod tests {
    use super::*;

    fn sine(rate: f64, hertz: f64, length: usize) -> Vec<i16> {
        let step = std::f64::consts::TAU * hertz / rate;
        (0..length).map(|index| ((index as f64 * step).sin() * 10_000.0) as i16).collect()
    }

    fn decibels(pcm: &[i16]) -> f64 {
        let middle = &pcm[pcm.len() / 4..];
        let power = middle.iter().map(|&sample| f64::from(sample).powi(2)).sum::<f64>() / middle.len() as f64;
        10.0 * (power.max(1e-9) / 5e7).log10()
    }

    #[test]
    fn speech_passes_both_ways_and_what_8_khz_cannot_carry_vanishes() {
        for hertz in [200.0, 1000.0, 3000.0, 3300.0] {
            let mut wide = vec![0; 3200];
            Upsampler::default().process(&sine(8000.0, hertz, 1600), &mut wide);
            assert!(decibels(&wide).abs() < 1.0, "{hertz} Hz up: {} dB", decibels(&wide));
            let mut narrow = vec![0; 1600];
            Downsampler::default().process(&sine(16_000.0, hertz, 3200), &mut narrow);
            assert!(decibels(&narrow).abs() < 1.0, "{hertz} Hz down: {} dB", decibels(&narrow));
        }
        let mut narrow = vec![0; 1600];
        Downsampler::default().process(&sine(16_000.0, 5500.0, 3200), &mut narrow);
        assert!(decibels(&narrow) < -40.0, "5.5 kHz folds back at {} dB", decibels(&narrow));
    }

    #[test]
    fn frames_join_without_a_seam() {
        let input = sine(8000.0, 700.0, 320);
        let (mut whole, mut parts) = (vec![0; 640], vec![0; 640]);
        Upsampler::default().process(&input, &mut whole);
        let mut up = Upsampler::default();
        up.process(&input[..160], &mut parts[..320]);
        up.process(&input[160..], &mut parts[320..]);
        assert_eq!(whole, parts);
    }
}
