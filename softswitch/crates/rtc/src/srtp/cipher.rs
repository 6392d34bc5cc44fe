//! The keyed ciphers of one direction: encrypt and authenticate in place, for RTP and for RTCP.

use rtc_crypto::{
    AeadAlgorithm, AeadCipher, HmacAlgorithm, Mac, RTCCrypto, StreamCipher, StreamCipherAlgorithm,
    constant_time_eq, providers::RingCrypto,
};

use super::{
    key_derivation::{Label, derive},
    packet::RTCP_HEADER_LENGTH,
    profile::{InvalidMasterKey, SrtpProfile},
};

/// The session keys of one direction for either RTP or RTCP.
pub(super) enum Cipher {
    /// RFC 3711 §4.1.1 and §4.2.1.
    CounterMode { stream: Box<dyn StreamCipher>, mac: Box<dyn Mac>, salt: [u8; 14] },
    /// RFC 7714.
    Gcm { aead: Box<dyn AeadCipher>, salt: [u8; 12] },
}

/// Which of the two key sets of a master key.
#[derive(Debug, Clone, Copy)]
pub(super) enum KeySet {
    Rtp,
    Rtcp,
}

impl Cipher {
    pub(super) fn new(
        profile: SrtpProfile,
        master_key: &[u8],
        master_salt: &[u8],
        keys: KeySet,
    ) -> Result<Self, InvalidMasterKey> {
        let master: &[u8; 16] = master_key.try_into().map_err(|_| InvalidMasterKey)?;
        if master_salt.len() != profile.salt_length() {
            return Err(InvalidMasterKey);
        }
        let (encryption, authentication, salt) = match keys {
            KeySet::Rtp => (Label::RtpEncryption, Label::RtpAuthentication, Label::RtpSalt),
            KeySet::Rtcp => (Label::RtcpEncryption, Label::RtcpAuthentication, Label::RtcpSalt),
        };
        let session = SessionKeys {
            encryption: derive(master, master_salt, encryption),
            authentication: derive(master, master_salt, authentication),
            salt: derive(master, master_salt, salt),
        };
        Ok(Self::keyed(profile, &session))
    }

    fn keyed(profile: SrtpProfile, session: &SessionKeys) -> Self {
        match profile {
            SrtpProfile::Aes128CmSha1_80 => Self::CounterMode {
                stream: RingCrypto
                    .new_stream_cipher(StreamCipherAlgorithm::Aes128Ctr, &session.encryption)
                    .expect("AES-128-CTR takes a 16 byte key"),
                mac: RingCrypto
                    .new_hmac(HmacAlgorithm::Sha1, &session.authentication)
                    .expect("HMAC-SHA1 takes keys of any length"),
                salt: session.salt,
            },
            SrtpProfile::AeadAes128Gcm => Self::Gcm {
                aead: RingCrypto
                    .new_aead(AeadAlgorithm::Aes128Gcm, &session.encryption)
                    .expect("AES-128-GCM takes a 16 byte key"),
                salt: *session.salt.first_chunk().expect("14 bytes hold 12"),
            },
        }
    }

    /// Protects the RTP packet `buffer[..length]`, whose first `header` bytes stay in the clear. Returns its
    /// new length; the caller made sure that the tag fits.
    pub(super) fn seal_rtp(
        &mut self,
        buffer: &mut [u8],
        length: usize,
        header: usize,
        nonce: Nonce,
    ) -> Result<usize, CipherFault> {
        let (packet, spare) = buffer.split_at_mut_checked(length).ok_or(CipherFault)?;
        match self {
            Self::CounterMode { stream, mac, salt } => {
                let payload = packet.get_mut(header..).ok_or(CipherFault)?;
                stream.apply_keystream(&nonce.counter_block(salt), payload)?;
                let tag = sign(mac.as_mut(), &[packet, &nonce.rollovers()])?;
                put(spare, 0, &tag[..SHA1_80])?;
                Ok(length + SHA1_80)
            }
            Self::Gcm { aead, salt } => {
                let (clear, payload) = packet.split_at_mut_checked(header).ok_or(CipherFault)?;
                let tag = spare.get_mut(..GCM_TAG).ok_or(CipherFault)?;
                aead.seal_in_place(&nonce.gcm_rtp(salt), clear, payload, tag)?;
                Ok(length + GCM_TAG)
            }
        }
    }

