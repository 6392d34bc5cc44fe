//! A bug in one call ends that call alone.
//!
//! Call control and the user agent keep their own calls and legs apart; this does so for what joins them. What a panic
//! interrupted is half done, so the leg or the request it was about is ended, which tells its device and frees what it
//! held. Counted, and logged as an ERROR with ids only.

use std::time::Instant;

use ringdown_call::{Action, Notice};
use ringdown_sip::{
    invite::UsageId,
    message::Response,
    user_agent::{Event, Received},
};
use ringdown_types::{EndReason, LegId, contain};
use tracing::error;

use crate::Switch;

/// What an event of the user agent is about.
enum About {
    Request(Received),
    Usage(UsageId),
    Nothing,
}

impl Switch {
    /// How many bugs were contained since the start. Above zero is worth a report.
    pub const fn failures(&self) -> u64 {
        self.failures + self.calls.failures() + self.sip.agent.failures()
    }

    pub(crate) fn contained_event(&mut self, now: Instant, event: Event) {
        let about = match &event {
            Event::Received(received) => About::Request(received.clone()),
            Event::Usage { usage, .. } => About::Usage(*usage),
            _ => About::Nothing,
        };
        if contain(|| self.handle_sip_event(now, event)).is_ok() {
            return;
        }
        self.failures += 1;
        // The end of what failed may fail for the same reason: then nothing more can be done for it.
        let ended = contain(|| match about {
            About::Request(received) => {
                error!("a SIP request failed inside");
                let response = Response::to_request(&received.request, 500);
                self.sip.agent.respond(now, received.id, response);
            }
            About::Usage(usage) => {
                error!(%usage, "a call leg failed inside and ends");
                self.end_usage(now, usage);
            }
            About::Nothing => error!("a SIP response failed inside"),
        });
        self.failures += u64::from(ended.is_err());
    }

    pub(crate) fn contained_action(&mut self, now: Instant, action: Action) {
        let leg = leg_of(&action);
        if contain(|| self.act(now, action)).is_ok() {
            return;
        }
        self.failures += 1;
        if let Some(leg) = leg {
            error!(%leg, "a leg failed inside and ends");
            self.failures += u64::from(contain(|| self.give_up(now, leg, EndReason::Failed)).is_err());
        }
    }

    pub(crate) fn contained_notice(&mut self, now: Instant, notice: Notice) {
        if contain(|| self.note(now, notice)).is_err() {
            self.failures += 1;
            error!("a notice failed inside");
        }
    }

    fn end_usage(&mut self, now: Instant, usage: UsageId) {
        match self.sip.legs.get(&usage).copied() {
            Some(leg) => self.give_up(now, leg, EndReason::Failed),
            // It is no leg yet. An error says that it is over, which is what is wanted.
            None => drop(self.sip.agent.end(now, usage, EndReason::Failed)),
        }
    }
}

/// The leg whose end keeps the harm of a failed action away from others.
const fn leg_of(action: &Action) -> Option<LegId> {
    match action {
        Action::RingLeg { leg }
        | Action::ProgressLeg { leg, .. }
        | Action::StartLeg { leg, .. }
        | Action::AnswerLeg { leg, .. }
        | Action::EndLeg { leg, .. }
        | Action::TransferProgress { leg, .. }
        | Action::Bridge { a: leg, .. }
        | Action::Unbridge { a: leg, .. }
        | Action::Play { leg, .. }
        | Action::StopPlay { leg }
        | Action::Echo { leg }
        | Action::SendDtmf { leg, .. }
        | Action::Mute { leg, .. } => Some(*leg),
        _ => None,
    }
}
