//! An update under way.

use crate::{Entry, Observed, Operation, Outcome, Plan, Record, Step, step::Want};

/// How often an operation is tried again before its step fails.
const TRIES: u32 = 3;

/// What the shell does next. Whatever it is, it looks at the engine again before it asks again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Write this to the journal, and to disk, before anything else.
    Record(Entry),
    /// Do this, and tell how it went by [`Update::succeeded`] or [`Update::failed`].
    Do(Operation),
    /// Look again in a moment.
    Wait,
    /// Leave the rest to the updater in this container: let go of the journal.
    HandOver(String),
    /// It is over.
    Ended(Outcome),
}

/// Where an update is, for the admin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The place of the step under way, from 0.
    pub step: usize,
    /// How many steps there are.
    pub steps: usize,
    /// The step under way; `None` when all are done.
    pub doing: Option<Step>,
    /// Why everything is undone, if it is.
    pub going_back: Option<String>,
    /// Whether it can still be called off.
    pub may_turn_back: bool,
    /// What failed last and is tried again.
    pub trouble: Option<String>,
}

/// An update under way: what is to be done next, by what is there and what is in the journal.
#[derive(Clone, Debug)]
pub struct Update {
    plan: Plan,
    steps: Vec<Step>,
    /// Forward: the step under way. Back: everything from here on is undone.
    at: usize,
    back: Option<String>,
    stuck: Vec<String>,
    ended: Option<Outcome>,
    /// Of the step under way, in this run.
    now: Tried,
}

#[derive(Clone, Debug, Default)]
struct Tried {
    /// When it was looked at first, in Unix milliseconds.
    since: Option<u64>,
    is_done: bool,
    failures: u32,
    trouble: Option<String>,
}

impl Update {
    /// Begins an update; the entry is to be written first.
    #[must_use]
    pub fn begin(plan: Plan) -> (Self, Entry) {
        let entry = Entry::Planned { plan: Box::new(plan.clone()) };
        (Self::planned(plan), entry)
    }

    /// The update the journal ends with, if it is not over.
    #[must_use]
    pub fn resume(records: &[Record]) -> Option<Self> {
        let mut update: Option<Self> = None;
        for record in records {
            match (&record.entry, &mut update) {
                (Entry::Planned { plan }, _) => update = Some(Self::planned((**plan).clone())),
                (entry, Some(update)) => {
                    update.apply(entry);
                    // What may take hours is counted from when it began, not from when the updater was started again.
                    if update.steps.get(update.at).is_some_and(|step| step.is_final()) {
                        update.now.since = Some(record.at);
                    }
                }
                (_, None) => {}
            }
        }
        update.filter(|update| update.ended.is_none())
    }

    fn planned(plan: Plan) -> Self {
        let steps = Step::of(&plan);
        Self { plan, steps, at: 0, back: None, stuck: Vec::new(), ended: None, now: Tried::default() }
    }

    /// The plan.
    #[must_use]
    pub const fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The steps.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Where it is.
    #[must_use]
    pub fn progress(&self) -> Progress {
        let doing = if self.back.is_some() { self.at.checked_sub(1) } else { Some(self.at) };
        Progress {
            step: doing.unwrap_or(0),
            steps: self.steps.len(),
            doing: doing.and_then(|at| self.steps.get(at)).copied(),
            going_back: self.back.clone(),
            may_turn_back: self.may_turn_back(),
            trouble: self.now.trouble.clone(),
        }
    }

    /// What to do next, at `now` (Unix milliseconds), with what is there.
    pub fn next(&mut self, now: u64, observed: &Observed) -> Next {
        if let Some(outcome) = &self.ended {
            return Next::Ended(outcome.clone());
        }
        let waited = now.saturating_sub(*self.now.since.get_or_insert(now));
        if self.back.is_some() { self.backward(waited, observed) } else { self.forward(waited, observed) }
    }

    /// The operation asked for last was done.
    pub fn succeeded(&mut self) {
        self.now.is_done = true;
        self.now.trouble = None;
    }

    /// The operation asked for last failed.
    pub fn failed(&mut self, why: String) {
        self.now.failures += 1;
        self.now.trouble = Some(why);
    }

