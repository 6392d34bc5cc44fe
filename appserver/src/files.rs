//! Files people give to be kept: bytes in the state folder, what is known of them in the history store.
//!
//! A file is written under a temporary name, made durable, renamed and then entered into the store. What a crash leaves
//! between the two, and what nobody used within a day, the sweeper deletes.

use std::{
    collections::HashMap,
    io::SeekFrom,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use axum::body::Body;
use futures_util::StreamExt as _;
use ringdown_types::{FileId, Pii, UserId};
use tokio::{
    io::{AsyncReadExt as _, AsyncSeekExt as _, AsyncWriteExt as _},
    time::timeout,
};

use crate::{
    access::TokenKey,
    clock::unix_ms,
    config::Config,
    problem::Refusal,
    random::OsRandom,
    state_file,
    store::{FileRow, Readers, Store, StoreError},
};

/// Bytes of one read of a file. A larger part costs memory for every download under way.
pub const PART_BYTES: usize = 256 * 1024;
/// Characters of a file's name; longer ones lose their middle.
const MAX_NAME: usize = 150;
/// Uploads of one person at once, and of all.
const MAX_UPLOADS: (usize, usize) = (4, 64);
/// The longest wait for the next piece of an upload, and for all of it.
const PIECE_WITHIN: Duration = Duration::from_secs(10);
const ALL_WITHIN: Duration = Duration::from_secs(15 * 60);
/// How long an upload nobody used is kept.
const UNUSED_FOR: Duration = Duration::from_secs(24 * 60 * 60);
const SWEEP_EVERY: Duration = Duration::from_secs(60 * 60);
/// What links to files are rounded to, and how long a place takes files.
const HOUR_MS: u64 = 60 * 60 * 1000;
const PLACE_MS: u64 = 10 * 60 * 1000;
const NO_ROOM: &str = "your files have no room left";
/// Files one step of the sweeper deletes.
const SWEPT_AT_ONCE: u32 = 100;

/// How much may be kept, in bytes.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Of one file.
    pub file: u64,
    /// Of one person.
    pub person: u64,
    /// Of all.
    pub all: u64,
}

impl Limits {
    /// As configured.
    pub const fn of(config: &Config) -> Self {
        const MIB: u64 = 1024 * 1024;
        Self {
            file: config.max_file_mib * MIB,
            person: config.max_files_mib_per_person * MIB,
            all: config.max_files_mib * MIB,
        }
    }
}

/// What somebody wants to be kept.
#[derive(Debug, Clone)]
pub struct Upload {
    /// Whose it is.
    pub owner: UserId,
    /// What they call it.
    pub name: Pii<String>,
    /// Whether nothing but a picture is accepted.
    pub only_pictures: bool,
    /// The length the request promises.
    pub promised: Option<u64>,
}

/// The keeper of files.
#[derive(Debug, Clone)]
pub struct Files(Arc<Shelf>);

#[derive(Debug)]
struct Shelf {
    folder: PathBuf,
    store: Store,
    limits: Limits,
    key: TokenKey,
    /// Bytes of all files, those on their way too.
    used: AtomicU64,
    uploads: Mutex<HashMap<UserId, usize>>,
    /// Held while a file is entered: two that end at once do not both take a person's last room.
    entering: tokio::sync::Mutex<()>,
}

impl Files {
    /// The files of a state folder.
    ///
    /// # Errors
    /// When the folder or the store cannot be used.
    pub async fn open(state: &Path, store: Store, limits: Limits, key: TokenKey) -> anyhow::Result<Self> {
        let folder = state.join("files");
        state_file::create_folder(&folder)?;
        let used = AtomicU64::new(store.size_of_files(None).await?);
        let (uploads, entering) = (Mutex::default(), tokio::sync::Mutex::default());
        Ok(Self(Arc::new(Shelf { folder, store, limits, key, used, uploads, entering })))
    }

