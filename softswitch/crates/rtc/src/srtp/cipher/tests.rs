//! The published test vectors: RFC 3711 appendix B, RFC 6188 §7, RFC 7714 §16 and §17.

use super::*;

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().filter(|c| !c.is_ascii_whitespace()).collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

/// RFC 7714 §16 and §17: keys 00 to 0f or 1f, salt "Quid pro quo".
fn gcm(profile: SrtpProfile) -> Cipher {
    let mut salt = [0; 14];
    salt[..12].copy_from_slice(b"Quid pro quo");
    let encryption: Vec<u8> = (0..profile.key_length() as u8).collect();
    let session = SessionKeys { encryption: &encryption, authentication: [0; 20], salt };
    Cipher::keyed(profile, KeySet::Rtp, &session).unwrap()
}

/// The keystream of a counter mode cipher with the salt of RFC 3711 B.2, from packet index and SSRC 0.
fn keystream(profile: SrtpProfile, key: &str, length: usize) -> Vec<u8> {
    let salt = bytes("F0F1F2F3F4F5F6F7F8F9FAFBFCFD").try_into().unwrap();
    let session = SessionKeys { encryption: &bytes(key), authentication: [0; 20], salt };
    let mut cipher = Cipher::keyed(profile, KeySet::Rtp, &session).unwrap();
    let mut buffer = vec![0; length + 10];
    cipher.seal_rtp(&mut buffer, length, 0, Nonce { ssrc: 0, index: 0 }).unwrap();
    buffer.truncate(length);
    buffer
}

/// RFC 3711 appendix B.2.
#[test]
fn the_keystream_of_rfc_3711_b2() {
    let stream = keystream(SrtpProfile::Aes128CmSha1_80, "2B7E151628AED2A6ABF7158809CF4F3C", 0xff02 * 16);
    let first = "E03EAD0935C95E80E166B16DD92B4EB4 D23513162B02D0F72A43A2FE4A5F97AB
        41E95B3BB0A2E8DD477901E4FCA894C0";
    assert_eq!(stream[..48], bytes(first));
    let last = "EC8CDF7398607CB0F2D21675EA9EA1E4 362B7C3C6773516318A077D7FC5073AE
        6A2CC3787889374FBEB4C81B17BA6C44";
    assert_eq!(stream[0xfeff * 16..], bytes(last));
}

/// RFC 6188 §7.1.
#[test]
fn the_keystream_of_rfc_6188_7_1() {
    let key = "57f82fe3613fd170a85ec93c40b1f092 2ec4cb0dc025b58272147cc438944a98";
    let stream = keystream(SrtpProfile::Aes256CmSha1_80, key, 48);
    let expected = "92bdd28a93c3f52511c677d08b5515a4 9da71b2378a854f67050756ded165bac
        63c4868b7096d88421b563b8c94c9a31";
    assert_eq!(stream, bytes(expected));
}

const RTP: &str = "8040f17b 8041f8d3 5501a0b2 47616c6c 69612065 7374206f 6d6e6973 20646976 69736120 696e2070
    61727465 73207472 6573";

/// RFC 7714 §16.1 and §16.2.
#[test]
fn the_srtp_packets_of_rfc_7714_16() {
    let of_128 = "8040f17b 8041f8d3 5501a0b2 f24de3a3 fb34de6c acba861c 9d7e4bca be633bd5 0d294e6f 42a5f47a
        51c7d19b 36de3adf 8833 899d7f27 beb16a91 52cf765e e4390cce";
    let of_256 = "8040f17b 8041f8d3 5501a0b2 32b1de78 a822fe12 ef9f78fa 332e33aa b1801238 9a58e2f3 b50b2a02
        76ffae0f 1ba63799 b87b7aa3 db36dfff d6b0f9bb 7878d7a7 6c13";
    let plain = bytes(RTP);
    let nonce = Nonce { ssrc: 0x5501_a0b2, index: 0xf17b };
    for (profile, protected) in [(SrtpProfile::AeadAes128Gcm, of_128), (SrtpProfile::AeadAes256Gcm, of_256)] {
        let (mut cipher, protected) = (gcm(profile), bytes(protected));
        let mut buffer = plain.clone();
        buffer.resize(plain.len() + 16, 0);
        assert_eq!(cipher.seal_rtp(&mut buffer, plain.len(), 12, nonce), Ok(protected.len()));
        assert_eq!(buffer, protected, "{profile:?}");
        assert_eq!(cipher.open_rtp(&mut buffer, 12, nonce), Ok(plain.len()));
        assert_eq!(buffer[..plain.len()], plain, "{profile:?}");
    }
}

