//! Commands that wait for a softswitch's reply.

use std::{
    collections::{BTreeMap, HashMap},
    time::{Duration, Instant},
};

use ringdown_control::{Command, CommandId};
use ringdown_types::{NodeId, SessionId};

use crate::{AskId, ConnId};

/// A softswitch has this long to reply.
pub(crate) const REPLY_WITHIN: Duration = Duration::from_secs(5);
/// A call whose start was answered too late is hung up if the answer comes within this.
pub(crate) const LATE_REPLY_WITHIN: Duration = Duration::from_secs(60);
/// Commands one session may have waiting.
pub(crate) const MAX_PENDING_PER_SESSION: usize = 64;

/// Who waits for what.
#[derive(Debug)]
pub(crate) struct Pending {
    pub(crate) node: NodeId,
    pub(crate) session: SessionId,
    pub(crate) due: Instant,
    /// For doing it again after a reconnect; its id keeps it from being done twice.
    pub(crate) command: Command,
    pub(crate) waiter: Waiter,
}

/// What the reply is for.
#[derive(Debug)]
pub(crate) enum Waiter {
    /// A request that gets an empty result.
    Plain {
        /// The connection that asked.
        conn: ConnId,
        /// The request's id.
        request: u32,
    },
    /// `voicemail.list`.
    Mailbox {
        /// The connection that asked.
        conn: ConnId,
        /// The request's id.
        request: u32,
    },
    /// `call.start`.
    Start {
        /// The connection that asked.
        conn: ConnId,
        /// The request's id.
        request: u32,
        /// The number as it was dialled.
        to: String,
        /// What the caller sent along.
        variables: BTreeMap<String, String>,
    },
    /// A `call.start` that was already refused for want of a reply: the call is hung up if it began after all.
    Nobody,
    /// The shell asked.
    Ask(AskId),
}

impl Waiter {
    pub(crate) const fn asker(&self) -> Option<(ConnId, u32)> {
        match *self {
            Self::Plain { conn, request }
            | Self::Mailbox { conn, request }
            | Self::Start { conn, request, .. } => Some((conn, request)),
            Self::Nobody | Self::Ask(_) => None,
        }
    }
}

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct PendingCommands {
    by_id: HashMap<CommandId, Pending>,
    per_session: HashMap<SessionId, usize>,
}

impl PendingCommands {
    pub(crate) fn has_room(&self, session: SessionId) -> bool {
        self.per_session.get(&session).copied().unwrap_or_default() < MAX_PENDING_PER_SESSION
    }

    pub(crate) fn put(&mut self, id: CommandId, pending: Pending) {
        *self.per_session.entry(pending.session).or_default() += 1;
        self.by_id.insert(id, pending);
    }

    pub(crate) fn take(&mut self, id: CommandId) -> Option<Pending> {
        let pending = self.by_id.remove(&id)?;
        if let Some(count) = self.per_session.get_mut(&pending.session) {
            *count -= 1;
            if *count == 0 {
                self.per_session.remove(&pending.session);
            }
        }
        Some(pending)
    }

    /// The ids of what waits for `node`.
    pub(crate) fn waiting_for(&self, node: NodeId) -> Vec<CommandId> {
        self.by_id.iter().filter(|(_, pending)| pending.node == node).map(|(id, _)| *id).collect()
    }

    /// What the longest waiting `call.start` of a session at a softswitch sent along.
    pub(crate) fn oldest_start(&self, node: NodeId, session: SessionId) -> Option<&BTreeMap<String, String>> {
        let of_session = |pending: &&Pending| pending.node == node && pending.session == session;
        let starts = self.by_id.values().filter(of_session).filter_map(|pending| match &pending.waiter {
            Waiter::Start { variables, .. } => Some((pending.due, variables)),
            _ => None,
        });
        starts.min_by_key(|(due, _)| *due).map(|(_, variables)| variables)
    }

    pub(crate) fn get(&self, id: CommandId) -> Option<&Pending> {
        self.by_id.get(&id)
    }
}
