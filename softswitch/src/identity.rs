//! The DTLS certificate in the state folder, so that it stays the same across restarts.

use std::{fs, io, os::unix::fs::OpenOptionsExt, path::Path};

use ringdown_rtc::{DtlsIdentity, IdentityError};
use tracing::{info, warn};

const CERTIFICATE: &str = "dtls-certificate.der";
const PRIVATE_KEY: &str = "dtls-private-key.der";

/// Reads the certificate, or makes and stores one. A damaged one is replaced: nobody remembers it, each description
/// announces it anew.
///
/// # Errors
/// When the folder cannot be written or the system has no randomness.
pub(crate) fn load_or_make(state: &Path) -> Result<DtlsIdentity, IdentityFileError> {
    let stored = fs::read(state.join(CERTIFICATE)).and_then(|certificate| {
        let key = fs::read(state.join(PRIVATE_KEY))?;
        Ok((certificate, key))
    });
    match stored {
        Ok((certificate, key)) => match DtlsIdentity::from_der(&certificate, &key) {
            Ok(identity) => return Ok(identity),
            Err(error) => warn!(%error, "stored certificate is damaged; making a new one"),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error.into()),
    }
    let identity = DtlsIdentity::generate()?;
    write_private(&state.join(PRIVATE_KEY), identity.private_key_der())?;
    write_private(&state.join(CERTIFICATE), identity.certificate_der())?;
    info!("made a certificate for browsers' media");
    Ok(identity)
}

/// Replaces a file by one only its owner can read.
///
/// # Errors
/// When the folder cannot be written.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let fresh = path.with_extension("new");
    match fs::remove_file(&fresh) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&fresh)?;
    io::Write::write_all(&mut file, bytes)?;
    file.sync_all()?;
    fs::rename(fresh, path)
}

/// A certificate that can be neither read nor made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum IdentityFileError {
    /// The state folder.
    #[error("certificate in the state folder: {0}")]
    Io(#[from] io::Error),
    /// The certificate itself.
    #[error("certificate: {0}")]
    Identity(#[from] IdentityError),
}
