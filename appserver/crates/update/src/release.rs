//! What a release consists of: the text its makers sign.

use std::{collections::BTreeMap, fmt, str::FromStr};

use semver::Version;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::Role;

/// The most bytes a release may have.
pub const MAX_RELEASE: usize = 64 * 1024;
/// The most characters of its notes.
const MAX_NOTES: usize = 4096;
/// The most characters of an image's name.
const MAX_REFERENCE: usize = 255;
/// The most platforms of an image.
const MAX_PLATFORMS: usize = 16;
/// The format this reads.
const FORMAT: u32 = 1;

/// A SHA-256, written `sha256:` and 64 hexadecimal digits: names a manifest in a registry, or an image in an engine.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(String);

impl Digest {
    /// `sha256:…`
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Digest {
    type Err = ReleaseError;

    fn from_str(text: &str) -> Result<Self, ReleaseError> {
        let digits = text.strip_prefix("sha256:").unwrap_or_default();
        if digits.len() == 64 && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
            Ok(Self(text.to_owned()))
        } else {
            Err(ReleaseError::Digest)
        }
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// A release: a version, and the exact image of each role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Release {
    format: u32,
    /// Its version.
    pub version: Version,
    /// The oldest version that may be updated to it directly; none: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updates_from: Option<Version>,
    /// What it brings, for the admin.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub notes: String,
    /// The images.
    pub images: BTreeMap<Role, ReleaseImage>,
}

/// One image of a release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReleaseImage {
    /// Its repository, without tag and digest: `registry.example/ringdown/softswitch`.
    pub reference: String,
    /// The digest of its manifest (or list of manifests) in the registry: it is pulled by this. `None`: it is in no
    /// registry, an archive has it or it is here already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
    /// Its identity in an engine, for each platform: what is loaded from an archive is known by this.
    pub ids: BTreeMap<String, Digest>,
    /// What it takes on disk at most, in bytes.
    pub bytes: u64,
}

impl Release {
    /// A release made of these images.
    #[must_use]
    pub fn new(version: Version, images: BTreeMap<Role, ReleaseImage>) -> Self {
        Self { format: FORMAT, version, updates_from: None, notes: String::new(), images }
    }

    /// Reads one. Its signature is the caller's to verify, on the same bytes, first.
    ///
    /// # Errors
    /// When it is no release this version understands; the error says what is wrong.
    pub fn parse(text: &[u8]) -> Result<Self, ReleaseError> {
        if text.len() > MAX_RELEASE {
            return Err(ReleaseError::TooLong);
        }
        // Before the rest: a newer format may have anything in it.
        #[derive(Deserialize)]
        struct Format {
            format: u32,
        }
        let format: Format =
            serde_json::from_slice(text).map_err(|error| ReleaseError::Json(error.to_string()))?;
        if format.format != FORMAT {
            return Err(ReleaseError::Format(format.format));
        }
        let release: Self =
            serde_json::from_slice(text).map_err(|error| ReleaseError::Json(error.to_string()))?;
        release.checked()
    }

    fn checked(self) -> Result<Self, ReleaseError> {
        if self.notes.chars().count() > MAX_NOTES {
            return Err(ReleaseError::TooLong);
        }
        if self.images.is_empty() {
            return Err(ReleaseError::Empty);
        }
        for (role, image) in &self.images {
            if !is_repository(&image.reference) {
                return Err(ReleaseError::Reference(*role));
            }
            if image.ids.is_empty() || image.ids.len() > MAX_PLATFORMS {
                return Err(ReleaseError::Platforms(*role));
            }
        }
        Ok(self)
    }
}

impl ReleaseImage {
    /// Pulls exactly this: `repository@sha256:…`.
    #[must_use]
    pub fn pinned(&self) -> Option<String> {
        self.digest.as_ref().map(|digest| format!("{}@{digest}", self.reference))
    }

    /// How it is called in messages.
    #[must_use]
    pub fn describe(&self) -> String {
        self.pinned().unwrap_or_else(|| self.reference.clone())
    }
}

