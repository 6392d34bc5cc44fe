//! The sound pack: read at start, read again when `current` points elsewhere. The switch is not restarted for it.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    thread,
    time::Duration,
};

use ringdown_media::{codec::OpusSettings, prompt::SoundStore};
use ringdown_types::PromptId;
use serde::Deserialize;
use tracing::{info, warn};

/// How often `current` is looked at. A sounds update is heard this much later.
const LOOK_INTERVAL: Duration = Duration::from_secs(5);

/// A prompt file larger than this is refused: ten minutes of 48 kHz sound.
const MAX_FILE: u64 = 60 * 1024 * 1024;

const LOCALE: &str = "en";

#[derive(Deserialize)]
struct Manifest {
    version: String,
    files: Vec<ManifestFile>,
}

#[derive(Deserialize)]
struct ManifestFile {
    prompt: String,
    path: PathBuf,
    locale: String,
}

/// Watches the folder on a thread of its own and hands each new store to `deliver`, until that says `false`.
pub(crate) fn watch(
    folder: PathBuf,
    mut deliver: impl FnMut(Arc<SoundStore>) -> bool + Send + 'static,
) -> io::Result<()> {
    let look = move || {
        let mut loaded = None;
        loop {
            let version = manifest(&folder).map(|(manifest, _)| manifest.version).ok();
            if version != loaded {
                match load(&folder) {
                    Ok(store) => {
                        info!(version, "sound pack loaded");
                        if !deliver(Arc::new(store)) {
                            return;
                        }
                    }
                    Err(error) => warn!(%error, "sound pack cannot be read; the one in use stays"),
                }
                loaded = version;
            }
            thread::sleep(LOOK_INTERVAL);
        }
    };
    thread::Builder::new().name("sounds".to_owned()).spawn(look).map(|_| ())
}

/// The manifest of the pack in use: `current` inside the folder, or the folder itself.
fn manifest(folder: &Path) -> io::Result<(Manifest, PathBuf)> {
    let current = folder.join("current");
    // Resolved once, so that a flip in the middle of reading does not mix two packs.
    let pack = fs::canonicalize(if current.exists() { &current } else { folder })?;
    let text = fs::read_to_string(pack.join("manifest.json"))?;
    Ok((serde_json::from_str(&text)?, pack))
}

fn load(folder: &Path) -> io::Result<SoundStore> {
    let (manifest, pack) = manifest(folder)?;
    let mut store = SoundStore::new(OpusSettings::default()).map_err(io::Error::other)?;
    for &prompt in PromptId::ALL {
        let entry = manifest.files.iter().find(|file| file.prompt == prompt.name() && file.locale == LOCALE);
        let Some(entry) = entry else {
            warn!(prompt = prompt.name(), "sound pack lacks a prompt");
            continue;
        };
        let path = pack.join(&entry.path);
        if fs::metadata(&path)?.len() > MAX_FILE {
            return Err(io::Error::other(format!("{} is longer than ten minutes", path.display())));
        }
        store.insert_wav(prompt, &fs::read(&path)?).map_err(io::Error::other)?;
    }
    Ok(store)
}
