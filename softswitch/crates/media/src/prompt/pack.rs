//! Encoded sounds as one file: written once, then mapped, shared by all workers and never read again.
//!
//! ```text
//! "RDSOUND1"   how long the key is (u32), the key (UTF-8)      what the sounds were made of
//! how many clips (u32), and for each of them:
//!     how long its name is (u32), its name (UTF-8), frames (u32), tracks (u32), and for each of them:
//!         how long its codec's name is (u32), the name, where its frames begin (u64), where its table begins (u64)
//! frames and tables
//! check sum of all before it (u32)
//! ```
//!
//! Numbers are little-endian, places are counted from the file's beginning. A table has the end of each frame.

use std::sync::Arc;

use ringdown_types::CodecId;
use thiserror::Error;

use crate::{
    checksum::checksum,
    codec::MAX_ENCODED_LENGTH,
    prompt::clip::{Clip, END_LENGTH, EncodedClip, SharedBytes, Track},
};

/// Why a file is no pack of sounds of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PackError {
    /// Another file, or one of another version.
    #[error("the file is no pack of encoded sounds")]
    NotPack,
    /// It was cut short, or its bytes are not what was written.
    #[error("the pack of encoded sounds is damaged")]
    Damaged,
}

/// A file of encoded sounds.
#[derive(Debug)]
pub struct ClipPack {
    key: String,
    clips: Vec<(String, Arc<Clip>)>,
}

impl ClipPack {
    /// Looks through a file. Every byte is read once for its check sum, which also brings a mapped file into memory.
    ///
    /// # Errors
    /// Where it is no such file, or a damaged one.
    pub fn read(bytes: SharedBytes) -> Result<Self, PackError> {
        let all = (*bytes).as_ref();
        if !all.starts_with(MAGIC) {
            return Err(PackError::NotPack);
        }
        let (content, sum) = all.split_last_chunk::<4>().ok_or(PackError::Damaged)?;
        if checksum(0, content) != u32::from_le_bytes(*sum) {
            return Err(PackError::Damaged);
        }
        let mut cursor = Cursor { rest: &content[MAGIC.len()..] };
        let key = cursor.text().ok_or(PackError::Damaged)?.to_owned();
        let count = cursor.count(MAX_CLIPS).ok_or(PackError::Damaged)?;
        let mut clips = Vec::with_capacity(count);
        for _ in 0..count {
            clips.push(read_clip(&mut cursor, &bytes, content).ok_or(PackError::Damaged)?);
        }
        Ok(Self { key, clips })
    }

    /// The bytes of a file of these sounds.
    pub fn write(key: &str, clips: &[(String, EncodedClip)]) -> Vec<u8> {
        // Where things are is known once the head's length is.
        let head = head(key, clips, 0).len();
        let mut bytes = self::head(key, clips, head);
        for track in clips.iter().flat_map(|(_, clip)| &clip.tracks) {
            bytes.extend_from_slice(&track.bytes);
            bytes.extend(track.ends.iter().flat_map(|end| end.to_le_bytes()));
        }
        let sum = checksum(0, &bytes);
        bytes.extend_from_slice(&sum.to_le_bytes());
        bytes
    }

    /// What the sounds were made of.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The sounds by name.
    pub fn clips(&self) -> impl Iterator<Item = (&str, &Arc<Clip>)> {
        self.clips.iter().map(|(name, clip)| (name.as_str(), clip))
    }
}

fn head(key: &str, clips: &[(String, EncodedClip)], start: usize) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    let text = |bytes: &mut Vec<u8>, text: &str| {
        bytes.extend_from_slice(&(text.len() as u32).to_le_bytes());
        bytes.extend_from_slice(text.as_bytes());
    };
    text(&mut bytes, key);
    bytes.extend_from_slice(&(clips.len() as u32).to_le_bytes());
    let mut at = start as u64;
    for (name, clip) in clips {
        text(&mut bytes, name);
        bytes.extend_from_slice(&(clip.frames as u32).to_le_bytes());
        bytes.extend_from_slice(&(clip.tracks.len() as u32).to_le_bytes());
        for track in &clip.tracks {
            text(&mut bytes, track.codec.encoding_name());
            let ends = at + track.bytes.len() as u64;
            bytes.extend_from_slice(&at.to_le_bytes());
            bytes.extend_from_slice(&ends.to_le_bytes());
            at = ends + (track.ends.len() * END_LENGTH) as u64;
        }
    }
    bytes
}

