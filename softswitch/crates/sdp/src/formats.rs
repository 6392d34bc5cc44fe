//! What the formats of an audio section mean: codecs and telephone events.

use ringdown_types::CodecId;

use crate::{
    attribute::{FormatParameters, RtpMap, payload_type_of},
    description::MediaSection,
};

/// A codec as a peer lists it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AudioCodec {
    /// The codec.
    pub codec: CodecId,
    /// The payload type, 0–127.
    pub payload_type: u8,
    /// What the peer says about receiving Opus; defaults for other codecs.
    pub opus: OpusParameters,
}

/// What the peer's `a=fmtp` says of the Opus it wants to receive (RFC 7587 §6.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpusParameters {
    /// `useinbandfec`: it can use in-band FEC.
    pub inband_fec: bool,
    /// `usedtx`: it wants discontinuous transmission.
    pub dtx: bool,
    /// `stereo`: it prefers stereo.
    pub stereo: bool,
    /// `cbr`: it wants a constant bitrate.
    pub constant_bitrate: bool,
    /// `maxaveragebitrate` in bit/s, 6,000 to 510,000.
    pub max_average_bitrate: Option<u32>,
    /// `maxplaybackrate` in Hz, 8,000 to 48,000.
    pub max_playback_rate: u32,
    /// `minptime` in milliseconds.
    pub min_packet_time_ms: u8,
}

impl Default for OpusParameters {
    fn default() -> Self {
        Self {
            inband_fec: false,
            dtx: false,
            stereo: false,
            constant_bitrate: false,
            max_average_bitrate: None,
            max_playback_rate: 48_000,
            min_packet_time_ms: 3,
        }
    }
}

impl OpusParameters {
    fn read(fmtp: &FormatParameters) -> Self {
        let flag = |key| fmtp.parameter(key) == Some("1");
        let number = |key| fmtp.parameter(key).and_then(|value| value.parse::<u32>().ok());
        let default = Self::default();
        Self {
            inband_fec: flag("useinbandfec"),
            dtx: flag("usedtx"),
            stereo: flag("stereo"),
            constant_bitrate: flag("cbr"),
            max_average_bitrate: number("maxaveragebitrate").map(|rate| rate.clamp(6_000, 510_000)),
            max_playback_rate: number("maxplaybackrate")
                .map_or(default.max_playback_rate, |rate| rate.clamp(8_000, 48_000)),
            min_packet_time_ms: number("minptime")
                .and_then(|time| u8::try_from(time).ok())
                .unwrap_or(default.min_packet_time_ms),
        }
    }
}

/// A telephone-event format (RFC 4733).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TelephoneEventFormat {
    /// The payload type, 0–127.
    pub payload_type: u8,
    /// The clock rate in Hz.
    pub clock_rate: u32,
}

/// The formats of an audio section that we know, in the peer's order. A codec listed under several payload types
/// counts once, under its first; so does telephone-event at one clock rate.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct AudioFormats {
    pub(crate) codecs: Vec<AudioCodec>,
    pub(crate) telephone_events: Vec<TelephoneEventFormat>,
    /// The payload type of comfort noise at 8,000 Hz (RFC 3389).
    pub(crate) comfort_noise: Option<u8>,
    /// Every payload type listed, known or not: none may be given another meaning later (RFC 3264 §8.3.2).
    pub(crate) listed: Vec<u8>,
}

impl AudioFormats {
    pub(crate) fn read(section: &MediaSection) -> Self {
        let mut maps: [Option<RtpMap>; 128] = [const { None }; 128];
        for map in section.rtp_maps() {
            if let Some(slot) = maps.get_mut(usize::from(map.payload_type)) {
                slot.get_or_insert(map);
            }
        }
        let mut formats = Self::default();
        for payload_type in section.formats.iter().filter_map(|format| payload_type_of(format)) {
            if formats.listed.contains(&payload_type) {
                continue;
            }
            formats.listed.push(payload_type);
            match maps.get(usize::from(payload_type)).and_then(Option::as_ref) {
                Some(map) if map.encoding.eq_ignore_ascii_case("telephone-event") => formats.add_event(map),
                Some(map) if is_comfort_noise(map) => {
                    formats.comfort_noise.get_or_insert(payload_type);
                }
                None if payload_type == COMFORT_NOISE => {
                    formats.comfort_noise.get_or_insert(payload_type);
                }
                Some(map) => formats.add_codec(section, payload_type, codec_of(map)),
                // RFC 3551 §6: a static payload type needs no rtpmap.
                None => formats.add_codec(section, payload_type, static_codec(payload_type)),
            }
        }
        formats
    }

    fn add_event(&mut self, map: &RtpMap) {
        if !self.telephone_events.iter().any(|event| event.clock_rate == map.clock_rate) {
            self.telephone_events
                .push(TelephoneEventFormat { payload_type: map.payload_type, clock_rate: map.clock_rate });
        }
    }

    fn add_codec(&mut self, section: &MediaSection, payload_type: u8, codec: Option<CodecId>) {
        let Some(codec) = codec.filter(|&codec| !self.codecs.iter().any(|known| known.codec == codec)) else {
            return;
        };
        let opus = match codec {
            CodecId::Opus => section
                .format_parameters()
                .find(|fmtp| fmtp.payload_type == payload_type)
                .map(|fmtp| OpusParameters::read(&fmtp))
                .unwrap_or_default(),
            CodecId::G722 | CodecId::Pcmu | CodecId::Pcma => OpusParameters::default(),
        };
        self.codecs.push(AudioCodec { codec, payload_type, opus });
    }
}

/// The codec of an rtpmap. RFC 7587 §7 fixes opus/48000/2; telephones that leave `/2` out mean the same stream.
fn codec_of(map: &RtpMap) -> Option<CodecId> {
    CodecId::ALL.into_iter().find(|codec| {
        let channels_fit = match codec {
            CodecId::Opus => map.channels <= 2,
            CodecId::G722 | CodecId::Pcmu | CodecId::Pcma => map.channels == 1,
        };
        map.encoding.eq_ignore_ascii_case(codec.encoding_name())
            && map.clock_rate == codec.clock_rate()
            && channels_fit
    })
}

fn static_codec(payload_type: u8) -> Option<CodecId> {
    CodecId::ALL.into_iter().find(|codec| codec.static_payload_type() == Some(payload_type))
}

/// RFC 3389 §4: noise for codecs of 8,000 Hz. Of others it would need a clock rate of its own.
fn is_comfort_noise(map: &RtpMap) -> bool {
    map.encoding.eq_ignore_ascii_case("CN") && map.clock_rate == 8_000
}

/// The rtpmap of comfort noise under a payload type.
pub(crate) fn comfort_noise_map(payload_type: u8) -> String {
    RtpMap { payload_type, encoding: "CN".to_owned(), clock_rate: 8_000, channels: 1 }.to_string()
}

/// The static payload type of comfort noise (RFC 3551 §6).
const COMFORT_NOISE: u8 = 13;

/// The rtpmap of a codec under a payload type.
pub(crate) fn rtp_map(codec: CodecId, payload_type: u8) -> String {
    let channels = if codec == CodecId::Opus { 2 } else { 1 };
    let encoding = codec.encoding_name().to_owned();
    RtpMap { payload_type, encoding, clock_rate: codec.clock_rate(), channels }.to_string()
}
