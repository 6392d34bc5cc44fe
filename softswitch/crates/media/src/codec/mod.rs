//! Encoders and decoders: one mono audio stream each way.
//!
//! Opus runs at 8, 12, 16, 24 or 48 kHz on the PCM side without a resampler, whatever the packets hold (RFC 6716
//! §2.1.3); G.722 runs at 16 kHz and G.711 at 8 kHz.

pub mod adapt;
pub mod conceal;
pub mod g711;
pub mod g722;

use ringdown_types::CodecId;
use thiserror::Error;

use conceal::Concealment;

/// The longest Opus packet we make, in octets: 20 ms at the highest rate that is useful for speech.
pub const MAX_ENCODED_LENGTH: usize = 960;

/// The longest audio one packet can hold, in milliseconds (RFC 6716 §3.2.5).
pub const MAX_PACKET_MS: usize = 120;

/// Why a codec refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CodecError {
    /// The codec does not run at this PCM rate.
    #[error("the codec does not run at this sample rate")]
    SampleRate,
    /// The frame is too long or too short for the codec, or for the buffer.
    #[error("the frame does not fit the codec or the buffer")]
    FrameSize,
    /// The payload is no packet of this codec.
    #[error("the payload is no packet of this codec")]
    Payload,
    /// The codec library failed otherwise, by its own code.
    #[error("the codec failed with code {0}")]
    Library(i32),
}

/// How Opus encodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpusSettings {
    /// 0 to 10. Five costs about 100 µs for 20 ms at 48 kHz; ten sounds a little better for three times the cost.
    pub complexity: u8,
    /// Bits per second, 6,000 to 128,000.
    pub bitrate: u32,
    /// The packet loss to expect, in percent: more makes the forward error correction stronger and the rest
    /// poorer. 0 switches it off.
    pub expected_loss: u8,
    /// Whether next to nothing is sent while nothing is said: packets of one or two octets, which need not be sent.
    pub dtx: bool,
    /// Whether every packet is as long as any other.
    pub constant_bitrate: bool,
    /// The highest sample rate that is worth sending, 8,000 to 48,000.
    pub max_playback_rate: u32,
}

impl OpusSettings {
    /// Speech over a network that loses a packet now and then.
    pub const DEFAULT: Self = Self {
        complexity: 5,
        bitrate: 32_000,
        expected_loss: 10,
        dtx: false,
        constant_bitrate: false,
        max_playback_rate: 48_000,
    };
}

impl Default for OpusSettings {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// Makes packets of PCM.
#[derive(Debug)]
pub enum Encoder {
    /// Opus.
    Opus(Box<opus::Encoder>),
    /// G.722.
    G722(Box<g722::Encoder>),
    /// G.711 µ-law.
    Pcmu,
    /// G.711 A-law.
    Pcma,
}

impl Encoder {
    /// An encoder that takes mono PCM of `sample_rate` Hz.
    ///
    /// # Errors
    /// Where the codec does not run at that rate.
    pub fn new(codec: CodecId, sample_rate: u32, settings: OpusSettings) -> Result<Self, CodecError> {
        match codec {
            CodecId::Opus => Ok(Self::Opus(Box::new(opus_encoder(sample_rate, settings)?))),
            _ if sample_rate != codec.sample_rate() => Err(CodecError::SampleRate),
            CodecId::G722 => Ok(Self::G722(Box::default())),
            CodecId::Pcmu => Ok(Self::Pcmu),
            CodecId::Pcma => Ok(Self::Pcma),
        }
    }

    /// Takes new settings; those of Opus alone mean anything.
    ///
    /// # Errors
    /// Where the codec library refuses.
    pub fn set_opus(&mut self, settings: OpusSettings) -> Result<(), CodecError> {
        match self {
            Self::Opus(encoder) => set_opus(encoder, settings),
            Self::G722(_) | Self::Pcmu | Self::Pcma => Ok(()),
        }
    }

