//! Files of encoded sounds in the state folder: made once, mapped ever after, shared by all workers through the
//! kernel's one copy. A file is named by a hash of what it was made of and never changed under its name.

use std::{
    fs::{self, File},
    hash::{DefaultHasher, Hash, Hasher},
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use memmap2::{Mmap, MmapOptions};
use ringdown_media::prompt::{ClipPack, EncodedClip, SharedBytes};
use tracing::{debug, warn};

use crate::identity::write_private;

/// The folder of such files.
#[derive(Debug, Clone)]
pub(crate) struct ClipFiles {
    folder: PathBuf,
}

impl ClipFiles {
    /// Uses a folder, which is made where there is none.
    pub(crate) fn new(folder: PathBuf) -> Self {
        if let Err(error) = fs::create_dir_all(&folder) {
            warn!(%error, "sounds cannot be kept encoded; each start encodes them anew");
        }
        Self { folder }
    }

    /// The sounds of the file that was made of `key`, mapped; made by `encode` where there is none, or a damaged one.
    /// Where it cannot be stored the sounds stay in memory.
    ///
    /// # Errors
    /// What `encode` fails with, and a fault of our own writing.
    pub(crate) fn get_or_make(
        &self,
        kind: &str,
        key: &str,
        encode: impl FnOnce() -> io::Result<Vec<(String, EncodedClip)>>,
    ) -> io::Result<ClipPack> {
        let path = self.path(kind, key);
        if let Some(pack) = read(&path, key) {
            return Ok(pack);
        }
        let bytes = ClipPack::write(key, &encode()?);
        if let Err(error) = write_private(&path, &bytes) {
            warn!(%error, "encoded sounds cannot be kept; the next start encodes them anew");
            return ClipPack::read(Arc::new(bytes)).map_err(io::Error::other);
        }
        drop(bytes);
        read(&path, key).ok_or_else(|| io::Error::other("what was just written is not there"))
    }

    /// Forgets all of a kind but the `kept` newest. What is mapped stays mapped.
    pub(crate) fn forget_old(&self, kind: &str, kept: usize) {
        let Ok(entries) = fs::read_dir(&self.folder) else { return };
        let of_kind = |entry: &fs::DirEntry| {
            entry
                .file_name()
                .to_str()
                .is_some_and(|name| name.strip_prefix(kind).is_some_and(|rest| rest.starts_with('-')))
        };
        let mut files: Vec<(SystemTime, PathBuf)> = entries
            .filter_map(Result::ok)
            .filter(of_kind)
            .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
            .collect();
        files.sort();
        let old = files.len().saturating_sub(kept);
        for (_, path) in files.into_iter().take(old) {
            if let Err(error) = fs::remove_file(&path) {
                debug!(%error, "an old file of sounds stays");
            }
        }
    }

    fn path(&self, kind: &str, key: &str) -> PathBuf {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        self.folder.join(format!("{kind}-{:016x}.sounds", hasher.finish()))
    }
}

fn read(path: &Path, key: &str) -> Option<ClipPack> {
    let bytes = map(path).ok()?;
    let pack = ClipPack::read(bytes)
        .map_err(|error| warn!(%error, "a file of encoded sounds is made anew"))
        .ok()
        .filter(|pack| pack.key() == key)?;
    // The newest in use is the last to be forgotten.
    let _ = File::open(path).and_then(|file| file.set_modified(SystemTime::now()));
    Some(pack)
}

struct Mapped(Mmap);

impl AsRef<[u8]> for Mapped {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// Maps a whole file. Its pages are read in at once, so that no worker waits for a disk when it first plays from them.
fn map(path: &Path) -> io::Result<SharedBytes> {
    let file = File::open(path)?;
    #[allow(
        unsafe_code,
        reason = "A mapped file must not change beneath us. These are our own, in a folder of our own, complete \
                  before they get their name, and replaced by a rename or unlinked, never written to."
    )]
    let mapped = unsafe { MmapOptions::new().populate().map(&file)? };
    Ok(Arc::new(Mapped(mapped)))
}

#[cfg(test)]
mod tests {
    use ringdown_media::{codec::OpusSettings, prompt::Ending};
    use ringdown_types::CodecId;

    use super::*;

    fn clip() -> io::Result<Vec<(String, EncodedClip)>> {
        let pcm = vec![700; 4800];
        let clip = EncodedClip::new(&pcm, 48_000, Ending::Filled, OpusSettings::default());
        Ok(vec![("a sound".to_owned(), clip.map_err(io::Error::other)?)])
    }

    fn never() -> io::Result<Vec<(String, EncodedClip)>> {
        panic!("it is there already")
    }

    #[test]
    fn sounds_are_encoded_once_and_played_from_the_file_even_when_it_is_forgotten() {
        let folder = tempfile::tempdir().expect("a folder");
        let files = ClipFiles::new(folder.path().join("sounds"));
        files.get_or_make("prompts", "one", clip).expect("made");
        let one = files.get_or_make("prompts", "one", never).expect("mapped");
        files.get_or_make("prompts", "two", clip).expect("made");
        files.get_or_make("tones", "two", clip).expect("made");
        files.forget_old("prompts", 1);
        let names = fs::read_dir(folder.path().join("sounds")).expect("a folder").count();
        assert_eq!(names, 2);
        let (_, playing) = one.clips().next().expect("a clip");
        assert!((0..5).all(|index| playing.frame(CodecId::Pcma, index).is_some()));
    }

    #[test]
    fn a_damaged_file_is_made_anew_and_a_full_disk_costs_only_the_next_start() {
        let folder = tempfile::tempdir().expect("a folder");
        let files = ClipFiles::new(folder.path().to_owned());
        files.get_or_make("tones", "key", clip).expect("made");
        let path = files.path("tones", "key");
        fs::write(&path, b"RDSOUND1, but no more").expect("writable");
        files.get_or_make("tones", "key", clip).expect("made anew");
        files.get_or_make("tones", "key", never).expect("mapped");

        // A file in the folder's place stands for a disk that takes nothing.
        let blocked = folder.path().join("blocked");
        fs::write(&blocked, b"").expect("writable");
        let pack = ClipFiles::new(blocked).get_or_make("tones", "key", clip).expect("in memory");
        assert_eq!(pack.clips().count(), 1);
    }
}
