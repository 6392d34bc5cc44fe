//! A leg's encrypted transport without I/O: ICE-lite, DTLS, SRTP.
//!
//! [`WebRtcTransport`] is one browser leg's transport: datagrams go in, decrypted RTP and RTCP, datagrams to
//! send and events come out. It owns no socket, no clock and no thread, and it hides which libraries do the
//! work: `rtc-dtls` carries the DTLS handshake, `rtc-crypto` the ciphers; ICE, STUN and SRTP are ours.
//!
//! A telephone has no ICE: [`DtlsTransport`] is its DTLS-SRTP on a port of its own; with keys out of its description
//! (RFC 4568), [`SrtpSender`] and [`SrtpReceiver`] are all it needs.
//!
//! A worker that shares one UDP port among many legs finds the leg of a datagram with [`classify`],
//! [`stun_local_ufrag`] and the addresses each leg reports as learned ([`Event::AddressLearned`]).
//!
//! `docs/webrtc-transport.md` says what is ours, what is borrowed, and where we deviate from the RFCs.

mod demux;
mod dtls;
mod ice;
mod srtp;
mod transport;

pub use demux::{DatagramKind, classify, is_rtcp, stun_local_ufrag};
pub use dtls::{DtlsIdentity, DtlsRole, Fingerprint, IdentityError, ParseFingerprintError};
pub use ice::{IceCredentials, InvalidIceCredentials};
pub use srtp::{
    InvalidMasterKey, ProtectError, SRTP_OVERHEAD, SrtpProfile, SrtpReceiver, SrtpSender, UnprotectError,
};
pub use transport::{
    DtlsOutput, DtlsTransport, Event, FailReason, Output, Received, Rejected, RejectedCounts,
    RemoteChangeError, Transmit, WebRtcRemoteParams, WebRtcTransport,
};
