//! Calls the switch answers itself.

use std::time::Instant;

use ringdown_types::PromptId;

use crate::{
    bridge::Feed,
    call::{Call, State},
    shared::Shared,
};

/// The echo test: says what it is, then returns the caller's voice until they hang up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EchoTest {
    /// The prompt plays.
    Announcing,
    /// The caller hears themselves.
    Echoing,
}

/// What the switch does for an anchor it answered itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Service {
    /// Returns the caller's voice.
    EchoTest(EchoTest),
}

impl Service {
    /// What the anchor hears.
    pub(crate) const fn feed(self) -> Feed {
        match self {
            Self::EchoTest(step) => step.feed(),
        }
    }
}

impl EchoTest {
    const fn feed(self) -> Feed {
        match self {
            Self::Announcing => Feed::Prompt { prompt: PromptId::EchoTest, token: ANNOUNCEMENT },
            Self::Echoing => Feed::Echo,
        }
    }
}

impl Call {
    pub(crate) fn start_echo_test(&mut self, now: Instant, shared: &mut Shared) {
        self.transition(State::Service(Service::EchoTest(EchoTest::Announcing)));
        self.set_answered(now, None, shared);
        self.dismiss_watcher(shared);
    }

    pub(crate) fn play_finished(&mut self, token: u32) {
        if let State::Service(Service::EchoTest(step @ EchoTest::Announcing)) = &mut self.state
            && token == ANNOUNCEMENT
        {
            *step = EchoTest::Echoing;
        }
    }
}

/// Names the prompt's playback. One for all calls will do: a playback belongs to a leg.
const ANNOUNCEMENT: u32 = 1;
