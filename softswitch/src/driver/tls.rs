//! TLS towards telephones and pages: the certificate, and its renewal while the program runs.
//!
//! rustls offers TLS 1.3 and 1.2 with forward secrecy and AEAD suites only. Telephones prove who they are by digest,
//! so none is asked for a certificate.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair};
use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use tokio::{
    sync::watch,
    time::{MissedTickBehavior, interval},
};
use tracing::{info, warn};

use crate::identity::write_private;

/// How often the files are looked at. A renewed certificate is in use that much later.
const LOOK: Duration = Duration::from_secs(10);

const CERTIFICATE: &str = "sip-tls-certificate.pem";
const PRIVATE_KEY: &str = "sip-tls-private-key.pem";
const MADE_FOR: &str = "sip-tls-names";

/// Where the certificate is.
#[derive(Debug, Clone)]
pub(crate) struct CertificateFiles {
    /// The chain, as PEM.
    pub chain: PathBuf,
    /// The private key, as PEM.
    pub key: PathBuf,
}

/// What a self-signed certificate is made for.
#[derive(Debug, Clone)]
pub(crate) struct CertificateNames(pub Vec<String>);

/// A certificate that cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CertificateError {
    /// A file.
    #[error("{path}: {source}")]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// What is in it.
    #[error("{path}: {reason}")]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The system gave no randomness, or the state folder cannot be written.
    #[error("making a certificate: {0}")]
    NotMade(String),
}

/// The configuration in force, for who accepts connections.
pub(super) type Acceptors = watch::Receiver<Arc<ServerConfig>>;

/// The certificate of the files, looked after.
#[derive(Debug)]
pub(super) struct Certificate {
    files: CertificateFiles,
    seen: Stamp,
    current: watch::Sender<Arc<ServerConfig>>,
}

/// When the files changed last.
type Stamp = [Option<SystemTime>; 2];

impl CertificateFiles {
    /// The self-signed certificate in the state folder. It is made on the first start, again when `names` change,
    /// and once a year: devices that check refuse one that is valid for more than 825 days.
    ///
    /// # Errors
    /// When it cannot be made or written.
    pub(crate) fn self_signed(state: &Path, names: &CertificateNames) -> Result<Self, CertificateError> {
        let [chain, key, made_for] = [CERTIFICATE, PRIVATE_KEY, MADE_FOR].map(|name| state.join(name));
        let year = year_of(SystemTime::now());
        let wanted = format!("{year} {}\n", names.0.join(" "));
        let is_kept = fs::read_to_string(&made_for).is_ok_and(|kept| kept == wanted);
        if !is_kept || !chain.exists() || !key.exists() {
            let (certificate, private_key) =
                make(year, &names.0).map_err(|error| CertificateError::NotMade(error.to_string()))?;
            for (path, text) in [(&key, private_key), (&chain, certificate), (&made_for, wanted)] {
                write_private(path, text.as_bytes())
                    .map_err(|error| CertificateError::NotMade(format!("{}: {error}", path.display())))?;
            }
            info!("made a self-signed certificate for SIP over TLS");
        }
        Ok(Self { chain, key })
    }

    fn stamp(&self) -> Stamp {
        [&self.chain, &self.key].map(|path| fs::metadata(path).and_then(|file| file.modified()).ok())
    }

    fn load(&self) -> Result<Arc<ServerConfig>, CertificateError> {
        let read = |path: &Path| {
            fs::read(path).map_err(|source| CertificateError::Unreadable { path: path.to_owned(), source })
        };
        let unusable =
            |path: &Path, reason: String| CertificateError::Unusable { path: path.to_owned(), reason };
        let chain: Vec<_> = CertificateDer::pem_slice_iter(&read(&self.chain)?)
            .collect::<Result<_, _>>()
            .map_err(|error| unusable(&self.chain, error.to_string()))?;
        if chain.is_empty() {
            return Err(unusable(&self.chain, "holds no certificate".to_owned()));
        }
        let key = PrivateKeyDer::from_pem_slice(&read(&self.key)?)
            .map_err(|_| unusable(&self.key, "holds no private key".to_owned()))?;
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
            .map_err(|error| unusable(&self.chain, error.to_string()))?;
        Ok(Arc::new(config))
    }
}

