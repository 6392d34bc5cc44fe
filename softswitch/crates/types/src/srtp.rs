//! What protects media: the profiles of SRTP, their master keys, and whether telephones must use them.

use std::fmt;

use crate::Random;

/// How SRTP and SRTCP are encrypted and authenticated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SrtpProfile {
    /// AES-128 in counter mode, HMAC-SHA1 cut to 80 bits (RFC 3711). What Chrome prefers and every telephone knows.
    Aes128CmSha1_80,
    /// The same with 32 bits on RTP; RTCP keeps 80 (RFC 3711 §5.2).
    Aes128CmSha1_32,
    /// AES-256 in counter mode, HMAC-SHA1 cut to 80 bits (RFC 6188).
    Aes256CmSha1_80,
    /// The same with 32 bits on RTP.
    Aes256CmSha1_32,
    /// AES-128-GCM (RFC 7714).
    AeadAes128Gcm,
    /// AES-256-GCM (RFC 7714).
    AeadAes256Gcm,
}

impl SrtpProfile {
    /// Every profile, in the order telephones are offered them: what all of them know comes first, since old ones look
    /// at nothing but the first.
    pub const ALL: [Self; 6] = [
        Self::Aes128CmSha1_80,
        Self::AeadAes128Gcm,
        Self::AeadAes256Gcm,
        Self::Aes256CmSha1_80,
        Self::Aes128CmSha1_32,
        Self::Aes256CmSha1_32,
    ];

    /// The name of the crypto suite in `a=crypto` (RFC 4568 §6.2, RFC 6188 §4.2, RFC 7714 §14.1).
    pub const fn suite_name(self) -> &'static str {
        match self {
            Self::Aes128CmSha1_80 => "AES_CM_128_HMAC_SHA1_80",
            Self::Aes128CmSha1_32 => "AES_CM_128_HMAC_SHA1_32",
            Self::Aes256CmSha1_80 => "AES_256_CM_HMAC_SHA1_80",
            Self::Aes256CmSha1_32 => "AES_256_CM_HMAC_SHA1_32",
            Self::AeadAes128Gcm => "AEAD_AES_128_GCM",
            Self::AeadAes256Gcm => "AEAD_AES_256_GCM",
        }
    }

    /// The profile of a crypto suite's name, in any case (RFC 4568 §9.1).
    pub fn of_suite(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|profile| profile.suite_name().eq_ignore_ascii_case(name))
    }

    /// Length of the master key in bytes: 16 or 32.
    pub const fn key_length(self) -> usize {
        match self {
            Self::Aes128CmSha1_80 | Self::Aes128CmSha1_32 | Self::AeadAes128Gcm => 16,
            Self::Aes256CmSha1_80 | Self::Aes256CmSha1_32 | Self::AeadAes256Gcm => 32,
        }
    }

    /// Length of the master salt in bytes: 12 or 14.
    pub const fn salt_length(self) -> usize {
        match self {
            Self::AeadAes128Gcm | Self::AeadAes256Gcm => 12,
            Self::Aes128CmSha1_80 | Self::Aes128CmSha1_32 | Self::Aes256CmSha1_80 | Self::Aes256CmSha1_32 => {
                14
            }
        }
    }

    /// Length of the tag of an RTP packet in bytes.
    pub const fn rtp_tag_length(self) -> usize {
        match self {
            Self::Aes128CmSha1_32 | Self::Aes256CmSha1_32 => 4,
            Self::Aes128CmSha1_80 | Self::Aes256CmSha1_80 => 10,
            Self::AeadAes128Gcm | Self::AeadAes256Gcm => 16,
        }
    }

    /// Length of the tag of an RTCP packet in bytes.
    pub const fn rtcp_tag_length(self) -> usize {
        match self {
            Self::AeadAes128Gcm | Self::AeadAes256Gcm => 16,
            Self::Aes128CmSha1_80 | Self::Aes128CmSha1_32 | Self::Aes256CmSha1_80 | Self::Aes256CmSha1_32 => {
                10
            }
        }
    }
}

/// A master key with its salt and the profile it is for. One direction of one peer. Prints redacted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SrtpKey {
    profile: SrtpProfile,
    /// Key, then salt; the rest is zero.
    bytes: [u8; LONGEST],
}

impl SrtpKey {
    /// A fresh key.
    pub fn generate(profile: SrtpProfile, random: &mut dyn Random) -> Self {
        let mut bytes = [0; LONGEST];
        random.fill(&mut bytes[..profile.key_length() + profile.salt_length()]);
        Self { profile, bytes }
    }

    /// The key of `concatenated`: master key, then master salt (RFC 4568 §6.1). `None` for a wrong length.
    pub fn from_bytes(profile: SrtpProfile, concatenated: &[u8]) -> Option<Self> {
        if concatenated.len() != profile.key_length() + profile.salt_length() {
            return None;
        }
        let mut bytes = [0; LONGEST];
        bytes.get_mut(..concatenated.len())?.copy_from_slice(concatenated);
        Some(Self { profile, bytes })
    }

    /// What it is for.
    pub const fn profile(&self) -> SrtpProfile {
        self.profile
    }

    /// Master key, then master salt. Secret.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.profile.key_length() + self.profile.salt_length()]
    }

    /// The master key. Secret.
    pub fn master_key(&self) -> &[u8] {
        &self.bytes[..self.profile.key_length()]
    }

    /// The master salt.
    pub fn master_salt(&self) -> &[u8] {
        let start = self.profile.key_length();
        &self.bytes[start..start + self.profile.salt_length()]
    }
}

/// Keys never reach a log.
impl fmt::Debug for SrtpKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SrtpKey").field("profile", &self.profile).finish_non_exhaustive()
    }
}

/// Whether telephones' media are encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SrtpPolicy {
    /// Never: a telephone that insists is refused.
    Off,
    /// Where the telephone can.
    #[default]
    Optional,
    /// Always: a telephone that cannot is refused.
    Required,
}

/// The longest master key with the longest salt, in bytes.
const LONGEST: usize = 32 + 14;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SeededRandom;

    #[test]
    fn a_key_has_its_profiles_lengths_and_prints_nothing() {
        for profile in SrtpProfile::ALL {
            let key = SrtpKey::generate(profile, &mut SeededRandom::new(1));
            assert_eq!(key.master_key().len() + key.master_salt().len(), key.as_bytes().len());
            assert_eq!(SrtpKey::from_bytes(profile, key.as_bytes()), Some(key));
            assert_eq!(SrtpKey::from_bytes(profile, &key.as_bytes()[1..]), None);
            assert_eq!(format!("{key:?}"), format!("SrtpKey {{ profile: {profile:?}, .. }}"));
            assert_eq!(SrtpProfile::of_suite(&profile.suite_name().to_lowercase()), Some(profile));
        }
        assert_eq!(SrtpProfile::of_suite("F8_128_HMAC_SHA1_80"), None);
    }
}
