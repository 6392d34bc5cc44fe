//! What a source of messages may ask for in a second, and what guessing a password costs.
//!
//! | who | budget | beyond it |
//! |---|---|---|
//! | an address, by flows that proved nothing | `requests_per_address`, ten seconds' worth at once | dropped unread |
//! | a user, by requests that proved who it is | `requests_per_user`, ten seconds' worth at once | 503 with Retry-After |
//! | a user's password, guessed from one address | 20 guesses, then one per 1, 2, 4 … 120 s | not looked at: the same 401 |
//! | a user's password, guessed from everywhere | 60 guesses, then one per 10 s | the same, for addresses that never knew it |
//!
//! **A good telephone pays for nobody.** A flow that proved a password is free of its address's budget and of guesses
//! made by others behind the same NAT, and each proof gives back what its challenge cost. Known and unknown users are
//! counted alike, so that nothing tells them apart. Tables are bounded: what was used longest ago is forgotten, and
//! only proofs are written where good telephones are remembered, so no flood of strangers drives them out.

use std::{
    collections::HashMap,
    hash::{BuildHasher, Hash, RandomState},
    net::{IpAddr, Ipv6Addr},
    time::{Duration, Instant},
};

use ringdown_sip::endpoint::Flow;

/// Budgets per source and per user.
#[derive(Debug)]
pub(crate) struct Limits {
    per_address: u32,
    per_user: u32,
    /// User names are kept as keyed hashes: a table of names as long as a message may hold would be too much.
    hasher: RandomState,
    strangers: Recent<IpAddr, Bucket>,
    users: Recent<UserKey, Bucket>,
    proven: Recent<Flow, UserKey>,
    homes: Recent<(IpAddr, UserKey), ()>,
    guesses: Recent<(IpAddr, UserKey), Guesses>,
    guessed: Recent<UserKey, Bucket>,
    dropped: u64,
}

/// A user name, known or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct UserKey(u64);

/// Wrong answers of one user from one address.
#[derive(Debug, Clone, Copy)]
struct Guesses {
    wrong: u32,
    last: Instant,
    /// No further answer is looked at until then.
    until: Instant,
}

impl Limits {
    /// `per_address` and `per_user` requests a second; 0 is no limit.
    pub(crate) fn new(per_address: u32, per_user: u32) -> Self {
        Self {
            per_address,
            per_user,
            hasher: RandomState::new(),
            strangers: Recent::new(STRANGERS),
            users: Recent::new(KNOWN),
            proven: Recent::new(KNOWN),
            homes: Recent::new(KNOWN),
            guesses: Recent::new(STRANGERS),
            guessed: Recent::new(STRANGERS),
            dropped: 0,
        }
    }

    /// The key of a user name.
    pub(crate) fn user(&self, username: &str) -> UserKey {
        UserKey(self.hasher.hash_one(username))
    }

    /// Whether a message is to be read at all. Responses always are: they answer what we asked.
    pub(crate) fn hears(&mut self, now: Instant, flow: Flow, is_response: bool) -> bool {
        if self.per_address == 0 || is_response || self.proven.get(&flow).is_some() {
            return true;
        }
        let bucket = self.strangers.entry(network(flow), || Bucket::new(now));
        let heard = bucket.take(now, self.per_address, 1.0);
        self.dropped += u64::from(!heard);
        heard
    }

    /// Whether a flow proved a password lately, or is of a call.
    pub(crate) fn knows(&mut self, flow: Flow) -> bool {
        self.proven.get(&flow).is_some()
    }

    /// A flow belongs to a call: it is no stranger's.
    pub(crate) fn is_in_call(&mut self, flow: Flow) {
        if self.proven.get(&flow).is_none() {
            self.proven.insert(flow, NOBODY);
        }
    }

    /// Whether an answer for this user is to be looked at.
    pub(crate) fn may_guess(&mut self, now: Instant, flow: Flow, user: UserKey) -> bool {
        if self.proven.get(&flow) == Some(&user) {
            return true;
        }
        let network = network(flow);
        let waits = self.guesses.get(&(network, user)).is_some_and(|guesses| now < guesses.until);
        let is_home = self.homes.get(&(network, user)).is_some();
        let is_besieged =
            self.guessed.get(&user).is_some_and(|bucket| bucket.is_empty(now, GUESS_RATE, GUESSES));
        !waits && (is_home || !is_besieged)
    }

    /// A wrong answer was looked at.
    pub(crate) fn guessed_wrong(&mut self, now: Instant, flow: Flow, user: UserKey) {
        // Whoever guesses over a good telephone's flow is a stranger again until the next proof.
        self.proven.remove(&flow);
        let fresh = || Guesses { wrong: 0, last: now, until: now };
        let guesses = self.guesses.entry((network(flow), user), fresh);
        if now.saturating_duration_since(guesses.last) > FORGIVEN {
            *guesses = fresh();
        }
        guesses.wrong = guesses.wrong.saturating_add(1);
        guesses.last = now;
        if let Some(beyond) = guesses.wrong.checked_sub(FREE_GUESSES) {
            guesses.until = now + Duration::from_secs(1 << beyond.min(16)).min(LONGEST_WAIT);
        }
        self.guessed.entry(user, || Bucket::new(now)).take_of(now, GUESS_RATE, GUESSES, 1.0);
    }

