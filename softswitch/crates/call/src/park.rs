//! Parked calls: a side that hears music until somebody dials its slot.
//!
//! A user parks the partner of a leg ([`CallControl::handle_park`]), hands a side on to a slot's number, or dials the
//! number while they hold somebody. When nobody fetches the side in time, whoever parked it is rung; when they do not
//! answer either, the call ends.

use std::{sync::Arc, time::Instant};

use ringdown_types::{CallId, EndReason, LegId, Pii, PromptId, UserId};

use crate::{
    CallControl, CommandError, Destination, DeviceId, LookupTarget, ParkedView, Parking, Party,
    call::{Call, State},
    leg::Leg,
    shared::Shared,
};

/// A parked side.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parked {
    pub(crate) slot: u32,
    /// Who gets it back when nobody fetches it.
    pub(crate) parker: UserId,
    /// Until when it may be fetched.
    pub(crate) until: Instant,
}

impl CallControl {
    /// Where parked sides wait from here on; `None` where nothing can be parked. Sides that wait already stay.
    pub fn set_parking(&mut self, parking: Option<Parking>) {
        self.parking = parking;
    }

    /// Who is parked where.
    pub fn parked(&self) -> impl Iterator<Item = ParkedView> {
        self.slots.values().filter_map(|id| {
            let call = self.with_call(*id)?;
            let Parked { slot, parker, until } = call.parked()?;
            Some(ParkedView { slot, call: *id, party: Party::User(call.caller), by: parker, until })
        })
    }

    /// Parks the partner of `leg`. The slot it is on.
    ///
    /// # Errors
    /// When the leg does not talk with anybody, or the slot does not exist or is taken.
    pub fn handle_park(&mut self, now: Instant, leg: LegId, slot: Option<u32>) -> Result<u32, CommandError> {
        self.input_at(now);
        let result = self.park(now, leg, slot);
        self.complete_calls(now);
        result
    }

    fn park(&mut self, now: Instant, leg: LegId, slot: Option<u32>) -> Result<u32, CommandError> {
        let (old, user, partner) = self.talking(leg)?;
        let slot = self.free_slot(slot)?;
        let Some(anchor) = self.take(old, partner) else { return Err(CommandError::WrongState) };
        let caller = anchor.user;
        let id = self.begin(now, Some(anchor), caller, Arc::from(slot.to_string()));
        self.park_anchor(now, id, slot, user);
        self.with(old, |call, shared| call.is_handed_on(now, leg, EndReason::Parked, shared));
        Ok(slot)
    }

    /// A call was sent to a slot: a side that was handed on is parked, and a new call parks whom its user holds.
    pub(crate) fn send_to_slot(
        &mut self,
        now: Instant,
        id: CallId,
        slot: Option<u32>,
    ) -> Option<Destination> {
        let call = self.with_call(id)?;
        let anchor = call.anchor.and_then(|anchor| call.leg(anchor))?;
        let (user, device) = (anchor.user, anchor.device);
        if anchor.is_active() {
            let parker = call.rights;
            return match self.free_slot(slot) {
                Ok(slot) => {
                    self.park_anchor(now, id, slot, parker);
                    None
                }
                Err(_) => Some(Destination::Refused(EndReason::Busy)),
            };
        }
        let Some(held) = self.held_by(user, device) else {
            return Some(Destination::Refused(EndReason::NotFound));
        };
        Some(match self.park(now, held, slot) {
            Ok(slot) => Destination::Announcement(PromptId::digits(slot).collect()),
            Err(CommandError::Full) => Destination::Refused(EndReason::Busy),
            Err(_) => Destination::Refused(EndReason::NotFound),
        })
    }

    fn park_anchor(&mut self, now: Instant, id: CallId, slot: u32, parker: UserId) {
        let Some(until) = self.parking.as_ref().map(|parking| now + parking.timeout) else { return };
        self.with(id, |call, shared| {
            call.callee = Party::Number(Pii(Arc::from(slot.to_string())));
            call.transition(State::Parked(Parked { slot, parker, until }));
            call.set_answered(now, None, shared);
            call.dismiss_watcher(shared);
        });
    }

    /// The slot asked for, or the first free one.
    fn free_slot(&self, slot: Option<u32>) -> Result<u32, CommandError> {
        let slots = &self.parking.as_ref().ok_or(CommandError::Invalid)?.slots;
        match slot {
            Some(slot) if !slots.contains(&slot) => Err(CommandError::Invalid),
            Some(slot) if self.slots.contains_key(&slot) => Err(CommandError::Full),
            Some(slot) => Ok(slot),
            None => slots
                .clone()
                .take(MAX_SLOTS)
                .find(|slot| !self.slots.contains_key(slot))
                .ok_or(CommandError::Full),
        }
    }

    /// The leg of a user that holds somebody: on this device if there is one, and the newest of them.
    fn held_by(&self, user: UserId, device: DeviceId) -> Option<LegId> {
        let holds = |leg: &&Leg| leg.user == user && leg.held;
        self.each_call()
            .filter(|call| matches!(call.state, State::Talking { .. }))
            .flat_map(|call| call.legs.iter().filter(holds))
            .max_by_key(|leg| (leg.device == device, leg.created_at, leg.id))
            .map(|leg| leg.id)
    }
}

impl Call {
    /// The slot the anchor waits on.
    pub(crate) const fn parked(&self) -> Option<Parked> {
        match self.state {
            State::Parked(parked) => Some(parked),
            _ => None,
        }
    }

    /// Nobody fetched the parked side: whoever parked it is rung.
    pub(crate) fn park_time_is_over(&mut self, shared: &mut Shared) {
        if let Some(parked) = self.parked() {
            self.look_up(LookupTarget::User(parked.parker), parked.parker, shared);
        }
    }
}

/// The most slots that are looked through for a free one.
const MAX_SLOTS: usize = 1_000;
