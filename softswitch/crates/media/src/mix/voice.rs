//! What a mix sends: one encoding for all who hear the same, and one for each who speaks.
//!
//! A listener's decoder follows one encoder's history (RFC 6716 §4.2.7, §4.3.2: gains, filters, band energies). Whoever
//! begins to speak changes from the shared encoder to one of their own, and back. So that nothing is heard of that, an
//! encoder begins as a copy of the shared one, and nobody goes back before the two are equal again. Opus's state can be
//! neither copied nor compared: its encoders begin by encoding what the other has just encoded, and go back once both
//! have encoded the same for a while.

use std::collections::VecDeque;

use ringdown_types::CodecId;

use super::{MAX_ENCODED_LENGTH, MIX_RATE, MixFrame, rate::Downsampler};
use crate::codec::{CodecError, Encoder, OpusSettings};

/// Frames of a mix as packets of one codec.
#[derive(Debug)]
struct Voice {
    codec: CodecId,
    encoder: Encoder,
    down: Option<Box<Downsampler>>,
}

impl Voice {
    /// An encoder that goes on from what all heard.
    fn new(codec: CodecId, settings: OpusSettings, past: &Past) -> Result<Self, CodecError> {
        let rate = codec.sample_rate();
        let down = (rate != MIX_RATE).then(|| Box::new(Downsampler::new(rate)));
        let encoder = Encoder::new(codec, rate, for_a_mix(settings))?;
        let mut voice = Self { codec, encoder, down };
        let mut nowhere = [0; MAX_ENCODED_LENGTH];
        for frame in &past.frames {
            voice.encode(frame, &mut nowhere)?;
        }
        Ok(voice)
    }

    /// One that goes on where this one is, unless its state is hidden.
    fn copy(&self) -> Option<Self> {
        let encoder = match &self.encoder {
            Encoder::Opus(_) => return None,
            Encoder::G722(encoder) => Encoder::G722(encoder.clone()),
            Encoder::Pcmu => Encoder::Pcmu,
            Encoder::Pcma => Encoder::Pcma,
        };
        Some(Self { codec: self.codec, encoder, down: self.down.clone() })
    }

    /// Whether both would encode all that follows alike; `None` where the state is hidden.
    fn is_like(&self, other: &Self) -> Option<bool> {
        let is_like = match (&self.encoder, &other.encoder) {
            (Encoder::Opus(_), Encoder::Opus(_)) => return None,
            (Encoder::G722(ours), Encoder::G722(theirs)) => ours == theirs,
            _ => self.codec == other.codec,
        };
        Some(is_like && self.down == other.down)
    }

    fn encode(&mut self, frame: &MixFrame, out: &mut [u8]) -> Result<usize, CodecError> {
        let Some(down) = &mut self.down else { return self.encoder.encode(frame, out) };
        let mut narrow = [0; MIX_RATE as usize / 50];
        let narrow = &mut narrow[..self.codec.sample_rate() as usize / 50];
        down.process(frame, narrow);
        self.encoder.encode(narrow, out)
    }
}

/// What everybody heard who said nothing, as far back as encoders need it.
#[derive(Debug, Default)]
pub struct Past {
    frames: VecDeque<Box<MixFrame>>,
}

impl Past {
    /// Takes the frame that has just been heard.
    pub fn push(&mut self, frame: &MixFrame) {
        let mut slot = if self.frames.len() < PAST_FRAMES { None } else { self.frames.pop_front() }
            .unwrap_or_else(|| Box::new(*frame));
        slot.copy_from_slice(frame);
        self.frames.push_back(slot);
    }
}

/// What everybody hears who says nothing, encoded once for each codec that somebody has.
#[derive(Debug, Default)]
pub struct SharedVoices {
    voices: [Shared; CodecId::ALL.len()],
}

#[derive(Debug, Default)]
struct Shared {
    voice: Option<Voice>,
    packet: Vec<u8>,
    /// Whether the packet is this frame's.
    is_made: bool,
}

