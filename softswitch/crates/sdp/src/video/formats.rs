//! What the formats of a video section mean.

use ringdown_types::VideoCoding;

use super::h264::ProfileLevelId;
use crate::{
    attribute::{FormatParameters, RtpMap, payload_type_of},
    description::MediaSection,
};

/// A video format as a peer lists it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VideoCodec {
    /// What a stream must be to be decoded.
    pub coding: VideoCoding,
    /// The payload type, 0–127.
    pub payload_type: u8,
    /// The payload type of its retransmissions (RFC 4588), where listed.
    pub rtx: Option<u8>,
    /// How much of it the peer takes.
    pub limits: VideoLimits,
    /// `profile_idc` and `profile-iop` as the peer writes them: several say the same profile.
    pub(super) h264_profile: Option<[u8; 2]>,
}

/// What a receiver takes of a coding. What one leg's device says is told to the other's, which sends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct VideoLimits {
    /// H.264: `level_idc`, ten times the level. AV1: `level-idx`.
    pub level: Option<u8>,
    /// H.264: `level-asymmetry-allowed`; without it both directions keep to the lower level.
    pub level_asymmetry: bool,
    /// AV1: `tier`.
    pub tier: Option<u8>,
    /// `max-fs`, macroblocks in a frame.
    pub max_frame_size: Option<u32>,
    /// VP8 and VP9: `max-fr`, frames in a second.
    pub max_frame_rate: Option<u32>,
    /// H.264: `max-mbps`, macroblocks in a second.
    pub max_macroblock_rate: Option<u32>,
    /// H.264: `max-br`, in units of 1,000 bit/s (RFC 6184 §8.1).
    pub max_bitrate: Option<u32>,
}

/// The formats of a video section that we know, in the peer's order; a coding listed twice counts once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct VideoFormats {
    pub(crate) codecs: Vec<VideoCodec>,
    /// Every payload type listed, known or not.
    pub(crate) listed: Vec<u8>,
}

impl VideoFormats {
    pub(super) fn read(section: &MediaSection) -> Self {
        let maps: Vec<RtpMap> = section.rtp_maps().collect();
        let parameters: Vec<FormatParameters> = section.format_parameters().collect();
        let fmtp = |payload_type| parameters.iter().find(|fmtp| fmtp.payload_type == payload_type);
        let mut formats = Self::default();
        for payload_type in section.formats.iter().filter_map(|format| payload_type_of(format)) {
            if formats.listed.contains(&payload_type) {
                continue;
            }
            formats.listed.push(payload_type);
            let map = maps.iter().find(|map| map.payload_type == payload_type);
            let Some(codec) = map.and_then(|map| read_codec(map, fmtp(payload_type))) else { continue };
            if !formats.codecs.iter().any(|known| known.coding == codec.coding) {
                formats.codecs.push(codec);
            }
        }
        // RFC 4588 §8.6: apt names the format that is retransmitted.
        for map in maps.iter().filter(|map| map.encoding.eq_ignore_ascii_case("rtx")) {
            let associated = fmtp(map.payload_type)
                .and_then(|fmtp| fmtp.parameter("apt"))
                .and_then(payload_type_of)
                .filter(|_| formats.listed.contains(&map.payload_type));
            if let Some(codec) =
                formats.codecs.iter_mut().find(|codec| Some(codec.payload_type) == associated)
            {
                codec.rtx.get_or_insert(map.payload_type);
            }
        }
        formats
    }
}

