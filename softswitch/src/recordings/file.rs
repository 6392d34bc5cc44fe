//! A recording's file while it is written. Whatever is on the disk can be heard, also when nothing follows: a WAV file's
//! header is brought up to date every second, an Ogg file is pages.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek, SeekFrom},
    os::unix::fs::{FileExt, OpenOptionsExt},
    path::Path,
};

use ringdown_control::Recording;
use ringdown_media::{ogg, ogg::OggWriter, wav};
use ringdown_plane::RecordingFile;
use ringdown_types::{RecordingId, SoundFormat};

/// A file that is being written.
pub(super) struct OpenFile {
    file: File,
    kind: RecordingFile,
    /// The Ogg file's encoder.
    ogg: Option<OggWriter>,
    /// Octets that are on the disk for sure.
    written: u64,
    /// Samples of each channel they stand for.
    samples: u64,
    /// Samples the WAV header tells of.
    told: u64,
}

impl OpenFile {
    /// Makes a file that was not there.
    pub(super) fn create(path: &Path, recording: RecordingId, kind: RecordingFile) -> io::Result<Self> {
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        let mut open = Self { file, kind, ogg: None, written: 0, samples: 0, told: 0 };
        let head = match kind.format {
            SoundFormat::Wav => wav::header_of(kind.channels, kind.rate, 0).to_vec(),
            SoundFormat::Ogg => {
                let bitrate = BITRATE * (1 + u32::from(kind.channels));
                let writer = OggWriter::new(kind.channels, kind.rate, bitrate, recording.as_u128() as u32);
                open.ogg.insert(writer.map_err(io::Error::other)?).begin()
            }
        };
        open.append(&head)?;
        Ok(open)
    }

    /// Takes samples, those of two channels by turns.
    pub(super) fn write(&mut self, samples: &[i16]) -> io::Result<()> {
        let taken = (samples.len() / usize::from(self.kind.channels)) as u64;
        if let Some(writer) = &mut self.ogg {
            let pages = writer.write(samples).map_err(io::Error::other)?;
            // Sound that is in no page yet counts once it is.
            let all = writer.taken();
            self.append(&pages)?;
            if !pages.is_empty() {
                self.samples = all;
            }
            return Ok(());
        }
        let bytes: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
        self.append(&bytes)?;
        self.samples += taken;
        if self.samples - self.told >= u64::from(self.kind.rate) {
            self.write_header(self.samples)?;
        }
        Ok(())
    }

    /// Ends the file behind `samples` of each channel; returns how long it is then, in samples.
    pub(super) fn finish(&mut self, samples: u64) -> io::Result<u64> {
        if let Some(writer) = &mut self.ogg {
            let samples = samples.min(writer.taken());
            let last = writer.finish(samples).map_err(io::Error::other)?;
            self.append(&last)?;
            self.samples = samples;
        } else {
            self.samples = samples.min(self.samples);
            self.cut()?;
            self.write_header(self.samples)?;
        }
        self.file.sync_all()?;
        Ok(self.samples)
    }

    /// Ends the file behind what is on the disk for sure, where a write failed; returns how long it is then, in
    /// samples.
    pub(super) fn save(&mut self) -> io::Result<u64> {
        if self.ogg.is_none() {
            self.cut()?;
            self.write_header(self.samples)?;
        } else {
            self.file.set_len(self.written)?;
        }
        self.file.sync_all()?;
        Ok(self.samples)
    }

    /// Samples per second.
    pub(super) const fn rate(&self) -> u32 {
        self.kind.rate
    }

    /// What it is.
    pub(super) const fn kind(&self) -> RecordingFile {
        self.kind
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all_at(bytes, self.written)?;
        self.written += bytes.len() as u64;
        Ok(())
    }

    fn write_header(&mut self, samples: u64) -> io::Result<()> {
        let header = wav::header_of(self.kind.channels, self.kind.rate, samples);
        self.file.write_all_at(&header, 0)?;
        self.told = samples;
        Ok(())
    }

    fn cut(&mut self) -> io::Result<()> {
        let width = 2 * u64::from(self.kind.channels);
        self.file.set_len(wav::HEADER_LENGTH as u64 + self.samples * width)
    }
}

/// Mends what a crash left of a recording; returns how long it is, in milliseconds, or `None` for nothing.
pub(super) fn mend(path: &Path, recording: &Recording) -> io::Result<Option<u32>> {
    let length = match recording.format {
        SoundFormat::Wav => mend_wav(path)?,
        SoundFormat::Ogg => {
            let mut file = File::open(path)?;
            let (mut beginning, mut end) = (Vec::new(), Vec::new());
            (&mut file).take(TAIL).read_to_end(&mut beginning)?;
            let start = file.metadata()?.len().saturating_sub(TAIL);
            file.seek(SeekFrom::Start(start))?;
            file.read_to_end(&mut end)?;
            ogg::length(&beginning, &end).map(|samples| samples / 48)
        }
    };
    Ok(length.filter(|&length| length > 0).map(|length| u32::try_from(length).unwrap_or(u32::MAX)))
}

/// Its header tells of up to a second less than there is.
fn mend_wav(path: &Path) -> io::Result<Option<u64>> {
    let file = OpenOptions::new().read(true).write(true).open(path)?;
    let mut header = [0; wav::HEADER_LENGTH];
    if file.read_exact_at(&mut header, 0).is_err() {
        return Ok(None);
    }
    let channels = header[22].clamp(1, 2);
    let rate = u32::from_le_bytes([header[24], header[25], header[26], header[27]]).clamp(8_000, 96_000);
    let width = 2 * u64::from(channels);
    let samples = (file.metadata()?.len() - wav::HEADER_LENGTH as u64) / width;
    file.set_len(wav::HEADER_LENGTH as u64 + samples * width)?;
    file.write_all_at(&wav::header_of(channels, rate, samples), 0)?;
    Ok(Some(samples * 1000 / u64::from(rate)))
}

/// Removes a file that may be there.
pub(super) fn remove(path: &Path) {
    let _ = fs::remove_file(path);
}

/// Bits per second of one channel; the first counts twice.
const BITRATE: u32 = 14_000;

/// How much of a file's ends is looked at: more than any page.
const TAIL: u64 = 128 * 1024;
