//! What a recording holds, and in what kind of file.

use serde::{Deserialize, Serialize};

/// What of a leg is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RecordedTracks {
    /// What it says.
    Said,
    /// What it says and what it hears, as one.
    #[default]
    Mixed,
    /// What it says to the left, what it hears to the right.
    Split,
}

impl RecordedTracks {
    /// How many channels the recording has.
    pub const fn channels(self) -> u8 {
        match self {
            Self::Said | Self::Mixed => 1,
            Self::Split => 2,
        }
    }
}

/// A kind of sound file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SoundFormat {
    /// RIFF WAVE with 16-bit PCM: everything plays it, a minute takes 1.9 MB for each channel.
    Wav,
    /// Ogg with Opus (RFC 7845): a minute takes 0.2 MB.
    #[default]
    Ogg,
}

impl SoundFormat {
    /// Every format.
    pub const ALL: [Self; 2] = [Self::Wav, Self::Ogg];

    /// The ending of a file's name.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Wav => "wav",
            Self::Ogg => "ogg",
        }
    }

    /// The media type (RFC 2361, RFC 5334 §10.3).
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Wav => "audio/wav",
            Self::Ogg => "audio/ogg",
        }
    }
}