    /// Takes a file in. Nobody but its owner sees it until it is given to somebody ([`Store::give_file`]).
    ///
    /// # Errors
    /// When it is too long, is no picture where one is wanted, does not come in time, or there is no room.
    pub async fn keep(&self, upload: Upload, body: Body) -> Result<FileRow, Refusal> {
        let Shelf { limits, store, .. } = &*self.0;
        if upload.promised.is_some_and(|promised| promised > limits.file) {
            return Err(Refusal::TooLarge(limits.file));
        }
        let place = Place::take(&self.0, upload.owner)?;
        let mine = store.size_of_files(Some(upload.owner)).await?;
        let room = Room { shelf: &self.0, mine, taken: 0 };
        let id = FileId::random(&mut OsRandom);
        let path = self.path(id);
        let part = Unfinished(path.with_extension("part"));
        let received = timeout(ALL_WITHIN, receive(&part.0, body, room, upload.only_pictures)).await;
        let (size, media_type) =
            received.map_err(|_| Refusal::bad_request("the file did not come within 15 minutes"))??;
        let row = FileRow {
            id,
            owner: upload.owner,
            name: Pii(shown_name(&upload.name.0)),
            media_type: media_type.to_owned(),
            size,
            created_at: unix_ms(),
            readers: Readers::Nobody,
        };
        drop(place);
        // Whoever gave it may have hung up: what is received is entered, or its room given back.
        let entered = tokio::spawn(self.clone().put_on_shelf(part, row));
        entered.await.map_err(|_| Refusal::Overloaded)?
    }

    /// Gives a received file its name and enters it; if that fails nothing is left of it.
    async fn put_on_shelf(self, part: Unfinished, row: FileRow) -> Result<FileRow, Refusal> {
        let path = self.path(row.id);
        let outcome = match tokio::fs::rename(&part.0, &path).await {
            Ok(()) => self.enter(&row).await,
            Err(error) => Err(unwritable(error)),
        };
        if let Err(refusal) = outcome {
            self.0.used.fetch_sub(row.size, Ordering::Relaxed);
            drop(tokio::fs::remove_file(&path).await);
            return Err(refusal);
        }
        Ok(row)
    }

    async fn enter(&self, row: &FileRow) -> Result<(), Refusal> {
        let Shelf { limits, store, entering, .. } = &*self.0;
        let _alone = entering.lock().await;
        if store.size_of_files(Some(row.owner)).await? + row.size > limits.person {
            return Err(Refusal::Full(NO_ROOM));
        }
        Ok(store.add_file(row).await?)
    }

