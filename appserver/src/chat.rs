//! The keeper of conversations: does the desk's jobs of the chat in the store, beside the desk and every call.
//!
//! Writing jobs are done one after the other by one task, as many as wait in one transaction. Reading ones are done a few
//! at a time. Where too many wait, further ones are refused at once: the page asks again.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use ringdown_desk::{ChatDone, ChatJob, ChatNews, ChatTarget, ChatWork};
use ringdown_protocol::{ErrorCode, ErrorInfo};
use tokio::{
    sync::{Semaphore, mpsc},
    task::JoinSet,
};

use crate::{
    clock::unix_ms,
    desk_task::{DeskHandle, DeskMessage},
    files::Files,
    store::{ChatError, ChatOutcome, ChatPage, Store, StoreError},
};

/// Jobs of each sort that may wait: everybody comes back after a restart and lists their conversations.
const QUEUE: usize = 16_384;
/// Writing jobs of one transaction.
const BATCH: usize = 256;
/// Reading jobs at once: fewer than the store has connections, so that it has one for the others.
const READERS: usize = 3;

/// Messages, and files, taken away in one transaction; between two the writer has its turn.
const EXPIRED_AT_ONCE: u32 = 200;
const EXPIRE_PAUSE: Duration = Duration::from_millis(250);
const EXPIRE_EVERY: Duration = Duration::from_secs(60 * 60);
const DAY_MS: u64 = 24 * 60 * 60 * 1000;
/// After the store failed it is left alone for this long.
const AWAY_MS: u64 = 1_000;

/// Where the desk's jobs go.
#[derive(Debug, Clone)]
pub struct ChatQueues {
    reads: mpsc::Sender<ChatJob>,
    writes: mpsc::Sender<ChatJob>,
}

/// Where they come from.
#[derive(Debug)]
pub struct ChatJobs {
    reads: mpsc::Receiver<ChatJob>,
    writes: mpsc::Receiver<ChatJob>,
}

impl ChatQueues {
    /// Both ends.
    pub fn new() -> (Self, ChatJobs) {
        let ((reads, read), (writes, written)) = (mpsc::channel(QUEUE), mpsc::channel(QUEUE));
        (Self { reads, writes }, ChatJobs { reads: read, writes: written })
    }

    /// Gives a job to the keeper; what became of it at once where there is no room.
    pub fn give(&self, job: ChatJob) -> Option<ChatDone> {
        let queue = if job.work.writes() { &self.writes } else { &self.reads };
        let (user, asker) = (job.user, job.asker);
        queue.try_send(job).err()?;
        let outcome = Err(ErrorInfo::new(ErrorCode::RateLimited, "the chat has too much to do"));
        Some(ChatDone { user, asker, outcome })
    }
}

/// Does jobs until the desk is gone, then those that are left to write.
pub async fn keep(jobs: ChatJobs, store: Store, files: Files, desk: DeskHandle) {
    let ChatJobs { reads, writes } = jobs;
    tokio::join!(write(writes, &store, &desk), read(reads, (&store, &files), &desk));
}

async fn write(mut jobs: mpsc::Receiver<ChatJob>, store: &Store, desk: &DeskHandle) {
    let mut batch = Vec::with_capacity(BATCH);
    while jobs.recv_many(&mut batch, BATCH).await > 0 {
        let outcomes = match store.chat_write(&batch).await {
            Ok(outcomes) => outcomes,
            // One of them may be what the database cannot take: each has its own chance.
            Err(error) if error.blames_data() => {
                let mut outcomes = Vec::with_capacity(batch.len());
                for job in &batch {
                    let alone = store.chat_write(std::slice::from_ref(job)).await;
                    let alone = alone.map_err(ChatError::from).map(|mut done| done.pop());
                    outcomes.push(alone.and_then(|done| done.unwrap_or(Err(ChatError::NoSuchMessage))));
                }
                outcomes
            }
            Err(error) => {
                refuse(desk, &mut batch, &error).await;
                continue;
            }
        };
        for (job, outcome) in batch.drain(..).zip(outcomes) {
            tell(desk, &job, outcome).await;
        }
    }
}

/// Says to everybody in the batch that the store is away: they try again, and nobody waits for its patience in turn.
async fn refuse(desk: &DeskHandle, batch: &mut Vec<ChatJob>, error: &StoreError) {
    tracing::error!(%error, jobs = batch.len(), "the chat cannot be kept");
    for job in batch.drain(..) {
        let outcome = Err(ErrorInfo::new(ErrorCode::Internal, "the store failed"));
        let done = ChatDone { user: job.user, asker: job.asker, outcome };
        desk.send(DeskMessage::Chat(Box::new(done))).await;
    }
}

