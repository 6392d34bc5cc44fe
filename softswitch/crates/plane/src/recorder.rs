//! What a leg says and hears, or a whole mix, for a file: by our own clock, so that pauses stay as long as they were.

use std::time::Instant;

use ringdown_media::{
    api::{RecordingEnd, RecordingForm, RecordingLimits, RecordingPurpose},
    mix::{MIX_RATE, MixFrame, is_audible},
    rtp::Packet,
    wide::{WIDE_RATE, WIDE_SAMPLES, WideDecoder},
};
use ringdown_types::{CodecId, RecordedTracks, RecordingId, SoundFormat};

use crate::{
    feed::{PLAY_FRAME, next_due},
    output::{RecordingFile, RecordingPart},
};

/// Writes down a leg.
pub(crate) struct Recorder {
    pub(crate) recording: RecordingId,
    tracks: RecordedTracks,
    said: Option<WideDecoder>,
    heard: Option<WideDecoder>,
    chunks: Chunks,
    pub(crate) due: Instant,
}

impl Recorder {
    pub(crate) fn new(
        now: Instant,
        recording: RecordingId,
        form: RecordingForm,
        limits: RecordingLimits,
    ) -> Self {
        let RecordingForm { tracks, format, purpose } = form;
        let file = RecordingFile { format, channels: tracks.channels(), rate: WIDE_RATE, purpose };
        let due = now + PLAY_FRAME;
        Self { recording, tracks, said: None, heard: None, chunks: Chunks::new(file, limits), due }
    }

    pub(crate) const fn file(&self) -> RecordingFile {
        self.chunks.file
    }

    /// Takes a packet of the leg.
    pub(crate) fn handle_said(&mut self, now: Instant, codec: CodecId, packet: &Packet, payload: &[u8]) {
        take(&mut self.said, now, codec, packet, payload);
    }

    /// Takes a packet to the leg, numbered as the leg sees it.
    pub(crate) fn handle_heard(&mut self, now: Instant, codec: CodecId, packet: &Packet, payload: &[u8]) {
        if self.tracks != RecordedTracks::Said {
            take(&mut self.heard, now, codec, packet, payload);
        }
    }

    /// Makes the frame that is due. What it returns is to be handed over; with an end the recorder is done.
    pub(crate) fn handle_timeout(&mut self, now: Instant) -> Vec<RecordingPart> {
        self.due = next_due(now, self.due, PLAY_FRAME);
        let (mut said, mut heard) = ([0; WIDE_SAMPLES], [0; WIDE_SAMPLES]);
        let is_said = self.said.as_mut().is_some_and(|decoder| decoder.next_frame(&mut said));
        let is_heard = self.heard.as_mut().is_some_and(|decoder| decoder.next_frame(&mut heard));
        let is_audible = (is_said && is_audible(&said)) || (is_heard && is_audible(&heard));
        match self.tracks {
            RecordedTracks::Said => self.chunks.take(said, is_audible),
            RecordedTracks::Mixed => {
                let both = said.iter().zip(heard).map(|(&said, heard)| said.saturating_add(heard));
                self.chunks.take(both, is_audible)
            }
            RecordedTracks::Split => {
                let both = said.iter().zip(heard).flat_map(|(&said, heard)| [said, heard]);
                self.chunks.take(both, is_audible)
            }
        }
    }

    /// The last of it.
    pub(crate) fn end(&mut self, end: RecordingEnd) -> Vec<RecordingPart> {
        self.chunks.end(end)
    }
}

/// Writes down a mix.
pub(crate) struct MixRecorder {
    pub(crate) recording: RecordingId,
    chunks: Chunks,
}

impl MixRecorder {
    pub(crate) fn new(recording: RecordingId, format: SoundFormat, limits: RecordingLimits) -> Self {
        let purpose = RecordingPurpose::Call;
        let file = RecordingFile { format, channels: 1, rate: MIX_RATE, purpose };
        Self { recording, chunks: Chunks::new(file, limits) }
    }

    pub(crate) const fn file(&self) -> RecordingFile {
        self.chunks.file
    }

    /// Takes a frame of what everybody says. What it returns is to be handed over; with an end the recorder is done.
    pub(crate) fn handle_frame(&mut self, frame: &MixFrame) -> Vec<RecordingPart> {
        self.chunks.take(frame.iter().copied(), is_audible(frame))
    }

    /// The last of it.
    pub(crate) fn end(&mut self, end: RecordingEnd) -> Vec<RecordingPart> {
        self.chunks.end(end)
    }
}

/// A recording on its way to its file.
struct Chunks {
    file: RecordingFile,
    limits: RecordingLimits,
    /// Samples that are not handed over yet.
    pending: Vec<i16>,
    /// Samples of each channel so far, and those up to the end of the last audible frame.
    samples: u64,
    audible: u64,
}

impl Chunks {
    fn new(file: RecordingFile, limits: RecordingLimits) -> Self {
        let pending = Vec::with_capacity(Self::length(file));
        Self { file, limits, pending, samples: 0, audible: 0 }
    }

    /// 200 ms. More delays what is on the disk when the machine dies, fewer cost more messages to the shell.
    const fn length(file: RecordingFile) -> usize {
        file.rate as usize / 5 * file.channels as usize
    }

    /// Takes a frame of 20 ms.
    fn take(&mut self, frame: impl IntoIterator<Item = i16>, is_audible: bool) -> Vec<RecordingPart> {
        self.pending.extend(frame);
        self.samples += u64::from(self.file.rate) / 50;
        if is_audible {
            self.audible = self.samples;
        }
        if self.milliseconds(self.samples) >= self.limits.max_ms {
            return self.end(RecordingEnd::TooLong);
        }
        let quiet = self.milliseconds(self.samples - self.audible);
        if self.limits.silence_ms > 0 && quiet >= self.limits.silence_ms {
            return self.end(RecordingEnd::Silence);
        }
        let length = Self::length(self.file);
        if self.pending.len() < length {
            return Vec::new();
        }
        vec![RecordingPart::Audio(std::mem::replace(&mut self.pending, Vec::with_capacity(length)))]
    }

    /// The last of it. Where silence ends a recording, the silence at its end is left out.
    fn end(&mut self, end: RecordingEnd) -> Vec<RecordingPart> {
        // 300 ms are kept after the last audible frame, so that no last consonant is cut off.
        let tail = u64::from(self.file.rate) * 3 / 10;
        let samples = match (self.limits.silence_ms, self.audible) {
            (0, _) => self.samples,
            (_, 0) => 0,
            (_, audible) => self.samples.min(audible + tail),
        };
        let last = RecordingPart::End { end, samples };
        vec![RecordingPart::Audio(std::mem::take(&mut self.pending)), last]
    }

    const fn milliseconds(&self, samples: u64) -> u32 {
        (samples * 1000 / self.file.rate as u64) as u32
    }
}

/// A source may change its codec at any packet.
fn take(decoder: &mut Option<WideDecoder>, now: Instant, codec: CodecId, packet: &Packet, payload: &[u8]) {
    if decoder.as_ref().is_none_or(|decoder| decoder.codec() != codec) {
        *decoder = WideDecoder::new(codec).ok();
    }
    if let Some(decoder) = decoder {
        decoder.handle_packet(now, packet.ssrc, packet.sequence, packet.timestamp, payload);
    }
}
