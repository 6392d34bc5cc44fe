//! One side of a call.

use std::time::Instant;

use ringdown_types::{LegId, UserId};

use crate::{DeviceId, LegRole, LegState, LegView, bridge::Feed, insertion::Insertion};

/// One side of a call. Its call owns it; a leg that is over is not in its call any more.
#[derive(Debug)]
pub(crate) struct Leg {
    pub(crate) id: LegId,
    pub(crate) user: UserId,
    pub(crate) device: DeviceId,
    pub(crate) role: LegRole,
    pub(crate) phase: Phase,
    /// It put the other side on hold.
    pub(crate) held: bool,
    pub(crate) muted: bool,
    /// Its media is lost, and may come back.
    pub(crate) lost: bool,
    pub(crate) created_at: Instant,
    /// What the media plane was last told to let it hear.
    pub(crate) feed: Feed,
    /// What is played to it instead of what its call has it hear, and how many such sounds there were.
    pub(crate) insertion: Option<Insertion>,
    pub(crate) insertions: u32,
    /// The switch plays ringing tone to it.
    pub(crate) wants_ringback: bool,
    /// What the last notice said of it.
    pub(crate) reported: Option<LegView>,
}

/// Where a live leg is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    Dialing,
    Ringing,
    Active { since: Instant },
}

impl Leg {
    pub(crate) const fn new(
        id: LegId,
        (user, device): (UserId, DeviceId),
        role: LegRole,
        now: Instant,
    ) -> Self {
        Self {
            id,
            user,
            device,
            role,
            phase: Phase::Dialing,
            held: false,
            muted: false,
            lost: false,
            created_at: now,
            feed: Feed::Silence,
            insertion: None,
            insertions: 0,
            wants_ringback: false,
            reported: None,
        }
    }

    pub(crate) const fn is_active(&self) -> bool {
        matches!(self.phase, Phase::Active { .. })
    }

    pub(crate) const fn state(&self) -> LegState {
        match self.phase {
            Phase::Dialing => LegState::Dialing,
            Phase::Ringing => LegState::Ringing,
            Phase::Active { .. } => LegState::Active,
        }
    }

    pub(crate) const fn answered_at(&self) -> Option<Instant> {
        match self.phase {
            Phase::Active { since } => Some(since),
            Phase::Dialing | Phase::Ringing => None,
        }
    }
}
