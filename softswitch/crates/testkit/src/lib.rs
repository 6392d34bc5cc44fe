//! Simulated clock, network and phones, and audio checks, for tests.
//!
//! - [`SimClock`]: the `now` pure crates are handed.
//! - [`SimNet`]: datagrams with seeded latency, loss, reordering and duplication.
//! - [`hostile`]: thousands of malformed SIP messages. The program `malformed` writes them for scripts.
//! - [`audio`]: makes tones, tells which tone a recording holds and whether anything else is in it, reads and
//!   writes WAV files. The program `audio-check` offers the same to scripts.

pub mod audio;
mod clock;
pub mod hostile;
mod net;

pub use clock::SimClock;
pub use net::{Datagram, Link, NetFigures, SimNet};
