//! SIP without I/O: messages, transactions, dialogs, digest, registrar (RFC 3261 and friends).
//!
//! Layers, from the wire up; each knows only those before it:
//!
//! | module | RFC | does |
//! |---|---|---|
//! | [`message`] | 3261 §7, §25 | reads and writes messages |
//! | [`transaction`] | 3261 §17, 6026 | the four transactions |
//! | [`endpoint`] | 3261 §17.1.3, §18, 3581 | transactions over flows, checks, limits |
//! | [`dialog`] | 3261 §12 | what requests in a dialog are made of |
//! | [`invite`] | 3261 §13–§15, 3311, 6086 | call legs |
//! | [`user_agent`] | 3261 §8 | every call leg over one endpoint |
//! | [`registrar`] | 3261 §10.3 | which devices a user can be reached at |
//! | [`subscription`] | 6665, 3903 | who is told what, and what telephones publish |
//! | [`digest`] | 3261 §22, 7616, 8760 | who sent a request |
//!
//! Nothing here reads a clock, opens a socket or starts a thread: `now` and the random source are handed in,
//! and what is to be done comes out of `poll_output`. `docs/sip.md` has the limits and the deviations.

pub mod dialog;
pub mod digest;
pub mod endpoint;
pub mod invite;
pub mod message;
pub mod registrar;
pub mod subscription;
pub mod transaction;
pub mod user_agent;

/// The instant at which tests begin. Instants cannot be made from nothing; tests only add to this one.
#[cfg(test)]
#[expect(
    clippy::disallowed_methods,
    reason = "the one clock read of the tests; nothing depends on its value"
)]
fn test_start() -> std::time::Instant {
    std::time::Instant::now()
}
