//! Sums of what several people say, and who of them says anything.

use crate::wide::{WIDE_SAMPLES, WideFrame};

/// The sum of one frame of everybody. It is kept in 32 bits and cut to 16 only once what the listener said themselves
/// is taken out, so that a loud speaker does not distort what they hear of the others.
#[derive(Debug, Clone)]
pub struct MixBus {
    sum: [i32; WIDE_SAMPLES],
}

impl Default for MixBus {
    fn default() -> Self {
        Self { sum: [0; WIDE_SAMPLES] }
    }
}

impl MixBus {
    /// Begins the next frame.
    pub fn clear(&mut self) {
        self.sum.fill(0);
    }

    /// Adds what somebody says. 65,536 of them fit.
    pub fn add(&mut self, frame: &WideFrame) {
        for (sum, &sample) in self.sum.iter_mut().zip(frame) {
            *sum += i32::from(sample);
        }
    }

    /// What somebody hears who says nothing.
    pub fn all(&self) -> WideFrame {
        self.sum.map(cut)
    }

    /// What somebody hears who said `own`, which was added.
    pub fn without(&self, own: &WideFrame) -> WideFrame {
        let mut heard = [0; WIDE_SAMPLES];
        for ((out, &sum), &sample) in heard.iter_mut().zip(&self.sum).zip(own) {
            *out = cut(sum - i32::from(sample));
        }
        heard
    }
}

fn cut(sum: i32) -> i16 {
    sum.clamp(i32::from(i16::MIN), i32::from(i16::MAX)) as i16
}

/// Whether a frame is louder than a quiet room.
pub fn is_audible(frame: &WideFrame) -> bool {
    let power: i64 = frame.iter().map(|&sample| i64::from(sample) * i64::from(sample)).sum();
    power / WIDE_SAMPLES as i64 >= AUDIBLE_POWER
}

/// Who talks, told from frame to frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TalkDetector {
    /// Audible frames in a row, as far as they count.
    audible: u8,
    /// Frames since the last audible one that still count as talk.
    hangover: u8,
    is_talking: bool,
}

impl TalkDetector {
    /// Somebody who says nothing yet.
    pub const fn new() -> Self {
        Self { audible: 0, hangover: 0, is_talking: false }
    }

    /// Takes a frame; `None` for one that did not come. Returns what changed.
    pub fn handle_frame(&mut self, frame: Option<&WideFrame>) -> Option<bool> {
        if frame.is_some_and(is_audible) {
            self.audible = (self.audible + 1).min(BEGIN_FRAMES);
            self.hangover = HANGOVER_FRAMES;
        } else {
            self.audible = 0;
            self.hangover = self.hangover.saturating_sub(1);
        }
        let is_talking = self.hangover > 0 && (self.is_talking || self.audible == BEGIN_FRAMES);
        let changed = is_talking != self.is_talking;
        self.is_talking = is_talking;
        changed.then_some(is_talking)
    }

    /// Whether the frame is to be mixed: from the first audible one on, so that no word loses its beginning.
    pub const fn counts(&self) -> bool {
        self.hangover > 0
    }

    /// Whether somebody talks, rather than clicks a pen.
    pub const fn is_talking(&self) -> bool {
        self.is_talking
    }
}

/// −48 dBFS. A larger value drops people far from their microphones; a smaller one mixes every room's noise in.
const AUDIBLE_POWER: i64 = 130 * 130;
/// 60 ms: a key stroke is shorter.
const BEGIN_FRAMES: u8 = 3;
/// 500 ms: pauses between words are shorter. A larger value shows people as talking who are not.
const HANGOVER_FRAMES: u8 = 25;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cut_for_one_is_whole_for_another() {
        let (loud, soft) = ([30_000; WIDE_SAMPLES], [5_000; WIDE_SAMPLES]);
        let mut bus = MixBus::default();
        for frame in [&loud, &loud, &soft] {
            bus.add(frame);
        }
        assert_eq!(bus.all()[0], i16::MAX);
        assert_eq!(bus.without(&soft)[0], i16::MAX);
        let mut bus = MixBus::default();
        bus.add(&loud);
        bus.add(&soft);
        assert_eq!((bus.without(&loud), bus.without(&soft)), (soft, loud));
        bus.clear();
        assert_eq!(bus.all(), [0; WIDE_SAMPLES]);
    }

    #[test]
    fn a_click_is_no_talk_and_a_pause_between_words_is() {
        let (loud, quiet) = ([2_000; WIDE_SAMPLES], [20; WIDE_SAMPLES]);
        let mut talk = TalkDetector::default();
        assert_eq!(talk.handle_frame(Some(&loud)), None);
        assert!(talk.counts());
        for _ in 0..30 {
            assert_eq!(talk.handle_frame(Some(&quiet)), None);
        }
        assert!(!talk.counts());
        let begins: Vec<_> = (0..5).filter_map(|_| talk.handle_frame(Some(&loud))).collect();
        assert_eq!(begins, [true]);
        let pause: Vec<_> = (0..20).filter_map(|_| talk.handle_frame(None)).collect();
        assert_eq!(pause, []);
        let end: Vec<_> = (0..20).filter_map(|_| talk.handle_frame(None)).collect();
        assert_eq!(end, [false]);
    }
}
