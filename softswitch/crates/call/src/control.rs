//! The owner of all calls.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
    time::Instant,
};

use ringdown_types::{CallId, EndReason, LegId, Pii, PromptId, Random, RoomId, UserId, contain};
use tracing::{debug, error};

use crate::{
    Action, CallView, CommandError, Destination, Diversion, EndedBy, LegCommand, LegEvent, LegRole, LegState,
    LegView, Notice, OfferError, OfferedCall, Output, ParkedView, Parking, Party,
    call::{Call, State},
    completion::Completions,
    leg::Leg,
    park::Parked,
    shared::Shared,
};

/// How much may exist at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Calls. More cost memory, about 2 kB each here; fewer turn callers away.
    pub calls: usize,
    /// Devices one call rings. More let one user's forgotten registrations multiply every call to them.
    pub devices_per_call: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { calls: 10_000, devices_per_call: 16 }
    }
}

/// The owner of all calls, legs and bridges.
///
/// - `handle_*` take an input,
/// - [`CallControl::poll_output`] gives what follows from it, in order,
/// - [`CallControl::next_timeout`] says when [`CallControl::handle_timeout`] is due,
/// - everything else looks.
#[derive(Debug)]
pub struct CallControl {
    /// Ordered, so that a simulation with one seed always runs the same way.
    pub(crate) calls: BTreeMap<CallId, Entry>,
    legs: HashMap<LegId, CallId>,
    timers: BTreeSet<(Instant, CallId)>,
    pub(crate) parking: Option<Parking>,
    /// Who is parked where.
    pub(crate) slots: BTreeMap<u32, CallId>,
    pub(crate) completions: Completions,
    pub(crate) shared: Shared,
    /// When the input that is being handled came.
    now: Option<Instant>,
    failures: u64,
}

/// A call and what the indexes hold of it.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) call: Call,
    armed: Option<Instant>,
    slot: Option<u32>,
    counted: Vec<UserId>,
    /// How many inputs it took at one moment, and which.
    busy: (Option<Instant>, u32),
    /// The room its anchor is in.
    room: Option<(RoomId, LegId)>,
}

impl CallControl {
    /// Call control without calls.
    pub fn new(limits: Limits, random: Box<dyn Random>) -> Self {
        Self {
            calls: BTreeMap::new(),
            legs: HashMap::new(),
            timers: BTreeSet::new(),
            parking: None,
            slots: BTreeMap::new(),
            completions: Completions::default(),
            shared: Shared::new(limits, random),
            now: None,
            failures: 0,
        }
    }

    /// A device calls. The call exists from here on, even if what follows ends it at once.
    ///
    /// # Errors
    /// When the switch is full or the leg's id is in use; then there is no call and no output.
    pub fn handle_offer(&mut self, now: Instant, offer: OfferedCall) -> Result<CallId, OfferError> {
        self.now = Some(now);
        if self.calls.len() >= self.shared.limits.calls {
            return Err(OfferError::Congestion);
        }
        if self.legs.contains_key(&offer.leg) {
            return Err(OfferError::DuplicateLeg);
        }
        let mut anchor = Leg::new(offer.leg, (offer.user, offer.device), LegRole::Caller, now);
        anchor.wants_ringback = offer.wants_generated_ringback;
        if let Some(joint) = self.joint(&offer.destination) {
            let id = self.join(now, anchor, joint);
            debug!(call = %id, leg = %offer.leg, "a device joins a call");
            self.complete_calls(now);
            return Ok(id);
        }
        let id = self.begin(now, Some(anchor), offer.user, offer.dialled.into());
        debug!(call = %id, leg = %offer.leg, "call offered");
        self.send(now, id, offer.destination);
        self.complete_calls(now);
        Ok(id)
    }

    /// Where the number of [`crate::Action::Lookup`] leads. Dropped when the call is over or was answered already.
    pub fn handle_lookup(&mut self, now: Instant, call: CallId, destination: Destination) {
        self.now = Some(now);
        if self.with_call(call).is_none_or(|call| !matches!(call.state, State::Routing)) {
            return;
        }
        let destination = self.invited_to(call, destination);
        match self.joint(&destination) {
            Some(joint) => self.move_anchor(now, call, joint),
            None => self.send(now, call, destination),
        }
        self.complete_calls(now);
    }

    /// Sends a call to its destination, which is no other call.
    fn send(&mut self, now: Instant, id: CallId, destination: Destination) {
        let destination = match destination {
            Destination::Park(slot) => self.send_to_slot(now, id, slot),
            Destination::ParkSlot(slot) => self.send_to_slot(now, id, Some(slot)),
            Destination::Completion { on } => Some(self.change_completion(now, id, on)),
            destination => Some(destination),
        };
        if let Some(destination) = destination {
            self.with(id, |call, shared| call.route(now, destination, shared));
        }
    }

