//! Calls the switch places for a user: their own devices ring, and whichever answers calls.

use std::time::Instant;

use ringdown_types::CallId;

use crate::{CallControl, LegCommand, LookupTarget, OfferError, Originate};

impl CallControl {
    /// Rings a user's own devices and then calls. Their ring shows whom they will reach.
    ///
    /// # Errors
    /// When the switch is full or there is nothing to dial; then there is no call and no output.
    pub fn originate(&mut self, now: Instant, originate: Originate) -> Result<CallId, OfferError> {
        self.input_at(now);
        let Originate { user, to, auto_answer } = originate;
        if to.0.is_empty() || to.0.len() > LegCommand::MAX_DIALLED_BYTES {
            return Err(OfferError::Invalid);
        }
        if self.call_count() >= self.limits().calls {
            return Err(OfferError::Congestion);
        }
        let id = self.begin(now, None, user, to.0);
        self.with(id, |call, shared| {
            call.way.auto_answer = auto_answer;
            call.look_up(LookupTarget::User(user), user, shared);
        });
        Ok(id)
    }
}
