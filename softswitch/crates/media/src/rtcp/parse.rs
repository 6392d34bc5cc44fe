//! Reads compound RTCP packets (RFC 3550 §6.4–6.6) without copying.

use thiserror::Error;

use super::{
    BYE, EXTENDED_REPORT, RECEIVER_REPORT, REPORT_BLOCK_LENGTH, ReportBlock, SENDER_REPORT,
    SOURCE_DESCRIPTION, VoipMetrics,
    feedback::{self, Feedback, PAYLOAD_FEEDBACK, TRANSPORT_FEEDBACK},
    voip::voip_metrics,
};
use crate::rtp::MAX_PACKET_LENGTH;

/// Why a datagram is no compound RTCP packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum RtcpError {
    /// Shorter than its own lengths say.
    #[error("the packet ends inside a report")]
    Truncated,
    /// Longer than an RTP packet may be.
    #[error("the packet is longer than {MAX_PACKET_LENGTH} octets")]
    TooLong,
    /// The version is not 2.
    #[error("the RTCP version is not 2")]
    Version,
}

/// One packet of a compound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RtcpPacket<'a> {
    /// SR.
    SenderReport {
        /// Who reports.
        ssrc: u32,
        /// The NTP time of the report, 32.32 bits.
        ntp: u64,
        /// The RTP timestamp of the same moment.
        rtp_timestamp: u32,
        /// Packets sent since the beginning.
        packets: u32,
        /// Payload octets sent since the beginning.
        octets: u32,
        /// What it hears.
        reports: Vec<ReportBlock>,
    },
    /// RR.
    ReceiverReport {
        /// Who reports.
        ssrc: u32,
        /// What it hears.
        reports: Vec<ReportBlock>,
    },
    /// SDES, with the canonical name of the first chunk that has one.
    SourceDescription {
        /// The canonical name.
        cname: Option<&'a [u8]>,
    },
    /// BYE.
    Bye {
        /// The first source that leaves.
        ssrc: Option<u32>,
    },
    /// RTPFB or PSFB (RFC 4585).
    Feedback(Feedback<'a>),
    /// XR (RFC 3611).
    ExtendedReport {
        /// Who reports.
        ssrc: u32,
        /// Its VoIP metrics, if it has any.
        voip: Option<VoipMetrics>,
    },
    /// Any other type (application data) and unknown feedback: passed over.
    Other {
        /// The packet type.
        packet_type: u8,
    },
}

/// The packets of a compound, one after the other.
#[derive(Debug, Clone)]
pub struct CompoundPackets<'a> {
    rest: &'a [u8],
}

/// Checks the lengths of a compound packet (RFC 3550 §A.2) and returns its packets. Reduced-size packets (RFC 5506)
/// are taken too.
///
/// # Errors
/// Where the lengths do not add up to the datagram's.
pub fn parse_compound(datagram: &[u8]) -> Result<CompoundPackets<'_>, RtcpError> {
    if datagram.len() > MAX_PACKET_LENGTH {
        return Err(RtcpError::TooLong);
    }
    let mut rest = datagram;
    if rest.is_empty() {
        return Err(RtcpError::Truncated);
    }
    while !rest.is_empty() {
        rest = split_packet(rest)?.after;
    }
    Ok(CompoundPackets { rest: datagram })
}

/// One packet of a compound, by its header (RFC 3550 §6.4.1).
struct Split<'a> {
    count: u8,
    packet_type: u8,
    body: &'a [u8],
    /// The packets that follow.
    after: &'a [u8],
}

fn split_packet(bytes: &[u8]) -> Result<Split<'_>, RtcpError> {
    let ([first, packet_type, l0, l1], rest) = bytes.split_first_chunk().ok_or(RtcpError::Truncated)?;
    if first >> 6 != 2 {
        return Err(RtcpError::Version);
    }
    let length = usize::from(u16::from_be_bytes([*l0, *l1])) * 4;
    let (body, after) = rest.split_at_checked(length).ok_or(RtcpError::Truncated)?;
    Ok(Split { count: first & 0x1f, packet_type: *packet_type, body, after })
}

impl<'a> Iterator for CompoundPackets<'a> {
    type Item = RtcpPacket<'a>;

