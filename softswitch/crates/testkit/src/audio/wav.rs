//! WAV files.

use std::{error::Error, fmt, path::Path, time::Duration};

use hound::{SampleFormat, WavReader, WavSpec, WavWriter};

/// A mono recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recording {
    /// The samples.
    pub samples: Vec<i16>,
    /// The sample rate in Hz.
    pub rate: u32,
}

impl Recording {
    /// How long it is.
    pub fn duration(&self) -> Duration {
        Duration::from_secs_f64(self.samples.len() as f64 / f64::from(self.rate.max(1)))
    }

    /// The samples between two points of time, as far as the recording goes.
    pub fn window(&self, from: Duration, to: Duration) -> &[i16] {
        let index = |at: Duration| {
            (at.as_secs_f64() * f64::from(self.rate)).round().min(self.samples.len() as f64) as usize
        };
        self.samples.get(index(from)..index(to)).unwrap_or(&[])
    }
}

/// A WAV file that cannot be read or written.
#[derive(Debug)]
pub struct WavError(hound::Error);

impl fmt::Display for WavError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WAV file: {}", self.0)
    }
}

impl Error for WavError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

impl From<hound::Error> for WavError {
    fn from(error: hound::Error) -> Self {
        Self(error)
    }
}

/// Reads a WAV file: integers of 8 to 32 bits, or floats; channels are averaged.
///
/// # Errors
/// Where the file is missing, broken, or of another encoding. A header without lengths, as a recorder leaves behind
/// that was killed, reads as far as the samples go.
pub fn read_wav(path: impl AsRef<Path>) -> Result<Recording, WavError> {
    let reader = WavReader::open(path)?;
    let spec = reader.spec();
    let interleaved: Vec<f64> = match spec.sample_format {
        SampleFormat::Float => complete(reader.into_samples::<f32>().map(|sample| sample.map(f64::from)))?,
        SampleFormat::Int => {
            let scale = f64::from(1_u32 << (spec.bits_per_sample.clamp(1, 32) - 1));
            complete(reader.into_samples::<i32>().map(|sample| sample.map(|value| f64::from(value) / scale)))?
        }
    };
    let samples = interleaved
        .chunks_exact(usize::from(spec.channels.max(1)))
        .map(|frame| frame.iter().sum::<f64>() / frame.len() as f64)
        .map(|sample| (sample * 32_768.0).round().clamp(-32_768.0, 32_767.0) as i16)
        .collect();
    Ok(Recording { samples, rate: spec.sample_rate })
}

/// The samples up to the end of the file, however long its header says it is.
fn complete(samples: impl Iterator<Item = hound::Result<f64>>) -> hound::Result<Vec<f64>> {
    let mut read = Vec::new();
    for sample in samples {
        match sample {
            Ok(sample) => read.push(sample),
            Err(hound::Error::IoError(error)) if is_end(&error) => break,
            Err(error) => return Err(error),
        }
    }
    Ok(read)
}

/// hound reports a file that ends early as "Failed to read enough bytes."
fn is_end(error: &std::io::Error) -> bool {
    error.kind() == std::io::ErrorKind::UnexpectedEof || error.to_string().contains("enough bytes")
}

/// Writes a mono WAV file of 16 bits.
///
/// # Errors
/// Where the file cannot be written.
pub fn write_wav(path: impl AsRef<Path>, samples: &[i16], rate: u32) -> Result<(), WavError> {
    let spec =
        WavSpec { channels: 1, sample_rate: rate, bits_per_sample: 16, sample_format: SampleFormat::Int };
    let mut writer = WavWriter::create(path, spec)?;
    for &sample in samples {
        writer.write_sample(sample)?;
    }
    Ok(writer.finalize()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::{Tone, assert_only_tone};

    fn path(name: &str) -> std::path::PathBuf {
        std::env::temp_dir().join(format!("ringdown-testkit-{}-{name}.wav", std::process::id()))
    }

    #[test]
    fn what_is_written_reads_back() {
        let path = path("roundtrip");
        let samples = Tone::new(440.0, 8_000, -6.0).samples(4_000);
        write_wav(&path, &samples, 8_000).expect("writable");
        let recording = read_wav(&path).expect("readable");
        std::fs::remove_file(&path).expect("it is there");
        assert_eq!(recording, Recording { samples, rate: 8_000 });
        assert_eq!(recording.duration(), Duration::from_millis(500));
        assert_eq!(recording.window(Duration::from_millis(250), Duration::MAX).len(), 2_000);
        assert!(recording.window(Duration::from_secs(2), Duration::from_secs(1)).is_empty());
    }

    #[test]
    fn stereo_floats_and_a_cut_file_read_too() {
        let path = path("stereo");
        let spec = WavSpec {
            channels: 2,
            sample_rate: 48_000,
            bits_per_sample: 32,
            sample_format: SampleFormat::Float,
        };
        let mut writer = WavWriter::create(&path, spec).expect("writable");
        for sample in Tone::new(523.0, 48_000, -12.0).take(48_000) {
            writer.write_sample(f32::from(sample) / 32_768.0).expect("writable");
            writer.write_sample(f32::from(sample) / 32_768.0).expect("writable");
        }
        writer.finalize().expect("writable");
        let bytes = std::fs::read(&path).expect("readable");
        std::fs::write(&path, &bytes[..bytes.len() / 2 + 1]).expect("writable");
        let recording = read_wav(&path).expect("readable");
        std::fs::remove_file(&path).expect("it is there");
        assert!((20_000..28_000).contains(&recording.samples.len()));
        assert_only_tone(&recording.samples, 48_000, 523.0);
    }
}
