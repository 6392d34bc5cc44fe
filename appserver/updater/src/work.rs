//! The updater at work: one update at a time, by one updater at a time.

use std::{convert::Infallible, path::PathBuf, time::Duration};

use ringdown_update::{Entry, Next, Observed, Plan, Record, Refusal, Request, Swap, Update};
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::sleep,
};

use crate::{
    ask::{Answer, Ask, Past, UnderWay, Wanted},
    config::Config,
    engine::Engine,
    journal_file::{JournalFile, OpenError, now, peek},
    release_source::{Signed, SourceError, from_archive, from_channel},
    serve::{bind, serve},
};

/// Between two looks at the engine while something is awaited.
const PAUSE: Duration = Duration::from_millis(250);
/// Before what failed is tried again.
const AFTER_FAILURE: Duration = Duration::from_secs(1);
/// How many updates of the past are told.
const MAX_HISTORY: usize = 100;

/// A question and where its answer goes.
#[derive(Debug)]
pub struct Asked {
    /// The question: a plan, an update, a rollback, a calling off.
    pub ask: Ask,
    /// The answer.
    pub answer: oneshot::Sender<Answer>,
}

/// How it stands, for everybody who asks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// The update under way.
    pub under_way: Option<UnderWay>,
    /// Those that are over, oldest first.
    pub past: Vec<Past>,
}

/// The updater.
#[derive(Debug)]
pub struct Worker {
    config: Config,
    engine: Engine,
    asks: mpsc::Sender<Asked>,
    asked: mpsc::Receiver<Asked>,
    standing: watch::Sender<Standing>,
}

/// Why a life with the journal ended.
enum Left {
    /// Another updater goes on.
    HandedOver,
    /// The journal cannot be written: nothing more is done until it can.
    Disk(std::io::Error),
}

impl Worker {
    /// An updater, and the two ends of what it is asked by.
    #[must_use]
    pub fn new(
        config: Config,
        engine: Engine,
        (asks, asked): (mpsc::Sender<Asked>, mpsc::Receiver<Asked>),
        standing: watch::Sender<Standing>,
    ) -> Self {
        Self { config, engine, asks, asked, standing }
    }

    /// Works until it is dropped. What was under way when an updater ended goes on first. Whoever holds the journal
    /// answers in the control folder.
    ///
    /// # Errors
    /// When the journal is damaged, or the control folder cannot be written: an admin has to look.
    pub async fn run(mut self) -> Result<Infallible, OpenError> {
        loop {
            let mut journal = match JournalFile::open(&self.config.state) {
                Ok(journal) => journal,
                Err(OpenError::Held) => {
                    self.stand(&peek(&self.config.state)?, None);
                    sleep(PAUSE).await;
                    continue;
                }
                Err(error) => return Err(error),
            };
            let doors = serve(bind(&self.config.control)?, self.asks.clone(), self.standing.subscribe());
            let doors = tokio::spawn(doors);
            let left = self.live(&mut journal).await;
            doors.abort();
            match left {
                Left::HandedOver => {
                    drop(journal);
                    // Longer than the other needs to take the journal.
                    sleep(4 * PAUSE).await;
                }
                Left::Disk(error) => {
                    tracing::error!(%error, "the journal cannot be written: nothing is done until it can");
                    sleep(5 * AFTER_FAILURE).await;
                }
            }
        }
    }

    async fn live(&mut self, journal: &mut JournalFile) -> Left {
        loop {
            if let Some(update) = Update::resume(journal.records()) {
                tracing::info!(update = update.plan().id, "an update is under way: going on");
                if let Some(left) = self.drive(journal, update).await {
                    return left;
                }
            }
            self.stand(journal.records(), None);
            // A sender is our own: this never ends.
            let Some(Asked { ask, answer }) = self.asked.recv().await else { continue };
            match self.decide(journal.records(), ask).await {
                Ok((plan, notes, true)) => {
                    let _ = answer.send(Answer::plan(&plan, &notes));
                }
                Ok((plan, _, false)) => {
                    let (id, (_, entry)) = (plan.id.clone(), Update::begin(plan));
                    if let Err(error) = journal.append(&id, entry) {
                        let _ = answer.send(refused(format!("the journal cannot be written: {error}")));
                        return Left::Disk(error);
                    }
                    let _ = answer.send(Answer::Accepted { update: id });
                }
                Err(why) => {
                    let _ = answer.send(refused(why));
                }
            }
        }
    }

    /// The plan that was asked for, the release's notes, and whether it is only to be told.
    async fn decide(&self, records: &[Record], ask: Ask) -> Result<(Plan, String, bool), String> {
        let observed = self.engine.observe().await?;
        let id = new_id();
        let (release, roles, version, only_told) = match ask {
            Ask::Plan { release, roles } => (release, roles, None, true),
            Ask::Apply { release, roles, version } => (release, roles, version, false),
            Ask::Rollback => {
                let done = last_updated(records).ok_or("no update of the past is known here")?;
                let plan = Plan::rollback(id, done, &observed, self.config.limits);
                return plan.map(|plan| (plan, String::new(), false)).map_err(|refusal| refusal.to_string());
            }
            Ask::CallOff => return Err("no update is under way".to_owned()),
            Ask::Status | Ask::Watch | Ask::History => return Err("that is answered elsewhere".to_owned()),
        };
        let Signed { release, archive } = self.signed(release).await.map_err(|error| error.to_string())?;
        if let Some(seen) = version.filter(|seen| *seen != release.version) {
            return Err(format!(
                "the release is {} by now, not {seen}: look at its plan first",
                release.version
            ));
        }
        let notes = release.notes.clone();
        let archive = archive.map(|path: PathBuf| path.to_string_lossy().into_owned());
        let request = Request { release, roles: roles.into_iter().collect(), archive, downgrade: false };
        let plan = self.plan(id, &request, &observed).await?;
        plan.map(|plan| (plan, notes, only_told)).map_err(|refusal| refusal.to_string())
    }

