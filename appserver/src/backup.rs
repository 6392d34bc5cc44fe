//! Saves the database while the server runs: `appserver backup NAME`, which the updater calls before it touches anything.
//!
//! SQLite writes a consistent copy of each file beside its other work (`VACUUM INTO`). A PostgreSQL server has its own
//! ways of saving, which know more than this one would.

use std::{
    fs,
    path::{Path, PathBuf},
};

use sqlx::{ConnectOptions as _, Connection as _, sqlite::SqliteConnectOptions};

/// The folder of backups in the state folder.
const FOLDER: &str = "backups";
/// How many are kept: the newest.
const KEPT: usize = 5;
/// The most characters of a name.
const MAX_NAME: usize = 64;

/// Why there is no backup.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The name could lead elsewhere.
    #[error("a backup's name is 1 to {MAX_NAME} letters, digits and hyphens")]
    Name,
    /// The disk.
    #[error("{path}: {error}", path = .0.display(), error = .1)]
    Io(PathBuf, std::io::Error),
    /// The database.
    #[error("the database cannot be saved: {0}")]
    Database(#[from] sqlx::Error),
}

/// Saves both stores of a state folder as `backups/<name>/{live,history}.sqlite`, whole or not at all; a backup of that
/// name is replaced. Returns its folder.
///
/// # Errors
/// When a file cannot be read or written, as when the disk is full.
pub async fn save(state: &Path, name: &str) -> Result<PathBuf, BackupError> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if name.is_empty() || name.len() > MAX_NAME || !name.bytes().all(is_plain) {
        return Err(BackupError::Name);
    }
    let folder = state.join(FOLDER);
    let (partial, whole) = (folder.join(format!("{name}.partial")), folder.join(name));
    let io = |path: &Path| {
        let path = path.to_owned();
        move |error| BackupError::Io(path, error)
    };
    remove(&partial).map_err(io(&partial))?;
    fs::create_dir_all(&partial).map_err(io(&partial))?;
    private(&folder).and_then(|()| private(&partial)).map_err(io(&folder))?;
    for store in ["live.sqlite", "history.sqlite"] {
        let copy = partial.join(store);
        let options = SqliteConnectOptions::new().filename(state.join(store)).create_if_missing(false);
        let mut database = options.connect().await?;
        sqlx::query("VACUUM INTO $1").bind(copy.to_string_lossy().as_ref()).execute(&mut database).await?;
        database.close().await?;
        fs::File::open(&copy).and_then(|file| file.sync_all()).map_err(io(&copy))?;
    }
    remove(&whole).map_err(io(&whole))?;
    fs::rename(&partial, &whole).map_err(io(&whole))?;
    fs::File::open(&folder).and_then(|folder| folder.sync_all()).map_err(io(&folder))?;
    forget_old(&folder).map_err(io(&folder))?;
    Ok(whole)
}

fn remove(path: &Path) -> std::io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Accounts and histories are nobody else's to read.
fn private(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700))
}

fn forget_old(folder: &Path) -> std::io::Result<()> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        found.push((entry.metadata()?.modified()?, entry.path()));
    }
    found.sort_unstable();
    let old = found.len().saturating_sub(KEPT);
    found.into_iter().take(old).try_for_each(|(_, path)| remove(&path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

    #[tokio::test]
    async fn a_backup_is_made_while_the_stores_are_open_and_can_be_opened() {
        let (state, back) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
        let store = Store::open("", state.path(), "pbx.example").await.expect("it opens");
        let folder = save(state.path(), "before-1").await.expect("it is saved");
        save(state.path(), "before-1").await.expect("it is replaced");
        for name in ["live.sqlite", "history.sqlite"] {
            fs::copy(folder.join(name), back.path().join(name)).expect("it is there");
        }
        // The realm is in the copy: another one is refused.
        assert!(Store::open("", back.path(), "pbx.example").await.is_ok());
        store.close().await;
    }

    #[tokio::test]
    async fn the_newest_five_are_kept_and_no_name_leads_out_of_the_folder() {
        let state = tempfile::tempdir().expect("a folder");
        let store = Store::open("", state.path(), "pbx.example").await.expect("it opens");
        for number in 0..7 {
            save(state.path(), &format!("before-{number}")).await.expect("it is saved");
        }
        let kept = fs::read_dir(state.path().join(FOLDER)).expect("the folder").count();
        assert_eq!(kept, KEPT);
        assert!(state.path().join(FOLDER).join("before-6").exists());
        for name in ["", "..", "a/b", "a b", &"a".repeat(65)] {
            assert!(matches!(save(state.path(), name).await, Err(BackupError::Name)), "{name:?}");
        }
        store.close().await;
    }
}
