//! Colleagues as the older clients name them: by number.

use std::collections::BTreeMap;

use ringdown_protocol::DirectoryEntry;

/// The colleagues the client knows.
#[derive(Debug, Default)]
pub(crate) struct People(BTreeMap<String, DirectoryEntry>);

impl People {
    pub(crate) fn of(entries: Vec<DirectoryEntry>) -> Self {
        Self(entries.into_iter().map(|entry| (entry.user_id.clone(), entry)).collect())
    }

    pub(crate) fn change(&mut self, entries: Vec<DirectoryEntry>, removed: &[String]) {
        for user in removed {
            self.0.remove(user);
        }
        self.0.extend(entries.into_iter().map(|entry| (entry.user_id.clone(), entry)));
    }

    pub(crate) fn get(&self, user: &str) -> Option<&DirectoryEntry> {
        self.0.get(user)
    }

    pub(crate) fn get_mut(&mut self, user: &str) -> Option<&mut DirectoryEntry> {
        self.0.get_mut(user)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &DirectoryEntry> {
        self.0.values()
    }

    /// Their number; of somebody unknown, the account.
    pub(crate) fn number_of(&self, user: &str) -> String {
        self.get(user).map_or_else(|| user.to_owned(), |entry| entry.extension.0.clone())
    }
}
