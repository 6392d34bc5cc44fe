//! The sound store: prompts, music and tones, encoded once for each codec, so that playing costs no encoder.
//!
//! The shell builds a store from the sound pack's files and hands it to the workers as an `Arc`. A newer pack is a
//! new store; what is playing goes on with the clips of the old one.

use std::{collections::HashMap, sync::Arc};

use ringdown_types::{CodecId, DtmfDigit, PromptId, ToneId};
use thiserror::Error;

use crate::{
    api::PlaySource,
    codec::{CodecError, Encoder, MAX_ENCODED_LENGTH, OpusSettings, g711, g722},
    resample::resample,
    tone,
    wav::{self, WavError},
};

/// The length of every frame of a clip, in milliseconds.
pub const FRAME_MS: u32 = 20;

/// Why a prompt is not taken into a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SoundError {
    /// Its file is not read.
    #[error(transparent)]
    Wav(#[from] WavError),
    /// It cannot be encoded.
    #[error(transparent)]
    Codec(#[from] CodecError),
    /// It holds no whole frame.
    #[error("the sound is shorter than one frame")]
    TooShort,
}

/// A sound in every codec, as frames of [`FRAME_MS`].
#[derive(Debug)]
pub struct Clip {
    frames: usize,
    opus: Vec<u8>,
    /// Where each Opus frame ends in `opus`.
    opus_ends: Vec<u32>,
    g722: Vec<u8>,
    pcmu: Vec<u8>,
    pcma: Vec<u8>,
}

/// What becomes of a beginning frame at a sound's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    /// Filled with silence: nothing of a sentence is lost.
    Filled,
    /// Cut off: music that starts again has no hole.
    Cut,
}

impl Clip {
    /// Encodes mono PCM. Opus begins in the state it has at the sound's end, so that a repetition has no seam.
    fn encode(pcm: &[i16], rate: u32, ending: Ending, settings: OpusSettings) -> Result<Self, SoundError> {
        let opus_rate = if [8000, 12_000, 16_000, 24_000, 48_000].contains(&rate) { rate } else { 48_000 };
        let wide = whole_frames(convert(pcm, rate, opus_rate, ending), opus_rate, ending);
        let narrow = convert(&wide, opus_rate, g711::SAMPLE_RATE, ending);
        if narrow.is_empty() {
            return Err(SoundError::TooShort);
        }
        let middle = convert(&wide, opus_rate, g722::SAMPLE_RATE, ending);
        let (opus, opus_ends) = encode_opus(&wide, opus_rate, settings)?;
        Ok(Self {
            frames: opus_ends.len(),
            opus,
            opus_ends,
            g722: encode_g722(&middle),
            pcmu: narrow.iter().map(|&sample| g711::encode_ulaw(sample)).collect(),
            pcma: narrow.iter().map(|&sample| g711::encode_alaw(sample)).collect(),
        })
    }

    /// How many frames it has.
    pub const fn frames(&self) -> usize {
        self.frames
    }

