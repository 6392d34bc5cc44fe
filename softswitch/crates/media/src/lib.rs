//! Audio without I/O: RTP, RTCP, jitter buffer, codecs, tones, prompts, relay rewriting.
//!
//! Everything here is told the time and the random source, and takes and returns bytes. The crate `plane` joins
//! it with a browser's transport into a whole media worker.

pub mod api;
pub mod codec;
pub mod jitter;
pub mod prompt;
pub mod resample;
pub mod rtcp;
pub mod rtp;
pub mod tone;
pub mod transcode;
pub mod wav;
