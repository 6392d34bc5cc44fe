//! One call: its legs, its state, its one transition door.

use std::{sync::Arc, time::Instant};

use ringdown_types::{CallId, EndReason, LegId, MediaDirection, Pii, UserId};
use tracing::debug;

use crate::{
    Action, CallRecord, CallView, CommandError, Diversion, EndedBy, LegCommand, LegEvent, LegState, LegView,
    Notice, Party,
    bridge::Feed,
    fork::Fork,
    leg::{Leg, Phase},
    park::Parked,
    room::RoomPlan,
    service::{Input, Service},
    shared::Shared,
};

/// One call: an anchor leg, mostly the caller's, and the legs that come of one destination.
///
/// ```text
///    ┌─────────forwarded, recalled──────────┐
///    ▼                                      │
/// Routing ──found──► Forking ──nobody───────┤
///  │ │ ▲               │ └───answered──► Talking ──┐
///  │ │ └──own device───┘                    ▲      ├──hang-up, lost──► Over
///  │ ├──a service answers──► Service ───────┼──────┤
///  │ └──parked──► Parked ───retrieved───────┘      │
///  └──refused──────────────────────────────────────┘
/// ```
/// `Parked` goes back to `Routing` when nobody fetches the parked side in time.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) id: CallId,
    /// The leg the call is about. `None` while an originated call rings its own user, whose answering device it
    /// becomes.
    pub(crate) anchor: Option<LegId>,
    /// Who calls; outlives the anchor, for the record.
    pub(crate) caller: UserId,
    pub(crate) callee: Party,
    dialled: Arc<str>,
    /// Whose rights the next lookup has.
    pub(crate) rights: UserId,
    pub(crate) started_at: Instant,
    answered_at: Option<Instant>,
    /// Why it is over.
    ended: Option<EndReason>,
    pub(crate) state: State,
    pub(crate) way: Way,
    /// Live legs, the anchor first.
    pub(crate) legs: Vec<Leg>,
}

/// Where the call has been on its way to somebody who takes it, and where it may still go.
#[derive(Debug, Default)]
pub(crate) struct Way {
    /// Who sent it on, first to last.
    pub(crate) diversions: Vec<Diversion>,
    /// Why the first destination failed.
    pub(crate) failure: Option<(EndReason, EndedBy)>,
    /// The room that whoever answers comes into: there is no anchor until then.
    pub(crate) invitation: Option<Arc<RoomPlan>>,
    /// Who gets the anchor back when nobody takes it.
    pub(crate) recall: Option<UserId>,
    /// They were rung already.
    pub(crate) recalled: bool,
    /// Where the anchor goes when the recall fails too.
    pub(crate) last_resort: Option<(Pii<Arc<str>>, UserId)>,
    /// The devices of an originated call's own user are asked to answer by themselves.
    pub(crate) auto_answer: bool,
    /// The transferor's leg, if it stays to see how the transfer ends.
    pub(crate) watcher: Option<LegId>,
    /// Who is told how the transfer goes: the watcher, also when it did not wait.
    pub(crate) informed: Option<LegId>,
    /// The anchor's device was told to expect early media, so it makes no ringing tone of its own any more.
    pub(crate) progressed: bool,
}

/// What a call is about at the moment.
#[derive(Debug)]
pub(crate) enum State {
    /// Where it goes is being looked up; the answer comes before anything else.
    Routing,
    /// Devices are being reached. The anchor may have been answered already: it was transferred.
    Forking(Fork),
    /// Two answered legs: the anchor and this one.
    Talking { partner: LegId },
    /// The switch itself answered the anchor.
    Service(Service),
    /// The anchor waits to be fetched.
    Parked(Parked),
    /// Every leg has ended or moved to another call.
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
    /// A call with its anchor only, or with nobody yet; what it is to reach follows.
    pub(crate) fn new(
        id: CallId,
        anchor: Option<Leg>,
        caller: UserId,
        dialled: Arc<str>,
        now: Instant,
    ) -> Self {
        Self {
            id,
            anchor: anchor.as_ref().map(|leg| leg.id),
            caller,
            callee: Party::Number(Pii(Arc::clone(&dialled))),
            dialled,
            rights: caller,
            started_at: now,
            answered_at: None,
            ended: None,
            state: State::Routing,
            way: Way::default(),
            legs: anchor.into_iter().collect(),
        }
    }

