//! From a caller and what they dialled to a call.

use std::{sync::Arc, time::Instant};

use ringdown_call::{Callee, Destination, DeviceId, Forwards, LookupTarget, OfferError, OfferedCall};
use ringdown_dialplan::Decision;
use ringdown_sip::registrar::BindingId;
use ringdown_types::{CallId, EndReason, Extension, ForwardKind, LegId, Pii, PromptId, UserId};

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
        let decision = self.directory.dialplan().route(dialled, caller.user, self.hours_clock.unix_ms(now));
        let destination = self.done_or_reached(now, &decision, caller.user);
        let offer = OfferedCall {
            leg: caller.leg,
            user: caller.user,
            device: caller.device,
            dialled: dialled.to_owned(),
            destination,
            wants_generated_ringback: !caller.makes_ringback,
        };
        let call = self.calls.handle_offer(now, offer)?;
        self.remember_group(call, &decision);
        Ok(call)
    }

    /// A call to one device of a user, named by its GRUU (RFC 5627 §6.1). Forwards are not for it.
    pub(crate) fn place_call_to_device(
        &mut self,
        now: Instant,
        caller: Caller,
        device: Option<(UserId, BindingId)>,
    ) -> Result<CallId, OfferError> {
        let callee = |(user, binding): (UserId, BindingId)| Callee {
            devices: vec![DeviceId::Telephone(binding.0)],
            forwards: Forwards::default(),
            ..self.callee(user)
        };
        let destination =
            device.map(callee).map_or(Destination::Refused(EndReason::Offline), Destination::User);
        let dialled = device.and_then(|(user, _)| self.directory.user(user));
        let offer = OfferedCall {
            leg: caller.leg,
            user: caller.user,
            device: caller.device,
            dialled: dialled.map(|user| user.extension.to_string()).unwrap_or_default(),
            destination,
            wants_generated_ringback: !caller.makes_ringback,
        };
        let call = self.calls.handle_offer(now, offer)?;
        self.group_memory.rings_no_group(call);
        Ok(call)
    }

    /// Which group a call rings from here on.
    fn remember_group(&mut self, call: CallId, decision: &Decision) {
        match decision {
            Decision::Group { group } => self.group_memory.rings(call, *group),
            // Who picks a call up joins it: it may be a group's.
            Decision::PickUp { .. } => {}
            _ => self.group_memory.rings_no_group(call),
        }
    }

    /// Where a call goes on to.
    pub(crate) fn look_up(
        &mut self,
        now: Instant,
        call: CallId,
        target: &LookupTarget,
        by: UserId,
    ) -> Destination {
        let (dialplan, unix_ms) = (self.directory.dialplan(), self.hours_clock.unix_ms(now));
        let decision = match target {
            LookupTarget::Number(number) => dialplan.route(&number.0, by, unix_ms),
            LookupTarget::Onward(number) => dialplan.redirect(&number.0, unix_ms),
            LookupTarget::User(user) => {
                self.group_memory.rings_no_group(call);
                return self.own_devices(*user);
            }
        };
        self.remember_group(call, &decision);
        self.done_or_reached(now, &decision, by)
    }

    /// A code that changes a setting is obeyed at once, and the caller hears that it was; anything else is reached.
    fn done_or_reached(&mut self, now: Instant, decision: &Decision, by: UserId) -> Destination {
        let Decision::Setting { change } = decision else { return self.reached(decision, by) };
        match self.change_setting(now, by, change.clone()) {
            Ok(()) if change.switches_on() => Destination::Announcement(vec![PromptId::Activated]),
            Ok(()) => Destination::Announcement(vec![PromptId::Deactivated]),
            Err(refusal) => Destination::Refused(refusal.end_reason()),
        }
    }

    fn reached(&self, decision: &Decision, by: UserId) -> Destination {
        if let Some(feature) = self.feature(decision, by) {
            return feature;
        }
        match decision {
            Decision::User { user } => self.reached_user(*user),
            Decision::Group { group } => self.ring_group(*group),
            Decision::EchoTest => Destination::EchoTest,
            Decision::Room { room } => match self.room_plan(*room) {
                Some(plan) => Destination::Room(plan),
                None => Destination::Refused(EndReason::NotFound),
            },
            Decision::VoicemailMain => Destination::Mailbox(self.mailbox_plan(by)),
            Decision::VoicemailBox { user } => Destination::Deposit(self.deposit_plan(*user)),
            decision => Destination::Refused(decision.end_reason().unwrap_or(EndReason::NotFound)),
        }
    }

    fn reached_user(&self, user: UserId) -> Destination {
        let always = self.directory.user(user).and_then(|user| user.settings.forward.always.as_ref());
        match always {
            Some(to) => Destination::Forwarded { user, to: dialled_text(to) },
            None => Destination::User(self.callee(user)),
        }
    }

    /// A user's devices whatever they have set: a call that comes back to them, or that they asked for themselves.
    fn own_devices(&self, user: UserId) -> Destination {
        match self.directory.user(user) {
            Some(facts) if facts.enabled => Destination::User(Callee {
                max_calls: facts.max_calls,
                forwards: Forwards::default(),
                ..self.callee(user)
            }),
            _ => Destination::Refused(EndReason::NotFound),
        }
    }

    /// A user's live sessions and registered telephones.
    pub(crate) fn devices_of(&self, user: UserId) -> impl Iterator<Item = DeviceId> {
        let browsers = self.sessions.of_user(user).map(DeviceId::Browser);
        let telephones = self.binding_keys(user).map(DeviceId::Telephone);
        browsers.chain(telephones)
    }

    /// A user with their live sessions and registered telephones, as they want to be called. Who does not want to be
    /// disturbed may have no call more, who wants no second one may have one.
    pub(crate) fn callee(&self, user: UserId) -> Callee {
        let facts = self.directory.user(user);
        let settings = facts.map(|user| &user.settings);
        let forward = |when| settings.and_then(|it| it.forward.get(when)).map(dialled_text);
        let allowed = facts.map_or(1, |user| user.max_calls);
        let max_calls = match settings {
            Some(settings) if settings.do_not_disturb => 0,
            Some(settings) if !settings.call_waiting => allowed.min(1),
            _ => allowed,
        };
        Callee {
            user,
            devices: self.devices_of(user).collect(),
            ring: self.directory.ring_time(user),
            max_calls,
            forwards: Forwards {
                busy: forward(ForwardKind::Busy),
                no_answer: forward(ForwardKind::NoAnswer),
                offline: forward(ForwardKind::Offline),
            },
            auto_answer: false,
        }
    }
}

/// A number as call control carries it.
fn dialled_text(number: &Extension) -> Pii<Arc<str>> {
    Pii(Arc::from(number.as_str()))
}