    fn next(&mut self) -> Option<RtcpPacket<'a>> {
        if self.rest.is_empty() {
            return None;
        }
        let Split { count, packet_type, body, after } = split_packet(self.rest).ok()?;
        self.rest = after;
        let known = match packet_type {
            SENDER_REPORT => sender_report(count, body),
            RECEIVER_REPORT => receiver_report(count, body),
            SOURCE_DESCRIPTION => Some(RtcpPacket::SourceDescription { cname: first_cname(body) }),
            TRANSPORT_FEEDBACK | PAYLOAD_FEEDBACK => {
                feedback::parse(count, packet_type, body).map(RtcpPacket::Feedback)
            }
            EXTENDED_REPORT => {
                read_u32(body).map(|(ssrc, _)| RtcpPacket::ExtendedReport { ssrc, voip: voip_metrics(body) })
            }
            BYE => Some(RtcpPacket::Bye { ssrc: read_u32(body).map(|(ssrc, _)| ssrc) }),
            _ => None,
        };
        Some(known.unwrap_or(RtcpPacket::Other { packet_type }))
    }
}

pub(super) fn read_u32(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (word, rest) = bytes.split_first_chunk()?;
    Some((u32::from_be_bytes(*word), rest))
}

fn sender_report(count: u8, body: &[u8]) -> Option<RtcpPacket<'static>> {
    let (ssrc, rest) = read_u32(body)?;
    let (seconds, rest) = read_u32(rest)?;
    let (fraction, rest) = read_u32(rest)?;
    let (rtp_timestamp, rest) = read_u32(rest)?;
    let (packets, rest) = read_u32(rest)?;
    let (octets, rest) = read_u32(rest)?;
    let ntp = u64::from(seconds) << 32 | u64::from(fraction);
    let reports = report_blocks(count, rest);
    Some(RtcpPacket::SenderReport { ssrc, ntp, rtp_timestamp, packets, octets, reports })
}

fn receiver_report(count: u8, body: &[u8]) -> Option<RtcpPacket<'static>> {
    let (ssrc, rest) = read_u32(body)?;
    Some(RtcpPacket::ReceiverReport { ssrc, reports: report_blocks(count, rest) })
}

/// At most 31, since the count has five bits.
fn report_blocks(count: u8, bytes: &[u8]) -> Vec<ReportBlock> {
    bytes.chunks_exact(REPORT_BLOCK_LENGTH).take(usize::from(count)).filter_map(report_block).collect()
}

fn report_block(bytes: &[u8]) -> Option<ReportBlock> {
    let (ssrc, rest) = read_u32(bytes)?;
    let (lost, rest) = read_u32(rest)?;
    let (highest_sequence, rest) = read_u32(rest)?;
    let (jitter, rest) = read_u32(rest)?;
    let (last_sender_report, rest) = read_u32(rest)?;
    let (delay_since_sender_report, _) = read_u32(rest)?;
    Some(ReportBlock {
        ssrc,
        fraction_lost: (lost >> 24) as u8,
        // The sign of 24 bits is spread over 32.
        cumulative_lost: ((lost << 8) as i32) >> 8,
        highest_sequence,
        jitter,
        last_sender_report,
        delay_since_sender_report,
    })
}

/// The first CNAME item (RFC 3550 §6.5.1) of the first chunk.
fn first_cname(body: &[u8]) -> Option<&[u8]> {
    let (_, mut items) = read_u32(body)?;
    loop {
        let ([item, length], rest) = items.split_first_chunk()?;
        let (text, after) = rest.split_at_checked(usize::from(*length))?;
        match item {
            0 => return None,
            1 => return Some(text),
            _ => items = after,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_datagram_is_parsed_or_refused(datagram in prop::collection::vec(any::<u8>(), 0..400)) {
            if let Ok(packets) = parse_compound(&datagram) {
                prop_assert!(packets.count() <= datagram.len() / 4);
            }
        }

        #[test]
        fn any_body_is_parsed_or_passed_over(
            count in 0_u8..32, packet_type in 198_u8..208, words in prop::collection::vec(any::<u32>(), 0..60),
        ) {
            let mut datagram = vec![0x80 | count, packet_type];
            datagram.extend((words.len() as u16).to_be_bytes());
            datagram.extend(words.iter().flat_map(|word| word.to_be_bytes()));
            prop_assert_eq!(parse_compound(&datagram).map(Iterator::count), Ok(1));
        }
    }

    #[test]
    fn a_negative_loss_keeps_its_sign() {
        let mut datagram = vec![0x81, RECEIVER_REPORT, 0, 7, 0, 0, 0, 1, 0, 0, 0, 2, 0x10, 0xff, 0xff, 0xfe];
        datagram.extend([0; 16]);
        let packet = parse_compound(&datagram).expect("well formed").next();
        let Some(RtcpPacket::ReceiverReport { reports, .. }) = packet else { panic!("a receiver report") };
        assert_eq!((reports[0].fraction_lost, reports[0].cumulative_lost), (16, -2));
    }
}
