//! Who is mixed of those who say something: the loudest, and not always others.

/// The speakers of a mix. Adding up everybody who says something makes a large room unintelligible, and costs an encoding
/// for each.
#[derive(Debug, Clone)]
pub struct Floor<K> {
    speakers: Vec<Speaker<K>>,
}

#[derive(Debug, Clone, Copy)]
struct Speaker<K> {
    who: K,
    level: f32,
    /// How long they have had the floor.
    frames: u32,
}

/// Somebody who says something in this frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Contender<K> {
    /// Who.
    pub who: K,
    /// How loudly: [`super::TalkDetector::level`].
    pub level: f32,
}

impl<K> Default for Floor<K> {
    fn default() -> Self {
        Self { speakers: Vec::with_capacity(MAX_SPEAKERS) }
    }
}

impl<K: Copy + Ord> Floor<K> {
    /// Whether somebody has the floor.
    pub fn has(&self, who: K) -> bool {
        self.speakers.iter().any(|speaker| speaker.who == who)
    }

    /// Takes the floor from somebody who left.
    pub fn remove(&mut self, who: K) {
        self.speakers.retain(|speaker| speaker.who != who);
    }

    /// Gives the floor for one frame. Whoever has it and still says something keeps it, unless somebody is much louder
    /// and it was long enough; who ceased loses it.
    pub fn handle_frame(&mut self, contenders: &[Contender<K>]) {
        for speaker in &mut self.speakers {
            let still = contenders.iter().find(|contender| contender.who == speaker.who);
            speaker.level = still.map_or(-1.0, |contender| contender.level);
            speaker.frames = speaker.frames.saturating_add(1);
        }
        self.speakers.retain(|speaker| speaker.level >= 0.0);
        while let Some(next) = self.loudest_other(contenders) {
            if self.speakers.len() >= MAX_SPEAKERS && !self.give_way_to(next.level) {
                return;
            }
            self.speakers.push(Speaker { who: next.who, level: next.level, frames: 0 });
        }
    }

    fn loudest_other(&self, contenders: &[Contender<K>]) -> Option<Contender<K>> {
        let others = contenders.iter().filter(|contender| !self.has(contender.who));
        others.max_by(|a, b| a.level.total_cmp(&b.level).then_with(|| b.who.cmp(&a.who))).copied()
    }

    /// Takes the floor from the quietest of those who may lose it.
    fn give_way_to(&mut self, level: f32) -> bool {
        let may_lose = self.speakers.iter().enumerate().filter(|(_, speaker)| speaker.frames >= HOLD_FRAMES);
        let quietest = may_lose.min_by(|(_, a), (_, b)| a.level.total_cmp(&b.level));
        let Some((index, speaker)) = quietest else { return false };
        let gives_way = level > speaker.level * MARGIN;
        if gives_way {
            self.speakers.swap_remove(index);
        }
        gives_way
    }
}

/// More people who speak at once nobody understands. More cost an encoding each.
pub const MAX_SPEAKERS: usize = 6;

/// 6 dB. A smaller value makes equally loud people take turns by the syllable.
const MARGIN: f32 = 4.0;

/// 400 ms. A larger value keeps a cough on the floor, a smaller one cuts words.
const HOLD_FRAMES: u32 = 20;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all(levels: &[f32]) -> Vec<Contender<usize>> {
        levels.iter().enumerate().map(|(who, &level)| Contender { who, level }).collect()
    }

    #[test]
    fn the_loudest_speak_and_an_equal_does_not_interrupt() {
        let mut floor = Floor::default();
        floor.handle_frame(&all(&[1.0, 9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 1.5]));
        let on = |floor: &Floor<usize>| (0..8).filter(|&who| floor.has(who)).collect::<Vec<_>>();
        assert_eq!(on(&floor), [1, 2, 3, 4, 5, 6]);
        for _ in 0..100 {
            floor.handle_frame(&all(&[15.0, 9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 1.5]));
        }
        assert_eq!(on(&floor), [1, 2, 3, 4, 5, 6]);
        floor.handle_frame(&all(&[17.0, 9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 1.5]));
        assert_eq!(on(&floor), [0, 1, 2, 3, 4, 5]);
    }

    #[test]
    fn nobody_is_cut_off_in_the_first_syllable() {
        let mut floor = Floor::default();
        floor.handle_frame(&all(&[1.0; MAX_SPEAKERS]));
        let mut louder = vec![1.0; MAX_SPEAKERS];
        louder.push(1000.0);
        let mut frames = 0;
        while !floor.has(MAX_SPEAKERS) {
            floor.handle_frame(&all(&louder));
            frames += 1;
        }
        assert_eq!(frames, HOLD_FRAMES);
    }

    proptest! {
        /// However levels jump, and whoever comes and goes: the bound holds, only people who say something have the
        /// floor, none is free while somebody waits, and nobody loses it sooner than they may.
        #[test]
        fn the_floor_is_bounded_and_never_free_for_nothing(
            frames in prop::collection::vec(prop::collection::vec(prop::option::of(0.0_f32..1e9), 0..20), 1..100)
        ) {
            let mut floor = Floor::default();
            let mut held = std::collections::BTreeMap::<usize, u32>::new();
            for frame in frames {
                let contenders: Vec<Contender<usize>> = frame
                    .iter()
                    .enumerate()
                    .filter_map(|(who, level)| level.map(|level| Contender { who, level }))
                    .collect();
                floor.handle_frame(&contenders);
                let speakers: Vec<usize> = (0..20).filter(|&who| floor.has(who)).collect();
                prop_assert_eq!(speakers.len(), contenders.len().min(MAX_SPEAKERS));
                for contender in &contenders {
                    let lost = held.get(&contender.who).filter(|_| !floor.has(contender.who));
                    prop_assert!(lost.is_none_or(|&frames| frames + 1 >= HOLD_FRAMES));
                }
                held = speakers.iter().map(|who| (*who, held.get(who).map_or(0, |frames| frames + 1))).collect();
            }
        }
    }
}
