//! Which tone is heard, how loud, and how much of the sound it is.

use std::f64::consts::{PI, TAU};

use super::{PURE, SILENCE_DBFS, TONE_WIDTH_HZ};

/// What a stretch of sound holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ToneReport {
    /// The strongest frequency in Hz; 0 for digital silence. Exact to about 1 Hz for a third of a second or more.
    pub dominant_hz: f64,
    /// The level of all that is heard; −120 for digital silence.
    pub level_dbfs: f64,
    /// The share of the energy that lies within [`TONE_WIDTH_HZ`] of the strongest frequency, 0 to 1.
    pub purity: f64,
}

impl ToneReport {
    /// Whether the tone `hz` is the strongest sound, above silence.
    pub fn is_tone(&self, hz: f64) -> bool {
        (self.dominant_hz - hz).abs() <= TONE_WIDTH_HZ && self.level_dbfs > SILENCE_DBFS
    }

    /// Whether the tone `hz` is heard and nothing else.
    pub fn is_only_tone(&self, hz: f64) -> bool {
        self.is_tone(hz) && self.purity >= PURE
    }
}

/// The level of a stretch of sound; −120 for digital silence.
pub fn level_dbfs(samples: &[i16]) -> f64 {
    let energy: f64 = samples.iter().map(|&sample| f64::from(sample).powi(2)).sum();
    let mean = energy / samples.len().max(1) as f64;
    // A sine of full scale has half the energy of its peak.
    let full_scale = f64::from(i16::MAX).powi(2) / 2.0;
    (10.0 * (mean / full_scale).log10()).max(-120.0)
}

/// Analyses a stretch of sound: the mean power spectrum of half-overlapping Hann windows (Welch's method) of about
/// a sixth of a second. Shorter stretches are analysed whole, and their purity suffers below 0.2 s.
pub fn analyse(samples: &[i16], rate: u32) -> ToneReport {
    let level = level_dbfs(samples);
    let spectrum = Spectrum::of(samples, rate);
    let Some(peak) = spectrum.peak().filter(|_| level > -120.0) else {
        return ToneReport { dominant_hz: 0.0, level_dbfs: level, purity: 0.0 };
    };
    ToneReport { dominant_hz: peak, level_dbfs: level, purity: spectrum.share_around(peak) }
}

/// Asserts that a stretch of sound is the tone `hz` and nothing else.
///
/// # Panics
/// With the report, where it is not.
#[track_caller]
pub fn assert_only_tone(samples: &[i16], rate: u32, hz: f64) {
    let report = analyse(samples, rate);
    assert!(report.is_only_tone(hz), "expected {hz} Hz and nothing else, heard {report:?}");
}

/// Asserts that a stretch of sound is silent.
///
/// # Panics
/// With the report, where it is not.
#[track_caller]
pub fn assert_silent(samples: &[i16], rate: u32) {
    let report = analyse(samples, rate);
    assert!(report.level_dbfs <= SILENCE_DBFS, "expected silence, heard {report:?}");
}

/// A power spectrum from 0 to half the sample rate.
struct Spectrum {
    power: Vec<f64>,
    bin_hz: f64,
}

impl Spectrum {
    fn of(samples: &[i16], rate: u32) -> Self {
        // Bins of at most 6 Hz: the main lobe of the window is then narrower than TONE_WIDTH_HZ to each side.
        let size = (rate as usize / 6).next_power_of_two().max(2);
        let mut power = vec![0.0; size / 2];
        let length = size.min(samples.len());
        let mut start = 0;
        while length > 0 && start + length <= samples.len() {
            let mut block = windowed(&samples[start..start + length], size);
            transform(&mut block);
            for (sum, (re, im)) in power.iter_mut().zip(block) {
                *sum += re * re + im * im;
            }
            start += (length / 2).max(1);
        }
        Self { power, bin_hz: f64::from(rate) / size as f64 }
    }

    /// The strongest frequency between bins: the top of the parabola through the logarithms around the peak.
    fn peak(&self) -> Option<f64> {
        let audible = self.power.iter().enumerate().skip(self.first_audible());
        let (index, &top) = audible.max_by(|a, b| a.1.total_cmp(b.1)).filter(|(_, top)| **top > 0.0)?;
        let log = |index: usize| self.power.get(index).copied().unwrap_or(0.0).max(top * 1e-12).ln();
        let (left, middle, right) = (log(index.saturating_sub(1)), log(index), log(index + 1));
        let curve = left - 2.0 * middle + right;
        let shift = if curve < 0.0 { ((left - right) / (2.0 * curve)).clamp(-0.5, 0.5) } else { 0.0 };
        Some((index as f64 + shift) * self.bin_hz)
    }

