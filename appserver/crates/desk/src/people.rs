//! The directory: who there is, in the order a client shows it.

use std::collections::{BTreeSet, HashMap};

use ringdown_protocol::{DirectoryEntry, Me, PresenceState, Role};
use ringdown_types::{Extension, Pii, UserId};

use crate::search::{Words, fold};

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
    /// Where they work; empty for no department.
    pub department: Pii<String>,
    /// The path of their picture.
    pub photo: Option<String>,
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

    /// The directory entry of somebody who is offline and says nothing.
    fn entry(&self) -> Option<DirectoryEntry> {
        let extension = self.extension.as_ref().filter(|_| self.enabled)?;
        Some(DirectoryEntry {
            user_id: self.id.to_string(),
            name: self.name.clone(),
            extension: Pii(extension.to_string()),
            department: self.department.clone(),
            photo: self.photo.clone(),
            presence: PresenceState::Offline,
            activity: None,
            note: None,
            until: None,
            cannot_ring: false,
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
    /// Where in `order`.
    places: HashMap<UserId, usize>,
    /// What each of `order` is found by.
    words: Vec<Words>,
    /// Those in the directory by their department as it is compared; in the directory's order.
    departments: HashMap<String, Vec<UserId>>,
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
        let shown = |person: Option<&Person>| person.and_then(Person::entry);
        let changed = next
            .keys()
            .chain(self.people.keys())
            .filter(|id| shown(self.people.get(id)) != shown(next.get(id)))
            .copied()
            .collect();
        let mut listed: Vec<_> = next.values().filter(|person| person.entry().is_some()).collect();
        listed.sort_by_cached_key(|person| (person.name.to_lowercase(), person.id));
        self.order = listed.iter().map(|person| person.id).collect();
        self.places = self.order.iter().enumerate().map(|(place, user)| (*user, place)).collect();
        self.words = listed.iter().map(|person| Words::of(person)).collect();
        self.departments.clear();
        for person in listed.iter().filter(|person| !person.department.is_empty()) {
            self.departments.entry(fold(&person.department)).or_default().push(person.id);
        }
        self.by_extension = next
            .values()
            .filter(|person| person.enabled)
            .filter_map(|person| Some((person.extension.clone()?, person.id)))
            .collect();
        self.people = next;
        changed
    }

    /// The entry of `user` as if they were offline and said nothing, if there is one.
    pub(crate) fn entry(&self, user: UserId) -> Option<DirectoryEntry> {
        self.people.get(&user)?.entry()
    }

    /// Whether `user` is in the directory.
    pub(crate) fn lists(&self, user: UserId) -> bool {
        self.places.contains_key(&user)
    }

    /// Everybody in the directory, by name.
    pub(crate) fn listed(&self) -> &[UserId] {
        &self.order
    }

    /// Puts people into the directory's order.
    pub(crate) fn sort(&self, users: &mut [UserId]) {
        users.sort_by_key(|user| self.places.get(user));
    }

    /// Those of `user`'s department, the user among them; nobody for who has none.
    pub(crate) fn colleagues(&self, user: UserId) -> &[UserId] {
        let department = self.people.get(&user).map(|person| fold(&person.department)).unwrap_or_default();
        self.departments.get(&department).map(Vec::as_slice).unwrap_or_default()
    }

    /// At most `limit` people found by `query`, best match first.
    pub(crate) fn search(&self, query: &str, limit: usize) -> Vec<UserId> {
        let found = crate::search::find(&self.words, query, limit);
        found.into_iter().filter_map(|place| self.order.get(place).copied()).collect()
    }
}
