//! SIP without I/O: messages, transactions, dialogs, digest, registrar (RFC 3261 and friends).

pub mod digest;
pub mod endpoint;
pub mod message;
pub mod registrar;
pub mod transaction;

/// The instant at which tests begin. Instants cannot be made from nothing; tests only add to this one.
#[cfg(test)]
#[expect(
    clippy::disallowed_methods,
    reason = "the one clock read of the tests; nothing depends on its value"
)]
fn test_start() -> std::time::Instant {
    std::time::Instant::now()
}
