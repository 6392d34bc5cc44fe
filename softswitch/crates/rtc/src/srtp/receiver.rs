//! The receiving direction: verify, refuse replays, decrypt in place.

use super::{
    cipher::{Cipher, CipherFault, KeySet, Nonce, RtcpCipher},
    index::{StaleIndex, Windows},
    packet::{RtpHeader, rtcp_ssrc},
    profile::{InvalidMasterKey, SrtpProfile},
};

/// Decrypts what one peer sends. Bad packets are refused one by one and change nothing.
pub struct SrtpReceiver {
    rtp: Cipher,
    rtcp: RtcpCipher,
    rtp_windows: Windows,
    rtcp_windows: Windows,
}

impl SrtpReceiver {
    /// A receiver with the peer's master key.
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
            rtcp_windows: Windows::default(),
        })
    }

    /// Verifies and decrypts an SRTP packet in place. Returns the length of the RTP packet at the front of
    /// `packet`.
    ///
    /// # Errors
    /// The packet is malformed, replayed, forged, or of one SSRC too many. After a forged one the bytes of
    /// `packet` are unspecified.
    pub fn unprotect_rtp(&mut self, packet: &mut [u8]) -> Result<usize, UnprotectError> {
        let header = RtpHeader::parse(packet).ok_or(UnprotectError::Malformed)?;
        if packet.len() < header.length + self.rtp.tag_length() {
            return Err(UnprotectError::Malformed);
        }
        // RFC 3711 §3.3: estimate the index, check the replay list, verify, decrypt, and only then update
        // both.
        let index = self.rtp_windows.rtp_index(header.ssrc, header.sequence)?;
        let length = self.rtp.open_rtp(packet, header.length, Nonce { ssrc: header.ssrc, index })?;
        self.rtp_windows.note(header.ssrc, index);
        Ok(length)
    }

    /// Verifies and decrypts an SRTCP packet in place. Returns the length of the (compound) RTCP packet at
    /// the front of `packet`. The tag is verified whether the packet is encrypted or not.
    ///
    /// # Errors
    /// As [`SrtpReceiver::unprotect_rtp`].
    pub fn unprotect_rtcp(&mut self, packet: &mut [u8]) -> Result<usize, UnprotectError> {
        let ssrc = rtcp_ssrc(packet).ok_or(UnprotectError::Malformed)?;
        let rtcp = self.rtcp.keyed()?;
        if packet.len() < 8 + 4 + rtcp.tag_length() {
            return Err(UnprotectError::Malformed);
        }
        let word = rtcp.rtcp_word(packet).ok_or(UnprotectError::Malformed)?;
        let index = u64::from(word & 0x7fff_ffff);
        self.rtcp_windows.check(ssrc, index)?;
        let length = rtcp.open_rtcp(packet, ssrc)?;
        self.rtcp_windows.note(ssrc, index);
        Ok(length)
    }
}

/// Why a packet was not decrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnprotectError {
    /// Too short, or no RTP or RTCP packet.
    #[error("malformed SRTP packet")]
    Malformed,
    /// The authentication tag does not fit.
    #[error("SRTP authentication failed")]
    Tag,
    /// Seen before, or more than 128 packets behind.
    #[error("replayed SRTP packet")]
    Replay,
    /// A seventeenth SSRC.
    #[error("too many SSRCs")]
    TooManySsrcs,
}

impl From<StaleIndex> for UnprotectError {
    fn from(stale: StaleIndex) -> Self {
        match stale {
            StaleIndex::Replayed => Self::Replay,
            StaleIndex::TooManySsrcs => Self::TooManySsrcs,
        }
    }
}

impl From<CipherFault> for UnprotectError {
    fn from(_: CipherFault) -> Self {
        Self::Tag
    }
}
