//! Softswitches coming and going, and their snapshots.

use std::{collections::HashSet, sync::Arc, time::Instant};

use ringdown_control::{AppFrame, Command, LegPlace, Snapshot};
use ringdown_protocol::{ErrorCode, ErrorInfo, Push};
use ringdown_types::{EndReason, LegId, NodeId};

use super::{Desk, LinkId, NodeHello, Output};
use crate::{
    node::{NODE_GONE_AFTER, NODES_BACK_WITHIN, Node},
    timer::Timer,
};

impl Desk {
    /// A softswitch connected: it is welcomed, given the directory if its own is another, and told every session.
    pub fn handle_node_hello(&mut self, now: Instant, hello: NodeHello) {
        let NodeHello { link, node: id, name, version, directory_version } = hello;
        self.links_seen += 1;
        let node = Node { name, link: Some(link), order: self.links_seen, seq: None };
        if let Some(old) = self.nodes.insert(id, node).and_then(|old| old.link) {
            self.by_link.remove(&old);
            self.outputs.push_back(Output::CloseLink { link: old });
        }
        self.by_link.insert(link, id);
        self.outputs.push_back(Output::Node { link, frame: AppFrame::Welcome { version } });
        if let Some(directory) = &self.directory {
            if directory_version > directory.version {
                self.outputs.push_back(Output::RaiseDirectory { above: directory_version });
            } else if directory_version != directory.version {
                self.outputs.push_back(Output::Directory { link, directory: Arc::clone(directory) });
            }
        }
        let sessions: Vec<_> = self
            .sessions
            .values()
            .filter(|session| session.announced || session.can_ring(now))
            .map(|session| (session.record.id, session.record.user))
            .collect();
        for (session, user) in sessions {
            if let Some(session) = self.sessions.get_mut(&session) {
                session.announced = true;
            }
            self.tell_node(link, Command::SessionUp { session, user });
        }
        self.tell_statements(link);
        self.update_switch_up();
    }

    /// Everything live on a softswitch. What it does not name is over.
    pub fn handle_snapshot(&mut self, now: Instant, link: LinkId, seq: u64, snapshot: Snapshot) {
        let Some(&id) = self.by_link.get(&link) else { return };
        let Some(node) = self.nodes.get_mut(&id) else { return };
        let first = node.seq.is_none();
        node.seq = Some(seq);
        let name = node.name.clone();
        let mut live: HashSet<LegId> = HashSet::new();
        self.take_settings(snapshot.settings);
        for leg in snapshot.calls.into_iter().flat_map(|call| call.legs) {
            live.insert(leg.leg);
            if let LegPlace::Browser { session } = leg.place {
                if self.sessions.contains_key(&session) {
                    // It holds a call, so it waits for its browser however long it has been away.
                    self.announce(session);
                } else {
                    // It ended while the softswitch could not be told.
                    self.tell_node(link, Command::SessionDown { session });
                }
            }
            self.handle_leg(now, id, leg);
        }
        for leg in self.mirror.legs_at(id) {
            if !live.contains(&leg) {
                self.forget_leg(now, leg, None);
            }
        }
        self.set_published(now, id, snapshot.published);
        self.set_mailboxes(id, snapshot.voicemail);
        self.set_parked(id, snapshot.parked);
        self.set_rooms(now, id, snapshot.rooms);
        self.set_recordings(id, snapshot.recordings);
        let mut registered: HashSet<_> = self.mirror.registered_at(id).into_iter().collect();
        for registration in &snapshot.registrations {
            registered.remove(&registration.user);
            self.set_bindings(now, id, registration);
        }
        for user in registered {
            self.set_bindings(now, id, &ringdown_control::RegistrationInfo { user, bindings: 0 });
        }
        // A restarted softswitch has a new id and its old name: the one before will not come back.
        let before: Vec<_> = self
            .nodes
            .iter()
            .filter(|(other, node)| **other != id && node.link.is_none() && node.name == name)
            .map(|(other, _)| *other)
            .collect();
        for other in before {
            self.forget_node(now, other);
        }
        if first {
            self.repeat_commands(id, link);
        }
        self.update_switch_up();
        self.expect_calls_complete(now);
    }

    /// A softswitch's connection is gone. Its calls go on, so they stay.
    pub fn handle_node_disconnected(&mut self, now: Instant, link: LinkId) {
        let Some(id) = self.by_link.remove(&link) else { return };
        let Some(node) = self.nodes.get_mut(&id).filter(|node| node.link == Some(link)) else { return };
        node.link = None;
        node.seq = None;
        self.timers.set(now + NODE_GONE_AFTER, Timer::NodeGone(id));
        self.update_switch_up();
    }

    pub(super) fn handle_node_gone(&mut self, now: Instant, id: NodeId) {
        if self.nodes.get(&id).is_some_and(|node| node.link.is_none()) {
            self.forget_node(now, id);
        }
    }

    /// A softswitch is over, and so are its calls and what was asked of it.
    fn forget_node(&mut self, now: Instant, id: NodeId) {
        self.nodes.remove(&id);
        self.set_published(now, id, Vec::new());
        self.set_parked(id, Vec::new());
        self.set_rooms(now, id, Vec::new());
        self.set_recordings(id, Vec::new());
        for leg in self.mirror.legs_at(id) {
            self.forget_leg(now, leg, Some(EndReason::ServerRestart));
        }
        for user in self.mirror.registered_at(id) {
            self.set_bindings(now, id, &ringdown_control::RegistrationInfo { user, bindings: 0 });
        }
        for command in self.pending.waiting_for(id) {
            if let Some(pending) = self.pending.take(command) {
                let error = ErrorInfo::new(ErrorCode::SwitchUnavailable, "the softswitch restarted");
                self.fail(&pending.waiter, error);
            }
        }
    }

    /// Asks again what was asked before the link broke; the ids keep it from being done twice.
    fn repeat_commands(&mut self, id: NodeId, link: LinkId) {
        for command in self.pending.waiting_for(id) {
            if let Some(pending) = self.pending.get(command) {
                let frame = AppFrame::Command { id: command, command: pending.command.clone() };
                self.outputs.push_back(Output::Node { link, frame });
            }
        }
    }

    /// The softswitch that takes new calls: the one that connected last.
    pub(super) fn node_for_new_call(&self) -> Option<NodeId> {
        self.nodes
            .iter()
            .filter(|(_, node)| node.is_up())
            .max_by_key(|(_, node)| node.order)
            .map(|(id, _)| *id)
    }

    /// Which calls there are is known once every softswitch had the time to come back after a start of the app server.
    fn expect_calls_complete(&mut self, now: Instant) {
        if !self.calls_complete && !std::mem::replace(&mut self.awaits_nodes, true) {
            self.timers.set(now + NODES_BACK_WITHIN, Timer::CallsComplete);
        }
    }

    /// Tells everybody which calls there are: they kept what they had so far.
    pub(super) fn handle_calls_complete(&mut self) {
        self.awaits_nodes = false;
        // Without a softswitch nothing is known; the next one's snapshot sets the timer anew.
        if !self.switch_up {
            return;
        }
        self.calls_complete = true;
        let ids: Vec<_> = self.sessions.keys().copied().collect();
        for id in ids {
            let calls = self.calls_for(id);
            self.push(id, Push::Calls { calls });
        }
    }

    fn update_switch_up(&mut self) {
        let up = self.nodes.values().any(Node::is_up);
        if std::mem::replace(&mut self.switch_up, up) != up {
            let ids: Vec<_> = self.sessions.keys().copied().collect();
            for id in ids {
                self.push(id, Push::Switch { up });
            }
        }
    }
}
