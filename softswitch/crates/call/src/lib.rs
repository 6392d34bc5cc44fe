//! Protocol-neutral call control: calls, legs, bridges.
//!
//! A *leg* is one side of a call towards one device; a *call* is one caller's leg, one dialled number and every leg
//! that comes of it; a *bridge* joins two legs' media. Legs report what their devices do
//! ([`LegEvent`]), people command them ([`LegCommand`]), and [`CallControl`] answers with [`Output`]s: actions for
//! whoever speaks the legs' protocols, notices for whoever mirrors calls. It knows no SIP and no WebRTC.
//!
//! Every method that takes an input may queue outputs: drain [`CallControl::poll_output`] after each one, then sleep
//! until [`CallControl::next_timeout`].
//!
//! | file | owns |
//! |---|---|
//! | `control` | the calls, the index from leg to call, limits, timers |
//! | `call` | one call: its legs, its state, its one transition door |
//! | `fork` | the time before an answer: who rings, who refused, why nobody is left |
//! | `redirect` | where a call goes, and where it goes on to when nobody takes it |
//! | `talk` | an answered call: hang-up, keys |
//! | `hold` | hold and mute |
//! | `transfer` | handing the other side on, blind and attended |
//! | `pick_up` | taking a call that rings, is parked, or is another device's |
//! | `park` | parked sides |
//! | `originate` | calls the switch places for a user |
//! | `completion` | calling again once somebody busy is free |
//! | `service` | calls the switch answers itself |
//! | `script`, `pin` | what a service says, and how it asks for a PIN |
//! | `echo_test`, `announcement` | the two simplest services |
//! | `room`, `conference`, `room_control` | who is in which room; one caller's way through it; what moderators do |
//! | `merge` | two calls become a conference |
//! | `invite` | a room calls somebody |
//! | `deposit`, `mailbox` | leaving a message, and listening to one's own |
//! | `bridge` | who hears what, derived from the state and reconciled after each input |
//!
//! # Deviations and assumptions
//! - The switch plays music to a held device itself; the held device gets no re-INVITE and no new description, only
//!   the [`LegView`] says `held_by_peer`.
//! - A device's 486 takes only that device out; a person's "busy" or "declined" speaks for all devices.
//! - Whatever arrives for a leg that is over crossed its end and is dropped.

mod announcement;
mod bridge;
mod call;
mod completion;
mod conference;
mod control;
mod deposit;
mod diversion;
mod echo_test;
mod fork;
mod hold;
mod input;
mod insertion;
mod invite;
mod leg;
mod mailbox;
mod merge;
mod originate;
mod output;
mod park;
mod pick_up;
mod pin;
mod redirect;
mod room;
mod room_control;
mod script;
mod service;
mod shared;
mod talk;
mod transfer;
mod view;

pub use control::{CallControl, Limits};
pub use deposit::DepositPlan;
pub use diversion::{Diversion, DiversionReason};
pub use input::{
    Callee, CommandError, DeclineReason, Destination, DeviceId, Forwards, Group, LegCommand, LegEvent,
    OfferError, OfferedCall, Originate, Parking, RecordingOutcome, RoomCommand, Stage,
};
pub use mailbox::{MailboxMessage, MailboxPlan};
pub use output::{
    Action, CompletionState, LookupTarget, MailboxChange, Notice, Output, PlaySource, TransferProgress,
};
pub use pin::Pin;
pub use room::{Invitation, RoomMember, RoomPlan, RoomView};
pub use view::{CallRecord, CallView, EndedBy, LegRole, LegState, LegView, ParkedView, Party};
