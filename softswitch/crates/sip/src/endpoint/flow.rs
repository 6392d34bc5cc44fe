//! Where messages come from and go to.

use std::net::SocketAddr;

use bytes::Bytes;

/// A transport protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Transport {
    /// UDP.
    Udp,
    /// TCP.
    Tcp,
}

impl Transport {
    /// Whether the transport delivers by itself: transactions then do not retransmit.
    pub const fn is_reliable(self) -> bool {
        matches!(self, Self::Tcp)
    }

    /// The name in a Via.
    pub const fn via_name(self) -> &'static str {
        match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
        }
    }
}

/// Names a connection, or the UDP socket. The shell gives each its own number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnectionId(pub u64);

/// A way to and from one peer: a TCP connection, or a UDP socket with the peer's address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Flow {
    /// The transport.
    pub transport: Transport,
    /// Our address.
    pub local: SocketAddr,
    /// The peer's address, as its packets show it.
    pub remote: SocketAddr,
    /// The connection or the UDP socket.
    pub connection: ConnectionId,
}

/// Where a message is to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Destination {
    /// Over this flow. If it is a connection that has gone, the shell reports a transport error.
    Flow(Flow),
    /// To this address, over any fitting socket or connection; the shell opens a connection if there is none.
    Address {
        /// The transport.
        transport: Transport,
        /// The address.
        remote: SocketAddr,
    },
}

impl Destination {
    /// The transport.
    pub const fn transport(&self) -> Transport {
        match self {
            Self::Flow(flow) => flow.transport,
            Self::Address { transport, .. } => *transport,
        }
    }

    /// The peer's address.
    pub const fn remote(&self) -> SocketAddr {
        match self {
            Self::Flow(flow) => flow.remote,
            Self::Address { remote, .. } => *remote,
        }
    }
}

/// Bytes to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transmit {
    /// Where to.
    pub destination: Destination,
    /// What: one whole message, or a keep-alive.
    pub bytes: Bytes,
}
