//! Which telephones are reachable, by user.

use std::{cmp::Reverse, collections::BTreeSet, time::Instant};

use ringdown_control::{Event, RegistrationInfo};
use ringdown_sip::{
    message::Uri,
    registrar::{Binding, BindingChange, BindingId},
};
use ringdown_types::UserId;

use crate::{Output, Switch, directory::Directory};

impl Switch {
    /// Tells of every user whose telephones came or went.
    pub(crate) fn settle_registrations(&mut self, now: Instant) {
        let mut users = BTreeSet::new();
        while let Some(event) = self.sip.registrar.poll_event() {
            if self.sip.registrar.binding(event.binding).is_none() {
                self.sip.offered.remove(&event.binding);
            }
            self.qualify_binding(now, event.binding, event.change);
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

    pub(crate) fn tell_registration(&mut self, user: UserId) {
        self.people.changed(user);
        let registration = RegistrationInfo { user, bindings: self.binding_count(user) };
        self.event(Event::Registration { registration });
    }

    fn binding_count(&self, user: UserId) -> u32 {
        u32::try_from(self.reachable(user).count()).unwrap_or(u32::MAX)
    }

    /// The keys of a user's telephones that can be reached, those that want to be rung most first. Of the flows of one
    /// device the one that was refreshed last is taken: never two at a time (RFC 5626 §5.3).
    pub(crate) fn binding_keys(&self, user: UserId) -> impl Iterator<Item = u64> {
        let mut bindings: Vec<&Binding> = self.reachable(user).collect();
        bindings.sort_by_key(|binding| Reverse((binding.preference(), binding.expires_at())));
        let mut devices: Vec<&str> = Vec::new();
        bindings.retain(|binding| match binding.instance().filter(|_| binding.reg_id().is_some()) {
            Some(instance) if devices.contains(&instance) => false,
            instance => {
                devices.extend(instance);
                true
            }
        });
        bindings.into_iter().map(|binding| binding.id().0)
    }

    /// The device a URI names that is a GRUU, with its owner: `Some(None)` if it is not there now, `None` if the URI is
    /// no GRUU.
    pub(crate) fn device_named(&self, uri: &Uri) -> Option<Option<(UserId, BindingId)>> {
        let (aor, bindings) = self.sip.registrar.gruu(uri)?;
        let owner = self.directory.device(&aor).map(|device| device.user);
        let owner = owner.filter(|user| self.directory.is_enabled(*user));
        let is_usable = |key: &u64| bindings.contains(&BindingId(*key));
        Some(owner.and_then(|user| Some((user, BindingId(self.binding_keys(user).find(is_usable)?)))))
    }

    /// A user's telephones but those that do not answer.
    fn reachable(&self, user: UserId) -> impl Iterator<Item = &Binding> {
        let devices = self.directory.devices_of(user);
        let bindings = devices.flat_map(|device| self.sip.registrar.bindings(device));
        bindings.filter(|binding| self.qualify.is_reachable(binding.id()))
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
        let info = |user| RegistrationInfo { user, bindings: self.binding_count(user) };
        users.into_iter().map(info).filter(|info| info.bindings > 0).collect()
    }

    /// Takes a directory in force. Telephones whose credentials, owner or owner's rights went lose their bindings;
    /// calls in progress go on.
    pub(crate) fn put_directory_in_force(&mut self, now: Instant, directory: Directory) {
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
        if directory.tone_plan() != self.directory.tone_plan() {
            self.out.push_back(Output::TonePlan(directory.tone_plan()));
        }
        self.directory = directory;
        self.group_memory.keep_only(&self.directory);
        self.put_parking_in_force();
        self.sip.doorkeeper.set_realm(self.directory.realm());
        // Their events name devices of the directory before; the users are known from it.
        while let Some(event) = self.sip.registrar.poll_event() {
            self.sip.offered.remove(&event.binding);
            self.qualify_binding(now, event.binding, event.change);
        }
        for user in bereft {
            self.tell_registration(user);
        }
        self.watched_directory_changed(now);
    }
}
