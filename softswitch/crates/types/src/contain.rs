//! Where a bug ends: at the owner of what it happened to.

use std::{
    error::Error,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
};

/// Something panicked. What it worked on may be half changed: throw it away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Panicked;

impl fmt::Display for Panicked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a bug: it panicked")
    }
}

impl Error for Panicked {}

/// Runs `act` and keeps a panic from going further: for the owner of many things, about one of them. It is no way to
/// handle errors, and whoever catches one ends what it happened to, counts it and logs it as an ERROR.
///
/// # Errors
/// If `act` panicked.
pub fn contain<T>(act: impl FnOnce() -> T) -> Result<T, Panicked> {
    catch_unwind(AssertUnwindSafe(act)).map_err(|_| Panicked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_goes_no_further() {
        assert_eq!(contain(|| 1), Ok(1));
        assert_eq!(contain(|| -> u8 { panic!("a bug") }), Err(Panicked));
    }
}
