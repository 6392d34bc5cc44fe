//! Pages (RFC 3533 §6): how packets are cut up, and how their pieces are told apart.

use crate::checksum::checksum;

/// A page's flags.
pub(super) const CONTINUED: u8 = 1;
pub(super) const FIRST: u8 = 2;
pub(super) const LAST: u8 = 4;

/// Octets before the table of segments.
const HEADER_LENGTH: usize = 27;
/// Where the check sum is.
const SUM: std::ops::Range<usize> = 22..26;
const CAPTURE: &[u8; 4] = b"OggS";
/// Segments of one page.
const MAX_SEGMENTS: usize = 255;

/// What a page's header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) flags: u8,
    /// How many samples the stream has up to the last packet that ends here.
    pub(super) granule: u64,
    pub(super) serial: u32,
    pub(super) sequence: u32,
}

/// Writes a page of whole packets. Those that do not fit are left out: callers give as many as
/// [`PageRoom`] takes.
pub(super) fn write(header: Header, packets: &[Vec<u8>], out: &mut Vec<u8>) {
    let start = out.len();
    let Header { flags, granule, serial, sequence } = header;
    out.extend_from_slice(CAPTURE);
    out.extend_from_slice(&[0, flags]);
    out.extend_from_slice(&granule.to_le_bytes());
    out.extend_from_slice(&serial.to_le_bytes());
    out.extend_from_slice(&sequence.to_le_bytes());
    out.extend_from_slice(&[0; 4]);
    let lacing: Vec<u8> = packets.iter().flat_map(|packet| lacing(packet.len())).collect();
    out.push(lacing.len().min(MAX_SEGMENTS) as u8);
    out.extend_from_slice(&lacing);
    packets.iter().for_each(|packet| out.extend_from_slice(packet));
    let sum = checksum(0, &out[start..]);
    out[start..][SUM].copy_from_slice(&sum.to_le_bytes());
}

/// A packet's length as segments: as many full ones as fit and what remains, which may be nothing.
fn lacing(length: usize) -> impl Iterator<Item = u8> {
    std::iter::repeat_n(255, length / 255).chain([(length % 255) as u8])
}

/// How many packets a page still takes.
#[derive(Debug, Default)]
pub(super) struct PageRoom {
    segments: usize,
}

impl PageRoom {
    /// Whether a packet of this length fits too; it is taken then.
    pub(super) fn take(&mut self, length: usize) -> bool {
        let segments = self.segments + length / 255 + 1;
        let fits = segments <= MAX_SEGMENTS;
        if fits {
            self.segments = segments;
        }
        fits
    }
}

/// A page that was found: its header, its segments' lengths, what they hold.
pub(super) struct Page<'a> {
    pub(super) header: Header,
    pub(super) lacing: &'a [u8],
    pub(super) body: &'a [u8],
}

/// The next whole page with a right check sum, and what follows it. What is damaged is passed over (RFC 3533 §4:
/// "resynchronisation").
pub(super) fn find(mut bytes: &[u8]) -> Option<(Page<'_>, &[u8])> {
    loop {
        let at = bytes.windows(CAPTURE.len()).position(|window| window == CAPTURE)?;
        bytes = &bytes[at..];
        match parse(bytes) {
            Some(found) => return Some(found),
            None => bytes = &bytes[1..],
        }
    }
}

fn parse(bytes: &[u8]) -> Option<(Page<'_>, &[u8])> {
    let (head, rest) = bytes.split_at_checked(HEADER_LENGTH)?;
    let (lacing, rest) = rest.split_at_checked(usize::from(head[26]))?;
    let length = lacing.iter().map(|&segment| usize::from(segment)).sum();
    let (body, rest) = rest.split_at_checked(length)?;
    let word = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
    let sum = checksum(checksum(checksum(0, &head[..SUM.start]), &[0; 4]), &head[SUM.end..]);
    if head[4] != 0 || checksum(checksum(sum, lacing), body) != word(SUM.start) {
        return None;
    }
    let granule = u64::from(word(6)) | u64::from(word(10)) << 32;
    let header = Header { flags: head[5], granule, serial: word(14), sequence: word(18) };
    Some((Page { header, lacing, body }, rest))
}