    /// Encodes one frame into `out` and returns the packet's length. Opus takes frames of 2.5, 5, 10, 20, 40 and
    /// 60 ms, G.711 and G.722 any that `out` holds, the latter of an even number of samples.
    ///
    /// # Errors
    /// Where the frame's length is none of these.
    pub fn encode(&mut self, pcm: &[i16], out: &mut [u8]) -> Result<usize, CodecError> {
        match self {
            Self::Opus(encoder) => encoder.encode(pcm, out).map_err(from_opus),
            Self::G722(encoder) => {
                let length = pcm.len() / 2;
                let out = out.get_mut(..length).filter(|_| pcm.len().is_multiple_of(2));
                Ok(encoder.encode(pcm, out.ok_or(CodecError::FrameSize)?))
            }
            Self::Pcmu => encode_g711(pcm, out, g711::encode_ulaw),
            Self::Pcma => encode_g711(pcm, out, g711::encode_alaw),
        }
    }
}

fn opus_encoder(sample_rate: u32, settings: OpusSettings) -> Result<opus::Encoder, CodecError> {
    let mut encoder = opus::Encoder::new(sample_rate, opus::Channels::Mono, opus::Application::Voip)
        .map_err(|_| CodecError::SampleRate)?;
    set_opus(&mut encoder, settings)?;
    Ok(encoder)
}

/// Libopus takes new settings between any two packets.
fn set_opus(encoder: &mut opus::Encoder, settings: OpusSettings) -> Result<(), CodecError> {
    let bitrate = settings.bitrate.clamp(6_000, 128_000);
    encoder.set_complexity(i32::from(settings.complexity.min(10))).map_err(from_opus)?;
    encoder.set_bitrate(opus::Bitrate::Bits(bitrate as i32)).map_err(from_opus)?;
    encoder.set_inband_fec(settings.expected_loss > 0).map_err(from_opus)?;
    encoder.set_packet_loss_perc(i32::from(settings.expected_loss.min(100))).map_err(from_opus)?;
    encoder.set_dtx(settings.dtx).map_err(from_opus)?;
    encoder.set_vbr(!settings.constant_bitrate).map_err(from_opus)?;
    let bandwidth = match settings.max_playback_rate {
        0..12_000 => opus::Bandwidth::Narrowband,
        12_000..16_000 => opus::Bandwidth::Mediumband,
        16_000..24_000 => opus::Bandwidth::Wideband,
        24_000..48_000 => opus::Bandwidth::Superwideband,
        _ => opus::Bandwidth::Fullband,
    };
    encoder.set_max_bandwidth(bandwidth).map_err(from_opus)
}

fn encode_g711(pcm: &[i16], out: &mut [u8], encode: impl Fn(i16) -> u8) -> Result<usize, CodecError> {
    let out = out.get_mut(..pcm.len()).ok_or(CodecError::FrameSize)?;
    for (octet, &sample) in out.iter_mut().zip(pcm) {
        *octet = encode(sample);
    }
    Ok(pcm.len())
}

/// How many samples at `pcm_rate` a packet holds; 0 where it is none of this codec.
pub fn packet_samples(codec: CodecId, payload: &[u8], pcm_rate: u32) -> usize {
    match codec {
        CodecId::Opus => opus::packet::get_nb_samples(payload, pcm_rate).unwrap_or(0),
        CodecId::G722 => payload.len() * 2,
        CodecId::Pcmu | CodecId::Pcma => payload.len(),
    }
}

fn from_opus(error: opus::Error) -> CodecError {
    match error.code() {
        opus::ErrorCode::InvalidPacket => CodecError::Payload,
        opus::ErrorCode::BadArg | opus::ErrorCode::BufferTooSmall => CodecError::FrameSize,
        code => CodecError::Library(code as i32),
    }
}

/// Makes PCM of packets, and of their absence.
#[derive(Debug)]
pub enum Decoder {
    /// Opus.
    Opus(Box<opus::Decoder>),
    /// G.722.
    G722 {
        /// The decoder.
        decoder: Box<g722::Decoder>,
        /// What fills gaps.
        concealment: Box<Concealment>,
    },
    /// G.711, either law.
    G711 {
        /// The 256 samples of the law.
        table: &'static [i16; 256],
        /// What fills gaps.
        concealment: Box<Concealment>,
    },
}

impl Decoder {
    /// A decoder that makes mono PCM of `sample_rate` Hz.
    ///
    /// # Errors
    /// Where the codec does not run at that rate.
    pub fn new(codec: CodecId, sample_rate: u32) -> Result<Self, CodecError> {
        if codec == CodecId::Opus {
            let decoder =
                opus::Decoder::new(sample_rate, opus::Channels::Mono).map_err(|_| CodecError::SampleRate)?;
            return Ok(Self::Opus(Box::new(decoder)));
        }
        if sample_rate != codec.sample_rate() {
            return Err(CodecError::SampleRate);
        }
        let concealment = Box::new(Concealment::new(sample_rate));
        Ok(match codec {
            CodecId::G722 => Self::G722 { decoder: Box::default(), concealment },
            CodecId::Pcmu => Self::G711 { table: &g711::ULAW, concealment },
            CodecId::Opus | CodecId::Pcma => Self::G711 { table: &g711::ALAW, concealment },
        })
    }

    /// Decodes a packet into `out`, which holds [`MAX_PACKET_MS`], and returns the number of samples.
    ///
    /// # Errors
    /// Where the payload is empty, no packet of this codec, or longer than `out`.
    pub fn decode(&mut self, payload: &[u8], out: &mut [i16]) -> Result<usize, CodecError> {
        if payload.is_empty() {
            return Err(CodecError::Payload);
        }
        match self {
            Self::Opus(decoder) => decoder.decode(payload, out, false).map_err(from_opus),
            Self::G722 { decoder, concealment } => {
                let out = out.get_mut(..payload.len() * 2).ok_or(CodecError::FrameSize)?;
                let samples = decoder.decode(payload, out);
                concealment.handle_good(out);
                Ok(samples)
            }
            Self::G711 { table, concealment } => {
                let out = out.get_mut(..payload.len()).ok_or(CodecError::FrameSize)?;
                for (sample, &octet) in out.iter_mut().zip(payload) {
                    *sample = table[usize::from(octet)];
                }
                concealment.handle_good(out);
                Ok(out.len())
            }
        }
    }

