//! The sending direction: encrypt in place, never the same index twice.

use super::{
    cipher::{Cipher, CipherFault, KeySet, Nonce, RtcpCipher},
    index::{StaleIndex, Windows},
    packet::{RtpHeader, rtcp_ssrc},
    profile::{InvalidMasterKey, SrtpProfile},
};

/// Encrypts what we send to one peer.
pub struct SrtpSender {
    rtp: Cipher,
    rtcp: RtcpCipher,
    rtp_windows: Windows,
    /// One counter for all SSRCs: a peer's replay windows only ask that it grows.
    next_rtcp_index: u32,
}

impl SrtpSender {
    /// A sender with our master key.
    ///
    /// # Errors
    /// Key or salt are not [`SrtpProfile::key_length`] and [`SrtpProfile::salt_length`] long.
    pub fn new(
        profile: SrtpProfile,
        master_key: &[u8],
        master_salt: &[u8],
    ) -> Result<Self, InvalidMasterKey> {
        Ok(Self {
            rtp: Cipher::new(profile, master_key, master_salt, KeySet::Rtp)?,
            rtcp: RtcpCipher::new(profile, master_key, master_salt)?,
            rtp_windows: Windows::default(),
            next_rtcp_index: 0,
        })
    }

    /// Encrypts the RTP packet `buffer[..length]` in place. Returns the length of the SRTP packet; the buffer
    /// needs [`SRTP_OVERHEAD`](super::SRTP_OVERHEAD) bytes of room behind the packet.
    ///
    /// A sequence number is taken once: sending other bytes under it would reuse the keystream (RFC 3711
    /// §9.1). To send a packet again, keep the protected bytes.
    ///
    /// # Errors
    /// See [`ProtectError`]. `buffer` is unchanged then.
    pub fn protect_rtp(&mut self, buffer: &mut [u8], length: usize) -> Result<usize, ProtectError> {
        let packet = buffer.get(..length).ok_or(ProtectError::NoRoom)?;
        let header = RtpHeader::parse(packet).ok_or(ProtectError::Malformed)?;
        if buffer.len() < length + self.rtp.tag_length() {
            return Err(ProtectError::NoRoom);
        }
        let index = self.rtp_windows.rtp_index(header.ssrc, header.sequence)?;
        let nonce = Nonce { ssrc: header.ssrc, index };
        let protected = self.rtp.seal_rtp(buffer, length, header.length, nonce)?;
        self.rtp_windows.note(header.ssrc, index);
        Ok(protected)
    }

    /// Encrypts the (compound) RTCP packet `buffer[..length]` in place. Returns the length of the SRTCP
    /// packet; the buffer needs [`SRTP_OVERHEAD`](super::SRTP_OVERHEAD) bytes of room behind the packet.
    ///
    /// # Errors
    /// See [`ProtectError`]. `buffer` is unchanged then.
    pub fn protect_rtcp(&mut self, buffer: &mut [u8], length: usize) -> Result<usize, ProtectError> {
        let packet = buffer.get(..length).ok_or(ProtectError::NoRoom)?;
        let ssrc = rtcp_ssrc(packet).ok_or(ProtectError::Malformed)?;
        let rtcp = self.rtcp.keyed()?;
        if buffer.len() < length + 4 + rtcp.tag_length() {
            return Err(ProtectError::NoRoom);
        }
        // RFC 3711 §9.2: after 2^31 SRTCP packets the key is used up.
        let index = self.next_rtcp_index;
        if index > 0x7fff_ffff {
            return Err(ProtectError::KeyUsedUp);
        }
        let protected = rtcp.seal_rtcp(buffer, length, Nonce { ssrc, index: u64::from(index) })?;
        self.next_rtcp_index += 1;
        Ok(protected)
    }
}

/// Why a packet was not encrypted. It must not be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProtectError {
    /// There are no keys, or no consent to send.
    #[error("the transport is not connected")]
    NotConnected,
    /// No RTP or RTCP packet.
    #[error("malformed RTP or RTCP packet")]
    Malformed,
    /// The buffer has no room for tag and index.
    #[error("no room behind the packet for the SRTP tag")]
    NoRoom,
    /// This sequence number was sent already, or lies more than 128 behind.
    #[error("the RTP sequence number was used already")]
    SequenceReused,
    /// A seventeenth SSRC.
    #[error("too many SSRCs")]
    TooManySsrcs,
    /// 2^31 SRTCP packets were sent with this key.
    #[error("the SRTCP key is used up")]
    KeyUsedUp,
}

impl From<StaleIndex> for ProtectError {
    fn from(stale: StaleIndex) -> Self {
        match stale {
            StaleIndex::Replayed => Self::SequenceReused,
            StaleIndex::TooManySsrcs => Self::TooManySsrcs,
        }
    }
}

impl From<CipherFault> for ProtectError {
    /// A cipher refuses nothing but impossible lengths.
    fn from(_: CipherFault) -> Self {
        Self::NoRoom
    }
}
