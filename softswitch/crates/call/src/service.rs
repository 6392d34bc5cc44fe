//! Calls the switch answers itself.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use ringdown_types::{EndReason, PromptId};

use crate::{
    EndedBy,
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
#[derive(Debug)]
pub(crate) enum Service {
    /// Returns the caller's voice.
    EchoTest(EchoTest),
    /// Says something and hangs up.
    Announcement(Announcement),
}

impl Service {
    /// What the anchor hears.
    pub(crate) fn feed(&self) -> Feed {
        match self {
            Self::EchoTest(step) => step.feed(),
            Self::Announcement(announcement) => announcement.feed(),
        }
    }

    /// When it must have come to its end.
    pub(crate) const fn deadline(&self) -> Option<Instant> {
        match self {
            Self::EchoTest(_) => None,
            Self::Announcement(announcement) => Some(announcement.until),
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

    pub(crate) fn announce(&mut self, now: Instant, prompts: Vec<PromptId>, shared: &mut Shared) {
        let announcement = Announcement {
            prompts: prompts.into_iter().take(MAX_PROMPTS).collect(),
            token: ANNOUNCEMENT,
            until: now + ANNOUNCEMENT_LIMIT,
        };
        self.transition(State::Service(Service::Announcement(announcement)));
        self.set_answered(now, None, shared);
        self.dismiss_watcher(shared);
    }

    pub(crate) fn play_finished(&mut self, now: Instant, token: u32, shared: &mut Shared) {
        let State::Service(service) = &mut self.state else { return };
        match service {
            Service::EchoTest(step @ EchoTest::Announcing) if token == ANNOUNCEMENT => {
                *step = EchoTest::Echoing
            }
            Service::EchoTest(_) => {}
            Service::Announcement(announcement) if token == announcement.token => {
                announcement.prompts.pop_front();
                announcement.token += 1;
                if announcement.prompts.is_empty() {
                    self.refuse(now, EndReason::Hangup, EndedBy::Switch, shared);
                }
            }
            Service::Announcement(_) => {}
        }
    }
}

/// Prompts that are said one after the other.
#[derive(Debug)]
pub(crate) struct Announcement {
    /// The one that plays, and those after it.
    prompts: VecDeque<PromptId>,
    /// Names the playback of the first of them.
    token: u32,
    /// When the switch hangs up even if a playback's end was never told.
    until: Instant,
}

impl Announcement {
    fn feed(&self) -> Feed {
        match self.prompts.front() {
            Some(&prompt) => Feed::Prompt { prompt, token: self.token },
            None => Feed::Silence,
        }
    }
}

/// The most prompts of one announcement.
const MAX_PROMPTS: usize = 64;

/// The longest announcement.
const ANNOUNCEMENT_LIMIT: Duration = Duration::from_secs(120);

/// Names the prompt's playback. One for all calls will do: a playback belongs to a leg.
const ANNOUNCEMENT: u32 = 1;
