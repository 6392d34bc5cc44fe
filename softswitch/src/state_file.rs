//! What a restarted switch must know before the app server is there, in files of the state folder.

use std::{fs, io, marker::PhantomData, path::PathBuf, sync::mpsc, thread};

use serde::{Serialize, de::DeserializeOwned};
use tracing::{error, warn};

use crate::identity::write_private;

/// A file that holds one value as JSON, and the thread that writes it. Dropping it waits for the last write.
#[derive(Debug)]
pub(crate) struct StateFile<T> {
    /// What it holds, for logs.
    what: &'static str,
    writer: Option<thread::JoinHandle<()>>,
    queue: Option<mpsc::SyncSender<Vec<u8>>>,
    holds: PhantomData<T>,
}

impl<T: Serialize + DeserializeOwned> StateFile<T> {
    /// Reads the stored value, if there is a good one, and starts the writer.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(crate) fn open(what: &'static str, path: PathBuf) -> io::Result<(Self, Option<T>)> {
        let stored = match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map_err(|error| warn!(%error, what, "stored file is damaged; waiting for the app server"))
                .ok(),
            Err(_) => None,
        };
        let (queue, pending) = mpsc::sync_channel::<Vec<u8>>(QUEUE);
        let write = move || {
            while let Ok(bytes) = pending.recv() {
                // Of several that wait only the newest counts.
                let bytes = pending.try_iter().last().unwrap_or(bytes);
                if let Err(error) = write_private(&path, &bytes) {
                    error!(%error, what, "file cannot be stored; a restart needs the app server");
                }
            }
        };
        let writer = thread::Builder::new().name(what.to_owned()).spawn(write)?;
        Ok((Self { what, writer: Some(writer), queue: Some(queue), holds: PhantomData }, stored))
    }

    /// Stores a value in the background.
    pub(crate) fn store(&self, value: &T) {
        match (serde_json::to_vec(value), &self.queue) {
            (Ok(bytes), Some(queue)) => {
                if queue.try_send(bytes).is_err() {
                    warn!(what = self.what, "a file changes faster than it can be stored");
                }
            }
            (Err(error), _) => error!(%error, what = self.what, "file cannot be written as JSON"),
            (Ok(_), None) => {}
        }
    }
}

impl<T> Drop for StateFile<T> {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(writer) = self.writer.take() {
            drop(writer.join());
        }
    }
}

/// Values that wait while one is written. More cost memory, a directory of 50,000 users 20 MB each; fewer lose the
/// newest when a disk stands still.
const QUEUE: usize = 16;
