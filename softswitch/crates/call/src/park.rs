//! Parked calls: a side that hears music until somebody fetches it.

use std::time::Instant;

use ringdown_types::UserId;

use crate::{
    LookupTarget,
    call::{Call, State},
    shared::Shared,
};

/// A parked side.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parked {
    /// Who gets it back when nobody fetches it.
    pub(crate) parker: UserId,
    /// Until when it may be fetched.
    pub(crate) until: Instant,
}

impl Call {
    /// Nobody fetched the parked side: whoever parked it is rung.
    pub(crate) fn park_time_is_over(&mut self, _now: Instant, shared: &mut Shared) {
        let State::Parked(parked) = self.state else { return };
        self.look_up(LookupTarget::User(parked.parker), parked.parker, shared);
    }
}
