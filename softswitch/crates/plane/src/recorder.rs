//! What a leg says, for a file: decoded by our own clock, so that pauses stay as long as they were.

use std::time::Instant;

use ringdown_media::{
    api::{RecordingEnd, RecordingLimits},
    mix::is_audible,
    rtp::Packet,
    wide::{WIDE_RATE, WIDE_SAMPLES, WideDecoder},
};
use ringdown_types::{CodecId, RecordingId};

use crate::{
    feed::{PLAY_FRAME, next_due},
    output::RecordingPart,
};

pub(crate) struct Recorder {
    pub(crate) recording: RecordingId,
    limits: RecordingLimits,
    decoder: Option<WideDecoder>,
    /// Samples that are not handed over yet.
    pending: Vec<i16>,
    /// Samples so far, and those up to the end of the last audible frame.
    samples: u64,
    audible: u64,
    pub(crate) due: Instant,
}

impl Recorder {
    pub(crate) fn new(now: Instant, recording: RecordingId, limits: RecordingLimits) -> Self {
        let due = now + PLAY_FRAME;
        let pending = Vec::with_capacity(CHUNK_SAMPLES);
        Self { recording, limits, decoder: None, pending, samples: 0, audible: 0, due }
    }

    /// Takes a packet of the leg.
    pub(crate) fn handle_packet(&mut self, now: Instant, codec: CodecId, packet: &Packet, payload: &[u8]) {
        if let Some(decoder) = decoder_for(&mut self.decoder, codec) {
            decoder.handle_packet(now, packet.ssrc, packet.sequence, packet.timestamp, payload);
        }
    }

    /// Makes the frame that is due. What it returns is to be handed over; with an end the recorder is done.
    pub(crate) fn handle_timeout(&mut self, now: Instant) -> Vec<RecordingPart> {
        self.due = next_due(now, self.due, PLAY_FRAME);
        let mut frame = [0; WIDE_SAMPLES];
        let is_heard = self.decoder.as_mut().is_some_and(|decoder| decoder.next_frame(&mut frame));
        self.samples += WIDE_SAMPLES as u64;
        if is_heard && is_audible(&frame) {
            self.audible = self.samples;
        }
        self.pending.extend_from_slice(&frame);
        if milliseconds(self.samples) >= self.limits.max_ms {
            return self.end(RecordingEnd::TooLong);
        }
        let quiet = milliseconds(self.samples - self.audible);
        if self.limits.silence_ms > 0 && quiet >= self.limits.silence_ms {
            return self.end(RecordingEnd::Silence);
        }
        if self.pending.len() < CHUNK_SAMPLES {
            return Vec::new();
        }
        vec![RecordingPart::Audio(std::mem::replace(&mut self.pending, Vec::with_capacity(CHUNK_SAMPLES)))]
    }

    /// The last of it. The silence at the end is left out.
    pub(crate) fn end(&mut self, end: RecordingEnd) -> Vec<RecordingPart> {
        let samples = if self.audible == 0 { 0 } else { self.samples.min(self.audible + TAIL_SAMPLES) };
        let last = RecordingPart::End { end, samples };
        vec![RecordingPart::Audio(std::mem::take(&mut self.pending)), last]
    }
}

/// A decoder of this codec: the one there was if it fits. A source may change its codec at any packet.
fn decoder_for(decoder: &mut Option<WideDecoder>, codec: CodecId) -> Option<&mut WideDecoder> {
    if decoder.as_ref().is_none_or(|decoder| decoder.codec() != codec) {
        *decoder = WideDecoder::new(codec).ok();
    }
    decoder.as_mut()
}

const fn milliseconds(samples: u64) -> u32 {
    (samples * 1000 / WIDE_RATE as u64) as u32
}

/// 200 ms. More delays what is on the disk when the machine dies, fewer cost more messages to the shell.
const CHUNK_SAMPLES: usize = WIDE_RATE as usize / 5;

/// 300 ms are kept after the last audible frame, so that no last consonant is cut off.
const TAIL_SAMPLES: u64 = WIDE_RATE as u64 * 3 / 10;