    /// A user dials what asks for the completion of calls, or what takes it back, and hears that it is done.
    fn change_completion(&mut self, now: Instant, id: CallId, on: bool) -> Destination {
        let Some(user) = self.with_call(id).map(|call| call.caller) else {
            return Destination::Refused(EndReason::NotFound);
        };
        if !on {
            self.cancel_completion(user);
            return Destination::Announcement(vec![PromptId::Deactivated]);
        }
        match self.want_completion(now, user) {
            Ok(_) => Destination::Announcement(vec![PromptId::Activated]),
            Err(CommandError::Full) => Destination::Refused(EndReason::Congestion),
            Err(_) => Destination::Refused(EndReason::NotFound),
        }
    }

    /// A leg's device did something. Dropped when the leg is over: the two crossed.
    pub fn handle_leg_event(&mut self, now: Instant, leg: LegId, event: LegEvent) {
        let Some(id) = self.legs.get(&leg).copied() else {
            debug!(%leg, ?event, "event dropped: the leg is over");
            return;
        };
        self.now = Some(now);
        self.with(id, |call, shared| call.handle_event(now, leg, event, shared));
        self.complete_calls(now);
    }

    /// A ringing device refused and says where its user is to be reached instead: dialled text, which is looked up
    /// like a forward. Dropped when the leg is over.
    pub fn handle_redirect(&mut self, now: Instant, leg: LegId, to: Pii<Arc<str>>) {
        if let Some(id) = self.call_of(leg) {
            self.with(id, |call, shared| call.deflect(now, leg, to, shared));
        }
    }

    /// Who sent a call on, first to last.
    pub fn diversions(&self, call: CallId) -> &[Diversion] {
        self.calls.get(&call).map_or(&[], |entry| &entry.call.way.diversions)
    }

    /// A person wants something of a leg.
    ///
    /// # Errors
    /// When it cannot be done; nothing changed then.
    pub fn handle_command(
        &mut self,
        now: Instant,
        leg: LegId,
        command: LegCommand,
    ) -> Result<(), CommandError> {
        let id = self.legs.get(&leg).copied().ok_or(CommandError::NoSuchLeg)?;
        self.now = Some(now);
        let result = match command {
            LegCommand::Transfer { to, stays } => self.transfer(now, leg, to, stays),
            LegCommand::CompleteTransfer { other } => self.complete_transfer(now, leg, other),
            command => self
                .with(id, |call, shared| call.handle_command(now, leg, command, shared))
                .unwrap_or(Err(CommandError::NoSuchLeg)),
        };
        self.complete_calls(now);
        result
    }

    /// The switch stops: every call ends, whatever its state, and every device is told.
    pub fn handle_shutdown(&mut self, now: Instant) {
        self.now = Some(now);
        self.completions = Completions::default();
        let all: Vec<CallId> = self.calls.keys().copied().collect();
        for id in all {
            self.with(id, |call, shared| {
                call.refuse(now, EndReason::ServerRestart, EndedBy::Switch, shared);
            });
        }
    }