    /// Whether somebody may have a file.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn may_read(&self, user: UserId, file: &FileRow) -> Result<bool, StoreError> {
        match file.readers {
            _ if file.size == 0 => Ok(false),
            _ if file.owner == user => Ok(true),
            Readers::Nobody => Ok(false),
            Readers::Everybody => Ok(true),
            Readers::Conversation(id) => self.0.store.is_in_conversation(user, id).await,
        }
    }

    /// An address that gives a file to whoever has it, and for how many seconds. It is the same for an hour, so that
    /// browsers find the file in their cache. `now` is Unix milliseconds.
    pub fn link(&self, id: FileId, now: u64) -> (String, u32) {
        let expires_at = (now / HOUR_MS + 2) * HOUR_MS;
        let link = self.0.key.sign_address(&format!("file.{id}"), expires_at);
        (format!("/api/v1/files/{id}?link={link}"), ((expires_at - now) / 1000) as u32)
    }

    /// Whether an address gives a file.
    pub fn opens(&self, id: FileId, link: &str) -> bool {
        self.0.key.opens(&format!("file.{id}"), link, unix_ms())
    }

    /// An address that takes files of somebody, and for how many seconds. `now` is Unix milliseconds.
    pub fn place(&self, owner: UserId, now: u64) -> (String, u32) {
        let link = self.0.key.sign_address(&format!("place.{owner}"), now + PLACE_MS);
        (format!("/api/v1/files?place={owner}.{link}"), (PLACE_MS / 1000) as u32)
    }

    /// Whose files an address takes.
    pub fn owner_of_place(&self, place: &str) -> Option<UserId> {
        let (owner, link) = place.split_once('.')?;
        let owner: UserId = owner.parse().ok()?;
        self.0.key.opens(&format!("place.{owner}"), link, unix_ms()).then_some(owner)
    }

    /// Some of a file's bytes from an offset on; none where it is gone.
    ///
    /// # Errors
    /// When the disk fails.
    pub async fn part(&self, id: FileId, offset: u64) -> std::io::Result<Vec<u8>> {
        let mut file = match tokio::fs::File::open(self.path(id)).await {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            other => other?,
        };
        file.seek(SeekFrom::Start(offset)).await?;
        let mut part = Vec::with_capacity(PART_BYTES);
        file.take(PART_BYTES as u64).read_to_end(&mut part).await?;
        Ok(part)
    }

    /// Forgets a file and deletes its bytes.
    ///
    /// # Errors
    /// When the store fails; the bytes stay then.
    pub async fn delete(&self, file: &FileRow) -> Result<(), StoreError> {
        if self.0.store.forget_file(file.id).await? {
            self.0.used.fetch_sub(file.size, Ordering::Relaxed);
            if file.size > 0 {
                self.delete_bytes(&self.path(file.id)).await;
            }
        }
        Ok(())
    }

    /// Deletes the bytes of some files sent in conversations before a time, Unix milliseconds; whether there may be more.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn expire(&self, before: u64, limit: u32) -> Result<bool, StoreError> {
        let expired = self.0.store.expired_files(before, limit).await?;
        for file in &expired {
            if self.0.store.empty_file(file.id).await? {
                self.0.used.fetch_sub(file.size, Ordering::Relaxed);
                self.delete_bytes(&self.path(file.id)).await;
            }
        }
        Ok(expired.len() >= limit as usize)
    }

    /// Deletes what nobody used and what a crash left, for as long as the server runs.
    pub async fn sweep(self) {
        self.sweep_strays().await;
        loop {
            let before = unix_ms().saturating_sub(UNUSED_FOR.as_millis() as u64);
            match self.0.store.unused_files(before, SWEPT_AT_ONCE).await {
                Ok(unused) if !unused.is_empty() => {
                    for file in &unused {
                        if let Err(error) = self.delete(file).await {
                            tracing::warn!(%error, "an unused file stays");
                            tokio::time::sleep(SWEEP_EVERY).await;
                        }
                    }
                    continue;
                }
                Ok(_) => {}
                Err(error) => tracing::warn!(%error, "unused files stay"),
            }
            tokio::time::sleep(SWEEP_EVERY).await;
        }
    }

    /// Deletes files the store does not know, if they are old enough to be nobody's upload under way.
    async fn sweep_strays(&self) {
        let folder = self.0.folder.clone();
        let Ok(old) = tokio::task::spawn_blocking(move || old_files(&folder)).await else { return };
        for path in old {
            let id = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.parse().ok());
            let is_known = match id {
                None => false,
                // A store that fails says nothing about the file.
                Some(id) => !self.0.store.file(id).await.is_ok_and(|row| row.is_none()),
            };
            if !is_known {
                self.delete_bytes(&path).await;
            }
        }
    }

    async fn delete_bytes(&self, path: &Path) {
        if let Err(error) = tokio::fs::remove_file(path).await {
            tracing::warn!(%error, "a file's bytes stay until the next start");
        }
    }

    /// 256 folders keep each of them short.
    fn path(&self, id: FileId) -> PathBuf {
        let name = id.to_string();
        self.0.folder.join(name.get(..2).unwrap_or_default()).join(name)
    }
}

/// One of an owner's uploads under way.
struct Place<'a>(&'a Shelf, UserId);

