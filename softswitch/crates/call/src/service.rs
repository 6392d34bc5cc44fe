//! Calls the switch answers itself.

use std::time::Instant;

use ringdown_types::PromptId;

use crate::{
    Action,
    bridge::Feed,
    call::{Call, State},
    leg::Phase,
    outbox::Outbox,
};

/// The echo test: says what it is, then returns the caller's voice until they hang up.
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
            Self::Announcing => Feed::Prompt { prompt: PromptId::EchoTest, token: ANNOUNCEMENT },
            Self::Echoing => Feed::Echo,
        }
    }
}

impl Call {
    pub(crate) fn start_echo_test(&mut self, now: Instant, out: &mut Outbox) {
        let caller = self.caller;
        if let Some(leg) = self.leg_mut(caller) {
            leg.phase = Phase::Active { since: now };
        }
        self.set_answered(now);
        self.transition(State::Service(EchoTest::Announcing));
        out.action(Action::AnswerLeg { leg: caller, callee: None });
    }

    pub(crate) fn play_finished(&mut self, token: u32) {
        if let State::Service(step @ EchoTest::Announcing) = &mut self.state
            && token == ANNOUNCEMENT
        {
            *step = EchoTest::Echoing;
        }
    }
}

/// Names the prompt's playback. One for all calls will do: a playback belongs to a leg.
const ANNOUNCEMENT: u32 = 1;
