//! SUBSCRIBE and PUBLISH: who may watch what, and what they are told.
//!
//! Lamps and presence are everybody's inside the company; mailboxes and registrations are their owner's.

use std::time::Instant;

use ringdown_dialplan::Decision;
use ringdown_sip::{
    message::Response,
    registrar::Binding,
    subscription::{
        Asked, ContactEntry, Document, End, MessageCount, MessageSummary, NewSubscription, Notifier,
        NotifierConfig, Output, Package, RegInfo, SubscriptionId,
    },
    user_agent::Received,
};
use ringdown_types::UserId;

use crate::{Switch, presence::Watched, sip_requests::Errand};

/// Who watches what.
pub(crate) type Watchers = Notifier<Watched>;

pub(crate) fn watchers() -> Watchers {
    Notifier::new(NotifierConfig::default())
}

impl Switch {
    /// A device wants to be told of something, or not any more.
    pub(crate) fn subscribed(&mut self, now: Instant, received: &Received, username: &str) {
        let Received { id, request, flow, .. } = received;
        let response = match self.watchers.inspect(request) {
            Err(refusal) => *refusal,
            Ok(Asked::Known { subscription, expires }) => {
                self.watchers.refresh(now, (subscription, expires), (request, *flow), username)
            }
            Ok(Asked::New { event, expires }) => match self.watched(now, received, event.package, username) {
                Err(status) => Response::to_request(request, status),
                Ok(resource) => {
                    let contact = self.sip.agent.config().contact_for(request, *flow);
                    let new =
                        NewSubscription { request, flow: *flow, contact, subscriber: username, resource };
                    self.watchers.subscribe(now, &mut *self.random, (event, expires), new)
                }
            },
        };
        self.sip.agent.respond(now, *id, response);
    }

    /// What a SUBSCRIBE is about, or the status that refuses it. A mailbox is asked for by its owner's number, by the
    /// device's own name, or by the number that plays it.
    fn watched(
        &self,
        now: Instant,
        received: &Received,
        package: Package,
        username: &str,
    ) -> Result<Watched, u16> {
        let me = self.directory.device(username).map(|device| device.user).ok_or(403_u16)?;
        let number = received.request.uri.called_number().unwrap_or_default();
        let named = self.person_called(now, &number, me);
        match package {
            Package::Dialog if named.is_none() => self.place_called(now, &number, me).ok_or(404),
            Package::Dialog | Package::Presence => named.map(Watched::User).ok_or(404),
            Package::MessageSummary | Package::Reg if named.is_none_or(|named| named == me) => {
                Ok(Watched::User(me))
            }
            Package::MessageSummary | Package::Reg => Err(403),
        }
    }

    /// The slot or room of a number.
    fn place_called(&self, now: Instant, number: &str, asker: UserId) -> Option<Watched> {
        match self.directory.dialplan().route(number, asker, self.clock.unix_ms(now)) {
            Decision::ParkSlot { slot } => Some(Watched::Slot(slot.0)),
            Decision::Room { room } => Some(Watched::Room(room)),
            _ => None,
        }
    }

    /// The person a number or the name of a device belongs to, if they can be called.
    pub(crate) fn person_called(&self, now: Instant, number: &str, asker: UserId) -> Option<UserId> {
        if let Some(device) = self.directory.device(number) {
            return Some(device.user).filter(|user| self.directory.is_enabled(*user));
        }
        self.directory.user_with_number(number, asker, self.clock.unix_ms(now))
    }

    /// A device says something of its user's presence. It speaks for its own user only.
    pub(crate) fn publishes(&mut self, now: Instant, received: &Received, username: &str) {
        let Received { id, request, .. } = received;
        let me = self.directory.device(username).map(|device| device.user);
        let number = request.uri.called_number().unwrap_or_default();
        let response = match me.filter(|me| self.person_called(now, &number, *me) == Some(*me)) {
            None => Response::to_request(request, 403),
            Some(me) => {
                let published = &mut self.people.published;
                let response = published.handle_publish(now, &mut *self.random, &me, request);
                self.publication_changed(me);
                response
            }
        };
        self.sip.agent.respond(now, *id, response);
    }