    /// Calls it off: everything is undone. Says whether it still can be; the entry is to be written first.
    pub fn call_off(&mut self, why: &str) -> Option<Entry> {
        self.may_turn_back().then(|| self.turn_back(why.to_owned()))
    }

    fn may_turn_back(&self) -> bool {
        let is_final = self.steps.get(self.at).is_none_or(|step| step.is_final());
        self.ended.is_none() && self.back.is_none() && !is_final
    }

    fn forward(&mut self, waited: u64, observed: &Observed) -> Next {
        let Some(step) = self.steps.get(self.at).copied() else {
            return self.record(Entry::Ended { outcome: Outcome::Updated });
        };
        let is_over = waited > step.limit(&self.plan);
        match step.forward(&self.plan, observed, self.now.is_done, waited) {
            Want::Met => self.record(Entry::Reached { step: self.at + 1 }),
            Want::HandOver(container) => Next::HandOver(container),
            Want::Fail(why) => self.give_up(step, why),
            Want::Wait | Want::Do(_) if is_over => {
                let why = self.now.trouble.clone().unwrap_or_else(|| "it takes too long".to_owned());
                self.give_up(step, format!("{}: {why}", step.describe()))
            }
            Want::Wait => Next::Wait,
            // A probe may come too early: it is repeated for as long as the step has.
            Want::Do(_) if self.now.failures >= TRIES && !matches!(step, Step::Ready(_) | Step::Keep(_)) => {
                let why = self.now.trouble.clone().unwrap_or_default();
                self.give_up(step, format!("{}: {why}", step.describe()))
            }
            Want::Do(operation) => Next::Do(operation),
        }
    }

    fn give_up(&mut self, step: Step, why: String) -> Next {
        if step.is_final() {
            let help =
                format!("could not {}; the new version runs: remove what is left by hand", step.describe());
            return self.record(Entry::Ended { outcome: Outcome::Stuck { why, help } });
        }
        Next::Record(self.turn_back(why))
    }

    fn turn_back(&mut self, why: String) -> Entry {
        let entry = Entry::TurnedBack { step: self.at, why };
        self.apply(&entry);
        entry
    }

    fn backward(&mut self, waited: u64, observed: &Observed) -> Next {
        let Some(step) = self.at.checked_sub(1).and_then(|at| self.steps.get(at)).copied() else {
            let why = self.back.clone().unwrap_or_default();
            let outcome = if self.stuck.is_empty() {
                Outcome::RolledBack { why }
            } else {
                Outcome::Stuck { why, help: self.stuck.join("; ") }
            };
            return self.record(Entry::Ended { outcome });
        };
        let undone = |help| Entry::Undone { step: self.at - 1, help };
        let entry = match step.backward(&self.plan, observed) {
            Want::Met => undone(None),
            Want::HandOver(container) => return Next::HandOver(container),
            Want::Fail(help) => undone(Some(help)),
            Want::Wait | Want::Do(_) if waited > self.plan.limits.undo => {
                let why = self.now.trouble.clone().unwrap_or_else(|| "it takes too long".to_owned());
                undone(Some(format!("could not undo \"{}\": {why}", step.describe())))
            }
            Want::Wait => return Next::Wait,
            Want::Do(operation) => return Next::Do(operation),
        };
        self.record(entry)
    }

    fn record(&mut self, entry: Entry) -> Next {
        self.apply(&entry);
        Next::Record(entry)
    }

    /// What a line of the journal says, whether it is written now or was long ago.
    fn apply(&mut self, entry: &Entry) {
        match entry {
            Entry::Planned { .. } => {}
            Entry::Reached { step } => self.at = *step,
            Entry::TurnedBack { step, why } => {
                // The step that failed may be half done.
                self.at = (step + 1).min(self.steps.len());
                self.back = Some(why.clone());
            }
            Entry::Undone { step, help } => {
                self.at = *step;
                self.stuck.extend(help.clone());
            }
            Entry::Ended { outcome } => self.ended = Some(outcome.clone()),
        }
        self.now = Tried::default();
    }
}
