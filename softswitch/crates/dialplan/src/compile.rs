//! The tables and the walk through them.

use std::{collections::HashMap, fmt};

use ringdown_types::{Extension, Pii, UserId};
use serde::{Deserialize, Serialize};

use crate::{Decision, Explanation, Refusal, Step, normalise::Key};

/// What a dialplan is made from.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct DialplanSource {
    /// Everybody with an extension.
    pub users: Vec<UserEntry>,
    /// Codes that reach a service.
    pub features: Vec<FeatureEntry>,
}

/// Somebody with an extension.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserEntry {
    /// The account.
    pub id: UserId,
    /// The number others dial.
    pub extension: Extension,
    /// A disabled user can neither call nor be called.
    pub enabled: bool,
}

/// A code that reaches a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeatureEntry {
    /// What is dialled.
    pub code: Extension,
    /// What answers.
    pub service: Service,
}

/// A service of the switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Service {
    /// Returns the caller's own voice.
    EchoTest,
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::EchoTest => "the echo test",
        })
    }
}

/// A source that contradicts itself. The dialplan in force stays.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CompileError {
    /// Two entries have the same number, separators and case aside.
    #[error("two entries share an extension")]
    DuplicateExtension {
        /// The second of them.
        extension: Extension,
    },
    /// Two users have the same id.
    #[error("user {0} is listed twice")]
    DuplicateUser(UserId),
    /// An extension of separators only can never be dialled.
    #[error("an extension consists of separators only")]
    Undiallable {
        /// The extension.
        extension: Extension,
    },
}

/// Dialled text to decision, in constant time.
#[derive(Debug, Clone, Default)]
pub struct Dialplan {
    targets: HashMap<Key, Target>,
    /// Whether each known user is enabled.
    users: HashMap<UserId, bool>,
}

/// What a number reaches.
#[derive(Debug, Clone, Copy)]
enum Target {
    User(UserId),
    Service(Service),
}

impl Dialplan {
    /// Makes the tables.
    ///
    /// # Errors
    /// When two entries share a number or an id, or a number can never be dialled.
    pub fn compile(source: &DialplanSource) -> Result<Self, CompileError> {
        let mut plan = Self::default();
        for entry in &source.features {
            plan.insert(&entry.code, Target::Service(entry.service))?;
        }
        for entry in &source.users {
            plan.insert(&entry.extension, Target::User(entry.id))?;
            if plan.users.insert(entry.id, entry.enabled).is_some() {
                return Err(CompileError::DuplicateUser(entry.id));
            }
        }
        Ok(plan)
    }

    /// What becomes of `dialled` when `caller` dials it.
    pub fn route(&self, dialled: &str, caller: UserId) -> Decision {
        self.walk(dialled, caller, |_| {})
    }

    /// The same as [`Dialplan::route`], with the steps that led there.
    pub fn explain(&self, dialled: &str, caller: UserId) -> Explanation {
        let mut steps = Vec::new();
        let decision = self.walk(dialled, caller, |step| steps.push(step()));
        Explanation { steps, decision }
    }

    /// The one walk. `trace` gets closures, so that routing builds no step it throws away.
    fn walk(&self, dialled: &str, caller: UserId, mut trace: impl FnMut(&dyn Fn() -> Step)) -> Decision {
        let refusal = match self.users.get(&caller) {
            Some(true) => None,
            Some(false) => Some(Refusal::CallerDisabled),
            None => Some(Refusal::CallerUnknown),
        };
        if let Some(refusal) = refusal {
            trace(&|| Step::Refused { refusal });
            return Decision::Refused { refusal };
        }
        trace(&|| Step::CallerAllowed { caller });

        let Some(key) = Key::parse(dialled) else {
            let refusal = Refusal::Malformed;
            trace(&|| Step::Refused { refusal });
            return Decision::Refused { refusal };
        };
        trace(&|| Step::Normalised { key: Pii(key.as_str().to_owned()) });

        let target = self.targets.get(&key).copied();
        if let Some(Target::Service(service)) = target {
            trace(&|| Step::FeatureCode { service });
            return match service {
                Service::EchoTest => Decision::EchoTest,
            };
        }
        trace(&|| Step::NoFeatureCode);
        let Some(Target::User(user)) = target else {
            trace(&|| Step::NoUser);
            return Decision::Unknown;
        };
        trace(&|| Step::UserExtension { user });
        if self.users.get(&user) == Some(&true) {
            return Decision::User { user };
        }
        let refusal = Refusal::CalleeDisabled;
        trace(&|| Step::Refused { refusal });
        Decision::Refused { refusal }
    }

    fn insert(&mut self, extension: &Extension, target: Target) -> Result<(), CompileError> {
        let Some(key) = Key::parse(extension.as_str()) else {
            return Err(CompileError::Undiallable { extension: extension.clone() });
        };
        match self.targets.insert(key, target) {
            None => Ok(()),
            Some(_) => Err(CompileError::DuplicateExtension { extension: extension.clone() }),
        }
    }
}