impl<'a> Place<'a> {
    fn take(shelf: &'a Shelf, owner: UserId) -> Result<Self, Refusal> {
        let mut uploads = shelf.uploads.lock().expect("no holder of the lock panics");
        let mine = uploads.get(&owner).copied().unwrap_or_default();
        if mine >= MAX_UPLOADS.0 || uploads.values().sum::<usize>() >= MAX_UPLOADS.1 {
            return Err(Refusal::RateLimited(2));
        }
        uploads.insert(owner, mine + 1);
        drop(uploads);
        Ok(Self(shelf, owner))
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut uploads = self.0.uploads.lock().expect("no holder of the lock panics");
        match uploads.get_mut(&self.1) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(uploads.remove(&self.1)),
        }
    }
}

/// Room an upload takes; what is not kept is given back.
struct Room<'a> {
    shelf: &'a Shelf,
    /// Bytes of the owner's other files.
    mine: u64,
    taken: u64,
}

impl Room<'_> {
    fn take(&mut self, bytes: u64) -> Result<(), Refusal> {
        let Limits { file, person, all } = self.shelf.limits;
        let used = self.shelf.used.fetch_add(bytes, Ordering::Relaxed) + bytes;
        self.taken += bytes;
        if self.taken > file {
            Err(Refusal::TooLarge(file))
        } else if self.mine + self.taken > person {
            Err(Refusal::Full(NO_ROOM))
        } else if used > all {
            Err(Refusal::Full("the server has no room left for files"))
        } else {
            Ok(())
        }
    }

    fn keep(mut self) -> u64 {
        std::mem::take(&mut self.taken)
    }
}

impl Drop for Room<'_> {
    fn drop(&mut self) {
        self.shelf.used.fetch_sub(self.taken, Ordering::Relaxed);
    }
}

/// A temporary file, gone unless it was renamed.
struct Unfinished(PathBuf);

impl Drop for Unfinished {
    fn drop(&mut self) {
        drop(std::fs::remove_file(&self.0));
    }
}

/// Writes a body to a file; its length, and what it is.
async fn receive(
    path: &Path,
    body: Body,
    mut room: Room<'_>,
    only_pictures: bool,
) -> Result<(u64, &'static str), Refusal> {
    if let Some(folder) = path.parent() {
        state_file::create_folder(folder).map_err(unwritable)?;
    }
    let mut options = tokio::fs::OpenOptions::new();
    let mut file = options.write(true).create_new(true).mode(0o600).open(path).await.map_err(unwritable)?;
    let (mut pieces, mut head) = (body.into_data_stream(), Vec::new());
    let slow = |_| Refusal::bad_request("the file did not go on for 10 s");
    while let Some(piece) = timeout(PIECE_WITHIN, pieces.next()).await.map_err(slow)? {
        let piece = piece.map_err(|_| Refusal::bad_request("the file broke off"))?;
        room.take(piece.len() as u64)?;
        if head.len() < HEAD_BYTES {
            head.extend(piece.iter().take(HEAD_BYTES - head.len()));
        }
        file.write_all(&piece).await.map_err(unwritable)?;
    }
    if head.is_empty() {
        return Err(Refusal::bad_request("the file is empty"));
    }
    let media_type = media_type(&head);
    if only_pictures && !is_picture(media_type) {
        return Err(Refusal::bad_request("a picture is a JPEG, PNG, GIF or WebP file"));
    }
    file.sync_all().await.map_err(unwritable)?;
    Ok((room.keep(), media_type))
}

fn unwritable(error: std::io::Error) -> Refusal {
    tracing::error!(%error, "a file cannot be written");
    Refusal::Full("the server cannot write files")
}

/// A name that is one on every system: no path, no control characters, not too long.
fn shown_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let cleaned: String = last.chars().filter(|char| !char.is_control()).collect();
    let cleaned = cleaned.trim().trim_start_matches('.');
    let count = cleaned.chars().count();
    match count {
        0 => "file".to_owned(),
        _ if count <= MAX_NAME => cleaned.to_owned(),
        _ => {
            let end: String = cleaned.chars().skip(count - 20).collect();
            cleaned.chars().take(MAX_NAME - 21).chain(['…']).chain(end.chars()).collect()
        }
    }
}

