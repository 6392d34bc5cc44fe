//! Keys that check signatures: HMAC, RSA, ECDSA on P-256, Ed25519 (RFC 7518 §3, RFC 8037), from PEM, a secret or a JSON
//! web key set (RFC 7517).

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use ring::{
    hmac,
    signature::{
        ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents,
        UnparsedPublicKey,
    },
};
use rustls::pki_types::{SubjectPublicKeyInfoDer, pem::PemObject as _};
use serde::Deserialize;

use super::TokenError;

/// How a token is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Algorithm {
    /// HMAC with SHA-256: both sides know the secret.
    #[serde(rename = "HS256")]
    Hs256,
    /// RSA PKCS#1 v1.5 with SHA-256, of 2048 bits or more.
    #[serde(rename = "RS256")]
    Rs256,
    /// ECDSA on P-256 with SHA-256.
    #[serde(rename = "ES256")]
    Es256,
    /// Ed25519.
    #[serde(rename = "EdDSA")]
    EdDsa,
}

impl Algorithm {
    /// As a header names it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }
}

/// Why a key cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// A secret of less than 32 bytes: it could be guessed from one token (RFC 7518 §3.2).
    #[error("an HS256 secret has 32 bytes or more")]
    Short,
    /// No public key in PEM.
    #[error("it is no public key in PEM (BEGIN PUBLIC KEY)")]
    Pem,
    /// A key of another kind than the algorithm's.
    #[error("the key is not of the algorithm's kind")]
    Kind,
    /// No JSON web key set.
    #[error("it is no JSON web key set with a key of this algorithm")]
    Set,
}

/// A key, for one algorithm.
#[derive(Clone)]
pub struct Key(Material);

#[derive(Clone)]
enum Material {
    Hmac(hmac::Key),
    RsaDer(Vec<u8>),
    Rsa { n: Vec<u8>, e: Vec<u8> },
    P256(Vec<u8>),
    Ed25519(Vec<u8>),
}

/// Keys are not for logs, and their public ones are of no use there.
impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key")
    }
}

impl Key {
    /// A shared secret.
    ///
    /// # Errors
    /// [`KeyError::Short`].
    pub fn secret(secret: &[u8]) -> Result<Self, KeyError> {
        if secret.len() < 32 {
            return Err(KeyError::Short);
        }
        Ok(Self(Material::Hmac(hmac::Key::new(hmac::HMAC_SHA256, secret))))
    }

    /// A public key in PEM.
    ///
    /// # Errors
    /// When it is none, or not one of the algorithm's.
    pub fn pem(algorithm: Algorithm, pem: &[u8]) -> Result<Self, KeyError> {
        let der = SubjectPublicKeyInfoDer::from_pem_slice(pem).map_err(|_| KeyError::Pem)?;
        let prefix: &[u8] = match algorithm {
            Algorithm::Hs256 => return Err(KeyError::Kind),
            Algorithm::Es256 => &P256_PREFIX,
            Algorithm::EdDsa => &ED25519_PREFIX,
            Algorithm::Rs256 => {
                return rsa_of_der(&der).map(Material::RsaDer).map(Self).ok_or(KeyError::Kind);
            }
        };
        let key = der.strip_prefix(prefix).ok_or(KeyError::Kind)?.to_vec();
        match (algorithm, key.len()) {
            (Algorithm::Es256, 65) => Ok(Self(Material::P256(key))),
            (Algorithm::EdDsa, 32) => Ok(Self(Material::Ed25519(key))),
            _ => Err(KeyError::Kind),
        }
    }

    fn jwk(algorithm: Algorithm, jwk: &Jwk) -> Option<Self> {
        if jwk.purpose.as_deref().is_some_and(|purpose| purpose != "sig")
            || jwk.alg.as_deref().is_some_and(|alg| alg != algorithm.name())
        {
            return None;
        }
        let read = |part: &Option<String>| BASE64.decode(part.as_deref()?.trim_end_matches('=')).ok();
        let material = match (algorithm, jwk.kty.as_str(), jwk.crv.as_deref()) {
            (Algorithm::Rs256, "RSA", _) => {
                let n = read(&jwk.n)?;
                // RFC 7518 §6.3.1.1 has no leading zero octets; some write them.
                let n = n.iter().skip_while(|&&octet| octet == 0).copied().collect();
                Material::Rsa { n, e: read(&jwk.e)? }
            }
            (Algorithm::Es256, "EC", Some("P-256")) => {
                let (x, y) = (read(&jwk.x)?, read(&jwk.y)?);
                if x.len() != 32 || y.len() != 32 {
                    return None;
                }
                Material::P256([&[4][..], &x, &y].concat())
            }
            (Algorithm::EdDsa, "OKP", Some("Ed25519")) => Material::Ed25519(read(&jwk.x)?),
            // A set that everybody can fetch holds no secrets.
            _ => return None,
        };
        Some(Self(material))
    }

