//! The time before an answer: a call rings several devices of one user, and one of them wins.
//!
//! The call is the single writer: of two devices that answer at the same time, the one whose report arrives first
//! has answered, and the other is ended with [`EndReason::AnsweredElsewhere`].

use std::time::{Duration, Instant};

use ringdown_types::{EndReason, LegId, Random};
use tracing::warn;

use crate::{
    Action, Callee, CommandError, DeviceId, EndedBy, LegRole,
    call::{Call, Ending, State},
    leg::{Leg, Phase},
    outbox::Outbox,
};

/// What is known while devices are being reached.
#[derive(Debug)]
pub(crate) struct Fork {
    deadline: Instant,
    /// The most telling refusal so far.
    refusal: Option<EndReason>,
    /// The device whose early media the caller hears.
    pub(crate) early: Option<LegId>,
    /// The caller's device was told to expect early media, so it makes no ringing tone of its own any more.
    pub(crate) progressed: bool,
}

impl Fork {
    pub(crate) const fn new(deadline: Instant) -> Self {
        Self { deadline, refusal: None, early: None, progressed: false }
    }

    pub(crate) const fn deadline(&self) -> Instant {
        self.deadline
    }

    fn note_refusal(&mut self, reason: EndReason) {
        let reason = as_caller_sees(reason);
        if self.refusal.is_none_or(|known| precedence(reason) > precedence(known)) {
            self.refusal = Some(reason);
        }
    }
}

/// What a device's refusal means to the caller. Most of what a device can say is about that device, not about the
/// call: a 404 from a telephone that registered is not a wrong number.
const fn as_caller_sees(reason: EndReason) -> EndReason {
    match reason {
        EndReason::Declined
        | EndReason::Busy
        | EndReason::NoAnswer
        | EndReason::Offline
        | EndReason::NotAcceptable
        | EndReason::MediaFailed
        | EndReason::Congestion => reason,
        EndReason::NotFound | EndReason::ResumeExpired => EndReason::Offline,
        EndReason::Hangup
        | EndReason::AnsweredElsewhere
        | EndReason::DeclinedElsewhere
        | EndReason::Cancelled
        | EndReason::Forbidden
        | EndReason::ServerRestart
        | EndReason::Failed => EndReason::Failed,
    }
}

/// Which of several devices' refusals tells the caller most: a person's word before a machine's.
const fn precedence(reason: EndReason) -> u8 {
    match reason {
        EndReason::Declined => 7,
        EndReason::Busy => 6,
        EndReason::NoAnswer => 5,
        EndReason::Offline => 4,
        EndReason::NotAcceptable => 3,
        EndReason::MediaFailed => 2,
        EndReason::Congestion => 1,
        _ => 0,
    }
}

impl Call {
    /// Starts a leg to every device but the calling one, at most `limit`. No device left: the callee is offline.
    pub(crate) fn fork(
        &mut self,
        now: Instant,
        callee: Callee,
        limit: usize,
        random: &mut dyn Random,
        out: &mut Outbox,
    ) {
        let calling = self.leg(self.caller).map(|leg| leg.device);
        let mut devices: Vec<DeviceId> =
            callee.devices.into_iter().filter(|device| Some(*device) != calling).collect();
        devices.sort_unstable();
        devices.dedup();
        if devices.len() > limit {
            warn!(call = %self.id, devices = devices.len(), limit, "a user has more devices than one call rings");
            devices.truncate(limit);
        }
        if devices.is_empty() {
            return self.refuse(now, EndReason::Offline, EndedBy::Switch, out);
        }
        self.transition(State::Forking(Fork::new(now + callee.ring)));
        for device in devices {
            let leg = LegId::random(random);
            self.legs.push(Leg::new(leg, (callee.user, device), LegRole::Callee, now));
            out.action(Action::StartLeg { leg, call: self.id, device, caller: self.caller });
        }
    }

    /// Ends a call, mostly one that nobody answers: every device learns the same reason.
    pub(crate) fn refuse(&mut self, now: Instant, reason: EndReason, by: EndedBy, out: &mut Outbox) {
        self.end_legs_except(None, Ending::told(reason, by), out);
        self.finish(now, reason, by, out);
    }

    pub(crate) fn device_rings(&mut self, leg: LegId, out: &mut Outbox) {
        if !self.is_unanswered_callee(leg) {
            return;
        }
        self.set_ringing(leg);
        if self.set_ringing(self.caller) {
            out.action(Action::RingLeg { leg: self.caller });
        }
    }

    /// Only the first device's early media is heard; with several devices there is no telling which matters more.
    pub(crate) fn device_sends_early_media(&mut self, leg: LegId, out: &mut Outbox) {
        if !self.is_unanswered_callee(leg) {
            return;
        }
        self.set_ringing(leg);
        self.set_ringing(self.caller);
        let caller = self.caller;
        let State::Forking(fork) = &mut self.state else { return };
        if fork.early.is_none() {
            fork.early = Some(leg);
            if !fork.progressed {
                fork.progressed = true;
                out.action(Action::ProgressLeg { leg: caller, callee: leg });
            }
        }
    }

