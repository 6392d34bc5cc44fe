//! What depends on each connection, so that a close costs what it ends and no more.

use std::{
    collections::{BTreeSet, HashMap},
    hash::Hash,
};

use super::{ConnectionId, Flow};

/// Things by the connection they are reached over. What is reached over UDP is not among them.
#[derive(Debug)]
pub(crate) struct ByConnection<K>(HashMap<ConnectionId, BTreeSet<K>>);

impl<K: Copy + Ord + Hash> ByConnection<K> {
    /// Something is reached over `after` and not over `before` any more; `None` is nowhere.
    pub(crate) fn moved(&mut self, key: K, before: Option<Flow>, after: Option<Flow>) {
        let connection = |flow: Flow| flow.transport.is_connection().then_some(flow.connection);
        let (before, after) = (before.and_then(connection), after.and_then(connection));
        if before == after {
            return;
        }
        if let Some(connection) = before
            && let Some(keys) = self.0.get_mut(&connection)
        {
            keys.remove(&key);
            if keys.is_empty() {
                self.0.remove(&connection);
            }
        }
        if let Some(connection) = after {
            self.0.entry(connection).or_default().insert(key);
        }
    }

    /// What a connection that closed leaves behind.
    pub(crate) fn closed(&mut self, connection: ConnectionId) -> BTreeSet<K> {
        self.0.remove(&connection).unwrap_or_default()
    }
}

impl<K> Default for ByConnection<K> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::Transport;

    fn flow(transport: Transport, connection: u64) -> Flow {
        let address = ([192, 0, 2, 1], 5060).into();
        Flow { transport, local: address, remote: address, connection: ConnectionId(connection) }
    }

    #[test]
    fn what_moved_away_is_not_closed_with_its_old_connection() {
        let mut by = ByConnection::default();
        let (one, two) = (flow(Transport::Tcp, 1), flow(Transport::Tcp, 2));
        by.moved(7, None, Some(one));
        by.moved(8, None, Some(one));
        by.moved(9, None, Some(flow(Transport::Udp, 1)));
        by.moved(7, Some(one), Some(two));
        assert_eq!(by.closed(ConnectionId(1)), BTreeSet::from([8]));
        by.moved(7, Some(two), None);
        assert!(by.closed(ConnectionId(2)).is_empty());
        assert!(by.0.is_empty());
    }
}
