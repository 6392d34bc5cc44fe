//! The keyed MESSAGE-INTEGRITY of one password, and the FINGERPRINT checksum.

use rtc_crypto::{HmacAlgorithm, Mac, RTCCrypto, constant_time_eq, providers::RingCrypto};

/// HMAC-SHA1 keyed with a short-term password (RFC 8489 §9.1.1: the key is the password itself).
pub(crate) struct IntegrityKey(Box<dyn Mac>);

impl IntegrityKey {
    pub(crate) fn new(password: &str) -> Self {
        let mac = RingCrypto
            .new_hmac(HmacAlgorithm::Sha1, password.as_bytes())
            .expect("the ring provider has HMAC-SHA1 for keys of any length");
        Self(mac)
    }

    pub(crate) fn sign(&mut self, parts: &[&[u8]]) -> [u8; 20] {
        let mut tag = [0; 20];
        self.0.sign(parts, &mut tag).expect("20 bytes is the output length of HMAC-SHA1");
        tag
    }

    /// Compares in constant time.
    pub(crate) fn verify(&mut self, parts: &[&[u8]], tag: &[u8]) -> bool {
        constant_time_eq(&self.sign(parts), tag)
    }
}

/// CRC-32 as ITU V.42 and RFC 8489 §14.7 use it, before the XOR with [`FINGERPRINT_XOR`].
pub(crate) fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| TABLE[usize::from(crc as u8 ^ byte)] ^ (crc >> 8);
    !bytes.iter().fold(u32::MAX, step)
}

/// What a FINGERPRINT's checksum is XORed with (RFC 8489 §14.7), so that it differs from an inner CRC-32.
pub(crate) const FINGERPRINT_XOR: u32 = 0x5354_554e;

const TABLE: [u32; 256] = table();

const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut index = 0;
    while index < 256 {
        let mut crc = index as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 { 0xedb8_8320 ^ (crc >> 1) } else { crc >> 1 };
            bit += 1;
        }
        table[index] = crc;
        index += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crc32_of_the_check_string() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn hmac_sha1_of_rfc_2202_case_2() {
        let tag = IntegrityKey::new("Jefe").sign(&[b"what do ya want ", b"for nothing?"]);
        assert_eq!(tag[..6], [0xef, 0xfc, 0xdf, 0x6a, 0xe5, 0xeb]);
    }
}
