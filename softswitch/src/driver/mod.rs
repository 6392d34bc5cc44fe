//! SIP transports: bytes in and out.
//!
//! UDP has its sockets; everything else is a connection with a task of its own, whatever it speaks. All connections
//! share one [`admission`], so that no transport is a way around its limits.

mod admission;
mod connection;
mod listeners;
mod socket;
mod stream;
mod stun;
mod tls;
mod udp;
mod udp_errors;
mod websocket;

pub(crate) use connection::Connection;
pub(crate) use listeners::{ListenAddresses, Listeners};
pub(crate) use tls::{CertificateFiles, CertificateNames};
pub(crate) use udp::UdpSockets;
pub(crate) use websocket::WebSocketRules;
