//! The owner of all calls.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
    time::Instant,
};

use ringdown_types::{CallId, EndReason, LegId, Pii, Random, UserId};
use tracing::debug;

use crate::{
    CallView, CommandError, Destination, EndedBy, LegCommand, LegEvent, LegRole, LegView, Notice, OfferError,
    OfferedCall, Output, Party, call::Call, fork::RING_LIMITS, leg::Leg, outbox::Outbox,
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
    limits: Limits,
    /// Ordered, so that a simulation with one seed always runs the same way.
    calls: BTreeMap<CallId, Entry>,
    legs: HashMap<LegId, CallId>,
    /// How many calls each user is in.
    users: HashMap<UserId, u32>,
    timers: BTreeSet<(Instant, CallId)>,
    out: Outbox,
}

/// A call and what the indexes hold of it.
#[derive(Debug)]
struct Entry {
    call: Call,
    armed: Option<Instant>,
    counted: Vec<UserId>,
}

impl CallControl {
    /// Call control without calls.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            calls: BTreeMap::new(),
            legs: HashMap::new(),
            users: HashMap::new(),
            timers: BTreeSet::new(),
            out: Outbox::default(),
        }
    }

    /// A device calls. The call exists from here on, even if what follows ends it at once.
    ///
    /// # Errors
    /// When the switch is full or the leg's id is in use; then there is no call and no output.
    pub fn handle_offer(
        &mut self,
        now: Instant,
        random: &mut dyn Random,
        offer: OfferedCall,
    ) -> Result<CallId, OfferError> {
        if self.calls.len() >= self.limits.calls {
            return Err(OfferError::Congestion);
        }
        if self.legs.contains_key(&offer.leg) {
            return Err(OfferError::DuplicateLeg);
        }
        let dialled: Arc<str> = offer.dialled.into();
        let mut counted = vec![offer.user];
        let callee = match &offer.destination {
            Destination::User(callee) => {
                if callee.user != offer.user {
                    counted.push(callee.user);
                }
                Party::User(callee.user)
            }
            Destination::EchoTest | Destination::Refused(_) => Party::Number(Pii(Arc::clone(&dialled))),
        };
        let id = CallId::random(random);
        let mut caller = Leg::new(offer.leg, (offer.user, offer.device), LegRole::Caller, now);
        caller.wants_ringback = offer.wants_generated_ringback;
        let mut call = Call::new(id, caller, callee, dialled, now);
        debug!(call = %id, leg = %offer.leg, "call offered");
        self.out.notice(Notice::CallStarted {
            call: id,
            caller: Party::User(offer.user),
            dialled: call.dialled(),
            at: now,
        });
        match offer.destination {
            Destination::User(callee) if self.user_calls(callee.user) >= usize::from(callee.max_calls) => {
                call.refuse(now, EndReason::Busy, EndedBy::Remote, &mut self.out);
            }
            Destination::User(mut callee) => {
                callee.ring = callee.ring.clamp(RING_LIMITS.0, RING_LIMITS.1);
                call.fork(now, callee, self.limits.devices_per_call, random, &mut self.out);
            }
            Destination::EchoTest => call.start_echo_test(now, &mut self.out),
            Destination::Refused(reason) => call.refuse(now, reason, EndedBy::Switch, &mut self.out),
        }
        for leg in &call.legs {
            self.legs.insert(leg.id, id);
        }
        for user in &counted {
            *self.users.entry(*user).or_default() += 1;
        }
        self.calls.insert(id, Entry { call, armed: None, counted });
        self.settle(id);
        Ok(id)
    }

    /// A leg's device did something. Dropped when the leg is over: the two crossed.
    pub fn handle_leg_event(&mut self, now: Instant, leg: LegId, event: LegEvent) {
        let Some(id) = self.legs.get(&leg).copied() else {
            debug!(%leg, ?event, "event dropped: the leg is over");
            return;
        };
        if let Some(entry) = self.calls.get_mut(&id) {
            entry.call.handle_event(now, leg, event, &mut self.out);
        }
        self.settle(id);
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
        let entry = self.calls.get_mut(&id).ok_or(CommandError::NoSuchLeg)?;
        let result = entry.call.handle_command(now, leg, command, &mut self.out);
        self.settle(id);
        result
    }

    /// The switch stops: every call ends, whatever its state, and every device is told.
    pub fn handle_shutdown(&mut self, now: Instant) {
        let all: Vec<CallId> = self.calls.keys().copied().collect();
        for id in all {
            if let Some(entry) = self.calls.get_mut(&id) {
                entry.call.refuse(now, EndReason::ServerRestart, EndedBy::Switch, &mut self.out);
            }
            self.settle(id);
        }
    }

    /// Time passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some(&(deadline, id)) = self.timers.first() {
            if deadline > now {
                break;
            }
            self.timers.pop_first();
            if let Some(entry) = self.calls.get_mut(&id) {
                entry.armed = None;
                entry.call.handle_timeout(now, &mut self.out);
            }
            self.settle(id);
        }
    }

    /// When [`CallControl::handle_timeout`] is due.
    pub fn next_timeout(&self) -> Option<Instant> {
        self.timers.first().map(|&(deadline, _)| deadline)
    }

    /// The next thing to do or to tell.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.out.pop()
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

    /// How many calls a user is in, ringing ones included.
    pub fn user_calls(&self, user: UserId) -> usize {
        self.users.get(&user).map_or(0, |&calls| calls as usize)
    }

    /// Brings media, notices, indexes and timers up to date with a call that took an input.
    fn settle(&mut self, id: CallId) {
        let Some(entry) = self.calls.get_mut(&id) else { return };
        entry.call.reconcile_media(&mut self.out);
        entry.call.report_changes(&mut self.out);
        for leg in self.out.take_ended() {
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
        if entry.call.is_over() {
            for user in std::mem::take(&mut entry.counted) {
                self.uncount(user);
            }
            self.calls.remove(&id);
            debug!(call = %id, "call over");
        }
    }

    fn uncount(&mut self, user: UserId) {
        if let Some(calls) = self.users.get_mut(&user) {
            *calls -= 1;
            if *calls == 0 {
                self.users.remove(&user);
            }
        }
    }
}
