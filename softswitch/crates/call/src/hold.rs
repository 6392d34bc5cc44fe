//! Hold and mute.
//!
//! Either side may hold, and both may at once. A held device hears music, or silence when it holds too. Holding
//! twice is holding once. Who hears what follows in [`crate::bridge`].

use ringdown_types::LegId;

use crate::{Action, CommandError, call::Call, shared::Shared};

impl Call {
    /// Only an answered leg can hold.
    pub(crate) fn set_held(&mut self, leg: LegId, held: bool) -> Result<(), CommandError> {
        let leg = self.leg_mut(leg).ok_or(CommandError::NoSuchLeg)?;
        if !leg.is_active() {
            return Err(CommandError::WrongState);
        }
        leg.held = held;
        Ok(())
    }

    /// A leg can be muted in any state, so that one can join silently.
    pub(crate) fn set_muted(
        &mut self,
        leg: LegId,
        muted: bool,
        shared: &mut Shared,
    ) -> Result<(), CommandError> {
        let leg = self.leg_mut(leg).ok_or(CommandError::NoSuchLeg)?;
        if leg.muted != muted {
            leg.muted = muted;
            let is_silenced = shared.rooms.note_muted(leg.id, muted);
            if !is_silenced {
                shared.action(Action::Mute { leg: leg.id, muted });
            }
        }
        Ok(())
    }
}
