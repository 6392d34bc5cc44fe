//! Feedback messages: NACK, PLI (RFC 4585 §6), FIR (RFC 5104 §4.3.1), REMB (draft-alvestrand-rmcat-remb-03), and the
//! envelope of transport-wide feedback, which [`super::transport_wide`] reads.

/// A feedback message: who says it, and what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feedback<'a> {
    /// Who says it.
    pub sender: u32,
    /// What it says.
    pub kind: FeedbackKind<'a>,
}

/// What a feedback message says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FeedbackKind<'a> {
    /// Packets of `media` are missing (RFC 4585 §6.2.1).
    Nack {
        /// The stream.
        media: u32,
        /// Their sequence numbers.
        lost: LostPackets<'a>,
    },
    /// A picture of `media` is lost (RFC 4585 §6.3.1): a key frame is wanted.
    PictureLoss {
        /// The stream.
        media: u32,
    },
    /// A key frame is demanded (RFC 5104 §4.3.1).
    FullIntra(FullIntraRequests<'a>),
    /// What the receiver thinks its way carries (draft-alvestrand-rmcat-remb-03 §2.2).
    ReceiverEstimate {
        /// In bits per second.
        bits_per_second: u64,
    },
    /// Arrival times of all packets of a transport (draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1): what
    /// follows the two SSRCs.
    TransportWide {
        /// See [`super::parse_arrivals`].
        body: &'a [u8],
    },
}

/// The sequence numbers of a NACK.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LostPackets<'a> {
    entries: &'a [u8],
}

impl LostPackets<'_> {
    /// The numbers in order, at most 17 for each of the at most [`MAX_NACK_ENTRIES`] entries that are read.
    pub fn iter(&self) -> impl Iterator<Item = u16> {
        self.entries.chunks_exact(4).take(MAX_NACK_ENTRIES).flat_map(|entry| {
            let (first, mask) = (word(entry, 0), word(entry, 2));
            let following = (0..16).filter(move |bit| mask & (1 << bit) != 0);
            std::iter::once(first).chain(following.map(move |bit| first.wrapping_add(bit + 1)))
        })
    }
}

/// The entries of a FIR.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FullIntraRequests<'a> {
    entries: &'a [u8],
}

impl FullIntraRequests<'_> {
    /// Each stream with the number of the command: the same number again is the same command (RFC 5104 §4.3.1.2).
    pub fn iter(&self) -> impl Iterator<Item = (u32, u8)> {
        self.entries.chunks_exact(8).filter_map(|entry| {
            let (ssrc, rest) = entry.split_first_chunk::<4>()?;
            Some((u32::from_be_bytes(*ssrc), *rest.first()?))
        })
    }
}

fn word(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..at + 2).map_or(0, |pair| u16::from_be_bytes([pair[0], pair[1]]))
}

fn long(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (first, rest) = bytes.split_first_chunk()?;
    Some((u32::from_be_bytes(*first), rest))
}

/// Reads a feedback packet behind its header; `None` for kinds that mean nothing to us.
pub(super) fn parse(format: u8, packet_type: u8, body: &[u8]) -> Option<Feedback<'_>> {
    let (sender, rest) = long(body)?;
    let (media, rest) = long(rest)?;
    let kind = match (packet_type, format) {
        (TRANSPORT_FEEDBACK, NACK) => FeedbackKind::Nack { media, lost: LostPackets { entries: rest } },
        (TRANSPORT_FEEDBACK, TRANSPORT_WIDE) => FeedbackKind::TransportWide { body: rest },
        (PAYLOAD_FEEDBACK, PICTURE_LOSS) => FeedbackKind::PictureLoss { media },
        (PAYLOAD_FEEDBACK, FULL_INTRA) => FeedbackKind::FullIntra(FullIntraRequests { entries: rest }),
        (PAYLOAD_FEEDBACK, APPLICATION) => {
            FeedbackKind::ReceiverEstimate { bits_per_second: estimate(rest)? }
        }
        _ => return None,
    };
    Some(Feedback { sender, kind })
}

/// §2.2 of the draft: "REMB", the number of SSRCs, an exponent of 6 and a mantissa of 18 bits.
fn estimate(body: &[u8]) -> Option<u64> {
    let (name, rest) = body.split_first_chunk::<4>()?;
    if name != b"REMB" {
        return None;
    }
    let (value, _) = long(rest)?;
    let (exponent, mantissa) = (value >> 18 & 0x3f, u64::from(value & 0x3_ffff));
    // An exponent beyond this overflows and says "as much as you like".
    Some(mantissa.checked_shl(exponent).filter(|_| exponent < 46).unwrap_or(u64::MAX))
}

/// Appends a NACK for `lost`, which is in ascending order; more than fit into [`MAX_NACK_ENTRIES`] are left out.
pub fn write_nack(out: &mut Vec<u8>, sender: u32, media: u32, lost: &[u16]) {
    let mut entries: Vec<(u16, u16)> = Vec::new();
    for &sequence in lost {
        if let Some((first, mask)) = entries.last_mut() {
            let ahead = sequence.wrapping_sub(*first);
            if ahead <= 16 {
                *mask |= if ahead == 0 { 0 } else { 1 << (ahead - 1) };
                continue;
            }
        }
        if entries.len() == MAX_NACK_ENTRIES {
            break;
        }
        entries.push((sequence, 0));
    }
    if entries.is_empty() {
        return;
    }
    write_header(out, NACK, TRANSPORT_FEEDBACK, 2 + entries.len() as u16);
    out.extend(sender.to_be_bytes());
    out.extend(media.to_be_bytes());
    for (first, mask) in entries {
        out.extend(first.to_be_bytes());
        out.extend(mask.to_be_bytes());
    }
}

