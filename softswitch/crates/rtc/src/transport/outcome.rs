//! What comes out of a transport.

use std::net::SocketAddr;

use bytes::Bytes;

use crate::srtp::UnprotectError;

/// What [`crate::WebRtcTransport::poll_output`] returns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// A datagram to send from the shared port.
    Transmit(Transmit),
    /// A change the owner acts on.
    Event(Event),
}

/// A STUN answer or DTLS records. Media does not pass here: it is protected in the caller's buffer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transmit {
    /// The peer's address.
    pub destination: SocketAddr,
    /// The datagram.
    pub bytes: Bytes,
}

/// A change in a transport's life or in the addresses that lead to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A pair is nominated and the keys are there: media flows. Again after an ICE restart that followed
    /// [`FailReason::ConsentExpired`].
    Connected,
    /// Media has stopped, or never started.
    Failed(FailReason),
    /// The peer closed the session with an authenticated alert.
    Closed,
    /// Datagrams from this address are this leg's: it sent an authenticated check.
    AddressLearned(SocketAddr),
    /// Datagrams from this address are no longer this leg's.
    AddressForgotten(SocketAddr),
    /// An ICE restart is through: this local ufrag no longer leads to this leg.
    UfragRetired(String),
}

/// Why media does not flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum FailReason {
    /// 30 s passed after the peer's parameters were known, without a nominated pair and keys. Final.
    #[error("no connection within 30 s")]
    ConnectTimeout,
    /// The peer holds another certificate than it announced. Final.
    #[error("the DTLS certificate does not match the announced fingerprint")]
    FingerprintMismatch,
    /// No common cipher suite or SRTP profile, no certificate, a bad signature, or no answer. Final.
    #[error("the DTLS handshake failed")]
    DtlsHandshake,
    /// Nothing authentic came from the selected address for 30 s (RFC 7675). An ICE restart can mend it.
    #[error("the peer fell silent for 30 s")]
    ConsentExpired,
}

/// What [`crate::WebRtcTransport::handle_datagram`] made of a datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Received {
    /// ICE or DTLS, dealt with.
    Nothing,
    /// The first `length` bytes of the buffer are an authenticated, decrypted RTP packet.
    Rtp {
        /// Length of the packet in bytes.
        length: usize,
    },
    /// The first `length` bytes of the buffer are an authenticated, decrypted compound RTCP packet.
    Rtcp {
        /// Length of the packet in bytes.
        length: usize,
    },
}

/// Why a datagram was dropped. Dropping one never ends the leg.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Rejected {
    /// DTLS or media from an address no authenticated check came from.
    #[error("from an address that is not validated")]
    Source,
    /// SRTP or SRTCP whose tag does not fit.
    #[error("the authentication tag does not fit")]
    Tag,
    /// SRTP or SRTCP seen before or too old.
    #[error("replayed")]
    Replay,
    /// Not what its first byte says.
    #[error("malformed")]
    Malformed,
    /// A STUN check that was answered with an error: unauthenticated, in the wrong role, or not understood.
    #[error("a refused connectivity check")]
    Refused,
    /// Media before the keys, checks after consent expired, DTLS after the linger, anything after the end.
    #[error("not expected in this state")]
    Unexpected,
    /// Media of a seventeenth SSRC.
    #[error("too many SSRCs")]
    TooManySsrcs,
}

impl From<UnprotectError> for Rejected {
    fn from(error: UnprotectError) -> Self {
        match error {
            UnprotectError::Malformed => Self::Malformed,
            UnprotectError::Tag => Self::Tag,
            UnprotectError::Replay => Self::Replay,
            UnprotectError::TooManySsrcs => Self::TooManySsrcs,
        }
    }
}

/// How many datagrams were dropped, by reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RejectedCounts {
    /// [`Rejected::Source`].
    pub source: u64,
    /// [`Rejected::Tag`].
    pub tag: u64,
    /// [`Rejected::Replay`].
    pub replay: u64,
    /// [`Rejected::Malformed`].
    pub malformed: u64,
    /// [`Rejected::Refused`].
    pub refused: u64,
    /// [`Rejected::Unexpected`].
    pub unexpected: u64,
    /// [`Rejected::TooManySsrcs`].
    pub too_many_ssrcs: u64,
}

impl RejectedCounts {
    /// All of them.
    pub const fn total(&self) -> u64 {
        let Self { source, tag, replay, malformed, refused, unexpected, too_many_ssrcs } = *self;
        source + tag + replay + malformed + refused + unexpected + too_many_ssrcs
    }

    pub(super) fn count(&mut self, rejected: Rejected) {
        let counter = match rejected {
            Rejected::Source => &mut self.source,
            Rejected::Tag => &mut self.tag,
            Rejected::Replay => &mut self.replay,
            Rejected::Malformed => &mut self.malformed,
            Rejected::Refused => &mut self.refused,
            Rejected::Unexpected => &mut self.unexpected,
            Rejected::TooManySsrcs => &mut self.too_many_ssrcs,
        };
        *counter += 1;
    }
}
