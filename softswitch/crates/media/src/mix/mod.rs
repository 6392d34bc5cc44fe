//! Mixes, piece by piece: what a member says at 48 kHz ([`MixSource`]), who is mixed ([`TalkDetector`], [`Floor`]), how
//! loud ([`Ramp`]), the sum without the listener ([`MixBus`]), and what is sent of it ([`SharedVoices`], [`OwnVoice`]).

mod bus;
mod floor;
mod ramp;
mod rate;
mod source;
mod talk;
mod voice;

pub use bus::{Limiter, MixBus};
pub use floor::{Contender, Floor, MAX_SPEAKERS};
pub use ramp::{Ramp, factor_of};
pub use rate::{Downsampler, Upsampler};
pub use source::{MixClip, MixRecorded, MixSource};
pub use talk::{TalkDetector, is_audible, power};
pub use voice::{MixFormat, OwnVoice, Past, SharedVoices};

/// Samples per second of what is mixed: the highest rate of any codec, so that nobody hears less of anybody than their
/// codecs carry.
pub const MIX_RATE: u32 = 48_000;

/// Samples of one frame of 20 ms.
pub const MIX_SAMPLES: usize = MIX_RATE as usize / 50;

/// One frame of 20 ms.
pub type MixFrame = [i16; MIX_SAMPLES];

/// The longest encoded frame made of one [`MixFrame`].
pub use crate::codec::MAX_ENCODED_LENGTH;

/// 5 ms. Shorter changes of loudness click, longer ones swallow the beginnings of words.
const RAMP_SAMPLES: usize = MIX_RATE as usize / 200;
