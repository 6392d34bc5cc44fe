//! Where outputs queue until they are polled.

use std::collections::VecDeque;

use ringdown_types::LegId;

use crate::{Action, Notice, Output};

/// Queued outputs, and the legs that ended since the index was last brought up to date. Bounded by its use: one
/// input queues a few outputs per leg of one call, and is drained before the next.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    queue: VecDeque<Output>,
    ended: Vec<LegId>,
}

impl Outbox {
    pub(crate) fn action(&mut self, action: Action) {
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

    /// Legs that ended and that the index still names.
    pub(crate) fn take_ended(&mut self) -> Vec<LegId> {
        std::mem::take(&mut self.ended)
    }
}
