//! The sound store: prompts, music and tones, encoded once for each codec, so that playing costs no encoder.
//!
//! The shell builds a store of files of encoded sounds ([`ClipPack`]) that it maps, and hands it to the workers as an
//! `Arc`. A newer pack is a new store; what is playing goes on with the clips of the old one, whose file stays mapped
//! until the last of them is over.

mod clip;
mod pack;

use std::{collections::HashMap, sync::Arc};

use ringdown_types::{CodecId, DtmfDigit, PromptId, ToneId, TonePlan};
use thiserror::Error;

use crate::{
    api::PlaySource,
    codec::{CodecError, OpusSettings},
    tone,
    wav::{self, WavError},
};

pub use clip::{Clip, EncodedClip, Ending, FRAME_MS, SharedBytes};
pub use pack::{ClipPack, PackError};

/// Why a prompt is not taken into a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SoundError {
    /// Its file is not read.
    #[error(transparent)]
    Wav(#[from] WavError),
    /// It cannot be encoded.
    #[error(transparent)]
    Codec(#[from] CodecError),
    /// A file of encoded sounds is not read.
    #[error(transparent)]
    Pack(#[from] PackError),
    /// It holds no whole frame.
    #[error("the sound is shorter than one frame")]
    TooShort,
}

/// Encodes the tones of a country and the keys, which every store begins with: about 30 ms of computing. Their names
/// are those [`SoundStore::of_tones`] looks for.
///
/// # Errors
/// Where a codec does not work at all.
pub fn encode_tones(
    plan: TonePlan,
    settings: OpusSettings,
) -> Result<Vec<(String, EncodedClip)>, SoundError> {
    let encode = |name: String, pcm: Vec<i16>| {
        EncodedClip::new(&pcm, tone::SAMPLE_RATE, Ending::Cut, settings).map(|clip| (name, clip))
    };
    let tones = ToneId::ALL.into_iter().map(|id| encode(tone_name(id), tone::tone(plan, id)));
    tones.chain(digits().map(|digit| encode(digit_name(digit), tone::dtmf(digit)))).collect()
}

/// Encodes a prompt or music of the sound pack from the bytes of its WAV file. Its name in a [`ClipPack`] is
/// [`PromptId::name`].
///
/// # Errors
/// Where the file is no WAV file we read, or too short.
pub fn encode_prompt(
    prompt: PromptId,
    file: &[u8],
    settings: OpusSettings,
) -> Result<EncodedClip, SoundError> {
    let pcm = wav::read(file)?;
    encode_pcm(prompt, pcm.sample_rate, &pcm.samples, settings)
}

fn encode_pcm(
    prompt: PromptId,
    rate: u32,
    samples: &[i16],
    settings: OpusSettings,
) -> Result<EncodedClip, SoundError> {
    let ending = if prompt == PromptId::MusicOnHold { Ending::Cut } else { Ending::Filled };
    EncodedClip::new(samples, rate, ending, settings)
}

fn tone_name(tone: ToneId) -> String {
    format!("tone {}", tone.name())
}

fn digit_name(digit: DtmfDigit) -> String {
    format!("key {}", digit.event())
}

fn digits() -> impl Iterator<Item = DtmfDigit> {
    (0..16).filter_map(DtmfDigit::from_event)
}

/// Every sound a worker can play. Cheap to clone: the sounds are shared.
#[derive(Debug, Clone)]
pub struct SoundStore {
    settings: OpusSettings,
    prompts: HashMap<PromptId, Arc<Clip>>,
    tones: HashMap<ToneId, Arc<Clip>>,
    digits: Vec<Arc<Clip>>,
}

impl SoundStore {
    /// A store with the international tones and no prompt, encoded here and now.
    ///
    /// # Errors
    /// Where a codec does not work at all.
    pub fn new(settings: OpusSettings) -> Result<Self, SoundError> {
        let tones = encode_tones(TonePlan::INTERNATIONAL, settings)?;
        let pack = ClipPack::read(Arc::new(ClipPack::write("", &tones)))?;
        Self::of_tones(settings, &pack).ok_or(SoundError::Pack(PackError::Damaged))
    }

    /// A store with the tones of a file that holds what [`encode_tones`] made, and no prompt. `None` where one is
    /// missing.
    pub fn of_tones(settings: OpusSettings, pack: &ClipPack) -> Option<Self> {
        let clips: HashMap<&str, &Arc<Clip>> = pack.clips().collect();
        let find = |name: String| clips.get(name.as_str()).map(|clip| Arc::clone(clip));
        let tones =
            ToneId::ALL.into_iter().map(|id| Some((id, find(tone_name(id))?))).collect::<Option<_>>()?;
        let digits = digits().map(|digit| find(digit_name(digit))).collect::<Option<_>>()?;
        Some(Self { settings, prompts: HashMap::new(), tones, digits })
    }

    /// Takes the prompts of a file; names that are no prompt's are passed over.
    pub fn insert_pack(&mut self, pack: &ClipPack) {
        for (name, clip) in pack.clips() {
            if let Some(&prompt) = PromptId::ALL.iter().find(|prompt| prompt.name() == name) {
                self.prompts.insert(prompt, Arc::clone(clip));
            }
        }
    }

    /// Whether there is this prompt.
    pub fn has(&self, prompt: PromptId) -> bool {
        self.prompts.contains_key(&prompt)
    }

    /// Forgets every prompt.
    pub fn clear_prompts(&mut self) {
        self.prompts.clear();
    }

    /// Takes the prompts of another store in the place of its own.
    pub fn take_prompts(&mut self, other: &Self) {
        self.prompts.clone_from(&other.prompts);
    }

    /// Takes a prompt from mono PCM, encoding it here and now.
    ///
    /// # Errors
    /// Where it is too short. The store stays as it was.
    pub fn insert_pcm(&mut self, prompt: PromptId, rate: u32, samples: &[i16]) -> Result<(), SoundError> {
        let clip = encode_pcm(prompt, rate, samples, self.settings)?;
        let file = ClipPack::write("", &[(prompt.name().to_owned(), clip)]);
        self.insert_pack(&ClipPack::read(Arc::new(file))?);
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
        if self.next >= self.clip.frames() && self.repeat {
            self.next = 0;
        }
        let index = self.next;
        self.next = (index + 1).min(self.clip.frames());
        self.clip.frame(codec, index)
    }
}

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
        let junk = encode_prompt(PromptId::NotAvailable, b"junk", OpusSettings::default());
        assert_eq!(junk, Err(SoundError::Wav(WavError::NotWav)));
    }
}
