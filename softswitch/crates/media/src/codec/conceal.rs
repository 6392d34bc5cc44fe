//! Fills the gaps of codecs that cannot do it themselves (G.711, G.722): repeats the last pitch period while it fades,
//! after the idea of G.711 Appendix I.

/// Continues the good audio of one decoder over lost packets.
#[derive(Debug, Clone)]
pub struct Concealment {
    /// Samples per second divided by 8,000.
    scale: usize,
    /// The newest good samples, oldest first.
    history: Vec<i16>,
    /// Samples filled since the last good one.
    filled: usize,
    /// One pitch period, ending so that its beginning follows without a step.
    period: Vec<i16>,
    /// The step at the beginning of the gap, which fades away.
    step: f32,
}

impl Concealment {
    /// For sound of `sample_rate` Hz, a multiple of 8,000.
    pub fn new(sample_rate: u32) -> Self {
        let scale = (sample_rate / 8000).max(1) as usize;
        Self { scale, history: vec![0; HISTORY * scale], filled: 0, period: Vec::new(), step: 0.0 }
    }

    /// Remembers good audio, and blends its beginning with what was filled before it.
    pub fn handle_good(&mut self, pcm: &mut [i16]) {
        if self.filled > 0 {
            let mut overlap = [0; OVERLAP * MAX_SCALE];
            let overlap = &mut overlap[..OVERLAP * self.scale.min(MAX_SCALE)];
            self.fill(overlap);
            let length = overlap.len() as i32;
            for ((index, sample), &old) in (0_i32..).zip(pcm.iter_mut()).zip(overlap.iter()) {
                let mixed = i32::from(*sample) * index + i32::from(old) * (length - index);
                *sample = (mixed / length) as i16;
            }
            self.filled = 0;
        }
        let kept = pcm.len().min(self.history.len());
        self.history.copy_within(kept.., 0);
        let start = self.history.len() - kept;
        self.history[start..].copy_from_slice(&pcm[pcm.len() - kept..]);
    }

    /// Fills `out` with a continuation of the good audio; silence after [`SILENT_AFTER_MS`].
    pub fn fill(&mut self, out: &mut [i16]) {
        if self.filled == 0 {
            self.begin();
        }
        let (held, fade) = (HELD * self.scale, FADE * self.scale);
        for sample in out {
            let repeated = f32::from(self.period[self.filled % self.period.len()]);
            let gone = self.filled.saturating_sub(held).min(fade);
            let gain = 1.0 - gone as f32 / fade as f32;
            *sample = ((repeated + self.step) * gain).round().clamp(-32_768.0, 32_767.0) as i16;
            self.step *= STEP_DECAY;
            self.filled = self.filled.saturating_add(1);
        }
    }

    /// Cuts the period out of the newest audio.
    fn begin(&mut self) {
        let length = self.pitch_period();
        let end = self.history.len();
        self.period.clear();
        self.period.extend_from_slice(&self.history[end - length..]);
        // The last quarter leads over to what came before the period, so that repetitions join.
        let quarter = length / 4;
        for index in 0..quarter {
            let before = i32::from(self.history[end - length - quarter + index]);
            let place = length - quarter + index;
            let (here, quarter) = (i32::from(self.period[place]), quarter as i32);
            let weight = index as i32 + 1;
            self.period[place] = ((here * (quarter - weight) + before * weight) / quarter) as i16;
        }
        self.step = f32::from(self.history[end - 1]) - f32::from(self.history[end - length - 1]);
    }

    /// The lag, in samples, at which the newest audio is most like what went before. It is looked for at 8 kHz and
    /// made precise at the sound's own rate.
    fn pitch_period(&self) -> usize {
        let coarse = (SHORTEST_PERIOD..=LONGEST_PERIOD)
            .map(|lag| (lag, self.likeness(lag * self.scale, self.scale)))
            .max_by(|(_, a), (_, b)| a.total_cmp(b))
            .map_or(LONGEST_PERIOD, |(lag, _)| lag)
            * self.scale;
        if self.scale == 1 {
            return coarse;
        }
        let around = coarse + 1 - self.scale..(coarse + self.scale).min(LONGEST_PERIOD * self.scale + 1);
        around
            .map(|lag| (lag, self.likeness(lag, 1)))
            .max_by(|(_, a), (_, b)| a.total_cmp(b))
            .map_or(coarse, |(lag, _)| lag)
    }

    /// The normalised correlation of the newest 20 ms with what was `lag` before, of each `stride`th sample.
    fn likeness(&self, lag: usize, stride: usize) -> f32 {
        let start = self.history.len() - WINDOW * self.scale;
        let newest = self.history[start..].iter().step_by(stride);
        let older = self.history[start - lag..].iter().step_by(stride);
        let (mut product, mut energy) = (0.0_f32, 1.0_f32);
        for (&new, &old) in newest.zip(older) {
            product += f32::from(new) * f32::from(old);
            energy += f32::from(old) * f32::from(old);
        }
        product / energy.sqrt()
    }
}

/// Silence comes this long after the last good sample, in milliseconds.
pub const SILENT_AFTER_MS: usize = (HELD + FADE) / 8;

// All counts are samples at 8 kHz.
/// 66 Hz and 200 Hz and above, as in Appendix I.
const LONGEST_PERIOD: usize = 120;
const SHORTEST_PERIOD: usize = 40;
/// 20 ms are compared.
const WINDOW: usize = 160;
/// What is compared, the longest lag, and the quarter period before it.
const HISTORY: usize = WINDOW + LONGEST_PERIOD + LONGEST_PERIOD / 4 + 2;
/// 10 ms at full level, as in Appendix I.
const HELD: usize = 80;
/// 50 ms until silence. A longer fade buzzes; a shorter one makes longer holes.
const FADE: usize = 400;
/// 4 ms of blending.
const OVERLAP: usize = 32;
/// 48 kHz.
const MAX_SCALE: usize = 6;
/// Of the step per sample: gone within 3 ms. Slower is heard as a thump, faster as a click.
const STEP_DECAY: f32 = 0.9;

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(rate: u32, hertz: f64, from: usize, length: usize) -> Vec<i16> {
        let step = std::f64::consts::TAU * hertz / f64::from(rate);
        (from..from + length).map(|index| ((index as f64 * step).sin() * 9000.0) as i16).collect()
    }

    #[test]
    fn a_gap_begins_ends_and_repeats_without_a_click() {
        for rate in [8000_u32, 16_000] {
            for hertz in [110.0, 173.0, 437.0, 650.0] {
                let frame = rate as usize / 50;
                let mut concealment = Concealment::new(rate);
                let mut heard = Vec::new();
                for number in 0..20 {
                    let mut pcm = tone(rate, hertz, number * frame, frame);
                    if number == 15 {
                        concealment.fill(&mut pcm)
                    } else {
                        concealment.handle_good(&mut pcm)
                    }
                    heard.extend(pcm);
                }
                let steepest = |pcm: &[i16]| {
                    pcm.windows(2).map(|pair| (i32::from(pair[1]) - i32::from(pair[0])).abs()).max()
                };
                let usual = steepest(&heard[..10 * frame]).unwrap_or(0);
                let filled = steepest(&heard[15 * frame - 1..17 * frame]).unwrap_or(0);
                assert!(filled < usual * 2, "{rate} {hertz}: {filled} of {usual}");
            }
        }
    }
}
