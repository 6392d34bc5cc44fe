//! How loud somebody is in a mix, without a click where that changes.

use super::{MixFrame, RAMP_SAMPLES};

/// A gain that goes to where it should be within 5 ms.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ramp {
    gain: f32,
}

impl Ramp {
    /// Somebody who is not heard yet.
    pub const fn silent() -> Self {
        Self { gain: 0.0 }
    }

    /// Whether nothing is heard, and will not be where `target` is where it should be.
    pub const fn is_silent(&self, target: f32) -> bool {
        self.gain == 0.0 && target == 0.0
    }

    /// Makes a frame as loud as it should be.
    pub fn process(&mut self, target: f32, frame: &mut MixFrame) {
        if self.gain == target && target == 1.0 {
            return;
        }
        let step = (target - self.gain) / RAMP_SAMPLES as f32;
        let mut gain = self.gain;
        for (index, sample) in frame.iter_mut().enumerate() {
            gain = if index < RAMP_SAMPLES { gain + step } else { target };
            let value = (f32::from(*sample) * gain).round_ties_even();
            *sample = value.clamp(f32::from(i16::MIN), f32::from(i16::MAX)) as i16;
        }
        self.gain = target;
    }
}

/// A gain in decibels as a factor; −60 and less is silence.
pub fn factor_of(decibels: i8) -> f32 {
    if decibels <= -60 { 0.0 } else { 10.0_f32.powf(f32::from(decibels) / 20.0) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mix::MIX_SAMPLES;

    #[test]
    fn changes_take_five_milliseconds_and_have_no_step() {
        let mut ramp = Ramp::silent();
        for target in [1.0, 0.25, 2.0, 0.0] {
            let before = (ramp.gain * 10_000.0) as i32;
            let mut frame = [10_000; MIX_SAMPLES];
            ramp.process(target, &mut frame);
            let steps = frame.windows(2).map(|pair| (i32::from(pair[1]) - i32::from(pair[0])).abs());
            assert!(steps.max() <= Some(84));
            assert!((i32::from(frame[0]) - before).abs() <= 84);
            assert_eq!(frame[RAMP_SAMPLES..], [(10_000.0 * target) as i16; MIX_SAMPLES - RAMP_SAMPLES]);
        }
        assert!(ramp.is_silent(0.0));
        assert!((factor_of(6) - 1.995).abs() < 0.01 && factor_of(-60) == 0.0 && factor_of(0) == 1.0);
    }
}
