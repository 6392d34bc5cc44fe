//! One sound in every codec, encoded once.

use std::{fmt, sync::Arc};

use ringdown_types::CodecId;

use crate::{
    codec::{CodecError, Encoder, MAX_ENCODED_LENGTH, OpusSettings},
    prompt::SoundError,
    resample::resample,
};

/// The length of every frame of a clip, in milliseconds.
pub const FRAME_MS: u32 = 20;

/// Bytes that never change, on the heap or in a mapped file. Whoever plays from them keeps them.
pub type SharedBytes = Arc<dyn AsRef<[u8]> + Send + Sync>;

/// A sound in every codec, as frames of [`FRAME_MS`] that are sent as they are. Cheap to clone: the frames are shared.
#[derive(Clone)]
pub struct Clip {
    bytes: SharedBytes,
    frames: usize,
    tracks: [Option<Track>; CodecId::ALL.len()],
}

/// Where a codec's frames are in the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Track {
    pub(super) codec: CodecId,
    /// Where its first frame begins.
    pub(super) start: usize,
    /// Where its table of ends begins: for each frame 4 octets, little-endian, counted from `start`.
    pub(super) ends: usize,
}

impl fmt::Debug for Clip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clip").field("frames", &self.frames).finish_non_exhaustive()
    }
}

impl Clip {
    /// A clip of checked tracks, see [`super::pack`].
    pub(super) fn new(bytes: SharedBytes, frames: usize, found: &[Track]) -> Self {
        let mut tracks = [None; CodecId::ALL.len()];
        for (place, codec) in tracks.iter_mut().zip(CodecId::ALL) {
            *place = found.iter().find(|track| track.codec == codec).copied();
        }
        Self { bytes, frames, tracks }
    }

    /// How many frames it has.
    pub const fn frames(&self) -> usize {
        self.frames
    }

    /// A frame in a codec; `None` past the end.
    pub fn frame(&self, codec: CodecId, index: usize) -> Option<&[u8]> {
        let track = self.tracks.iter().flatten().find(|track| track.codec == codec)?;
        let bytes = (*self.bytes).as_ref();
        let end = |index: usize| {
            let at = track.ends + index * END_LENGTH;
            let end = bytes.get(at..at + END_LENGTH)?.try_into().ok()?;
            Some(u32::from_le_bytes(end) as usize)
        };
        if index >= self.frames {
            return None;
        }
        let start = index.checked_sub(1).map_or(Some(0), end)?;
        bytes.get(track.start + start..track.start + end(index)?)
    }
}

/// Octets of an entry of a table of ends.
pub(super) const END_LENGTH: usize = 4;

/// What becomes of a beginning frame at a sound's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Filled with silence: nothing of a sentence is lost.
    Filled,
    /// Cut off: music that starts again has no hole.
    Cut,
}

/// A sound that was just encoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncodedClip {
    pub(super) frames: usize,
    pub(super) tracks: Vec<EncodedTrack>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct EncodedTrack {
    pub(super) codec: CodecId,
    pub(super) bytes: Vec<u8>,
    pub(super) ends: Vec<u32>,
}

impl EncodedClip {
    /// Encodes mono PCM of `rate` Hz for every codec. Each encoder begins in the state it has at the sound's end, so
    /// that a repetition has no seam. A second of sound takes about 10 ms of computing.
    ///
    /// # Errors
    /// Where there is no whole frame, or a codec does not work at all.
    pub fn new(pcm: &[i16], rate: u32, ending: Ending, settings: OpusSettings) -> Result<Self, SoundError> {
        let base = if OPUS_RATES.contains(&rate) { rate } else { 48_000 };
        let pcm = whole_frames(convert(pcm, rate, base, ending), base, ending);
        let frames = pcm.len() / (base / 50) as usize;
        if frames == 0 {
            return Err(SoundError::TooShort);
        }
        let track = |codec| {
            let rate = clip_rate(codec, base);
            let (bytes, ends) = encode(codec, &convert(&pcm, base, rate, ending), rate, settings)?;
            Ok(EncodedTrack { codec, bytes, ends })
        };
        let tracks = CodecId::ALL.into_iter().map(track).collect::<Result<_, CodecError>>()?;
        Ok(Self { frames, tracks })
    }
}

/// The rate a codec takes a sound of `base` Hz at.
const fn clip_rate(codec: CodecId, base: u32) -> u32 {
    match codec {
        CodecId::Opus => base,
        _ => codec.sample_rate(),
    }
}

fn encode(
    codec: CodecId,
    pcm: &[i16],
    rate: u32,
    settings: OpusSettings,
) -> Result<(Vec<u8>, Vec<u32>), CodecError> {
    // Files do not get lost on the way: the bits go into the sound.
    let mut encoder = Encoder::new(codec, rate, OpusSettings { expected_loss: 0, ..settings })?;
    let frame = (rate / 50) as usize;
    let mut packet = [0; MAX_ENCODED_LENGTH];
    let preroll = pcm.len() - pcm.len().min(PREROLL_FRAMES * frame);
    for samples in pcm[preroll..].chunks_exact(frame) {
        encoder.encode(samples, &mut packet)?;
    }
    let (mut bytes, mut ends) = (Vec::new(), Vec::new());
    for samples in pcm.chunks_exact(frame) {
        let length = encoder.encode(samples, &mut packet)?;
        bytes.extend_from_slice(&packet[..length]);
        ends.push(bytes.len() as u32);
    }
    Ok((bytes, ends))
}

/// Resamples; what is to be repeated is taken round its end, so that the filter sees no edge.
fn convert(pcm: &[i16], from: u32, to: u32, ending: Ending) -> Vec<i16> {
    let margin = (from / 10) as usize;
    if from == to || ending == Ending::Filled || pcm.len() < margin {
        return resample(pcm, from, to);
    }
    let round = [&pcm[pcm.len() - margin..], pcm, &pcm[..margin]].concat();
    let converted = resample(&round, from, to);
    let margin = (to / 10) as usize;
    converted.get(margin..converted.len().saturating_sub(margin)).map_or_else(Vec::new, <[i16]>::to_vec)
}

fn whole_frames(mut pcm: Vec<i16>, rate: u32, ending: Ending) -> Vec<i16> {
    let frame = (rate / 50) as usize;
    let length = match ending {
        Ending::Filled => pcm.len().div_ceil(frame) * frame,
        Ending::Cut => pcm.len() / frame * frame,
    };
    pcm.resize(length, 0);
    pcm
}

const OPUS_RATES: [u32; 5] = [8000, 12_000, 16_000, 24_000, 48_000];

/// Opus has forgotten what was before after this many frames (RFC 7845 §4.6 asks for 80 ms).
const PREROLL_FRAMES: usize = 5;
