//! Who of a mix says anything.

/// The mean square of a frame's samples.
pub fn power(samples: &[i16]) -> f32 {
    let sum: i64 = samples.iter().map(|&sample| i64::from(i32::from(sample) * i32::from(sample))).sum();
    sum as f32 / samples.len().max(1) as f32
}

/// Whether a frame is louder than a quiet room.
pub fn is_audible(samples: &[i16]) -> bool {
    power(samples) >= AUDIBLE_POWER
}

/// Whether somebody says something, and how loudly, told from frame to frame.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct TalkDetector {
    /// Audible frames in a row, as far as they count.
    audible: u8,
    /// Frames since the last audible one that still count as talk.
    hangover: u8,
    is_talking: bool,
    level: f32,
}

impl TalkDetector {
    /// Somebody who says nothing yet.
    pub const fn new() -> Self {
        Self { audible: 0, hangover: 0, is_talking: false, level: 0.0 }
    }

    /// Takes the power of a frame; `None` for one that did not come.
    pub fn handle_frame(&mut self, power: Option<f32>) {
        self.level = power.unwrap_or(0.0).max(self.level * LEVEL_DECAY);
        if power.is_some_and(|power| power >= AUDIBLE_POWER) {
            self.audible = (self.audible + 1).min(BEGIN_FRAMES);
            self.hangover = HANGOVER_FRAMES;
        } else {
            self.audible = 0;
            self.hangover = self.hangover.saturating_sub(1);
        }
        self.is_talking = self.hangover > 0 && (self.is_talking || self.audible == BEGIN_FRAMES);
    }

    /// Whether the frame is to be mixed: from the first audible one on, so that no word loses its beginning.
    pub const fn counts(&self) -> bool {
        self.hangover > 0
    }

    /// Whether somebody talks, rather than clicks a pen.
    pub const fn is_talking(&self) -> bool {
        self.is_talking
    }

    /// How loud it is: the power of the loudest recent frame, which fades by 1 dB a frame.
    pub const fn level(&self) -> f32 {
        self.level
    }
}

/// −48 dBFS. A larger value drops people far from their microphones; a smaller one mixes every room's noise in.
const AUDIBLE_POWER: f32 = 130.0 * 130.0;
/// 60 ms: a key stroke is shorter.
const BEGIN_FRAMES: u8 = 3;
/// 500 ms: pauses between words are shorter. A larger value shows people as talking who are not.
const HANGOVER_FRAMES: u8 = 25;
/// 1 dB for each frame: a speaker who draws breath keeps their place.
const LEVEL_DECAY: f32 = 0.794;

#[cfg(test)]
mod tests {
    use super::*;

    const LOUD: Option<f32> = Some(4e6);
    const QUIET: Option<f32> = Some(400.0);

    #[test]
    fn a_click_is_no_talk_and_a_pause_between_words_is() {
        let mut talk = TalkDetector::default();
        let mut after = |power, frames| {
            for _ in 0..frames {
                talk.handle_frame(power);
            }
            (talk.counts(), talk.is_talking())
        };
        assert_eq!(after(LOUD, 1), (true, false));
        assert_eq!(after(QUIET, 30), (false, false));
        assert_eq!(after(LOUD, 2), (true, false));
        assert_eq!(after(LOUD, 1), (true, true));
        assert_eq!(after(None, 20), (true, true));
        assert_eq!(after(None, 5), (false, false));
    }

    #[test]
    fn the_loudest_frame_counts_and_fades() {
        let mut talk = TalkDetector::new();
        talk.handle_frame(LOUD);
        talk.handle_frame(QUIET);
        assert!((talk.level() / 4e6 - LEVEL_DECAY).abs() < 1e-3);
        for _ in 0..100 {
            talk.handle_frame(QUIET);
        }
        assert!((talk.level() - 400.0).abs() < 1.0);
    }

    #[test]
    fn the_power_of_the_loudest_frame_does_not_overflow() {
        assert!((power(&[i16::MIN; 960]) - 32_768.0 * 32_768.0).abs() < 1e3);
        assert_eq!(power(&[]), 0.0);
    }
}
