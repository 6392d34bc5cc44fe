//! What we want of a peer's video, and what both agree on.

use ringdown_types::{MediaDirection, RtpExtension, VideoCoding, VideoFeedback, VideoSlot};

use super::{course::AgreedVideo, formats::VideoLimits, remote::VideoSource};
use crate::{local::LocalIdentity, negotiated::NegotiatedTransport};

/// What we want of one video stream, in all offers and answers until it is said anew. A stream nobody wishes for is
/// refused, or ended with port 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VideoWish {
    /// Which stream.
    pub slot: VideoSlot,
    /// The codings our other side can take, preferred first, and how much of each.
    pub codecs: Vec<(VideoCoding, VideoLimits)>,
    /// Which way media is to flow, seen from us.
    pub direction: MediaDirection,
    /// Our even RTP port for it, towards a telephone; without one a telephone's stream is refused. Browsers need none.
    pub port: Option<u16>,
    /// The most our other side wants to receive, in kbit/s; said as `b=AS`.
    pub max_kbps: Option<u32>,
}

/// What both sides agree on for one video stream.
#[derive(Debug, Clone, PartialEq)]
pub struct NegotiatedVideo {
    /// Which stream.
    pub slot: VideoSlot,
    /// The formats, preferred first; never empty.
    pub codecs: Vec<NegotiatedVideoCodec>,
    /// Which way media flows, seen from us.
    pub direction: MediaDirection,
    /// What the peer would do if we let it, seen from the peer: where our offer did not ask, its last word stands.
    pub peer_direction: MediaDirection,
    /// The feedback messages both speak.
    pub feedback: VideoFeedback,
    /// The header extensions both know.
    pub extensions: Vec<NegotiatedExtension>,
    /// `a=mid`, in a bundle.
    pub mid: Option<String>,
    /// The sources the peer names.
    pub sources: Vec<VideoSource>,
    /// The most the peer wants to receive, in kbit/s.
    pub max_kbps: Option<u32>,
    /// Our SSRC.
    pub local_ssrc: u32,
    /// Our SSRC for retransmissions.
    pub local_rtx_ssrc: u32,
    /// A telephone's transport of this stream; `None` for a browser, whose streams share one.
    pub transport: Option<NegotiatedTransport>,
}

impl NegotiatedVideo {
    pub(crate) fn new(
        agreed: AgreedVideo<'_>,
        identity: &LocalIdentity,
        transport: Option<NegotiatedTransport>,
    ) -> Self {
        let ours = identity.video_sources(agreed.local.slot);
        Self {
            slot: agreed.local.slot,
            codecs: agreed.codecs,
            direction: agreed.direction,
            peer_direction: agreed.peer_direction,
            feedback: agreed.feedback,
            extensions: agreed.extensions,
            mid: agreed.local.mid,
            sources: agreed.remote.sources.clone(),
            max_kbps: agreed.remote.max_kbps,
            local_ssrc: ours.ssrc,
            local_rtx_ssrc: ours.rtx_ssrc,
            transport,
        }
    }
}

/// A video format and its payload types; see [`crate::NegotiatedCodec`] for the two directions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NegotiatedVideoCodec {
    /// The coding.
    pub coding: VideoCoding,
    /// The payload type we send: the peer's number.
    pub send_payload_type: u8,
    /// The payload type we receive: the number of our description.
    pub receive_payload_type: u8,
    /// The payload types of retransmissions, sent and received, where both list them.
    pub rtx: Option<(u8, u8)>,
    /// How much of it the peer takes.
    pub limits: VideoLimits,
    /// How much of it we said that we take.
    pub said_limits: VideoLimits,
}

/// A header extension and its ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NegotiatedExtension {
    /// Which one.
    pub kind: RtpExtension,
    /// The id we send with: that of the peer's description.
    pub send_id: u8,
    /// The id we receive with: that of ours.
    pub receive_id: u8,
}
