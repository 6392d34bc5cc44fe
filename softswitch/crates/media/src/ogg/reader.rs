//! Reads an Ogg/Opus file as mono PCM.

use thiserror::Error;

use super::{
    GRANULE_RATE, HEAD, TAGS,
    page::{self, CONTINUED},
};
use crate::wav::{MAX_SECONDS, Pcm};

/// Why a file is no Ogg/Opus file we read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum OggError {
    /// No Ogg file, or no Opus in it.
    #[error("the file is no Ogg file with Opus in it")]
    NotOpus,
    /// More than two channels, or a later version of the format.
    #[error("the file has more than two channels or is of a later version")]
    Format,
    /// More than [`MAX_SECONDS`] of sound.
    #[error("the file is longer than {MAX_SECONDS} seconds")]
    TooLong,
    /// Opus does not work at all.
    #[error("the Opus decoder failed with code {0}")]
    Library(i32),
}

/// Reads a whole file at 48,000 Hz. Two channels are mixed down to one. A file that was cut short is read as far as it
/// goes; packets that are damaged leave a hole that is filled.
///
/// # Errors
/// Where it is none, of another format, or too long.
pub fn read(file: &[u8]) -> Result<Pcm, OggError> {
    let (first, rest) = page::find(file).ok_or(OggError::NotOpus)?;
    let head = Head::parse(first.body)?;
    let failed = |error: opus::Error| OggError::Library(error.code() as i32);
    let mut decoder = opus::Decoder::new(GRANULE_RATE, opus::Channels::Mono).map_err(failed)?;
    decoder.set_gain(i32::from(head.gain)).map_err(failed)?;
    let mut stream = Stream { decoder, serial: first.header.serial, packet: Vec::new(), samples: Vec::new() };
    let mut bytes = rest;
    let mut end = None;
    while let Some((page, rest)) = page::find(bytes) {
        bytes = rest;
        if page.header.serial != stream.serial {
            continue;
        }
        if page.header.flags & CONTINUED == 0 {
            stream.packet.clear();
        }
        stream.take(page.lacing, page.body)?;
        if page.header.granule != NO_GRANULE {
            end = Some(page.header.granule);
        }
    }
    let mut samples = stream.samples;
    // RFC 7845 §4.4: the last page may say that the sound ends before its packets do.
    if let Some(end) = end.and_then(|end| usize::try_from(end).ok()) {
        samples.truncate(end);
    }
    let skipped = usize::from(head.pre_skip).min(samples.len());
    samples.drain(..skipped);
    Ok(Pcm { sample_rate: GRANULE_RATE, samples })
}

/// How long an Ogg/Opus file is, in samples of 48,000 Hz, by its beginning and its end: 64 KiB of each will do. `None`
/// where they are none of such a file.
pub fn length(beginning: &[u8], end: &[u8]) -> Option<u64> {
    let (first, _) = page::find(beginning)?;
    let head = Head::parse(first.body).ok()?;
    let (mut bytes, mut last) = (end, None);
    while let Some((page, rest)) = page::find(bytes) {
        if page.header.serial == first.header.serial && page.header.granule != NO_GRANULE {
            last = Some(page.header.granule);
        }
        bytes = rest;
    }
    Some(last?.saturating_sub(head.pre_skip.into()))
}

struct Head {
    pre_skip: u16,
    gain: i16,
}

impl Head {
    /// RFC 7845 §5.1.
    fn parse(packet: &[u8]) -> Result<Self, OggError> {
        let rest = packet.strip_prefix(HEAD).ok_or(OggError::NotOpus)?;
        let fields = rest.first_chunk::<11>().ok_or(OggError::NotOpus)?;
        let [version, channels, skip0, skip1, _, _, _, _, gain0, gain1, family] = *fields;
        if version & 0xf0 != 0 || !(1..=2).contains(&channels) || family != 0 {
            return Err(OggError::Format);
        }
        Ok(Self { pre_skip: u16::from_le_bytes([skip0, skip1]), gain: i16::from_le_bytes([gain0, gain1]) })
    }
}

struct Stream {
    decoder: opus::Decoder,
    serial: u32,
    /// A packet that goes on in the next page.
    packet: Vec<u8>,
    samples: Vec<i16>,
}

impl Stream {
    fn take(&mut self, lacing: &[u8], mut body: &[u8]) -> Result<(), OggError> {
        for &segment in lacing {
            let Some((part, rest)) = body.split_at_checked(usize::from(segment)) else { break };
            body = rest;
            if self.packet.len() < MAX_PACKET {
                self.packet.extend_from_slice(part);
            }
            if segment < 255 {
                let packet = std::mem::take(&mut self.packet);
                self.decode(&packet)?;
            }
        }
        Ok(())
    }

