//! A leg's video beside its audio: up to two streams that are relayed to the partner's streams of the same slot.
//!
//! | file | is |
//! |---|---|
//! | `stream.rs` | one stream: what it takes in, what it puts out |
//! | `relay.rs` | a packet's way from leg to leg |
//! | `feedback.rs` | what receivers ask for, and what sources are asked for |
//! | `setup.rs` | what call control says of it |

mod feedback;
mod relay;
mod setup;
mod stream;

use std::time::{Duration, Instant};

use ringdown_media::{api, rtcp::ArrivalLog, video::DownlinkEstimate};
use ringdown_types::{RtpExtension, VideoSlot};

pub(crate) use stream::Stream;

use crate::output::SocketKey;

/// The video of one leg.
pub(crate) struct Video {
    /// At most one for each slot.
    pub(crate) streams: Vec<Stream>,
    /// When numbered packets of the leg's transport came.
    arrivals: ArrivalLog,
    /// What the way to the leg carries.
    downlink: DownlinkEstimate,
    /// What the leg itself says it can take, and when it did.
    estimate: Option<(u64, Instant)>,
    /// What its partner was last told.
    told: Option<(u64, Instant)>,
    /// From when times on the wire count.
    epoch: Instant,
}

impl Video {
    fn new(now: Instant) -> Self {
        Self {
            streams: Vec::new(),
            arrivals: ArrivalLog::new(now),
            downlink: DownlinkEstimate::default(),
            estimate: None,
            told: None,
            epoch: now,
        }
    }

    pub(crate) fn stream(&self, slot: VideoSlot) -> Option<&Stream> {
        self.streams.iter().find(|stream| stream.parameters.slot == slot)
    }

    pub(crate) fn stream_mut(&mut self, slot: VideoSlot) -> Option<&mut Stream> {
        self.streams.iter_mut().find(|stream| stream.parameters.slot == slot)
    }

    /// The stream that has a port pair of its own, if the socket is one of it.
    pub(crate) fn by_socket(&mut self, socket: SocketKey) -> Option<&mut Stream> {
        let (SocketKey::Rtp(port) | SocketKey::Rtcp(port)) = socket else { return None };
        self.streams.iter_mut().find(|stream| stream.own_port() == Some(port))
    }

    /// What feeds this leg's streams has changed: each waits for a key frame.
    pub(crate) fn release_sources(&mut self) {
        for stream in &mut self.streams {
            stream.outgoing.release_source();
        }
    }

    /// When something is due.
    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        let streams = self.streams.iter().filter_map(Stream::next_timeout);
        let limit = self.told.map(|(_, at)| at + LIMIT_INTERVAL);
        streams.chain(self.arrivals.next_timeout()).chain(limit).min()
    }

    /// What a source may send to this leg, in bits per second; `None` while nothing speaks against more.
    fn limit(&self, now: Instant) -> Option<u64> {
        let sends = |stream: &&Stream| stream.parameters.direction.sends();
        let negotiated = self
            .streams
            .iter()
            .filter(sends)
            .map(|stream| stream.parameters.max_send_kbps.map(|kbps| u64::from(kbps) * 1000))
            .sum::<Option<u64>>()
            .filter(|limit| *limit > 0);
        let estimate = self.estimate.filter(|(_, at)| now < *at + ESTIMATE_AGE).map(|(estimate, _)| estimate);
        [negotiated, estimate, self.downlink.limit()].into_iter().flatten().min()
    }
}

/// Whether packets of a stream's transport are numbered for the leg.
fn is_numbered(parameters: &api::VideoStream) -> Option<u8> {
    let numbers = RtpExtension::TransportSequence;
    let extension = parameters.extensions.iter().find(|extension| extension.kind == numbers)?;
    (parameters.feedback.transport_cc && parameters.transport.is_none()).then_some(extension.send)
}

/// How often a source that is limited is told so: a sender lets a limit that is not repeated stand, but one message may
/// be lost.
const LIMIT_INTERVAL: Duration = Duration::from_secs(1);

/// A receiver that has stopped estimating limits nobody.
const ESTIMATE_AGE: Duration = Duration::from_secs(8);

/// What a source is told when a limit is lifted: more than any sends.
const UNLIMITED: u64 = 100_000_000;
