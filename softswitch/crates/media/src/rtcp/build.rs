//! Writes compound RTCP packets (RFC 3550 §6.1): a report, the canonical name, and a BYE at the end.

use super::{BYE, RECEIVER_REPORT, ReportBlock, SENDER_REPORT, SOURCE_DESCRIPTION};

/// What a sender says of itself (RFC 3550 §6.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SenderInfo {
    /// The NTP time of the report, 32.32 bits.
    pub ntp: u64,
    /// The RTP timestamp of the same moment.
    pub rtp_timestamp: u32,
    /// Packets sent since the beginning.
    pub packets: u32,
    /// Payload octets sent since the beginning.
    pub octets: u32,
}

/// A report to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report<'a> {
    /// Who reports.
    pub ssrc: u32,
    /// Present in a sender report, absent in a receiver report.
    pub sender: Option<SenderInfo>,
    /// The stream heard, if any.
    pub block: Option<ReportBlock>,
    /// Our canonical name; cut at 255 octets.
    pub cname: &'a str,
}

/// Appends SR or RR and SDES (RFC 3550 §6.1).
pub fn write_report(out: &mut Vec<u8>, report: &Report<'_>) {
    let count = u8::from(report.block.is_some());
    let sender_words = if report.sender.is_some() { 5 } else { 0 };
    let packet_type = if report.sender.is_some() { SENDER_REPORT } else { RECEIVER_REPORT };
    write_header(out, count, packet_type, 1 + sender_words + u16::from(count) * 6);
    out.extend(report.ssrc.to_be_bytes());
    if let Some(sender) = &report.sender {
        out.extend(sender.ntp.to_be_bytes());
        out.extend(sender.rtp_timestamp.to_be_bytes());
        out.extend(sender.packets.to_be_bytes());
        out.extend(sender.octets.to_be_bytes());
    }
    if let Some(block) = &report.block {
        write_block(out, block);
    }
    write_source_description(out, report.ssrc, report.cname.as_bytes());
}

/// Appends a BYE (RFC 3550 §6.6).
pub fn write_bye(out: &mut Vec<u8>, ssrc: u32) {
    write_header(out, 1, BYE, 1);
    out.extend(ssrc.to_be_bytes());
}

fn write_header(out: &mut Vec<u8>, count: u8, packet_type: u8, words: u16) {
    out.extend([0x80 | count & 0x1f, packet_type]);
    out.extend(words.to_be_bytes());
}

fn write_block(out: &mut Vec<u8>, block: &ReportBlock) {
    let lost = block.cumulative_lost.clamp(-0x80_0000, 0x7f_ffff) as u32 & 0x00ff_ffff;
    out.extend(block.ssrc.to_be_bytes());
    out.extend((u32::from(block.fraction_lost) << 24 | lost).to_be_bytes());
    out.extend(block.highest_sequence.to_be_bytes());
    out.extend(block.jitter.to_be_bytes());
    out.extend(block.last_sender_report.to_be_bytes());
    out.extend(block.delay_since_sender_report.to_be_bytes());
}

/// §6.5: one chunk with a CNAME item, ended by one to four zero octets up to a word boundary.
fn write_source_description(out: &mut Vec<u8>, ssrc: u32, cname: &[u8]) {
    let length = u8::try_from(cname.len()).unwrap_or(u8::MAX);
    let text = &cname[..usize::from(length)];
    let items = 2 + text.len();
    let padding = 4 - items % 4;
    write_header(out, 1, SOURCE_DESCRIPTION, 1 + ((items + padding) / 4) as u16);
    out.extend(ssrc.to_be_bytes());
    out.extend([1, length]);
    out.extend(text);
    out.extend(std::iter::repeat_n(0, padding));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rtcp::{RtcpPacket, parse_compound};

    #[test]
    fn what_is_written_can_be_read() {
        let block = ReportBlock {
            ssrc: 7,
            fraction_lost: 3,
            cumulative_lost: -5,
            highest_sequence: 0x1_0005,
            jitter: 12,
            last_sender_report: 0xabcd_ef01,
            delay_since_sender_report: 65_536,
        };
        let sender = SenderInfo { ntp: 1 << 40, rtp_timestamp: 99, packets: 4, octets: 640 };
        for cname in ["", "a", "ab", "abc", "abcd", &"x".repeat(300)] {
            let mut out = Vec::new();
            write_report(&mut out, &Report { ssrc: 1, sender: Some(sender), block: Some(block), cname });
            write_bye(&mut out, 1);
            let packets: Vec<_> = parse_compound(&out).expect("well formed").collect();
            let expected = &cname.as_bytes()[..cname.len().min(255)];
            assert_eq!(
                packets,
                [
                    RtcpPacket::SenderReport {
                        ssrc: 1,
                        ntp: 1 << 40,
                        rtp_timestamp: 99,
                        packets: 4,
                        octets: 640,
                        reports: vec![block]
                    },
                    RtcpPacket::SourceDescription { cname: Some(expected) },
                    RtcpPacket::Bye { ssrc: Some(1) },
                ]
            );
        }
    }
}
