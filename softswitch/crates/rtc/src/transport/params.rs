//! What the peer's session description tells the transport.

use crate::{DtlsRole, Fingerprint, IceCredentials};

/// The peer's side as announced in its offer or answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebRtcRemoteParams {
    /// `a=ice-ufrag` and `a=ice-pwd`.
    pub ice: IceCredentials,
    /// `a=fingerprint`, SHA-256.
    pub fingerprint: Fingerprint,
    /// Our role in the handshake: [`DtlsRole::Server`] if the peer is `a=setup:active`, [`DtlsRole::Client`]
    /// if it is `passive`.
    pub role: DtlsRole,
}

/// Why later remote parameters do not fit the running session. Nothing changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RemoteChangeError {
    /// Another certificate or role means another DTLS association (RFC 8842 §5): another
    /// [`crate::WebRtcTransport`].
    #[error("the peer's fingerprint or DTLS role changed; that takes a new transport")]
    DtlsChanged,
    /// Other ICE credentials without [`crate::WebRtcTransport::restart`].
    #[error("the peer's ICE credentials changed without an ICE restart")]
    IceChanged,
    /// The transport has failed or was closed.
    #[error("the transport has ended")]
    Ended,
}