/// Appends a PLI.
pub fn write_picture_loss(out: &mut Vec<u8>, sender: u32, media: u32) {
    write_header(out, PICTURE_LOSS, PAYLOAD_FEEDBACK, 2);
    out.extend(sender.to_be_bytes());
    out.extend(media.to_be_bytes());
}

/// Appends a FIR. `number` goes up with every new command (RFC 5104 §4.3.1.1).
pub fn write_full_intra(out: &mut Vec<u8>, sender: u32, media: u32, number: u8) {
    write_header(out, FULL_INTRA, PAYLOAD_FEEDBACK, 4);
    out.extend(sender.to_be_bytes());
    // §4.3.1.2: "the SSRC of media source is not used and SHALL be set to 0".
    out.extend([0; 4]);
    out.extend(media.to_be_bytes());
    out.extend([number, 0, 0, 0]);
}

/// Appends a REMB for the streams `media`, at most 255.
pub fn write_receiver_estimate(out: &mut Vec<u8>, sender: u32, bits_per_second: u64, media: &[u32]) {
    let media = &media[..media.len().min(255)];
    write_header(out, APPLICATION, PAYLOAD_FEEDBACK, 4 + media.len() as u16);
    out.extend(sender.to_be_bytes());
    out.extend([0; 4]);
    out.extend(b"REMB");
    let exponent = (64 - bits_per_second.leading_zeros()).saturating_sub(18);
    let mantissa = (bits_per_second >> exponent) as u32 & 0x3_ffff;
    out.extend(((media.len() as u32) << 24 | exponent << 18 | mantissa).to_be_bytes());
    for ssrc in media {
        out.extend(ssrc.to_be_bytes());
    }
}

pub(super) fn write_header(out: &mut Vec<u8>, format: u8, packet_type: u8, words: u16) {
    out.extend([0x80 | format & 0x1f, packet_type]);
    out.extend(words.to_be_bytes());
}

pub(super) const TRANSPORT_FEEDBACK: u8 = 205;
pub(super) const PAYLOAD_FEEDBACK: u8 = 206;
pub(super) const TRANSPORT_WIDE: u8 = 15;
const NACK: u8 = 1;
const PICTURE_LOSS: u8 = 1;
const FULL_INTRA: u8 = 4;
const APPLICATION: u8 = 15;

/// The most entries of a NACK that are read or written. More lets one packet ask for more than a store holds.
pub const MAX_NACK_ENTRIES: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rtcp::{RtcpPacket, parse_compound};

    fn only(bytes: &[u8]) -> Feedback<'_> {
        let mut packets = parse_compound(bytes).expect("well formed");
        match (packets.next(), packets.next()) {
            (Some(RtcpPacket::Feedback(feedback)), None) => feedback,
            other => panic!("one feedback message, not {other:?}"),
        }
    }

    #[test]
    fn a_nack_names_what_was_lost_across_the_wrap() {
        let lost = [65_530, 65_535, 2, 10, 11, 400];
        let mut out = Vec::new();
        write_nack(&mut out, 1, 2, &lost);
        let FeedbackKind::Nack { media: 2, lost: read } = only(&out).kind else { panic!("a NACK") };
        assert_eq!(read.iter().collect::<Vec<_>>(), lost);
        let mut nothing = Vec::new();
        write_nack(&mut nothing, 1, 2, &[]);
        assert!(nothing.is_empty());
    }

    #[test]
    fn a_nack_is_bounded_both_ways() {
        let many: Vec<u16> = (0..1000).map(|number| number * 20).collect();
        let mut out = Vec::new();
        write_nack(&mut out, 1, 2, &many);
        assert_eq!(out.len(), 12 + MAX_NACK_ENTRIES * 4);
        let mut flood = vec![0x81, TRANSPORT_FEEDBACK, 1, 2, 0, 0, 0, 1, 0, 0, 0, 2];
        flood.extend([0xff; 1024]);
        let FeedbackKind::Nack { lost, .. } = only(&flood).kind else { panic!("a NACK") };
        assert_eq!(lost.iter().count(), MAX_NACK_ENTRIES * 17);
    }

    #[test]
    fn key_frame_requests_are_read_as_written() {
        let mut out = Vec::new();
        write_picture_loss(&mut out, 7, 9);
        assert_eq!(only(&out), Feedback { sender: 7, kind: FeedbackKind::PictureLoss { media: 9 } });
        let mut out = Vec::new();
        write_full_intra(&mut out, 7, 9, 3);
        let FeedbackKind::FullIntra(requests) = only(&out).kind else { panic!("a FIR") };
        assert_eq!(requests.iter().collect::<Vec<_>>(), [(9, 3)]);
    }

    #[test]
    fn an_estimate_keeps_18_bits() {
        for bits_per_second in [0, 1, 300_000, 2_500_000, 1 << 40] {
            let mut out = Vec::new();
            write_receiver_estimate(&mut out, 1, bits_per_second, &[5, 6]);
            let FeedbackKind::ReceiverEstimate { bits_per_second: read } = only(&out).kind else {
                panic!("a REMB")
            };
            assert!(read <= bits_per_second && bits_per_second - read <= bits_per_second >> 17);
        }
        assert_eq!(estimate(b"REMB\x01\xff\xff\xff"), Some(u64::MAX));
        assert_eq!(estimate(b"RAMB\x01\xff\xff\xff"), None);
    }
}
