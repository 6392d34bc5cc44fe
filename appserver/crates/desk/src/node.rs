//! A softswitch as the app server knows it.

use std::time::Duration;

use crate::LinkId;

/// How long a softswitch's calls are believed in while its link is down. Longer shows calls that died with it;
/// shorter ends calls on the screen that go on at the telephone.
pub(crate) const NODE_GONE_AFTER: Duration = Duration::from_secs(120);

/// How long after the first softswitch came back to an app server that was started the others are given: they try every
/// two seconds. Longer shows calls that ended meanwhile; shorter ends calls on the screen that go on.
pub(crate) const NODES_BACK_WITHIN: Duration = Duration::from_secs(5);

/// A softswitch, connected or lately lost.
#[derive(Debug)]
pub(crate) struct Node {
    /// A name for people; a restarted process has the name of the one before.
    pub(crate) name: String,
    /// Its connection.
    pub(crate) link: Option<LinkId>,
    /// When its connection came, among all connections.
    pub(crate) order: u64,
    /// The number of the last event, once a snapshot was taken on this connection.
    pub(crate) seq: Option<u64>,
}

impl Node {
    /// Whether calls can be placed with it.
    pub(crate) const fn is_up(&self) -> bool {
        self.link.is_some() && self.seq.is_some()
    }
}