    /// When it wants [`Call::handle_timeout`].
    pub(crate) fn deadline(&self) -> Option<Instant> {
        match &self.state {
            State::Forking(fork) => Some(fork.deadline()),
            State::Parked(parked) => Some(parked.until),
            State::Service(service) => service.deadline(),
            State::Routing | State::Talking { .. } | State::Over => None,
        }
    }

    pub(crate) const fn is_over(&self) -> bool {
        matches!(self.state, State::Over)
    }

    pub(crate) fn handle_event(&mut self, now: Instant, leg: LegId, event: LegEvent, shared: &mut Shared) {
        match event {
            LegEvent::Ringing => self.device_rings(leg, shared),
            LegEvent::EarlyMedia => self.device_sends_early_media(leg, shared),
            LegEvent::Answered => {
                if self.answer(now, leg, shared).is_err() {
                    debug!(call = %self.id, %leg, "answer dropped: the leg is not ringing");
                }
            }
            LegEvent::Refused(reason) => {
                self.leg_ends(now, leg, Ending { reason, by: EndedBy::Local, signalled: true }, shared);
            }
            LegEvent::Ended { reason, by } => {
                self.leg_ends(now, leg, Ending { reason, by, signalled: true }, shared);
            }
            LegEvent::MediaFailed => {
                self.leg_ends(now, leg, Ending::told(EndReason::MediaFailed, EndedBy::Switch), shared);
            }
            LegEvent::HoldRequested(held) => {
                if self.set_held(leg, held).is_err() {
                    debug!(call = %self.id, %leg, "hold dropped: the leg is not answered");
                }
            }
            LegEvent::Lost(lost) => {
                if let Some(leg) = self.leg_mut(leg) {
                    leg.lost = lost;
                }
            }
            LegEvent::Dtmf { digit, relayed } => self.key_pressed(now, leg, (digit, relayed), shared),
            LegEvent::PlayFinished { token } => {
                if !self.insertion_finished(leg, token) {
                    self.serve(now, Input::Finished(token), shared);
                }
            }
            LegEvent::RecordingEnded(outcome) => self.serve(now, Input::Recorded(outcome), shared),
            LegEvent::Talking(is_talking) => {
                if let Some(room) = self.room() {
                    shared.notice(Notice::RoomTalking { room, leg, is_talking });
                }
            }
        }
    }

    pub(crate) fn handle_command(
        &mut self,
        now: Instant,
        leg: LegId,
        command: LegCommand,
        shared: &mut Shared,
    ) -> Result<(), CommandError> {
        match command {
            LegCommand::Answer => self.answer_by_command(now, leg, shared),
            LegCommand::Decline(reason) => {
                self.decline(now, leg, Ending::told(reason.end_reason(), EndedBy::Local), shared)
            }
            LegCommand::Hangup => {
                self.leg_ends(now, leg, Ending::told(EndReason::Hangup, EndedBy::Local), shared);
                Ok(())
            }
            LegCommand::Hold => self.set_held(leg, true),
            LegCommand::Unhold => self.set_held(leg, false),
            LegCommand::Mute(muted) => self.set_muted(leg, muted, shared),
            LegCommand::SendDtmf(digits) => self.press_keys(now, leg, &digits, shared),
            LegCommand::Play(source) => self.insert_sound(leg, source),
            LegCommand::StopPlaying => self.stop_sound(leg),
            // These concern two calls; their owner obeys them.
            LegCommand::Transfer { .. } | LegCommand::CompleteTransfer { .. } => {
                Err(CommandError::WrongState)
            }
        }
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant, shared: &mut Shared) {
        if self.deadline().is_none_or(|deadline| deadline > now) {
            return;
        }
        match &self.state {
            State::Forking(_) => self.ring_time_is_over(now, shared),
            State::Parked(_) => self.park_time_is_over(shared),
            State::Service(_) => self.serve(now, Input::Timeout, shared),
            State::Routing | State::Talking { .. } | State::Over => {}
        }
    }

