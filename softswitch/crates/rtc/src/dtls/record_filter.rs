//! What of a datagram may reach the handshake: well-formed records nobody can abuse without keys.

use bytes::BytesMut;

/// Counts what one association may still take in, and filters datagrams by it.
///
/// Records of epoch 0 are not authenticated. `rtc-dtls` answers an unexpected or undecodable one with a fatal
/// alert, takes plaintext alerts at their word, and reassembles fragments recursively; so of epoch 0 only
/// handshake records with sane fragments and ChangeCipherSpec pass (RFC 6347 §4.1.2.7 lets the rest be
/// dropped silently).
///
/// Repeated fragments are dropped too: the engine disarms its retransmission timer for any handshake record,
/// even one that tells it nothing, so a peer that repeats its ClientHello because our answer was lost would
/// silence us for good.
#[derive(Debug)]
pub(super) struct RecordFilter {
    bytes_left: usize,
    seen: Vec<Fragment>,
}

/// Which bytes of which handshake message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Fragment {
    message: u16,
    offset: usize,
    length: usize,
}

impl Default for RecordFilter {
    fn default() -> Self {
        Self { bytes_left: MAX_BYTES, seen: Vec::new() }
    }
}

impl RecordFilter {
    /// The records of `datagram` that may pass. `None` if there is none.
    pub(super) fn pass(&mut self, datagram: &[u8]) -> Option<BytesMut> {
        if datagram.len() > self.bytes_left {
            return None;
        }
        let mut passed = BytesMut::with_capacity(datagram.len());
        let mut rest = datagram;
        while let Some((record, next)) = split_record(rest) {
            if self.admits(record) {
                passed.extend_from_slice(record.bytes);
            }
            rest = next;
        }
        self.bytes_left -= passed.len();
        (!passed.is_empty()).then_some(passed)
    }

    fn admits(&mut self, record: Record<'_>) -> bool {
        match record {
            // Encrypted: the association authenticates it, or drops it.
            Record { epoch: 1, kind: CHANGE_CIPHER_SPEC..=APPLICATION_DATA, .. } => true,
            Record { epoch: 0, kind: CHANGE_CIPHER_SPEC, body, .. } => body == [1],
            Record { epoch: 0, kind: HANDSHAKE, body, .. } => self.admits_fragments(body),
            _ => false,
        }
    }

    /// Whether a record's fragments are sane and at least one is new.
    fn admits_fragments(&mut self, body: &[u8]) -> bool {
        let Some(fragments) = parse_fragments(body) else { return false };
        // A server answers a repeated first ClientHello with another HelloVerifyRequest, until the cookie
        // came back.
        let awaits_cookie = self.seen.iter().all(|seen| seen.message == 0);
        let mut admitted = false;
        for fragment in fragments {
            let known = self.seen.contains(&fragment);
            if !known {
                if self.seen.len() == MAX_FRAGMENTS {
                    return false;
                }
                self.seen.push(fragment);
            }
            admitted |= !known || awaits_cookie;
        }
        admitted
    }
}

/// The fragments of a handshake record. `None` if one does not lie within its message and the record
/// (RFC 6347 §4.2.2), or if there is none.
fn parse_fragments(body: &[u8]) -> Option<Vec<Fragment>> {
    let mut fragments = Vec::new();
    let mut rest = body;
    while !rest.is_empty() {
        let header = rest.first_chunk::<12>()?;
        let number = |at: usize| u32::from_be_bytes([0, header[at], header[at + 1], header[at + 2]]) as usize;
        let (total, offset, length) = (number(1), number(6), number(9));
        if total > MAX_MESSAGE || offset + length > total || (length == 0 && total > 0) {
            return None;
        }
        // A part of a larger message is the last of its record: the association cuts records into messages by
        // the message's length.
        if length < total && rest.len() != header.len() + length {
            return None;
        }
        fragments.push(Fragment { message: u16::from_be_bytes([header[4], header[5]]), offset, length });
        rest = rest.get(header.len() + length..)?;
    }
    (!fragments.is_empty()).then_some(fragments)
}

#[derive(Clone, Copy)]
struct Record<'a> {
    kind: u8,
    epoch: u16,
    body: &'a [u8],
    bytes: &'a [u8],
}