    /// Time passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.now = Some(now);
        self.expire_completions(now);
        while let Some(&(deadline, id)) = self.timers.first() {
            if deadline > now {
                break;
            }
            self.timers.pop_first();
            if let Some(entry) = self.calls.get_mut(&id) {
                entry.armed = None;
            }
            self.with(id, |call, shared| call.handle_timeout(now, shared));
        }
        self.complete_calls(now);
    }

    /// When [`CallControl::handle_timeout`] is due.
    pub fn next_timeout(&self) -> Option<Instant> {
        let calls = self.timers.first().map(|&(deadline, _)| deadline);
        calls.into_iter().chain(self.completions.next_timeout()).min()
    }

    /// The next thing to do or to tell.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.shared.pop()
    }

    /// A call as it is.
    pub fn call(&self, call: CallId) -> Option<CallView> {
        self.calls.get(&call).map(|entry| entry.call.view())
    }

    /// Every call, by id.
    pub fn calls(&self) -> impl Iterator<Item = CallView> {
        self.calls.values().map(|entry| entry.call.view())
    }

    /// A leg as it is.
    pub fn leg(&self, leg: LegId) -> Option<LegView> {
        let call = &self.calls.get(self.legs.get(&leg)?)?.call;
        call.leg(leg).map(|leg| call.view_of(leg))
    }

    /// The call a live leg belongs to.
    pub fn call_of(&self, leg: LegId) -> Option<CallId> {
        self.legs.get(&leg).copied()
    }

    /// How many calls exist.
    pub fn call_count(&self) -> usize {
        self.calls.len()
    }

    /// How many legs exist.
    pub fn leg_count(&self) -> usize {
        self.legs.len()
    }

    /// How many calls were ended because of a bug in them: a panic, or a loop.
    pub const fn failures(&self) -> u64 {
        self.failures
    }

    /// How many calls a user is in, ringing ones included.
    pub fn user_calls(&self, user: UserId) -> usize {
        self.shared.user_calls(user)
    }

    /// A new call; what it is to do follows.
    pub(crate) fn begin(
        &mut self,
        now: Instant,
        anchor: Option<Leg>,
        caller: UserId,
        dialled: Arc<str>,
    ) -> CallId {
        let id = self.shared.new_call_id();
        if let Some(anchor) = &anchor {
            self.legs.insert(anchor.id, id);
        }
        let call = Call::new(id, anchor, caller, dialled, now);
        self.shared.notice(Notice::CallStarted {
            call: id,
            caller: Party::User(caller),
            dialled: call.dialled(),
            at: now,
        });
        self.calls.insert(
            id,
            Entry { call, armed: None, slot: None, counted: Vec::new(), room: None, busy: (None, 0) },
        );
        id
    }

    /// Lets a call take an input and brings everything up to date with it. Nothing for a call that is over, and for one
    /// that is ended by this because of a bug in it: others are not harmed.
    pub(crate) fn with<T>(
        &mut self,
        id: CallId,
        input: impl FnOnce(&mut Call, &mut Shared) -> T,
    ) -> Option<T> {
        let now = self.now;
        let entry = self.calls.get_mut(&id)?;
        if entry.loops(now) {
            self.abandon(id, "it takes inputs without end");
            self.settle_rooms();
            return None;
        }
        let result = contain(|| input(&mut entry.call, &mut self.shared));
        match result {
            Ok(result) => {
                self.settle(id);
                Some(result)
            }
            Err(_) => {
                self.abandon(id, "it panicked");
                self.settle_rooms();
                None
            }
        }
    }

    /// Ends a call that has a bug: its devices are told as far as it can still be known which they are.
    pub(crate) fn abandon(&mut self, id: CallId, why: &'static str) {
        error!(call = %id, why, "a call failed inside and ends");
        self.failures += 1;
        for leg in self.shared.take_started() {
            self.legs.insert(leg, id);
        }
        let (now, shared) = (self.now, &mut self.shared);
        let Some(entry) = self.calls.get_mut(&id) else { return };
        let now = now.unwrap_or_else(|| entry.call.started_at());
        let ended = contain(|| {
            entry.call.refuse(now, EndReason::Failed, EndedBy::Switch, shared);
            entry.call.reconcile_media(shared);
        });
        if ended.is_err() {
            // Not even that: what its view shows of it goes.
            let views = contain(|| entry.call.view().legs).unwrap_or_default();
            for mut leg in views {
                shared.action(Action::EndLeg { leg: leg.leg, reason: EndReason::Failed });
                leg.state = LegState::Ended;
                shared.notice(Notice::LegEnded { leg, reason: EndReason::Failed, by: EndedBy::Switch });
            }
            if contain(|| entry.call.finish_unfinished(now, shared)).is_err() {
                error!(call = %id, "no record of it can be written");
            }
        }
        if let Some((_, leg)) = entry.room {
            shared.rooms.leave(leg);
        }
        for leg in shared.take_ended() {
            self.legs.remove(&leg);
        }
        // Started and not a leg yet when the bug struck.
        for leg in self.legs.iter().filter(|(_, call)| **call == id).map(|(leg, _)| *leg) {
            shared.action(Action::EndLeg { leg, reason: EndReason::Failed });
        }
        self.legs.retain(|_, call| *call != id);
        if entry.call.is_over() || ended.is_err() {
            self.remove(id);
        }
    }

    /// Forgets a call that is over.
    fn remove(&mut self, id: CallId) {
        for leg in self.shared.take_started() {
            self.legs.insert(leg, id);
        }
        for leg in self.shared.take_ended() {
            self.legs.remove(&leg);
        }
        let Some(entry) = self.calls.remove(&id) else { return };
        if let Some(armed) = entry.armed {
            self.timers.remove(&(armed, id));
        }
        if let Some(slot) = entry.slot {
            self.slots.remove(&slot);
            self.shared.notice(Notice::SlotFree { slot });
        }
        entry.counted.iter().for_each(|user| self.shared.uncount(*user));
        debug!(call = %id, "call over");
    }

    /// A call as it is.
    pub(crate) fn with_call(&self, id: CallId) -> Option<&Call> {
        self.calls.get(&id).map(|entry| &entry.call)
    }

    /// Every call as it is.
    pub(crate) fn each_call(&self) -> impl Iterator<Item = &Call> {
        self.calls.values().map(|entry| &entry.call)
    }

    /// Changes a call that is brought up to date later, with [`CallControl::with`] or [`CallControl::settle`].
    pub(crate) fn change<T>(
        &mut self,
        id: CallId,
        change: impl FnOnce(&mut Call, &mut Shared) -> T,
    ) -> Option<T> {
        let entry = self.calls.get_mut(&id)?;
        Some(change(&mut entry.call, &mut self.shared))
    }

    /// Notes which call a leg is in.
    pub(crate) fn place(&mut self, leg: LegId, call: CallId) {
        self.legs.insert(leg, call);
    }

    /// When the input came that is being handled.
    pub(crate) const fn now(&self) -> Option<Instant> {
        self.now
    }

    /// Notes when the input came that is being handled.
    pub(crate) const fn input_at(&mut self, now: Instant) {
        self.now = Some(now);
    }

    pub(crate) fn notice(&mut self, notice: Notice) {
        self.shared.notice(notice);
    }

    pub(crate) const fn limits(&self) -> &Limits {
        &self.shared.limits
    }

    /// The call a user came into last, if they are still in it.
    pub fn last_call_of(&self, user: UserId) -> Option<CallView> {
        self.call(self.shared.last_call(user)?)
    }

    /// Brings media, notices, indexes and timers up to date with a call that took an input, and the calls of those who
    /// share a room with it.
    pub(crate) fn settle(&mut self, id: CallId) {
        self.settle_one(id);
        self.settle_rooms();
    }

    pub(crate) fn settle_one(&mut self, id: CallId) {
        let Some(entry) = self.calls.get_mut(&id) else { return };
        let settled = contain(|| {
            entry.leave_room(&mut self.shared);
            entry.call.follow_invitation(&mut self.shared);
            // A leg is shown before its media: what its codec is then changed to is a description of a known leg.
            entry.call.report_changes(&mut self.shared);
            entry.call.reconcile_media(&mut self.shared);
        });
        if settled.is_err() {
            return self.abandon(id, "it panicked");
        }
        for leg in self.shared.take_started() {
            self.legs.insert(leg, id);
        }
        for leg in self.shared.take_ended() {
            self.legs.remove(&leg);
        }
        let deadline = entry.call.deadline();
        if entry.armed != deadline {
            if let Some(old) = entry.armed {
                self.timers.remove(&(old, id));
            }
            if let Some(new) = deadline {
                self.timers.insert((new, id));
            }
            entry.armed = deadline;
        }
        entry.count_users(&mut self.shared);
        let parked = entry.call.parked();
        let slot = parked.map(|parked| parked.slot);
        if let Some(free) = entry.slot.filter(|old| Some(*old) != slot) {
            self.slots.remove(&free);
            self.shared.notice(Notice::SlotFree { slot: free });
        }
        if let Some(Parked { slot, parker: by, until }) = parked
            && entry.slot != Some(slot)
        {
            self.slots.insert(slot, id);
            let party = Party::User(entry.call.caller);
            self.shared.notice(Notice::Parked(ParkedView { slot, call: id, party, by, until }));
        }
        entry.slot = slot;
        if entry.call.is_over() {
            if let Some((target, number)) = entry.call.found_busy() {
                self.completions.note_busy(entry.call.caller, target, number);
            }
            self.remove(id);
        }
    }
}

impl Entry {
    /// Counts an input. Whether there were so many at one moment that its inputs must be causing each other.
    fn loops(&mut self, now: Option<Instant>) -> bool {
        if self.busy.0 != now {
            self.busy = (now, 0);
        }
        self.busy.1 += 1;
        self.busy.1 > FUEL
    }

    /// Takes an anchor out of the room that its call is not in any more, whatever it does in its place.
    fn leave_room(&mut self, shared: &mut Shared) {
        let room = self.call.room().zip(self.call.anchor);
        if let Some((_, leg)) = self.room
            && room != self.room
        {
            shared.rooms.leave(leg);
        }
        self.room = room;
    }

    /// Brings the numbers of calls of everybody with a leg in this one up to date.
    fn count_users(&mut self, shared: &mut Shared) {
        let mut users: Vec<UserId> = self.call.legs.iter().map(|leg| leg.user).collect();
        users.sort_unstable();
        users.dedup();
        if users != self.counted {
            users.iter().for_each(|user| shared.count(*user, self.call.id));
            self.counted.iter().for_each(|user| shared.uncount(*user));
            self.counted = users;
        }
    }
}

/// Inputs one call takes at one moment. A busy fork takes some dozens; a loop takes any number.
const FUEL: u32 = 10_000;
