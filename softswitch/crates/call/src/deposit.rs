//! Leaving a message: greeting, tone, recording.

use std::time::{Duration, Instant};

use ringdown_types::{DtmfDigit, PromptId, ToneId, UserId};

use crate::{
    Action, PlaySource, RecordingOutcome,
    bridge::Feed,
    script::Script,
    service::{Guest, Input, Next},
    shared::Shared,
};

/// Where a message goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DepositPlan {
    /// Whose mailbox.
    pub mailbox: UserId,
    /// Whether it takes no more messages.
    pub is_full: bool,
}

/// A caller who leaves a message.
///
/// ```text
/// Greeting ──over, key──► Recording ──#, limit──► Storing ──► Leaving
/// ```
#[derive(Debug)]
pub(crate) struct Deposit {
    plan: DepositPlan,
    stage: Stage,
    script: Script,
}

#[derive(Debug)]
enum Stage {
    /// The greeting, then the tone.
    Greeting,
    Recording,
    /// The recording ended; its file is being closed.
    Storing {
        until: Instant,
    },
    /// Something is said, then the call ends.
    Leaving,
}

impl Deposit {
    pub(crate) fn new(plan: DepositPlan) -> Self {
        let mut script = Script::default();
        if plan.is_full {
            script.say([PromptId::NotAvailable, PromptId::VoicemailFull, PromptId::Goodbye]);
            return Self { plan, stage: Stage::Leaving, script };
        }
        script.say([PromptId::VoicemailLeaveMessage]);
        script.then([ToneId::Beep]);
        Self { plan, stage: Stage::Greeting, script }
    }

    pub(crate) fn feed(&self) -> Feed {
        self.script.feed()
    }

    pub(crate) const fn deadline(&self) -> Option<Instant> {
        match self.stage {
            Stage::Storing { until } => Some(until),
            Stage::Greeting | Stage::Recording | Stage::Leaving => None,
        }
    }

    pub(crate) fn handle(&mut self, now: Instant, input: Input, guest: Guest, shared: &mut Shared) -> Next {
        match input {
            Input::Key(key) => self.key_pressed(now, key, guest, shared),
            Input::Finished(token) => {
                if self.script.handle_finished(token) && self.script.is_over() {
                    match self.stage {
                        Stage::Greeting => self.record(guest, shared),
                        Stage::Leaving => return Next::HangUp,
                        Stage::Recording | Stage::Storing { .. } => {}
                    }
                }
            }
            Input::Recorded(outcome) => self.recorded(outcome),
            Input::Timeout => self.leave(PromptId::VoicemailNotStored),
        }
        Next::Stay
    }

    fn key_pressed(&mut self, now: Instant, key: DtmfDigit, guest: Guest, shared: &mut Shared) {
        match self.stage {
            // Whoever knows the greeting goes to the tone.
            Stage::Greeting if self.script.current() != Some(PlaySource::Tone(ToneId::Beep)) => {
                self.script.say([ToneId::Beep]);
            }
            Stage::Recording if key.as_char() == '#' => {
                shared.action(Action::StopRecording { leg: guest.leg });
                self.stage = Stage::Storing { until: now + STORING };
            }
            _ => {}
        }
    }

    fn record(&mut self, guest: Guest, shared: &mut Shared) {
        let recording = shared.new_recording_id();
        let mailbox = self.plan.mailbox;
        shared.action(Action::Record { leg: guest.leg, recording, mailbox });
        self.stage = Stage::Recording;
    }

    fn recorded(&mut self, outcome: RecordingOutcome) {
        if matches!(self.stage, Stage::Recording | Stage::Storing { .. }) {
            self.leave(match outcome {
                RecordingOutcome::Stored => PromptId::VoicemailStored,
                RecordingOutcome::TooShort => PromptId::VoicemailTooShort,
                RecordingOutcome::Failed => PromptId::VoicemailNotStored,
            });
        }
    }

    fn leave(&mut self, prompt: PromptId) {
        self.stage = Stage::Leaving;
        self.script.say([prompt, PromptId::Goodbye]);
    }
}

/// How long closing a file may take, before the caller is told that it failed.
const STORING: Duration = Duration::from_secs(5);
