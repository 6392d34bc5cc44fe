//! Session keys from a master key (RFC 3711 §4.3; RFC 7714 §11 uses the same function for GCM).

use rtc_crypto::{RTCCrypto, StreamCipherAlgorithm, providers::RingCrypto};

/// What a derived key is for (RFC 3711 §4.3.2).
#[derive(Debug, Clone, Copy)]
pub(super) enum Label {
    RtpEncryption = 0,
    RtpAuthentication = 1,
    RtpSalt = 2,
    RtcpEncryption = 3,
    RtcpAuthentication = 4,
    RtcpSalt = 5,
}

/// Derives `N` bytes for `label`. The key derivation rate is 0, so the index does not enter.
///
/// `master_salt` is 14 bytes, or 12 for GCM, which behaves as if two zero bytes followed.
pub(super) fn derive<const N: usize>(master_key: &[u8; 16], master_salt: &[u8], label: Label) -> [u8; N] {
    let mut iv = [0; 16];
    for (iv, salt) in iv.iter_mut().zip(master_salt) {
        *iv = *salt;
    }
    iv[7] ^= label as u8;
    let mut output = [0; N];
    RingCrypto
        .new_stream_cipher(StreamCipherAlgorithm::Aes128Ctr, master_key)
        .and_then(|mut cipher| cipher.apply_keystream(&iv, &mut output))
        .expect("AES-128-CTR takes a 16 byte key and a 16 byte counter block");
    output
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 3711 appendix B.3.
    #[test]
    fn the_vectors_of_rfc_3711_b3() {
        let key = 0xE1F9_7A0D_3E01_8BE0_D64F_A32C_06DE_4139_u128.to_be_bytes();
        let salt = &0x0EC6_75AD_498A_FEEB_B696_0B3A_ABE6_u128.to_be_bytes()[2..];
        assert_eq!(
            derive::<16>(&key, salt, Label::RtpEncryption),
            0xC61E_7A93_744F_39EE_1073_4AFE_3FF7_A087_u128.to_be_bytes()
        );
        assert_eq!(
            derive::<14>(&key, salt, Label::RtpSalt),
            0x30CB_BC08_863D_8C85_D49D_B34A_9AE1_u128.to_be_bytes()[2..]
        );
        let authentication = derive::<94>(&key, salt, Label::RtpAuthentication);
        assert_eq!(authentication[..16], 0xCEBE_321F_6FF7_716B_6FD4_AB49_AF25_6A15_u128.to_be_bytes());
        assert_eq!(authentication[80..94], 0x6B68_642C_59BB_FC2F_34DB_60DB_DFB2_u128.to_be_bytes()[2..]);
    }
}
