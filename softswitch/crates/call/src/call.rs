//! One call: its legs, its state, its one transition door.

use std::{sync::Arc, time::Instant};

use ringdown_types::{CallId, EndReason, LegId, MediaDirection, Pii, UserId};
use tracing::debug;

use crate::{
    Action, CallRecord, CallView, CommandError, EndedBy, LegCommand, LegEvent, LegRole, LegState, LegView,
    Notice, Party, fork::Fork, leg::Leg, outbox::Outbox, service::EchoTest,
};

/// One call.
///
/// ```text
///            ┌──answered──► Talking ──────┐
/// Forking ───┤                            ├──hang-up, lost──► Over
///            └──cancelled, refused, late──┤
/// Service ────────────────────────────────┘
/// ```
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) id: CallId,
    /// The caller's leg and user; they outlive the leg, for the record.
    pub(crate) caller: LegId,
    pub(crate) caller_user: UserId,
    pub(crate) callee: Party,
    dialled: Arc<str>,
    started_at: Instant,
    answered_at: Option<Instant>,
    pub(crate) state: State,
    /// Live legs, the caller's first.
    pub(crate) legs: Vec<Leg>,
}

/// What a call is about at the moment.
#[derive(Debug)]
pub(crate) enum State {
    /// Callee's devices are being reached.
    Forking(Fork),
    /// Two answered legs.
    Talking { callee: LegId },
    /// The switch itself answered.
    Service(EchoTest),
    /// Every leg has ended.
    Over,
}

/// How a leg ends.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ending {
    pub(crate) reason: EndReason,
    pub(crate) by: EndedBy,
    /// Whether its device knows already.
    pub(crate) signalled: bool,
}

impl Ending {
    /// The switch ends the leg, and its device is told.
    pub(crate) const fn told(reason: EndReason, by: EndedBy) -> Self {
        Self { reason, by, signalled: false }
    }
}

impl Call {
    /// A call with its caller's leg only.
    pub(crate) fn new(id: CallId, caller: Leg, callee: Party, dialled: Arc<str>, now: Instant) -> Self {
        Self {
            id,
            caller: caller.id,
            caller_user: caller.user,
            callee,
            dialled,
            started_at: now,
            answered_at: None,
            state: State::Forking(Fork::new(now)),
            legs: vec![caller],
        }
    }

    /// When it wants [`Call::handle_timeout`].
    pub(crate) const fn deadline(&self) -> Option<Instant> {
        match &self.state {
            State::Forking(fork) => Some(fork.deadline()),
            State::Talking { .. } | State::Service(_) | State::Over => None,
        }
    }

    pub(crate) const fn is_over(&self) -> bool {
        matches!(self.state, State::Over)
    }

    pub(crate) fn handle_event(&mut self, now: Instant, leg: LegId, event: LegEvent, out: &mut Outbox) {
        match event {
            LegEvent::Ringing => self.device_rings(leg, out),
            LegEvent::EarlyMedia => self.device_sends_early_media(leg, out),
            LegEvent::Answered => {
                if self.answer(now, leg, out).is_err() {
                    debug!(call = %self.id, %leg, "answer dropped: the leg is not ringing");
                }
            }
            LegEvent::Refused(reason) => {
                self.leg_ends(now, leg, Ending { reason, by: EndedBy::Local, signalled: true }, out);
            }
            LegEvent::Ended { reason, by } => {
                self.leg_ends(now, leg, Ending { reason, by, signalled: true }, out);
            }
            LegEvent::MediaFailed => {
                self.leg_ends(now, leg, Ending::told(EndReason::MediaFailed, EndedBy::Switch), out);
            }
            LegEvent::HoldRequested(held) => {
                if self.set_held(leg, held).is_err() {
                    debug!(call = %self.id, %leg, "hold dropped: the leg is not answered");
                }
            }
            LegEvent::Dtmf { digit, relayed } => self.key_pressed(leg, digit, relayed, out),
            LegEvent::PlayFinished { token } => self.play_finished(token),
        }
    }

    pub(crate) fn handle_command(
        &mut self,
        now: Instant,
        leg: LegId,
        command: LegCommand,
        out: &mut Outbox,
    ) -> Result<(), CommandError> {
        match command {
            LegCommand::Answer => self.answer_by_command(now, leg, out),
            LegCommand::Decline(reason) => {
                self.decline(now, leg, Ending::told(reason.end_reason(), EndedBy::Local), out)
            }
            LegCommand::Hangup => {
                self.leg_ends(now, leg, Ending::told(EndReason::Hangup, EndedBy::Local), out);
                Ok(())
            }
            LegCommand::Hold => self.set_held(leg, true),
            LegCommand::Unhold => self.set_held(leg, false),
            LegCommand::Mute(muted) => self.set_muted(leg, muted, out),
            LegCommand::SendDtmf(digits) => self.press_keys(leg, &digits, out),
        }
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant, out: &mut Outbox) {
        if self.deadline().is_some_and(|deadline| deadline <= now) {
            self.ring_time_is_over(now, out);
        }
    }

