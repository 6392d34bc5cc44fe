//! Audio truth: a tone into one leg, that tone and nothing else out of the other.
//!
//! Samples are mono, 16 bits. Levels are in dBFS: 0 is a sine of full scale (AES17).

mod analysis;
mod continuity;
mod intelligibility;
mod speech;
mod tone;
mod wav;

pub use analysis::{ToneReport, analyse, assert_only_tone, assert_silent, level_dbfs};
pub use continuity::{count_discontinuities, longest_silence};
pub use intelligibility::{delay, estoi};
pub use speech::speech;
pub use tone::Tone;
pub use wav::{Recording, WavError, read_wav, write_wav};

/// How far from a tone its energy may lie, in Hz. Less would not hold the main lobe of the analysis window, more
/// would hide a neighbour.
pub const TONE_WIDTH_HZ: f64 = 15.0;
/// The purity a tone alone reaches through Opus or G.711 without loss: 0.98 admits another sound 17 dB below it.
pub const PURE: f64 = 0.98;
/// What counts as silence: comfort noise and the idle noise of codecs stay below it, speech and tones above.
pub const SILENCE_DBFS: f64 = -55.0;