fn read_clip(cursor: &mut Cursor<'_>, bytes: &SharedBytes, content: &[u8]) -> Option<(String, Arc<Clip>)> {
    let name = cursor.text()?.to_owned();
    let frames = cursor.count(MAX_FRAMES)?;
    let count = cursor.count(MAX_TRACKS)?;
    let mut tracks = Vec::with_capacity(count);
    for _ in 0..count {
        let codec = cursor.text()?;
        let (start, ends) = (cursor.place()?, cursor.place()?);
        // A codec of a later version is passed over.
        if let Some(codec) = CodecId::ALL.into_iter().find(|known| known.encoding_name() == codec) {
            let track = Track { codec, start, ends };
            check(track, frames, content)?;
            tracks.push(track);
        }
    }
    Some((name, Arc::new(Clip::new(Arc::clone(bytes), frames, &tracks))))
}

/// Every frame lies in the file and can be sent.
fn check(track: Track, frames: usize, content: &[u8]) -> Option<()> {
    let table = content.get(track.ends..)?.get(..frames.checked_mul(END_LENGTH)?)?;
    let available = content.len().checked_sub(track.start)?;
    let mut before = 0;
    for end in table.as_chunks::<END_LENGTH>().0 {
        let end = u32::from_le_bytes(*end) as usize;
        if end > available || end.checked_sub(before)? > MAX_ENCODED_LENGTH {
            return None;
        }
        before = end;
    }
    Some(())
}

struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(*taken)
    }

    fn count(&mut self, most: usize) -> Option<usize> {
        let count = u32::from_le_bytes(self.take()?) as usize;
        (count <= most).then_some(count)
    }

    fn place(&mut self) -> Option<usize> {
        usize::try_from(u64::from_le_bytes(self.take()?)).ok()
    }

    fn text(&mut self) -> Option<&'a str> {
        let length = self.count(MAX_TEXT)?;
        let (text, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        std::str::from_utf8(text).ok()
    }
}

const MAGIC: &[u8] = b"RDSOUND1";

/// Clips in one file.
const MAX_CLIPS: usize = 4_096;
/// Frames of one clip: [`crate::wav::MAX_SECONDS`] and a little more.
const MAX_FRAMES: usize = 50 * (crate::wav::MAX_SECONDS + 1);
/// Tracks of one clip.
const MAX_TRACKS: usize = 16;
/// Octets of a name.
const MAX_TEXT: usize = 1_024;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{codec::OpusSettings, prompt::clip::Ending};

    fn written() -> Vec<u8> {
        let pcm: Vec<i16> = (0..4800).map(|index| (index % 97) as i16 * 90).collect();
        let clip = |length| {
            EncodedClip::new(&pcm[..length], 48_000, Ending::Filled, OpusSettings::default()).expect("a clip")
        };
        ClipPack::write("pack 7", &[("one".to_owned(), clip(4800)), ("two".to_owned(), clip(1000))])
    }

    #[test]
    fn what_was_written_is_read_and_sent_frame_by_frame() {
        let pack = ClipPack::read(Arc::new(written())).expect("our own");
        assert_eq!(pack.key(), "pack 7");
        let clips: Vec<_> = pack.clips().collect();
        assert_eq!((clips[0].0, clips[0].1.frames(), clips[1].0, clips[1].1.frames()), ("one", 5, "two", 2));
        for codec in CodecId::ALL {
            let frames: Vec<_> = (0..9).map_while(|index| clips[0].1.frame(codec, index)).collect();
            assert_eq!(frames.len(), 5, "{codec:?}");
            assert!(frames.iter().all(|frame| !frame.is_empty() && frame.len() <= MAX_ENCODED_LENGTH));
        }
    }

    #[test]
    fn a_damaged_file_is_refused_wherever_it_is_damaged() {
        let bytes = written();
        for length in 0..bytes.len() {
            assert!(ClipPack::read(Arc::new(bytes[..length].to_vec())).is_err(), "cut at {length}");
        }
        for at in (0..bytes.len()).step_by(7) {
            let mut spoilt = bytes.clone();
            spoilt[at] ^= 0x10;
            assert!(ClipPack::read(Arc::new(spoilt)).is_err(), "changed at {at}");
        }
    }

    #[test]
    fn lies_with_a_right_check_sum_are_refused_or_harmless() {
        let bytes = written();
        for at in MAGIC.len()..180 {
            for value in [0, 0x7f, 0xff] {
                let mut lie = bytes[..bytes.len() - 4].to_vec();
                lie[at] = value;
                let sum = checksum(0, &lie);
                lie.extend_from_slice(&sum.to_le_bytes());
                let Ok(pack) = ClipPack::read(Arc::new(lie)) else { continue };
                for (_, clip) in pack.clips() {
                    for index in [0, 1, clip.frames(), usize::MAX] {
                        for codec in CodecId::ALL {
                            assert!(
                                clip.frame(codec, index)
                                    .is_none_or(|frame| frame.len() <= MAX_ENCODED_LENGTH)
                            );
                        }
                    }
                }
            }
        }
    }
}
