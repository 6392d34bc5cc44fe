//! What may be asked of the updater, and what it answers: one JSON object a line, on a socket in a volume it shares with
//! the app server. There is no other way in: the updater listens on no network.

use ringdown_update::{Change, Outcome, Plan, Progress, Role, Swap, Update};
use semver::Version;
use serde::{Deserialize, Serialize};

/// A question. The same connection may ask again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Ask {
    /// What is under way, or how the last update ended.
    Status,
    /// As `status`, again after every change, until nothing is under way.
    Watch,
    /// What an update would do. Nothing is touched, nothing is fetched but the release itself.
    Plan {
        /// Where to.
        #[serde(default)]
        release: Wanted,
        /// These roles alone; empty: all.
        #[serde(default)]
        roles: Vec<Role>,
    },
    /// Update.
    Apply {
        /// Where to.
        #[serde(default)]
        release: Wanted,
        /// These roles alone; empty: all.
        #[serde(default)]
        roles: Vec<Role>,
        /// The version the asker has seen in a plan; another one is refused.
        #[serde(default)]
        version: Option<Version>,
    },
    /// Undo the last update.
    Rollback,
    /// Undo the update under way.
    CallOff,
    /// Updates of the past, newest first.
    History,
}

/// Which release.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Wanted {
    /// The newest of the channel.
    #[default]
    Channel,
    /// The archive in this folder of the import folder.
    Archive(String),
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "kebab-case")]
pub enum Answer {
    /// How it stands.
    Status {
        /// The update under way.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        under_way: Option<UnderWay>,
        /// The last one that is over.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        last: Option<Past>,
    },
    /// What an update would do.
    Plan {
        /// The version it leads to.
        version: Version,
        /// What its makers say.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        notes: String,
        /// What changes, in order.
        changes: Vec<Planned>,
        /// What stays as it is.
        untouched: Vec<Role>,
    },
    /// It has begun.
    Accepted {
        /// The update's id.
        update: String,
    },
    /// Updates of the past.
    History {
        /// Newest first.
        updates: Vec<Past>,
    },
    /// It cannot be done.
    Refused {
        /// Why, and what helps.
        why: String,
    },
}

/// An update under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnderWay {
    /// Its id.
    pub update: String,
    /// Where it leads.
    pub version: Version,
    /// The place of its step, from 1.
    pub step: usize,
    /// How many there are.
    pub steps: usize,
    /// What it does.
    pub doing: String,
    /// Why everything is undone, if it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub going_back: Option<String>,
    /// What failed last and is tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
    /// Whether it can be called off.
    pub may_call_off: bool,
}

/// An update that is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Past {
    /// Its id.
    pub update: String,
    /// Where it led.
    pub version: Version,
    /// When it began, in Unix milliseconds.
    pub began: u64,
    /// When it ended.
    pub ended: u64,
    /// The roles it changed.
    pub roles: Vec<Role>,
    /// How it ended.
    pub outcome: Outcome,
}

/// What would change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planned {
    /// Which role.
    pub role: Role,
    /// Its container.
    pub container: String,
    /// The version that runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Version>,
    /// The image that will run.
    pub image: String,
    /// What it does to calls and pages, in words.
    pub effect: String,
}

impl Planned {
    /// Of a change.
    #[must_use]
    pub fn of(change: &Change) -> Self {
        let effect = match (change.role, change.swap) {
            (Role::Sounds, _) => "no call is touched; the next prompt is of the new pack",
            (Role::Appserver, _) => {
                "calls go on; pages are without signalling for a moment and resume by themselves"
            }
            (Role::Softswitch, Swap::Beside) => {
                "calls go on in the old one until they end; new ones begin in the new one"
            }
            (Role::Softswitch, Swap::StopFirst) => "every call ends: update when nobody talks",
            (Role::Updater, _) => "nothing but the updater",
        };
        Self {
            role: change.role,
            container: change.name.clone(),
            from: change.from_version.clone(),
            image: change.to.describe(),
            effect: effect.to_owned(),
        }
    }
}

impl Answer {
    /// Of a plan.
    #[must_use]
    pub fn plan(plan: &Plan, notes: &str) -> Self {
        Self::Plan {
            version: plan.version.clone(),
            notes: notes.to_owned(),
            changes: plan.changes.iter().map(Planned::of).collect(),
            untouched: plan.untouched.clone(),
        }
    }
}

impl UnderWay {
    /// Of an update.
    #[must_use]
    pub fn of(update: &Update) -> Self {
        let Progress { step, steps, doing, going_back, may_turn_back, trouble } = update.progress();
        let words = doing.map_or_else(|| "come to the end".to_owned(), ringdown_update::Step::describe);
        Self {
            update: update.plan().id.clone(),
            version: update.plan().version.clone(),
            step: step + 1,
            steps,
            doing: if going_back.is_some() { format!("undo: {words}") } else { words },
            going_back,
            trouble,
            may_call_off: may_turn_back,
        }
    }
}
