//! Simulated clock, network and phones, and audio checks, for tests.
//!
//! - [`SimClock`]: the `now` pure crates are handed.
//! - [`SimNet`]: datagrams with seeded latency, jitter, loss (single and in bursts), reordering and duplication.
//!   [`Path`] is one direction of it for items of any kind, [`DriftingClock`] a sender whose clock is off.
//! - [`hostile`]: thousands of malformed SIP messages. The program `malformed` writes them for scripts.
//! - [`audio`]: makes tones, tells which tone a recording holds and whether anything else is in it, reads and
//!   writes WAV files. The program `audio-check` offers the same to scripts.

pub mod audio;
mod clock;
pub mod hostile;
mod net;

pub use clock::SimClock;
pub use net::{Burst, Datagram, DriftingClock, Link, NetFigures, Path, SimNet};
