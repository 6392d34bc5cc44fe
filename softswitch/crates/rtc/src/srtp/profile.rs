//! The protection profiles (RFC 3711, RFC 6188, RFC 7714) and what they cost in bytes.

pub use ringdown_types::SrtpProfile;

/// The master key or salt has the wrong length for its profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the SRTP master key or salt has the wrong length for its profile")]
pub struct InvalidMasterKey;

/// The most bytes protection adds to a packet: a GCM tag and the SRTCP index. A buffer with this much spare
/// room behind the packet fits every profile.
pub const SRTP_OVERHEAD: usize = 16 + 4;
