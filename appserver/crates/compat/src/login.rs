//! Whether somebody signed in on a connection: the same for every protocol.

use std::collections::VecDeque;

use ringdown_protocol::Me;
use serde_json::Value;

use crate::{AccountName, SignInFailure, SignedIn};

/// Whether somebody signed in.
#[derive(Debug)]
pub(crate) enum Login {
    Nobody,
    /// The shell looks; what the client says meanwhile may wait.
    Checking {
        id: Value,
        name: AccountName,
        later: VecDeque<Value>,
    },
    In {
        name: AccountName,
        me: Me,
    },
}

/// What became of a sign-in: the request that asked for it, and what waited.
pub(crate) struct Outcome {
    pub(crate) id: Value,
    pub(crate) later: VecDeque<Value>,
    pub(crate) result: Result<SignedIn, SignInFailure>,
}

impl Login {
    pub(crate) fn check(&mut self, id: Value, name: AccountName) {
        *self = Self::Checking { id, name, later: VecDeque::new() };
    }

    /// Keeps what the client says while the shell looks, as long as there is room; whether it looks.
    pub(crate) fn keep(&mut self, value: &Value) -> bool {
        let Self::Checking { later, .. } = self else { return false };
        if later.len() < MAX_LATER {
            later.push_back(value.clone());
        }
        true
    }

    /// The shell found out. `None` where it was not asked.
    pub(crate) fn settle(&mut self, result: Result<SignedIn, SignInFailure>) -> Option<Outcome> {
        let Self::Checking { id, name, later } = std::mem::replace(self, Self::Nobody) else { return None };
        if let Ok(SignedIn { me, .. }) = &result {
            *self = Self::In { name, me: me.clone() };
        }
        Some(Outcome { id, later, result })
    }

    pub(crate) const fn is_in(&self) -> bool {
        matches!(self, Self::In { .. })
    }

    /// The name as the client wrote it; empty before it did.
    pub(crate) const fn name(&self) -> &AccountName {
        match self {
            Self::In { name, .. } | Self::Checking { name, .. } => name,
            Self::Nobody => &NOBODY,
        }
    }

    pub(crate) const fn me(&self) -> Option<&Me> {
        match self {
            Self::In { me, .. } => Some(me),
            Self::Nobody | Self::Checking { .. } => None,
        }
    }
}

impl SignInFailure {
    /// Why, for people; `wrong` says in the protocol's words that the credentials are.
    pub(crate) const fn text(self, wrong: &'static str) -> &'static str {
        match self {
            Self::Credentials => wrong,
            Self::TooOften => "Too many tries or sessions: wait, then sign in again",
            Self::Unavailable => "The server cannot check the sign-in now",
        }
    }
}

/// Requests that wait for the end of a sign-in; the next one is passed over.
const MAX_LATER: usize = 32;

static NOBODY: AccountName = AccountName { whole: String::new(), user: String::new(), domain: String::new() };
