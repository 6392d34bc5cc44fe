//! ICE-lite (RFC 8445): a responder that answers connectivity checks and follows the peer's nomination.

mod credentials;
mod integrity;
mod pairs;
mod responder;
pub(crate) mod stun;

pub use credentials::{IceCredentials, InvalidIceCredentials};
pub(crate) use responder::{CONSENT_TIMEOUT, IceLite, IceNotice, RejectedCheck};
