//! Sessions: a browser tab across its reconnects.
//!
//! ```text
//!             hello                        connection lost
//!  (none) ───────────▶ Attached ◀─────────────────────────▶ Detached ── 10 s, no call ──▶ not rung any more
//!                         │                 resume             │
//!                         │ bye, sign-out                      │ 120 s, sign-out
//!                         └──────────────▶ (gone) ◀────────────┘
//! ```

use std::{
    collections::BTreeSet,
    net::IpAddr,
    time::{Duration, Instant},
};

use ringdown_types::{SessionId, UserId};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::{
    ConnId,
    ring::{Kept, PushRing},
};

/// How long a session and its calls wait for a `resume`.
pub const RESUME_WINDOW: Duration = Duration::from_secs(120);
/// A detached session without calls is not rung after this. Longer lets callers ring an empty chair after the tab
/// was closed; shorter makes presence flicker at every change of network.
pub const UNREACHABLE_AFTER: Duration = Duration::from_secs(10);
/// A client that says nothing for this long is asleep: the browser froze its tab, or the connection is half open. Two
/// pings, the client's and the answer to the server's, come in this time from any page that runs, however seldom the
/// browser lets its timers fire.
pub(crate) const ASLEEP_AFTER: Duration = Duration::from_secs(35);
/// How often a client pings.
pub const PING_INTERVAL: Duration = Duration::from_secs(25);
/// Sessions one account may have: tabs and applications, attached or not.
pub const MAX_SESSIONS_PER_USER: usize = 32;

/// What the store keeps of a session, so that it can be resumed after a restart of the app server.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionRecord {
    /// The session.
    pub id: SessionId,
    /// SHA-256 of its secret.
    pub secret_hash: [u8; 32],
    /// Whose it is.
    pub user: UserId,
    /// The account's epoch when it signed in.
    pub epoch: u64,
    /// The sign-in it belongs to.
    pub family: String,
}

impl std::fmt::Debug for SessionRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SessionRecord")
            .field("id", &self.id)
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

/// The hash a session's secret is kept as. The secret has 160 random bits, so a fast hash does.
pub fn secret_hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

/// What a session is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SessionKind {
    /// A telephone in a page: it is rung and holds the audio of its calls. It controls its own calls alone.
    #[default]
    Phone,
    /// Somebody who looks on and controls: it has no audio and is never rung, is told all of the user's legs, and may
    /// do to each what needs no audio. It ends with its connection.
    Control,
    /// Nobody yet: a browser that can be woken is rung by it, and the page that opens takes its place.
    Standby,
}

/// The id and the secret a session is given instead of random ones, so that a client which kept neither finds it
/// again. Whoever makes them sees to it that nobody can guess them.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionName {
    /// The session.
    pub id: SessionId,
    /// Its secret.
    pub secret: String,
}

impl std::fmt::Debug for SessionName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SessionName").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Whether somebody is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presence {
    /// A connection holds the session.
    Attached { conn: ConnId },
    /// Nobody does.
    Detached { since: Instant },
}

/// A session.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) record: SessionRecord,
    pub(crate) kind: SessionKind,
    pub(crate) presence: Presence,
    pub(crate) address: Option<IpAddr>,
    /// The softswitch rings it.
    pub(crate) announced: bool,
    /// Made by an earlier run of the app server and not resumed since: its push numbers are not known.
    pub(crate) restored: bool,
    pub(crate) ring: PushRing,
    /// When its client last said something.
    pub(crate) heard_at: Option<Instant>,
    /// It says nothing any more although its connection stands: it rings in vain.
    pub(crate) asleep: bool,
    /// Whether a timer looks at that.
    pub(crate) is_watched: bool,
    /// The page may play no sound yet.
    pub(crate) sound_locked: bool,
    /// Whose presence changed since the last push of presence.
    pub(crate) stale_presence: BTreeSet<UserId>,
    /// Whose directory entry changed since the last push of the directory.
    pub(crate) stale_entries: BTreeSet<UserId>,
}

impl Session {
    pub(crate) fn new(record: SessionRecord, presence: Presence, restored: bool) -> Self {
        Self {
            record,
            kind: SessionKind::Phone,
            presence,
            address: None,
            announced: false,
            restored,
            ring: PushRing::default(),
            heard_at: None,
            asleep: false,
            is_watched: false,
            sound_locked: false,
            stale_presence: BTreeSet::new(),
            stale_entries: BTreeSet::new(),
        }
    }

    pub(crate) fn has_secret(&self, hash: &[u8; 32]) -> bool {
        self.record.secret_hash.ct_eq(hash).into()
    }

    pub(crate) const fn conn(&self) -> Option<ConnId> {
        match self.presence {
            Presence::Attached { conn } => Some(conn),
            Presence::Detached { .. } => None,
        }
    }

    /// Whether the softswitch should ring it.
    pub(crate) fn can_ring(&self, now: Instant) -> bool {
        self.kind == SessionKind::Phone && !self.asleep && self.is_reachable(now)
    }

    /// Whether somebody sees what it is told.
    pub(crate) fn is_reachable(&self, now: Instant) -> bool {
        match self.presence {
            Presence::Attached { .. } => true,
            Presence::Detached { since } => now.saturating_duration_since(since) < UNREACHABLE_AFTER,
        }
    }

    /// Keeps a push and gives it its number.
    pub(crate) fn keep(&mut self, kept: Kept) -> u64 {
        self.ring.push(kept)
    }
}
