//! Completion of calls to somebody busy (after ETSI EN 300 357, CCBS): once both are free, the caller's own devices
//! ring, and whichever answers calls again.
//!
//! A user asks for it after a call that ended as busy. It is for their last such call, waits 45 minutes at most, and
//! does not survive a restart of the switch. Several who wait for one user are served one after the other, first come,
//! first served.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::{Duration, Instant},
};

use ringdown_types::{CallId, Pii, UserId};

use crate::{CallControl, CommandError, CompletionState, Notice, Originate, call::Call};

/// Who waits for whom.
#[derive(Debug, Default)]
pub(crate) struct Completions {
    /// In the order they were asked for, which is the order they expire in.
    wishes: VecDeque<Wish>,
    /// Each user's last call to somebody busy.
    last_busy: HashMap<UserId, (UserId, Pii<Arc<str>>)>,
    /// Users who are about to be called again, with that call.
    reserved: HashMap<UserId, CallId>,
}

/// One user waits for another.
#[derive(Debug)]
struct Wish {
    user: UserId,
    target: UserId,
    number: Pii<Arc<str>>,
    until: Instant,
}

impl Completions {
    /// Remembers a call that ended as busy. With the table full, users who are not in it cannot ask.
    pub(crate) fn note_busy(&mut self, caller: UserId, target: UserId, number: Pii<Arc<str>>) {
        if self.last_busy.len() < MAX_REMEMBERED || self.last_busy.contains_key(&caller) {
            self.last_busy.insert(caller, (target, number));
        }
    }

    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        self.wishes.front().map(|wish| wish.until)
    }
}

impl CallControl {
    /// A user wants to be rung once the user they last found busy is free. Asking twice is asking once.
    ///
    /// # Errors
    /// [`CommandError::WrongState`] if they found nobody busy, [`CommandError::Full`] if too many wait.
    pub fn want_completion(&mut self, now: Instant, user: UserId) -> Result<UserId, CommandError> {
        self.input_at(now);
        let completions = &mut self.completions;
        let (target, number) = completions.last_busy.get(&user).cloned().ok_or(CommandError::WrongState)?;
        let theirs = |wish: &&Wish| wish.user == user;
        if completions.wishes.iter().filter(theirs).any(|wish| wish.target == target) {
            return Ok(target);
        }
        let full = completions.wishes.len() >= MAX_WISHES
            || completions.wishes.iter().filter(theirs).count() >= MAX_WISHES_EACH;
        if full {
            return Err(CommandError::Full);
        }
        completions.wishes.push_back(Wish { user, target, number, until: now + PATIENCE });
        self.tell_completion(user, target, CompletionState::Waiting);
        self.complete_calls(now);
        Ok(target)
    }

    /// A user waits for nobody any more. How many they waited for.
    pub fn cancel_completion(&mut self, user: UserId) -> usize {
        let (theirs, others) = std::mem::take(&mut self.completions.wishes)
            .into_iter()
            .partition::<VecDeque<_>, _>(|wish| wish.user == user);
        self.completions.wishes = others;
        for wish in &theirs {
            self.tell_completion(user, wish.target, CompletionState::Cancelled);
        }
        theirs.len()
    }

    /// How many users wait for somebody busy.
    pub fn completion_count(&self) -> usize {
        self.completions.wishes.len()
    }

    /// Places the calls whose both users are free.
    pub(crate) fn complete_calls(&mut self, now: Instant) {
        if self.completions.wishes.is_empty() {
            return;
        }
        let mut reserved = std::mem::take(&mut self.completions.reserved);
        reserved.retain(|_, call| self.with_call(*call).is_some());
        self.completions.reserved = reserved;
        while let Some(index) = self.completions.wishes.iter().position(|wish| self.is_due(wish)) {
            let Some(wish) = self.completions.wishes.remove(index) else { return };
            let Wish { user, target, number, .. } = wish;
            self.tell_completion(user, target, CompletionState::Ringing);
            // A full switch has no room for it; they can ask again.
            if let Ok(call) = self.originate(now, Originate { user, to: number, auto_answer: false }) {
                self.completions.reserved.insert(target, call);
            }
        }
    }

    fn is_due(&self, wish: &Wish) -> bool {
        let is_free = |user| self.user_calls(user) == 0;
        let is_ringing = self
            .completions
            .reserved
            .values()
            .any(|call| self.with_call(*call).is_some_and(|call: &Call| call.caller == wish.user));
        is_free(wish.user)
            && is_free(wish.target)
            && !is_ringing
            && !self.completions.reserved.contains_key(&wish.target)
    }

    /// Those who waited too long wait no more.
    pub(crate) fn expire_completions(&mut self, now: Instant) {
        while self.completions.next_timeout().is_some_and(|until| until <= now) {
            if let Some(wish) = self.completions.wishes.pop_front() {
                self.tell_completion(wish.user, wish.target, CompletionState::Expired);
            }
        }
    }

    fn tell_completion(&mut self, user: UserId, target: UserId, state: CompletionState) {
        self.notice(Notice::Completion { user, target, state });
    }
}

/// How long a wish waits: the longest EN 300 357 gives its service duration timer.
const PATIENCE: Duration = Duration::from_secs(45 * 60);

/// The most wishes at once, and of one user. More cost a look at each whenever a call ends.
const MAX_WISHES: usize = 1_000;
const MAX_WISHES_EACH: usize = 5;

/// The most users whose last busy call is remembered.
const MAX_REMEMBERED: usize = 10_000;
