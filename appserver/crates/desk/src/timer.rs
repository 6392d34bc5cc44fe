//! What waits for a time. An entry may outlive its reason: whoever handles it looks whether it still holds.

use std::{collections::BTreeSet, time::Instant};

use ringdown_control::CommandId;
use ringdown_types::{MessageId, NodeId, SessionId, UserId};

/// What a time is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Timer {
    /// Presence and directory changes are told.
    Flush,
    /// A detached session is no longer rung.
    SessionUnreachable(SessionId),
    /// A session may have fallen asleep.
    SessionAsleep(SessionId),
    /// A detached session ends.
    SessionExpired(SessionId),
    /// A session's access token is about to end.
    TokenExpiring(SessionId),
    /// A command had its time; by the bits of its id.
    Command(u64),
    /// A softswitch has been away for too long.
    NodeGone(NodeId),
    /// Every softswitch had the time to tell its calls.
    CallsComplete,
    /// What somebody says of themselves had its time.
    Statement(UserId),
    /// A message had its time.
    Message(MessageId),
    /// Telephones that did not take a message are tried again.
    Undelivered(UserId),
}

/// Times in order.
#[derive(Debug, Default)]
pub(crate) struct Timers(BTreeSet<(Instant, Timer)>);

impl Timers {
    pub(crate) fn set(&mut self, at: Instant, timer: Timer) {
        self.0.insert((at, timer));
    }

    pub(crate) fn set_command(&mut self, at: Instant, id: CommandId) {
        self.set(at, Timer::Command(id.0));
    }

    pub(crate) fn cancel_command(&mut self, at: Instant, id: CommandId) {
        self.cancel(at, Timer::Command(id.0));
    }

    pub(crate) fn cancel(&mut self, at: Instant, timer: Timer) {
        self.0.remove(&(at, timer));
    }

    pub(crate) fn next(&self) -> Option<Instant> {
        self.0.first().map(|(at, _)| *at)
    }

    /// Takes one timer that is due.
    pub(crate) fn take_due(&mut self, now: Instant) -> Option<Timer> {
        if self.next()? > now {
            return None;
        }
        self.0.pop_first().map(|(_, timer)| timer)
    }
}