    fn share_around(&self, hz: f64) -> f64 {
        let (mut near, mut all) = (0.0, 0.0);
        for (index, power) in self.power.iter().enumerate().skip(self.first_audible()) {
            all += power;
            if (index as f64 * self.bin_hz - hz).abs() <= TONE_WIDTH_HZ {
                near += power;
            }
        }
        if all > 0.0 { near / all } else { 0.0 }
    }

    /// Below 20 Hz nothing is heard; G.711 has a small offset there.
    fn first_audible(&self) -> usize {
        (20.0 / self.bin_hz).ceil() as usize
    }
}

fn windowed(samples: &[i16], size: usize) -> Vec<(f64, f64)> {
    let length = samples.len() as f64;
    let mut block = vec![(0.0, 0.0); size];
    for (index, (slot, &sample)) in block.iter_mut().zip(samples).enumerate() {
        let hann = 0.5 - 0.5 * (TAU * index as f64 / length).cos();
        slot.0 = f64::from(sample) * hann;
    }
    block
}

/// Fast Fourier transform in place, radix 2; the length is a power of two.
pub(super) fn transform(block: &mut [(f64, f64)]) {
    let size = block.len();
    let bits = size.trailing_zeros();
    for index in 0..size {
        let mirrored = index.reverse_bits() >> (usize::BITS - bits);
        if mirrored > index {
            block.swap(index, mirrored);
        }
    }
    let mut span = 1;
    while span < size {
        let (step_re, step_im) = ((PI / span as f64).cos(), -(PI / span as f64).sin());
        for chunk in block.chunks_exact_mut(2 * span) {
            let (mut re, mut im) = (1.0, 0.0);
            let (low, high) = chunk.split_at_mut(span);
            for (a, b) in low.iter_mut().zip(high) {
                let turned = (b.0 * re - b.1 * im, b.0 * im + b.1 * re);
                *b = (a.0 - turned.0, a.1 - turned.1);
                *a = (a.0 + turned.0, a.1 + turned.1);
                (re, im) = (re * step_re - im * step_im, re * step_im + im * step_re);
            }
        }
        span *= 2;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::audio::Tone;

    fn mix(a: &[i16], b: &[i16]) -> Vec<i16> {
        a.iter().zip(b).map(|(a, b)| a.saturating_add(*b)).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn a_tone_is_found_at_its_frequency_and_level(
            hz in 100.0..3300.0_f64,
            rate in prop::sample::select(vec![8_000_u32, 16_000, 44_100, 48_000]),
            level in -40.0..0.0_f64,
        ) {
            let report = analyse(&Tone::new(hz, rate, level).samples(rate as usize), rate);
            prop_assert!((report.dominant_hz - hz).abs() < 1.0, "{report:?}");
            prop_assert!((report.level_dbfs - level).abs() < 0.2, "{report:?}");
            prop_assert!(report.purity > 0.995, "{report:?}");
        }

        #[test]
        fn a_second_tone_15_db_below_is_not_overheard(
            hz in 200.0..1500.0_f64,
            distance in 40.0..1500.0_f64,
            rate in prop::sample::select(vec![8_000_u32, 48_000]),
        ) {
            let count = rate as usize;
            let both = mix(
                &Tone::new(hz, rate, -12.0).samples(count),
                &Tone::new(hz + distance, rate, -27.0).samples(count),
            );
            let report = analyse(&both, rate);
            prop_assert!(report.is_tone(hz) && !report.is_only_tone(hz), "{report:?}");
        }

        #[test]
        fn no_sound_panics(samples in prop::collection::vec(any::<i16>(), 0..600), rate in 1..100_000_u32) {
            let report = analyse(&samples, rate);
            prop_assert!((0.0..=1.0).contains(&report.purity));
        }
    }

    #[test]
    fn silence_is_no_tone() {
        let report = analyse(&[0; 8000], 8000);
        assert_eq!((report.dominant_hz, report.level_dbfs, report.purity), (0.0, -120.0, 0.0));
        assert_silent(&Tone::new(440.0, 8000, -70.0).samples(8000), 8000);
    }

    #[test]
    #[should_panic(expected = "expected 440 Hz and nothing else")]
    fn the_wrong_tone_fails_the_assertion() {
        assert_only_tone(&Tone::new(880.0, 8000, -12.0).samples(8000), 8000, 440.0);
    }
}
