//! The directory: who there is, in the order a client shows it.

use std::collections::{BTreeSet, HashMap};

use ringdown_protocol::{DirectoryEntry, Me, PresenceState, Role};
use ringdown_types::{Extension, Pii, UserId};

/// An account, as far as sessions and the directory care.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The account.
    pub id: UserId,
    /// The sign-in name.
    pub username: Pii<String>,
    /// The name others see.
    pub name: Pii<String>,
    /// The number others dial; an account without one is in nobody's directory.
    pub extension: Option<Extension>,
    /// What it may do.
    pub role: Role,
    /// A disabled account has no sessions and is in nobody's directory.
    pub enabled: bool,
    /// Grows whenever everything signed in before must end: password change, disabling, change of role.
    pub epoch: u64,
}

impl Person {
    /// The account as its owner sees it.
    pub fn me(&self) -> Me {
        Me {
            user_id: self.id.to_string(),
            username: self.username.clone(),
            name: self.name.clone(),
            extension: self.extension.as_ref().map(|extension| Pii(extension.to_string())),
            role: self.role,
        }
    }

    fn entry(&self, presence: PresenceState) -> Option<DirectoryEntry> {
        let extension = self.extension.as_ref().filter(|_| self.enabled)?;
        Some(DirectoryEntry {
            user_id: self.id.to_string(),
            name: self.name.clone(),
            extension: Pii(extension.to_string()),
            presence,
            activity: None,
            note: None,
        })
    }
}

/// Everybody.
#[derive(Debug, Default)]
pub(crate) struct Roster {
    people: HashMap<UserId, Person>,
    by_extension: HashMap<Extension, UserId>,
    /// Those in the directory, by name.
    order: Vec<UserId>,
}

impl Roster {
    pub(crate) fn person(&self, user: UserId) -> Option<&Person> {
        self.people.get(&user)
    }

    pub(crate) fn by_number(&self, number: &str) -> Option<&Person> {
        let user = self.by_extension.get(&number.parse::<Extension>().ok()?)?;
        self.people.get(user)
    }

    /// Takes everybody anew; returns those whose directory entry appeared, changed or went.
    pub(crate) fn replace(&mut self, people: Vec<Person>) -> BTreeSet<UserId> {
        let next: HashMap<_, _> = people.into_iter().map(|person| (person.id, person)).collect();
        let shown = |person: Option<&Person>| person.and_then(|person| person.entry(PresenceState::Offline));
        let changed = next
            .keys()
            .chain(self.people.keys())
            .filter(|id| shown(self.people.get(id)) != shown(next.get(id)))
            .copied()
            .collect();
        let mut order: Vec<_> = next.values().filter(|person| shown(Some(person)).is_some()).collect();
        order.sort_by_cached_key(|person| (person.name.to_lowercase(), person.id));
        self.order = order.iter().map(|person| person.id).collect();
        self.by_extension = next
            .values()
            .filter(|person| person.enabled)
            .filter_map(|person| Some((person.extension.clone()?, person.id)))
            .collect();
        self.people = next;
        changed
    }

    /// The entry of `user`, if there is one.
    pub(crate) fn entry(
        &self,
        user: UserId,
        presence: impl Fn(UserId) -> PresenceState,
    ) -> Option<DirectoryEntry> {
        self.people.get(&user)?.entry(presence(user))
    }

    /// Everybody in the directory, by name.
    pub(crate) fn entries(&self, presence: impl Fn(UserId) -> PresenceState) -> Vec<DirectoryEntry> {
        self.order.iter().filter_map(|&user| self.entry(user, &presence)).collect()
    }

    /// At most `limit` people whose name or number holds `query`, best match first: the exact number, the start of a
    /// number, the start of a word of the name, any part.
    pub(crate) fn search(
        &self,
        query: &str,
        limit: usize,
        presence: impl Fn(UserId) -> PresenceState,
    ) -> Vec<DirectoryEntry> {
        let query = query.trim().to_lowercase();
        let rank = |person: &Person| {
            let name = person.name.to_lowercase();
            let number = person.extension.as_ref().map(|e| e.as_str().to_lowercase()).unwrap_or_default();
            if number == query {
                Some(0)
            } else if number.starts_with(&query) {
                Some(1)
            } else if name.split_whitespace().any(|word| word.starts_with(&query)) {
                Some(2)
            } else if name.contains(&query) || number.contains(&query) {
                Some(3)
            } else {
                None
            }
        };
        let mut found: Vec<_> = self
            .order
            .iter()
            .enumerate()
            .filter_map(|(place, user)| Some((rank(self.people.get(user)?)?, place, *user)))
            .collect();
        found.sort_unstable();
        found.truncate(limit);
        found.into_iter().filter_map(|(_, _, user)| self.entry(user, &presence)).collect()
    }
}