    /// A frame in a codec; `None` past the end.
    pub fn frame(&self, codec: CodecId, index: usize) -> Option<&[u8]> {
        match codec {
            CodecId::Opus => {
                let end = *self.opus_ends.get(index)? as usize;
                let start = index.checked_sub(1).map_or(0, |before| self.opus_ends[before] as usize);
                self.opus.get(start..end)
            }
            CodecId::G722 => self.g722.chunks_exact(SAMPLES_8K).nth(index),
            CodecId::Pcmu => self.pcmu.chunks_exact(SAMPLES_8K).nth(index),
            CodecId::Pcma => self.pcma.chunks_exact(SAMPLES_8K).nth(index),
        }
    }
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

fn encode_opus(pcm: &[i16], rate: u32, settings: OpusSettings) -> Result<(Vec<u8>, Vec<u32>), CodecError> {
    // Files do not get lost on the way: the bits go into the sound.
    let mut encoder = Encoder::new(CodecId::Opus, rate, OpusSettings { expected_loss: 0, ..settings })?;
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

/// As with Opus, it begins in the state it has at the sound's end.
fn encode_g722(pcm: &[i16]) -> Vec<u8> {
    let mut encoder = g722::Encoder::default();
    let mut octets = vec![0; pcm.len() / 2];
    let preroll = pcm.len() - pcm.len().min(PREROLL_FRAMES * SAMPLES_8K * 2);
    encoder.encode(&pcm[preroll..], &mut octets);
    encoder.encode(pcm, &mut octets);
    octets
}

/// Every sound a worker can play.
#[derive(Debug)]
pub struct SoundStore {
    settings: OpusSettings,
    prompts: HashMap<PromptId, Arc<Clip>>,
    tones: HashMap<ToneId, Arc<Clip>>,
    digits: Vec<Arc<Clip>>,
}

impl SoundStore {
    /// A store with the tones and no prompt. It takes about 30 ms of computing.
    ///
    /// # Errors
    /// Where Opus does not work at all.
    pub fn new(settings: OpusSettings) -> Result<Self, SoundError> {
        let encode =
            |pcm: Vec<i16>| Clip::encode(&pcm, tone::SAMPLE_RATE, Ending::Cut, settings).map(Arc::new);
        let digits = (0..16)
            .filter_map(DtmfDigit::from_event)
            .map(|digit| encode(tone::dtmf(digit)))
            .collect::<Result<_, _>>()?;
        let tones = ToneId::ALL
            .into_iter()
            .map(|id| Ok((id, encode(tone::tone(id))?)))
            .collect::<Result<_, SoundError>>()?;
        Ok(Self { settings, prompts: HashMap::new(), tones, digits })
    }

    /// Takes a prompt from the bytes of its WAV file. One second takes about 10 ms of computing, so the shell does it beside the start.
    ///
    /// # Errors
    /// Where the file is no WAV file we read, or too short. The store stays as it was.
    pub fn insert_wav(&mut self, prompt: PromptId, file: &[u8]) -> Result<(), SoundError> {
        let pcm = wav::read(file)?;
        self.insert_pcm(prompt, pcm.sample_rate, &pcm.samples)
    }

    /// Takes a prompt from mono PCM.
    ///
    /// # Errors
    /// Where it is too short. The store stays as it was.
    pub fn insert_pcm(&mut self, prompt: PromptId, rate: u32, samples: &[i16]) -> Result<(), SoundError> {
        let ending = if prompt == PromptId::MusicOnHold { Ending::Cut } else { Ending::Filled };
        let clip = Clip::encode(samples, rate, ending, self.settings)?;
        self.prompts.insert(prompt, Arc::new(clip));
        Ok(())
    }

    /// The clip of a sound; `None` for a prompt the pack lacks, and for a recording, which no store holds.
    pub fn clip(&self, source: PlaySource) -> Option<Arc<Clip>> {
        let clip = match source {
            PlaySource::Prompt(prompt) => self.prompts.get(&prompt)?,
            PlaySource::Tone(tone) => self.tones.get(&tone)?,
            PlaySource::Recording(_) => return None,
        };
        Some(Arc::clone(clip))
    }

    /// The clip of an in-band digit.
    pub fn digit(&self, digit: DtmfDigit) -> Option<Arc<Clip>> {
        self.digits.get(usize::from(digit.event())).cloned()
    }
}

/// A clip that is being played.
#[derive(Debug, Clone)]
pub struct Playback {
    clip: Arc<Clip>,
    next: usize,
    repeat: bool,
}

impl Playback {
    /// Plays `clip` from its beginning, over and over if `repeat`.
    pub const fn new(clip: Arc<Clip>, repeat: bool) -> Self {
        Self { clip, next: 0, repeat }
    }

    /// The next frame; `None` at the end. The codec may change from frame to frame.
    pub fn next_frame(&mut self, codec: CodecId) -> Option<&[u8]> {
        if self.next >= self.clip.frames && self.repeat {
            self.next = 0;
        }
        let index = self.next;
        self.next = (index + 1).min(self.clip.frames);
        self.clip.frame(codec, index)
    }
}

const SAMPLES_8K: usize = 160;

/// Opus has forgotten what was before after this many frames (RFC 7845 §4.6 asks for 80 ms).
const PREROLL_FRAMES: usize = 5;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::Decoder;

    /// What a codec is listened to at: its own rate, Opus at 8 kHz.
    fn rate(codec: CodecId) -> u32 {
        if codec == CodecId::Opus { 8000 } else { codec.sample_rate() }
    }

    fn decode(playback: &mut Playback, codec: CodecId, frames: usize) -> Vec<i16> {
        let mut decoder = Decoder::new(codec, rate(codec)).expect("its own rate");
        let mut heard = Vec::new();
        for _ in 0..frames {
            let Some(frame) = playback.next_frame(codec) else { break };
            let mut pcm = [0; 960];
            let samples = decoder.decode(frame, &mut pcm).expect("a packet");
            heard.extend_from_slice(&pcm[..samples]);
        }
        heard
    }

    #[test]
    fn tones_play_in_every_codec() {
        let store = SoundStore::new(OpusSettings::default()).expect("a store");
        for codec in CodecId::ALL {
            let clip = store.clip(PlaySource::Tone(ToneId::Busy)).expect("a tone");
            let heard = decode(&mut Playback::new(clip, true), codec, 150);
            let scale = rate(codec) as usize / 8000;
            assert_eq!(heard.len(), 150 * 160 * scale);
            let energy = |range: std::ops::Range<usize>| {
                heard[range.start * scale..range.end * scale]
                    .iter()
                    .map(|&sample| i64::from(sample).pow(2))
                    .sum::<i64>()
                    / (1600 * scale as i64)
            };
            assert!(energy(8800..10_400) > 4_000_000, "{codec:?}: sounding");
            assert!(energy(12_800..14_400) < 10_000, "{codec:?}: silent");
        }
    }

    #[test]
    fn a_prompt_ends_and_music_has_no_seam() {
        let mut store = SoundStore::new(OpusSettings::default()).expect("a store");
        // 440 Hz fits whole periods into half a second.
        let pcm: Vec<i16> = (0..24_000)
            .map(|index| {
                ((f64::from(index) * std::f64::consts::TAU * 440.0 / 48_000.0).sin() * 9000.0) as i16
            })
            .collect();
        store.insert_pcm(PromptId::MusicOnHold, 48_000, &pcm).expect("music");
        store.insert_pcm(PromptId::EchoTest, 44_100, &pcm[..10_000]).expect("a prompt");

        let clip = store.clip(PlaySource::Prompt(PromptId::EchoTest)).expect("a prompt");
        assert_eq!(clip.frames(), 12);
        let mut playback = Playback::new(clip, false);
        assert_eq!(decode(&mut playback, CodecId::Pcma, 100).len(), 12 * 160);
        assert!(playback.next_frame(CodecId::Opus).is_none());

        for codec in CodecId::ALL {
            let clip = store.clip(PlaySource::Prompt(PromptId::MusicOnHold)).expect("music");
            let heard = decode(&mut Playback::new(clip, true), codec, 100);
            let loudest = |range: std::ops::Range<usize>| heard[range].iter().map(|s| s.abs()).max();
            // Each window of 10 ms at most has its full swing, also around the seams.
            for start in (3200..heard.len() - 80).step_by(80) {
                let peak = loudest(start..start + 80).unwrap_or(0);
                assert!((7000..11_500).contains(&peak), "{codec:?} at {start}: {peak}");
            }
        }
        assert!(store.clip(PlaySource::Prompt(PromptId::NotAvailable)).is_none());
        assert_eq!(store.insert_wav(PromptId::NotAvailable, b"junk"), Err(SoundError::Wav(WavError::NotWav)));
    }
}