/// Bytes that tell what a file is.
const HEAD_BYTES: usize = 512;

/// What a file is, by its first bytes alone: what its sender says is not to be trusted. Nothing a browser would run is
/// among the answers.
fn media_type(head: &[u8]) -> &'static str {
    let is_riff = |kind: &[u8]| head.starts_with(b"RIFF") && head.get(8..12) == Some(kind);
    match head {
        _ if head.starts_with(b"\xff\xd8\xff") => "image/jpeg",
        _ if head.starts_with(b"\x89PNG\r\n\x1a\n") => "image/png",
        _ if head.starts_with(b"GIF87a") || head.starts_with(b"GIF89a") => "image/gif",
        _ if is_riff(b"WEBP") => "image/webp",
        _ if is_riff(b"WAVE") => "audio/wav",
        _ if head.starts_with(b"OggS") => "audio/ogg",
        _ if head.starts_with(b"ID3") => "audio/mpeg",
        _ if head.starts_with(b"\x1a\x45\xdf\xa3") => "video/webm",
        _ if head.get(4..8) == Some(b"ftyp") => "video/mp4",
        _ if head.starts_with(b"%PDF-") => "application/pdf",
        _ if head.starts_with(b"PK\x03\x04") => "application/zip",
        _ if is_text(head) => "text/plain",
        _ => "application/octet-stream",
    }
}

/// UTF-8 without control characters but those of text; the last character may be cut.
fn is_text(head: &[u8]) -> bool {
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(head.get(..error.valid_up_to()).unwrap_or_default()).unwrap_or_default()
        }
        Err(_) => return false,
    };
    text.chars().all(|char| !char.is_control() || matches!(char, '\n' | '\r' | '\t'))
}

/// Whether a browser may show it as a picture.
pub fn is_picture(media_type: &str) -> bool {
    matches!(media_type, "image/jpeg" | "image/png" | "image/gif" | "image/webp")
}

/// Files of the folder that have not changed for a day.
fn old_files(folder: &Path) -> Vec<PathBuf> {
    let is_old = |entry: &std::fs::DirEntry| {
        let changed = entry.metadata().and_then(|data| data.modified());
        changed.is_ok_and(|at| SystemTime::now().duration_since(at).is_ok_and(|age| age > UNUSED_FOR))
    };
    let folders = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let files = folders.flat_map(|folder| std::fs::read_dir(folder.path()).into_iter().flatten().flatten());
    files.filter(is_old).map(|entry| entry.path()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_what_its_first_bytes_say() {
        for (head, expected) in [
            (&b"\xff\xd8\xff\xe0\0\x10JFIF"[..], "image/jpeg"),
            (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "image/png"),
            (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
            (b"RIFF\0\0\0\0WAVEfmt ", "audio/wav"),
            (b"\0\0\0\x18ftypmp42", "video/mp4"),
            ("Привет, 世界\n".as_bytes(), "text/plain"),
            (b"<html><script>", "text/plain"),
            (b"MZ\x90\0\x03", "application/octet-stream"),
            (b"\xc3\x28", "application/octet-stream"),
        ] {
            assert_eq!(media_type(head), expected, "{head:?}");
        }
        assert!(is_text(&"я".as_bytes()[..1]), "a character cut at the end");
    }

    #[test]
    fn a_name_is_no_path() {
        for (name, expected) in [
            ("../../etc/passwd", "passwd"),
            ("C:\\Users\\bob\\отчёт.pdf", "отчёт.pdf"),
            ("...", "file"),
            ("a\r\nb.txt", "ab.txt"),
            ("", "file"),
        ] {
            assert_eq!(shown_name(name), expected);
        }
        let long = shown_name(&("ü".repeat(400) + ".docx"));
        assert!(long.chars().count() == MAX_NAME && long.ends_with(".docx"));
    }
}
