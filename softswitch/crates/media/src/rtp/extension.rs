//! Header extensions (RFC 8285): read in place from either form, written in the one-byte form.

use super::FIXED_HEADER_LENGTH;

/// The elements of a packet's header extension, one after the other: id and value. Malformed rests end them.
#[derive(Debug, Clone)]
pub struct Elements<'a> {
    rest: &'a [u8],
    is_two_byte: bool,
}

/// The elements of the RTP packet `datagram`; none where it has no extension, or one of another profile.
pub fn elements(datagram: &[u8]) -> Elements<'_> {
    find(datagram).unwrap_or(Elements { rest: &[], is_two_byte: false })
}

fn find(datagram: &[u8]) -> Option<Elements<'_>> {
    let first = *datagram.first()?;
    if first & 0x10 == 0 {
        return None;
    }
    let extension = datagram.get(FIXED_HEADER_LENGTH + usize::from(first & 0x0f) * 4..)?;
    let ([p0, p1, l0, l1], rest) = extension.split_first_chunk::<4>()?;
    let rest = rest.get(..usize::from(u16::from_be_bytes([*l0, *l1])) * 4)?;
    match u16::from_be_bytes([*p0, *p1]) {
        // RFC 8285 §4.2, §4.3.
        ONE_BYTE => Some(Elements { rest, is_two_byte: false }),
        profile if profile & 0xfff0 == TWO_BYTE => Some(Elements { rest, is_two_byte: true }),
        _ => None,
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = (u8, &'a [u8]);

    fn next(&mut self) -> Option<(u8, &'a [u8])> {
        // Zero octets are padding between elements.
        while let Some((0, rest)) = self.rest.split_first() {
            self.rest = rest;
        }
        let (id, length, rest) = if self.is_two_byte {
            let ([id, length], rest) = self.rest.split_first_chunk::<2>()?;
            (*id, usize::from(*length), rest)
        } else {
            let (first, rest) = self.rest.split_first()?;
            (first >> 4, usize::from(first & 0x0f) + 1, rest)
        };
        // §4.2: id 15 of the one-byte form stops the reading.
        let (value, after) = rest.split_at_checked(length).filter(|_| self.is_two_byte || id != 15)?;
        self.rest = after;
        Some((id, value))
    }
}

/// How loud the sender says a packet is (RFC 6464 §3). It is a word of the peer's, good for figures alone. The bit beside
/// it, whether there is a voice, is not read: each sender sets it by a measure of its own, or not at all (§4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AudioLevel(u8);

impl AudioLevel {
    /// The one that the RTP packet `datagram` has under `id`.
    pub fn read(datagram: &[u8], id: u8) -> Option<Self> {
        let (_, value) = elements(datagram).find(|(known, _)| *known == id)?;
        let &[level] = value else { return None };
        Some(Self(level & 0x7f))
    }

    /// In dB below full scale: −127 to 0.
    pub fn decibels(self) -> f32 {
        -f32::from(self.0)
    }

    /// Whether there are only zeros: §3 has 127 for them, however quiet anything else is.
    pub const fn is_digital_silence(self) -> bool {
        self.0 == DIGITAL_SILENCE
    }
}

/// Writes the elements of one packet in the one-byte form.
#[derive(Debug)]
pub struct ElementWriter<'a> {
    buffer: &'a mut [u8],
    length: usize,
}

impl<'a> ElementWriter<'a> {
    /// A writer into `buffer`, which begins where the extension's header goes.
    pub const fn new(buffer: &'a mut [u8]) -> Self {
        Self { buffer, length: EXTENSION_HEADER_LENGTH }
    }

    /// Adds an element. One that the form cannot carry (ids but 1 to 14, values but of 1 to 16 octets), or that finds
    /// no room, is left out.
    pub fn add(&mut self, id: u8, value: &[u8]) {
        let is_fit = (1..=14).contains(&id) && (1..=16).contains(&value.len());
        let end = self.length + 1 + value.len();
        // Room for up to three octets of padding is kept.
        if !is_fit || end + 3 > self.buffer.len() {
            return;
        }
        if let Some([head, body @ ..]) = self.buffer.get_mut(self.length..end) {
            *head = id << 4 | (value.len() - 1) as u8;
            body.copy_from_slice(value);
            self.length = end;
        }
    }

