//! Generated tones: call progress (ITU-T E.180), short signals, and DTMF (ITU-T Q.23).

use ringdown_types::{DtmfDigit, ToneId};

/// The rate tones are generated at, in Hz. They hold no more than telephones pass.
pub const SAMPLE_RATE: u32 = 8000;

/// One period of a tone's cadence, or the whole of one that sounds once: a whole number of 20 ms frames.
pub fn tone(tone: ToneId) -> Vec<i16> {
    // E.180 §4 to §7, European recommendations.
    match tone {
        ToneId::Ringback => cadence(1000, 4000),
        ToneId::Busy => cadence(500, 500),
        ToneId::Congestion => cadence(250, 250),
        ToneId::Beep => sine_sum(&[(1000.0, PROGRESS_PEAK)], 500),
        ToneId::MemberJoined => steps(440.0, 660.0),
        ToneId::MemberLeft => steps(660.0, 440.0),
    }
}

fn cadence(on_ms: u32, off_ms: u32) -> Vec<i16> {
    let mut pcm = sine_sum(&[(425.0, PROGRESS_PEAK)], on_ms);
    pcm.resize(pcm.len() + samples(off_ms), 0);
    pcm
}

/// Two short tones at half the level of a call-progress tone: they sound beneath people who talk.
fn steps(first: f64, second: f64) -> Vec<i16> {
    let mut pcm = sine_sum(&[(first, PROGRESS_PEAK / 2.0)], 120);
    pcm.extend(sine_sum(&[(second, PROGRESS_PEAK / 2.0)], 160));
    pcm
}

/// The two frequencies of a key for [`DTMF_TONE_MS`], then silence for [`DTMF_PAUSE_MS`].
pub fn dtmf(digit: DtmfDigit) -> Vec<i16> {
    const ROWS: [f64; 4] = [697.0, 770.0, 852.0, 941.0];
    const COLUMNS: [f64; 4] = [1209.0, 1336.0, 1477.0, 1633.0];
    let (row, column) = match digit.event() {
        0 => (3, 1),
        10 => (3, 0),
        11 => (3, 2),
        event @ 12..=15 => (usize::from(event) - 12, 3),
        event => ((usize::from(event) - 1) / 3, (usize::from(event) - 1) % 3),
    };
    // The higher tone is 2 dB louder (Q.24 allows 4 dB more; lines damp it more).
    let tones = [(ROWS[row], DTMF_LOW_PEAK), (COLUMNS[column], DTMF_LOW_PEAK * 1.26)];
    let mut pcm = sine_sum(&tones, DTMF_TONE_MS);
    pcm.resize(pcm.len() + samples(DTMF_PAUSE_MS), 0);
    pcm
}

fn sine_sum(tones: &[(f64, f64)], milliseconds: u32) -> Vec<i16> {
    let length = samples(milliseconds);
    let value = |index: usize| {
        let edge = index.min(length - index) as f64 / RAMP;
        let sum: f64 = tones.iter().map(|(hertz, peak)| (index as f64 * step(*hertz)).sin() * peak).sum();
        (sum * edge.min(1.0)) as i16
    };
    (0..length).map(value).collect()
}

fn step(hertz: f64) -> f64 {
    std::f64::consts::TAU * hertz / f64::from(SAMPLE_RATE)
}

const fn samples(milliseconds: u32) -> usize {
    (SAMPLE_RATE / 1000 * milliseconds) as usize
}

/// How long an in-band digit sounds. Q.24 asks for 40 ms at least.
pub const DTMF_TONE_MS: u32 = 160;
/// The silence after an in-band digit.
pub const DTMF_PAUSE_MS: u32 = 40;
/// −10 dBm0 (E.180 §9): full scale of a sine is 3.14 dBm0.
const PROGRESS_PEAK: f64 = 7_200.0;
/// −8 dBm0 for the lower tone.
const DTMF_LOW_PEAK: f64 = 9_000.0;
/// 4 ms, so that tones begin and end without a click.
const RAMP: f64 = 32.0;

#[cfg(test)]
mod tests {
    use super::*;

    fn goertzel(pcm: &[i16], hertz: f64) -> f64 {
        let coefficient = 2.0 * step(hertz).cos();
        let (mut one, mut two) = (0.0, 0.0);
        for &sample in pcm {
            (one, two) = (f64::from(sample) + coefficient * one - two, one);
        }
        (one * one + two * two - coefficient * one * two).sqrt() * 2.0 / pcm.len() as f64
    }

    #[test]
    fn cadences_are_whole_frames_of_425_hz() {
        for (tone, on, period) in
            [(ToneId::Ringback, 8000, 40_000), (ToneId::Busy, 4000, 8000), (ToneId::Congestion, 2000, 4000)]
        {
            let pcm = super::tone(tone);
            assert_eq!((pcm.len(), pcm.len() % 160), (period, 0));
            assert!(goertzel(&pcm[..on], 425.0) > PROGRESS_PEAK * 0.95);
            assert!(goertzel(&pcm[..on], 600.0) < 100.0);
            assert!(pcm[on..].iter().all(|&sample| sample == 0));
        }
    }

    #[test]
    fn tones_that_sound_once_are_whole_frames() {
        for (tone, hertz, length) in [
            (ToneId::Beep, 1000.0, 4000),
            (ToneId::MemberJoined, 440.0, 2240),
            (ToneId::MemberLeft, 660.0, 2240),
        ] {
            let pcm = super::tone(tone);
            assert!(!tone.repeats());
            assert_eq!((pcm.len(), pcm.len() % 160), (length, 0));
            assert!(goertzel(&pcm[..960], hertz) > PROGRESS_PEAK * 0.4);
        }
    }

    #[test]
    fn keys_have_their_two_frequencies() {
        for (key, low, high) in [('1', 697.0, 1209.0), ('5', 770.0, 1336.0), ('9', 852.0, 1477.0)]
            .into_iter()
            .chain([('*', 941.0, 1209.0), ('0', 941.0, 1336.0), ('#', 941.0, 1477.0)])
            .chain([('A', 697.0, 1633.0), ('D', 941.0, 1633.0)])
        {
            let pcm = dtmf(DtmfDigit::from_char(key).expect("a key"));
            assert_eq!(pcm.len() % 160, 0);
            let sounding = &pcm[..1280];
            assert!(goertzel(sounding, low) > 8000.0 && goertzel(sounding, high) > 8000.0, "{key}");
        }
    }
}
