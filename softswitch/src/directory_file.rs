//! The last directory in the state folder, so that a restarted switch connects calls before the app server is there.

use std::{fs, io, path::PathBuf, sync::mpsc, thread};

use ringdown_control::DirectorySnapshot;
use tracing::{error, warn};

use crate::identity::write_private;

/// The file and the thread that writes it. Dropping it waits for the last write.
#[derive(Debug)]
pub(crate) struct DirectoryFile {
    writer: Option<thread::JoinHandle<()>>,
    queue: Option<mpsc::SyncSender<Vec<u8>>>,
}

impl DirectoryFile {
    /// Reads the stored directory, if there is a good one, and starts the writer.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(crate) fn open(path: PathBuf) -> io::Result<(Self, Option<DirectorySnapshot>)> {
        let stored = match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map_err(|error| warn!(%error, "stored directory is damaged; waiting for the app server"))
                .ok(),
            Err(_) => None,
        };
        // One waits while one is written; a newer one replaces none, versions come seconds apart.
        let (queue, pending) = mpsc::sync_channel::<Vec<u8>>(16);
        let write = move || {
            for bytes in pending {
                if let Err(error) = write_private(&path, &bytes) {
                    error!(%error, "directory cannot be stored; a restart needs the app server");
                }
            }
        };
        let writer = thread::Builder::new().name("directory".to_owned()).spawn(write)?;
        Ok((Self { writer: Some(writer), queue: Some(queue) }, stored))
    }

    /// Stores a directory in the background.
    pub(crate) fn store(&self, directory: &DirectorySnapshot) {
        match (serde_json::to_vec(directory), &self.queue) {
            (Ok(bytes), Some(queue)) => {
                if queue.try_send(bytes).is_err() {
                    warn!("directory changes faster than it can be stored");
                }
            }
            (Err(error), _) => error!(%error, "directory cannot be written as JSON"),
            (Ok(_), None) => {}
        }
    }
}

impl Drop for DirectoryFile {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(writer) = self.writer.take() {
            drop(writer.join());
        }
    }
}
