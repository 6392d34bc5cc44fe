//! Session keys from a master key (RFC 3711 §4.3; RFC 7714 §11 uses the same function for GCM).

use rtc_crypto::{RTCCrypto, StreamCipherAlgorithm, providers::RingCrypto};

use super::profile::InvalidMasterKey;

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

/// Fills `output` for `label`. The key derivation rate is 0, so the index does not enter. A master key of 32 bytes
/// makes it AES_256_CM_PRF (RFC 6188 §3.1).
///
/// `master_salt` is 14 bytes, or 12 for GCM, which behaves as if two zero bytes followed.
///
/// # Errors
/// The master key is neither 16 nor 32 bytes.
pub(super) fn derive_into(
    master_key: &[u8],
    master_salt: &[u8],
    label: Label,
    output: &mut [u8],
) -> Result<(), InvalidMasterKey> {
    let algorithm = match master_key.len() {
        16 => StreamCipherAlgorithm::Aes128Ctr,
        32 => StreamCipherAlgorithm::Aes256Ctr,
        _ => return Err(InvalidMasterKey),
    };
    let mut iv = [0; 16];
    for (iv, salt) in iv.iter_mut().zip(master_salt) {
        *iv = *salt;
    }
    iv[7] ^= label as u8;
    output.fill(0);
    RingCrypto
        .new_stream_cipher(algorithm, master_key)
        .and_then(|mut cipher| cipher.apply_keystream(&iv, output))
        .map_err(|_| InvalidMasterKey)
}

/// [`derive_into`] for a length known beforehand.
pub(super) fn derive<const N: usize>(
    master_key: &[u8],
    master_salt: &[u8],
    label: Label,
) -> Result<[u8; N], InvalidMasterKey> {
    let mut output = [0; N];
    derive_into(master_key, master_salt, label, &mut output)?;
    Ok(output)
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
            derive::<16>(&key, salt, Label::RtpEncryption).unwrap(),
            0xC61E_7A93_744F_39EE_1073_4AFE_3FF7_A087_u128.to_be_bytes()
        );
        assert_eq!(
            derive::<14>(&key, salt, Label::RtpSalt).unwrap(),
            0x30CB_BC08_863D_8C85_D49D_B34A_9AE1_u128.to_be_bytes()[2..]
        );
        let authentication = derive::<94>(&key, salt, Label::RtpAuthentication).unwrap();
        assert_eq!(authentication[..16], 0xCEBE_321F_6FF7_716B_6FD4_AB49_AF25_6A15_u128.to_be_bytes());
        assert_eq!(authentication[80..94], 0x6B68_642C_59BB_FC2F_34DB_60DB_DFB2_u128.to_be_bytes()[2..]);
    }

    /// RFC 6188 §7.2 (AES-256).
    #[test]
    fn the_vectors_of_rfc_6188_7() {
        let bytes = |hex: &str| -> Vec<u8> {
            let digit = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
            (0..hex.len()).step_by(2).map(digit).collect()
        };
        let key = bytes("f0f04914b513f2763a1b1fa130f10e2998f6f6e43e4309d1e622a0e332b9f1b6");
        let salt = bytes("3b04803de51ee7c96423ab5b78d2");
        let encryption = derive::<32>(&key, &salt, Label::RtpEncryption).unwrap();
        assert_eq!(encryption[..], bytes("5ba1064e30ec51613cad926c5a28ef731ec7fb397f70a960653caf06554cd8c4"));
        let derived_salt = derive::<14>(&key, &salt, Label::RtpSalt).unwrap();
        assert_eq!(derived_salt[..], bytes("fa31791685ca444a9e07c6c64e93"));
        let authentication = derive::<20>(&key, &salt, Label::RtpAuthentication).unwrap();
        assert_eq!(authentication[..], bytes("fd9c32d39ed5fbb5a9dc96b30818454d1313dc05"));
    }
}
