//! Generated tones: call progress (ITU-T E.180, by country), short signals, and DTMF (ITU-T Q.23).

use ringdown_types::{DtmfDigit, ToneId, TonePart, TonePlan};

/// The rate tones are generated at, in Hz. They hold no more than telephones pass.
pub const SAMPLE_RATE: u32 = 8000;

/// What a tone sounds like in a country: as many periods of its cadence as fill whole 20 ms frames, so that it can be
/// repeated; the whole of one that sounds once.
pub fn tone(plan: TonePlan, tone: ToneId) -> Vec<i16> {
    let peak = match tone {
        ToneId::MemberJoined | ToneId::MemberLeft | ToneId::Comfort => PROGRESS_PEAK / 2.0,
        ToneId::Howler => HOWLER_PEAK,
        _ => PROGRESS_PEAK,
    };
    let mut period = Vec::new();
    let mut before = TonePart { frequencies: [0; 4], modulation: 0, milliseconds: None };
    for part in plan.shape(tone).parts() {
        if part.frequencies == [0; 4] {
            period.resize(period.len() + samples(part.milliseconds.unwrap_or(0).into()), 0);
        } else {
            period.extend(sounding(part, peak));
        }
        before = part;
    }
    if before.milliseconds.is_none() || !tone.repeats() {
        return period;
    }
    let frame = samples(20);
    let periods = (1..=frame).find(|count| (period.len() * count).is_multiple_of(frame)).unwrap_or(1);
    period.repeat(periods)
}

/// A part of a tone. One without an end lasts a second here, in which every frequency has whole periods: it has no
/// edges. The others have soft ones, so that they begin and end without a click.
fn sounding(part: TonePart, peak: f64) -> Vec<i16> {
    let length = samples(part.milliseconds.unwrap_or(1000).into());
    let count = part.frequencies.iter().filter(|&&hertz| hertz > 0).count();
    // Together they are as loud as one would be.
    let peak = peak / (count as f64).sqrt();
    let value = |index: usize| {
        let tones = part.frequencies.iter().filter(|&&hertz| hertz > 0);
        let sum: f64 = tones.map(|&hertz| (index as f64 * step(hertz.into())).sin() * peak).sum();
        let edge = if part.milliseconds.is_none() { 1.0 } else { edge(index, length) };
        let sway = match part.modulation {
            0 => 1.0,
            hertz => (1.0 + SWAY * (index as f64 * step(hertz.into())).sin()) / (1.0 + SWAY),
        };
        (sum * edge * sway) as i16
    };
    (0..length).map(value).collect()
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
        let sum: f64 = tones.iter().map(|(hertz, peak)| (index as f64 * step(*hertz)).sin() * peak).sum();
        (sum * edge(index, length)) as i16
    };
    (0..length).map(value).collect()
}

fn edge(index: usize, length: usize) -> f64 {
    (index.min(length - index) as f64 / RAMP).min(1.0)
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
/// 5 dB more: it is to be heard across a room.
const HOWLER_PEAK: f64 = 12_800.0;
/// How far a modulated tone's level sways.
const SWAY: f64 = 0.85;
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

    const EVERYWHERE: TonePlan = TonePlan::INTERNATIONAL;

    fn of(country: &str) -> TonePlan {
        country.parse().expect("a country with a plan")
    }

    #[test]
    fn cadences_are_whole_frames_of_425_hz() {
        for (tone, on, period) in
            [(ToneId::Ringback, 8000, 40_000), (ToneId::Busy, 4000, 8000), (ToneId::Congestion, 2000, 4000)]
        {
            let pcm = super::tone(EVERYWHERE, tone);
            assert_eq!((pcm.len(), pcm.len() % 160), (period, 0));
            assert!(goertzel(&pcm[..on], 425.0) > PROGRESS_PEAK * 0.95);
            assert!(goertzel(&pcm[..on], 600.0) < 100.0);
            assert!(pcm[on..].iter().all(|&sample| sample == 0));
        }
    }

    #[test]
    fn every_tone_of_every_country_repeats_in_whole_frames_and_clips_nothing() {
        for plan in TonePlan::all() {
            for tone in ToneId::ALL {
                let pcm = super::tone(plan, tone);
                assert!(
                    pcm.len().is_multiple_of(160) && pcm.len() <= 20 * 8000,
                    "{plan:?} {tone:?}: {}",
                    pcm.len()
                );
                let peak = pcm.iter().map(|sample| sample.unsigned_abs()).max().unwrap_or(0);
                assert!((2500..32_000).contains(&peak), "{plan:?} {tone:?}: {peak}");
            }
        }
    }

    #[test]
    fn countries_differ() {
        let ring = super::tone(of("us"), ToneId::Ringback);
        assert_eq!(ring.len(), 48_000);
        for hertz in [440.0, 480.0] {
            assert!(goertzel(&ring[..16_000], hertz) > PROGRESS_PEAK * 0.65, "{hertz}");
        }
        assert!(goertzel(&ring[..16_000], 425.0) < 200.0);
        // Two short rings.
        let ring = super::tone(of("gb"), ToneId::Ringback);
        assert!(ring[3200..4800].iter().all(|&sample| sample == 0));
        assert!(goertzel(&ring[4800..8000], 450.0) > PROGRESS_PEAK * 0.65);
        // Periods of 750 ms fill whole frames by twos.
        assert_eq!(super::tone(of("gb"), ToneId::Busy).len(), 12_000);
        // A dial tone is without edges and joins itself.
        let dial = super::tone(of("us"), ToneId::Dial);
        assert!(dial[0] == 0 && dial[8] > 2000 && dial[dial.len() - 8] < -2000);
        // Swayed by 25 Hz: side bands on both sides.
        let dial = super::tone(of("in"), ToneId::Dial);
        assert!(goertzel(&dial, 375.0) > 1000.0 && goertzel(&dial, 425.0) > 1000.0);
    }

    #[test]
    fn tones_that_sound_once_are_whole_frames() {
        for (tone, hertz, length) in [
            (ToneId::Beep, 1000.0, 4000),
            (ToneId::MemberJoined, 440.0, 2240),
            (ToneId::MemberLeft, 660.0, 2240),
        ] {
            let pcm = super::tone(EVERYWHERE, tone);
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
