//! Breaks and gaps in a tone.

use std::{
    f64::consts::{PI, TAU},
    time::Duration,
};

use super::{SILENCE_DBFS, level_dbfs};

/// Counts the breaks in a tone of `hz`: places where its phase jumps by more than 25°, as a lost, repeated or
/// misplaced frame makes it. Breaks within three frames of analysis (15 ms, more below 400 Hz) count once; a gap
/// counts once or twice. Silence before and after the tone is no break, and neither is a change of level.
pub fn count_discontinuities(samples: &[i16], rate: u32, hz: f64) -> usize {
    let length = (f64::from(rate) * (2.0 / hz.max(20.0)).max(0.005)).ceil().max(4.0) as usize;
    let step = TAU * hz / f64::from(rate);
    let frames: Vec<(f64, f64)> = samples
        .chunks_exact(length)
        .enumerate()
        .map(|(number, frame)| fit(frame, step, (number * length) as f64))
        .collect();
    let loudest = frames.iter().map(|frame| frame.0).fold(0.0, f64::max);
    let mut count = 0;
    let mut last_break = None;
    let mut before: Option<(usize, f64)> = None;
    for (index, &(amplitude, phase)) in frames.iter().enumerate() {
        if amplitude < loudest * 0.25 || loudest == 0.0 {
            continue;
        }
        if let Some((last, last_phase)) = before {
            let turned = (phase - last_phase + PI).rem_euclid(TAU) - PI;
            let broken = index - last > 1 || turned.abs() > 25_f64.to_radians();
            if broken && last_break.is_none_or(|last| index - last > 3) {
                count += 1;
                last_break = Some(index);
            }
        }
        before = Some((index, phase));
    }
    count
}

/// Amplitude and phase of the sine that fits a frame best (least squares). The phase is that of the whole sound, so
/// a steady tone keeps it from frame to frame.
fn fit(frame: &[i16], step: f64, offset: f64) -> (f64, f64) {
    let (mut cc, mut ss, mut cs, mut xc, mut xs) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for (index, &sample) in frame.iter().enumerate() {
        let (sin, cos) = (step * (offset + index as f64)).sin_cos();
        cc += cos * cos;
        ss += sin * sin;
        cs += cos * sin;
        xc += f64::from(sample) * cos;
        xs += f64::from(sample) * sin;
    }
    let determinant = cc * ss - cs * cs;
    if determinant.abs() < 1e-9 {
        return (0.0, 0.0);
    }
    let (re, im) = ((xc * ss - xs * cs) / determinant, (xs * cc - xc * cs) / determinant);
    (re.hypot(im), im.atan2(re))
}

/// The longest stretch of silence, in steps of 10 ms.
pub fn longest_silence(samples: &[i16], rate: u32) -> Duration {
    let frame = (rate as usize / 100).max(1);
    let (mut longest, mut current) = (0_u32, 0_u32);
    for frame in samples.chunks_exact(frame) {
        current = if level_dbfs(frame) <= SILENCE_DBFS { current + 1 } else { 0 };
        longest = longest.max(current);
    }
    Duration::from_millis(10) * longest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::Tone;

    #[test]
    fn a_lost_frame_is_one_break_and_a_gap_is_two() {
        for rate in [8_000, 48_000] {
            let frame = rate as usize / 50;
            let tone = Tone::new(437.0, rate, -12.0).samples(rate as usize);
            assert_eq!(count_discontinuities(&tone, rate, 437.0), 0);

            let mut jumped = tone.clone();
            jumped.drain(10 * frame..11 * frame);
            assert_eq!(count_discontinuities(&jumped, rate, 437.0), 1);

            let mut gap = tone.clone();
            gap[20 * frame + 7..25 * frame + 7].fill(0);
            assert!((1..=2).contains(&count_discontinuities(&gap, rate, 437.0)));
            assert_eq!(longest_silence(&gap, rate).as_millis() / 10, 9);
        }
    }

    #[test]
    fn noise_of_a_codec_is_no_break() {
        let mut alternate = 1;
        let noisy: Vec<i16> = Tone::new(440.0, 8_000, -12.0)
            .take(8_000)
            .map(|sample| {
                alternate = -alternate;
                sample + alternate * (sample / 50)
            })
            .collect();
        assert_eq!(count_discontinuities(&noisy, 8_000, 440.0), 0);
    }
}