    /// Ends the extension and returns its length in octets; 0 where nothing was added.
    pub fn finish(self) -> usize {
        if self.length == EXTENSION_HEADER_LENGTH {
            return 0;
        }
        let end = self.length.next_multiple_of(4);
        if let Some(padding) = self.buffer.get_mut(self.length..end) {
            padding.fill(0);
        }
        let words = ((end - EXTENSION_HEADER_LENGTH) / 4) as u16;
        if let Some(header) = self.buffer.first_chunk_mut::<EXTENSION_HEADER_LENGTH>() {
            let ([p0, p1], [l0, l1]) = (ONE_BYTE.to_be_bytes(), words.to_be_bytes());
            *header = [p0, p1, l0, l1];
        }
        end
    }
}

/// The absolute send time of `since_epoch`: 24 bits, seconds with 18 bits of fraction (the abs-send-time extension).
pub fn absolute_send_time(since_epoch: std::time::Duration) -> [u8; 3] {
    let units = (since_epoch.as_micros() << 18) / 1_000_000;
    let [.., a, b, c] = units.to_be_bytes();
    [a, b, c]
}

const DIGITAL_SILENCE: u8 = 127;
const ONE_BYTE: u16 = 0xbede;
const TWO_BYTE: u16 = 0x1000;
const EXTENSION_HEADER_LENGTH: usize = 4;

/// The room an [`ElementWriter`] is given: more than all that is negotiated takes.
pub const MAX_EXTENSION_LENGTH: usize = 64;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    fn packet(profile: u16, body: &[u8]) -> Vec<u8> {
        let mut packet = vec![0x90, 96, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1];
        packet.extend(profile.to_be_bytes());
        packet.extend(((body.len() / 4) as u16).to_be_bytes());
        packet.extend(body);
        packet
    }

    #[test]
    fn both_forms_are_read() {
        let one = packet(0xbede, &[0x10, 7, 0, 0x32, 1, 2, 3, 0xf0]);
        assert_eq!(elements(&one).collect::<Vec<_>>(), [(1, &[7][..]), (3, &[1, 2, 3][..])]);
        let two = packet(0x1003, &[1, 1, 7, 0, 20, 0, 3, 2, 8, 9, 0, 0]);
        assert_eq!(elements(&two).collect::<Vec<_>>(), [(1, &[7][..]), (20, &[][..]), (3, &[8, 9][..])]);
        assert_eq!(elements(&packet(0x4711, &[1, 1, 7, 0])).count(), 0);
    }

    #[test]
    fn a_level_is_read_without_its_voice_bit_and_only_of_one_octet() {
        let level = |body: &[u8], id| AudioLevel::read(&packet(0xbede, body), id).map(AudioLevel::decibels);
        assert_eq!(level(&[0x10, 0x80 | 30, 0, 0], 1), Some(-30.0));
        assert_eq!(level(&[0x20, 5, 0x10, 127], 1), Some(-127.0));
        assert_eq!(level(&[0x10, 30, 0, 0], 2), None);
        assert_eq!(level(&[0x11, 30, 30, 0], 1), None);
        let two = AudioLevel::read(&packet(0x1000, &[1, 1, 127, 0]), 1);
        assert!(two.is_some_and(AudioLevel::is_digital_silence));
        assert_eq!(AudioLevel::read(&[0x80; 12], 1), None);
    }

    #[test]
    fn what_is_written_is_read_and_the_rest_left_out() {
        let mut buffer = [0xff; 32];
        let mut writer = ElementWriter::new(&mut buffer);
        writer.add(2, b"mid");
        writer.add(15, b"no");
        writer.add(3, b"");
        writer.add(4, &[9; 17]);
        writer.add(14, &[5, 6]);
        let length = writer.finish();
        assert_eq!(length, 12);
        let mut packet = vec![0x90, 96, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1];
        packet.extend(&buffer[..length]);
        assert_eq!(elements(&packet).collect::<Vec<_>>(), [(2, &b"mid"[..]), (14, &[5, 6][..])]);
        assert_eq!(ElementWriter::new(&mut [0; 8]).finish(), 0);
    }

    #[test]
    fn send_times_wrap_after_64_seconds() {
        assert_eq!(absolute_send_time(Duration::from_secs(1)), [4, 0, 0]);
        assert_eq!(absolute_send_time(Duration::from_millis(64_500)), [2, 0, 0]);
    }

    proptest! {
        #[test]
        fn any_datagram_has_bounded_elements(datagram in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(elements(&datagram).count() <= datagram.len());
        }
    }
}