    /// Verifies and decrypts the SRTP packet `packet`. Returns the length of the RTP packet.
    pub(super) fn open_rtp(
        &mut self,
        packet: &mut [u8],
        header: usize,
        nonce: Nonce,
    ) -> Result<usize, CipherFault> {
        let length = packet.len().checked_sub(self.tag_length()).ok_or(CipherFault)?;
        let (packet, tag) = packet.split_at_mut_checked(length).ok_or(CipherFault)?;
        match self {
            Self::CounterMode { stream, mac, salt } => {
                let expected = sign(mac.as_mut(), &[packet, &nonce.rollovers()])?;
                check(&expected[..SHA1_80], tag)?;
                let payload = packet.get_mut(header..).ok_or(CipherFault)?;
                stream.apply_keystream(&nonce.counter_block(salt), payload)?;
            }
            Self::Gcm { aead, salt } => {
                let (clear, payload) = packet.split_at_mut_checked(header).ok_or(CipherFault)?;
                aead.open_in_place(&nonce.gcm_rtp(salt), clear, payload, tag)?;
            }
        }
        Ok(length)
    }

    /// Protects the RTCP packet `buffer[..length]`. Returns its new length; the caller made sure that tag and
    /// index fit.
    pub(super) fn seal_rtcp(
        &mut self,
        buffer: &mut [u8],
        length: usize,
        nonce: Nonce,
    ) -> Result<usize, CipherFault> {
        let word = (ENCRYPTED | nonce.index as u32).to_be_bytes();
        let (packet, spare) = buffer.split_at_mut_checked(length).ok_or(CipherFault)?;
        let (clear, payload) = packet.split_at_mut_checked(RTCP_HEADER_LENGTH).ok_or(CipherFault)?;
        match self {
            // RFC 3711 §3.4: packet, E flag and index, tag over all of it.
            Self::CounterMode { stream, mac, salt } => {
                stream.apply_keystream(&nonce.counter_block(salt), payload)?;
                let tag = sign(mac.as_mut(), &[packet, &word])?;
                put(spare, 0, &word)?;
                put(spare, word.len(), &tag[..SHA1_80])?;
                Ok(length + word.len() + SHA1_80)
            }
            // RFC 7714 §9.2, §9.3: packet, tag, E flag and index; header and index are the associated data.
            Self::Gcm { aead, salt } => {
                let mut associated = [0; RTCP_HEADER_LENGTH + 4];
                associated[..RTCP_HEADER_LENGTH].copy_from_slice(clear);
                associated[RTCP_HEADER_LENGTH..].copy_from_slice(&word);
                let tag = spare.get_mut(..GCM_TAG).ok_or(CipherFault)?;
                aead.seal_in_place(&nonce.gcm_rtcp(salt), &associated, payload, tag)?;
                put(spare, GCM_TAG, &word)?;
                Ok(length + GCM_TAG + word.len())
            }
        }
    }

    /// Verifies the SRTCP packet `packet` and decrypts it if its E flag is set. The tag is verified either
    /// way: a packet with the flag clear is authenticated all the same (RFC 3711 §3.4).
    pub(super) fn open_rtcp(&mut self, packet: &mut [u8], ssrc: u32) -> Result<usize, CipherFault> {
        let word = self.rtcp_word(packet).ok_or(CipherFault)?;
        let encrypted = word & ENCRYPTED != 0;
        let nonce = Nonce { ssrc, index: u64::from(word & !ENCRYPTED) };
        let word = word.to_be_bytes();
        let length = packet.len().checked_sub(self.tag_length() + word.len()).ok_or(CipherFault)?;
        let (packet, trailer) = packet.split_at_mut_checked(length).ok_or(CipherFault)?;
        match self {
            Self::CounterMode { stream, mac, salt } => {
                let expected = sign(mac.as_mut(), &[packet, &word])?;
                check(&expected[..SHA1_80], trailer.get(word.len()..).ok_or(CipherFault)?)?;
                if encrypted {
                    let payload = packet.get_mut(RTCP_HEADER_LENGTH..).ok_or(CipherFault)?;
                    stream.apply_keystream(&nonce.counter_block(salt), payload)?;
                }
            }
            Self::Gcm { aead, salt } => {
                let tag = trailer.get(..GCM_TAG).ok_or(CipherFault)?;
                // RFC 7714 §9.3: without the E flag the whole packet is associated data, nothing is
                // encrypted.
                let clear = if encrypted { RTCP_HEADER_LENGTH } else { length };
                let (clear, payload) = packet.split_at_mut_checked(clear).ok_or(CipherFault)?;
                let associated = [&*clear, &word].concat();
                aead.open_in_place(&nonce.gcm_rtcp(salt), &associated, payload, tag)?;
            }
        }
        Ok(length)
    }

    /// The E flag and index of an SRTCP packet, not authenticated yet.
    pub(super) fn rtcp_word(&self, packet: &[u8]) -> Option<u32> {
        let end = match self {
            Self::CounterMode { .. } => packet.len().checked_sub(SHA1_80)?,
            Self::Gcm { .. } => packet.len(),
        };
        let word = packet.get(end.checked_sub(4)?..end)?.first_chunk::<4>()?;
        Some(u32::from_be_bytes(*word))
    }

