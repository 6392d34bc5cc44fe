//! Randomness of the operating system.

use ringdown_types::Random;

/// The operating system's random source.
#[derive(Debug, Clone, Copy, Default)]
pub struct OsRandom;

impl Random for OsRandom {
    fn fill(&mut self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the operating system has randomness");
    }
}

/// A secret of 160 random bits: 32 characters of `[a-z2-7]`.
pub fn secret() -> String {
    OsRandom.token(32)
}