fn read_codec(map: &RtpMap, fmtp: Option<&FormatParameters>) -> Option<VideoCodec> {
    if map.clock_rate != VideoCoding::CLOCK_RATE {
        return None;
    }
    let text = |key| fmtp.and_then(|fmtp| fmtp.parameter(key));
    let number = |key| text(key).and_then(|value| value.parse::<u32>().ok());
    let small = |key, otherwise: u8| match text(key) {
        Some(value) => value.parse::<u8>().ok(),
        None => Some(otherwise),
    };
    let mut limits = VideoLimits { max_frame_size: number("max-fs"), ..VideoLimits::default() };
    let mut h264_profile = None;
    let coding = match map.encoding.to_ascii_uppercase().as_str() {
        "VP8" => {
            limits.max_frame_rate = number("max-fr");
            VideoCoding::Vp8
        }
        "VP9" => {
            limits.max_frame_rate = number("max-fr");
            VideoCoding::Vp9 { profile: small("profile-id", 0).filter(|profile| *profile <= 3)? }
        }
        "AV1" => {
            limits.level = Some(small("level-idx", 5)?).filter(|level| *level <= 31);
            limits.tier = Some(small("tier", 0)?).filter(|tier| *tier <= 1);
            VideoCoding::Av1 { profile: small("profile", 0).filter(|profile| *profile <= 2)? }
        }
        "H264" => {
            let id = match text("profile-level-id") {
                Some(value) => ProfileLevelId::parse(value)?,
                None => ProfileLevelId::UNSAID,
            };
            limits.level = Some(id.level);
            limits.level_asymmetry = text("level-asymmetry-allowed") == Some("1");
            limits.max_macroblock_rate = number("max-mbps");
            limits.max_bitrate = number("max-br");
            h264_profile = Some(id.profile);
            let packetization_mode = small("packetization-mode", 0).filter(|mode| *mode <= 1)?;
            VideoCoding::H264 { profile: id.profile()?, packetization_mode }
        }
        _ => return None,
    };
    Some(VideoCodec { coding, payload_type: map.payload_type, rtx: None, limits, h264_profile })
}

/// A video format as we list it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LocalVideoFormat {
    pub(crate) coding: VideoCoding,
    pub(crate) payload_type: u8,
    pub(crate) rtx: Option<u8>,
    /// How much of it our other side takes.
    pub(crate) limits: VideoLimits,
    pub(crate) h264_profile: Option<[u8; 2]>,
}

impl LocalVideoFormat {
    /// `a=rtpmap`, and `a=fmtp` where there is something to say.
    pub(super) fn lines(&self) -> (String, Option<String>) {
        let map = RtpMap {
            payload_type: self.payload_type,
            encoding: self.coding.encoding_name().to_owned(),
            clock_rate: VideoCoding::CLOCK_RATE,
            channels: 1,
        };
        let parameters = self.parameters();
        let fmtp =
            (!parameters.is_empty()).then(|| format!("{} {}", self.payload_type, parameters.join(";")));
        (map.to_string(), fmtp)
    }

    fn parameters(&self) -> Vec<String> {
        let limits = &self.limits;
        let mut parameters = Vec::new();
        let mut say = |key: &str, value: Option<u32>| {
            parameters.extend(value.map(|value| format!("{key}={value}")));
        };
        match self.coding {
            VideoCoding::Vp8 => {
                say("max-fs", limits.max_frame_size);
                say("max-fr", limits.max_frame_rate);
            }
            VideoCoding::Vp9 { profile } => {
                say("profile-id", Some(profile.into()));
                say("max-fs", limits.max_frame_size);
                say("max-fr", limits.max_frame_rate);
            }
            VideoCoding::Av1 { profile } => {
                say("profile", Some(profile.into()));
                say("level-idx", Some(limits.level.unwrap_or(5).into()));
                say("tier", Some(limits.tier.unwrap_or(0).into()));
            }
            VideoCoding::H264 { profile, packetization_mode } => {
                say("level-asymmetry-allowed", limits.level_asymmetry.then_some(1));
                say("packetization-mode", Some(packetization_mode.into()));
                say("max-fs", limits.max_frame_size);
                say("max-mbps", limits.max_macroblock_rate);
                say("max-br", limits.max_bitrate);
                let id = ProfileLevelId {
                    profile: self.h264_profile.unwrap_or_else(|| ProfileLevelId::bytes_of(profile)),
                    level: limits.level.unwrap_or(ProfileLevelId::UNSAID.level),
                };
                parameters.push(format!("profile-level-id={}", id.value()));
            }
        }
        parameters
    }
}