    pub(super) const fn tag_length(&self) -> usize {
        match self {
            Self::CounterMode { .. } => SHA1_80,
            Self::Gcm { .. } => GCM_TAG,
        }
    }
}

/// What the key derivation yields for one key set. GCM takes no authentication key and 12 bytes of salt.
struct SessionKeys {
    encryption: [u8; 16],
    authentication: [u8; 20],
    salt: [u8; 14],
}

/// What makes a packet's keystream unique.
#[derive(Debug, Clone, Copy)]
pub(super) struct Nonce {
    pub(super) ssrc: u32,
    /// 48 bits: rollover counter and sequence number, or the 31 bit SRTCP index.
    pub(super) index: u64,
}

impl Nonce {
    /// RFC 3711 §4.1.1: `(salt << 16) ^ (ssrc << 64) ^ (index << 16)`.
    fn counter_block(self, salt: &[u8; 14]) -> [u8; 16] {
        let mut block = [0; 16];
        block[..14].copy_from_slice(salt);
        let xored = u128::from_be_bytes(block) ^ u128::from(self.ssrc) << 64 ^ u128::from(self.index) << 16;
        xored.to_be_bytes()
    }

    /// RFC 7714 §8.1: two zero bytes, SSRC, rollover counter, sequence number, XORed with the salt.
    fn gcm_rtp(self, salt: &[u8; 12]) -> [u8; 12] {
        self.xored(salt, self.index)
    }

    /// RFC 7714 §9.1: two zero bytes, SSRC, two zero bytes, SRTCP index, XORed with the salt.
    fn gcm_rtcp(self, salt: &[u8; 12]) -> [u8; 12] {
        self.xored(salt, self.index & 0x7fff_ffff)
    }

    fn xored(self, salt: &[u8; 12], index: u64) -> [u8; 12] {
        let mut nonce = *salt;
        let plain = u128::from(self.ssrc) << 48 | u128::from(index);
        for (nonce, plain) in nonce.iter_mut().zip(&plain.to_be_bytes()[4..]) {
            *nonce ^= plain;
        }
        nonce
    }

    /// What RFC 3711 §4.2 appends to the authenticated portion of an SRTP packet.
    fn rollovers(self) -> [u8; 4] {
        ((self.index >> 16) as u32).to_be_bytes()
    }
}

/// The tag does not fit, or a length is impossible.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CipherFault;

impl From<rtc_crypto::CryptoError> for CipherFault {
    fn from(_: rtc_crypto::CryptoError) -> Self {
        Self
    }
}

fn sign(mac: &mut dyn Mac, parts: &[&[u8]]) -> Result<[u8; 20], CipherFault> {
    let mut tag = [0; 20];
    mac.sign(parts, &mut tag)?;
    Ok(tag)
}

fn check(expected: &[u8], tag: &[u8]) -> Result<(), CipherFault> {
    if constant_time_eq(expected, tag) { Ok(()) } else { Err(CipherFault) }
}

fn put(spare: &mut [u8], at: usize, bytes: &[u8]) -> Result<(), CipherFault> {
    spare.get_mut(at..at + bytes.len()).ok_or(CipherFault)?.copy_from_slice(bytes);
    Ok(())
}

