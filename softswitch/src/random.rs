//! The operating system's random source.

use ringdown_types::Random;

/// Random bytes of the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&mut self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("a running Linux kernel has randomness");
    }
}
