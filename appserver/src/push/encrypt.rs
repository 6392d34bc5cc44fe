//! Message encryption for Web Push (RFC 8291) by `aes128gcm` (RFC 8188).

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use ring::{
    aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    agreement::{ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral},
    hmac,
    rand::SystemRandom,
};
use ringdown_types::Random as _;

use crate::{random::OsRandom, store::PushSubscription};

/// A message's plaintext is padded to a multiple of this, so that its length tells no name.
const PAD_TO: usize = 512;
/// RFC 8291 §4: a push service takes 4096 octets, of which so many are left for the plaintext.
const MAX_PLAINTEXT: usize = 3_993;
/// One record holds it all.
const RECORD_SIZE: u32 = 4_096;

/// Whom a message is for.
#[derive(Debug)]
pub(super) struct Recipient {
    public: [u8; 65],
    auth: [u8; 16],
}

impl Recipient {
    /// The keys of a subscription; `None` where they are none.
    pub(super) fn read(subscription: &PushSubscription) -> Option<Self> {
        let read = |text: &str| BASE64.decode(text.trim_end_matches('=')).ok();
        let public: [u8; 65] = read(&subscription.p256dh)?.try_into().ok()?;
        let auth = read(&subscription.auth)?.try_into().ok()?;
        (public[0] == 4).then_some(Self { public, auth })
    }
}

/// Encrypts for one browser; `None` where its key is no point of the curve, or the text is too long.
pub(super) fn encrypt(recipient: &Recipient, text: &[u8]) -> Option<Vec<u8>> {
    let private = EphemeralPrivateKey::generate(&ECDH_P256, &SystemRandom::new()).ok()?;
    let public: [u8; 65] = private.compute_public_key().ok()?.as_ref().try_into().ok()?;
    let mut salt = [0; 16];
    OsRandom.fill(&mut salt);
    let peer = UnparsedPublicKey::new(&ECDH_P256, recipient.public);
    let padded = (text.len() + 1).next_multiple_of(PAD_TO);
    agree_ephemeral(private, &peer, |secret| seal(recipient, secret, (&public, salt), (text, padded))).ok()?
}

/// `secret` is what both sides agreed on, `public` our key, `length` the padded plaintext's.
fn seal(
    recipient: &Recipient,
    secret: &[u8],
    (public, salt): (&[u8; 65], [u8; 16]),
    (text, length): (&[u8], usize),
) -> Option<Vec<u8>> {
    if text.len() >= length || length > MAX_PLAINTEXT + 1 {
        return None;
    }
    let (key, nonce) = derive(recipient, secret, public, salt);
    let mut sealed = text.to_vec();
    // RFC 8188 §2: 2 delimits the last record; zeros pad it.
    sealed.push(2);
    sealed.resize(length, 0);
    let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key).ok()?);
    key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut sealed).ok()?;
    // RFC 8188 §2.1: salt, record size, the length of the key id, and the key id, which is our public key.
    let mut message = salt.to_vec();
    message.extend(RECORD_SIZE.to_be_bytes());
    message.push(65);
    message.extend(public);
    message.extend(sealed);
    Some(message)
}

/// RFC 8291 §3.4.
fn derive(recipient: &Recipient, secret: &[u8], public: &[u8; 65], salt: [u8; 16]) -> ([u8; 16], [u8; 12]) {
    let key_info = [b"WebPush: info\0".as_slice(), &recipient.public, public, &[1]].concat();
    let ikm = hkdf(&recipient.auth, secret, &key_info);
    let key = hkdf(&salt, &ikm, b"Content-Encoding: aes128gcm\0\x01");
    let nonce = hkdf(&salt, &ikm, b"Content-Encoding: nonce\0\x01");
    let (mut first, mut second) = ([0; 16], [0; 12]);
    first.copy_from_slice(&key[..16]);
    second.copy_from_slice(&nonce[..12]);
    (first, second)
}

