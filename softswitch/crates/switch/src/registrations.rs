//! Which telephones are reachable, by user.

use std::collections::BTreeSet;

use ringdown_control::{Event, RegistrationInfo};
use ringdown_sip::registrar::BindingChange;
use ringdown_types::UserId;

use crate::{Switch, directory::Directory};

impl Switch {
    /// Tells of every user whose telephones came or went.
    pub(crate) fn settle_registrations(&mut self) {
        let mut users = BTreeSet::new();
        while let Some(event) = self.sip.registrar.poll_event() {
            if self.sip.registrar.binding(event.binding).is_none() {
                self.sip.offered.remove(&event.binding);
            }
            if event.change != BindingChange::Refreshed
                && let Some(device) = self.directory.device(&event.aor)
            {
                users.insert(device.user);
            }
        }
        for user in users {
            self.tell_registration(user);
        }
    }

    fn tell_registration(&mut self, user: UserId) {
        let registration = RegistrationInfo { user, bindings: self.binding_count(user) };
        self.event(Event::Registration { registration });
    }

    fn binding_count(&self, user: UserId) -> u32 {
        let bindings = self.directory.devices_of(user).flat_map(|device| self.sip.registrar.bindings(device));
        u32::try_from(bindings.count()).unwrap_or(u32::MAX)
    }

    /// The keys of a user's bindings.
    pub(crate) fn binding_keys(&self, user: UserId) -> impl Iterator<Item = u64> {
        let devices = self.directory.devices_of(user);
        devices.flat_map(|device| self.sip.registrar.bindings(device)).map(|binding| binding.id().0)
    }

    /// Every user with a reachable telephone.
    pub(crate) fn registrations(&self) -> Vec<RegistrationInfo> {
        let users: BTreeSet<UserId> = self
            .sip
            .registrar
            .registered()
            .filter_map(|aor| self.directory.device(aor))
            .map(|device| device.user)
            .collect();
        users.into_iter().map(|user| RegistrationInfo { user, bindings: self.binding_count(user) }).collect()
    }

    /// Takes a directory in force. Telephones whose credentials, owner or owner's rights went lose their bindings;
    /// calls in progress go on.
    pub(crate) fn put_directory_in_force(&mut self, directory: Directory) {
        let registered: Vec<String> = self.sip.registrar.registered().map(str::to_owned).collect();
        let mut bereft = BTreeSet::new();
        for aor in registered {
            let before = self.directory.device(&aor);
            let after = directory.device(&aor).filter(|device| directory.is_enabled(device.user));
            if before != after {
                bereft.extend(before.map(|device| device.user));
                self.sip.registrar.remove_all(&aor);
            }
        }
        self.directory = directory;
        self.sip.doorkeeper.set_realm(self.directory.realm());
        // Their events name devices of the directory before; the users are known from it.
        while let Some(event) = self.sip.registrar.poll_event() {
            self.sip.offered.remove(&event.binding);
        }
        for user in bereft {
            self.tell_registration(user);
        }
    }
}
