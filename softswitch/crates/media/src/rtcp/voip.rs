//! VoIP metrics of extended reports (RFC 3611 §3, §4.7): read where a telephone sends them, never sent.

use super::parse::read_u32;

/// What a telephone says of a stream it plays. Shares are in 1/256.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct VoipMetrics {
    /// The stream reported on.
    pub ssrc: u32,
    /// The share lost on the network.
    pub loss_rate: u8,
    /// The share thrown away by its playout buffer, having come too late.
    pub discard_rate: u8,
    /// The share lost or thrown away within bursts.
    pub burst_density: u8,
    /// The delay it adds itself, in milliseconds; 0 where it does not say.
    pub end_system_delay_ms: u16,
}

/// The first block of VoIP metrics in the body of an extended report, behind the packet's header.
pub(super) fn voip_metrics(body: &[u8]) -> Option<VoipMetrics> {
    let (_, mut blocks) = read_u32(body)?;
    loop {
        let ([kind, _, l0, l1], rest) = blocks.split_first_chunk()?;
        let length = usize::from(u16::from_be_bytes([*l0, *l1])) * 4;
        let (block, after) = rest.split_at_checked(length)?;
        if *kind == VOIP_METRICS {
            return metrics(block);
        }
        blocks = after;
    }
}

fn metrics(block: &[u8]) -> Option<VoipMetrics> {
    let [s0, s1, s2, s3, loss_rate, discard_rate, burst_density, _, _, _, _, _, _, _, e0, e1, ..] =
        *block.first_chunk::<METRICS_LENGTH>()?;
    Some(VoipMetrics {
        ssrc: u32::from_be_bytes([s0, s1, s2, s3]),
        loss_rate,
        discard_rate,
        burst_density,
        end_system_delay_ms: u16::from_be_bytes([e0, e1]),
    })
}

const VOIP_METRICS: u8 = 7;
const METRICS_LENGTH: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rtcp::{RtcpPacket, parse_compound};

    #[test]
    fn metrics_are_found_behind_other_blocks() {
        let mut datagram = vec![0x80, 207, 0, 13, 0, 0, 0, 9];
        // A receiver reference time (§4.4), then the metrics.
        datagram.extend([4, 0, 0, 2, 1, 2, 3, 4, 5, 6, 7, 8]);
        datagram.extend([7, 0, 0, 8, 0, 0, 0, 7, 12, 3, 128, 1]);
        datagram.extend([0, 100, 3, 232, 0, 90, 0, 60, 127, 127, 127, 16, 80, 127, 40, 38, 0, 0, 0, 40]);
        datagram.extend([0, 80, 0, 200]);
        let packet = parse_compound(&datagram).expect("well formed").next();
        let expected = VoipMetrics {
            ssrc: 7,
            loss_rate: 12,
            discard_rate: 3,
            burst_density: 128,
            end_system_delay_ms: 60,
        };
        assert_eq!(packet, Some(RtcpPacket::ExtendedReport { ssrc: 9, voip: Some(expected) }));
    }

    #[test]
    fn a_block_that_ends_early_says_nothing() {
        assert_eq!(voip_metrics(&[0, 0, 0, 9, 7, 0, 0, 8, 1, 2, 3]), None);
        assert_eq!(voip_metrics(&[0, 0, 0, 9, 7, 0, 0, 1, 1, 2, 3, 4]), None);
    }
}
