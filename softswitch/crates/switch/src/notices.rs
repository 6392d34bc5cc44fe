//! Call control's notices as events of the control link: numbers and names from the directory, times from the wall
//! clock, devices from the legs.

use std::{sync::Arc, time::Instant};

use ringdown_call::{
    CallRecord, CallView, CompletionState, DeviceId, EndedBy, LegRole, LegState, LegView, Notice, ParkedView,
    Party,
};
use ringdown_control::{self as control, Event, LegFigures, LegInfo, LegPlace};
use ringdown_types::{LegId, LegQuality, Pii};

use crate::{clock::WallClock, directory::Directory, legs::Legs};

/// What a translation looks things up in.
pub(crate) struct Translator<'a> {
    pub(crate) directory: &'a Directory,
    pub(crate) clock: &'a WallClock,
    pub(crate) legs: &'a Legs,
}

impl Translator<'_> {
    pub(crate) fn event(&self, notice: &Notice) -> Event {
        match notice {
            Notice::CallStarted { call, caller, dialled, at } => Event::CallStarted {
                call: *call,
                caller: self.directory.party(caller),
                dialled: plain(dialled),
                at: self.clock.unix_ms(*at),
            },
            Notice::LegChanged(view) => Event::LegChanged { leg: self.leg(view) },
            Notice::LegEnded { leg, reason, by } => {
                Event::LegEnded { leg: self.leg(leg), reason: *reason, by: ended_by(*by) }
            }
            Notice::CallEnded(record) => Event::CallEnded { record: self.record(record) },
            Notice::Parked(parked) => Event::Parked { parked: self.parked(parked) },
            Notice::SlotFree { slot } => Event::SlotFree { slot: *slot },
            Notice::Completion { user, target, state } => Event::Completion {
                user: *user,
                target: self.directory.party(&Party::User(*target)),
                state: match state {
                    CompletionState::Waiting => control::CompletionState::Waiting,
                    CompletionState::Ringing => control::CompletionState::Ringing,
                    CompletionState::Cancelled => control::CompletionState::Cancelled,
                    CompletionState::Expired => control::CompletionState::Expired,
                },
            },
            Notice::Dtmf { leg, digit } => Event::Dtmf { leg: *leg, digit: *digit },
            Notice::RoomChanged(view) => Event::RoomChanged { room: self.room(view) },
            Notice::InvitationEnded { room, invitation, reason } => {
                let invitation = self.invitation(invitation);
                Event::InvitationEnded { room: *room, invitation, reason: *reason }
            }
            Notice::RoomTalking { room, leg, is_talking } => {
                Event::RoomTalking { room: *room, leg: *leg, is_talking: *is_talking }
            }
        }
    }

    pub(crate) fn call(&self, view: &CallView) -> control::CallInfo {
        control::CallInfo {
            call: view.call,
            caller: self.directory.party(&view.caller),
            dialled: plain(&view.dialled),
            started_at: self.clock.unix_ms(view.started_at),
            legs: view.legs.iter().map(|leg| self.leg(leg)).collect(),
        }
    }

    pub(crate) fn parked(&self, view: &ParkedView) -> control::ParkedInfo {
        control::ParkedInfo {
            slot: view.slot,
            call: view.call,
            party: self.directory.party(&view.party),
            by: self.directory.party(&Party::User(view.by)),
            until: self.clock.unix_ms(view.until),
        }
    }

    fn leg(&self, view: &LegView) -> LegInfo {
        LegInfo {
            leg: view.leg,
            call: view.call,
            user: Some(view.user),
            place: self.place(view.leg, view.device),
            role: role(view.role),
            state: match view.state {
                LegState::Dialing => control::LegState::Dialing,
                LegState::Ringing => control::LegState::Ringing,
                LegState::Active => control::LegState::Active,
                LegState::Ended => control::LegState::Ended,
            },
            peer: self.directory.party(&view.peer),
            held: view.held,
            held_by_peer: view.held_by_peer,
            peer_lost: view.peer_lost,
            peer_muted: view.peer_muted,
            muted: view.muted,
            pin_asked: view.pin_asked,
            direction: view.direction,
            created_at: self.clock.unix_ms(view.created_at),
            answered_at: self.at(view.answered_at),
        }
    }

    /// Whose figures are awaited.
    pub(crate) fn figures(&self, view: &LegView) -> LegFigures {
        LegFigures {
            leg: view.leg,
            call: view.call,
            user: Some(view.user),
            role: role(view.role),
            quality: LegQuality::default(),
        }
    }

    /// A leg that could not even be started has no protocol side; its device is known all the same.
    fn place(&self, leg: LegId, device: DeviceId) -> LegPlace {
        match (self.legs.get(leg), device) {
            (Some(leg), _) => leg.place.clone(),
            (None, DeviceId::Browser(session)) => LegPlace::Browser { session },
            (None, DeviceId::Telephone(_)) => LegPlace::Telephone { device: Pii(String::new()) },
        }
    }

    fn record(&self, record: &CallRecord) -> control::CallRecord {
        control::CallRecord {
            call: record.call,
            caller: self.directory.party(&record.caller),
            callee: self.directory.party(&record.callee),
            passed_by: record.passed_by.iter().map(|party| self.directory.party(party)).collect(),
            dialled: plain(&record.dialled),
            started_at: self.clock.unix_ms(record.started_at),
            answered_at: self.at(record.answered_at),
            ended_at: self.clock.unix_ms(record.ended_at),
            reason: record.reason,
            by: ended_by(record.by),
        }
    }

    fn at(&self, at: Option<Instant>) -> Option<u64> {
        at.map(|at| self.clock.unix_ms(at))
    }
}

/// The same value, owned. A `Pii` prints redacted, so it must not be printed on its way.
fn plain(text: &Pii<Arc<str>>) -> Pii<String> {
    Pii(text.0.as_ref().to_owned())
}

const fn role(role: LegRole) -> control::LegRole {
    match role {
        LegRole::Caller => control::LegRole::Caller,
        LegRole::Callee => control::LegRole::Callee,
    }
}

const fn ended_by(by: EndedBy) -> control::EndedBy {
    match by {
        EndedBy::Local => control::EndedBy::Local,
        EndedBy::Remote => control::EndedBy::Remote,
        EndedBy::Switch => control::EndedBy::Switch,
    }
}
