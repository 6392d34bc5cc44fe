//! DTLS-SRTP keying (RFC 5763, RFC 5764) over the `rtc-dtls` handshake.

mod association;
mod fingerprint;
mod identity;
mod keying;
mod record_filter;
mod session;

pub use fingerprint::{Fingerprint, ParseFingerprintError};
pub use identity::{DtlsIdentity, IdentityError};
pub(crate) use session::{DtlsFailure, DtlsNotice, DtlsSession};

/// Which side of the handshake is ours (`a=setup`: `active` is the client, `passive` the server).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DtlsRole {
    /// We send the ClientHello.
    Client,
    /// We wait for it.
    Server,
}
