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
    fn new(format: MixFormat, past: &Past) -> Result<Self, CodecError> {
        let MixFormat { codec, settings } = format;
        let rate = codec.sample_rate();
        let down = (rate != MIX_RATE).then(|| Box::new(Downsampler::new(rate)));
        let encoder = Encoder::new(codec, rate, settings)?;
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

/// What everybody hears who says nothing, encoded once for each codec that somebody has, and for each way Opus is wanted.
#[derive(Debug, Default)]
pub struct SharedVoices {
    voices: Vec<Shared>,
}

#[derive(Debug)]
struct Shared {
    format: MixFormat,
    voice: Voice,
    packet: Vec<u8>,
    /// Whether the packet is this frame's.
    is_made: bool,
}

/// What a listener is sent: two who have the same hear the same octets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MixFormat {
    /// The codec.
    pub codec: CodecId,
    settings: OpusSettings,
}

impl MixFormat {
    /// What suits a listener who is to be sent Opus with these settings, and no more than `most` bits per second. They
    /// are rounded, so that a room of many networks has few encodings.
    pub fn new(codec: CodecId, settings: OpusSettings, most: Option<u32>) -> Self {
        if codec != CodecId::Opus {
            return Self { codec, settings: OpusSettings::DEFAULT };
        }
        // Several voices at full band want more bits than one: below 48 kbit/s Opus makes them softer by 1 dB and more.
        let wanted = settings.bitrate.saturating_mul(3) / 2;
        let bitrate = wanted.min(most.unwrap_or(u32::MAX));
        let settings = OpusSettings {
            bitrate: (bitrate / BITRATE_STEP * BITRATE_STEP).max(BITRATE_STEP),
            expected_loss: settings.expected_loss.next_multiple_of(LOSS_STEP),
            // Each listener's pauses are everybody's: the room is never silent for one alone.
            dtx: false,
            ..settings
        };
        Self { codec, settings }
    }

    /// The same with less effort, which the listener does not notice as a change.
    fn for_one(self) -> Self {
        if self.codec != CodecId::Opus {
            return self;
        }
        let complexity = self.settings.complexity.min(OWN_COMPLEXITY);
        Self { settings: OpusSettings { complexity, ..self.settings }, ..self }
    }

    /// What crosses a link is encoded once more for its listeners, and nothing is lost on the way.
    pub fn for_a_link(codec: CodecId, settings: OpusSettings) -> Self {
        let settings = OpusSettings { bitrate: LINK_BITRATE * 2 / 3, expected_loss: 0, ..settings };
        Self::new(codec, settings, None)
    }
}

impl SharedVoices {
    /// The packet of this frame.
    pub fn packet(&mut self, format: MixFormat, past: &Past, frame: &MixFrame) -> Option<&[u8]> {
        let index = self.voices.iter().position(|shared| shared.format == format).or_else(|| {
            // Beyond, somebody gets what others of their codec get.
            let is_full = self.voices.len() >= MAX_FORMATS;
            let same = |shared: &Shared| shared.format.codec == format.codec;
            is_full.then(|| self.voices.iter().position(same)).flatten()
        });
        let index = match index {
            Some(index) => index,
            None => {
                let voice = Voice::new(format, past).ok()?;
                self.voices.push(Shared { format, voice, packet: Vec::new(), is_made: false });
                self.voices.len() - 1
            }
        };
        let shared = self.voices.get_mut(index)?;
        if !shared.is_made {
            shared.packet.resize(MAX_ENCODED_LENGTH, 0);
            let length = shared.voice.encode(frame, &mut shared.packet).ok()?;
            shared.packet.truncate(length);
            shared.is_made = true;
        }
        Some(&shared.packet)
    }

    fn voice(&self, format: MixFormat) -> Option<&Voice> {
        self.voices.iter().find(|shared| shared.format == format).map(|shared| &shared.voice)
    }

    /// Ends the frame. An encoder that nobody heard is gone: it would not know what was said in between.
    pub fn finish_frame(&mut self) {
        self.voices.retain(|shared| shared.is_made);
        for shared in &mut self.voices {
            shared.is_made = false;
        }
    }
}

/// What one member hears who speaks.
#[derive(Debug, Default)]
pub struct OwnVoice {
    voice: Option<(MixFormat, Voice)>,
    /// Frames since it last heard something else than all the others.
    same: u8,
}

impl OwnVoice {
    /// Whether it needs a packet of its own for this frame: it said something just now, or its encoder is not yet where
    /// the shared one is. To be asked, and what is needed to be encoded, before the shared ones encode this frame.
    pub fn is_needed(&mut self, speaks: bool, shared: &SharedVoices) -> bool {
        self.same = if speaks { 0 } else { self.same.saturating_add(1) };
        let Some((format, voice)) = self.voice.as_ref().filter(|_| !speaks) else { return speaks };
        // Where nobody hears the shared one it begins anew, with the same past.
        let is_like = if format.codec == CodecId::Opus {
            None
        } else {
            shared.voice(*format).map_or(Some(true), |shared| voice.is_like(shared))
        };
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
        format: MixFormat,
        (past, shared): (&Past, &SharedVoices),
        frame: &MixFrame,
        out: &mut [u8],
    ) -> Option<usize> {
        let format = format.for_one();
        let known = self.voice.take().filter(|(known, _)| known.codec == format.codec);
        let (known, mut voice) = match known {
            Some(known) => known,
            None => {
                let copy = shared.voice(format).and_then(Voice::copy);
                (format, copy.or_else(|| Voice::new(format, past).ok())?)
            }
        };
        if known != format {
            voice.encoder.set_opus(format.settings).ok()?;
        }
        let length = voice.encode(frame, out).ok();
        self.voice = Some((format, voice));
        length
    }
}

/// The effort on what one speaker alone hears: more would make a room in which everybody speaks dearer by half. What all
/// share is encoded once, with all the effort that is set.
const OWN_COMPLEXITY: u8 = 1;
/// Larger steps make fewer encodings and waste bits of those in between.
const BITRATE_STEP: u32 = 8_000;
/// In percent.
const LOSS_STEP: u8 = 10;
/// Four codecs, and Opus in more ways than networks differ.
const MAX_FORMATS: usize = 16;
/// A lower rate adds what two encodings spoil, a higher one is not heard.
const LINK_BITRATE: u32 = 128_000;

/// 100 ms. Fewer leave a new encoder's gains and band energies off; each costs an encoding when somebody begins to talk.
const PAST_FRAMES: usize = 5;

/// 120 ms of the same for both of Opus's encoders before the shared one takes over. Measured on a tone: what is left of
/// the change is 31 dB beneath it, and more where this is longer, since the two drift apart.
const LINGER_FRAMES: u8 = 6;

/// 4 s. Two G.722 encoders that are not equal by then hardly differ.
const LONGEST_LINGER_FRAMES: u8 = 200;
