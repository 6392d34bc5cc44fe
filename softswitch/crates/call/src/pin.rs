//! A PIN, pressed key by key.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use ringdown_types::{DtmfDigit, Pii, PromptId};
use sha2::{Digest, Sha256};

use crate::script::Script;

/// A PIN to compare with.
#[derive(Clone, PartialEq, Eq)]
pub enum Pin {
    /// The digits.
    Plain(Pii<Arc<str>>),
    /// SHA-256 of a salt followed by the digits.
    Hashed {
        /// What stands before the digits.
        salt: String,
        /// The hash.
        sha256: [u8; 32],
    },
}

/// PINs never reach a log.
impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pin(‹redacted›)")
    }
}

impl Pin {
    /// Whether these digits are it.
    pub fn is(&self, digits: &str) -> bool {
        match self {
            Self::Plain(pin) => &*pin.0 == digits,
            Self::Hashed { salt, sha256 } => {
                let mut hash = Sha256::new();
                hash.update(salt.as_bytes());
                hash.update(digits.as_bytes());
                hash.finalize()[..] == sha256[..]
            }
        }
    }
}

/// The digits pressed so far, and how often they were wrong.
pub(crate) struct PinEntry {
    digits: String,
    wrong: u8,
    deadline: Instant,
}

/// Half a PIN is a secret too.
impl fmt::Debug for PinEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PinEntry").field("wrong", &self.wrong).finish_non_exhaustive()
    }
}

/// What became of an input.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Entered {
    /// More keys are to come.
    Nothing,
    /// These digits were entered.
    Digits(String),
    /// The caller took too long.
    TooLate,
}

impl PinEntry {
    /// Asks for a PIN.
    pub(crate) fn new(now: Instant, script: &mut Script) -> Self {
        script.say([PromptId::EnterPin]);
        Self { digits: String::new(), wrong: 0, deadline: now + FIRST_KEY }
    }

    pub(crate) const fn deadline(&self) -> Instant {
        self.deadline
    }

    pub(crate) const fn wrong_so_far(&self) -> u8 {
        self.wrong
    }

    /// A key: it ends the prompt. `#` enters, `*` begins again.
    pub(crate) fn handle_key(&mut self, now: Instant, key: DtmfDigit, script: &mut Script) -> Entered {
        script.stop();
        self.deadline = now + NEXT_KEY;
        match key.as_char() {
            '#' => return Entered::Digits(std::mem::take(&mut self.digits)),
            '*' => self.digits.clear(),
            digit if digit.is_ascii_digit() && self.digits.len() < MAX_DIGITS => self.digits.push(digit),
            _ => {}
        }
        Entered::Nothing
    }

    /// The time for a key is over: what was pressed counts.
    pub(crate) fn handle_timeout(&mut self) -> Entered {
        if self.digits.is_empty() {
            Entered::TooLate
        } else {
            Entered::Digits(std::mem::take(&mut self.digits))
        }
    }

    /// The digits were wrong. Asks again, unless they were wrong too often: then `false`, and the caller is told.
    pub(crate) fn wrong(&mut self, now: Instant, script: &mut Script) -> bool {
        self.wrong += 1;
        self.deadline = now + FIRST_KEY;
        let may_try = self.wrong < MAX_WRONG;
        script.say([PromptId::WrongPin, if may_try { PromptId::EnterPin } else { PromptId::Goodbye }]);
        may_try
    }
}

/// How long the first key may take, the prompt included.
const FIRST_KEY: Duration = Duration::from_secs(15);
/// How long each next key may take. Then what was pressed counts, as if `#` had followed.
const NEXT_KEY: Duration = Duration::from_secs(5);
/// More digits are left out, so that a wrong PIN it is.
const MAX_DIGITS: usize = 16;
/// Wrong PINs before the call ends. More help those who guess.
const MAX_WRONG: u8 = 3;
