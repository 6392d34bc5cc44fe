//! SIP without I/O: messages, transactions, dialogs, digest, registrar (RFC 3261 and friends).

pub mod endpoint;
pub mod message;
pub mod transaction;
