//! Session descriptions and offer/answer without I/O (RFC 8866, RFC 3264, RFC 8829).
//!
//! Three layers, each usable alone:
//!
//! - [`SessionDescription`]: the text, parsed under hard limits and printed back. Unknown attributes are kept.
//! - [`RemoteDescription`]: what a peer's description means for one audio stream and the video beside it: codecs,
//!   events, direction, and where its packets come from.
//! - [`TelephoneSession`] and [`BrowserSession`]: what we say to a peer through a call: offers, answers,
//!   re-offers. Each remembers what RFC 3264 §8 wants kept (session id, version, order of m-sections, payload
//!   types) and yields a [`Negotiated`] for the media worker.
//!
//! The rules and the deviations are in `docs/sdp.md`.

mod attribute;
mod browser;
mod candidate;
mod crypto;
mod description;
mod error;
mod formats;
mod local;
mod negotiated;
mod parse;
mod payload_types;
mod print;
mod remote;
mod security;
mod telephone;
mod video;

pub use attribute::{FormatParameters, RtcpAttribute, RtpMap, Setup, Ssrc};
pub use browser::{BrowserSession, BrowserTransport};
pub use candidate::{Candidate, CandidateAddress, CandidateKind, CandidateTransport};
pub use crypto::{Crypto, CryptoValue};
pub use description::{
    Address, Attribute, Line, MediaKind, MediaSection, Origin, Protocol, SessionDescription,
};
pub use error::{Mismatch, ParseError, SdpError, Unacceptable};
pub use formats::{AudioCodec, OpusParameters, TelephoneEventFormat};
pub use local::{LocalIdentity, LocalVideoSources};
pub use negotiated::{
    Answer, DtlsRole, Negotiated, NegotiatedCodec, NegotiatedComfortNoise, NegotiatedEvent,
    NegotiatedTransport,
};
pub use parse::{MAX_ATTRIBUTES, MAX_BYTES, MAX_FORMATS, MAX_LINES, MAX_SECTIONS};
pub use remote::{Peer, RemoteAudio, RemoteDescription, RemoteTransport, RtpAddresses, WebRtcParameters};
pub use security::{
    LocalSecurity, MAX_CRYPTO_LINES, NegotiatedDtls, NegotiatedSecurity, RemoteDtls, RemoteSecurity,
    SecurityHabit, StreamSecurity,
};
pub use telephone::TelephoneSession;
pub use video::{
    NegotiatedExtension, NegotiatedVideo, NegotiatedVideoCodec, RemoteVideo, VideoCodec, VideoLimits,
    VideoSource, VideoWish,
};
