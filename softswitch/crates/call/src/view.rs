//! Calls and legs as others see them. Instants; whoever shows them adds the wall clock, numbers and names.

use std::{sync::Arc, time::Instant};

use ringdown_types::{CallId, EndReason, LegId, MediaDirection, Pii, UserId};

use crate::DeviceId;

/// One side of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Party {
    /// A user; the directory knows number and name.
    User(UserId),
    /// A service, or a number nobody has.
    Number(Pii<Arc<str>>),
}

/// Whether the leg's device calls or is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LegRole {
    /// The device called.
    Caller,
    /// The device is called.
    Callee,
}

/// Where a leg is in its life.
///
/// ```text
/// Dialing ──ringing──► Ringing ──answered──► Active
///    │  └─────────────answered──────────────►  │
///    └──────────────► Ended ◄──────────────────┘   (also from Ringing)
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LegState {
    /// Caller: nobody rings yet. Callee: being reached.
    Dialing,
    /// The called side rings.
    Ringing,
    /// Answered.
    Active,
    /// Over.
    Ended,
}

/// A leg as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegView {
    /// The leg.
    pub leg: LegId,
    /// Its call.
    pub call: CallId,
    /// Whose device it is.
    pub user: UserId,
    /// The device.
    pub device: DeviceId,
    /// Calls or is called.
    pub role: LegRole,
    /// Where it is in its life.
    pub state: LegState,
    /// The other side.
    pub peer: Party,
    /// This leg put the other side on hold.
    pub held: bool,
    /// The other side put this leg on hold.
    pub held_by_peer: bool,
    /// The other side's media is lost; it may come back.
    pub peer_lost: bool,
    /// The other side muted itself.
    pub peer_muted: bool,
    /// The switch does not pass on what this leg says.
    pub muted: bool,
    /// A room asks for its PIN before it lets this leg in: how many were wrong so far.
    pub pin_asked: Option<u8>,
    /// Which way speech flows because of holds, seen from the device. Music for a held device counts as received.
    pub direction: MediaDirection,
    /// When the leg was made.
    pub created_at: Instant,
    /// When it was answered.
    pub answered_at: Option<Instant>,
}

/// A call as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallView {
    /// The call.
    pub call: CallId,
    /// Who calls.
    pub caller: Party,
    /// Who is called.
    pub callee: Party,
    /// What was dialled.
    pub dialled: Pii<Arc<str>>,
    /// When it began.
    pub started_at: Instant,
    /// Its live legs, the caller's first.
    pub legs: Vec<LegView>,
}

/// A parked side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParkedView {
    /// The slot.
    pub slot: u32,
    /// Its call.
    pub call: CallId,
    /// Who waits.
    pub party: Party,
    /// Who gets it back in the end.
    pub by: UserId,
    /// Until when it waits.
    pub until: Instant,
}

/// Who ended a leg or a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndedBy {
    /// A leg: its own side. A call: the caller.
    Local,
    /// A leg: the other side. A call: the called side.
    Remote,
    /// The switch.
    Switch,
}

/// A finished call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallRecord {
    /// The call.
    pub call: CallId,
    /// Who called.
    pub caller: Party,
    /// Who was called.
    pub callee: Party,
    /// Whom it was for before: they did not take it, and it was sent on.
    pub passed_by: Vec<Party>,
    /// What was dialled.
    pub dialled: Pii<Arc<str>>,
    /// When it began.
    pub started_at: Instant,
    /// When it was answered.
    pub answered_at: Option<Instant>,
    /// When it ended.
    pub ended_at: Instant,
    /// Why it ended.
    pub reason: EndReason,
    /// Who ended it; `Local` is the caller, `Remote` the called side.
    pub by: EndedBy,
}