/// HKDF with SHA-256 (RFC 5869) for up to 32 octets; `info` ends with its counter.
fn hkdf(salt: &[u8], ikm: &[u8], info: &[u8]) -> [u8; 32] {
    let mac = |key: &[u8], data: &[u8]| hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), data);
    let prk = mac(salt, ikm);
    let out = mac(prk.as_ref(), info);
    out.as_ref().try_into().expect("SHA-256 has 32 octets")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode<const N: usize>(text: &str) -> [u8; N] {
        BASE64.decode(text).expect("base64url").try_into().expect("its length")
    }

    /// RFC 8291 §5 and appendix A.
    #[test]
    fn the_rfcs_example_comes_out_octet_by_octet() {
        let recipient = Recipient {
            public: decode(
                "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
            ),
            auth: decode("BTBZMqHH6r4Tts7J_aSIgg"),
        };
        let public =
            decode("BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8");
        let secret: [u8; 32] = decode("kyrL1jIIOHEzg3sM2ZWRHDRB62YACZhhSlknJ672kSs");
        let salt = decode("DGv6ra1nlYgDCS1FRnbzlw");
        let (key, nonce) = derive(&recipient, &secret, &public, salt);
        assert_eq!(BASE64.encode(key), "oIhVW04MRdy2XN9CiKLxTg");
        assert_eq!(BASE64.encode(nonce), "4h_95klXJ5E_qnoN");
        let text = b"When I grow up, I want to be a watermelon";
        let message = seal(&recipient, &secret, (&public, salt), (text, text.len() + 1)).expect("it fits");
        assert_eq!(
            BASE64.encode(message),
            "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK\
             6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
        );
    }

    #[test]
    fn what_the_browsers_side_agrees_on_opens_it_and_its_length_tells_nothing() {
        let random = SystemRandom::new();
        let browser = EphemeralPrivateKey::generate(&ECDH_P256, &random).expect("a key");
        let public = browser.compute_public_key().expect("its public key");
        let recipient = Recipient { public: public.as_ref().try_into().expect("65 octets"), auth: [7; 16] };
        let short = encrypt(&recipient, b"{}").expect("it fits");
        let message = encrypt(&recipient, br#"{"name":"somebody with a name"}"#).expect("it fits");
        assert_eq!(short.len(), message.len());
        let ours: [u8; 65] = message[21..86].try_into().expect("our key");
        let salt = message[..16].try_into().expect("the salt");
        let opened = agree_ephemeral(browser, &UnparsedPublicKey::new(&ECDH_P256, ours), |secret| {
            let (key, nonce) = derive(&recipient, secret, &ours, salt);
            let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key).expect("16 octets"));
            let mut sealed = message[86..].to_vec();
            let nonce = Nonce::assume_unique_for_key(nonce);
            key.open_in_place(nonce, Aad::empty(), &mut sealed).expect("it opens").to_vec()
        });
        let opened = opened.expect("points of the curve");
        assert!(opened.starts_with(b"{\"name\":\"somebody with a name\"}\x02\0"));
    }

    #[test]
    fn keys_that_are_none_and_texts_that_do_not_fit_are_refused() {
        let subscription = |p256dh: &str, auth: &str| {
            PushSubscription::new("https://push.example/1".to_owned(), p256dh.to_owned(), auth.to_owned())
        };
        assert!(Recipient::read(&subscription("", "")).is_none());
        assert!(Recipient::read(&subscription(&BASE64.encode([4; 65]), &BASE64.encode([0; 15]))).is_none());
        assert!(Recipient::read(&subscription(&BASE64.encode([2; 65]), &BASE64.encode([0; 16]))).is_none());
        let off_the_curve = Recipient { public: [4; 65], auth: [0; 16] };
        assert_eq!(encrypt(&off_the_curve, b"{}"), None);
        assert_eq!(seal(&off_the_curve, &[0; 32], (&[4; 65], [0; 16]), (&[0; 4_000], 4_096)), None);
    }
}