    async fn plan(
        &self,
        id: String,
        request: &Request,
        observed: &Observed,
    ) -> Result<Result<Plan, Refusal>, String> {
        let ways = self.engine.ways(observed).await?;
        let way = |role| ways.get(&role).cloned().unwrap_or((Swap::StopFirst, None));
        Ok(Plan::make(id, request, observed, self.config.limits, way))
    }

    async fn signed(&self, wanted: Wanted) -> Result<Signed, SourceError> {
        let config = self.config.clone();
        let fetched = tokio::task::spawn_blocking(move || {
            let key = config.public_key.as_deref();
            match wanted {
                Wanted::Archive(name) => from_archive(&config.import, &name, key),
                Wanted::Channel => from_channel(config.channel.as_deref(), key),
            }
        });
        fetched.await.unwrap_or(Err(SourceError::NoChannel))
    }

    /// Carries an update on until it is over, or not ours any more.
    async fn drive(&mut self, journal: &mut JournalFile, mut update: Update) -> Option<Left> {
        let id = update.plan().id.clone();
        loop {
            if let Some(entry) = self.answer_meanwhile(&mut update)
                && let Err(error) = journal.append(&id, entry)
            {
                return Some(Left::Disk(error));
            }
            self.stand(journal.records(), Some(&update));
            let observed = match self.engine.observe().await {
                Ok(observed) => observed,
                Err(error) => {
                    tracing::warn!(%error, "the container engine does not answer");
                    sleep(AFTER_FAILURE).await;
                    continue;
                }
            };
            match update.next(now(), &observed) {
                Next::Record(entry) => {
                    tell(&id, &entry);
                    if let Err(error) = journal.append(&id, entry) {
                        return Some(Left::Disk(error));
                    }
                }
                Next::Do(operation) => {
                    tracing::info!(update = id, "{}", operation.describe());
                    match self.engine.perform(&operation).await {
                        Ok(()) => update.succeeded(),
                        Err(why) => {
                            tracing::warn!(update = id, why, "could not {}", operation.describe());
                            update.failed(why);
                            sleep(AFTER_FAILURE).await;
                        }
                    }
                }
                Next::Wait => sleep(PAUSE).await,
                Next::HandOver(to) => {
                    tracing::info!(update = id, to, "the other updater goes on");
                    return Some(Left::HandedOver);
                }
                Next::Ended(_) => return None,
            }
        }
    }

    /// Answers what is asked while an update is under way; the entry is to be written.
    fn answer_meanwhile(&mut self, update: &mut Update) -> Option<Entry> {
        while let Ok(Asked { ask, answer }) = self.asked.try_recv() {
            if ask != Ask::CallOff {
                let _ = answer.send(refused("an update is under way".to_owned()));
                continue;
            }
            let entry = update.call_off("an admin called it off");
            let _ = answer.send(match &entry {
                Some(_) => Answer::Accepted { update: update.plan().id.clone() },
                None => refused("it is too late for that: undo it when it is over".to_owned()),
            });
            if entry.is_some() {
                return entry;
            }
        }
        None
    }

    fn stand(&self, records: &[Record], update: Option<&Update>) {
        // An updater that waits for the journal tells what is in it.
        let read = update.is_none().then(|| Update::resume(records)).flatten();
        let under_way = update.or(read.as_ref()).map(UnderWay::of);
        let standing = Standing { under_way, past: past(records) };
        self.standing.send_if_modified(|known| {
            let is_new = *known != standing;
            *known = standing;
            is_new
        });
    }
}

fn refused(why: String) -> Answer {
    Answer::Refused { why }
}

fn tell(update: &str, entry: &Entry) {
    match entry {
        Entry::TurnedBack { why, .. } => tracing::warn!(update, why, "everything is undone"),
        Entry::Ended { outcome } => tracing::info!(update, ?outcome, "the update is over"),
        Entry::Planned { .. } | Entry::Reached { .. } | Entry::Undone { .. } => {}
    }
}

/// Twelve characters: in labels and names of containers.
fn new_id() -> String {
    let mut bytes = [0; 6];
    // Without randomness the time tells updates apart: only one is under way at a time.
    if getrandom::fill(&mut bytes).is_err() {
        bytes.copy_from_slice(&now().to_be_bytes()[2..]);
    }
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Updates that are over, oldest first.
fn past(records: &[Record]) -> Vec<Past> {
    let mut begun: Option<(&Plan, u64)> = None;
    let mut past = Vec::new();
    for record in records {
        match &record.entry {
            Entry::Planned { plan } => begun = Some((plan, record.at)),
            Entry::Ended { outcome } => {
                if let Some((plan, began)) = begun.take() {
                    past.push(Past {
                        update: plan.id.clone(),
                        version: plan.version.clone(),
                        began,
                        ended: record.at,
                        roles: plan.changes.iter().map(|change| change.role).collect(),
                        outcome: outcome.clone(),
                    });
                }
            }
            Entry::Reached { .. } | Entry::TurnedBack { .. } | Entry::Undone { .. } => {}
        }
    }
    past.drain(..past.len().saturating_sub(MAX_HISTORY));
    past
}

/// The plan of the last update that was carried out.
fn last_updated(records: &[Record]) -> Option<&Plan> {
    let mut plan = None;
    let mut updated = None;
    for record in records {
        match &record.entry {
            Entry::Planned { plan: begun } => plan = Some(&**begun),
            Entry::Ended { outcome: ringdown_update::Outcome::Updated } => updated = plan,
            _ => {}
        }
    }
    updated
}
