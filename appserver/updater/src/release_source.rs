//! Where releases come from, and whether they are what their makers signed.

use std::{
    fs::File,
    io::Read as _,
    path::{Path, PathBuf},
    time::Duration,
};

use minisign_verify::{PublicKey, Signature};
use ringdown_update::{MAX_RELEASE, Release, ReleaseError};

/// The most bytes of a signature: four short lines.
const MAX_SIGNATURE: usize = 4096;
/// How long the channel's server may take.
const WITHIN: Duration = Duration::from_secs(20);

/// A release whose signature is right.
#[derive(Debug)]
pub struct Signed {
    /// The release.
    pub release: Release,
    /// The archive with its images, when it came with one.
    pub archive: Option<PathBuf>,
}

/// Why there is no release.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// No key to check with.
    #[error("no key: put the public key that releases are signed with into RINGDOWN_UPDATE_KEY")]
    NoKey,
    /// The key is none.
    #[error(
        "RINGDOWN_UPDATE_KEY is no minisign public key: it is the second line of the key's file, 56 characters"
    )]
    Key,
    /// Nothing to ask.
    #[error("no release: name a folder in the import folder, or set RINGDOWN_UPDATE_CHANNEL")]
    NoChannel,
    /// The server.
    #[error("{0} does not give the release: {1}")]
    Fetch(String, String),
    /// The disk.
    #[error("{path}: {error}", path = .0.display(), error = .1)]
    Read(PathBuf, std::io::Error),
    /// A name that leads out of the import folder.
    #[error("an archive is named by its folder in the import folder, without a path")]
    Name,
    /// Too much.
    #[error("the release or its signature is too long")]
    TooLong,
    /// Not signed by the key.
    #[error("the signature of the release is not right: it was changed, or signed with another key")]
    Signature,
    /// Signed, but not understood.
    #[error(transparent)]
    Release(#[from] ReleaseError),
}

/// The release of an archive: a folder with `release.json`, `release.json.minisig` and `images.tar` (`docker save`).
///
/// # Errors
/// When it is not there or not signed by the key.
pub fn from_archive(import: &Path, name: &str, key: Option<&str>) -> Result<Signed, SourceError> {
    let is_plain = !name.is_empty() && name != "." && name != ".." && !name.contains(['/', '\0']);
    if !is_plain {
        return Err(SourceError::Name);
    }
    let folder = import.join(name);
    let text = read(&folder.join("release.json"), MAX_RELEASE)?;
    let signature = read(&folder.join("release.json.minisig"), MAX_SIGNATURE)?;
    let release = verified(&text, &signature, key)?;
    let archive = folder.join("images.tar");
    if let Err(error) = File::open(&archive) {
        return Err(SourceError::Read(archive, error));
    }
    Ok(Signed { release, archive: Some(archive) })
}

/// The newest release of the channel. Blocks.
///
/// # Errors
/// When it cannot be had or is not signed by the key.
pub fn from_channel(url: Option<&str>, key: Option<&str>) -> Result<Signed, SourceError> {
    let url = url.ok_or(SourceError::NoChannel)?;
    let text = fetch(url, MAX_RELEASE)?;
    let signature = fetch(&format!("{url}.minisig"), MAX_SIGNATURE)?;
    Ok(Signed { release: verified(&text, &signature, key)?, archive: None })
}

/// The signature is checked first: nothing that is not signed is even parsed.
fn verified(text: &[u8], signature: &[u8], key: Option<&str>) -> Result<Release, SourceError> {
    let key = PublicKey::from_base64(key.ok_or(SourceError::NoKey)?.trim()).map_err(|_| SourceError::Key)?;
    let signature = std::str::from_utf8(signature).map_err(|_| SourceError::Signature)?;
    let signature = Signature::decode(signature).map_err(|_| SourceError::Signature)?;
    // Not the old kind of signatures, which are of the text itself and not of its hash.
    key.verify(text, &signature, false).map_err(|_| SourceError::Signature)?;
    Ok(Release::parse(text)?)
}

fn read(path: &Path, most: usize) -> Result<Vec<u8>, SourceError> {
    let failed = |error| SourceError::Read(path.to_owned(), error);
    let mut text = Vec::new();
    File::open(path).map_err(failed)?.take(most as u64 + 1).read_to_end(&mut text).map_err(failed)?;
    if text.len() > most { Err(SourceError::TooLong) } else { Ok(text) }
}

fn fetch(url: &str, most: usize) -> Result<Vec<u8>, SourceError> {
    let failed = |error: ureq::Error| SourceError::Fetch(url.to_owned(), error.to_string());
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_global(Some(WITHIN))
        .https_only(true)
        .max_redirects(5)
        .build()
        .into();
    let mut answer = agent.get(url).call().map_err(failed)?;
    answer.body_mut().with_config().limit(most as u64).read_to_vec().map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Maker {
        key: minisign::KeyPair,
    }

    impl Maker {
        fn new() -> Self {
            Self { key: minisign::KeyPair::generate_unencrypted_keypair().expect("a key") }
        }

        fn public(&self) -> String {
            self.key.pk.to_base64()
        }

        fn archive(&self, import: &Path, text: &str) {
            let folder = import.join("0.4.0");
            std::fs::create_dir_all(&folder).expect("a folder");
            let signature =
                minisign::sign(None, &self.key.sk, text.as_bytes(), None, None).expect("a signature");
            std::fs::write(folder.join("release.json"), text).expect("written");
            std::fs::write(folder.join("release.json.minisig"), signature.into_string()).expect("written");
            std::fs::write(folder.join("images.tar"), b"").expect("written");
        }
    }

    const RELEASE: &str = r#"{"format":1,"version":"0.4.0","images":{"sounds":{"reference":"a/b",
        "ids":{"linux/amd64":"sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},"bytes":1}}}"#;

    #[test]
    fn a_signed_release_is_taken_and_a_changed_one_is_not() {
        let (maker, import) = (Maker::new(), tempfile::tempdir().expect("a folder"));
        maker.archive(import.path(), RELEASE);
        let signed = from_archive(import.path(), "0.4.0", Some(&maker.public())).expect("it is signed");
        assert_eq!(signed.release.version.to_string(), "0.4.0");
        std::fs::write(import.path().join("0.4.0/release.json"), RELEASE.replace("0.4.0", "0.4.1"))
            .expect("written");
        let changed = from_archive(import.path(), "0.4.0", Some(&maker.public()));
        assert!(matches!(changed, Err(SourceError::Signature)), "{changed:?}");
    }

    #[test]
    fn another_key_or_none_takes_nothing() {
        let (maker, import) = (Maker::new(), tempfile::tempdir().expect("a folder"));
        maker.archive(import.path(), RELEASE);
        let other = from_archive(import.path(), "0.4.0", Some(&Maker::new().public()));
        assert!(matches!(other, Err(SourceError::Signature)), "{other:?}");
        assert!(matches!(from_archive(import.path(), "0.4.0", None), Err(SourceError::NoKey)));
        assert!(matches!(from_archive(import.path(), "0.4.0", Some("key")), Err(SourceError::Key)));
    }

    #[test]
    fn a_name_leads_nowhere_but_into_the_import_folder() {
        for name in ["", "..", ".", "../0.4.0", "/etc", "a/b"] {
            assert!(
                matches!(from_archive(Path::new("/import"), name, None), Err(SourceError::Name)),
                "{name}"
            );
        }
    }
}
