//! Keys that are sent to a leg: as telephone-event (RFC 4733), or as tones where that was not negotiated.

use std::{collections::VecDeque, sync::Arc, time::Instant};

use ringdown_media::{
    api::{AudioParameters, TelephoneEventFormat},
    prompt::{Clip, Playback},
    rtp::TelephoneEventSender,
};
use ringdown_types::DtmfDigit;

/// The keys waiting and the one being sent.
#[derive(Default)]
pub(crate) struct Digits {
    waiting: VecDeque<Digit>,
    pub(crate) current: Current,
    pub(crate) due: Option<Instant>,
}

/// A key to be sent.
pub(crate) struct Digit {
    pub(crate) digit: DtmfDigit,
    pub(crate) duration_ms: u16,
    /// Names it in the outgoing stream.
    pub(crate) origin: u64,
    /// Its sound, for legs without telephone-event.
    pub(crate) clip: Option<Arc<Clip>>,
}

#[derive(Default)]
pub(crate) enum Current {
    #[default]
    None,
    Event {
        sender: TelephoneEventSender,
        payload_type: u8,
        origin: u64,
        /// The offset of the newest packet's timestamp.
        offset: u32,
    },
    InBand {
        playback: Playback,
        origin: u64,
    },
    /// Silence between two keys, in frames.
    Pause(u8),
}

impl Digits {
    /// Queues a key; false where too many wait.
    pub(crate) fn push(&mut self, now: Instant, digit: Digit) -> bool {
        if self.waiting.len() >= MAX_WAITING {
            return false;
        }
        self.waiting.push_back(digit);
        self.due.get_or_insert(now);
        true
    }

    /// Whether a key is sounding, so that other audio is held back (RFC 4733 §2.5.1.1).
    pub(crate) const fn is_sending(&self) -> bool {
        matches!(self.current, Current::Event { .. } | Current::InBand { .. })
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Begins the next key that waits; false where there is none.
    pub(crate) fn begin_next(&mut self, audio: &AudioParameters) -> bool {
        let Some(Digit { digit, duration_ms, origin, clip }) = self.waiting.pop_front() else { return false };
        let clock_rate = audio.codecs.first().map_or(8000, |format| format.codec.clock_rate());
        self.current = match (event_format(audio, clock_rate), clip) {
            (Some(format), _) => Current::Event {
                sender: TelephoneEventSender::new(digit, duration_ms, 20, clock_rate),
                payload_type: format.send,
                origin,
                offset: 0,
            },
            (None, Some(clip)) => Current::InBand { playback: Playback::new(clip, false), origin },
            (None, None) => Current::None,
        };
        true
    }
}

/// The telephone-event format for a stream of `clock_rate`, or else the first: its events still count in the stream's
/// clock, which is the only one the stream has (RFC 4733 §2.1).
pub(crate) fn event_format(audio: &AudioParameters, clock_rate: u32) -> Option<TelephoneEventFormat> {
    let formats = &audio.telephone_events;
    formats.iter().find(|format| format.clock_rate == clock_rate).or(formats.first()).copied()
}

/// More keys than a calling card has digits.
const MAX_WAITING: usize = 64;

/// 40 ms between two keys (ITU-T Q.24 table A-1).
pub(crate) const PAUSE_FRAMES: u8 = 2;