    /// A leg is over for its own side or for the switch: what that means depends on the state.
    fn leg_ends(&mut self, now: Instant, leg: LegId, ending: Ending, shared: &mut Shared) {
        match self.state {
            State::Over => {}
            _ if Some(leg) == self.way.watcher => self.watcher_leaves(leg, ending, shared),
            State::Routing | State::Forking(_) if Some(leg) == self.anchor => {
                self.cancel(now, leg, ending, shared)
            }
            State::Routing | State::Forking(_) => self.device_gone(now, leg, ending, shared),
            State::Talking { .. } | State::Service(_) | State::Parked(_) => {
                self.hang_up(now, leg, ending, shared);
            }
        }
    }

    /// The one door between states.
    pub(crate) fn transition(&mut self, to: State) {
        let legal = match (&self.state, &to) {
            (State::Over, _) => false,
            (State::Routing | State::Forking(_), _) | (_, State::Over) => true,
            (State::Service(_), to) => matches!(to, State::Routing),
            (State::Parked(_), to) => matches!(to, State::Routing | State::Talking { .. }),
            (State::Talking { .. }, _) => false,
        };
        assert!(legal, "what two people say to each other ends, it does not turn into something else");
        self.state = to;
    }

    /// The call is answered: for good, and from this moment for the record. Its anchor is told, unless it was
    /// answered in a call before this one.
    pub(crate) fn set_answered(&mut self, now: Instant, partner: Option<LegId>, shared: &mut Shared) {
        self.answered_at.get_or_insert(now);
        let Some(anchor) = self.anchor.and_then(|anchor| self.leg_mut(anchor)) else { return };
        if !anchor.is_active() {
            anchor.phase = Phase::Active { since: now };
            shared.action(Action::AnswerLeg { leg: anchor.id, callee: partner });
        }
    }

    /// Whether the anchor was answered: in a call before this one, or by a service of this one.
    pub(crate) fn anchor_is_active(&self) -> bool {
        self.anchor.and_then(|anchor| self.leg(anchor)).is_some_and(Leg::is_active)
    }

    /// Takes a leg out, tells its device unless it knows, and says so.
    pub(crate) fn end_leg(&mut self, leg: LegId, ending: Ending, shared: &mut Shared) {
        let Some(index) = self.legs.iter().position(|candidate| candidate.id == leg) else { return };
        if !ending.signalled {
            shared.action(Action::EndLeg { leg, reason: ending.reason });
        }
        let mut view = self.view_of(&self.legs[index]);
        view.state = LegState::Ended;
        self.legs.remove(index);
        shared.notice(Notice::LegEnded { leg: view, reason: ending.reason, by: ending.by });
    }

    /// Takes a leg out that goes on in another call. What it heard here it hears no more.
    pub(crate) fn detach(&mut self, leg: LegId, shared: &mut Shared) -> Option<Leg> {
        let index = self.legs.iter().position(|candidate| candidate.id == leg)?;
        let mut leg = self.legs.remove(index);
        if let Feed::Partner(partner) = leg.feed
            && let Some(other) = self.leg_mut(partner)
        {
            other.feed = Feed::Silence;
            leg.feed = Feed::Silence;
            shared.action(Action::Unbridge { a: leg.id, b: partner });
        }
        Some(leg)
    }

    /// Ends every leg but `spared` the same way; the anchor last.
    pub(crate) fn end_legs_except(&mut self, spared: &[LegId], ending: Ending, shared: &mut Shared) {
        let ids: Vec<_> =
            self.legs.iter().rev().map(|leg| leg.id).filter(|id| !spared.contains(id)).collect();
        for leg in ids {
            self.end_leg(leg, ending, shared);
        }
    }

