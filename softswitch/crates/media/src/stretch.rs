//! Shortens and stretches sound without changing its pitch: one pitch period is left out or said twice, where the
//! sound repeats itself anyway (overlap-add at the lag of the best likeness).

/// What was found out about a piece of sound.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Period {
    /// The lag in samples.
    lag: usize,
    /// Whether the sound is like itself at that lag, or too quiet for anybody to hear.
    is_clean: bool,
}

/// Leaves one period out of `sound`, which is one packet at `rate` Hz. Returns how many samples it got shorter; 0
/// where the sound does not repeat itself, unless `anyway`.
pub fn shorten(sound: &mut Vec<i16>, rate: u32, anyway: bool) -> usize {
    let Some(Period { lag, .. }) = find_period(sound, rate).filter(|period| period.is_clean || anyway) else {
        return 0;
    };
    let overlap = lag.min(sound.len() - lag);
    for index in 0..overlap {
        sound[index] = blend(sound[index], sound[index + lag], index, overlap);
    }
    sound.drain(overlap..overlap + lag);
    lag
}

/// Says one period of `sound` twice. Returns how many samples it got longer; 0 where the sound does not repeat itself.
pub fn lengthen(sound: &mut Vec<i16>, rate: u32) -> usize {
    let Some(Period { lag, .. }) = find_period(sound, rate).filter(|period| period.is_clean) else {
        return 0;
    };
    let overlap = lag.min(sound.len() - lag);
    let again: Vec<i16> = (0..lag)
        .map(|index| match sound.get(index + lag).filter(|_| index < overlap) {
            Some(&onward) => blend(onward, sound[index], index, overlap),
            None => sound[index],
        })
        .collect();
    sound.splice(lag..lag, again);
    lag
}

/// `from` turning into `to`.
fn blend(from: i16, to: i16, index: usize, length: usize) -> i16 {
    let (index, length) = (index as i32 + 1, length as i32 + 1);
    ((i32::from(from) * (length - index) + i32::from(to) * index) / length) as i16
}

/// The lag, of 2.5 to 10 ms, at which the beginning of the sound is most like what follows.
fn find_period(sound: &[i16], rate: u32) -> Option<Period> {
    // What decides is below 4 kHz.
    let stride = (rate / 8000).max(1) as usize;
    let window = sound.len() / 2;
    let (shortest, longest) = (rate as usize / 400, (rate as usize / 100).min(window));
    if shortest == 0 || longest < shortest {
        return None;
    }
    let power = |pcm: &[i16]| {
        let squares = pcm.iter().step_by(stride).map(|&sample| f32::from(sample) * f32::from(sample));
        squares.sum::<f32>() * stride as f32 / pcm.len() as f32
    };
    let here = &sound[..window];
    let likeness = |lag: usize, stride: usize| {
        let (mut product, mut energy, mut own) = (0.0_f32, 1.0_f32, 1.0_f32);
        for (&a, &b) in here.iter().zip(&sound[lag..lag + window]).step_by(stride) {
            product += f32::from(a) * f32::from(b);
            own += f32::from(a) * f32::from(a);
            energy += f32::from(b) * f32::from(b);
        }
        product / (energy * own).sqrt()
    };
    let best = |lags: &mut dyn Iterator<Item = usize>, stride: usize| {
        lags.map(|lag| (lag, likeness(lag, stride))).max_by(|(_, a), (_, b)| a.total_cmp(b))
    };
    let (coarse, _) = best(&mut (shortest..=longest).step_by(stride), stride)?;
    let around = coarse.saturating_sub(stride - 1).max(shortest)..=(coarse + stride - 1).min(longest);
    let (lag, likeness) = best(&mut { around }, 1)?;
    Some(Period { lag, is_clean: likeness > LIKE || power(sound) < QUIET })
}

/// A smaller value changes sounds that do not repeat themselves, which is heard; a larger one waits longer for a
/// chance.
const LIKE: f32 = 0.9;
/// −58 dBFS.
const QUIET: f32 = 40.0 * 40.0;

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(rate: u32, hertz: f64, length: usize) -> Vec<i16> {
        let step = std::f64::consts::TAU * hertz / f64::from(rate);
        (0..length).map(|index| ((index as f64 * step).sin() * 9000.0) as i16).collect()
    }

    fn steepest(pcm: &[i16]) -> i32 {
        pcm.windows(2).map(|pair| (i32::from(pair[1]) - i32::from(pair[0])).abs()).max().unwrap_or(0)
    }

    #[test]
    fn a_tone_gets_shorter_and_longer_without_a_click() {
        for rate in [8000_u32, 16_000, 48_000] {
            for hertz in [150.0, 437.0, 1210.0] {
                let frame = rate as usize / 50;
                let whole = tone(rate, hertz, frame * 3);
                for is_shorter in [true, false] {
                    let mut middle = whole[frame..2 * frame].to_vec();
                    let changed = if is_shorter {
                        shorten(&mut middle, rate, false)
                    } else {
                        lengthen(&mut middle, rate)
                    };
                    assert!(changed >= rate as usize / 400, "{rate} {hertz}");
                    let expected = if is_shorter { frame - changed } else { frame + changed };
                    assert_eq!(middle.len(), expected);
                    let joined = [&whole[..frame], &middle, &whole[2 * frame..]].concat();
                    let (before, after) = (steepest(&whole), steepest(&joined));
                    assert!(after <= before * 5 / 4 + 40, "{rate} {hertz}: {after} of {before}");
                }
            }
        }
    }

    #[test]
    fn noise_is_left_alone_unless_it_must_go() {
        let mut state = 1_u32;
        let noise: Vec<i16> = (0..160)
            .map(|_| {
                state = state.wrapping_mul(1_103_515_245).wrapping_add(12_345);
                (state >> 18) as i16 - 8192
            })
            .collect();
        let mut sound = noise.clone();
        assert_eq!((shorten(&mut sound, 8000, false), lengthen(&mut sound, 8000)), (0, 0));
        assert_eq!(sound, noise);
        assert!(shorten(&mut sound, 8000, true) > 0);
        for length in 0..10 {
            let mut short = vec![0; length];
            shorten(&mut short, 8000, true);
            lengthen(&mut short, 48_000);
        }
    }
}
