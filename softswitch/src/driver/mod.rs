//! SIP transports: bytes in and out.

mod tcp;
mod udp;

pub(crate) use tcp::{TcpConnection, TcpListeners};
pub(crate) use udp::UdpSockets;
