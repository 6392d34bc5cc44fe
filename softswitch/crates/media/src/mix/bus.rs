//! The sum of what several people say, and what each of them hears of it.

use super::{MIX_SAMPLES, MixFrame};

/// The sum of one frame of everybody. It is kept in 32 bits and brought into 16 only once what the listener said
/// themselves is taken out, so that a loud speaker does not distort what they hear of the others.
#[derive(Debug, Clone)]
pub struct MixBus {
    sum: [i32; MIX_SAMPLES],
}

impl Default for MixBus {
    fn default() -> Self {
        Self { sum: [0; MIX_SAMPLES] }
    }
}

impl MixBus {
    /// Begins the next frame.
    pub fn clear(&mut self) {
        self.sum.fill(0);
    }

    /// Adds what somebody says. 65,536 of them fit.
    pub fn add(&mut self, frame: &MixFrame) {
        for (sum, &sample) in self.sum.iter_mut().zip(frame) {
            *sum += i32::from(sample);
        }
    }

    /// What somebody hears who says nothing.
    pub fn all(&self, limiter: &mut Limiter, out: &mut MixFrame) {
        limiter.process(&self.sum, out);
    }

    /// What somebody hears who said `own`, which was added.
    pub fn without(&self, own: &MixFrame, limiter: &mut Limiter, out: &mut MixFrame) {
        let mut others = self.sum;
        for (sum, &sample) in others.iter_mut().zip(own) {
            *sum -= i32::from(sample);
        }
        limiter.process(&others, out);
    }
}

/// Brings a sum into 16 bits: quieter as a whole where it is too loud, rather than cut off at the peaks, which rattles.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limiter {
    gain: f32,
}

impl Default for Limiter {
    fn default() -> Self {
        Self { gain: 1.0 }
    }
}

impl Limiter {
    fn process(&mut self, sum: &[i32; MIX_SAMPLES], out: &mut MixFrame) {
        let peak = sum.iter().fold(0, |peak, &sample| sample.unsigned_abs().max(peak));
        let target = if peak as f32 > CEILING { CEILING / peak as f32 } else { 1.0 };
        let from = self.gain;
        let to = target.min(from * RELEASE).min(1.0);
        self.gain = to;
        if from >= 1.0 && to >= 1.0 {
            for (out, &sample) in out.iter_mut().zip(sum) {
                *out = sample as i16;
            }
            return;
        }
        let mut gain = from;
        let step = (to - from) / super::RAMP_SAMPLES as f32;
        for (index, (out, &sample)) in out.iter_mut().zip(sum).enumerate() {
            gain = if index < super::RAMP_SAMPLES { gain + step } else { to };
            // What is too loud while the gain is still on its way is cut.
            *out = cut(sample as f32 * gain);
        }
    }
}

fn cut(value: f32) -> i16 {
    value.round_ties_even().clamp(f32::from(i16::MIN), f32::from(i16::MAX)) as i16
}

/// −0.2 dBFS.
const CEILING: f32 = 32_000.0;

/// 0.5 dB for each frame until it is as loud as it was: faster pumps audibly, slower leaves the room quiet after a cough.
const RELEASE: f32 = 1.059;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_loud_for_one_is_whole_for_another() {
        let (loud, soft) = ([30_000; MIX_SAMPLES], [5_000; MIX_SAMPLES]);
        let mut bus = MixBus::default();
        let mut out = [0; MIX_SAMPLES];
        bus.add(&loud);
        bus.add(&soft);
        bus.without(&loud, &mut Limiter::default(), &mut out);
        assert_eq!(out, soft);
        bus.without(&soft, &mut Limiter::default(), &mut out);
        assert_eq!(out, loud);
        bus.clear();
        bus.all(&mut Limiter::default(), &mut out);
        assert_eq!(out, [0; MIX_SAMPLES]);
    }

    #[test]
    fn two_loud_speakers_are_quieter_and_not_square() {
        let sine: Vec<i16> = (0..MIX_SAMPLES)
            .map(|index| ((index as f64 * std::f64::consts::TAU / 48.0).sin() * 30_000.0) as i16)
            .collect();
        let sine: MixFrame = sine.try_into().expect("a frame");
        let mut bus = MixBus::default();
        bus.add(&sine);
        bus.add(&sine);
        let (mut limiter, mut out) = (Limiter::default(), [0; MIX_SAMPLES]);
        bus.all(&mut limiter, &mut out);
        bus.all(&mut limiter, &mut out);
        for (&heard, &said) in out.iter().zip(&sine) {
            let expected = f32::from(said) * 32_000.0 / 30_000.0;
            assert!((f32::from(heard) - expected).abs() < 60.0, "{heard} for {expected}");
        }
        // It recovers.
        bus.clear();
        bus.add(&sine);
        for _ in 0..20 {
            bus.all(&mut limiter, &mut out);
        }
        assert_eq!(out, sine);
    }
}
