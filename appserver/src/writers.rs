//! The tasks that write to the stores, so that nothing live waits for a disk.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use ringdown_control::{CallRecord, LegFigures, SettingChanged};
use ringdown_desk::{CallSide, PeopleChange};
use ringdown_types::{CallId, UserId};
use tokio::{sync::mpsc, time::Instant};

use crate::{
    desk_task::{Counters, SessionChange},
    directory::DirectoryHandle,
    store::Store,
};

/// Call records waiting while the store is away: half an hour of a busy company.
pub const RECORD_QUEUE: usize = 8_192;
/// Changes of sessions waiting.
pub const SESSION_QUEUE: usize = 4_096;
/// Changed settings waiting, in messages of a softswitch: everybody presses a key in the same second.
pub const SETTINGS_QUEUE: usize = 8_192;
/// Changes of what people say and choose waiting: everybody's statement ends at the same hour.
pub const PEOPLE_QUEUE: usize = 16_384;
/// Rows of one transaction.
const BATCH: usize = 256;
/// The longest a record waits for company.
const BATCH_AFTER: Duration = Duration::from_millis(250);
/// The first wait after a failed write; it doubles up to [`LONGEST_WAIT`].
const FIRST_WAIT: Duration = Duration::from_millis(250);
const LONGEST_WAIT: Duration = Duration::from_secs(10);
/// Tries left once the server stops.
const LAST_TRIES: u32 = 3;

/// What goes to history.
#[derive(Debug)]
pub enum HistoryItem {
    /// A finished call.
    Call(Box<CallRecord>),
    /// How good one of its legs was. It comes after the call.
    Leg(Box<LegFigures>),
    /// What became of a call for one of its sides.
    Side(Box<CallSide>),
    /// The user has seen every missed call told before.
    Seen(UserId),
}

impl HistoryItem {
    /// The call it is about, if it is about one.
    pub const fn call(&self) -> Option<CallId> {
        match self {
            Self::Call(record) => Some(record.call),
            Self::Leg(figures) => Some(figures.call),
            Self::Side(side) => Some(side.call),
            Self::Seen(_) => None,
        }
    }
}

/// Writes finished calls in batches until the queue is closed and empty.
pub async fn write_history(mut records: mpsc::Receiver<HistoryItem>, store: Store, counters: Arc<Counters>) {
    let mut batch = Vec::with_capacity(BATCH);
    while let Some(first) = records.recv().await {
        batch.push(first);
        let full_at = Instant::now() + BATCH_AFTER;
        while batch.len() < BATCH {
            match tokio::time::timeout_at(full_at, records.recv()).await {
                Ok(Some(record)) => batch.push(record),
                Ok(None) | Err(_) => break,
            }
        }
        let (mut wait, mut tries) = (FIRST_WAIT, 0);
        while let Err(error) = store.record(&batch).await {
            tries += 1;
            if records.is_closed() && tries >= LAST_TRIES {
                tracing::error!(%error, calls = batch.len(), "finished calls are lost: the store fails");
                counters.history_shed.fetch_add(batch.len() as u64, Ordering::Relaxed);
                break;
            }
            tracing::warn!(%error, calls = batch.len(), "finished calls wait for the store");
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(LONGEST_WAIT);
        }
        counters.history_written.fetch_add(batch.len() as u64, Ordering::Relaxed);
        batch.clear();
    }
}

/// Keeps what users changed on a softswitch, in the order it was told: an account's higher number says that the lower
/// ones are in. Several softswitches' changes go one after the other.
pub async fn write_settings(
    mut changes: mpsc::Receiver<Vec<SettingChanged>>,
    store: Store,
    directory: DirectoryHandle,
) {
    while let Some(batch) = changes.recv().await {
        let (mut wait, mut tries) = (FIRST_WAIT, 0);
        let is_any_new = loop {
            match store.take_changes(&batch).await {
                Ok(is_any_new) => break is_any_new,
                Err(error) => {
                    tries += 1;
                    if changes.is_closed() && tries >= LAST_TRIES {
                        // The softswitch has them still, and says so when the server is back.
                        tracing::warn!(%error, "changed settings stay with the softswitch: the store fails");
                        return;
                    }
                    tracing::warn!(%error, "changed settings wait for the store");
                    tokio::time::sleep(wait).await;
                    wait = (wait * 2).min(LONGEST_WAIT);
                }
            }
        };
        if is_any_new {
            directory.changed().await;
        }
    }
}

/// Keeps what people say of themselves and choose, in the order they come.
pub async fn write_people(
    mut changes: mpsc::Receiver<PeopleChange>,
    store: Store,
    directory: DirectoryHandle,
) {
    let mut batch = Vec::with_capacity(BATCH);
    while changes.recv_many(&mut batch, BATCH).await > 0 {
        if let Err(error) = store.change_people(&batch).await {
            tracing::warn!(%error, changes = batch.len(), "what people said will not survive a restart");
        }
        let mut is_any_set = false;
        for change in batch.drain(..) {
            let PeopleChange::DoNotDisturb(user, on) = change else { continue };
            let set = store.change_settings(user, |settings| settings.do_not_disturb = on).await;
            is_any_set |= set.is_ok();
            if let Err(error) = set {
                tracing::warn!(%error, "do-not-disturb does not follow what somebody said: the store fails");
            }
        }
        if is_any_set {
            directory.changed().await;
        }
    }
}

/// Keeps and forgets sessions in the order they come.
pub async fn write_sessions(mut changes: mpsc::Receiver<SessionChange>, store: Store) {
    let mut batch = Vec::with_capacity(BATCH);
    while changes.recv_many(&mut batch, BATCH).await > 0 {
        let (mut saved, mut dropped) = (Vec::new(), Vec::new());
        for change in batch.drain(..) {
            match change {
                SessionChange::Save(record) => saved.push(record),
                SessionChange::Drop(id) => {
                    saved.retain(|record| record.id != id);
                    dropped.push(id);
                }
            }
        }
        if let Err(error) = store.change_sessions(&saved, &dropped).await {
            tracing::warn!(%error, sessions = saved.len(), "sessions will not survive a restart");
        }
    }
}
