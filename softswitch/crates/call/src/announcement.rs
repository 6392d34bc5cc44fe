//! Says something, then hangs up.

use std::time::{Duration, Instant};

use ringdown_types::PromptId;

use crate::{
    bridge::Feed,
    script::Script,
    service::{Input, Next},
};

/// An announcement.
#[derive(Debug)]
pub(crate) struct Announcement {
    script: Script,
    /// When the switch hangs up even if a playback's end was never told.
    until: Instant,
}

impl Announcement {
    pub(crate) fn new(now: Instant, prompts: Vec<PromptId>) -> Self {
        let mut script = Script::default();
        script.say(prompts.into_iter().take(MAX_PROMPTS));
        Self { script, until: now + LONGEST }
    }

    pub(crate) fn feed(&self) -> Feed {
        self.script.feed()
    }

    pub(crate) const fn deadline(&self) -> Instant {
        self.until
    }

    pub(crate) fn handle(&mut self, input: Input) -> Next {
        match input {
            Input::Finished(token) if self.script.handle_finished(token) && self.script.is_over() => {
                Next::HangUp
            }
            Input::Timeout => Next::HangUp,
            _ => Next::Stay,
        }
    }
}

/// The most prompts of one announcement.
const MAX_PROMPTS: usize = 64;

/// The longest announcement.
const LONGEST: Duration = Duration::from_secs(120);
