//! An answered call: hang-up and keys.

use std::time::Instant;

use ringdown_types::{DtmfDigit, LegId};

use crate::{
    Action, CommandError, EndedBy, LegCommand, Notice,
    bridge::Feed,
    call::{Call, Ending},
    service::Input,
    shared::Shared,
};

impl Call {
    /// One answered side is over; so is the other.
    pub(crate) fn hang_up(&mut self, now: Instant, leg: LegId, ending: Ending, shared: &mut Shared) {
        let is_caller = Some(leg) == self.anchor;
        let (seen_by_partner, by) = match (ending.by, is_caller) {
            (EndedBy::Switch, _) => (EndedBy::Switch, EndedBy::Switch),
            (EndedBy::Local | EndedBy::Remote, true) => (EndedBy::Remote, EndedBy::Local),
            (EndedBy::Local | EndedBy::Remote, false) => (EndedBy::Remote, EndedBy::Remote),
        };
        self.end_leg(leg, ending, shared);
        self.end_legs_except(&[], Ending::told(ending.reason, seen_by_partner), shared);
        self.finish(now, ending.reason, by, shared);
    }

    /// A key of a device: the service it talks to takes it, or its partner hears it, if it hears the device at all.
    pub(crate) fn key_pressed(
        &mut self,
        now: Instant,
        leg: LegId,
        (digit, relayed): (DtmfDigit, bool),
        shared: &mut Shared,
    ) {
        if Some(leg) == self.anchor {
            self.serve(now, Input::Key(digit), shared);
        }
        let Some(partner) = self.bridged_partner(leg) else { return };
        if !relayed {
            shared.action(Action::SendDtmf { leg: partner, digit });
        }
        shared.notice(Notice::Dtmf { leg: partner, digit });
    }

    /// Keys a person presses on a screen.
    pub(crate) fn press_keys(
        &mut self,
        now: Instant,
        leg: LegId,
        digits: &[DtmfDigit],
        shared: &mut Shared,
    ) -> Result<(), CommandError> {
        if digits.is_empty() || digits.len() > LegCommand::MAX_DIGITS {
            return Err(CommandError::Invalid);
        }
        if !self.leg(leg).is_some_and(|leg| leg.is_active()) {
            return Err(CommandError::WrongState);
        }
        for &digit in digits {
            self.key_pressed(now, leg, (digit, false), shared);
        }
        Ok(())
    }

    /// The answered leg that hears `leg`. Keys pressed during a hold go nowhere, as speech does.
    fn bridged_partner(&self, leg: LegId) -> Option<LegId> {
        let partner = self.partner(leg)?.id;
        (self.leg(leg)?.feed == Feed::Partner(partner)).then_some(partner)
    }
}
