//! Settings users change on the switch: in force at once, told to the app server, kept until its directory has them.

use std::{collections::BTreeMap, time::Instant};

use ringdown_control::{Event, SettingChange, SettingChanged};
use ringdown_dialplan::Refusal;
use ringdown_types::UserId;

use crate::{Output, Switch, directory::Directory};

/// Changes that the directory in force does not hold. Bounded by the directory: a user has one change a setting.
#[derive(Debug, Default)]
pub(crate) struct SettingChanges {
    pending: BTreeMap<UserId, Vec<SettingChanged>>,
}

impl SettingChanges {
    /// Remembers a change; what it replaces is forgotten.
    fn note(&mut self, changed: SettingChanged) {
        let changes = self.pending.entry(changed.user).or_default();
        changes.retain(|earlier| !earlier.change.is_replaced_by(&changed.change));
        changes.push(changed);
    }

    /// The number of a user's next change: the time, or more where the clock stood or went back.
    fn next_number(&self, user: UserId, known: u64, unix_ms: u64) -> u64 {
        let last = self.pending.get(&user).and_then(|changes| changes.last()).map_or(0, |last| last.number);
        unix_ms.max(known.saturating_add(1)).max(last.saturating_add(1))
    }

    /// Makes every change in a directory that does not hold it yet, and forgets those it does.
    fn apply_to(&mut self, directory: &mut Directory) {
        if directory.version() == 0 {
            return; // Whose changes these are is not known yet.
        }
        self.pending.retain(|user, changes| {
            let Some(settings) = directory.settings_mut(*user) else { return false };
            let known = settings.last_change;
            changes.retain(|changed| changed.number > known);
            for changed in changes.iter() {
                settings.apply(&changed.change);
            }
            !changes.is_empty()
        });
    }

    fn all(&self) -> Vec<SettingChanged> {
        self.pending.values().flatten().cloned().collect()
    }
}

impl Switch {
    /// Changes a user's setting: the one way for a feature code and for the app server's command.
    ///
    /// # Errors
    /// When the setting leads nowhere; nothing changed.
    pub(crate) fn change_setting(
        &mut self,
        now: Instant,
        user: UserId,
        change: SettingChange,
    ) -> Result<(), Refusal> {
        let hours = self.hours_clock.unix_ms(now);
        self.directory.dialplan().check_setting(user, &change, hours)?;
        let unix_ms = self.clock.unix_ms(now);
        let settings = self.directory.settings_mut(user).ok_or(Refusal::CallerUnknown)?;
        if !settings.apply(&change) {
            return Ok(());
        }
        let number = self.settings.next_number(user, settings.last_change, unix_ms);
        let changed = SettingChanged { user, number, change };
        self.settings.note(changed.clone());
        self.people.changed(user);
        self.event(Event::SettingChanged { changed });
        self.out.push_back(Output::SettingsChanged);
        Ok(())
    }

    /// Settings changed here that the directory in force does not hold, oldest first for each user: what the shell
    /// keeps, so that they survive a restart while the app server is away.
    pub fn changed_settings(&self) -> Vec<SettingChanged> {
        self.settings.all()
    }

    /// Takes what [`Switch::changed_settings`] gave before a restart. Call it after the directory is in force.
    pub fn restore_settings(&mut self, changes: Vec<SettingChanged>) {
        for changed in changes {
            self.settings.note(changed);
        }
        self.settings.apply_to(&mut self.directory);
    }

    /// A directory is about to be in force: what users changed since it was made stays changed.
    pub(crate) fn keep_changed_settings(&mut self, directory: &mut Directory) {
        let before = self.settings.all().len();
        self.settings.apply_to(directory);
        if self.settings.all().len() != before {
            self.out.push_back(Output::SettingsChanged);
        }
    }
}
