//! Who sends: a key of this server's, by which push services know it (VAPID, RFC 8292).

use std::path::Path;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use serde_json::json;
use url::Url;

/// How long a signature is good for. RFC 8292 §2 allows a day.
const LIFETIME: u64 = 12 * 60 * 60;

/// The key pair. Browsers subscribe to its public half: another key loses every subscription.
pub struct VapidKey(EcdsaKeyPair);

impl std::fmt::Debug for VapidKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("VapidKey")
    }
}

impl VapidKey {
    /// The key kept in the state folder; made on the first start.
    ///
    /// # Errors
    /// When the file cannot be read or written, or holds no key.
    pub fn load(state: &Path) -> std::io::Result<Self> {
        let broken = || std::io::Error::other("vapid-key holds no key; remove it to make a new one");
        let random = SystemRandom::new();
        let kept = crate::state_file::load_or_create(&state.join("vapid-key"), || {
            let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random);
            BASE64.encode(made.expect("the operating system has randomness").as_ref())
        })?;
        let key = BASE64.decode(kept.trim()).map_err(|_| broken())?;
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &key, &random);
        pair.map(Self).map_err(|_| broken())
    }

    /// The public key, base64url of its uncompressed point.
    pub fn public(&self) -> String {
        BASE64.encode(self.0.public_key().as_ref())
    }

    /// The `Authorization` of a message to `endpoint` at `now`, Unix seconds (RFC 8292 §3).
    pub fn authorization(&self, endpoint: &Url, contact: &str, now: u64) -> Option<String> {
        let part = |value: serde_json::Value| BASE64.encode(value.to_string());
        let claims =
            json!({"aud": endpoint.origin().ascii_serialization(), "exp": now + LIFETIME, "sub": contact});
        let signed = format!("{}.{}", part(json!({"typ": "JWT", "alg": "ES256"})), part(claims));
        let signature = self.0.sign(&SystemRandom::new(), signed.as_bytes()).ok()?;
        Some(format!("vapid t={signed}.{}, k={}", BASE64.encode(signature.as_ref()), self.public()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jose::{self, Algorithm, Expected, Keys};

    #[test]
    fn the_signature_is_a_token_for_the_push_service_alone_and_the_key_stays() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let key = VapidKey::load(folder.path()).expect("a key is made");
        assert_eq!(VapidKey::load(folder.path()).expect("it is kept").public(), key.public());
        let endpoint = Url::parse("https://push.example:8443/send/1").expect("a URL");
        let header = key.authorization(&endpoint, "mailto:admin@pbx.example", 1_000).expect("a signature");
        let (token, public) =
            header.strip_prefix("vapid t=").and_then(|rest| rest.split_once(", k=")).expect("both");
        assert_eq!(public, key.public());
        let point = BASE64.decode(public).expect("base64url");
        let jwk = json!({"kty": "EC", "crv": "P-256", "x": BASE64.encode(&point[1..33]), "y": BASE64.encode(&point[33..])});
        let keys = Keys::set(Algorithm::Es256, json!({"keys": [jwk]}).to_string().as_bytes()).expect("a key");
        // It has no `iss`, which our own reader asks for: the claims are looked at by hand.
        let expected = Expected { issuer: "", audience: "", max_lifetime: 0, has_id: false, nonce: None };
        assert_eq!(jose::verify(token, &keys, &expected, 1_000).err(), Some(jose::TokenError::Malformed));
        let claims = token.split('.').nth(1).and_then(|claims| BASE64.decode(claims).ok()).expect("claims");
        let claims: serde_json::Value = serde_json::from_slice(&claims).expect("JSON");
        assert_eq!(
            claims,
            json!({"aud": "https://push.example:8443", "exp": 44_200, "sub": "mailto:admin@pbx.example"})
        );
    }
}
