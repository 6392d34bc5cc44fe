//! The echo test: says what it is, then returns the caller's voice until they hang up.

use ringdown_types::PromptId;

use crate::{
    PlaySource,
    bridge::Feed,
    service::{Input, Next},
};

/// Where an echo test is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EchoTest {
    /// The prompt plays.
    Announcing,
    /// The caller hears themselves.
    Echoing,
}

impl EchoTest {
    pub(crate) const fn feed(self) -> Feed {
        match self {
            Self::Announcing => {
                Feed::Sound { source: PlaySource::Prompt(PromptId::EchoTest), token: ANNOUNCEMENT }
            }
            Self::Echoing => Feed::Echo,
        }
    }

    pub(crate) const fn handle(&mut self, input: Input) -> Next {
        if matches!(input, Input::Finished(ANNOUNCEMENT)) {
            *self = Self::Echoing;
        }
        Next::Stay
    }
}

/// Names the prompt's playback. One for all calls will do: a playback belongs to a leg.
const ANNOUNCEMENT: u32 = 1;
