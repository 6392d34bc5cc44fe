//! Our DTLS certificate and the handshake settings bound to it.

use std::{fmt, sync::Arc, time::Duration};

use rtc_crypto::{RTCCryptoProvider, SignatureScheme, providers::RingProvider};
use rtc_dtls::{
    cipher_suite::CipherSuiteId,
    config::{ClientAuthType, ConfigBuilder, ExtendedMasterSecretType, HandshakeConfig},
    crypto::Certificate,
    extension::extension_use_srtp::SrtpProtectionProfile,
};

use super::{DtlsRole, Fingerprint};

/// A self-signed ECDSA P-256 certificate with its key, shared by all legs of a process. Cloning is cheap.
///
/// The certificate does not expire: a peer authenticates it by its fingerprint alone (RFC 8827 §6.5).
#[derive(Clone)]
pub struct DtlsIdentity(Arc<Inner>);

struct Inner {
    certificate: Vec<u8>,
    private_key: Vec<u8>,
    fingerprint: Fingerprint,
    as_client: Arc<HandshakeConfig>,
    as_server: Arc<HandshakeConfig>,
}

impl DtlsIdentity {
    /// A fresh certificate. The key comes from the operating system's random source, never from a seeded one.
    ///
    /// # Errors
    /// The operating system has no randomness.
    pub fn generate() -> Result<Self, IdentityError> {
        let provider = provider();
        let certificate = Certificate::generate_self_signed(vec!["ringdown".to_owned()], provider.crypto())
            .map_err(|_| IdentityError::Generation)?;
        Self::from_certificate(certificate, provider)
    }

    /// The identity persisted by [`DtlsIdentity::certificate_der`] and [`DtlsIdentity::private_key_der`].
    ///
    /// # Errors
    /// The key is no PKCS#8 ECDSA P-256 key, or it is not the certificate's.
    pub fn from_der(certificate: &[u8], private_key: &[u8]) -> Result<Self, IdentityError> {
        let provider = provider();
        let key = provider
            .crypto()
            .import_signing_key(SignatureScheme::EcdsaP256Sha256, private_key)
            .map_err(|_| IdentityError::PrivateKey)?;
        // A certificate holds its public key verbatim, as an uncompressed point (RFC 5480 §2.2).
        let public_key = key.public_key().bytes.to_vec();
        if !certificate.windows(public_key.len()).any(|window| window == public_key) {
            return Err(IdentityError::Mismatch);
        }
        let chain = vec![certificate.to_vec().into()];
        Self::from_certificate(Certificate::from_signing_key(chain, key), provider)
    }

    fn from_certificate(
        certificate: Certificate,
        provider: Arc<dyn RTCCryptoProvider>,
    ) -> Result<Self, IdentityError> {
        let der = certificate.certificate.first().ok_or(IdentityError::Mismatch)?.to_vec();
        let private_key = certificate
            .private_key
            .signing_key
            .to_pkcs8_der()
            .ok()
            .flatten()
            .ok_or(IdentityError::PrivateKey)?
            .as_ref()
            .to_vec();
        let config = |role| {
            handshake_settings(certificate.clone(), provider.clone())
                .build(role == DtlsRole::Client, None)
                .map(Arc::new)
                .map_err(|_| IdentityError::PrivateKey)
        };
        Ok(Self(Arc::new(Inner {
            fingerprint: Fingerprint::of_certificate(&der),
            certificate: der,
            private_key,
            as_client: config(DtlsRole::Client)?,
            as_server: config(DtlsRole::Server)?,
        })))
    }

    /// What to announce as `a=fingerprint:sha-256`.
    pub fn fingerprint(&self) -> Fingerprint {
        self.0.fingerprint
    }

    /// The certificate, DER.
    pub fn certificate_der(&self) -> &[u8] {
        &self.0.certificate
    }

    /// The private key, PKCS#8 DER. Secret: to be stored readable for the owner only, never logged.
    pub fn private_key_der(&self) -> &[u8] {
        &self.0.private_key
    }

    pub(super) fn settings(&self, role: DtlsRole) -> Arc<HandshakeConfig> {
        match role {
            DtlsRole::Client => self.0.as_client.clone(),
            DtlsRole::Server => self.0.as_server.clone(),
        }
    }
}

impl fmt::Debug for DtlsIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DtlsIdentity").field("fingerprint", &self.0.fingerprint).finish_non_exhaustive()
    }
}

/// Why there is no identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// No certificate could be generated.
    #[error("cannot generate a DTLS certificate")]
    Generation,
    /// The private key is no PKCS#8 ECDSA P-256 key.
    #[error("the DTLS private key is no PKCS#8 ECDSA P-256 key")]
    PrivateKey,
    /// The certificate is of another key.
    #[error("the DTLS certificate does not belong to the private key")]
    Mismatch,
}

fn provider() -> Arc<dyn RTCCryptoProvider> {
    Arc::new(RingProvider::new())
}

/// The peer's certificate is required and compared by fingerprint ([`super::DtlsSession`]); no chain is
/// verified, since browsers' certificates are self-signed (RFC 8827 §6.5).
fn handshake_settings(certificate: Certificate, provider: Arc<dyn RTCCryptoProvider>) -> ConfigBuilder {
    ConfigBuilder::default()
        .with_crypto_provider(provider)
        .with_certificates(vec![certificate])
        // The default list offers RSA suites as well, which an ECDSA certificate cannot serve.
        .with_cipher_suites(vec![
            CipherSuiteId::Tls_Ecdhe_Ecdsa_With_Aes_128_Gcm_Sha256,
            CipherSuiteId::Tls_Ecdhe_Ecdsa_With_ChaCha20_Poly1305_Sha256,
        ])
        .with_srtp_protection_profiles(vec![
            SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm,
            SrtpProtectionProfile::Srtp_Aead_Aes_256_Gcm,
            SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80,
        ])
        .with_client_auth(ClientAuthType::RequireAnyClientCert)
        .with_insecure_skip_verify(true)
        // The exporter binds the keys to this handshake only with it (RFC 7627 §6.1).
        .with_extended_master_secret(ExtendedMasterSecretType::Require)
        .with_flight_interval(FLIGHT_INTERVAL)
        .with_replay_protection_window(128)
}

/// When the engine sends an unanswered flight again; after seven repetitions the handshake fails, so 8
/// seconds of silence end it. [`super::association`] repeats sooner; this interval is for how long an outage
/// is survived.
const FLIGHT_INTERVAL: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_survives_storage() {
        let identity = DtlsIdentity::generate().unwrap();
        let restored =
            DtlsIdentity::from_der(identity.certificate_der(), identity.private_key_der()).unwrap();
        assert_eq!(restored.fingerprint(), identity.fingerprint());
    }

    #[test]
    fn a_foreign_key_is_refused() {
        let (one, two) = (DtlsIdentity::generate().unwrap(), DtlsIdentity::generate().unwrap());
        let mixed = DtlsIdentity::from_der(one.certificate_der(), two.private_key_der());
        assert_eq!(mixed.unwrap_err(), IdentityError::Mismatch);
        assert_eq!(
            DtlsIdentity::from_der(one.certificate_der(), b"").unwrap_err(),
            IdentityError::PrivateKey
        );
    }
}
