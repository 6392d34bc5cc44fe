//! The time before an answer: a call rings devices stage after stage, and one of them wins.
//!
//! The call is the single writer: of two devices that answer at the same time, the one whose report arrives first
//! has answered, and the others are ended with [`EndReason::AnsweredElsewhere`].

use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, Instant},
};

use ringdown_types::{EndReason, LegId, Pii, UserId};
use tracing::warn;

use crate::{
    Action, Callee, CommandError, DeviceId, EndedBy, Forwards, Group, LegRole, LookupTarget, Party, Stage,
    TransferProgress,
    call::{Call, Ending, State},
    leg::{Leg, Phase},
    shared::Shared,
};

/// Who is rung, in which order, and what then.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) stages: VecDeque<Stage>,
    pub(crate) scope: Scope,
    pub(crate) then: Forwards,
    /// Whose rights the way on has.
    pub(crate) rights: UserId,
}

/// Whom one person's refusal speaks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// The callee: the call was for them alone.
    Person,
    /// Only themselves: others of the group ring on.
    Group,
}

impl Plan {
    /// One user at all their devices.
    pub(crate) fn person(mut callee: Callee) -> Self {
        let (then, rights, ring) = (std::mem::take(&mut callee.forwards), callee.user, callee.ring);
        let stages = VecDeque::from([Stage { members: vec![callee], ring }]);
        Self { stages, scope: Scope::Person, then, rights }
    }

    /// A group's members, stage after stage. Its overflow has the rights of whoever called.
    pub(crate) fn group(group: Group, rights: UserId) -> Self {
        let stages = group.stages.into_iter().take(Group::MAX_STAGES).collect();
        Self { stages, scope: Scope::Group, then: Forwards::always(group.overflow), rights }
    }
}

/// What is known while devices are being reached.
#[derive(Debug)]
pub(crate) struct Fork {
    plan: Plan,
    /// The end of the stage that rings.
    deadline: Instant,
    /// The most telling refusal so far.
    refusal: Option<EndReason>,
    /// A device of an earlier stage rang until its time was over.
    rang: bool,
    /// The device whose early media the anchor hears.
    pub(crate) early: Option<LegId>,
}

impl Fork {
    const fn new(now: Instant, plan: Plan) -> Self {
        Self { plan, deadline: now, refusal: None, rang: false, early: None }
    }

    pub(crate) const fn deadline(&self) -> Instant {
        self.deadline
    }

    /// The way on that the callee wants for this reason, with whose rights.
    pub(crate) fn forward_on(&self, reason: EndReason) -> Option<(Pii<Arc<str>>, UserId)> {
        Some((self.plan.then.on(reason)?.clone(), self.plan.rights))
    }

