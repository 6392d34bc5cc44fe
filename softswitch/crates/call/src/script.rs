//! What the switch says to a caller: sounds one after the other, until something else is to be said.

use std::collections::VecDeque;

use ringdown_types::{PromptId, RecordingId, ToneId};

use crate::{PlaySource, bridge::Feed};

/// Sounds to be played one after the other. Each playback has a token of its own, so that the end of one that was
/// replaced is not taken for another's.
#[derive(Debug, Default)]
pub(crate) struct Script {
    sounds: VecDeque<PlaySource>,
    token: u32,
}

/// Something that can be said.
pub(crate) trait Sound {
    fn source(self) -> PlaySource;
}

impl Sound for PromptId {
    fn source(self) -> PlaySource {
        PlaySource::Prompt(self)
    }
}

impl Sound for ToneId {
    fn source(self) -> PlaySource {
        PlaySource::Tone(self)
    }
}

impl Sound for RecordingId {
    fn source(self) -> PlaySource {
        PlaySource::Recording(self)
    }
}

impl Sound for PlaySource {
    fn source(self) -> PlaySource {
        self
    }
}

impl Script {
    /// Says this, in place of what was being said.
    pub(crate) fn say<S: Sound>(&mut self, sounds: impl IntoIterator<Item = S>) {
        self.sounds.clear();
        self.token = self.token.wrapping_add(1);
        self.then(sounds);
    }

    /// Says this after what is being said.
    pub(crate) fn then<S: Sound>(&mut self, sounds: impl IntoIterator<Item = S>) {
        self.sounds.extend(sounds.into_iter().map(Sound::source));
    }

    /// Says no more.
    pub(crate) fn stop(&mut self) {
        self.say::<PromptId>([]);
    }

    /// Whether everything was said.
    pub(crate) fn is_over(&self) -> bool {
        self.sounds.is_empty()
    }

    /// What is being said.
    pub(crate) fn current(&self) -> Option<PlaySource> {
        self.sounds.front().copied()
    }

    /// What the caller hears; silence once everything was said.
    pub(crate) fn feed(&self) -> Feed {
        self.current().map_or(Feed::Silence, |source| Feed::Sound { source, token: self.token })
    }

    /// A playback reached its end; `false` if it was not the current one.
    pub(crate) fn handle_finished(&mut self, token: u32) -> bool {
        if self.sounds.is_empty() || token != self.token {
            return false;
        }
        self.sounds.pop_front();
        self.token = self.token.wrapping_add(1);
        true
    }
}