    /// Writes the record once the last leg has ended. `by`: `Local` is the caller, `Remote` the called side.
    pub(crate) fn finish(&mut self, now: Instant, reason: EndReason, by: EndedBy, shared: &mut Shared) {
        debug_assert!(self.legs.is_empty(), "a call outlives its legs");
        self.transition(State::Over);
        self.ended = Some(reason);
        if let Some(room) = self.way.invitation.as_ref().map(|plan| plan.room)
            && let Some(invitation) = shared.rooms.uninvite(room, self.id)
        {
            shared.notice(Notice::InvitationEnded { room, invitation, reason });
        }
        shared.notice(Notice::CallEnded(CallRecord {
            call: self.id,
            caller: Party::User(self.caller),
            callee: self.callee.clone(),
            passed_by: self
                .way
                .diversions
                .iter()
                .filter(|by| by.reason.is_missed())
                .map(|by| by.from.clone())
                .collect(),
            dialled: self.dialled(),
            started_at: self.started_at,
            answered_at: self.answered_at,
            ended_at: now,
            reason,
            by,
        }));
    }

    /// When it began.
    pub(crate) const fn started_at(&self) -> Instant {
        self.started_at
    }

    /// Writes the record of a call that cannot end by itself, for one that has a bug.
    pub(crate) fn finish_unfinished(&mut self, now: Instant, shared: &mut Shared) {
        if !self.is_over() {
            self.legs.clear();
            self.finish(now, EndReason::Failed, EndedBy::Switch, shared);
        }
    }

    /// Whom a call found busy that is over.
    pub(crate) fn found_busy(&self) -> Option<(UserId, Pii<Arc<str>>)> {
        match self.callee {
            Party::User(user) if self.ended == Some(EndReason::Busy) => Some((user, self.dialled())),
            _ => None,
        }
    }

    /// Tells of every leg whose view differs from what was last told.
    pub(crate) fn report_changes(&mut self, shared: &mut Shared) {
        for index in 0..self.legs.len() {
            let view = self.view_of(&self.legs[index]);
            if self.legs[index].reported.as_ref() != Some(&view) {
                self.legs[index].reported = Some(view.clone());
                shared.notice(Notice::LegChanged(view));
            }
        }
    }

    pub(crate) fn leg(&self, leg: LegId) -> Option<&Leg> {
        self.legs.iter().find(|candidate| candidate.id == leg)
    }

    pub(crate) fn leg_mut(&mut self, leg: LegId) -> Option<&mut Leg> {
        self.legs.iter_mut().find(|candidate| candidate.id == leg)
    }

    /// Takes in a leg from another call.
    pub(crate) fn attach(&mut self, leg: Leg) {
        self.legs.push(leg);
    }

    /// The other answered leg.
    pub(crate) fn partner(&self, leg: LegId) -> Option<&Leg> {
        let State::Talking { partner } = self.state else { return None };
        if leg == partner { self.leg(self.anchor?) } else { self.leg(partner) }
    }

    /// The other side as a leg's user sees it.
    fn peer_of(&self, leg: LegId) -> Party {
        match self.anchor {
            Some(anchor) if anchor != leg => match self.leg(anchor) {
                Some(anchor) => Party::User(anchor.user),
                None => Party::User(self.caller),
            },
            // Whoever was invited sees who invited them, and then the room.
            None if self.way.invitation.is_some() => Party::User(self.caller),
            // An originated call shows its own user whom it will reach.
            Some(_) | None => match &self.way.invitation {
                Some(plan) => Party::Number(plan.number.clone()),
                None => self.callee.clone(),
            },
        }
    }

    pub(crate) fn dialled(&self) -> Pii<Arc<str>> {
        Pii(Arc::clone(&self.dialled))
    }

    pub(crate) fn view(&self) -> CallView {
        CallView {
            call: self.id,
            caller: Party::User(self.caller),
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
            peer: self.peer_of(leg.id),
            held: leg.held,
            held_by_peer,
            peer_lost: self.partner(leg.id).is_some_and(|partner| partner.lost),
            peer_muted: self.partner(leg.id).is_some_and(|partner| partner.muted),
            muted: leg.muted,
            pin_asked: (self.anchor == Some(leg.id)).then(|| self.pin_asked()).flatten(),
            direction: MediaDirection::new(!leg.held && !held_by_peer, !leg.held),
            created_at: leg.created_at,
            answered_at: leg.answered_at(),
        }
    }
}
