//! Sample-rate conversion for prompts, done once when they are loaded: a windowed-sinc polyphase filter, linear in
//! phase. Calls need none, since Opus itself decodes to and encodes from 8 kHz.

/// `samples` of `from` Hz as samples of `to` Hz, both above zero.
pub fn resample(samples: &[i16], from: u32, to: u32) -> Vec<i16> {
    if from == to || samples.is_empty() {
        return samples.to_vec();
    }
    let divisor = gcd(from, to);
    let (up, down) = ((to / divisor) as usize, (from / divisor) as usize);
    let filter = Filter::new(up, down);
    let length = (samples.len() as u64 * up as u64).div_ceil(down as u64) as usize;
    (0..length).map(|index| filter.sample(samples, index * down, up)).collect()
}

/// One set of taps for each of the `up` positions between two input samples.
struct Filter {
    phases: Vec<Vec<f32>>,
    /// Input samples that a set looks back and forward.
    reach: usize,
}

impl Filter {
    fn new(up: usize, down: usize) -> Self {
        // The pass band ends below the lower of the two Nyquist frequencies.
        let cutoff = (up as f64 / down as f64).min(1.0) * PASS_BAND;
        let reach = (ZERO_CROSSINGS / cutoff).ceil() as usize;
        let phases = (0..up).map(|phase| Self::taps(phase as f64 / up as f64, cutoff, reach)).collect();
        Self { phases, reach }
    }

    fn taps(offset: f64, cutoff: f64, reach: usize) -> Vec<f32> {
        let tap = |index: usize| {
            let position = index as f64 - reach as f64 + 1.0 - offset;
            let window = 0.5 + 0.5 * (std::f64::consts::PI * position / (reach as f64 + 1.0)).cos();
            sinc(position * cutoff) * cutoff * window
        };
        let taps: Vec<f64> = (0..reach * 2).map(tap).collect();
        // Each phase passes a constant unchanged.
        let sum: f64 = taps.iter().sum();
        taps.iter().map(|tap| (tap / sum) as f32).collect()
    }

    /// The output sample at `position`, counted in input samples times `up`.
    fn sample(&self, samples: &[i16], position: usize, up: usize) -> i16 {
        let (centre, phase) = (position / up, position % up);
        let first = centre as i64 - self.reach as i64 + 1;
        let taps = &self.phases[phase];
        let skipped = usize::try_from(-first).unwrap_or(0).min(taps.len());
        let start = usize::try_from(first).unwrap_or(0).min(samples.len());
        let products = samples[start..].iter().zip(&taps[skipped..]);
        let sum: f32 = products.map(|(&sample, tap)| f32::from(sample) * tap).sum();
        sum.round().clamp(f32::from(i16::MIN), f32::from(i16::MAX)) as i16
    }
}

fn sinc(x: f64) -> f64 {
    if x == 0.0 { 1.0 } else { (std::f64::consts::PI * x).sin() / (std::f64::consts::PI * x) }
}

const fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// The share of the band that is kept. A larger value keeps more treble and lets more of it fold back.
const PASS_BAND: f64 = 0.92;
/// Half the filter's length in periods. A larger value makes the edge steeper and loading slower.
const ZERO_CROSSINGS: f64 = 24.0;

#[cfg(test)]
mod tests {
    use super::*;

    fn sine(rate: u32, hertz: f64, seconds: f64) -> Vec<i16> {
        let step = std::f64::consts::TAU * hertz / f64::from(rate);
        let length = (f64::from(rate) * seconds) as usize;
        (0..length).map(|index| ((index as f64 * step).sin() * 10_000.0) as i16).collect()
    }

    fn decibels(a: &[i16], b: &[i16]) -> f64 {
        let power = |pcm: &[i16]| {
            let middle = &pcm[pcm.len() / 4..pcm.len() * 3 / 4];
            middle.iter().map(|&sample| f64::from(sample).powi(2)).sum::<f64>() / middle.len() as f64
        };
        10.0 * (power(a).max(1e-9) / power(b)).log10()
    }

    #[test]
    fn tones_in_the_band_stay_and_others_vanish() {
        for (from, to) in [(48_000, 8000), (16_000, 8000), (8000, 48_000), (44_100, 48_000), (44_100, 8000)] {
            let inside = sine(from, 1000.0, 0.5);
            let out = resample(&inside, from, to);
            assert_eq!(out.len(), (inside.len() as u64 * u64::from(to)).div_ceil(u64::from(from)) as usize);
            let change = decibels(&out, &inside);
            assert!(change.abs() < 0.1, "{from} to {to}: {change} dB");
        }
        let outside = sine(48_000, 6000.0, 0.5);
        let folded = decibels(&resample(&outside, 48_000, 8000), &outside);
        assert!(folded < -50.0, "{folded} dB");
    }
}
