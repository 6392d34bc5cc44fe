//! The tasks that write to the stores, so that nothing live waits for a disk.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use ringdown_control::{CallRecord, LegFigures, SettingChanged};
use ringdown_desk::{CallSide, PeopleChange, SessionRecord};
use ringdown_types::{CallId, SessionId, UserId};
use tokio::{sync::mpsc, time::Instant};

use crate::{
    desk_task::{Counters, SessionChange},
    directory::DirectoryHandle,
    store::{Store, StoreError},
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
        let work = Work { what: "calls", items: &batch };
        let (written, lost) = work.keep(&store, || records.is_closed()).await;
        counters.history_shed.fetch_add(lost, Ordering::Relaxed);
        counters.history_written.fetch_add(written, Ordering::Relaxed);
        batch.clear();
    }
}

/// Where items go.
trait Keeper<T> {
    /// Writes all of them or none.
    fn write(&self, items: &[T]) -> impl Future<Output = Result<(), StoreError>> + Send;
}

impl Keeper<HistoryItem> for Store {
    async fn write(&self, items: &[HistoryItem]) -> Result<(), StoreError> {
        self.record(items).await.map(drop)
    }
}

impl Keeper<PeopleChange> for Store {
    async fn write(&self, items: &[PeopleChange]) -> Result<(), StoreError> {
        self.change_people(items).await
    }
}

impl Keeper<SessionChange> for Store {
    async fn write(&self, items: &[SessionChange]) -> Result<(), StoreError> {
        let (saved, dropped) = outcome_of(items);
        self.change_sessions(&saved, &dropped).await
    }
}

/// A store that notes whether settings were new to it.
struct SettingsKeeper<'a> {
    store: &'a Store,
    is_any_new: AtomicBool,
}

impl Keeper<SettingChanged> for SettingsKeeper<'_> {
    async fn write(&self, items: &[SettingChanged]) -> Result<(), StoreError> {
        self.is_any_new.fetch_or(self.store.take_changes(items).await?, Ordering::Relaxed);
        Ok(())
    }
}

/// Items that go to a store.
struct Work<'a, T> {
    what: &'static str,
    items: &'a [T],
}

impl<T> Work<'_, T> {
    /// Writes the items in their order, however long the store is away; once the server stops only [`LAST_TRIES`] more.
    /// What the store can never take is left out, and the rest is written. How many were written, and how many lost.
    async fn keep(self, keeper: &impl Keeper<T>, is_stopping: impl Fn() -> bool) -> (u64, u64) {
        let Self { what, items } = self;
        let (mut written, mut lost) = (0, 0);
        // Parts still to be written, the last one next.
        let mut parts = vec![items];
        let (mut wait, mut tries) = (FIRST_WAIT, 0);
        while let Some(part) = parts.pop() {
            let count = part.len() as u64;
            let Err(error) = keeper.write(part).await else {
                (wait, tries) = (FIRST_WAIT, 0);
                written += count;
                continue;
            };
            if error.blames_data() {
                if count <= 1 {
                    tracing::error!(%error, what, "the store does not take this: it is lost");
                    lost += count;
                } else {
                    let (first, second) = part.split_at(part.len() / 2);
                    parts.extend([second, first]);
                }
                continue;
            }
            tries += 1;
            if is_stopping() && tries >= LAST_TRIES {
                lost = items.len() as u64 - written;
                tracing::error!(%error, what, lost, "the store fails: this is lost");
                break;
            }
            tracing::warn!(%error, what, waiting = count, "the store fails: this waits");
            parts.push(part);
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(LONGEST_WAIT);
        }
        (written, lost)
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
        let keeper = SettingsKeeper { store: &store, is_any_new: AtomicBool::new(false) };
        // What is lost because the server stops the softswitch has still, and says so when the server is back.
        Work { what: "settings", items: &batch }.keep(&keeper, || changes.is_closed()).await;
        if keeper.is_any_new.into_inner() {
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
        Work { what: "statements", items: &batch }.keep(&store, || changes.is_closed()).await;
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
        Work { what: "sessions", items: &batch }.keep(&store, || changes.is_closed()).await;
        batch.clear();
    }
}

/// Which sessions are there after the changes, and which are not.
fn outcome_of(changes: &[SessionChange]) -> (Vec<SessionRecord>, Vec<SessionId>) {
    let (mut saved, mut dropped) = (Vec::<SessionRecord>::new(), Vec::new());
    for change in changes {
        match change {
            SessionChange::Save(record) => saved.push(record.clone()),
            SessionChange::Drop(id) => {
                saved.retain(|record| record.id != *id);
                dropped.push(*id);
            }
        }
    }
    (saved, dropped)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// A store that cannot take 7, and is away a few times.
    #[derive(Default)]
    struct Picky {
        away: Mutex<u32>,
        taken: Mutex<Vec<u32>>,
    }

    impl Keeper<u32> for Picky {
        async fn write(&self, items: &[u32]) -> Result<(), StoreError> {
            let mut away = self.away.lock().expect("no panic");
            if *away > 0 {
                *away -= 1;
                return Err(StoreError::Database(sqlx::Error::PoolTimedOut));
            }
            if items.contains(&7) {
                return Err(StoreError::Corrupt("number"));
            }
            self.taken.lock().expect("no panic").extend_from_slice(items);
            Ok(())
        }
    }

    async fn keep(items: &[u32], away: u32) -> (Vec<u32>, (u64, u64)) {
        let picky = Picky { away: Mutex::new(away), ..Picky::default() };
        let outcome = Work { what: "numbers", items }.keep(&picky, || true).await;
        (picky.taken.into_inner().expect("no panic"), outcome)
    }

    #[tokio::test]
    async fn what_the_store_never_takes_keeps_nothing_else_out_and_order_stays() {
        assert_eq!(keep(&[1, 2, 7, 3, 4, 5], 0).await, (vec![1, 2, 3, 4, 5], (5, 1)));
        assert_eq!(keep(&[7], 0).await, (vec![], (0, 1)));
    }

    #[tokio::test]
    async fn a_store_that_is_away_is_waited_for_but_not_for_ever_once_the_server_stops() {
        assert_eq!(keep(&[1, 2], 1).await, (vec![1, 2], (2, 0)));
        assert_eq!(keep(&[1, 2], LAST_TRIES).await, (vec![], (0, 2)));
    }
}