    /// Tells who watches what changed.
    pub(crate) fn settle_subscriptions(&mut self, now: Instant) {
        for watched in self.people.take_changed() {
            if !self.watchers.is_watched(&watched) {
                continue;
            }
            for package in Package::ALL {
                self.watchers.handle_change(now, package, &watched);
            }
        }
        while let Some(output) = self.watchers.poll_output() {
            match output {
                Output::StateWanted { subscription } => self.tell_watcher(now, subscription),
                Output::Notify { subscription, request, destination } => {
                    match self.sip.agent.send_request(now, *request, destination) {
                        Ok(client) => {
                            self.sip.errands.insert(client, Errand::Notify(subscription));
                        }
                        Err(_) => self.watchers.handle_not_sent(now, subscription),
                    }
                }
            }
        }
    }

    fn tell_watcher(&mut self, now: Instant, subscription: SubscriptionId) {
        let Some((package, watched)) = self.watchers.watched_by(subscription) else { return };
        let document = match (package, *watched) {
            (_, Watched::User(user)) if !self.directory.is_enabled(user) => None,
            (Package::Dialog, Watched::User(user)) => Some(Document::Dialog(self.dialog_info(user))),
            (Package::Presence, Watched::User(user)) => Some(Document::Presence(self.presence(user))),
            (Package::MessageSummary, Watched::User(user)) => {
                Some(Document::MessageSummary(self.message_summary(user)))
            }
            (Package::Reg, Watched::User(user)) => Some(Document::Reg(self.reg_info(user))),
            (_, Watched::Slot(slot)) => Some(Document::Dialog(self.slot_info(slot))),
            (_, Watched::Room(room)) => self.room_info(room).map(Document::Dialog),
        };
        match document {
            Some(document) => self.watchers.notify(now, subscription, document),
            None => self.watchers.end(now, subscription, End::NoResource),
        }
    }

    fn message_summary(&self, user: UserId) -> MessageSummary {
        let count = self.voicemail_count(user);
        let voice = MessageCount { new: count.new, old: count.saved };
        MessageSummary { account: self.sip_address(user), voice, urgent: MessageCount::default() }
    }

    fn reg_info(&self, user: UserId) -> RegInfo {
        let devices = self.directory.devices_of(user);
        let bindings = devices.flat_map(|device| self.sip.registrar.bindings(device));
        let contact = |binding: &Binding| ContactEntry {
            id: binding.id().0,
            uri: binding.contact().to_string(),
            preference: binding.preference(),
        };
        RegInfo { aor: self.sip_address(user), contacts: bindings.map(contact).collect() }
    }

    /// What became of a NOTIFY.
    pub(crate) fn notified(
        &mut self,
        now: Instant,
        subscription: SubscriptionId,
        outcome: Option<&Response>,
    ) {
        match outcome {
            Some(response) => self.watchers.handle_response(now, subscription, response),
            None => self.watchers.handle_failure(subscription),
        }
    }

    /// The directory is another: who may not watch any more is told so, and everything watched is looked at anew.
    pub(crate) fn watched_directory_changed(&mut self, now: Instant) {
        let directory = &self.directory;
        self.people.retain(|user| directory.user(user).is_some());
        let may = |name: &str| directory.device(name).is_some_and(|device| directory.is_enabled(device.user));
        let gone: Vec<String> =
            self.watchers.subscribers().filter(|name| !may(name)).map(str::to_owned).collect();
        for name in gone {
            self.watchers.end_all_of(now, &name);
        }
        self.all_watched_changed();
    }

    /// Everything watched is looked at anew; only what is news is told.
    pub(crate) fn all_watched_changed(&mut self) {
        for watched in self.watchers.resources() {
            self.people.watched_changed(*watched);
        }
    }
}
