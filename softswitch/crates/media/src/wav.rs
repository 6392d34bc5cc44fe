//! Reads and writes WAV files (RIFF, Microsoft "Multimedia Programming Interface and Data Specifications 1.0"): 16-bit PCM,
//! mono or stereo. The shell reads the files; this takes their bytes.

use thiserror::Error;

/// Mono PCM with its rate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pcm {
    /// Samples per second: 8,000 to 96,000.
    pub sample_rate: u32,
    /// The samples.
    pub samples: Vec<i16>,
}

/// Why a file is no WAV file we read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum WavError {
    /// No RIFF/WAVE file, or it lacks its `fmt ` or `data` chunk.
    #[error("the file is no WAV file")]
    NotWav,
    /// Compressed, not 16 bits, more than two channels, or an odd rate.
    #[error("the file is not 16-bit PCM of one or two channels at 8,000 to 96,000 Hz")]
    Format,
    /// More than [`MAX_SECONDS`] of audio.
    #[error("the file is longer than {MAX_SECONDS} seconds")]
    TooLong,
}

/// The longest prompt. A longer one costs memory: 16 kB each second for all codecs together.
pub const MAX_SECONDS: usize = 600;

#[derive(Clone, Copy)]
struct Format {
    channels: u16,
    sample_rate: u32,
}

/// Reads a whole WAV file. Stereo is mixed down to mono.
///
/// # Errors
/// Where the file is malformed, of another format, or too long.
pub fn read(file: &[u8]) -> Result<Pcm, WavError> {
    let (head, mut rest) = file.split_first_chunk::<12>().ok_or(WavError::NotWav)?;
    if !head.starts_with(b"RIFF") || !head.ends_with(b"WAVE") {
        return Err(WavError::NotWav);
    }
    let mut format = None;
    loop {
        let ([i0, i1, i2, i3, l0, l1, l2, l3], after) = rest.split_first_chunk().ok_or(WavError::NotWav)?;
        let length = u32::from_le_bytes([*l0, *l1, *l2, *l3]) as usize;
        // A recorder that was stopped leaves a length too large: what is there is taken.
        let body = after.get(..length).unwrap_or(after);
        match &[*i0, *i1, *i2, *i3] {
            b"fmt " => format = Some(read_format(body)?),
            b"data" => return read_samples(format.ok_or(WavError::NotWav)?, body),
            _ => {}
        }
        // Chunks begin at even offsets.
        rest = after.get(length.saturating_add(length % 2)..).ok_or(WavError::NotWav)?;
    }
}

/// The header of a file that holds `samples` mono samples of 16 bits; they follow it, little-endian.
pub fn header(sample_rate: u32, samples: u32) -> [u8; HEADER_LENGTH] {
    header_of(1, sample_rate, samples.into())
}

/// The same for `samples` of each of so many channels, those of one moment together. What is more than such a file can
/// hold is not counted.
pub fn header_of(channels: u8, sample_rate: u32, samples: u64) -> [u8; HEADER_LENGTH] {
    let width = 2 * u16::from(channels);
    let most = (u32::MAX - 36) / u32::from(width).max(1);
    let bytes = u32::try_from(samples).unwrap_or(u32::MAX).min(most) * u32::from(width);
    let mut header = [0; HEADER_LENGTH];
    let fields: [&[u8]; 13] = [
        b"RIFF",
        &(bytes + 36).to_le_bytes(),
        b"WAVE",
        b"fmt ",
        &16_u32.to_le_bytes(),
        &1_u16.to_le_bytes(),
        &u16::from(channels).to_le_bytes(),
        &sample_rate.to_le_bytes(),
        &sample_rate.saturating_mul(width.into()).to_le_bytes(),
        &width.to_le_bytes(),
        &16_u16.to_le_bytes(),
        b"data",
        &bytes.to_le_bytes(),
    ];
    for (octet, &value) in header.iter_mut().zip(fields.iter().copied().flatten()) {
        *octet = value;
    }
    header
}

/// The length of [`header`], in octets.
pub const HEADER_LENGTH: usize = 44;

fn read_format(body: &[u8]) -> Result<Format, WavError> {
    let fields = body.first_chunk::<16>().ok_or(WavError::NotWav)?;
    let tag = u16::from_le_bytes([fields[0], fields[1]]);
    let channels = u16::from_le_bytes([fields[2], fields[3]]);
    let sample_rate = u32::from_le_bytes([fields[4], fields[5], fields[6], fields[7]]);
    let bits = u16::from_le_bytes([fields[14], fields[15]]);
    let is_pcm = tag == 1 || tag == 0xfffe;
    if is_pcm && bits == 16 && (1..=2).contains(&channels) && (8000..=96_000).contains(&sample_rate) {
        Ok(Format { channels, sample_rate })
    } else {
        Err(WavError::Format)
    }
}

fn read_samples(format: Format, body: &[u8]) -> Result<Pcm, WavError> {
    let Format { channels, sample_rate } = format;
    let width = usize::from(channels) * 2;
    if body.len() / width > MAX_SECONDS * sample_rate as usize {
        return Err(WavError::TooLong);
    }
    let mix = |frame: &[u8]| {
        let sum: i32 = frame.as_chunks().0.iter().map(|&sample| i32::from(i16::from_le_bytes(sample))).sum();
        (sum / i32::from(channels)) as i16
    };
    Ok(Pcm { sample_rate, samples: body.chunks_exact(width).map(mix).collect() })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn file(channels: u16, bits: u16, samples: &[i16]) -> Vec<u8> {
        let mut out = b"RIFF\0\0\0\0WAVEfmt ".to_vec();
        out.extend(16_u32.to_le_bytes());
        out.extend(1_u16.to_le_bytes());
        out.extend(channels.to_le_bytes());
        out.extend(16_000_u32.to_le_bytes());
        out.extend([0; 6]);
        out.extend(bits.to_le_bytes());
        out.extend(b"LIST\x03\0\0\0abc\0data");
        out.extend((samples.len() as u32 * 2).to_le_bytes());
        out.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
        out
    }

    #[test]
    fn a_file_with_our_header_is_read_again() {
        let mut file = header(16_000, 3).to_vec();
        file.extend([1_i16, -2, 3].into_iter().flat_map(i16::to_le_bytes));
        assert_eq!(read(&file), Ok(Pcm { sample_rate: 16_000, samples: vec![1, -2, 3] }));
    }

    #[test]
    fn mono_is_taken_and_stereo_mixed() {
        assert_eq!(read(&file(1, 16, &[1, -2, 3])).map(|pcm| pcm.samples), Ok(vec![1, -2, 3]));
        assert_eq!(read(&file(2, 16, &[100, 300, -4, -8])).map(|pcm| pcm.samples), Ok(vec![200, -6]));
        assert_eq!(read(&file(1, 24, &[])), Err(WavError::Format));
        assert_eq!(read(b"RIFF"), Err(WavError::NotWav));
    }

    proptest! {
        #[test]
        fn any_file_is_read_or_refused(flips in prop::collection::vec((0_usize..70, any::<u8>()), 0..8)) {
            let mut bytes = file(1, 16, &[1, 2, 3, 4]);
            for (index, value) in flips {
                if let Some(byte) = bytes.get_mut(index) {
                    *byte = value;
                }
            }
            let _ = read(&bytes);
        }
    }
}
