//! How well speech is understood after what was done to it: ESTOI, the extended short-time objective intelligibility of
//! Jensen and Taal ("An Algorithm for Predicting the Intelligibility of Speech Masked by Modulated Noise Maskers",
//! IEEE/ACM TASLP 24 (11), 2016).
//!
//! Both signals are taken to 10 kHz, frames in which the reference is silent are left out, 15 third-octave bands from
//! 150 Hz are followed through 384 ms; each such piece is normalised along time and along the bands, and correlated
//! between the signals. 1 is untouched, 0 is unrelated. It is a measure of intelligibility, not of pleasure: it hears
//! holes and garble, and does not mind a telephone's sound.

use std::f64::consts::PI;

use super::analysis::transform;

/// ESTOI of `degraded` against `reference`, both of `rate` Hz and aligned to within a few milliseconds; `None` where less
/// than 384 ms of the reference is speech.
pub fn estoi(reference: &[i16], degraded: &[i16], rate: u32) -> Option<f64> {
    let length = reference.len().min(degraded.len());
    let clean = resample(&reference[..length], rate);
    let other = resample(&degraded[..length], rate);
    let (clean, other) = without_silence(&clean, &other);
    let (clean, other) = (third_octaves(&clean), third_octaves(&other));
    let pieces: Vec<f64> = clean
        .windows(PIECE)
        .zip(other.windows(PIECE))
        .map(|(clean, other)| correlation(&normalised(clean), &normalised(other)))
        .collect();
    (!pieces.is_empty()).then(|| pieces.iter().sum::<f64>() / pieces.len() as f64)
}

/// The delay in samples, 0 to `most`, at which `degraded` is most like `reference`.
pub fn delay(reference: &[i16], degraded: &[i16], most: usize) -> usize {
    let likeness = |lag: usize| -> f64 {
        let pairs = reference.iter().zip(degraded.iter().skip(lag));
        pairs.map(|(&a, &b)| f64::from(a) * f64::from(b)).sum()
    };
    (0..=most).map(|lag| (lag, likeness(lag))).max_by(|a, b| a.1.total_cmp(&b.1)).map_or(0, |(lag, _)| lag)
}

type Bands = [f64; BANDS];

/// Windowed-sinc interpolation to 10 kHz.
fn resample(samples: &[i16], rate: u32) -> Vec<f64> {
    let ratio = f64::from(rate) / RATE;
    let cutoff = (1.0 / ratio).min(1.0) * 0.95;
    let reach = (20.0 / cutoff).ceil() as i64;
    let length = (samples.len() as f64 / ratio) as usize;
    let value = |index: usize| {
        let place = index as f64 * ratio;
        let centre = place.floor() as i64;
        let mut sum = 0.0;
        for position in centre - reach + 1..=centre + reach {
            let Some(&sample) = usize::try_from(position).ok().and_then(|position| samples.get(position))
            else {
                continue;
            };
            let offset = place - position as f64;
            let window = 0.5 + 0.5 * (PI * offset / (reach as f64 + 1.0)).cos();
            let angle = PI * offset * cutoff;
            let sinc = if angle.abs() < 1e-9 { 1.0 } else { angle.sin() / angle };
            sum += f64::from(sample) * sinc * cutoff * window;
        }
        sum
    };
    (0..length).map(value).collect()
}

fn hann(index: usize) -> f64 {
    // Of 258 points without the zeros at both ends, as the paper's implementation has it.
    0.5 - 0.5 * (2.0 * PI * (index + 1) as f64 / (FRAME + 1) as f64).cos()
}

/// Overlap-adds the frames in which the reference is within 40 dB of its loudest.
fn without_silence(clean: &[f64], other: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let starts: Vec<usize> = (0..clean.len().saturating_sub(FRAME)).step_by(HOP).collect();
    let energy = |start: usize| {
        let frame = &clean[start..start + FRAME];
        let sum: f64 = frame.iter().enumerate().map(|(index, value)| (value * hann(index)).powi(2)).sum();
        20.0 * (sum.sqrt() + f64::EPSILON).log10()
    };
    let energies: Vec<f64> = starts.iter().map(|&start| energy(start)).collect();
    let loudest = energies.iter().copied().fold(f64::MIN, f64::max);
    let kept = starts.iter().zip(energies).filter(|(_, energy)| *energy > loudest - DYNAMIC_RANGE);
    let kept: Vec<usize> = kept.map(|(&start, _)| start).collect();
    let join = |signal: &[f64]| {
        let mut joined = vec![0.0; if kept.is_empty() { 0 } else { (kept.len() - 1) * HOP + FRAME }];
        for (number, &start) in kept.iter().enumerate() {
            for index in 0..FRAME {
                joined[number * HOP + index] += signal[start + index] * hann(index);
            }
        }
        joined
    };
    (join(clean), join(other))
}

/// The magnitudes of the bands, frame by frame.
fn third_octaves(signal: &[f64]) -> Vec<Bands> {
    let edges: Vec<(usize, usize)> = (0..BANDS as i32)
        .map(|band| {
            let centre = LOWEST * 2_f64.powf(f64::from(band) / 3.0);
            let bin = |hertz: f64| (hertz / (RATE / TRANSFORM as f64)).round() as usize;
            let edge = 2_f64.powf(1.0 / 6.0);
            (bin(centre / edge), bin(centre * edge).min(TRANSFORM / 2))
        })
        .collect();
    let bands = |start: usize| {
        let mut block = vec![(0.0, 0.0); TRANSFORM];
        for (index, slot) in block.iter_mut().take(FRAME).enumerate() {
            slot.0 = signal[start + index] * hann(index);
        }
        transform(&mut block);
        let mut bands = [0.0; BANDS];
        for (band, &(low, high)) in bands.iter_mut().zip(&edges) {
            *band = block[low..high].iter().map(|(re, im)| re * re + im * im).sum::<f64>().sqrt();
        }
        bands
    };
    (0..signal.len().saturating_sub(FRAME)).step_by(HOP).map(bands).collect()
}