    fn fits(&self, signed: &[u8], signature: &[u8]) -> bool {
        match &self.0 {
            // In constant time.
            Material::Hmac(key) => hmac::verify(key, signed, signature).is_ok(),
            Material::RsaDer(key) => {
                UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key).verify(signed, signature).is_ok()
            }
            Material::Rsa { n, e } => {
                RsaPublicKeyComponents { n, e }.verify(&RSA_PKCS1_2048_8192_SHA256, signed, signature).is_ok()
            }
            Material::P256(key) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key).verify(signed, signature).is_ok()
            }
            Material::Ed25519(key) => UnparsedPublicKey::new(&ED25519, key).verify(signed, signature).is_ok(),
        }
    }
}

/// Keys of one issuer, all for one algorithm.
#[derive(Debug, Clone)]
pub struct Keys {
    algorithm: Algorithm,
    keys: Vec<(Option<String>, Key)>,
}

impl Keys {
    /// One key, whatever a token calls it.
    pub fn one(algorithm: Algorithm, key: Key) -> Self {
        Self { algorithm, keys: vec![(None, key)] }
    }

    /// Those of a JSON web key set that are for the algorithm, at most 32.
    ///
    /// # Errors
    /// [`KeyError::Set`] where it is none or has no such key.
    pub fn set(algorithm: Algorithm, text: &[u8]) -> Result<Self, KeyError> {
        let set: JwkSet = serde_json::from_slice(text).map_err(|_| KeyError::Set)?;
        // A key of a kind that is not known does not spoil the others (RFC 7517 §5).
        let read = set.keys.into_iter().filter_map(|jwk| serde_json::from_value::<Jwk>(jwk).ok());
        let keys: Vec<_> = read
            .filter_map(|jwk| Some((jwk.kid.clone(), Key::jwk(algorithm, &jwk)?)))
            .take(MAX_KEYS)
            .collect();
        if keys.is_empty() { Err(KeyError::Set) } else { Ok(Self { algorithm, keys }) }
    }

    /// What they are for.
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    pub(super) fn verify(
        &self,
        name: Option<&str>,
        signed: &[u8],
        signature: &[u8],
    ) -> Result<(), TokenError> {
        let mut candidates = self
            .keys
            .iter()
            .filter(|(known, _)| known.is_none() || name.is_none() || known.as_deref() == name)
            .peekable();
        if candidates.peek().is_none() {
            return Err(TokenError::UnknownKey);
        }
        match candidates.any(|(_, key)| key.fits(signed, signature)) {
            true => Ok(()),
            false => Err(TokenError::Signature),
        }
    }
}

#[derive(Deserialize)]
struct JwkSet {
    keys: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    #[serde(default)]
    kid: Option<String>,
    #[serde(default)]
    alg: Option<String>,
    #[serde(default, rename = "use")]
    purpose: Option<String>,
    #[serde(default)]
    crv: Option<String>,
    #[serde(default)]
    n: Option<String>,
    #[serde(default)]
    e: Option<String>,
    #[serde(default)]
    x: Option<String>,
    #[serde(default)]
    y: Option<String>,
}

/// Keys read of one set: providers roll over a handful.
const MAX_KEYS: usize = 32;

/// The DER of a `SubjectPublicKeyInfo` up to its key: SEQUENCE, the algorithm, BIT STRING without unused bits
/// (RFC 5480 §2, RFC 8410 §4).
const P256_PREFIX: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86,
    0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];
const ED25519_PREFIX: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
/// rsaEncryption with NULL (RFC 3279 §2.3.1).
const RSA_ALGORITHM: [u8; 15] =
    [0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];

/// The RSAPublicKey within a `SubjectPublicKeyInfo`.
fn rsa_of_der(der: &[u8]) -> Option<Vec<u8>> {
    let (info, rest) = der_value(der, 0x30)?;
    let info = info.strip_prefix(&RSA_ALGORITHM[..])?;
    let (bits, after) = der_value(info, 0x03)?;
    (rest.is_empty() && after.is_empty()).then(|| bits.strip_prefix(&[0]).map(<[u8]>::to_vec))?
}

/// The content of a DER value with this tag, and what follows it.
fn der_value(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&first, rest) = der.split_first()?;
    let (&length, rest) = rest.split_first()?;
    if first != tag {
        return None;
    }
    let (length, rest) = match length {
        0..=0x7f => (usize::from(length), rest),
        0x81 | 0x82 => {
            let (octets, rest) = rest.split_at_checked(usize::from(length & 0x7f))?;
            (octets.iter().fold(0, |sum, &octet| (sum << 8) | usize::from(octet)), rest)
        }
        _ => return None,
    };
    rest.split_at_checked(length)
}