const RTCP: &str = "81c8000d 4d617273 4e545031 4e545032 52545020 0000042a 0000e930 4c756e61 deadbeef deadbeef
    deadbeef deadbeef deadbeef";

/// RFC 7714 §17.1 and §17.2.
#[test]
fn the_encrypted_srtcp_packets_of_rfc_7714_17() {
    let of_128 = "81c8000d 4d617273 63e94885 dcdab67c a727d766 2f6b7e99 7ff5c0f7 6c06f32d c676a5f1 730d6fda
        4ce09b46 86303ded 0bb9275b c84aa458 96cf4d2f c5abf872 45d9eade 800005d4";
    let of_256 = "81c8000d 4d617273 d50ae4d1 f5ce5d30 4ba297e4 7d470c28 2c3ece5d bffe0a50 a2eaa5c1 110555be
        8415f658 c61de047 6f1b6fad 1d1eb30c 4446839f 57ff6f6c b26ac3be 800005d4";
    let plain = bytes(RTCP);
    let nonce = Nonce { ssrc: 0x4d61_7273, index: 0x5d4 };
    for (profile, protected) in [(SrtpProfile::AeadAes128Gcm, of_128), (SrtpProfile::AeadAes256Gcm, of_256)] {
        let (mut cipher, protected) = (gcm(profile), bytes(protected));
        let mut buffer = plain.clone();
        buffer.resize(plain.len() + 20, 0);
        assert_eq!(cipher.seal_rtcp(&mut buffer, plain.len(), nonce), Ok(protected.len()));
        assert_eq!(buffer, protected, "{profile:?}");
        assert_eq!(cipher.open_rtcp(&mut buffer, 0x4d61_7273), Ok(plain.len()));
        assert_eq!(buffer[..plain.len()], plain, "{profile:?}");
    }
}

/// RFC 7714 §17.3 and §17.4.
#[test]
fn the_tagged_srtcp_packets_of_rfc_7714_17() {
    let of_128 = "841dd968 3dd78ec9 2ae58790 125f62b3 000005d4";
    let of_256 = "91db4afb feee5a97 8fab4393 ed2615fe 000005d4";
    let plain = bytes(RTCP);
    for (profile, trailer) in [(SrtpProfile::AeadAes128Gcm, of_128), (SrtpProfile::AeadAes256Gcm, of_256)] {
        let mut buffer = [plain.clone(), bytes(trailer)].concat();
        assert_eq!(gcm(profile).open_rtcp(&mut buffer, 0x4d61_7273), Ok(plain.len()), "{profile:?}");
        assert_eq!(buffer[..plain.len()], plain, "{profile:?}");
        *buffer.last_mut().unwrap() ^= 1;
        assert_eq!(gcm(profile).open_rtcp(&mut buffer, 0x4d61_7273), Err(CipherFault), "another index");
    }
}

/// RFC 3711 §3.4: authentication does not depend on the E flag. `rtc-srtp` 0.21.1 accepts these forgeries.
#[test]
fn a_clear_e_flag_does_not_skip_the_tag() {
    for profile in SrtpProfile::ALL {
        let key = vec![1; profile.key_length()];
        let session = SessionKeys { encryption: &key, authentication: [2; 20], salt: [3; 14] };
        let mut cipher = Cipher::keyed(profile, KeySet::Rtcp, &session).unwrap();
        let plain = [0x80, 203, 0, 1, 0, 0, 0, 9];
        let word = [0, 0, 0, 5];
        let forged = match &cipher {
            Cipher::CounterMode { .. } => [&plain[..], &word, &[0; 10]].concat(),
            Cipher::Gcm { .. } => [&plain[..], &[0; GCM_TAG], &word].concat(),
        };
        assert_eq!(cipher.open_rtcp(&mut forged.clone(), 9), Err(CipherFault), "{profile:?}");

        let mut genuine = forged;
        match &mut cipher {
            Cipher::CounterMode { mac, .. } => {
                let tag = sign(mac.as_mut(), &[&plain, &word]).unwrap();
                genuine[12..].copy_from_slice(&tag[..10]);
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
