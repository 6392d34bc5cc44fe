//! What all calls share: where outputs queue, the source of new legs' ids, who is in how many calls.

use std::{
    collections::{HashMap, VecDeque},
    fmt,
};

use ringdown_types::{CallId, LegId, MixId, Random, RecordingId, RoomId, UserId};

use crate::{Action, Limits, Notice, Output, room::Rooms};

/// What every call needs besides itself. The queue is bounded by its use: one input queues a few outputs per leg of
/// the calls it concerns, and is drained before the next.
pub(crate) struct Shared {
    pub(crate) limits: Limits,
    random: Box<dyn Random>,
    queue: VecDeque<Output>,
    /// Legs that ended since the index was last brought up to date.
    ended: Vec<LegId>,
    /// Legs that were started since.
    started: Vec<LegId>,
    /// How many calls each user is in, and which they came into last.
    users: HashMap<UserId, (u32, CallId)>,
    /// Who is in which conference room.
    pub(crate) rooms: Rooms,
    /// Calls whose anchors a moderator removes from their room.
    removals: Vec<CallId>,
}

impl Shared {
    pub(crate) fn new(limits: Limits, random: Box<dyn Random>) -> Self {
        Self {
            limits,
            random,
            queue: VecDeque::new(),
            ended: Vec::new(),
            started: Vec::new(),
            users: HashMap::new(),
            rooms: Rooms::default(),
            removals: Vec::new(),
        }
    }

    pub(crate) fn action(&mut self, action: Action) {
        if let Action::StartLeg { leg, .. } = &action {
            self.started.push(*leg);
        }
        self.queue.push_back(Output::Action(action));
    }

    pub(crate) fn notice(&mut self, notice: Notice) {
        if let Notice::LegEnded { leg, .. } = &notice {
            self.ended.push(leg.leg);
        }
        self.queue.push_back(Output::Notice(notice));
    }

    pub(crate) fn pop(&mut self) -> Option<Output> {
        self.queue.pop_front()
    }

    /// Legs that were started and that the index does not name yet.
    pub(crate) fn take_started(&mut self) -> Vec<LegId> {
        std::mem::take(&mut self.started)
    }

    /// Legs that ended and that the index still names.
    pub(crate) fn take_ended(&mut self) -> Vec<LegId> {
        std::mem::take(&mut self.ended)
    }

    pub(crate) fn new_leg_id(&mut self) -> LegId {
        LegId::random(&mut *self.random)
    }

    pub(crate) fn new_call_id(&mut self) -> CallId {
        CallId::random(&mut *self.random)
    }

    pub(crate) fn new_mix_id(&mut self) -> MixId {
        MixId::random(&mut *self.random)
    }

    pub(crate) fn new_recording_id(&mut self) -> RecordingId {
        RecordingId::random(&mut *self.random)
    }

    pub(crate) fn new_room_id(&mut self) -> RoomId {
        RoomId::random(&mut *self.random)
    }

    /// A moderator removes the anchor of a call from its room.
    pub(crate) fn remove_from_room(&mut self, call: CallId) {
        self.removals.push(call);
    }

    pub(crate) fn take_removal(&mut self) -> Option<CallId> {
        self.removals.pop()
    }

    /// How many calls a user is in, ringing ones included.
    pub(crate) fn user_calls(&self, user: UserId) -> usize {
        self.users.get(&user).map_or(0, |&(calls, _)| calls as usize)
    }

    /// The call a user came into last; they may have left it.
    pub(crate) fn last_call(&self, user: UserId) -> Option<CallId> {
        self.users.get(&user).map(|&(_, call)| call)
    }

    /// A user is in one call more.
    pub(crate) fn count(&mut self, user: UserId, call: CallId) {
        let (calls, last) = self.users.entry(user).or_insert((0, call));
        *calls += 1;
        *last = call;
    }

    /// A user is in one call less.
    pub(crate) fn uncount(&mut self, user: UserId) {
        if let Some((calls, _)) = self.users.get_mut(&user) {
            *calls -= 1;
            if *calls == 0 {
                self.users.remove(&user);
            }
        }
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("queued", &self.queue.len()).finish_non_exhaustive()
    }
}
