//! Ogg files with one Opus stream (RFC 3533, RFC 7845): what recordings are kept in, and what is played from elsewhere.

mod page;
mod reader;
mod writer;

pub use reader::{OggError, length, read};
pub use writer::OggWriter;

/// What an Opus stream's first page begins with (RFC 7845 §5.1).
const HEAD: &[u8; 8] = b"OpusHead";
/// What its second packet begins with (RFC 7845 §5.2).
const TAGS: &[u8; 8] = b"OpusTags";
/// Granule positions count samples of this rate, whatever the sound's (RFC 7845 §4).
const GRANULE_RATE: u32 = 48_000;