impl SharedVoices {
    /// The packet of this frame.
    pub fn packet(
        &mut self,
        codec: CodecId,
        settings: OpusSettings,
        past: &Past,
        frame: &MixFrame,
    ) -> Option<&[u8]> {
        let index = CodecId::ALL.iter().position(|&known| known == codec)?;
        let shared = self.voices.get_mut(index)?;
        if !shared.is_made {
            if shared.voice.is_none() {
                shared.voice = Voice::new(codec, settings, past).ok();
            }
            shared.packet.resize(MAX_ENCODED_LENGTH, 0);
            let length = shared.voice.as_mut()?.encode(frame, &mut shared.packet).ok()?;
            shared.packet.truncate(length);
            shared.is_made = true;
        }
        Some(&shared.packet)
    }

    fn voice(&self, codec: CodecId) -> Option<&Voice> {
        let index = CodecId::ALL.iter().position(|&known| known == codec)?;
        self.voices.get(index)?.voice.as_ref()
    }

    /// Ends the frame. An encoder that nobody heard is gone: it would not know what was said in between.
    pub fn finish_frame(&mut self) {
        for shared in &mut self.voices {
            if !shared.is_made {
                shared.voice = None;
            }
            shared.is_made = false;
        }
    }
}

/// What one member hears who speaks.
#[derive(Debug, Default)]
pub struct OwnVoice {
    voice: Option<Voice>,
    /// Frames since it last heard something else than all the others.
    same: u8,
}

impl OwnVoice {
    /// Whether it needs a packet of its own for this frame: it said something just now, or its encoder is not yet where
    /// the shared one is. To be asked, and what is needed to be encoded, before the shared ones encode this frame.
    pub fn is_needed(&mut self, speaks: bool, shared: &SharedVoices) -> bool {
        self.same = if speaks { 0 } else { self.same.saturating_add(1) };
        let Some(voice) = self.voice.as_ref().filter(|_| !speaks) else { return speaks };
        // Where nobody hears the shared one it begins anew, with the same past.
        let is_like = shared.voice(voice.codec).map_or(Some(true), |shared| voice.is_like(shared));
        let may_go_back = match is_like {
            Some(is_like) => is_like || self.same >= LONGEST_LINGER_FRAMES,
            None => self.same >= LINGER_FRAMES,
        };
        if may_go_back && self.same > PAST_FRAMES as u8 {
            self.voice = None;
        }
        self.voice.is_some()
    }

    /// The length of this frame's packet, which is in `out`.
    pub fn encode(
        &mut self,
        (codec, settings): (CodecId, OpusSettings),
        (past, shared): (&Past, &SharedVoices),
        frame: &MixFrame,
        out: &mut [u8],
    ) -> Option<usize> {
        if self.voice.as_ref().is_none_or(|voice| voice.codec != codec) {
            let copy = shared.voice(codec).and_then(Voice::copy);
            self.voice = copy.or_else(|| Voice::new(codec, settings, past).ok());
        }
        self.voice.as_mut()?.encode(frame, out).ok()
    }
}

/// Several voices at full band want more bits than one: below that, Opus makes them softer by 1 dB and more. More effort
/// on each frame buys less than it costs a room in which everybody speaks.
fn for_a_mix(settings: OpusSettings) -> OpusSettings {
    let bitrate = settings.bitrate.max(LOWEST_BITRATE);
    OpusSettings { bitrate, complexity: settings.complexity.min(HIGHEST_COMPLEXITY), ..settings }
}

const LOWEST_BITRATE: u32 = 48_000;
const HIGHEST_COMPLEXITY: u8 = 3;

/// 100 ms. Fewer leave a new encoder's gains and band energies off; each costs an encoding when somebody begins to talk.
const PAST_FRAMES: usize = 5;

/// 200 ms of the same for both encoders before the shared one takes over. Fewer can be heard, more cost encodings.
const LINGER_FRAMES: u8 = 10;

/// 4 s. Two G.722 encoders that are not equal by then hardly differ.
const LONGEST_LINGER_FRAMES: u8 = 200;
