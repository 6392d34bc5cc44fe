//! Audio without I/O: RTP, RTCP, jitter buffer, codecs, tones, prompts, relay rewriting.
//!
//! Everything here is told the time and the random source, and takes and returns bytes. The crate `plane` joins
//! it with a browser's transport into a whole media worker.

pub mod activity;
pub mod api;
pub mod band;
mod checksum;
pub mod codec;
pub mod dtmf;
pub mod jitter;
pub mod mix;
pub mod noise;
pub mod ogg;
pub mod playout;
pub mod prompt;
pub mod quality;
pub mod resample;
pub mod rtcp;
pub mod rtp;
pub mod stretch;
pub mod tone;
pub mod transcode;
pub mod video;
pub mod wav;
pub mod wide;

/// The instant at which tests begin. Instants cannot be made from nothing; tests only add to this one.
#[cfg(test)]
#[expect(
    clippy::disallowed_methods,
    reason = "the one clock read of the tests; nothing depends on its value"
)]
fn test_start() -> std::time::Instant {
    std::time::Instant::now()
}