/// A repository's name as engines accept it: no tag, no digest, no scheme.
fn is_repository(name: &str) -> bool {
    let parts_are_right = name.split('/').enumerate().all(|(index, part)| {
        // A port is the first part's alone.
        let (part, port) = part.split_once(':').map_or((part, None), |(host, port)| (host, Some(port)));
        let port_is_right = port.is_none_or(|port| {
            index == 0 && (1..=5).contains(&port.len()) && port.bytes().all(|b| b.is_ascii_digit())
        });
        let known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-._".contains(&byte);
        port_is_right
            && part.bytes().all(known)
            && part.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric())
    });
    let has_port_alone = name.contains(':') && !name.contains('/');
    parts_are_right && !has_port_alone && name.len() <= MAX_REFERENCE
}

/// Why a text is no release.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReleaseError {
    /// More than [`MAX_RELEASE`] bytes, or notes without end.
    #[error("the release is longer than {MAX_RELEASE} bytes, or its notes than {MAX_NOTES} characters")]
    TooLong,
    /// Not JSON, or not with the fields of a release.
    #[error("not a release: {0}")]
    Json(String),
    /// Made for another updater.
    #[error("the release has format {0}, this updater reads {FORMAT}: update the updater by hand first")]
    Format(u32),
    /// No image in it.
    #[error("the release names no image")]
    Empty,
    /// An image's name is none.
    #[error("the {0} image's reference is no repository: lower case, without tag, digest and scheme")]
    Reference(Role),
    /// No platform, or too many.
    #[error("the {0} image has no platform, or more than {MAX_PLATFORMS}")]
    Platforms(Role),
    /// Not `sha256:` and 64 digits.
    #[error("a digest is `sha256:` and 64 hexadecimal digits in lower case")]
    Digest,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(reference: &str) -> String {
        let digest = format!("sha256:{}", "ab".repeat(32));
        format!(
            r#"{{"format":1,"version":"0.4.0","images":{{"sounds":{{"reference":"{reference}","digest":"{digest}","ids":{{"linux/amd64":"{digest}"}},"bytes":5}}}}}}"#
        )
    }

    #[test]
    fn a_release_is_read_and_pulled_by_digest() {
        let release =
            Release::parse(text("registry.example:5000/team/ringdown-sounds").as_bytes()).expect("a release");
        assert_eq!(release.version, Version::new(0, 4, 0));
        let pinned = release.images[&Role::Sounds].pinned().expect("it has a digest");
        assert!(pinned.starts_with("registry.example:5000/team/ringdown-sounds@sha256:abab"), "{pinned}");
    }

    #[test]
    fn a_name_that_could_mean_another_image_is_refused() {
        for reference in
            ["", "/a", "a/", "a:latest", "a@sha256:0", "https://a/b", "A/b", "a/../b", "a b", "-a", "a:1/b:2"]
        {
            let read = Release::parse(text(reference).as_bytes());
            assert_eq!(read, Err(ReleaseError::Reference(Role::Sounds)), "{reference}");
        }
    }

    #[test]
    fn what_is_no_release_is_told_why() {
        assert!(matches!(Release::parse(b"{"), Err(ReleaseError::Json(_))));
        assert_eq!(Release::parse(br#"{"format":2,"anything":1}"#), Err(ReleaseError::Format(2)));
        assert_eq!(
            Release::parse(br#"{"format":1,"version":"1.0.0","images":{}}"#),
            Err(ReleaseError::Empty)
        );
        assert_eq!(Release::parse(&vec![b' '; MAX_RELEASE + 1]), Err(ReleaseError::TooLong));
        assert!(matches!(
            Release::parse(text("a").replace("abab", "ABAB").as_bytes()),
            Err(ReleaseError::Json(_))
        ));
        assert!(matches!(
            Release::parse(text("a").replace("bytes", "octets").as_bytes()),
            Err(ReleaseError::Json(_))
        ));
    }
}
