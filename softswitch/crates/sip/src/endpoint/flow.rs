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
    /// TLS over TCP.
    Tls,
    /// WebSocket (RFC 7118).
    Ws,
    /// WebSocket over TLS.
    Wss,
}

impl Transport {
    /// Every transport.
    pub const ALL: [Self; 5] = [Self::Udp, Self::Tcp, Self::Tls, Self::Ws, Self::Wss];

    /// Whether the transport delivers by itself: transactions then do not retransmit.
    pub const fn is_reliable(self) -> bool {
        self.is_connection()
    }

    /// Whether a flow is a connection that opens and closes: all but UDP.
    pub const fn is_connection(self) -> bool {
        !matches!(self, Self::Udp)
    }

    /// Whether what is sent cannot be read on the way.
    pub const fn is_secure(self) -> bool {
        matches!(self, Self::Tls | Self::Wss)
    }

    /// Whether a peer listens for connections of its own: a WebSocket client never does (RFC 7118 §5.5).
    pub const fn accepts_connections(self) -> bool {
        matches!(self, Self::Tcp | Self::Tls)
    }

    /// The name in a Via.
    pub const fn via_name(self) -> &'static str {
        match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
            Self::Ws => "WS",
            Self::Wss => "WSS",
        }
    }

    /// The transport a Via or a `transport` parameter names; `None` for one that is not served.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|transport| transport.via_name().eq_ignore_ascii_case(name))
    }

    /// The value of `transport` in a URI that is reached this way; UDP needs none. `ws` stands for both kinds of
    /// WebSocket: the scheme tells them apart (RFC 7118 §5.2.2).
    pub const fn uri_parameter(self) -> Option<&'static str> {
        match self {
            Self::Udp => None,
            Self::Tcp => Some("tcp"),
            Self::Tls => Some("tls"),
            Self::Ws | Self::Wss => Some("ws"),
        }
    }

    /// The port where none is written (RFC 3261 §19.1.2, RFC 7118 §5.2.2).
    pub const fn default_port(self) -> u16 {
        match self {
            Self::Udp | Self::Tcp => 5060,
            Self::Tls => 5061,
            Self::Ws => 80,
            Self::Wss => 443,
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

impl From<Flow> for Destination {
    fn from(flow: Flow) -> Self {
        Self::Flow(flow)
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
