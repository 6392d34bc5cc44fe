//! Which protocol and which leg a datagram on the shared port belongs to (RFC 7983).

use crate::ice::stun;

/// The protocol of a datagram, told by its first byte (RFC 7983 §7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DatagramKind {
    /// 0 to 3: a STUN message. Its leg is found by [`stun_local_ufrag`].
    Stun,
    /// 20 to 63: DTLS records. Their leg is found by the source address.
    Dtls,
    /// 128 to 191: SRTP or SRTCP. The leg is found by the source address; [`is_rtcp`] tells the two apart.
    Media,
    /// Anything else: ZRTP, TURN channel data, QUIC, noise. Dropped.
    Unknown,
}

/// Tells the protocol of a datagram from its first byte.
pub const fn classify(first_byte: u8) -> DatagramKind {
    match first_byte {
        0..=3 => DatagramKind::Stun,
        20..=63 => DatagramKind::Dtls,
        128..=191 => DatagramKind::Media,
        _ => DatagramKind::Unknown,
    }
}

/// Whether a datagram of kind [`DatagramKind::Media`] is RTCP: its payload type byte is 192 to 223
/// (RFC 5761 §4).
pub fn is_rtcp(datagram: &[u8]) -> bool {
    matches!(datagram.get(1), Some(192..=223))
}

/// The local half of the USERNAME of a STUN request, before its first colon: the key into a worker's table of
/// legs. Nothing is authenticated here; `None` if the datagram is no well-formed STUN message with a
/// USERNAME.
pub fn stun_local_ufrag(datagram: &[u8]) -> Option<&str> {
    let username = stun::username(datagram)?;
    let colon = username.iter().position(|byte| *byte == b':')?;
    std::str::from_utf8(username.get(..colon)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_first_byte_has_one_kind() {
        for (byte, kind) in [
            (0, DatagramKind::Stun),
            (3, DatagramKind::Stun),
            (4, DatagramKind::Unknown),
            (19, DatagramKind::Unknown),
            (20, DatagramKind::Dtls),
            (63, DatagramKind::Dtls),
            (64, DatagramKind::Unknown),
            (127, DatagramKind::Unknown),
            (128, DatagramKind::Media),
            (191, DatagramKind::Media),
            (192, DatagramKind::Unknown),
            (255, DatagramKind::Unknown),
        ] {
            assert_eq!(classify(byte), kind, "first byte {byte}");
        }
    }

    #[test]
    fn rtcp_is_told_from_rtp_by_the_second_byte() {
        assert!(is_rtcp(&[0x80, 200]));
        assert!(is_rtcp(&[0x80, 206]));
        assert!(!is_rtcp(&[0x80, 111]));
        assert!(!is_rtcp(&[0x80, 0x80 | 8]));
        assert!(!is_rtcp(&[0x80]));
    }

    #[test]
    fn noise_has_no_ufrag() {
        assert_eq!(stun_local_ufrag(&[]), None);
        assert_eq!(stun_local_ufrag(&[0; 20]), None);
        assert_eq!(stun_local_ufrag(&[0x80; 200]), None);
    }
}
