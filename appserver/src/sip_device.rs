//! SIP devices: a password is made, shown once, and kept as the two digest hashes only.

use md5::{Digest as _, Md5};
use ringdown_types::{Pii, Random as _, UserId};
use sha2::Sha256;

use crate::{clock::unix_ms, random::OsRandom, store::Device};

/// A new device and its password.
pub fn create(username: &str, user: UserId, label: &str, realm: &str) -> (Device, String) {
    let password = OsRandom.token(20);
    // RFC 7616 §3.4.2: A1 = username ":" realm ":" password.
    let a1 = format!("{username}:{realm}:{password}");
    let device = Device {
        username: username.to_owned(),
        user,
        label: Pii(label.to_owned()),
        ha1_sha256: crate::hex::encode(&Sha256::digest(a1.as_bytes())),
        ha1_md5: crate::hex::encode(&Md5::digest(a1.as_bytes())),
        created_at: unix_ms(),
    };
    (device, password)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hashes_are_those_of_the_password_shown() {
        let (device, password) = create("101", UserId::from_u128(1), "Desk", "ringdown.local");
        let a1 = format!("101:ringdown.local:{password}");
        assert_eq!(device.ha1_sha256, crate::hex::encode(&Sha256::digest(a1.as_bytes())));
        assert_eq!((device.ha1_sha256.len(), device.ha1_md5.len(), password.len()), (64, 32, 20));
    }
}
