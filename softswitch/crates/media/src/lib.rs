//! Audio without I/O: RTP, RTCP, jitter buffer, codecs, tones, prompts, relay rewriting.

pub mod api;