    pub(crate) const fn is_for_a_group(&self) -> bool {
        matches!(self.plan.scope, Scope::Group)
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
        | EndReason::Transferred
        | EndReason::Parked
        | EndReason::Removed
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
    /// Rings whom the plan names, stage after stage.
    pub(crate) fn follow(&mut self, now: Instant, plan: Plan, shared: &mut Shared) {
        self.transition(State::Forking(Fork::new(now, plan)));
        self.start_next_stage(now, shared);
    }

    /// Starts a leg to every device of the next stage that has any. None left: nobody takes the call.
    fn start_next_stage(&mut self, now: Instant, shared: &mut Shared) {
        loop {
            let State::Forking(fork) = &mut self.state else { return };
            let Some(stage) = fork.plan.stages.pop_front() else {
                let reason = fork.refusal.unwrap_or(EndReason::Offline);
                return self.nobody_takes_it(now, reason, by_of(reason), shared);
            };
            fork.deadline = now + stage.ring.clamp(RING_LIMITS.0, RING_LIMITS.1);
            let devices = self.devices_of(stage, shared);
            if !devices.is_empty() {
                for (user, device, auto_answer) in devices {
                    let leg = shared.new_leg_id();
                    self.legs.push(Leg::new(leg, (user, device), LegRole::Callee, now));
                    let call = self.id;
                    shared.action(Action::StartLeg { leg, call, device, caller: self.anchor, auto_answer });
                }
                return;
            }
        }
    }

    /// The devices of a stage's members who are free, but those that are in this call already. Why a member is
    /// passed over is noted.
    fn devices_of(&mut self, stage: Stage, shared: &Shared) -> Vec<(UserId, DeviceId, bool)> {
        let mut devices = Vec::new();
        for member in stage.members {
            let mut reachable = member.devices;
            reachable.retain(|device| self.legs.iter().all(|leg| leg.device != *device));
            reachable.sort_unstable();
            reachable.dedup();
            let is_busy = shared.user_calls(member.user) >= usize::from(member.max_calls);
            let State::Forking(fork) = &mut self.state else { break };
            if is_busy || reachable.is_empty() {
                fork.note_refusal(if is_busy { EndReason::Busy } else { EndReason::Offline });
                continue;
            }
            let limit = shared.limits.devices_per_call;
            if reachable.len() > limit {
                warn!(call = %self.id, devices = reachable.len(), limit, "a user has more devices than one call rings");
                reachable.truncate(limit);
            }
            devices.extend(reachable.into_iter().map(|device| (member.user, device, member.auto_answer)));
        }
        if devices.len() > MAX_STAGE_DEVICES {
            warn!(call = %self.id, devices = devices.len(), "a group has more devices than one call rings");
            devices.truncate(MAX_STAGE_DEVICES);
        }
        devices
    }

    /// Ends a call, mostly one that nobody answers: every device learns the same reason.
    pub(crate) fn refuse(&mut self, now: Instant, reason: EndReason, by: EndedBy, shared: &mut Shared) {
        self.end_legs_except(&[], Ending::told(reason, by), shared);
        self.finish(now, reason, by, shared);
    }

    pub(crate) fn device_rings(&mut self, leg: LegId, shared: &mut Shared) {
        if !self.is_unanswered_callee(leg) {
            return;
        }
        self.set_ringing(leg);
        self.tell_watcher(TransferProgress::Ringing, shared);
        if let Some(anchor) = self.anchor
            && self.set_ringing(anchor)
        {
            shared.action(Action::RingLeg { leg: anchor });
        }
    }

    /// Only the first device's early media is heard; with several devices there is no telling which matters more.
    pub(crate) fn device_sends_early_media(&mut self, leg: LegId, shared: &mut Shared) {
        if !self.is_unanswered_callee(leg) {
            return;
        }
        self.set_ringing(leg);
        self.tell_watcher(TransferProgress::Ringing, shared);
        // Nobody is there to hear it while an originated call rings its own user.
        let Some(anchor) = self.anchor else { return };
        self.set_ringing(anchor);
        let is_active = self.anchor_is_active();
        let State::Forking(fork) = &mut self.state else { return };
        if fork.early.is_none() {
            fork.early = Some(leg);
            if !is_active && !self.way.progressed {
                self.way.progressed = true;
                shared.action(Action::ProgressLeg { leg: anchor, callee: leg });
            }
        }
    }

    /// A person answers in a browser. A telephone is answered at the telephone.
    pub(crate) fn answer_by_command(
        &mut self,
        now: Instant,
        leg: LegId,
        shared: &mut Shared,
    ) -> Result<(), CommandError> {
        match self.leg(leg).map(|leg| leg.device) {
            Some(DeviceId::Browser(_)) => self.answer(now, leg, shared),
            Some(DeviceId::Telephone(_)) => Err(CommandError::WrongState),
            None => Err(CommandError::NoSuchLeg),
        }
    }

    /// The first device to answer wins.
    pub(crate) fn answer(
        &mut self,
        now: Instant,
        leg: LegId,
        shared: &mut Shared,
    ) -> Result<(), CommandError> {
        if !self.is_unanswered_callee(leg) {
            return Err(CommandError::WrongState);
        }
        let elsewhere = Ending::told(EndReason::AnsweredElsewhere, EndedBy::Switch);
        let others: Vec<_> = self.called().map(|leg| leg.id).filter(|&id| id != leg).collect();
        for other in others {
            self.end_leg(other, elsewhere, shared);
        }
        let Some(winner) = self.leg_mut(leg) else { return Err(CommandError::NoSuchLeg) };
        winner.phase = Phase::Active { since: now };
        let user = winner.user;
        if let Some(plan) = self.way.invitation.clone().filter(|_| self.anchor.is_none()) {
            self.invited_answers(now, leg, &plan, shared);
            return Ok(());
        }
        if self.anchor.is_none() {
            self.own_device_answered(leg, shared);
            return Ok(());
        }
        self.callee = Party::User(user);
        self.transition(State::Talking { partner: leg });
        self.set_answered(now, Some(leg), shared);
        self.dismiss_watcher(shared);
        Ok(())
    }

    /// A device of an originated call's own user answered: from here on it is the caller's.
    fn own_device_answered(&mut self, leg: LegId, shared: &mut Shared) {
        self.anchor = Some(leg);
        self.look_up(LookupTarget::Number(self.dialled()), self.caller, shared);
    }

    /// A person refuses: that speaks for all their devices, and for the callee unless it is a group.
    pub(crate) fn decline(
        &mut self,
        now: Instant,
        leg: LegId,
        ending: Ending,
        shared: &mut Shared,
    ) -> Result<(), CommandError> {
        if !self.is_unanswered_callee(leg) {
            return Err(CommandError::WrongState);
        }
        let user = self.leg(leg).map(|leg| leg.user);
        self.end_leg(leg, ending, shared);
        let State::Forking(fork) = &mut self.state else { return Err(CommandError::WrongState) };
        let scope = fork.plan.scope;
        fork.note_refusal(ending.reason);
        let elsewhere = Ending::told(EndReason::DeclinedElsewhere, EndedBy::Switch);
        let theirs: Vec<_> = self
            .called()
            .filter(|leg| scope == Scope::Person || Some(leg.user) == user)
            .map(|leg| leg.id)
            .collect();
        for other in theirs.into_iter().rev() {
            self.end_leg(other, elsewhere, shared);
        }
        match scope {
            Scope::Person => self.nobody_takes_it(now, ending.reason, EndedBy::Remote, shared),
            Scope::Group => self.go_on_without(now, leg, shared),
        }
        Ok(())
    }

    /// The anchor gives up, or is lost, before anybody took the call.
    pub(crate) fn cancel(&mut self, now: Instant, anchor: LegId, ending: Ending, shared: &mut Shared) {
        let gives_up = ending.reason == EndReason::Hangup && !self.anchor_is_active();
        let reason = if gives_up { EndReason::Cancelled } else { ending.reason };
        let (seen_by_callee, by) = match ending.by {
            EndedBy::Local | EndedBy::Remote => (EndedBy::Remote, EndedBy::Local),
            EndedBy::Switch => (EndedBy::Switch, EndedBy::Switch),
        };
        self.tell_watcher(TransferProgress::Failed(EndReason::Cancelled), shared);
        if let Some(watcher) = self.way.watcher.take() {
            self.end_leg(watcher, Ending::told(EndReason::Hangup, seen_by_callee), shared);
        }
        let cancelled = Ending::told(EndReason::Cancelled, seen_by_callee);
        self.end_legs_except(&[anchor], cancelled, shared);
        self.end_leg(anchor, Ending { reason, ..ending }, shared);
        self.finish(now, reason, by, shared);
    }

    /// A ringing device refused or was lost. A person's refusal speaks for all their devices; anything else takes
    /// that device out.
    pub(crate) fn device_gone(&mut self, now: Instant, leg: LegId, ending: Ending, shared: &mut Shared) {
        let hung_up = ending.reason == EndReason::Hangup && ending.by == EndedBy::Local;
        if hung_up || ending.reason == EndReason::Declined {
            let ending = Ending { reason: EndReason::Declined, ..ending };
            if self.decline(now, leg, ending, shared).is_err() {
                debug_assert!(false, "a forking call's legs but the anchor's are unanswered callees");
            }
            return;
        }
        self.end_leg(leg, ending, shared);
        if let State::Forking(fork) = &mut self.state {
            fork.note_refusal(ending.reason);
        }
        self.go_on_without(now, leg, shared);
    }

    /// A called leg is gone: the others ring on, or the next stage does.
    fn go_on_without(&mut self, now: Instant, leg: LegId, shared: &mut Shared) {
        if let State::Forking(fork) = &mut self.state
            && fork.early == Some(leg)
        {
            fork.early = None;
        }
        if self.called().next().is_none() {
            self.start_next_stage(now, shared);
        }
    }

    /// Nobody answered in time. When no device even rang, none was there.
    pub(crate) fn ring_time_is_over(&mut self, now: Instant, shared: &mut Shared) {
        let rings = self.called().any(|leg| leg.phase == Phase::Ringing);
        let State::Forking(fork) = &mut self.state else { return };
        fork.rang |= rings;
        fork.early = None;
        let reason = if fork.rang { EndReason::NoAnswer } else { EndReason::Offline };
        if fork.plan.stages.is_empty() {
            return self.nobody_takes_it(now, reason, EndedBy::Switch, shared);
        }
        fork.note_refusal(reason);
        let missed =
            Ending::told(if rings { EndReason::NoAnswer } else { EndReason::Offline }, EndedBy::Switch);
        self.end_called(missed, shared);
        self.start_next_stage(now, shared);
    }

    /// Legs that are being reached.
    pub(crate) fn called(&self) -> impl Iterator<Item = &Leg> {
        let kept = [self.anchor, self.way.watcher];
        self.legs.iter().filter(move |leg| !kept.contains(&Some(leg.id)))
    }

    /// Ends every leg that is being reached.
    pub(crate) fn end_called(&mut self, ending: Ending, shared: &mut Shared) {
        let kept: Vec<LegId> = [self.anchor, self.way.watcher].into_iter().flatten().collect();
        self.end_legs_except(&kept, ending, shared);
    }

    fn is_unanswered_callee(&self, leg: LegId) -> bool {
        self.unanswered_callee(leg).is_some()
    }

    /// Whose leg it is, if it is being reached.
    pub(crate) fn unanswered_callee(&self, leg: LegId) -> Option<UserId> {
        let called = self.called().find(|called| called.id == leg)?;
        matches!(self.state, State::Forking(_)).then_some(called.user)
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

/// The most devices one stage rings.
const MAX_STAGE_DEVICES: usize = 64;

/// Whose word a call's end without an answer is.
const fn by_of(reason: EndReason) -> EndedBy {
    match reason {
        EndReason::Busy | EndReason::NoAnswer | EndReason::Declined => EndedBy::Remote,
        _ => EndedBy::Switch,
    }
}
