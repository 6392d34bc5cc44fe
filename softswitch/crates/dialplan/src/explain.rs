//! How a decision came about, for administrators.

use std::fmt;

use ringdown_types::{Pii, UserId};
use serde::Serialize;

use crate::{Decision, Refusal, Service};

/// A decision and the steps that led to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// What was looked at, in order.
    pub steps: Vec<Step>,
    /// The outcome, the same [`crate::Dialplan::route`] gives.
    pub decision: Decision,
}

/// One thing the dialplan looked at. `Display` is the sentence an administrator reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "step", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Step {
    /// Separators were dropped and case was folded.
    Normalised {
        /// What is looked up.
        key: Pii<String>,
    },
    /// The caller may call.
    CallerAllowed {
        /// The caller.
        caller: UserId,
    },
    /// A feature code matched.
    FeatureCode {
        /// The service it reaches.
        service: Service,
    },
    /// No feature code matched.
    NoFeatureCode,
    /// A user has this extension.
    UserExtension {
        /// The user.
        user: UserId,
    },
    /// No user has this extension.
    NoUser,
    /// The walk ended here.
    Refused {
        /// Why.
        refusal: Refusal,
    },
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // Explanations are shown to the administrator who asked; logs take `Debug`, which redacts.
            Self::Normalised { key } => write!(f, "without separators this is \"{}\"", key.0),
            Self::CallerAllowed { .. } => f.write_str("the caller is in the directory and enabled"),
            Self::FeatureCode { service } => write!(f, "this is the feature code of {service}"),
            Self::NoFeatureCode => f.write_str("this is no feature code"),
            Self::UserExtension { user } => write!(f, "this is the extension of user {user}"),
            Self::NoUser => f.write_str("no user has this extension, and no outside line exists"),
            Self::Refused { refusal } => write!(f, "refused: {refusal}"),
        }
    }
}
