//! From a caller and what they dialled to a call.

use std::time::Instant;

use ringdown_call::{Callee, Destination, DeviceId, Forwards, LookupTarget, OfferError, OfferedCall};
use ringdown_dialplan::Decision;
use ringdown_types::{CallId, EndReason, LegId, UserId};

use crate::Switch;

/// Who calls, on which leg, with what.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Caller {
    pub(crate) leg: LegId,
    pub(crate) user: UserId,
    pub(crate) device: DeviceId,
    /// Whether the device makes its own ringing tone.
    pub(crate) makes_ringback: bool,
}

impl Switch {
    /// Looks the number up and hands the call to call control, with every device that can be reached.
    pub(crate) fn place_call(
        &mut self,
        now: Instant,
        caller: Caller,
        dialled: &str,
    ) -> Result<CallId, OfferError> {
        let destination = self.destination(now, dialled, caller.user);
        let offer = OfferedCall {
            leg: caller.leg,
            user: caller.user,
            device: caller.device,
            dialled: dialled.to_owned(),
            destination,
            wants_generated_ringback: !caller.makes_ringback,
        };
        self.calls.handle_offer(now, offer)
    }

    /// Where a call goes on to.
    pub(crate) fn look_up(&self, now: Instant, target: &LookupTarget, by: UserId) -> Destination {
        match target {
            LookupTarget::Number(number) => self.destination(now, &number.0, by),
            LookupTarget::Onward(number) => {
                let decision = self.directory.dialplan().redirect(&number.0, self.clock.unix_ms(now));
                self.reached(&decision)
            }
            LookupTarget::User(user) if self.directory.is_enabled(*user) => {
                Destination::User(Callee { forwards: Forwards::default(), ..self.callee(*user) })
            }
            LookupTarget::User(_) => Destination::Refused(EndReason::NotFound),
        }
    }

    /// What dialling a number reaches.
    fn destination(&self, now: Instant, dialled: &str, by: UserId) -> Destination {
        self.reached(&self.directory.dialplan().route(dialled, by, self.clock.unix_ms(now)))
    }

    fn reached(&self, decision: &Decision) -> Destination {
        match decision {
            Decision::User { user } => Destination::User(self.callee(*user)),
            Decision::EchoTest => Destination::EchoTest,
            decision => Destination::Refused(decision.end_reason().unwrap_or(EndReason::NotFound)),
        }
    }

    /// A user's live sessions and registered telephones.
    pub(crate) fn devices_of(&self, user: UserId) -> impl Iterator<Item = DeviceId> {
        let browsers = self.sessions.of_user(user).map(DeviceId::Browser);
        let telephones = self.binding_keys(user).map(DeviceId::Telephone);
        browsers.chain(telephones)
    }

    /// A user with their live sessions and registered telephones.
    fn callee(&self, user: UserId) -> Callee {
        Callee {
            user,
            devices: self.devices_of(user).collect(),
            ring: self.directory.ring_time(user),
            max_calls: self.directory.user(user).map_or(1, |user| user.max_calls),
            forwards: Forwards::default(),
            auto_answer: false,
        }
    }
}