    /// A person answers in a browser. A telephone is answered at the telephone.
    pub(crate) fn answer_by_command(
        &mut self,
        now: Instant,
        leg: LegId,
        out: &mut Outbox,
    ) -> Result<(), CommandError> {
        match self.leg(leg).map(|leg| leg.device) {
            Some(DeviceId::Browser(_)) => self.answer(now, leg, out),
            Some(DeviceId::Telephone(_)) => Err(CommandError::WrongState),
            None => Err(CommandError::NoSuchLeg),
        }
    }

    /// The first device to answer wins.
    pub(crate) fn answer(&mut self, now: Instant, leg: LegId, out: &mut Outbox) -> Result<(), CommandError> {
        if !self.is_unanswered_callee(leg) {
            return Err(CommandError::WrongState);
        }
        let caller = self.caller;
        let elsewhere = Ending::told(EndReason::AnsweredElsewhere, EndedBy::Switch);
        let others: Vec<_> =
            self.legs.iter().map(|leg| leg.id).filter(|&id| id != leg && id != caller).collect();
        for other in others {
            self.end_leg(other, elsewhere, out);
        }
        for leg in &mut self.legs {
            leg.phase = Phase::Active { since: now };
        }
        self.set_answered(now);
        self.transition(State::Talking { callee: leg });
        out.action(Action::AnswerLeg { leg: caller, callee: Some(leg) });
        Ok(())
    }

    /// A person refuses: that speaks for all their devices.
    pub(crate) fn decline(
        &mut self,
        now: Instant,
        leg: LegId,
        ending: Ending,
        out: &mut Outbox,
    ) -> Result<(), CommandError> {
        if !self.is_unanswered_callee(leg) {
            return Err(CommandError::WrongState);
        }
        self.end_leg(leg, ending, out);
        let elsewhere = Ending::told(EndReason::DeclinedElsewhere, EndedBy::Switch);
        self.end_legs_except(Some(self.caller), elsewhere, out);
        self.refuse(now, ending.reason, EndedBy::Remote, out);
        Ok(())
    }

    /// The caller gives up, or is lost, before an answer.
    pub(crate) fn cancel(&mut self, now: Instant, ending: Ending, out: &mut Outbox) {
        let reason = if ending.reason == EndReason::Hangup { EndReason::Cancelled } else { ending.reason };
        let (seen_by_callee, by) = match ending.by {
            EndedBy::Local | EndedBy::Remote => (EndedBy::Remote, EndedBy::Local),
            EndedBy::Switch => (EndedBy::Switch, EndedBy::Switch),
        };
        let cancelled = Ending::told(EndReason::Cancelled, seen_by_callee);
        self.end_legs_except(Some(self.caller), cancelled, out);
        self.end_leg(self.caller, Ending { reason, ..ending }, out);
        self.finish(now, reason, by, out);
    }

    /// A ringing device refused or was lost. A person's refusal ends the call; anything else takes that device out.
    pub(crate) fn device_gone(&mut self, now: Instant, leg: LegId, ending: Ending, out: &mut Outbox) {
        let hung_up = ending.reason == EndReason::Hangup && ending.by == EndedBy::Local;
        if hung_up || ending.reason == EndReason::Declined {
            let ending = Ending { reason: EndReason::Declined, ..ending };
            if self.decline(now, leg, ending, out).is_err() {
                debug_assert!(false, "a forking call's legs but the caller's are unanswered callees");
            }
            return;
        }
        self.end_leg(leg, ending, out);
        let nobody_left = self.legs.iter().all(|leg| leg.role == LegRole::Caller);
        let State::Forking(fork) = &mut self.state else { return };
        fork.note_refusal(ending.reason);
        if fork.early == Some(leg) {
            fork.early = None;
        }
        if nobody_left {
            let reason = fork.refusal.unwrap_or(EndReason::Failed);
            let by = match reason {
                EndReason::Busy | EndReason::NoAnswer => EndedBy::Remote,
                _ => EndedBy::Switch,
            };
            self.refuse(now, reason, by, out);
        }
    }

    /// Nobody answered in time. When no device even rang, none was there.
    pub(crate) fn ring_time_is_over(&mut self, now: Instant, out: &mut Outbox) {
        let rang = self.legs.iter().any(|leg| leg.role == LegRole::Callee && leg.phase == Phase::Ringing);
        let reason = if rang { EndReason::NoAnswer } else { EndReason::Offline };
        self.refuse(now, reason, EndedBy::Switch, out);
    }

    fn is_unanswered_callee(&self, leg: LegId) -> bool {
        matches!(self.state, State::Forking(_)) && leg != self.caller && self.leg(leg).is_some()
    }

    /// Whether the leg was not ringing before.
    fn set_ringing(&mut self, leg: LegId) -> bool {
        match self.leg_mut(leg) {
            Some(leg) if leg.phase == Phase::Dialing => {
                leg.phase = Phase::Ringing;
                true
            }
            _ => false,
        }
    }
}

/// The shortest and longest ring time that is obeyed: below, nobody reaches the telephone; above, a forgotten call
/// holds its legs.
pub(crate) const RING_LIMITS: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(300));
