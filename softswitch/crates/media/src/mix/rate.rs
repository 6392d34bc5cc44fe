//! Between a codec's own rate and that of the mix, frame by frame as a call goes on: polyphase filters, linear in phase,
//! with 2 ms of delay each way at 8 kHz and 1 ms at 16 kHz. What a narrow codec cannot carry is neither made up on the
//! way in nor folded back on the way out.

use super::MIX_RATE;

/// Makes `factor` samples of one.
#[derive(Debug, Clone)]
pub struct Upsampler {
    /// One set of taps for each position between two samples.
    phases: Vec<[f32; TAPS]>,
    /// The last samples, then those under way.
    line: Vec<f32>,
}

impl Upsampler {
    /// From `rate` Hz, which divides [`MIX_RATE`].
    pub fn new(rate: u32) -> Self {
        let factor = factor(rate);
        let prototype = prototype(factor);
        let mut phases = vec![[0.0; TAPS]; factor];
        for (index, tap) in prototype.iter().enumerate() {
            // The newest sample is the last of the line, and meets the first taps.
            phases[index % factor][TAPS - 1 - index / factor] = tap * factor as f32;
        }
        Self { phases, line: vec![0.0; TAPS - 1] }
    }

    /// Fills `out`, which is `factor` times as long as `samples`; what is longer is left as it is.
    pub fn process(&mut self, samples: &[i16], out: &mut [i16]) {
        self.line.extend(samples.iter().map(|&sample| f32::from(sample)));
        let groups = out.chunks_exact_mut(self.phases.len());
        for (window, group) in self.line.windows(TAPS).zip(groups) {
            for (taps, out) in self.phases.iter().zip(group) {
                *out = to_sample(dot(window, taps));
            }
        }
        forget(&mut self.line, TAPS - 1);
    }

    /// Takes samples nobody hears, so that those which follow join them without a seam.
    pub fn skip(&mut self, samples: &[i16]) {
        self.line.extend(samples.iter().map(|&sample| f32::from(sample)));
        forget(&mut self.line, TAPS - 1);
    }
}

/// Makes one sample of `factor`.
#[derive(Debug, Clone, PartialEq)]
pub struct Downsampler {
    taps: Vec<f32>,
    factor: usize,
    line: Vec<f32>,
}

impl Downsampler {
    /// To `rate` Hz, which divides [`MIX_RATE`].
    pub fn new(rate: u32) -> Self {
        let factor = factor(rate);
        let taps = prototype(factor);
        let line = vec![0.0; taps.len() - factor];
        Self { taps, factor, line }
    }

    /// Fills `out`, whose length is that of `samples` divided by `factor`; what is longer is left as it is.
    pub fn process(&mut self, samples: &[i16], out: &mut [i16]) {
        self.line.extend(samples.iter().map(|&sample| f32::from(sample)));
        for (window, out) in self.line.windows(self.taps.len()).step_by(self.factor).zip(out) {
            *out = to_sample(dot(window, &self.taps));
        }
        forget(&mut self.line, self.taps.len() - self.factor);
    }
}

/// Keeps the newest `kept` samples.
fn forget(line: &mut Vec<f32>, kept: usize) {
    let gone = line.len().saturating_sub(kept);
    line.drain(..gone);
}

fn factor(rate: u32) -> usize {
    (MIX_RATE / rate.clamp(1, MIX_RATE)) as usize
}

/// A low pass at the narrower rate's band edge, symmetric, whose taps add up to one.
fn prototype(factor: usize) -> Vec<f32> {
    let length = TAPS * factor;
    let cutoff = EDGE / factor as f64;
    let tap = |index: usize| {
        let offset = index as f64 - (length as f64 - 1.0) / 2.0;
        let window = 0.5 + 0.5 * (std::f64::consts::TAU * offset / (length as f64 + 1.0)).cos();
        let angle = std::f64::consts::PI * offset * cutoff;
        let sinc = if angle == 0.0 { 1.0 } else { angle.sin() / angle };
        sinc * window
    };
    let taps: Vec<f64> = (0..length).map(tap).collect();
    let sum: f64 = taps.iter().sum();
    taps.iter().map(|tap| (tap / sum) as f32).collect()
}

/// Eight sums at once, which the compiler makes into vector instructions; one sum after the other it may not reorder.
fn dot(samples: &[f32], taps: &[f32]) -> f32 {
    let mut sums = [0.0_f32; LANES];
    for (samples, taps) in samples.chunks_exact(LANES).zip(taps.chunks_exact(LANES)) {
        for ((sum, sample), tap) in sums.iter_mut().zip(samples).zip(taps) {
            *sum += sample * tap;
        }
    }
    sums.iter().sum()
}

