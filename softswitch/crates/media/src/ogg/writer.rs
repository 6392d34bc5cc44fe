//! Writes an Ogg/Opus file as its sound comes. Whatever was written can be played, also when nothing follows.

use super::{
    GRANULE_RATE, HEAD, TAGS,
    page::{self, FIRST, Header, LAST, PageRoom},
};
use crate::codec::CodecError;

/// A file that is being written: PCM in, bytes to append out.
#[derive(Debug)]
pub struct OggWriter {
    encoder: opus::Encoder,
    channels: usize,
    rate: u32,
    serial: u32,
    pages: u32,
    /// Samples that are no whole frame yet, interleaved.
    pending: Vec<i16>,
    /// Packets that are no page yet.
    packets: Vec<Vec<u8>>,
    room: PageRoom,
    /// Samples of [`GRANULE_RATE`] in all packets so far.
    encoded: u64,
    /// Samples of `rate` that were taken.
    taken: u64,
    pre_skip: u16,
}

impl OggWriter {
    /// Begins a file of one or two channels of `rate` Hz (8,000 to 48,000, one of Opus's) at so many bits per second.
    /// `serial` tells streams apart that are joined in one file; any number will do.
    ///
    /// # Errors
    /// Where Opus does not take that rate, those channels or that bitrate.
    pub fn new(channels: u8, rate: u32, bitrate: u32, serial: u32) -> Result<Self, CodecError> {
        let wanted = match channels {
            1 => opus::Channels::Mono,
            2 => opus::Channels::Stereo,
            _ => return Err(CodecError::FrameSize),
        };
        let failed = |error: opus::Error| CodecError::Library(error.code() as i32);
        let mut encoder = opus::Encoder::new(rate, wanted, opus::Application::Audio).map_err(failed)?;
        encoder.set_complexity(COMPLEXITY).map_err(failed)?;
        encoder
            .set_bitrate(opus::Bitrate::Bits(i32::try_from(bitrate).unwrap_or(i32::MAX)))
            .map_err(failed)?;
        let lookahead = encoder.get_lookahead().map_err(failed)?;
        let pre_skip = lookahead.unsigned_abs().saturating_mul(GRANULE_RATE / rate.max(1));
        Ok(Self {
            encoder,
            channels: usize::from(channels),
            rate,
            serial,
            pages: 0,
            pending: Vec::new(),
            packets: Vec::new(),
            room: PageRoom::default(),
            encoded: 0,
            taken: 0,
            pre_skip: u16::try_from(pre_skip).unwrap_or(u16::MAX),
        })
    }

    /// The file's first bytes.
    pub fn begin(&mut self) -> Vec<u8> {
        let mut out = Vec::new();
        // RFC 7845 §5.1: version, channels, samples to skip, the rate the sound came in, gain, mapping family.
        let mut head = HEAD.to_vec();
        head.extend_from_slice(&[1, self.channels as u8]);
        head.extend_from_slice(&self.pre_skip.to_le_bytes());
        head.extend_from_slice(&self.rate.to_le_bytes());
        head.extend_from_slice(&[0, 0, 0]);
        self.page(FIRST, 0, &[head], &mut out);
        let mut tags = TAGS.to_vec();
        tags.extend_from_slice(&(VENDOR.len() as u32).to_le_bytes());
        tags.extend_from_slice(VENDOR.as_bytes());
        tags.extend_from_slice(&[0; 4]);
        self.page(0, 0, &[tags], &mut out);
        out
    }

    /// Takes samples, interleaved, and returns the pages they fill: what there is, at least twice a second, so that
    /// little is lost with the machine.
    ///
    /// # Errors
    /// Where Opus fails.
    pub fn write(&mut self, samples: &[i16]) -> Result<Vec<u8>, CodecError> {
        self.taken += (samples.len() / self.channels) as u64;
        self.pending.extend_from_slice(samples);
        let mut out = Vec::new();
        self.encode(&mut out)?;
        if self.packets.len() >= PAGE_PACKETS {
            self.flush(0, &mut out);
        }
        Ok(out)
    }

    /// The file's last bytes. Of all that was taken `samples` of each channel are kept; the rest is cut off.
    ///
    /// # Errors
    /// Where Opus fails.
    pub fn finish(&mut self, samples: u64) -> Result<Vec<u8>, CodecError> {
        let kept = samples.min(self.taken) * u64::from(GRANULE_RATE / self.rate) + u64::from(self.pre_skip);
        let mut out = Vec::new();
        // What the encoder holds back comes out behind silence.
        while self.encoded < kept {
            let frame = self.frame();
            let missing = frame - self.pending.len() % frame;
            self.pending.resize(self.pending.len() + missing, 0);
            self.encode(&mut out)?;
        }
        // RFC 7845 §4.4: a smaller position than the packets hold cuts the end off. It may not fall below the page's
        // before, so what is longer than a page too long keeps that much of its silence.
        let before = self.encoded - (self.packets.len() * self.frame_granules()) as u64;
        self.packet_page(LAST, kept.max(before), &mut out);
        Ok(out)
    }

    /// How many samples of each channel were taken.
    pub const fn taken(&self) -> u64 {
        self.taken
    }

    fn frame(&self) -> usize {
        self.rate as usize / 50 * self.channels
    }

    const fn frame_granules(&self) -> usize {
        GRANULE_RATE as usize / 50
    }

    fn encode(&mut self, out: &mut Vec<u8>) -> Result<(), CodecError> {
        let frame = self.frame();
        let whole = self.pending.len() / frame * frame;
        let pending = std::mem::take(&mut self.pending);
        for samples in pending[..whole].chunks_exact(frame) {
            let mut packet = vec![0; MAX_PACKET];
            let length = self
                .encoder
                .encode(samples, &mut packet)
                .map_err(|error| CodecError::Library(error.code() as i32))?;
            packet.truncate(length);
            if !self.room.take(length) {
                self.flush(0, out);
                self.room.take(length);
            }
            self.packets.push(packet);
            self.encoded += self.frame_granules() as u64;
        }
        self.pending = pending[whole..].to_vec();
        Ok(())
    }

    fn flush(&mut self, flags: u8, out: &mut Vec<u8>) {
        self.packet_page(flags, self.encoded, out);
    }

    fn packet_page(&mut self, flags: u8, granule: u64, out: &mut Vec<u8>) {
        let packets = std::mem::take(&mut self.packets);
        self.room = PageRoom::default();
        self.page(flags, granule, &packets, out);
    }

    fn page(&mut self, flags: u8, granule: u64, packets: &[Vec<u8>], out: &mut Vec<u8>) {
        let header = Header { flags, granule, serial: self.serial, sequence: self.pages };
        self.pages = self.pages.wrapping_add(1);
        page::write(header, packets, out);
    }
}

const VENDOR: &str = "Ringdown";

/// 0 to 10: half of it costs a third of the time and is hardly heard in speech.
const COMPLEXITY: i32 = 5;

/// Half a second. More loses more when the machine dies, fewer cost more octets for headers.
const PAGE_PACKETS: usize = 25;

/// The longest packet of 20 ms (RFC 6716 §3.4 R2).
const MAX_PACKET: usize = 1275;
