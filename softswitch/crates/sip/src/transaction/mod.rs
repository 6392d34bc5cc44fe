//! Transactions (RFC 3261 §17, amended by RFC 6026): four machines, told the time, without I/O.
//!
//! | timer | starts at | unreliable | reliable | machine, meaning |
//! |---|---|---|---|---|
//! | A | T1, doubles | yes | – | client INVITE: retransmit the INVITE |
//! | B | 64·T1 | yes | yes | client INVITE: no response at all |
//! | D | 32 s | yes | 0 | client INVITE: wait for retransmitted 3xx–6xx |
//! | E | T1, doubles to T2 | yes | – | client non-INVITE: retransmit the request |
//! | F | 64·T1 | yes | yes | client non-INVITE: no final response |
//! | G | T1, doubles to T2 | yes | – | server INVITE: retransmit the 3xx–6xx |
//! | H | 64·T1 | yes | yes | server INVITE: no ACK |
//! | I | T4 | yes | 0 | server INVITE: absorb retransmitted ACKs |
//! | J | 64·T1 | yes | 0 | server non-INVITE: absorb retransmitted requests |
//! | K | T4 | yes | 0 | client non-INVITE: absorb retransmitted responses |
//! | L | 64·T1 | yes | yes | server INVITE: absorb INVITEs after a 2xx (RFC 6026) |
//! | M | 64·T1 | yes | yes | client INVITE: pass retransmitted 2xx on (RFC 6026) |
//! | Trying | 200 ms | yes | yes | server INVITE: send 100 if the user was silent (§17.2.1) |
//!
//! Timer C is a proxy's. The retransmission of 2xx and of their ACKs is the INVITE usage's.

mod client_invite;
mod client_non_invite;
mod server_invite;
mod server_non_invite;
mod timer;

use std::time::Duration;

use bytes::Bytes;

use crate::message::{Request, Response};

pub use client_invite::ClientInviteTransaction;
pub use client_non_invite::ClientNonInviteTransaction;
pub use server_invite::ServerInviteTransaction;
pub use server_non_invite::ServerNonInviteTransaction;
pub use timer::{Timer, TimerTable};

/// The round-trip estimate (RFC 3261 §17.1.1.1). Smaller floods slow links, larger repairs losses later.
pub const T1: Duration = Duration::from_millis(500);
/// The longest interval between retransmissions of non-INVITE requests and INVITE responses.
pub const T2: Duration = Duration::from_secs(4);
/// How long a message stays in the network.
pub const T4: Duration = Duration::from_secs(5);
/// 64·T1: how long a transaction tries.
pub const TIMEOUT: Duration = Duration::from_secs(32);
/// The server sends 100 by itself after this silence of its user (RFC 3261 §17.2.1).
pub const TRYING_DELAY: Duration = Duration::from_millis(200);

/// What a client transaction wants done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientOutput {
    /// Send these bytes where the request went.
    Transmit(Bytes),
    /// A response for the transaction user.
    Response(Response),
    /// No response came in time: to the user as a 408 (RFC 3261 §8.1.3.1).
    TimedOut,
    /// The transport failed: to the user as a 503 (RFC 3261 §8.1.3.1).
    TransportFailed,
}

/// What a server transaction wants done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerOutput {
    /// Send these bytes where responses to the request go.
    Transmit(Bytes),
    /// An ACK for a 2xx that carries the INVITE's branch.
    Acknowledged(Request),
    /// The ACK for a 3xx–6xx never came. Nothing depends on it.
    TimedOut,
    /// The transport failed.
    TransportFailed,
}
