//! Video codecs, and which of a leg's video streams is meant.

use serde::{Deserialize, Serialize};

/// One of the two video streams a leg may have beside its audio.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum VideoSlot {
    /// The person: RFC 4796 `main`.
    Camera,
    /// What the person shows: a shared screen or slides, RFC 4796 `slides`.
    Screen,
}

impl VideoSlot {
    /// Both, camera first: the order of their m-sections where the switch offers.
    pub const ALL: [Self; 2] = [Self::Camera, Self::Screen];

    /// Its place in [`VideoSlot::ALL`], for tables with one entry a slot.
    pub const fn index(self) -> usize {
        match self {
            Self::Camera => 0,
            Self::Screen => 1,
        }
    }

    /// `camera` or `screen`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Camera => "camera",
            Self::Screen => "screen",
        }
    }
}

/// A video codec with what must be alike on both sides of a relay: who receives one coding of a stream can decode
/// every stream of the same coding. Nothing is transcoded, so two legs see each other where they share one.
///
/// Levels are not part of it: they bound what a receiver takes and are negotiated beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum VideoCoding {
    /// VP8 (RFC 7741).
    Vp8,
    /// H.264 (RFC 6184).
    H264 {
        /// The profile of `profile-level-id`.
        profile: H264Profile,
        /// `packetization-mode`: 0 (single NAL unit) or 1 (non-interleaved). Mode 2 is not served.
        packetization_mode: u8,
    },
    /// VP9 (RFC 9628).
    Vp9 {
        /// `profile-id`, 0 to 3.
        profile: u8,
    },
    /// AV1 (the Alliance for Open Media's RTP payload format).
    Av1 {
        /// `profile`, 0 to 2.
        profile: u8,
    },
}

impl VideoCoding {
    /// The RTP clock rate of every video coding, in Hz.
    pub const CLOCK_RATE: u32 = 90_000;

    /// The encoding name of `a=rtpmap`.
    pub const fn encoding_name(self) -> &'static str {
        match self {
            Self::Vp8 => "VP8",
            Self::H264 { .. } => "H264",
            Self::Vp9 { .. } => "VP9",
            Self::Av1 { .. } => "AV1",
        }
    }
}

/// An H.264 profile, told from `profile_idc` and the constraint flags (RFC 6184 §8.1, table 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum H264Profile {
    /// Constrained Baseline, and Baseline: encoders of telephones and browsers use none of the tools that set the two
    /// apart (flexible macroblock order, arbitrary slice order, redundant slices).
    Baseline,
    /// Main.
    Main,
    /// Extended.
    Extended,
    /// Constrained High.
    ConstrainedHigh,
    /// High.
    High,
    /// High 4:4:4 Predictive.
    PredictiveHigh444,
}

/// The RTP header extensions (RFC 8285) that are negotiated: of video, but for the audio level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RtpExtension {
    /// `urn:ietf:params:rtp-hdrext:sdes:mid` (RFC 9143 §15): of one transport, written anew.
    Mid,
    /// `http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01`: of one transport, written anew.
    TransportSequence,
    /// `http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time`: of one transport, written anew.
    AbsoluteSendTime,
    /// `http://www.webrtc.org/experiments/rtp-hdrext/playout-delay`: relayed.
    PlayoutDelay,
    /// `http://www.webrtc.org/experiments/rtp-hdrext/video-content-type`: relayed.
    VideoContentType,
    /// `urn:ietf:params:rtp-hdrext:ssrc-audio-level` (RFC 6464): of audio, read and not passed on.
    AudioLevel,
}

/// The feedback messages (RFC 4585, RFC 5104) one side, or both, speak on a video stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[allow(clippy::struct_excessive_bools)] // A set of five, as `a=rtcp-fb` lists it.
pub struct VideoFeedback {
    /// Generic NACK: `nack`.
    pub nack: bool,
    /// Picture loss indication: `nack pli`.
    pub pli: bool,
    /// Full intra request: `ccm fir`.
    pub fir: bool,
    /// Receiver-estimated maximum bitrate: `goog-remb`.
    pub remb: bool,
    /// Transport-wide congestion control: `transport-cc`.
    pub transport_cc: bool,
}