    fn decode(&mut self, packet: &[u8]) -> Result<(), OggError> {
        // The comments may be of any length and go over pages.
        if packet.is_empty() || packet.starts_with(TAGS) || packet.starts_with(HEAD) {
            return Ok(());
        }
        let mut pcm = [0; MAX_PACKET_SAMPLES];
        // What cannot be decoded is concealed as a frame of 20 ms.
        let samples = match self.decoder.decode(packet, &mut pcm, false) {
            Ok(samples) => samples,
            Err(_) => self.decoder.decode(&[], &mut pcm[..960], false).unwrap_or(0),
        };
        if self.samples.len() + samples > (MAX_SECONDS + 1) * GRANULE_RATE as usize {
            return Err(OggError::TooLong);
        }
        self.samples.extend_from_slice(&pcm[..samples]);
        Ok(())
    }
}

/// A page in which no packet ends (RFC 3533 §6).
const NO_GRANULE: u64 = u64::MAX;
/// A packet that is longer is none of Opus; the comments are cut off here.
const MAX_PACKET: usize = 64 * 1024;
/// 120 ms (RFC 6716 §3.2.5).
const MAX_PACKET_SAMPLES: usize = 5_760;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ogg::OggWriter;

    const RATE: u32 = 16_000;

    fn tone(hertz: f64, samples: usize) -> Vec<i16> {
        let step = std::f64::consts::TAU * hertz / f64::from(RATE);
        (0..samples).map(|index| ((index as f64 * step).sin() * 8000.0) as i16).collect()
    }

    fn stereo(left: &[i16], right: &[i16]) -> Vec<i16> {
        left.iter().zip(right).flat_map(|(&left, &right)| [left, right]).collect()
    }

    fn written(channels: u8, samples: &[i16], kept: u64) -> Vec<u8> {
        let mut writer = OggWriter::new(channels, RATE, 32_000, 7).expect("Opus works");
        let mut file = writer.begin();
        for part in samples.chunks(3200) {
            file.extend(writer.write(part).expect("Opus works"));
        }
        file.extend(writer.finish(kept).expect("Opus works"));
        file
    }

    fn level(pcm: &[i16]) -> f64 {
        (pcm.iter().map(|&sample| f64::from(sample).powi(2)).sum::<f64>() / pcm.len() as f64).sqrt()
    }

    #[test]
    fn what_was_written_is_as_long_as_it_was_and_as_loud() {
        for samples in [16_000, 16_001, 4000, 100] {
            let file = written(1, &tone(700.0, samples), samples as u64);
            let pcm = read(&file).expect("our own");
            assert_eq!((pcm.sample_rate, pcm.samples.len()), (48_000, samples * 3));
            if samples >= 4000 {
                let decibels = 20.0 * (level(&pcm.samples[4800..]) / (8000.0 / 2.0_f64.sqrt())).log10();
                assert!(decibels.abs() < 1.0, "{decibels} dB");
            }
        }
    }

    #[test]
    fn the_silence_of_the_last_page_is_cut_off() {
        let mut samples = tone(700.0, 16_000);
        samples.resize(16_800, 0);
        assert_eq!(read(&written(1, &samples, 16_000)).expect("our own").samples.len(), 48_000);
    }

    #[test]
    fn both_channels_are_in_it() {
        let file = written(2, &stereo(&tone(700.0, 16_000), &tone(1900.0, 16_000)), 16_000);
        assert_eq!(file[28 + 9], 2, "channels of OpusHead");
        // Each is half of the mix.
        let pcm = read(&file).expect("our own").samples;
        let decibels = 20.0 * (level(&pcm[4800..]) / 4000.0).log10();
        assert!(decibels.abs() < 1.5, "{decibels} dB");
    }

    #[test]
    fn a_file_cut_short_plays_up_to_its_last_half_second() {
        let file = written(1, &tone(700.0, 48_000), 48_000);
        for length in (200..file.len()).step_by(371) {
            let pcm = read(&file[..length]).expect("a beginning");
            let share = pcm.samples.len() as f64 / 144_000.0;
            assert!(share > length as f64 / file.len() as f64 - 0.25, "{share} of {length}");
        }
    }

    #[test]
    fn the_length_is_told_by_both_ends() {
        let file = written(1, &tone(700.0, 48_000), 48_000);
        assert_eq!(length(&file[..200], &file[file.len() - 3000..]), Some(144_000));
        assert_eq!(length(&file[..20], &file), None);
    }

    #[test]
    fn damage_costs_a_page_and_no_more() {
        let mut file = written(1, &tone(700.0, 48_000), 48_000);
        let middle = file.len() / 2;
        file[middle] ^= 1;
        let pcm = read(&file).expect("the rest of it");
        assert!(pcm.samples.len() > 144_000 * 3 / 4, "{}", pcm.samples.len());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..2000), at in 0usize..400) {
            drop(read(&bytes));
            let mut file = written(1, &tone(700.0, 1600), 1600);
            let end = (at + bytes.len()).min(file.len());
            if at < end {
                file[at..end].copy_from_slice(&bytes[..end - at]);
            }
            drop(read(&file));
        }
    }
}