const SHA1_80: usize = 10;
const GCM_TAG: usize = 16;
/// The E flag of the SRTCP index word.
const ENCRYPTED: u32 = 1 << 31;

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(hex: &str) -> Vec<u8> {
        let digits: Vec<u8> = hex.bytes().filter(|c| !c.is_ascii_whitespace()).collect();
        digits
            .chunks(2)
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
            .collect()
    }

    /// RFC 7714 §16 and §17: keys 00 to 0f, salt "Quid pro quo".
    fn gcm() -> Cipher {
        let mut salt = [0; 14];
        salt[..12].copy_from_slice(b"Quid pro quo");
        let encryption = std::array::from_fn(|n| n as u8);
        Cipher::keyed(SrtpProfile::AeadAes128Gcm, &SessionKeys { encryption, authentication: [0; 20], salt })
    }

    /// RFC 3711 appendix B.2.
    #[test]
    fn the_keystream_of_rfc_3711_b2() {
        let mut salt = [0; 14];
        salt.copy_from_slice(&bytes("F0F1F2F3F4F5F6F7F8F9FAFBFCFD"));
        let encryption = bytes("2B7E151628AED2A6ABF7158809CF4F3C").try_into().unwrap();
        let session = SessionKeys { encryption, authentication: [0; 20], salt };
        let mut cipher = Cipher::keyed(SrtpProfile::Aes128CmSha1_80, &session);
        let mut buffer = [0; 48 + SHA1_80];
        cipher.seal_rtp(&mut buffer, 48, 0, Nonce { ssrc: 0, index: 0 }).unwrap();
        let keystream = "E03EAD0935C95E80E166B16DD92B4EB4 D23513162B02D0F72A43A2FE4A5F97AB
            41E95B3BB0A2E8DD477901E4FCA894C0";
        assert_eq!(buffer[..48], bytes(keystream));
    }

    /// RFC 7714 §16.1.
    #[test]
    fn the_srtp_packet_of_rfc_7714_16_1() {
        let plain = bytes(
            "8040f17b 8041f8d3 5501a0b2 47616c6c 69612065 7374206f 6d6e6973 20646976 69736120 696e2070
             61727465 73207472 6573",
        );
        let protected = bytes(
            "8040f17b 8041f8d3 5501a0b2 f24de3a3 fb34de6c acba861c 9d7e4bca be633bd5 0d294e6f 42a5f47a
             51c7d19b 36de3adf 8833 899d7f27 beb16a91 52cf765e e4390cce",
        );
        let nonce = Nonce { ssrc: 0x5501_a0b2, index: 0xf17b };
        let mut buffer = plain.clone();
        buffer.resize(plain.len() + 16, 0);
        assert_eq!(gcm().seal_rtp(&mut buffer, plain.len(), 12, nonce), Ok(protected.len()));
        assert_eq!(buffer, protected);
        assert_eq!(gcm().open_rtp(&mut buffer, 12, nonce), Ok(plain.len()));
        assert_eq!(buffer[..plain.len()], plain);
    }

    /// RFC 7714 §17.1 (encrypted) and §17.3 (tagged only).
    #[test]
    fn the_srtcp_packet_of_rfc_7714_17() {
        let plain = bytes(
            "81c8000d 4d617273 4e545031 4e545032 52545020 0000042a 0000e930 4c756e61 deadbeef deadbeef
             deadbeef deadbeef deadbeef",
        );
        let protected = bytes(
            "81c8000d 4d617273 63e94885 dcdab67c a727d766 2f6b7e99 7ff5c0f7 6c06f32d c676a5f1 730d6fda
             4ce09b46 86303ded 0bb9275b c84aa458 96cf4d2f c5abf872 45d9eade 800005d4",
        );
        let mut buffer = plain.clone();
        buffer.resize(plain.len() + 20, 0);
        let nonce = Nonce { ssrc: 0x4d61_7273, index: 0x5d4 };
        assert_eq!(gcm().seal_rtcp(&mut buffer, plain.len(), nonce), Ok(protected.len()));
        assert_eq!(buffer, protected);
        assert_eq!(gcm().open_rtcp(&mut buffer, 0x4d61_7273), Ok(plain.len()));
        assert_eq!(buffer[..plain.len()], plain);
    }

    /// RFC 3711 §3.4: authentication does not depend on the E flag. `rtc-srtp` 0.21.1 accepts these
    /// forgeries.
    #[test]
    fn a_clear_e_flag_does_not_skip_the_tag() {
        for profile in [SrtpProfile::Aes128CmSha1_80, SrtpProfile::AeadAes128Gcm] {
            let session = SessionKeys { encryption: [1; 16], authentication: [2; 20], salt: [3; 14] };
            let mut cipher = Cipher::keyed(profile, &session);
            let plain = [0x80, 203, 0, 1, 0, 0, 0, 9];
            let word = [0, 0, 0, 5];
            let forged = match profile {
                SrtpProfile::Aes128CmSha1_80 => [&plain[..], &word, &[0; SHA1_80]].concat(),
                SrtpProfile::AeadAes128Gcm => [&plain[..], &[0; GCM_TAG], &word].concat(),
            };
            assert_eq!(cipher.open_rtcp(&mut forged.clone(), 9), Err(CipherFault), "{profile:?}");

            let mut genuine = forged;
            match &mut cipher {
                Cipher::CounterMode { mac, .. } => {
                    let tag = sign(mac.as_mut(), &[&plain, &word]).unwrap();
                    genuine[12..].copy_from_slice(&tag[..SHA1_80]);
                }
                Cipher::Gcm { aead, salt } => {
                    let nonce = Nonce { ssrc: 9, index: 5 }.gcm_rtcp(salt);
                    let associated = [&plain[..], &word].concat();
                    aead.seal_in_place(&nonce, &associated, &mut [], &mut genuine[8..24]).unwrap();
                }
            }
            assert_eq!(cipher.open_rtcp(&mut genuine, 9), Ok(8), "{profile:?}");
            assert_eq!(genuine[..8], plain, "{profile:?}");
        }
    }
}
