//! Recording what legs say, and playing recordings back: the worker's part. Files are the shell's.

use std::{sync::Arc, time::Instant};

use ringdown_media::{
    api::{MediaEvent, RecordingEnd, RecordingLimits},
    wide::RecordedPlayback,
};
use ringdown_types::RecordingId;

use crate::{
    feed::{Feed, Play, Sound},
    legs::Slot,
    output::{Output, RecordingPart},
    recorder::Recorder,
    worker::Worker,
};

impl Worker {
    /// What became of an [`Output::ReadRecording`]: samples of [`ringdown_media::wide::WIDE_RATE`], or `None` where
    /// there is no such recording. Then its playback is over at once.
    pub fn handle_recording(&mut self, now: Instant, recording: RecordingId, samples: Option<Arc<[i16]>>) {
        for slot in self.legs.slots() {
            let Some(leg) = self.legs.get_mut(slot) else { continue };
            let Feed::Play(Play { sound, token, .. }) = &mut leg.feed else { continue };
            let repeat = match sound {
                Sound::Awaited { recording: awaited, repeat } if *awaited == recording => *repeat,
                _ => continue,
            };
            if let Some(samples) = &samples {
                *sound = Sound::Recorded(RecordedPlayback::new(Arc::clone(samples), repeat));
                self.wake(now, slot);
            } else {
                let (leg_id, token) = (leg.id, *token);
                leg.feed = Feed::Silence;
                self.outputs.event(MediaEvent::PlayFinished { leg: leg_id, token });
            }
        }
    }

    /// Begins a recording; `false` where one goes on.
    pub(crate) fn record(
        &mut self,
        now: Instant,
        slot: Slot,
        recording: RecordingId,
        limits: RecordingLimits,
    ) -> bool {
        let Some(leg) = self.legs.get_mut(slot).filter(|leg| leg.recorder.is_none()) else { return false };
        leg.recorder = Some(Box::new(Recorder::new(now, recording, limits)));
        self.reschedule(slot);
        true
    }

    /// Ends a leg's recording, if there is one.
    pub(crate) fn stop_recording(&mut self, slot: Slot, end: RecordingEnd) {
        let Some(leg) = self.legs.get_mut(slot) else { return };
        let Some(mut recorder) = leg.recorder.take() else { return };
        let leg = leg.id;
        for part in recorder.end(end) {
            self.outputs.push(Output::Record { recording: recorder.recording, leg, part });
        }
        self.reschedule(slot);
    }

    /// Makes the frame of a recording that is due.
    pub(crate) fn record_frame(&mut self, now: Instant, slot: Slot) {
        let Some(leg) = self.legs.get_mut(slot) else { return };
        let Some(recorder) = leg.recorder.as_mut().filter(|recorder| recorder.due <= now) else { return };
        let (recording, id) = (recorder.recording, leg.id);
        for part in recorder.handle_timeout(now) {
            if matches!(part, RecordingPart::End { .. }) {
                leg.recorder = None;
            }
            self.outputs.push(Output::Record { recording, leg: id, part });
        }
    }
}