/// The first record of `datagram` and what follows it. `None` at the end or where lengths do not fit.
fn split_record(datagram: &[u8]) -> Option<(Record<'_>, &[u8])> {
    let header: &[u8; 13] = datagram.first_chunk()?;
    let length = usize::from(u16::from_be_bytes([header[11], header[12]]));
    if length == 0 {
        return None;
    }
    let (bytes, next) = datagram.split_at_checked(header.len() + length)?;
    let epoch = u16::from_be_bytes([header[3], header[4]]);
    Some((Record { kind: header[0], epoch, body: &bytes[header.len()..], bytes }, next))
}

const CHANGE_CIPHER_SPEC: u8 = 20;
const HANDSHAKE: u8 = 22;
const APPLICATION_DATA: u8 = 23;

/// What one association takes in, retransmissions included. A browser's handshake is 2 to 4 kB; a larger
/// budget lets a peer occupy more memory.
const MAX_BYTES: usize = 64 * 1024;
/// A browser's handshake has some ten messages, repeated a few times.
const MAX_FRAGMENTS: usize = 256;
/// A chain of certificates is the largest message.
const MAX_MESSAGE: usize = 16 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn record(kind: u8, epoch: u16, body: &[u8]) -> Vec<u8> {
        let mut bytes = vec![kind, 0xfe, 0xfd];
        bytes.extend_from_slice(&epoch.to_be_bytes());
        bytes.extend_from_slice(&[0; 6]);
        bytes.extend_from_slice(&(body.len() as u16).to_be_bytes());
        bytes.extend_from_slice(body);
        bytes
    }

    fn fragment(length: u8, offset: u8, data: &[u8]) -> Vec<u8> {
        [&[1, 0, 0, length, 0, 0, 0, 0, offset, 0, 0, data.len() as u8], data].concat()
    }

    #[test]
    fn plaintext_alerts_and_data_are_dropped_and_the_rest_of_the_datagram_passes() {
        let hello = record(HANDSHAKE, 0, &fragment(3, 0, b"abc"));
        let datagram =
            [record(21, 0, &[2, 40]), hello.clone(), record(23, 0, b"data"), record(20, 0, &[2])].concat();
        assert_eq!(RecordFilter::default().pass(&datagram).as_deref(), Some(&hello[..]));
        assert_eq!(RecordFilter::default().pass(&record(21, 0, &[2, 40])), None);
        assert!(RecordFilter::default().pass(&record(21, 1, &[0; 24])).is_some());
        assert!(RecordFilter::default().pass(&record(20, 0, &[1])).is_some());
    }

    #[test]
    fn impossible_fragments_are_dropped() {
        for body in [
            fragment(3, 2, b"abc"),
            fragment(3, 0, b""),
            fragment(9, 0, b"abc")[..13].to_vec(),
            [fragment(9, 0, b"abc"), fragment(9, 3, b"abc")].concat(),
            vec![],
        ] {
            assert_eq!(RecordFilter::default().pass(&record(HANDSHAKE, 0, &body)), None);
        }
        let part = record(HANDSHAKE, 0, &fragment(9, 3, b"abc"));
        assert!(RecordFilter::default().pass(&part).is_some());
    }

    #[test]
    fn repetitions_are_dropped_once_the_cookie_came_back() {
        let mut filter = RecordFilter::default();
        let first = record(HANDSHAKE, 0, &fragment(3, 0, b"abc"));
        assert!(filter.pass(&first).is_some());
        assert!(filter.pass(&first).is_some(), "its answer was lost");
        let mut second = fragment(3, 0, b"abc");
        second[5] = 1;
        let second = record(HANDSHAKE, 0, &second);
        assert!(filter.pass(&second).is_some());
        assert_eq!(filter.pass(&second), None);
        assert_eq!(filter.pass(&first), None);
    }

    #[test]
    fn a_flood_runs_into_the_budget() {
        let mut filter = RecordFilter::default();
        let tiny = |n: usize| {
            let mut body = fragment(200, (n % 100) as u8, b"x");
            body[5] = 1 + (n / 100) as u8;
            record(HANDSHAKE, 0, &body)
        };
        assert_eq!((0..1000).filter(|n| filter.pass(&tiny(*n)).is_some()).count(), MAX_FRAGMENTS);
        let mut filter = RecordFilter::default();
        let large = record(23, 1, &[0; 1100]);
        assert!((0..1000).filter(|_| filter.pass(&large).is_some()).count() < 64);
    }
}
