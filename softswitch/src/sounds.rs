//! The sound pack and the tones: mapped at start, looked at again when `current` points elsewhere or the directory names
//! another country. The switch is not restarted for either; what is playing goes on with the sounds it has.

use std::{
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    io,
    path::{Path, PathBuf},
    sync::{Arc, mpsc},
    thread,
    time::{Duration, Instant},
};

use ringdown_media::{
    codec::OpusSettings,
    prompt::{ClipPack, EncodedClip, SoundStore, encode_prompt, encode_tones},
};
use ringdown_types::{CodecId, PromptId, TonePlan};
use serde::Deserialize;
use tracing::{info, warn};

use crate::clip_files::ClipFiles;

/// How often `current` is looked at. A sounds update is heard this much later.
const LOOK_INTERVAL: Duration = Duration::from_secs(5);

/// A prompt file larger than this is refused: ten minutes of 48 kHz sound.
const MAX_FILE: u64 = 60 * 1024 * 1024;

/// Files of prompts kept: the pack in use and the one before, should it come back.
const KEPT_PACKS: usize = 2;

/// Files of tones kept.
const KEPT_TONES: usize = 4;

/// Countries that wait for the thread. Only the last counts.
const PLANS: usize = 64;

const LOCALE: &str = "en";

/// Encoded once and played for years: the last bit of quality is worth the time.
const PROMPT_SETTINGS: OpusSettings =
    OpusSettings { complexity: 10, expected_loss: 0, ..OpusSettings::DEFAULT };

/// Encoded while somebody waits for the start.
const TONE_SETTINGS: OpusSettings = OpusSettings { expected_loss: 0, ..OpusSettings::DEFAULT };

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

/// The tones alone, for the first moment of a start.
///
/// # Errors
/// Where a codec does not work at all.
pub(crate) fn tones(files: &ClipFiles, plan: TonePlan) -> io::Result<SoundStore> {
    let key = format!("tones {} {:?} {TONE_SETTINGS:?}", plan.country(), CodecId::ALL);
    let encode = || encode_tones(plan, TONE_SETTINGS).map_err(io::Error::other);
    let pack = files.get_or_make("tones", &key, encode)?;
    files.forget_old("tones", KEPT_TONES);
    SoundStore::of_tones(TONE_SETTINGS, &pack).ok_or_else(|| io::Error::other("tones are missing"))
}

/// Watches the pack's folder, if there is one, on a thread of its own and hands each new store to `deliver`, until that
/// says `false`. What it returns takes the countries whose tones are wanted.
///
/// # Errors
/// When the system gives no thread.
pub(crate) fn watch(
    folder: Option<PathBuf>,
    files: ClipFiles,
    first: Arc<SoundStore>,
    deliver: impl FnMut(Arc<SoundStore>) -> bool + Send + 'static,
) -> io::Result<mpsc::SyncSender<TonePlan>> {
    let (plans, wanted) = mpsc::sync_channel(PLANS);
    let mut watch = Watch {
        folder,
        files,
        store: (*first).clone(),
        plan: TonePlan::INTERNATIONAL,
        loaded: None,
        deliver,
    };
    thread::Builder::new().name("sounds".to_owned()).spawn(move || watch.run(&wanted))?;
    Ok(plans)
}

struct Watch<D> {
    folder: Option<PathBuf>,
    files: ClipFiles,
    store: SoundStore,
    plan: TonePlan,
    /// What the prompts were made of.
    loaded: Option<String>,
    deliver: D,
}