async fn read(mut jobs: mpsc::Receiver<ChatJob>, (store, files): (&Store, &Files), desk: &DeskHandle) {
    let (places, mut running) = (Arc::new(Semaphore::new(READERS)), JoinSet::new());
    // A store that is away costs each reader its whole patience: those behind it are told at once.
    let away_until = Arc::new(AtomicU64::new(0));
    while let Some(job) = jobs.recv().await {
        if unix_ms() < away_until.load(Ordering::Relaxed) {
            let outcome = Err(ErrorInfo::new(ErrorCode::Internal, "the store failed"));
            let done = ChatDone { user: job.user, asker: job.asker, outcome };
            desk.send(DeskMessage::Chat(Box::new(done))).await;
            continue;
        }
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        while running.try_join_next().is_some() {}
        let (store, files, desk) = (store.clone(), files.clone(), desk.clone());
        let away_until = Arc::clone(&away_until);
        running.spawn(async move {
            let outcome = look_up(&store, &files, &job).await;
            if matches!(&outcome, Err(ChatError::Store(error)) if !error.blames_data()) {
                away_until.store(unix_ms() + AWAY_MS, Ordering::Relaxed);
            }
            drop(place);
            tell(&desk, &job, outcome).await;
        });
    }
}

async fn look_up(store: &Store, files: &Files, job: &ChatJob) -> ChatOutcome {
    let user = job.user;
    match &job.work {
        ChatWork::List { cursor, limit } => store.chat_list(user, cursor.as_deref(), *limit).await,
        ChatWork::Open(ChatTarget::Conversation(id)) => {
            let opened = Box::new(store.chat_opened(user, *id).await?);
            Ok(ChatNews::Opened { opened, is_changed: false, gone: Vec::new() })
        }
        ChatWork::History { conversation, before, after, since, limit } => {
            let page = match (after, since) {
                (Some(after), _) => ChatPage::After(*after),
                (None, Some(since)) => ChatPage::Since(*since),
                (None, None) => ChatPage::Before(before.unwrap_or(u64::MAX)),
            };
            store.chat_history((user, *conversation), page, *limit).await
        }
        ChatWork::Members(conversation) => store.chat_members(user, *conversation).await,
        ChatWork::Search { words, conversation, cursor } => {
            store.chat_search((user, *conversation), words, cursor.as_deref(), job.at).await
        }
        ChatWork::Link(id) => {
            let file = store.file(*id).await?.ok_or(ChatError::NoSuchFile)?;
            if !files.may_read(user, &file).await? {
                return Err(ChatError::NoSuchFile);
            }
            let (path, expires_in) = files.link(*id, job.at);
            Ok(ChatNews::Linked { path, expires_in })
        }
        ChatWork::Place => {
            let (path, expires_in) = files.place(user, job.at);
            Ok(ChatNews::Linked { path, expires_in })
        }
        ChatWork::Undelivered => store.chat_undelivered(user, job.at).await,
        _ => Err(ChatError::WrongKind("this is no reading job")),
    }
}

async fn tell(desk: &DeskHandle, job: &ChatJob, outcome: ChatOutcome) {
    let outcome = outcome.map_err(|error| error_info(&error));
    let done = ChatDone { user: job.user, asker: job.asker, outcome };
    desk.send(DeskMessage::Chat(Box::new(done))).await;
}

/// For how long messages and files of the chat are kept, in days; 0 for good.
#[derive(Debug, Clone, Copy, Default)]
pub struct Kept {
    /// Messages, with their files.
    pub messages: u32,
    /// Files.
    pub files: u32,
}

/// Takes away what was kept long enough, a little at a time, for as long as the server runs.
pub async fn expire(kept: Kept, store: Store, files: Files) {
    let Kept { messages, files: file_days } = kept;
    if messages == 0 && file_days == 0 {
        return;
    }
    let before = |days: u32| unix_ms().saturating_sub(u64::from(days) * DAY_MS);
    loop {
        let outcome = async {
            let more_messages = messages > 0 && store.chat_expire(before(messages), EXPIRED_AT_ONCE).await?;
            let more_files = file_days > 0 && files.expire(before(file_days), EXPIRED_AT_ONCE).await?;
            Ok::<_, StoreError>(more_messages || more_files)
        };
        let pause = match outcome.await {
            Ok(true) => EXPIRE_PAUSE,
            Ok(false) => EXPIRE_EVERY,
            Err(error) => {
                tracing::warn!(%error, "old messages stay");
                EXPIRE_EVERY
            }
        };
        tokio::time::sleep(pause).await;
    }
}

fn error_info(error: &ChatError) -> ErrorInfo {
    match error {
        ChatError::Store(StoreError::Database(_) | StoreError::Corrupt(_)) => {
            tracing::error!(%error, "the chat cannot be kept");
            ErrorInfo::new(ErrorCode::Internal, "the store failed")
        }
        ChatError::NoSuchConversation | ChatError::NotOwner | ChatError::Blocked | ChatError::Blocking => {
            ErrorInfo::new(ErrorCode::Forbidden, error.to_string())
        }
        _ => ErrorInfo::new(ErrorCode::BadRequest, error.to_string()),
    }
}