fn to_sample(value: f32) -> i16 {
    value.round_ties_even().clamp(f32::from(i16::MIN), f32::from(i16::MAX)) as i16
}

/// Taps for each sample of the narrower rate, a multiple of [`LANES`]. More make the band edge steeper, the delay longer
/// and every frame dearer.
const TAPS: usize = 32;
const LANES: usize = 8;

/// Where the filter is 6 dB down, as a share of the narrower rate's band. A larger value keeps more treble, and lets what
/// is just above the band fold back into it.
const EDGE: f64 = 0.94;

#[cfg(test)]
mod tests {
    use super::*;

    fn sine(rate: u32, hertz: f64, length: usize) -> Vec<i16> {
        let step = std::f64::consts::TAU * hertz / f64::from(rate);
        (0..length).map(|index| ((index as f64 * step).sin() * 10_000.0) as i16).collect()
    }

    fn decibels(pcm: &[i16]) -> f64 {
        let middle = &pcm[pcm.len() / 4..];
        let power = middle.iter().map(|&sample| f64::from(sample).powi(2)).sum::<f64>() / middle.len() as f64;
        10.0 * (power.max(1e-9) / 5e7).log10()
    }

    fn level_of(pcm: &[i16], hertz: f64) -> f64 {
        let (mut real, mut imaginary) = (0.0, 0.0);
        for (index, &sample) in pcm.iter().enumerate() {
            let angle = std::f64::consts::TAU * hertz * index as f64 / f64::from(MIX_RATE);
            real += f64::from(sample) * angle.cos();
            imaginary += f64::from(sample) * angle.sin();
        }
        20.0 * (real.hypot(imaginary).max(1.0) * 2.0 / pcm.len() as f64 / 10_000.0).log10()
    }

    #[test]
    fn the_band_passes_both_ways_and_nothing_else() {
        for rate in [8000, 16_000] {
            let edge = f64::from(rate) / 8000.0;
            for hertz in [100.0, 300.0, 1000.0 * edge, 3000.0 * edge, 3400.0 * edge] {
                let mut out = vec![0; MIX_RATE as usize / 5];
                Upsampler::new(rate).process(&sine(rate, hertz, rate as usize / 5), &mut out);
                assert!(decibels(&out).abs() < 1.0, "{hertz} Hz up from {rate}: {} dB", decibels(&out));
                // The mirror image above the band.
                let image = level_of(&out[960..], f64::from(rate) - hertz);
                assert!(image < -50.0, "{hertz} Hz up from {rate} makes {image} dB of treble");
                let mut narrow = vec![0; rate as usize / 5];
                Downsampler::new(rate).process(&sine(MIX_RATE, hertz, MIX_RATE as usize / 5), &mut narrow);
                assert!(decibels(&narrow).abs() < 1.0, "{hertz} Hz down to {rate}: {} dB", decibels(&narrow));
            }
            for hertz in [4400.0 * edge, 6000.0 * edge, 23_000.0] {
                let mut narrow = vec![0; rate as usize / 5];
                Downsampler::new(rate).process(&sine(MIX_RATE, hertz, MIX_RATE as usize / 5), &mut narrow);
                assert!(decibels(&narrow) < -45.0, "{hertz} Hz folds back at {} dB", decibels(&narrow));
            }
        }
    }

    #[test]
    fn frames_join_without_a_seam_also_after_some_that_nobody_heard() {
        let input = sine(8000, 700.0, 480);
        let (mut whole, mut parts) = (vec![0; 2880], vec![0; 2880]);
        Upsampler::new(8000).process(&input, &mut whole);
        let mut up = Upsampler::new(8000);
        up.process(&input[..160], &mut parts[..960]);
        up.skip(&input[160..320]);
        up.process(&input[320..], &mut parts[1920..]);
        assert_eq!((&whole[..960], &whole[1920..]), (&parts[..960], &parts[1920..]));
        let mut down = Downsampler::new(8000);
        let (mut narrow, mut halves) = (vec![0; 480], vec![0; 480]);
        down.clone().process(&whole, &mut narrow);
        down.process(&whole[..960], &mut halves[..160]);
        down.process(&whole[960..], &mut halves[160..]);
        assert_eq!(narrow, halves);
    }
}
