//! Where the parts of an RTP and an RTCP packet lie, as far as SRTP must know (RFC 3550 §5.1, §6.4).

/// The header of an RTP packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RtpHeader {
    pub(super) sequence: u16,
    pub(super) ssrc: u32,
    /// Fixed header, CSRC list and header extension, in bytes. SRTP authenticates but does not encrypt them.
    pub(super) length: usize,
}

impl RtpHeader {
    /// `None` if `packet` is no RTP version 2 packet, or shorter than its own header says.
    pub(super) fn parse(packet: &[u8]) -> Option<Self> {
        let fixed: &[u8; 12] = packet.first_chunk()?;
        if fixed[0] >> 6 != 2 {
            return None;
        }
        let mut length = 12 + 4 * usize::from(fixed[0] & 0x0f);
        if fixed[0] & 0x10 != 0 {
            let extension: &[u8; 4] = packet.get(length..)?.first_chunk()?;
            length += 4 + 4 * usize::from(u16::from_be_bytes([extension[2], extension[3]]));
        }
        (length <= packet.len()).then_some(Self {
            sequence: u16::from_be_bytes([fixed[2], fixed[3]]),
            ssrc: u32::from_be_bytes([fixed[8], fixed[9], fixed[10], fixed[11]]),
            length,
        })
    }
}

/// The SSRC of the sender of an RTCP packet. `None` if it is no RTCP version 2 packet.
pub(super) fn rtcp_ssrc(packet: &[u8]) -> Option<u32> {
    let header: &[u8; RTCP_HEADER_LENGTH] = packet.first_chunk()?;
    (header[0] >> 6 == 2).then(|| u32::from_be_bytes([header[4], header[5], header[6], header[7]]))
}

/// The part of a (compound) RTCP packet SRTCP leaves in the clear (RFC 3711 §3.4).
pub(super) const RTCP_HEADER_LENGTH: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csrcs_and_extension_count_as_header() {
        let mut packet = [0; 40];
        packet[0] = 0x80 | 0x10 | 2;
        packet[3] = 7;
        packet[11] = 9;
        packet[20..24].copy_from_slice(&[0xbe, 0xde, 0, 1]);
        assert_eq!(RtpHeader::parse(&packet), Some(RtpHeader { sequence: 7, ssrc: 9, length: 28 }));
        assert_eq!(RtpHeader::parse(&packet[..27]), None);
        assert_eq!(RtpHeader::parse(&packet[..21]), None);
        assert_eq!(RtpHeader::parse(&[0x40; 40]), None);
    }
}
