//! A sound played to one leg in the middle of whatever it does: it hears nothing else until the sound ends or is stopped,
//! then what its call has it hear again. Its partner hears nobody meanwhile; a room goes on without it.

use ringdown_types::LegId;

use crate::{CommandError, PlaySource, bridge::Feed, call::Call};

/// A sound that is being played to a leg.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Insertion {
    pub(crate) source: PlaySource,
    pub(crate) token: u32,
}

impl Call {
    /// Plays once to an answered leg that holds nobody, instead of what it hears; a sound inserted before ends.
    pub(crate) fn insert_sound(&mut self, leg: LegId, source: PlaySource) -> Result<(), CommandError> {
        let leg = self.leg_mut(leg).ok_or(CommandError::NoSuchLeg)?;
        if !leg.is_active() || leg.held {
            return Err(CommandError::WrongState);
        }
        leg.insertions = leg.insertions.wrapping_add(1);
        leg.insertion = Some(Insertion { source, token: TOKENS | leg.insertions });
        Ok(())
    }

    /// Ends what was inserted, if something is.
    pub(crate) fn stop_sound(&mut self, leg: LegId) -> Result<(), CommandError> {
        self.leg_mut(leg).ok_or(CommandError::NoSuchLeg)?.insertion = None;
        Ok(())
    }

    /// A playback reached its end; `false` if it is none that was inserted.
    pub(crate) fn insertion_finished(&mut self, leg: LegId, token: u32) -> bool {
        if token & TOKENS == 0 {
            return false;
        }
        if let Some(leg) = self.leg_mut(leg) {
            leg.insertion.take_if(|insertion| insertion.token == token);
        }
        true
    }

    /// What a leg hears that would hear `feed`.
    pub(crate) fn with_insertions(&self, leg: LegId, feed: Feed) -> Feed {
        let insertion = |leg| self.leg(leg).and_then(|leg| leg.insertion.filter(|_| !leg.held));
        match (insertion(leg), feed) {
            (Some(Insertion { source, token }), _) => Feed::Sound { source, token },
            (None, Feed::Partner(partner)) if insertion(partner).is_some() => Feed::Silence,
            (None, feed) => feed,
        }
    }

    /// Who puts the other side on hold has heard enough.
    pub(crate) fn end_insertions_of_holders(&mut self) {
        for leg in self.legs.iter_mut().filter(|leg| leg.held) {
            leg.insertion = None;
        }
    }
}

/// Tells inserted playbacks from a service's own, which count from 1.
const TOKENS: u32 = 1 << 31;
