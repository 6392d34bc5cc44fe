//! What a leg hears: nothing, another leg, itself, a mix, or a playback.

use std::time::{Duration, Instant};

use ringdown_media::{codec::OpusSettings, prompt::Playback, transcode::Transcoder, wide::RecordedPlayback};
use ringdown_types::{CodecId, RecordingId};

use crate::{legs::Slot, mix::Member};

pub(crate) enum Feed {
    Silence,
    /// The leg's own audio.
    Echo,
    /// Another leg, which hears this one.
    Partner {
        slot: Slot,
        conversion: Option<Box<Conversion>>,
    },
    Play(Play),
    /// Every other member of a mix.
    Mix(Box<Member>),
}

/// The partner's audio in a codec this leg understands.
pub(crate) struct Conversion {
    pub(crate) transcoder: Transcoder,
    /// Names it in the outgoing stream.
    pub(crate) origin: u64,
    pub(crate) due: Instant,
}

pub(crate) struct Play {
    pub(crate) sound: Sound,
    pub(crate) token: u32,
    /// Names it in the outgoing stream.
    pub(crate) origin: u64,
    /// `None` until the leg can be sent to: the beginning of a prompt is not lost while a browser connects.
    pub(crate) due: Option<Instant>,
}

/// What is played.
pub(crate) enum Sound {
    /// A clip of the sound pack, encoded already.
    Clip(Playback),
    /// A recording that the shell is reading.
    Awaited { recording: RecordingId, repeat: bool },
    /// A recording.
    Recorded(RecordedPlayback),
}

impl Sound {
    /// The next 20 ms in `out`; `None` at the end.
    pub(crate) fn next_frame(
        &mut self,
        codec: CodecId,
        settings: OpusSettings,
        out: &mut [u8],
    ) -> Option<usize> {
        match self {
            Self::Clip(playback) => {
                let frame = playback.next_frame(codec)?;
                out.get_mut(..frame.len())?.copy_from_slice(frame);
                Some(frame.len())
            }
            Self::Awaited { .. } => None,
            Self::Recorded(playback) => playback.next_frame(codec, settings, out),
        }
    }

    pub(crate) const fn is_awaited(&self) -> bool {
        matches!(self, Self::Awaited { .. })
    }
}

impl Feed {
    /// Who hears this leg.
    pub(crate) const fn listener(&self, own: Slot) -> Option<Slot> {
        match self {
            Self::Silence | Self::Play(_) | Self::Mix(_) => None,
            Self::Echo => Some(own),
            Self::Partner { slot, .. } => Some(*slot),
        }
    }

    pub(crate) fn conversion(&self) -> Option<&Conversion> {
        match self {
            Self::Partner { conversion, .. } => conversion.as_deref(),
            _ => None,
        }
    }

    /// When the next frame is to be made.
    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        match self {
            Self::Play(play) => play.due,
            _ => self.conversion().map(|conversion| conversion.due),
        }
    }
}

/// When the frame after the one due at `due` is due. A worker that was held up for long does not catch up in a burst.
pub(crate) fn next_due(now: Instant, due: Instant, step: Duration) -> Instant {
    let next = due + step;
    if now.saturating_duration_since(next) > MAX_CATCH_UP { now + step } else { next }
}

/// The frame length of everything that is played.
pub(crate) const PLAY_FRAME: Duration = Duration::from_millis(20);

/// Jitter buffers of browsers and telephones hold about this much.
const MAX_CATCH_UP: Duration = Duration::from_millis(100);
