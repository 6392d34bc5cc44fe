//! A whole media worker without I/O: joins a browser's transport (`ringdown-rtc`) and audio (`ringdown-media`).
//!
//! [`Worker`] owns the legs of its calls. The shell owns a thread, sockets and a clock: it hands over commands and
//! datagrams with the time, sends what the worker gives it, opens and closes ports when asked, and carries events
//! back to call control. See `docs/media.md` for a packet's path through the files of this crate.

mod absence;
mod browser;
mod commands;
mod deadlines;
mod digits;
mod feed;
mod handshakes;
mod hearing;
mod incoming;
mod latching;
mod leg;
mod legs;
mod mix;
mod output;
mod protection;
mod quality;
mod receive;
mod recorder;
mod recordings;
mod routes;
mod telephone;
mod transport;
mod video;
mod worker;

pub use latching::{Expected, RULES, Rule, Source, SourceLock, Verdict};
pub use output::{Output, PacketSink, RecordingFile, RecordingPart, SocketKey};
pub use quality::{QualityCounts, ScoreHistogram};
pub use receive::Datagram;
pub use worker::{Worker, WorkerConfig, WorkerCounts};
