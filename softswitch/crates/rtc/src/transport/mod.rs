//! One browser leg's transport: ICE-lite, DTLS and SRTP joined.

mod outcome;
mod params;
mod webrtc_transport;

pub use outcome::{Event, FailReason, Output, Received, Rejected, RejectedCounts, Transmit};
pub use params::{RemoteChangeError, WebRtcRemoteParams};
pub use webrtc_transport::WebRtcTransport;