impl Certificate {
    /// Loads the certificate.
    ///
    /// # Errors
    /// When it cannot be used.
    pub(super) fn open(files: CertificateFiles) -> Result<Self, CertificateError> {
        let seen = files.stamp();
        let current = watch::Sender::new(files.load()?);
        Ok(Self { files, seen, current })
    }

    /// The configuration for new connections, always the latest.
    pub(super) fn acceptors(&self) -> Acceptors {
        self.current.subscribe()
    }

    /// Takes a renewed certificate into use, for as long as it is polled. Open connections keep theirs. One that cannot
    /// be used is reported once and the one before stays.
    pub(super) async fn look_after(mut self) {
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            looks.tick().await;
            self.look();
        }
    }

    fn look(&mut self) {
        let stamp = self.files.stamp();
        if stamp == self.seen {
            return;
        }
        self.seen = stamp;
        match self.files.load() {
            Ok(config) => {
                self.current.send_replace(config);
                info!("renewed certificate for SIP over TLS in use");
            }
            Err(error) => warn!(%error, "renewed certificate is not usable; the one before stays in use"),
        }
    }
}

fn make(year: i32, names: &[String]) -> Result<(String, String), rcgen::Error> {
    let mut params = CertificateParams::new(names)?;
    params.not_before = rcgen::date_time_ymd(year, 1, 1);
    params.not_after = rcgen::date_time_ymd(year + 2, 1, 1);
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "Ringdown SIP");
    let key = KeyPair::generate()?;
    Ok((params.self_signed(&key)?.pem(), key.serialize_pem()))
}

/// The mean year of the calendar; a few hours' error around New Year do not matter here.
fn year_of(time: SystemTime) -> i32 {
    const YEAR_SECONDS: u64 = 31_556_952;
    let seconds = time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    1970 + i32::try_from(seconds / YEAR_SECONDS).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> CertificateNames {
        CertificateNames(names.iter().map(|name| (*name).to_owned()).collect())
    }

    #[test]
    fn a_self_signed_certificate_is_kept_until_its_names_change() {
        let state = tempfile::tempdir().expect("a folder");
        let made = |names: &CertificateNames| {
            let files = CertificateFiles::self_signed(state.path(), names).expect("made");
            fs::read(&files.chain).expect("a certificate")
        };
        let first = made(&names(&["pbx.example.com", "192.0.2.1"]));
        assert_eq!(made(&names(&["pbx.example.com", "192.0.2.1"])), first);
        assert_ne!(made(&names(&["pbx.example.com", "192.0.2.2"])), first);
    }

    #[test]
    fn a_renewed_certificate_is_taken_and_a_broken_one_is_not() {
        let state = tempfile::tempdir().expect("a folder");
        let files = CertificateFiles::self_signed(state.path(), &names(&["pbx.example.com"])).expect("made");
        let mut certificate = Certificate::open(files.clone()).expect("usable");
        let mut acceptors = certificate.acceptors();
        certificate.look();
        assert!(!acceptors.has_changed().expect("open"), "nothing changed");
        let good = fs::read(&files.chain).expect("a certificate");
        fs::write(&files.chain, "no certificate").expect("written");
        certificate.seen = [None, None];
        certificate.look();
        assert!(!acceptors.has_changed().expect("open"), "the one before stays");
        fs::write(&files.chain, good).expect("written");
        certificate.seen = [None, None];
        certificate.look();
        assert!(acceptors.has_changed().expect("open"));
        acceptors.borrow_and_update();
    }
}