impl<D: FnMut(Arc<SoundStore>) -> bool> Watch<D> {
    fn run(&mut self, wanted: &mpsc::Receiver<TonePlan>) {
        loop {
            if self.look() && !(self.deliver)(Arc::new(self.store.clone())) {
                return;
            }
            match wanted.recv_timeout(LOOK_INTERVAL) {
                Ok(plan) => {
                    let plan = wanted.try_iter().last().unwrap_or(plan);
                    if self.change_tones(plan) && !(self.deliver)(Arc::new(self.store.clone())) {
                        return;
                    }
                }
                Err(mpsc::RecvTimeoutError::Timeout) => {}
                Err(mpsc::RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// Takes a country's tones; `false` where nothing changed.
    fn change_tones(&mut self, plan: TonePlan) -> bool {
        if plan == self.plan {
            return false;
        }
        match tones(&self.files, plan) {
            Ok(mut store) => {
                store.take_prompts(&self.store);
                (self.store, self.plan) = (store, plan);
                info!(country = plan.country(), "tones of another country");
                true
            }
            Err(error) => {
                warn!(%error, "tones cannot be made; those in use stay");
                false
            }
        }
    }

    /// Looks whether there is another pack, and takes it; `false` where nothing changed.
    fn look(&mut self) -> bool {
        let Some(folder) = &self.folder else { return false };
        let manifest = manifest(folder);
        let key = manifest.as_ref().ok().map(|(manifest, pack)| key(manifest, pack));
        if key == self.loaded {
            return false;
        }
        let started = Instant::now();
        let loaded = manifest.and_then(|(manifest, pack)| {
            let key = key.as_deref().unwrap_or_default();
            self.files.get_or_make("prompts", key, || encode(&manifest, &pack)).map(|pack| (manifest, pack))
        });
        self.loaded = key;
        match loaded {
            Ok((manifest, pack)) => {
                self.take(&pack);
                let ms = started.elapsed().as_millis() as u64;
                info!(version = manifest.version, ms, "sound pack in use");
                true
            }
            Err(error) => {
                warn!(%error, "sound pack cannot be read; the one in use stays");
                false
            }
        }
    }

    fn take(&mut self, pack: &ClipPack) {
        self.store.clear_prompts();
        self.store.insert_pack(pack);
        for prompt in PromptId::ALL.iter().filter(|prompt| !self.store.has(**prompt)) {
            warn!(prompt = prompt.name(), "sound pack lacks a prompt");
        }
        self.files.forget_old("prompts", KEPT_PACKS);
    }
}

/// What a pack's encoded sounds depend on: its files as they are, the codecs, and how they encode.
fn key(manifest: &Manifest, pack: &Path) -> String {
    let mut hasher = DefaultHasher::new();
    for file in &manifest.files {
        (&file.prompt, &file.path, &file.locale).hash(&mut hasher);
        if let Ok(metadata) = fs::metadata(pack.join(&file.path)) {
            (metadata.len(), metadata.modified().ok()).hash(&mut hasher);
        }
    }
    let version = &manifest.version;
    format!("pack {version} {:016x} {:?} {PROMPT_SETTINGS:?}", hasher.finish(), CodecId::ALL)
}

/// The manifest of the pack in use: `current` inside the folder, or the folder itself.
fn manifest(folder: &Path) -> io::Result<(Manifest, PathBuf)> {
    let current = folder.join("current");
    // Resolved once, so that a flip in the middle of reading does not mix two packs.
    let pack = fs::canonicalize(if current.exists() { &current } else { folder })?;
    let text = fs::read_to_string(pack.join("manifest.json"))?;
    Ok((serde_json::from_str(&text)?, pack))
}

/// Encodes every prompt of a pack.
fn encode(manifest: &Manifest, pack: &Path) -> io::Result<Vec<(String, EncodedClip)>> {
    let mut clips = Vec::new();
    for &prompt in PromptId::ALL {
        let entry = manifest.files.iter().find(|file| file.prompt == prompt.name() && file.locale == LOCALE);
        let Some(entry) = entry else { continue };
        let path = pack.join(&entry.path);
        if fs::metadata(&path)?.len() > MAX_FILE {
            return Err(io::Error::other(format!("{} is longer than ten minutes", path.display())));
        }
        let clip = encode_prompt(prompt, &fs::read(&path)?, PROMPT_SETTINGS).map_err(io::Error::other)?;
        clips.push((prompt.name().to_owned(), clip));
    }
    Ok(clips)
}

#[cfg(test)]
mod tests {
    use ringdown_media::{api::PlaySource, wav};
    use ringdown_types::ToneId;

    use super::*;

    const MUSIC: PlaySource = PlaySource::Prompt(PromptId::MusicOnHold);

    fn write_pack(folder: &Path, version: &str, frames: u32) {
        let samples = frames * 160;
        let mut file = wav::header(8000, samples).to_vec();
        file.extend((0..samples).flat_map(|index| ((index % 50) as i16 * 200).to_le_bytes()));
        let pack = folder.join(version);
        fs::create_dir_all(&pack).expect("a folder");
        fs::write(pack.join("music.wav"), file).expect("a file");
        let manifest = format!(
            r#"{{"version":"{version}","files":[{{"prompt":"music-on-hold","path":"music.wav","locale":"en"}}]}}"#
        );
        fs::write(pack.join("manifest.json"), manifest).expect("a file");
        let link = folder.join("next");
        std::os::unix::fs::symlink(version, &link).expect("a link");
        fs::rename(link, folder.join("current")).expect("flipped");
    }

    fn watch_of(folder: &Path) -> Watch<fn(Arc<SoundStore>) -> bool> {
        let files = ClipFiles::new(folder.join("state"));
        let store = tones(&files, TonePlan::INTERNATIONAL).expect("tones");
        let folder = Some(folder.to_owned());
        Watch { folder, files, store, plan: TonePlan::INTERNATIONAL, loaded: None, deliver: |_| true }
    }

    #[test]
    fn a_new_pack_is_taken_and_what_plays_goes_on_with_the_old_one() {
        let folder = tempfile::tempdir().expect("a folder");
        write_pack(folder.path(), "one", 60);
        let mut watch = watch_of(folder.path());
        assert!(watch.look() && !watch.look());
        let playing = watch.store.clip(MUSIC).expect("music");

        for version in ["two", "three", "four"] {
            write_pack(folder.path(), version, 80);
            assert!(watch.look(), "{version}");
        }
        assert_eq!(watch.store.clip(MUSIC).map(|clip| clip.frames()), Some(80));
        // Its file is forgotten by now.
        assert!((0..60).all(|index| playing.frame(CodecId::Opus, index).is_some()));
    }

    #[test]
    fn a_pack_that_cannot_be_read_leaves_the_one_in_use() {
        let folder = tempfile::tempdir().expect("a folder");
        write_pack(folder.path(), "one", 60);
        let mut watch = watch_of(folder.path());
        assert!(watch.look());
        write_pack(folder.path(), "two", 80);
        fs::write(folder.path().join("two/music.wav"), b"no sound").expect("a file");
        assert!(!watch.look() && !watch.look());
        assert_eq!(watch.store.clip(MUSIC).map(|clip| clip.frames()), Some(60));
    }

    #[test]
    fn another_country_changes_the_tones_and_keeps_the_prompts() {
        let folder = tempfile::tempdir().expect("a folder");
        write_pack(folder.path(), "one", 60);
        let mut watch = watch_of(folder.path());
        watch.look();
        let busy =
            |watch: &Watch<_>| watch.store.clip(PlaySource::Tone(ToneId::Busy)).map(|clip| clip.frames());
        assert_eq!(busy(&watch), Some(50));
        let plan = "de".parse().expect("a country");
        assert!(watch.change_tones(plan) && !watch.change_tones(plan));
        assert_eq!(busy(&watch), Some(48));
        assert!(watch.store.clip(MUSIC).is_some());
    }
}
