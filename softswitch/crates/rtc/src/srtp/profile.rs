//! The two protection profiles browsers negotiate (RFC 5764 §4.1.2, RFC 7714 §14.2).

/// How SRTP and SRTCP are encrypted and authenticated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SrtpProfile {
    /// `SRTP_AES128_CM_HMAC_SHA1_80`: AES counter mode, HMAC-SHA1 cut to 80 bits. What Chrome prefers.
    Aes128CmSha1_80,
    /// `SRTP_AEAD_AES_128_GCM`.
    AeadAes128Gcm,
}

impl SrtpProfile {
    /// Length of the master salt in bytes; the master key is always 16 bytes.
    pub const fn salt_length(self) -> usize {
        match self {
            Self::Aes128CmSha1_80 => 14,
            Self::AeadAes128Gcm => 12,
        }
    }

    /// Length of the authentication tag in bytes.
    pub const fn tag_length(self) -> usize {
        match self {
            Self::Aes128CmSha1_80 => 10,
            Self::AeadAes128Gcm => 16,
        }
    }
}

/// The master key is not 16 bytes, or the master salt not of the profile's length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the SRTP master key or salt has the wrong length for its profile")]
pub struct InvalidMasterKey;

/// The most bytes protection adds to a packet: a GCM tag and the SRTCP index. A buffer with this much spare
/// room behind the packet fits every profile.
pub const SRTP_OVERHEAD: usize = 16 + 4;
