//! Recording legs and mixes, and playing recordings back: the worker's part. Files are the shell's.

use std::{sync::Arc, time::Instant};

use ringdown_media::{
    api::{MediaEvent, RecordingEnd, RecordingForm, RecordingLimits},
    rtp::Packet,
    wide::RecordedPlayback,
};
use ringdown_types::{CodecId, LegId, MixId, RecordingId, SoundFormat};

use crate::{
    feed::{Feed, Play, Sound},
    leg::Leg,
    legs::Slot,
    output::{Output, Outputs, RecordingFile, RecordingPart},
    recorder::{MixRecorder, Recorder},
    worker::Worker,
};

impl Worker {
    /// What became of an [`Output::ReadRecording`]: samples of [`ringdown_media::wide::WIDE_RATE`], or `None` where
    /// there is no such recording. Then its playback is over at once.
    pub fn handle_recording(&mut self, now: Instant, recording: RecordingId, samples: Option<Arc<[i16]>>) {
        self.mixes.handle_recording(recording, samples.as_ref());
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
        (recording, form): (RecordingId, RecordingForm),
        limits: RecordingLimits,
    ) -> bool {
        let Some(leg) = self.legs.get_mut(slot).filter(|leg| leg.recorder.is_none()) else { return false };
        leg.recorder = Some(Box::new(Recorder::new(now, recording, form, limits)));
        self.reschedule(slot);
        true
    }

    /// Ends a leg's recording, if there is one.
    pub(crate) fn stop_recording(&mut self, slot: Slot, end: RecordingEnd) {
        let Some(leg) = self.legs.get_mut(slot) else { return };
        let Some(mut recorder) = leg.recorder.take() else { return };
        let of = (recorder.recording, Some(leg.id), recorder.file());
        hand_over(&mut self.outputs, of, recorder.end(end));
        self.reschedule(slot);
    }

    /// Makes the frame of a recording that is due.
    pub(crate) fn record_frame(&mut self, now: Instant, slot: Slot) {
        let Some(leg) = self.legs.get_mut(slot) else { return };
        let Some(recorder) = leg.recorder.as_mut().filter(|recorder| recorder.due <= now) else { return };
        let of = (recorder.recording, Some(leg.id), recorder.file());
        let parts = recorder.handle_timeout(now);
        if hand_over(&mut self.outputs, of, parts) {
            leg.recorder = None;
        }
    }

    /// Begins a mix's recording; `false` where there is no such mix, or one goes on.
    pub(crate) fn record_mix(
        &mut self,
        mix: MixId,
        (recording, format): (RecordingId, SoundFormat),
        limits: RecordingLimits,
    ) -> bool {
        let Some(place) = self.mixes.recorder_mut(mix).filter(|place| place.is_none()) else { return false };
        *place = Some(Box::new(MixRecorder::new(recording, format, limits)));
        true
    }

    /// Ends a mix's recording, if there is one.
    pub(crate) fn stop_mix_recording(&mut self, mix: MixId) {
        if let Some(place) = self.mixes.recorder_mut(mix) {
            end_mix_recording(place, &mut self.outputs, RecordingEnd::Stopped);
        }
    }
}

impl Leg {
    /// Takes an audio packet on its way to the leg to whoever writes down what it hears.
    pub(crate) fn note_heard(&mut self, now: Instant, codec: CodecId, packet: &Packet, buffer: &[u8]) {
        if let Some(recorder) = &mut self.recorder
            && let Some(payload) = buffer.get(packet.payload.clone())
        {
            recorder.handle_heard(now, codec, packet, payload);
        }
    }
}

/// Ends a mix's recording, if there is one.
pub(crate) fn end_mix_recording(
    place: &mut Option<Box<MixRecorder>>,
    outputs: &mut Outputs,
    end: RecordingEnd,
) {
    if let Some(mut recorder) = place.take() {
        let of = (recorder.recording, None, recorder.file());
        hand_over(outputs, of, recorder.end(end));
    }
}

/// Hands parts of a recording to the shell; `true` where its end is among them.
pub(crate) fn hand_over(
    outputs: &mut Outputs,
    (recording, leg, file): (RecordingId, Option<LegId>, RecordingFile),
    parts: Vec<RecordingPart>,
) -> bool {
    let mut is_over = false;
    for part in parts {
        is_over |= matches!(part, RecordingPart::End { .. });
        outputs.push(Output::Record { recording, leg, file, part });
    }
    is_over
}