    /// A leg is over for its own side or for the switch: what that means depends on the state.
    fn leg_ends(&mut self, now: Instant, leg: LegId, ending: Ending, out: &mut Outbox) {
        match self.state {
            State::Forking(_) if leg == self.caller => self.cancel(now, ending, out),
            State::Forking(_) => self.device_gone(now, leg, ending, out),
            State::Talking { .. } | State::Service(_) => self.hang_up(now, leg, ending, out),
            State::Over => {}
        }
    }

    /// The one door between states.
    pub(crate) fn transition(&mut self, to: State) {
        let legal = match (&self.state, &to) {
            (State::Forking(_), _) => true,
            (State::Talking { .. } | State::Service(_), to) => matches!(to, State::Over),
            (State::Over, _) => false,
        };
        assert!(legal, "a call goes from forking to talking or service, and from anywhere to over");
        self.state = to;
    }

    /// The call is answered: for good, and from this moment for the record.
    pub(crate) fn set_answered(&mut self, now: Instant) {
        self.answered_at = Some(now);
    }

    /// Takes a leg out, tells its device unless it knows, and says so.
    pub(crate) fn end_leg(&mut self, leg: LegId, ending: Ending, out: &mut Outbox) {
        let Some(index) = self.legs.iter().position(|candidate| candidate.id == leg) else { return };
        if !ending.signalled {
            out.action(Action::EndLeg { leg, reason: ending.reason });
        }
        let mut view = self.view_of(&self.legs[index]);
        view.state = LegState::Ended;
        self.legs.remove(index);
        out.notice(Notice::LegEnded { leg: view, reason: ending.reason, by: ending.by });
    }

    /// Ends every leg but `spared` the same way; the caller's last.
    pub(crate) fn end_legs_except(&mut self, spared: Option<LegId>, ending: Ending, out: &mut Outbox) {
        let ids: Vec<_> = self.legs.iter().rev().map(|leg| leg.id).filter(|id| Some(*id) != spared).collect();
        for leg in ids {
            self.end_leg(leg, ending, out);
        }
    }

    /// Writes the record once the last leg has ended. `by`: `Local` is the caller, `Remote` the called side.
    pub(crate) fn finish(&mut self, now: Instant, reason: EndReason, by: EndedBy, out: &mut Outbox) {
        debug_assert!(self.legs.is_empty(), "a call outlives its legs");
        self.transition(State::Over);
        out.notice(Notice::CallEnded(CallRecord {
            call: self.id,
            caller: Party::User(self.caller_user),
            callee: self.callee.clone(),
            dialled: self.dialled(),
            started_at: self.started_at,
            answered_at: self.answered_at,
            ended_at: now,
            reason,
            by,
        }));
    }

    /// Tells of every leg whose view differs from what was last told.
    pub(crate) fn report_changes(&mut self, out: &mut Outbox) {
        for index in 0..self.legs.len() {
            let view = self.view_of(&self.legs[index]);
            if self.legs[index].reported.as_ref() != Some(&view) {
                self.legs[index].reported = Some(view.clone());
                out.notice(Notice::LegChanged(view));
            }
        }
    }

    pub(crate) fn leg(&self, leg: LegId) -> Option<&Leg> {
        self.legs.iter().find(|candidate| candidate.id == leg)
    }

    pub(crate) fn leg_mut(&mut self, leg: LegId) -> Option<&mut Leg> {
        self.legs.iter_mut().find(|candidate| candidate.id == leg)
    }

    /// The other answered leg.
    pub(crate) fn partner(&self, leg: LegId) -> Option<&Leg> {
        let State::Talking { callee } = self.state else { return None };
        self.leg(if leg == callee { self.caller } else { callee })
    }

    pub(crate) fn dialled(&self) -> Pii<Arc<str>> {
        Pii(Arc::clone(&self.dialled))
    }

    pub(crate) fn view(&self) -> CallView {
        CallView {
            call: self.id,
            caller: Party::User(self.caller_user),
            callee: self.callee.clone(),
            dialled: self.dialled(),
            started_at: self.started_at,
            legs: self.legs.iter().map(|leg| self.view_of(leg)).collect(),
        }
    }

    pub(crate) fn view_of(&self, leg: &Leg) -> LegView {
        let held_by_peer = self.partner(leg.id).is_some_and(|partner| partner.held);
        LegView {
            leg: leg.id,
            call: self.id,
            user: leg.user,
            device: leg.device,
            role: leg.role,
            state: leg.state(),
            peer: match leg.role {
                LegRole::Caller => self.callee.clone(),
                LegRole::Callee => Party::User(self.caller_user),
            },
            held: leg.held,
            held_by_peer,
            muted: leg.muted,
            direction: MediaDirection::new(!leg.held && !held_by_peer, !leg.held),
            created_at: leg.created_at,
            answered_at: leg.answered_at(),
        }
    }
}
