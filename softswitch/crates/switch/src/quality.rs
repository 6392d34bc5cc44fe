//! How good the legs' audio is and who speaks, from the media workers to the app server. Call control does not decide by
//! it.

use std::collections::HashMap;

use ringdown_call::{CommandError, LegView};
use ringdown_control::{Event, LegFigures};
use ringdown_media::api::{LegStats, MediaCommand};
use ringdown_types::{LegId, QualityReport};

use crate::{Switch, notices::Translator};

/// Legs that are over and whose last figures are still to come from their worker: it answers each removal.
#[derive(Debug, Default)]
pub(crate) struct AwaitedFigures(HashMap<LegId, LegFigures>);

impl Switch {
    /// A worker's figures of a leg. Links between workers and legs that are over are nobody's.
    pub(crate) fn quality_told(&mut self, leg: LegId, report: QualityReport) {
        if self.legs.get(leg).is_some() {
            self.event(Event::LegQuality { leg, report });
        }
    }

    /// Asks a leg's worker to tell when it speaks.
    pub(crate) fn watch_voice(&mut self, leg: LegId, watched: bool) -> Result<(), CommandError> {
        if !self.legs.get(leg).is_some_and(|leg| leg.in_media) {
            return Err(CommandError::NoSuchLeg);
        }
        self.media(leg, MediaCommand::WatchVoice { leg, watched });
        Ok(())
    }

    /// A leg that is watched begins or ceases to speak.
    pub(crate) fn voice_told(&mut self, leg: LegId, is_active: bool) {
        if self.legs.get(leg).is_some() {
            self.event(Event::VoiceActivity { leg, is_active });
        }
    }

    /// A leg is over and leaves its worker.
    pub(crate) fn await_figures(&mut self, view: &LegView) {
        if !self.legs.get(view.leg).is_some_and(|leg| leg.in_media) {
            return;
        }
        let translator = Translator { directory: &self.directory, clock: &self.clock, legs: &self.legs };
        let figures = translator.figures(view);
        self.figures.0.insert(view.leg, figures);
    }

    /// A worker is lost, with the last figures of the legs that were leaving it.
    pub(crate) fn figures_lost(&mut self) {
        self.figures.0.retain(|leg, _| self.workers.is_leaving(*leg));
    }

    /// A leg has left its worker: its last figures. One that never heard or said anything has none.
    pub(crate) fn figures_told(&mut self, leg: LegId, stats: &LegStats) {
        let Some(figures) = self.figures.0.remove(&leg) else { return };
        let quality = stats.quality;
        if quality.from_device.is_some() || quality.to_device.is_some() {
            self.event(Event::LegFigures { figures: LegFigures { quality, ..figures } });
        }
    }
}