    /// Fills `out` in place of a lost packet: from the forward error correction in `next`, the packet that
    /// followed it, where the codec has that; by extrapolation otherwise.
    pub fn conceal(&mut self, next: Option<&[u8]>, out: &mut [i16]) {
        let written = match self {
            Self::Opus(decoder) => {
                let recovered = next.filter(|payload| !payload.is_empty());
                decoder.decode(recovered.unwrap_or(&[]), out, recovered.is_some()).unwrap_or(0)
            }
            Self::G722 { concealment, .. } | Self::G711 { concealment, .. } => {
                concealment.fill(out);
                out.len()
            }
        };
        if let Some(rest) = out.get_mut(written..) {
            rest.fill(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sine(rate: u32, samples: usize) -> Vec<i16> {
        let step = std::f64::consts::TAU * 440.0 / f64::from(rate);
        (0..samples).map(|index| ((index as f64 * step).sin() * 8000.0) as i16).collect()
    }

    fn power(pcm: &[i16]) -> f64 {
        pcm.iter().map(|&sample| f64::from(sample).powi(2)).sum::<f64>() / pcm.len() as f64
    }

    #[test]
    fn opus_goes_between_rates_without_a_resampler() {
        for (from, to) in [(8000, 48_000), (48_000, 8000), (16_000, 8000)] {
            let mut encoder =
                Encoder::new(CodecId::Opus, from, OpusSettings::default()).expect("a rate of Opus");
            let mut decoder = Decoder::new(CodecId::Opus, to).expect("a rate of Opus");
            let pcm = sine(from, from as usize);
            let mut packet = [0; MAX_ENCODED_LENGTH];
            let mut heard = Vec::new();
            for frame in pcm.chunks_exact(from as usize / 50) {
                let length = encoder.encode(frame, &mut packet).expect("20 ms");
                let mut out = [0; 5760];
                let samples = decoder.decode(&packet[..length], &mut out).expect("a packet");
                assert_eq!(samples, to as usize / 50);
                heard.extend_from_slice(&out[..samples]);
            }
            let decibels = 10.0 * (power(&heard[heard.len() / 2..]) / power(&pcm)).log10();
            assert!(decibels.abs() < 1.0, "{from} to {to}: {decibels} dB");
        }
    }

    #[test]
    fn lost_frames_are_filled_and_fade() {
        for codec in CodecId::ALL {
            let rate = codec.sample_rate().min(16_000);
            let frame = rate as usize / 50;
            let mut encoder = Encoder::new(codec, rate, OpusSettings::default()).expect("its own rate");
            let mut decoder = Decoder::new(codec, rate).expect("its own rate");
            let mut packet = [0; MAX_ENCODED_LENGTH];
            let mut out = [0; 1920];
            for frame in sine(rate, frame * 20).chunks_exact(frame) {
                let length = encoder.encode(frame, &mut packet).expect("20 ms");
                decoder.decode(&packet[..length], &mut out).expect("a packet");
            }
            let loud = power(&out[..frame]);
            decoder.conceal(None, &mut out[..frame]);
            let first = power(&out[..frame]);
            assert!(first > loud * 0.1 && first < loud * 1.5, "{codec:?}: {first} of {loud}");
            for _ in 0..50 {
                decoder.conceal(None, &mut out[..frame]);
            }
            assert!(power(&out[..frame]) < loud * 0.01, "{codec:?}");
        }
    }

    #[test]
    fn bad_payloads_and_rates_are_errors() {
        assert_eq!(Decoder::new(CodecId::Pcma, 16_000).err(), Some(CodecError::SampleRate));
        assert_eq!(Decoder::new(CodecId::Opus, 44_100).err(), Some(CodecError::SampleRate));
        let mut decoder = Decoder::new(CodecId::Opus, 8000).expect("a rate of Opus");
        let mut out = [0; 960];
        assert_eq!(decoder.decode(&[], &mut out), Err(CodecError::Payload));
        // Code 3 with a frame count of zero (RFC 6716 §3.2.5).
        assert_eq!(decoder.decode(&[0xff, 0], &mut out), Err(CodecError::Payload));
        let mut decoder = Decoder::new(CodecId::Pcmu, 8000).expect("8 kHz");
        assert_eq!(decoder.decode(&[0; 1400], &mut out), Err(CodecError::FrameSize));
    }
}
