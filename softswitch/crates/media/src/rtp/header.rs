//! The RTP header (RFC 3550 §5.1): read in place, written in place.

use std::ops::Range;

use thiserror::Error;

/// The part of the header every packet has.
pub const FIXED_HEADER_LENGTH: usize = 12;

/// The longest RTP or RTCP packet taken, in octets. A larger value costs receive memory; a smaller one refuses
/// packets that an Ethernet carries.
pub const MAX_PACKET_LENGTH: usize = 1500;

/// Why a datagram is no RTP packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum RtpError {
    /// Shorter than its own header says.
    #[error("the packet ends inside its header")]
    Truncated,
    /// Longer than [`MAX_PACKET_LENGTH`].
    #[error("the packet is longer than {MAX_PACKET_LENGTH} octets")]
    TooLong,
    /// The version is not 2.
    #[error("the RTP version is not 2")]
    Version,
    /// The padding count is zero or more than the payload has.
    #[error("the padding is longer than the payload")]
    Padding,
}

/// A parsed RTP packet: its fields, and where its payload lies in the datagram.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packet {
    /// The marker bit.
    pub marker: bool,
    /// The payload type, 0–127.
    pub payload_type: u8,
    /// The sequence number.
    pub sequence: u16,
    /// The timestamp, in ticks of the payload's clock.
    pub timestamp: u32,
    /// The synchronization source.
    pub ssrc: u32,
    /// The payload without contributing sources, header extension and padding. It starts at octet 12 or later.
    pub payload: Range<usize>,
}

/// Reads the header of the RTP packet that fills `datagram`.
///
/// # Errors
/// Where `datagram` is no well-formed RTP packet of at most [`MAX_PACKET_LENGTH`] octets.
pub fn parse(datagram: &[u8]) -> Result<Packet, RtpError> {
    if datagram.len() > MAX_PACKET_LENGTH {
        return Err(RtpError::TooLong);
    }
    let (fixed, rest) = datagram.split_first_chunk::<FIXED_HEADER_LENGTH>().ok_or(RtpError::Truncated)?;
    let [first, second, s0, s1, t0, t1, t2, t3, c0, c1, c2, c3] = *fixed;
    if first >> 6 != 2 {
        return Err(RtpError::Version);
    }
    let mut start = FIXED_HEADER_LENGTH + usize::from(first & 0x0f) * 4;
    if first & 0x10 != 0 {
        // §5.3.1: a profile-defined word, then the extension's length in words.
        let after_csrc = rest.get(start - FIXED_HEADER_LENGTH..).ok_or(RtpError::Truncated)?;
        let (extension, _) = after_csrc.split_first_chunk::<4>().ok_or(RtpError::Truncated)?;
        start += 4 + usize::from(u16::from_be_bytes([extension[2], extension[3]])) * 4;
    }
    let mut end = datagram.len();
    if start > end {
        return Err(RtpError::Truncated);
    }
    if first & 0x20 != 0 {
        // The last octet counts the padding, itself included.
        let padding = usize::from(datagram.last().copied().unwrap_or(0));
        if padding == 0 || padding > end - start {
            return Err(RtpError::Padding);
        }
        end -= padding;
    }
    Ok(Packet {
        marker: second & 0x80 != 0,
        payload_type: second & 0x7f,
        sequence: u16::from_be_bytes([s0, s1]),
        timestamp: u32::from_be_bytes([t0, t1, t2, t3]),
        ssrc: u32::from_be_bytes([c0, c1, c2, c3]),
        payload: start..end,
    })
}

impl Packet {
    /// Writes this header, without contributing sources, extension or padding, directly before the payload, which
    /// is not moved. Returns where the new packet lies.
    ///
    /// Extensions are left out because their ids are negotiated for each leg (RFC 8285 §5).
    ///
    /// Returns `None` where `payload` does not lie in `buffer` at octet 12 or later.
    pub fn write_before_payload(&self, buffer: &mut [u8]) -> Option<Range<usize>> {
        let start = self.payload.start.checked_sub(FIXED_HEADER_LENGTH)?;
        if self.payload.end > buffer.len() {
            return None;
        }
        let header = buffer.get_mut(start..self.payload.start)?.first_chunk_mut()?;
        write_header(header, self);
        Some(start..self.payload.end)
    }
}

/// Writes the fixed header of `packet`; its payload range is not looked at.
pub fn write_header(header: &mut [u8; FIXED_HEADER_LENGTH], packet: &Packet) {
    let [s0, s1] = packet.sequence.to_be_bytes();
    let [t0, t1, t2, t3] = packet.timestamp.to_be_bytes();
    let [c0, c1, c2, c3] = packet.ssrc.to_be_bytes();
    let second = packet.payload_type & 0x7f | if packet.marker { 0x80 } else { 0 };
    *header = [0x80, second, s0, s1, t0, t1, t2, t3, c0, c1, c2, c3];
}

/// Whether a datagram of an RTP port is RTCP, by its packet type (RFC 5761 §4).
pub fn is_rtcp(datagram: &[u8]) -> bool {
    matches!(datagram, [first, 192..=223, ..] if first >> 6 == 2)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sources_extension_and_padding_are_skipped() {
        let mut datagram = vec![0b1011_0010, 0x88, 0x12, 0x34, 0, 0, 0, 9, 0, 0, 0, 7];
        datagram.extend([0; 8]);
        datagram.extend([0xbe, 0xde, 0, 1, 1, 2, 3, 4]);
        datagram.extend([b'a', b'b', b'c', 0, 0, 3]);
        let packet = parse(&datagram).expect("well formed");
        assert!(packet.marker);
        assert_eq!((packet.payload_type, packet.sequence), (8, 0x1234));
        assert_eq!(&datagram[packet.payload.clone()], b"abc");

        let range = packet.write_before_payload(&mut datagram).expect("room before the payload");
        let plain = &datagram[range];
        let again = parse(plain).expect("what is written can be read");
        assert_eq!(&plain[again.payload.clone()], b"abc");
        assert_eq!(again.payload.start, FIXED_HEADER_LENGTH);
        assert_eq!((again.marker, again.timestamp, again.ssrc), (true, 9, 7));
    }

    #[test]
    fn lying_lengths_are_refused() {
        let header = [0x80, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1];
        assert_eq!(parse(&header[..11]), Err(RtpError::Truncated));
        let mut sources = header;
        sources[0] = 0x8f;
        assert_eq!(parse(&sources), Err(RtpError::Truncated));
        let mut padded = header.to_vec();
        padded[0] = 0xa0;
        padded.extend([1, 2, 4]);
        assert_eq!(parse(&padded), Err(RtpError::Padding));
        assert_eq!(parse(&[0; 12]), Err(RtpError::Version));
    }

    proptest! {
        #[test]
        fn any_datagram_is_parsed_or_refused(mut datagram in prop::collection::vec(any::<u8>(), 0..1600)) {
            if let Ok(packet) = parse(&datagram) {
                prop_assert!(packet.payload.start >= FIXED_HEADER_LENGTH);
                prop_assert!(packet.payload.end <= datagram.len());
                prop_assert!(packet.write_before_payload(&mut datagram).is_some());
            }
        }
    }
}
