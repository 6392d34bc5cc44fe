//! The keeper of the directory: reads it from the store after every change and hands it to the desk.

use std::{sync::Arc, time::Duration};

use ringdown_control::{DirectorySnapshot, DirectoryUser, SipDevice};
use ringdown_desk::Person;
use tokio::sync::{mpsc, oneshot};

use crate::{
    desk_task::{DeskHandle, DeskMessage},
    dialplan,
    sign_in::person,
    store::{Store, StoreError, default_settings},
};

/// Requests waiting; they are served together, so few are ever there.
const QUEUE: usize = 1_024;
/// The wait before the store is asked again after it failed.
const RETRY_AFTER: Duration = Duration::from_millis(500);

enum Request {
    Changed(oneshot::Sender<()>),
    RaiseAbove(u64),
}

/// Talks to the keeper.
#[derive(Debug, Clone)]
pub struct DirectoryHandle(mpsc::Sender<Request>);

impl std::fmt::Debug for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Request")
    }
}

/// The keeper's queue.
#[derive(Debug)]
pub struct DirectoryQueue(mpsc::Receiver<Request>);

impl DirectoryHandle {
    /// The handle and the queue the keeper reads.
    pub fn new() -> (Self, DirectoryQueue) {
        let (sender, receiver) = mpsc::channel(QUEUE);
        (Self(sender), DirectoryQueue(receiver))
    }

    /// An account or a device changed. Returns when the desk has the new directory before anything sent to it later.
    pub async fn changed(&self) {
        let (sender, receiver) = oneshot::channel();
        if self.0.send(Request::Changed(sender)).await.is_ok() {
            // An error means the server is stopping.
            receiver.await.unwrap_or_default();
        }
    }

    /// A softswitch has a directory with this version: ours must get beyond it.
    pub fn raise_above(&self, version: u64) {
        if self.0.try_send(Request::RaiseAbove(version)).is_err() {
            tracing::warn!("the directory's keeper is behind; the softswitch keeps its directory for now");
        }
    }
}

/// Reads the directory.
///
/// # Errors
/// When the store fails.
pub async fn read(store: &Store, realm: &str) -> Result<(Vec<Person>, Arc<DirectorySnapshot>), StoreError> {
    // The version first: a change made meanwhile is then sent once more, under its own version.
    let version = store.directory_version().await?;
    let (accounts, devices, mut settings) =
        tokio::try_join!(store.accounts(), store.devices(), store.all_settings())?;
    let users = accounts.iter().filter_map(|account| {
        Some(DirectoryUser {
            id: account.id,
            extension: account.extension.clone()?,
            name: account.name.clone(),
            enabled: account.enabled,
            ring_seconds: account.ring_seconds,
            max_calls: account.max_calls,
            settings: settings.remove(&account.id).unwrap_or_else(default_settings),
        })
    });
    let users: Vec<_> = users.collect();
    let known: std::collections::HashSet<_> = users.iter().map(|user| user.id).collect();
    let devices = devices.into_iter().filter(|device| known.contains(&device.user)).map(|device| SipDevice {
        username: device.username,
        user: device.user,
        ha1_sha256: device.ha1_sha256,
        ha1_md5: device.ha1_md5,
    });
    let devices = devices.collect();
    let realm = realm.to_owned();
    let mut snapshot = DirectorySnapshot { version, realm, users, devices, ..DirectorySnapshot::default() };
    dialplan::fill_in(store, &mut snapshot).await?;
    let sounds = store.sound_settings().await?;
    (snapshot.tone_plan, snapshot.recording) = (sounds.tone_plan, sounds.recording);
    Ok((accounts.iter().map(person).collect(), Arc::new(snapshot)))
}

/// Runs the keeper until every handle is gone.
pub async fn run(mut queue: DirectoryQueue, store: Store, desk: DeskHandle, realm: String) {
    while let Some(first) = queue.0.recv().await {
        let mut waiting = Vec::new();
        let mut above = None;
        let mut next = Some(first);
        while let Some(request) = next {
            match request {
                Request::Changed(reply) => waiting.push(reply),
                Request::RaiseAbove(version) => above = above.max(Some(version)),
            }
            next = queue.0.try_recv().ok();
        }
        loop {
            let raised = match above {
                Some(version) => store.raise_directory_version(version).await,
                None => Ok(()),
            };
            let read = match raised {
                Ok(()) => read(&store, &realm).await,
                Err(error) => Err(error),
            };
            match read {
                Ok((people, snapshot)) => {
                    desk.send(DeskMessage::Directory(people, snapshot)).await;
                    break;
                }
                Err(error) => {
                    tracing::error!(%error, "the directory cannot be read; trying again");
                    tokio::time::sleep(RETRY_AFTER).await;
                }
            }
        }
        for reply in waiting {
            // Whoever changed it may have gone.
            let _ = reply.send(());
        }
    }
}
