//! What feature codes and the app server's commands ask of call control: transfer, parking, pick-up, calls placed for
//! a user, completion. A code dialled at a telephone or in a browser and a command end in the same place.

use std::{collections::BTreeMap, sync::Arc, time::Duration, time::Instant};

use ringdown_call::{Callee, Destination, LegCommand, Originate, Parking};
use ringdown_control::{CommandError, CommandResult};
use ringdown_dialplan::{Decision, PickUpTarget};
use ringdown_types::{LegId, Pii, UserId};

use crate::{
    Switch,
    commands::{Refusal, check_variables},
};

/// A call the app server asks for.
pub(crate) struct AskedCall {
    pub(crate) user: UserId,
    pub(crate) to: String,
    pub(crate) auto_answer: bool,
    pub(crate) variables: BTreeMap<String, String>,
}

impl Switch {
    /// What a code of this file reaches when `by` dials it; `None` for other decisions.
    pub(crate) fn feature(&self, decision: &Decision, by: UserId) -> Option<Destination> {
        Some(match decision {
            Decision::Intercom { user } => {
                Destination::User(Callee { auto_answer: true, ..self.callee(*user) })
            }
            Decision::Park => Destination::Park(None),
            Decision::ParkSlot { slot } => Destination::ParkSlot(slot.0),
            Decision::PickUp { target } => Destination::PickUp(self.picked_up_users(*target, by)),
            Decision::Completion { on } => Destination::Completion { on: *on },
            _ => return None,
        })
    }

    /// Whose ringing calls a pick-up code takes.
    fn picked_up_users(&self, target: PickUpTarget, by: UserId) -> Vec<UserId> {
        match target {
            PickUpTarget::OwnGroup => self.directory.pickup_group_of(by).to_vec(),
            PickUpTarget::User { user } => vec![user],
            PickUpTarget::Group { group } => {
                self.directory.group(group).map(|group| group.members.clone()).unwrap_or_default()
            }
        }
    }

    pub(crate) fn transfer(&mut self, now: Instant, leg: LegId, to: &str) -> Result<(), Refusal> {
        let to = Pii(Arc::from(to));
        Ok(self.calls.handle_command(now, leg, LegCommand::Transfer { to, stays: false })?)
    }

    pub(crate) fn park(
        &mut self,
        now: Instant,
        leg: LegId,
        slot: Option<u32>,
    ) -> Result<CommandResult, Refusal> {
        let slot = self.calls.handle_park(now, leg, slot)?;
        Ok(CommandResult::Parked { slot })
    }

    pub(crate) fn originate(&mut self, now: Instant, asked: AskedCall) -> Result<CommandResult, Refusal> {
        let AskedCall { user, to, auto_answer, variables } = asked;
        check_variables(&variables)?;
        if !self.directory.is_enabled(user) {
            return Err(Refusal::new(CommandError::NoSuchSession, "the user is not known"));
        }
        let asked = Originate { user, to: Pii(Arc::from(to)), auto_answer };
        let call = self.calls.originate(now, asked)?;
        if !variables.is_empty() {
            self.originated.insert(call, variables);
        }
        Ok(CommandResult::Originated { call })
    }

    pub(crate) fn complete(&mut self, now: Instant, user: UserId, on: bool) -> Result<(), Refusal> {
        if on {
            self.calls.want_completion(now, user)?;
        } else {
            self.calls.cancel_completion(user);
        }
        Ok(())
    }

    /// Tells call control where the directory in force lets calls be parked.
    pub(crate) fn put_parking_in_force(&mut self) {
        self.calls.set_parking(self.directory.parking().map(|lot| Parking {
            slots: lot.slots(),
            timeout: Duration::from_secs(lot.timeout_seconds.clamp(10, 3_600).into()),
        }));
    }
}