    /// A right answer.
    pub(crate) fn proved(&mut self, now: Instant, flow: Flow, user: UserKey) {
        let network = network(flow);
        if self.proven.get(&flow) != Some(&user) {
            self.proven.insert(flow, user);
            self.homes.insert((network, user), ());
            self.guesses.remove(&(network, user));
            // The challenge and this answer.
            if let Some(bucket) = self.strangers.get_mut(&network) {
                bucket.give(now, self.per_address, 2.0);
            }
        }
    }

    /// Whether a user may ask for something more.
    pub(crate) fn serves(&mut self, now: Instant, user: UserKey) -> bool {
        self.per_user == 0 || self.users.entry(user, || Bucket::new(now)).take(now, self.per_user, 1.0)
    }

    /// How many messages were not read.
    pub(crate) const fn dropped(&self) -> u64 {
        self.dropped
    }
}

/// What counts as one source: an address, or the network a provider gives one customer of IPv6.
fn network(flow: Flow) -> IpAddr {
    match flow.remote.ip().to_canonical() {
        IpAddr::V6(address) => {
            let bits = u128::from(address) >> 64 << 64;
            IpAddr::V6(Ipv6Addr::from(bits))
        }
        address @ IpAddr::V4(_) => address,
    }
}

/// A budget that fills with time.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    /// What was taken and has not come back.
    taken: f64,
    at: Instant,
}

impl Bucket {
    const fn new(now: Instant) -> Self {
        Self { taken: 0.0, at: now }
    }

    /// Takes from a budget of so much a second, and ten seconds' worth at once.
    fn take(&mut self, now: Instant, rate: u32, amount: f64) -> bool {
        self.take_of(now, f64::from(rate), f64::from(rate) * BURST_SECONDS, amount)
    }

    fn take_of(&mut self, now: Instant, rate: f64, size: f64, amount: f64) -> bool {
        self.fill(now, rate);
        let may = self.taken + amount <= size;
        if may {
            self.taken += amount;
        }
        may
    }

    fn give(&mut self, now: Instant, rate: u32, amount: f64) {
        self.fill(now, f64::from(rate));
        self.taken = (self.taken - amount).max(0.0);
    }

    fn is_empty(&self, now: Instant, rate: f64, size: f64) -> bool {
        let mut later = *self;
        later.fill(now, rate);
        later.taken + 1.0 > size
    }

    fn fill(&mut self, now: Instant, rate: f64) {
        let seconds = now.saturating_duration_since(self.at).as_secs_f64();
        self.taken = (self.taken - seconds * rate).max(0.0);
        self.at = self.at.max(now);
    }
}

/// A bounded table that forgets what was used longest ago: two generations, of which the older is dropped when the
/// younger is full.
#[derive(Debug)]
struct Recent<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
    half: usize,
}

impl<K: Eq + Hash + Copy, V> Recent<K, V> {
    fn new(capacity: usize) -> Self {
        Self { young: HashMap::new(), old: HashMap::new(), half: capacity / 2 }
    }

    fn get(&mut self, key: &K) -> Option<&V> {
        self.get_mut(key).map(|value| &*value)
    }

    fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        if !self.young.contains_key(key) {
            let value = self.old.remove(key)?;
            self.insert(*key, value);
        }
        self.young.get_mut(key)
    }

    fn entry(&mut self, key: K, default: impl FnOnce() -> V) -> &mut V {
        if !self.young.contains_key(&key) {
            let value = self.old.remove(&key).unwrap_or_else(default);
            self.make_room();
            return self.young.entry(key).or_insert(value);
        }
        self.young.entry(key).or_insert_with(default)
    }

    fn insert(&mut self, key: K, value: V) {
        self.old.remove(&key);
        self.make_room();
        self.young.insert(key, value);
    }

    fn remove(&mut self, key: &K) {
        self.young.remove(key);
        self.old.remove(key);
    }

    fn make_room(&mut self) {
        if self.young.len() >= self.half {
            self.old = std::mem::take(&mut self.young);
        }
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }
}

/// The user of a flow that is known by its call only.
const NOBODY: UserKey = UserKey(0);

/// How much of a rate may be used at once: a building's telephones come back together after a power cut.
const BURST_SECONDS: f64 = 10.0;

/// Wrong answers nobody waits for. Somebody mistypes, and telephones of the re family ask sixteen times in a row before
/// they give up: fewer would make the one with the password put right wait for half a minute.
const FREE_GUESSES: u32 = 20;

/// The longest wait between two guesses. A longer one keeps a telephone out whose password was put right.
const LONGEST_WAIT: Duration = Duration::from_secs(120);

/// After so long without a wrong answer, all are forgiven.
const FORGIVEN: Duration = Duration::from_secs(15 * 60);

/// Guesses of one password from everywhere, a second and at once.
const GUESS_RATE: f64 = 0.1;
const GUESSES: f64 = 60.0;

/// Strangers remembered, about 100 bytes each. More flooding addresses than this get fresh budgets.
const STRANGERS: usize = 32_768;

/// Telephones remembered: more than a switch has.
const KNOWN: usize = 262_144;

#[cfg(test)]
mod tests;
