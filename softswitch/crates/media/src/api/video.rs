//! A leg's video: up to two streams beside its audio, the camera and the screen. Video is relayed, never decoded.

use ringdown_types::{MediaDirection, RtpExtension, VideoCoding, VideoFeedback, VideoSlot};

use super::Transport;

/// One video stream of a leg, as negotiated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VideoStream {
    /// Which of the leg's streams; what comes in on it goes to the partner's stream of the same slot.
    pub slot: VideoSlot,
    /// Where its packets come from and go to. `None` where they share the leg's transport (BUNDLE, RFC 9143):
    /// browsers do. A telephone's stream has a port pair of its own.
    pub transport: Option<Transport>,
    /// `a=mid`, up to 32 bytes, for the header extension of that name; `None` outside a BUNDLE group.
    pub mid: Option<String>,
    /// The formats agreed on, preferred first: we may send each that the partner's stream has under the same coding.
    /// At most one for each coding; never empty.
    pub formats: Vec<VideoFormat>,
    /// Which way media flows, seen from us.
    pub direction: MediaDirection,
    /// Which feedback messages both sides speak.
    pub feedback: VideoFeedback,
    /// The header extensions both sides know, each once.
    pub extensions: Vec<HeaderExtension>,
    /// Our SSRC for what we send, as our description says.
    pub local_ssrc: u32,
    /// Our SSRC for retransmissions (RFC 4588).
    pub local_rtx_ssrc: u32,
    /// The peer's sources, where its description names them; empty where they must be learnt (RFC 9143 §9.2: by the
    /// mid extension, else by a payload type only this stream has).
    pub remote_sources: Vec<RemoteSource>,
    /// The canonical name of RTCP SDES, the same as the audio's.
    pub cname: String,
    /// The most we send, in kbit/s, of the peer's `b=AS` or `b=TIAS`; `None` where it says nothing.
    pub max_send_kbps: Option<u32>,
}

/// A negotiated video format and its payload types, 0–127; see [`super::PayloadFormat`] for the two directions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VideoFormat {
    /// What is relayed to the same coding, and to no other.
    pub coding: VideoCoding,
    /// What we send with: the number of the peer's description.
    pub send: u8,
    /// What we receive with: the number of ours.
    pub receive: u8,
    /// Its retransmissions (RFC 4588), where agreed.
    pub rtx: Option<RtxFormat>,
}

/// The payload types of a format's retransmissions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RtxFormat {
    /// What we send with.
    pub send: u8,
    /// What we receive with.
    pub receive: u8,
}

/// A negotiated RTP header extension (RFC 8285) and its ids, 1–14.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeaderExtension {
    /// What it carries.
    pub kind: RtpExtension,
    /// The id we send with: that of the peer's description.
    pub send: u8,
    /// The id we receive with: that of ours.
    pub receive: u8,
}

/// A source of the peer's, as its description names it (RFC 5576).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RemoteSource {
    /// The SSRC of the stream.
    pub ssrc: u32,
    /// The SSRC of its retransmissions (`a=ssrc-group:FID`).
    pub rtx: Option<u32>,
}
