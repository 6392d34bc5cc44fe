//! What an offer and its answer agree on: plain values for the media worker.

use std::{fmt, net::SocketAddr};

use ringdown_types::{CodecId, MediaDirection};

use crate::{
    formats::{AudioFormats, OpusParameters},
    remote::{RemoteAudio, RemoteTransport, RtpAddresses, WebRtcParameters},
    security::NegotiatedSecurity,
    video::NegotiatedVideo,
};

/// An answer of ours, with what it agrees to.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The text to send.
    pub description: String,
    /// What holds from the moment it is sent.
    pub negotiated: Negotiated,
}

/// What both sides agree on: the one audio stream, and video beside it.
#[derive(Debug, Clone, PartialEq)]
pub struct Negotiated {
    /// The codecs, preferred first; never empty. Each may be sent at any time (RFC 3264 §5.1).
    pub codecs: Vec<NegotiatedCodec>,
    /// Telephone events, at most one per clock rate. With Opus to telephones the rate may be 8,000 only: see
    /// `docs/sdp.md`.
    pub telephone_events: Vec<NegotiatedEvent>,
    /// Comfort noise (RFC 3389), where the peer offered it beside G.711.
    pub comfort_noise: Option<NegotiatedComfortNoise>,
    /// The id, 1 to 14, under which a browser's packets tell how loud they are (RFC 6464), where both know it.
    pub audio_level: Option<u8>,
    /// Which way media flows, seen from us.
    pub direction: MediaDirection,
    /// Whether the peer holds us: it says it will not receive (RFC 3264 §8.4).
    pub held_by_peer: bool,
    /// The packet length we send, in milliseconds: 10 to 60.
    pub ptime_ms: u8,
    /// Our SSRC, as our description says to browsers.
    pub local_ssrc: u32,
    /// Our RTCP canonical name.
    pub cname: String,
    /// The peer's transport.
    pub transport: NegotiatedTransport,
    /// The video streams, at most one a slot.
    pub videos: Vec<NegotiatedVideo>,
}

/// A codec and its payload types. They differ only where the peer answered our offer with other numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NegotiatedCodec {
    /// The codec.
    pub codec: CodecId,
    /// The payload type we send: the peer's number.
    pub send_payload_type: u8,
    /// The payload type we receive: the number of our description. Telephones that answer with their own number
    /// often send with it as well, so take both.
    pub receive_payload_type: u8,
    /// How the peer wants Opus.
    pub opus: OpusParameters,
}

/// A telephone-event format and its payload types; see [`NegotiatedCodec`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NegotiatedEvent {
    /// The clock rate in Hz: 8,000 or 48,000.
    pub clock_rate: u32,
    /// The payload type we send.
    pub send_payload_type: u8,
    /// The payload type we receive.
    pub receive_payload_type: u8,
}

/// Comfort noise and its payload types; see [`NegotiatedCodec`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NegotiatedComfortNoise {
    /// The payload type we send.
    pub send_payload_type: u8,
    /// The payload type we receive.
    pub receive_payload_type: u8,
}

impl NegotiatedComfortNoise {
    /// What holds where the peer lists `theirs` and our description lists `ours`, with these codecs.
    pub(crate) fn agreed(theirs: Option<u8>, ours: Option<u8>, codecs: &[NegotiatedCodec]) -> Option<Self> {
        let (send_payload_type, receive_payload_type) = (theirs?, ours?);
        let is_fitting = codecs.iter().any(|codec| codec.codec.sample_rate() == 8_000);
        is_fitting.then_some(Self { send_payload_type, receive_payload_type })
    }
}

/// Where the peer's packets come from and go to.
#[derive(Clone, PartialEq, Eq)]
pub enum NegotiatedTransport {
    /// A telephone.
    Rtp {
        /// Where RTP goes. `None` while the telephone names no usable address: `0.0.0.0` or a host name.
        rtp: Option<SocketAddr>,
        /// Where RTCP goes; the same as `rtp` with rtcp-mux.
        rtcp: Option<SocketAddr>,
        /// What protects both.
        security: NegotiatedSecurity,
    },
    /// A browser.
    WebRtc {
        /// Its user fragment.
        ufrag: String,
        /// Its ICE password.
        pwd: String,
        /// SHA-256 of its certificate.
        fingerprint: [u8; 32],
        /// Our part in the handshake.
        dtls_role: DtlsRole,
    },
}

/// Addresses and credentials never reach a log.
impl fmt::Debug for NegotiatedTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rtp { rtp, security, .. } => f
                .debug_struct("Rtp")
                .field("known", &rtp.is_some())
                .field("security", security)
                .finish_non_exhaustive(),
            Self::WebRtc { dtls_role, .. } => {
                f.debug_struct("WebRtc").field("dtls_role", dtls_role).finish_non_exhaustive()
            }
        }
    }
}

/// Our part in a DTLS handshake (RFC 8842 §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DtlsRole {
    /// We wait for the ClientHello.
    Server,
    /// We send it.
    Client,
}

impl NegotiatedTransport {
    pub(crate) fn telephone(remote: &RemoteTransport, security: NegotiatedSecurity) -> Self {
        match remote {
            RemoteTransport::Rtp(RtpAddresses { rtp, rtcp, .. }) => {
                Self::Rtp { rtp: *rtp, rtcp: *rtcp, security }
            }
            RemoteTransport::WebRtc(_) => Self::Rtp { rtp: None, rtcp: None, security },
        }
    }

    pub(crate) fn browser(remote: &WebRtcParameters, dtls_role: DtlsRole) -> Self {
        Self::WebRtc {
            ufrag: remote.ufrag.clone(),
            pwd: remote.pwd.clone(),
            fingerprint: remote.fingerprint,
            dtls_role,
        }
    }
}

/// The packet length we send: what the peer asks for, in steps of 10 ms, within 10 to 60 and its maximum.
pub(crate) fn packet_time(remote: &RemoteAudio) -> u8 {
    let wanted = remote.ptime_ms.unwrap_or(20).min(remote.max_ptime_ms.unwrap_or(60)).clamp(10, 60);
    u8::try_from(wanted / 10 * 10).unwrap_or(20)
}

/// Of the peer's codecs those in `preference`, in that order.
pub(crate) fn shared_codecs(remote: &AudioFormats, preference: &[CodecId]) -> Vec<NegotiatedCodec> {
    preference
        .iter()
        .filter_map(|&wanted| remote.codecs.iter().find(|offered| offered.codec == wanted))
        .map(|offered| NegotiatedCodec {
            codec: offered.codec,
            send_payload_type: offered.payload_type,
            receive_payload_type: offered.payload_type,
            opus: offered.opus,
        })
        .collect()
}

/// Of the peer's telephone events those that fit `codecs` (RFC 4733 §2.1: the event shares the clock rate of the
/// stream). Where none fits, its first: baresip and others offer Opus with `telephone-event/8000` alone.
pub(crate) fn shared_events(remote: &AudioFormats, codecs: &[NegotiatedCodec]) -> Vec<NegotiatedEvent> {
    let fits = |rate| codecs.iter().any(|codec| codec.codec.clock_rate() == rate);
    let known = || remote.telephone_events.iter().filter(|event| matches!(event.clock_rate, 8_000 | 48_000));
    let mut events: Vec<_> = known().filter(|event| fits(event.clock_rate)).collect();
    if events.is_empty() {
        events.extend(known().next());
    }
    events
        .into_iter()
        .map(|event| NegotiatedEvent {
            clock_rate: event.clock_rate,
            send_payload_type: event.payload_type,
            receive_payload_type: event.payload_type,
        })
        .collect()
}
