//! Free numbers for accounts that are made as people come, without reading the whole directory for each.

use std::collections::{HashMap, HashSet};

use ringdown_control::{DirectorySnapshot, DirectoryUser, UserSettings};
use ringdown_dialplan::Dialplan;
use ringdown_types::{DialKey, Extension, Pii};
use tokio::sync::Mutex;

use crate::{
    config::ExtensionRange,
    directory,
    problem::Refusal,
    server::App,
    store::{Account, Store, StoreError},
};

/// What is taken, as of a version of the directory.
#[derive(Debug, Default)]
pub(super) struct Numbers(Mutex<Option<Taken>>);

#[derive(Debug)]
struct Taken {
    version: u64,
    /// Numbers of accounts.
    people: HashSet<DialKey>,
    /// Everything else that has numbers, with the members of its groups.
    others: DirectorySnapshot,
    /// Where the search in a range goes on.
    next: HashMap<String, usize>,
}

impl Numbers {
    /// Whether an account may have a number. Whoever asks holds the lock of dialplan changes.
    pub(super) async fn is_free(
        &self,
        app: &App,
        account: &Account,
        number: &Extension,
    ) -> Result<bool, Refusal> {
        let mut taken = self.0.lock().await;
        Ok(refreshed(&mut taken, app).await?.is_free(account, number))
    }

    /// The next free number of a range.
    pub(super) async fn next_free(
        &self,
        app: &App,
        account: &Account,
        range: &ExtensionRange,
    ) -> Result<Option<Extension>, Refusal> {
        let mut taken = self.0.lock().await;
        let taken = refreshed(&mut taken, app).await?;
        let first = range.numbers().next().unwrap_or_default();
        let begin = taken.next.get(&first).copied().unwrap_or_default();
        for (place, number) in range.numbers().enumerate().skip(begin) {
            let Ok(number) = number.parse() else { continue };
            if taken.is_free(account, &number) {
                taken.next.insert(first, place + 1);
                return Ok(Some(number));
            }
        }
        Ok(None)
    }

    /// An account with this number was made, which is one version of the directory.
    pub(super) async fn taken(&self, store: &Store, number: Option<&Extension>) -> Result<(), StoreError> {
        let version = store.directory_version().await?;
        let mut kept = self.0.lock().await;
        match kept.as_mut() {
            Some(taken) if taken.version + 1 == version => {
                taken.version = version;
                taken.people.extend(number.and_then(|number| DialKey::parse(number.as_str())));
            }
            // Something else changed too.
            _ => *kept = None,
        }
        Ok(())
    }

    /// What is known is wrong.
    pub(super) async fn forget(&self) {
        *self.0.lock().await = None;
    }
}

/// What is taken by now; read anew where the directory has another version.
async fn refreshed<'a>(kept: &'a mut Option<Taken>, app: &App) -> Result<&'a mut Taken, Refusal> {
    let version = app.store.directory_version().await?;
    if kept.as_ref().is_none_or(|taken| taken.version != version) {
        let (_, directory) = directory::read(&app.store, &app.realm).await?;
        *kept = Some(Taken::of(&directory));
    }
    Ok(kept.as_mut().expect("it was just put there"))
}

impl Taken {
    fn of(directory: &DirectorySnapshot) -> Self {
        let people = directory.users.iter().filter_map(|user| DialKey::parse(user.extension.as_str()));
        let members: HashSet<_> = directory.groups.iter().flat_map(|group| group.members.clone()).collect();
        let mut others = directory.clone();
        others.users.retain(|user| members.contains(&user.id));
        others.devices.clear();
        Self { version: directory.version, people: people.collect(), others, next: HashMap::new() }
    }

    fn is_free(&self, account: &Account, number: &Extension) -> bool {
        if DialKey::parse(number.as_str()).is_none_or(|key| self.people.contains(&key)) {
            return false;
        }
        let mut directory = self.others.clone();
        directory.users.push(DirectoryUser {
            id: account.id,
            extension: number.clone(),
            name: Pii(String::new()),
            enabled: true,
            ring_seconds: account.ring_seconds,
            max_calls: account.max_calls,
            settings: UserSettings::default(),
        });
        Dialplan::compile(&directory).is_ok()
    }
}