/// Each band without its mean and of norm 1 along time, then each frame along the bands.
fn normalised(piece: &[Bands]) -> Vec<Bands> {
    let mut piece = piece.to_vec();
    for band in 0..BANDS {
        let mean = piece.iter().map(|bands| bands[band]).sum::<f64>() / piece.len() as f64;
        let norm = piece.iter().map(|bands| (bands[band] - mean).powi(2)).sum::<f64>().sqrt() + f64::EPSILON;
        piece.iter_mut().for_each(|bands| bands[band] = (bands[band] - mean) / norm);
    }
    for bands in &mut piece {
        let mean = bands.iter().sum::<f64>() / BANDS as f64;
        let norm = bands.iter().map(|value| (value - mean).powi(2)).sum::<f64>().sqrt() + f64::EPSILON;
        bands.iter_mut().for_each(|value| *value = (*value - mean) / norm);
    }
    piece
}

fn correlation(clean: &[Bands], other: &[Bands]) -> f64 {
    let sum: f64 = clean.iter().flatten().zip(other.iter().flatten()).map(|(a, b)| a * b).sum();
    sum / clean.len() as f64
}

/// What the measure works at.
const RATE: f64 = 10_000.0;
const FRAME: usize = 256;
const HOP: usize = 128;
const TRANSFORM: usize = 512;
const BANDS: usize = 15;
const LOWEST: f64 = 150.0;
/// 384 ms.
const PIECE: usize = 30;
/// In dB.
const DYNAMIC_RANGE: f64 = 40.0;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::speech;

    fn noise(length: usize, peak: f64, mut state: u32) -> Vec<i16> {
        (0..length)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                ((f64::from(state >> 8) / f64::from(1 << 23) - 1.0) * peak) as i16
            })
            .collect()
    }

    fn sum(a: &[i16], b: &[i16]) -> Vec<i16> {
        a.iter().zip(b).map(|(a, b)| a.saturating_add(*b)).collect()
    }

    #[test]
    fn the_same_is_one_and_something_else_is_nothing() {
        for rate in [8000, 16_000, 48_000] {
            let reference = speech(rate, 4.0, 1);
            let same = estoi(&reference, &reference, rate).expect("speech");
            assert!((same - 1.0).abs() < 1e-9, "{same}");
            let other = estoi(&reference, &noise(reference.len(), 4000.0, 9), rate).expect("speech");
            assert!(other.abs() < 0.15, "{other}");
            let stranger = estoi(&reference, &speech(rate, 4.0, 77), rate).expect("speech");
            assert!(stranger.abs() < 0.25, "{stranger}");
        }
        assert_eq!(estoi(&[0; 100], &[0; 100], 8000), None);
    }

    #[test]
    fn loudness_and_a_steady_filter_hardly_matter() {
        let reference = speech(16_000, 4.0, 2);
        let soft: Vec<i16> = reference.iter().map(|sample| sample / 4).collect();
        assert!(estoi(&reference, &soft, 16_000).expect("speech") > 0.99);
        // The first difference: 6 dB more for each octave.
        let shrill: Vec<i16> = reference.windows(2).map(|pair| (pair[1] - pair[0]) / 2).collect();
        assert!(estoi(&reference[1..], &shrill, 16_000).expect("speech") > 0.9);
    }

    #[test]
    fn more_noise_and_more_holes_are_worse() {
        let reference = speech(16_000, 6.0, 5);
        let mut before = 1.0;
        for peak in [400.0, 1600.0, 6400.0, 20_000.0] {
            let noisy = sum(&reference, &noise(reference.len(), peak, 3));
            let score = estoi(&reference, &noisy, 16_000).expect("speech");
            assert!(score < before - 0.03, "{peak}: {score} after {before}");
            before = score;
        }
        let mut before = 1.0;
        for every in [20, 10, 5, 3] {
            let mut holes = reference.clone();
            for frame in holes.chunks_mut(320).step_by(every) {
                frame.fill(0);
            }
            let score = estoi(&reference, &holes, 16_000).expect("speech");
            assert!(score < before - 0.01, "each {every}th: {score} after {before}");
            before = score;
        }
    }

    /// What pystoi 0.4.1 says (`stoi(…, extended=True)`) of the same samples; its resampler is another one.
    #[test]
    fn it_agrees_with_another_implementation() {
        for (rate, noisy, holed) in [(16_000, 0.5292, 0.8371), (8000, 0.5819, 0.8588)] {
            let reference = speech(rate, 4.0, 5);
            let mut holes = reference.clone();
            for frame in holes.chunks_mut(rate as usize / 50).step_by(5) {
                frame.fill(0);
            }
            let noise = sum(&reference, &noise(reference.len(), 1600.0, 3));
            for (degraded, expected) in [(noise, noisy), (holes, holed)] {
                let score = estoi(&reference, &degraded, rate).expect("speech");
                assert!((score - expected).abs() < 0.003, "{score} for {expected}");
            }
        }
    }

    #[test]
    fn a_delay_is_found() {
        let reference = speech(8000, 2.0, 6);
        let late = [&[0; 137][..], &reference].concat();
        assert_eq!(delay(&reference, &late, 400), 137);
    }
}
