//! SRTP keys out of a completed handshake (RFC 5764 §4.2).

use rtc_crypto::SecretVec;
use rtc_dtls::{extension::extension_use_srtp::SrtpProtectionProfile, state::State};

use crate::srtp::{SrtpProfile, SrtpReceiver, SrtpSender};

/// The exported keying material of both directions.
pub(crate) struct SrtpKeyingMaterial {
    profile: SrtpProfile,
    secret: SecretVec,
    we_are_client: bool,
}

impl SrtpKeyingMaterial {
    /// `None` if no profile of ours was negotiated.
    pub(super) fn export(state: &State) -> Option<Self> {
        let profile = match state.srtp_protection_profile() {
            SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80 => SrtpProfile::Aes128CmSha1_80,
            SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm => SrtpProfile::AeadAes128Gcm,
            SrtpProtectionProfile::Srtp_Aead_Aes_256_Gcm => SrtpProfile::AeadAes256Gcm,
            _ => return None,
        };
        let length = 2 * (profile.key_length() + profile.salt_length());
        let secret = state.export_keying_material(EXPORTER_LABEL, &[], length).ok()?;
        Some(Self { profile, secret, we_are_client: state.is_client() })
    }

    pub(crate) fn profile(&self) -> SrtpProfile {
        self.profile
    }

    /// The two directions. `None` if the material is shorter than the profile says.
    pub(crate) fn into_directions(self) -> Option<(SrtpSender, SrtpReceiver)> {
        // Client key, server key, client salt, server salt.
        let (keys, salts) = self.secret.as_ref().split_at_checked(2 * self.profile.key_length())?;
        let (client_key, server_key) = keys.split_at_checked(self.profile.key_length())?;
        let (client_salt, server_salt) = salts.split_at_checked(self.profile.salt_length())?;
        let (client, server) = ((client_key, client_salt), (server_key, server_salt));
        let (ours, theirs) = if self.we_are_client { (client, server) } else { (server, client) };
        Some((
            SrtpSender::new(self.profile, ours.0, ours.1).ok()?,
            SrtpReceiver::new(self.profile, theirs.0, theirs.1).ok()?,
        ))
    }
}

const EXPORTER_LABEL: &str = "EXTRACTOR-dtls_srtp";
