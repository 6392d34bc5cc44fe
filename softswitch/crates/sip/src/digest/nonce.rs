//! Nonces that carry their own proof: `time ‖ random ‖ HMAC`, in hexadecimal.

use hmac::{Hmac, KeyInit, Mac};
use ringdown_types::Random;
use sha2::Sha256;

use super::hexadecimal;

/// A nonce of ours: when it was issued and what tells it from others of the same moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Nonce {
    /// Milliseconds since the authenticator started.
    pub(super) issued_ms: u64,
    salt: u64,
}

/// The key that proves a nonce ours.
pub(super) struct NonceKey(Hmac<Sha256>);

const TAG_LENGTH: usize = 16;
const LENGTH: usize = 8 + 8 + TAG_LENGTH;

impl NonceKey {
    pub(super) fn new(random: &mut dyn Random) -> Self {
        let mut key = [0; 32];
        random.fill(&mut key);
        Self(Hmac::new_from_slice(&key).expect("HMAC takes keys of any length"))
    }

    pub(super) fn issue(&self, issued_ms: u64, random: &mut dyn Random) -> String {
        let mut bytes = [0; LENGTH];
        bytes[..8].copy_from_slice(&issued_ms.to_be_bytes());
        random.fill(&mut bytes[8..16]);
        let tag = self.tag(&bytes[..16]);
        bytes[16..].copy_from_slice(&tag);
        hexadecimal(&bytes)
    }

    /// Reads a nonce; `None` if it is not ours.
    pub(super) fn open(&self, text: &str) -> Option<Nonce> {
        let bytes = unhex(text)?;
        let (body, tag) = bytes.split_at(16);
        let mut mac = self.0.clone();
        mac.update(body);
        // Compares in constant time.
        mac.verify_truncated_left(tag).ok()?;
        let (issued, salt) = body.split_first_chunk::<8>()?;
        Some(Nonce {
            issued_ms: u64::from_be_bytes(*issued),
            salt: u64::from_be_bytes(*salt.first_chunk::<8>()?),
        })
    }

    fn tag(&self, body: &[u8]) -> [u8; TAG_LENGTH] {
        let mut mac = self.0.clone();
        mac.update(body);
        let mut tag = [0; TAG_LENGTH];
        tag.copy_from_slice(&mac.finalize().into_bytes()[..TAG_LENGTH]);
        tag
    }
}

impl std::fmt::Debug for NonceKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NonceKey(‹secret›)")
    }
}

fn unhex(text: &str) -> Option<[u8; LENGTH]> {
    if text.len() != 2 * LENGTH || !text.is_ascii() {
        return None;
    }
    let mut bytes = [0; LENGTH];
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        let (high, low) = (char::from(pair[0]).to_digit(16)?, char::from(pair[1]).to_digit(16)?);
        *byte = (high * 16 + low) as u8;
    }
    Some(bytes)
}
