//! Bugs on demand: a random source that panics when it is told to. Every part of the switch draws from one, so that a
//! panic can be had wherever ids, tags and branches are made, without a door for it in the product.

use std::cell::Cell;

use ringdown_types::{Random, SeededRandom};

thread_local! {
    static DRAWS: Cell<Option<u32>> = const { Cell::new(None) };
}

/// Lets the draw after `draws` more panic, once.
pub(crate) fn panic_after(draws: u32) {
    DRAWS.set(Some(draws));
}

/// Nothing panics any more; whether it had been about to.
pub(crate) fn is_armed() -> bool {
    DRAWS.take().is_some()
}

/// A seeded source that can break.
pub(crate) struct Fragile(pub(crate) SeededRandom);

impl Random for Fragile {
    fn fill(&mut self, bytes: &mut [u8]) {
        match DRAWS.get() {
            Some(0) => {
                DRAWS.set(None);
                panic!("a bug on demand");
            }
            Some(left) => DRAWS.set(Some(left - 1)),
            None => {}
        }
        self.0.fill(bytes);
    }
}
