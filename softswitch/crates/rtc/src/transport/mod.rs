//! One leg's transport: a browser's, with ICE-lite, DTLS and SRTP joined, and a telephone's without ICE.

mod dtls_transport;
mod outcome;
mod params;
mod webrtc_transport;

pub use dtls_transport::{DtlsOutput, DtlsTransport};
pub use outcome::{Event, FailReason, Output, Received, Rejected, RejectedCounts, Transmit};
pub use params::{RemoteChangeError, WebRtcRemoteParams};
pub use webrtc_transport::WebRtcTransport;
