//! The STUN messages ICE-lite reads and writes (RFC 8489, RFC 8445 §16): spans into the datagram, no copies.

use std::net::{IpAddr, SocketAddr};

use super::integrity::{FINGERPRINT_XOR, IntegrityKey, crc32};

/// A parsed STUN message: well-formed, nothing authenticated yet.
#[derive(Debug)]
pub(crate) struct Message<'a> {
    bytes: &'a [u8],
    pub(crate) kind: MessageKind,
    pub(crate) username: Option<&'a [u8]>,
    pub(crate) use_candidate: bool,
    /// The peer takes the controlled role (ICE-CONTROLLED).
    pub(crate) controlled: bool,
    pub(crate) unknown: UnknownAttributes,
    integrity: Option<Span>,
    fingerprint: Option<(usize, u32)>,
}

/// What a message asks or says, as far as a lite agent distinguishes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MessageKind {
    BindingRequest,
    BindingIndication,
    /// A response, or a method other than Binding.
    Other,
}

/// Comprehension-required attributes we do not know; more than eight are counted as eight.
#[derive(Debug, Default)]
pub(crate) struct UnknownAttributes {
    types: [u16; 8],
    length: usize,
}

impl UnknownAttributes {
    fn push(&mut self, kind: u16) {
        if let Some(slot) = self.types.get_mut(self.length) {
            *slot = kind;
            self.length += 1;
        }
    }

    pub(crate) fn as_slice(&self) -> &[u16] {
        &self.types[..self.length]
    }
}

/// Why a datagram is no STUN message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MalformedStun;

/// Where an attribute's header begins, and its 20 byte value.
#[derive(Debug, Clone, Copy)]
struct Span {
    at: usize,
}

impl<'a> Message<'a> {
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, MalformedStun> {
        let header = header(bytes).ok_or(MalformedStun)?;
        let mut message = Self {
            bytes,
            kind: header,
            username: None,
            use_candidate: false,
            controlled: false,
            unknown: UnknownAttributes::default(),
            integrity: None,
            fingerprint: None,
        };
        for (count, attribute) in Attributes::of(bytes).enumerate() {
            let attribute = attribute?;
            // RFC 8489 §14.7: FINGERPRINT is the last attribute.
            if count >= MAX_ATTRIBUTES || message.fingerprint.is_some() {
                return Err(MalformedStun);
            }
            message.note(attribute)?;
        }
        Ok(message)
    }

    fn note(&mut self, attribute: Attribute<'a>) -> Result<(), MalformedStun> {
        let Attribute { kind, at, value } = attribute;
        if kind == FINGERPRINT {
            let value = value.try_into().map_err(|_| MalformedStun)?;
            self.fingerprint = Some((at, u32::from_be_bytes(value)));
            return Ok(());
        }
        // RFC 8489 §14.5: what follows MESSAGE-INTEGRITY, except FINGERPRINT, is ignored.
        if self.integrity.is_some() {
            return Ok(());
        }
        match kind {
            MESSAGE_INTEGRITY if value.len() == 20 => self.integrity = Some(Span { at }),
            MESSAGE_INTEGRITY => return Err(MalformedStun),
            USERNAME if value.len() <= MAX_USERNAME => self.username = Some(value),
            USERNAME => return Err(MalformedStun),
            USE_CANDIDATE => self.use_candidate = true,
            ICE_CONTROLLED => self.controlled = true,
            PRIORITY | MAPPED_ADDRESS | ERROR_CODE | UNKNOWN_ATTRIBUTES | REALM | NONCE
            | XOR_MAPPED_ADDRESS => {}
            // RFC 8489 §14: types below 0x8000 must be understood.
            0..=0x7fff => self.unknown.push(kind),
            _ => {}
        }
        Ok(())
    }

    /// Whether the message ends in a FINGERPRINT that fits (RFC 8489 §14.7).
    pub(crate) fn fingerprint_fits(&self) -> bool {
        let Some((at, value)) = self.fingerprint else { return false };
        self.bytes.get(..at).is_some_and(|covered| crc32(covered) ^ FINGERPRINT_XOR == value)
    }

    /// Whether a MESSAGE-INTEGRITY is there at all.
    pub(crate) fn has_integrity(&self) -> bool {
        self.integrity.is_some()
    }

    /// Whether MESSAGE-INTEGRITY fits `key`, compared in constant time.
    pub(crate) fn integrity_fits(&self, key: &mut IntegrityKey) -> bool {
        let Some(Span { at }) = self.integrity else { return false };
        let (Some(kind), Some(body), Some(tag)) =
            (self.bytes.get(..2), self.bytes.get(4..at), self.bytes.get(at + 4..at + 24))
        else {
            return false;
        };
        // RFC 8489 §14.5: the length field covers up to and including MESSAGE-INTEGRITY.
        let length = ((at + 24 - HEADER_LENGTH) as u16).to_be_bytes();
        key.verify(&[kind, &length, body], tag)
    }

    fn transaction(&self) -> &[u8] {
        self.bytes.get(8..HEADER_LENGTH).unwrap_or_default()
    }
}

/// The USERNAME of a STUN message, found without judging the rest.
pub(crate) fn username(bytes: &[u8]) -> Option<&[u8]> {
    header(bytes)?;
    Attributes::of(bytes)
        .take(MAX_ATTRIBUTES)
        .map_while(Result::ok)
        .find(|attribute| attribute.kind == USERNAME)
        .map(|attribute| attribute.value)
}

/// A Binding success response that reflects `source` (RFC 8445 §7.3.1.2).
pub(crate) fn success(request: &Message<'_>, source: SocketAddr, key: &mut IntegrityKey) -> Vec<u8> {
    let mut writer = Writer::response(BINDING_SUCCESS, request);
    writer.xor_mapped_address(source);
    writer.integrity(key);
    writer.finish()
}

/// A Binding error response. `key` signs it once the request proved to know the password.
///
/// The reason phrase stays empty so that an answer to an unauthenticated request is never larger than it.
pub(crate) fn error(request: &Message<'_>, code: ErrorCode, key: Option<&mut IntegrityKey>) -> Vec<u8> {
    let mut writer = Writer::response(BINDING_ERROR, request);
    let code_number = code as u16;
    writer.attribute(ERROR_CODE, &[0, 0, (code_number / 100) as u8, (code_number % 100) as u8]);
    if code == ErrorCode::UnknownAttribute {
        let types: Vec<u8> = request.unknown.as_slice().iter().flat_map(|kind| kind.to_be_bytes()).collect();
        writer.attribute(UNKNOWN_ATTRIBUTES, &types);
    }
    if let Some(key) = key {
        writer.integrity(key);
    }
    writer.finish()
}

/// The errors a lite agent answers with (RFC 8489 §14.8, RFC 8445 §16.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ErrorCode {
    BadRequest = 400,
    Unauthenticated = 401,
    UnknownAttribute = 420,
    RoleConflict = 487,
}

struct Writer(Vec<u8>);

impl Writer {
    fn response(kind: u16, request: &Message<'_>) -> Self {
        let mut bytes = Vec::with_capacity(96);
        bytes.extend_from_slice(&kind.to_be_bytes());
        bytes.extend_from_slice(&[0, 0]);
        bytes.extend_from_slice(&MAGIC_COOKIE);
        bytes.extend_from_slice(request.transaction());
        Self(bytes)
    }

    fn attribute(&mut self, kind: u16, value: &[u8]) {
        self.0.extend_from_slice(&kind.to_be_bytes());
        self.0.extend_from_slice(&(value.len() as u16).to_be_bytes());
        self.0.extend_from_slice(value);
        self.0.resize(self.0.len().next_multiple_of(4), 0);
        self.set_length(self.0.len());
    }

    fn set_length(&mut self, total: usize) {
        let length = ((total - HEADER_LENGTH) as u16).to_be_bytes();
        self.0[2..4].copy_from_slice(&length);
    }

    /// RFC 8489 §14.2. An IPv4-mapped IPv6 source is reflected as the IPv4 address the peer knows.
    fn xor_mapped_address(&mut self, source: SocketAddr) {
        let mut value = [0; 20];
        let port = source.port() ^ 0x2112;
        value[2..4].copy_from_slice(&port.to_be_bytes());
        let mask: [u8; 16] = self.0[4..20].try_into().expect("cookie and transaction are 16 bytes");
        let xored = |octets: &[u8], out: &mut [u8]| {
            for ((out, octet), mask) in out.iter_mut().zip(octets).zip(mask) {
                *out = octet ^ mask;
            }
        };
        match source.ip().to_canonical() {
            IpAddr::V4(ip) => {
                value[1] = 1;
                xored(&ip.octets(), &mut value[4..8]);
                self.attribute(XOR_MAPPED_ADDRESS, &value[..8]);
            }
            IpAddr::V6(ip) => {
                value[1] = 2;
                xored(&ip.octets(), &mut value[4..20]);
                self.attribute(XOR_MAPPED_ADDRESS, &value);
            }
        }
    }

    fn integrity(&mut self, key: &mut IntegrityKey) {
        self.set_length(self.0.len() + 24);
        let tag = key.sign(&[&self.0]);
        self.attribute(MESSAGE_INTEGRITY, &tag);
    }

    fn finish(mut self) -> Vec<u8> {
        self.set_length(self.0.len() + 8);
        let checksum = crc32(&self.0) ^ FINGERPRINT_XOR;
        self.attribute(FINGERPRINT, &checksum.to_be_bytes());
        self.0
    }
}

/// Judges the 20 byte header (RFC 8489 §5).
fn header(bytes: &[u8]) -> Option<MessageKind> {
    let header: &[u8; HEADER_LENGTH] = bytes.first_chunk()?;
    let length = usize::from(u16::from_be_bytes([header[2], header[3]]));
    if header[0] & 0xc0 != 0
        || header[4..8] != MAGIC_COOKIE
        || !length.is_multiple_of(4)
        || length != bytes.len() - HEADER_LENGTH
    {
        return None;
    }
    Some(match u16::from_be_bytes([header[0], header[1]]) {
        BINDING_REQUEST => MessageKind::BindingRequest,
        BINDING_INDICATION => MessageKind::BindingIndication,
        _ => MessageKind::Other,
    })
}

struct Attribute<'a> {
    kind: u16,
    /// Offset of the attribute's header in the message.
    at: usize,
    value: &'a [u8],
}

struct Attributes<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Attributes<'a> {
    fn of(bytes: &'a [u8]) -> Self {
        Self { bytes, at: HEADER_LENGTH }
    }

    fn read(&self) -> Option<(Attribute<'a>, usize)> {
        let rest = self.bytes.get(self.at..)?;
        let [k0, k1, l0, l1] = *rest.first_chunk::<4>()?;
        let length = usize::from(u16::from_be_bytes([l0, l1]));
        let value = rest.get(4..4 + length)?;
        let next = self.at + 4 + length.next_multiple_of(4);
        Some((Attribute { kind: u16::from_be_bytes([k0, k1]), at: self.at, value }, next))
    }
}

impl<'a> Iterator for Attributes<'a> {
    type Item = Result<Attribute<'a>, MalformedStun>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.bytes.len() {
            return None;
        }
        let Some((attribute, next)) = self.read() else {
            self.at = self.bytes.len();
            return Some(Err(MalformedStun));
        };
        self.at = next;
        Some(Ok(attribute))
    }
}

const HEADER_LENGTH: usize = 20;
const MAGIC_COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];
/// A browser's check carries eight or nine attributes.
const MAX_ATTRIBUTES: usize = 32;
/// RFC 8489 §14.3: fewer than 509 bytes; two ufrags of at most 256 and a colon.
const MAX_USERNAME: usize = 513;

const BINDING_REQUEST: u16 = 0x0001;
const BINDING_INDICATION: u16 = 0x0011;
const BINDING_SUCCESS: u16 = 0x0101;
const BINDING_ERROR: u16 = 0x0111;

const MAPPED_ADDRESS: u16 = 0x0001;
const USERNAME: u16 = 0x0006;
const MESSAGE_INTEGRITY: u16 = 0x0008;
const ERROR_CODE: u16 = 0x0009;
const UNKNOWN_ATTRIBUTES: u16 = 0x000a;
const REALM: u16 = 0x0014;
const NONCE: u16 = 0x0015;
const XOR_MAPPED_ADDRESS: u16 = 0x0020;
const PRIORITY: u16 = 0x0024;
const USE_CANDIDATE: u16 = 0x0025;
const FINGERPRINT: u16 = 0x8028;
const ICE_CONTROLLED: u16 = 0x8029;

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 5769 §2.1, the sample request: password `VOkJxbRl1RmTxUk/WvJxBt`.
    const SAMPLE_REQUEST: &[u8] =
        b"\x00\x01\x00\x58\x21\x12\xa4\x42\xb7\xe7\xa7\x01\xbc\x34\xd6\x86\xfa\x87\xdf\xae\
        \x80\x22\x00\x10STUN test client\x00\x24\x00\x04\x6e\x00\x01\xff\
        \x80\x29\x00\x08\x93\x2f\xf9\xb1\x51\x26\x3b\x36\x00\x06\x00\x09evtj:h6vY\x20\x20\x20\
        \x00\x08\x00\x14\x9a\xea\xa7\x0c\xbf\xd8\xcb\x56\x78\x1e\xf2\xb5\xb2\xd3\xf2\x49\xc1\xb5\x71\xa2\
        \x80\x28\x00\x04\xe5\x7a\x3b\xcf";

    #[test]
    fn the_sample_request_of_rfc_5769_is_understood() {
        let message = Message::parse(SAMPLE_REQUEST).unwrap();
        assert_eq!(message.kind, MessageKind::BindingRequest);
        assert_eq!(message.username, Some(&b"evtj:h6vY"[..]));
        assert!(message.controlled);
        assert!(message.unknown.as_slice().is_empty());
        assert!(message.fingerprint_fits());
        assert!(message.integrity_fits(&mut IntegrityKey::new("VOkJxbRl1RmTxUk/WvJxBt")));
        assert!(!message.integrity_fits(&mut IntegrityKey::new("VOkJxbRl1RmTxUk/WvJxBu")));
        assert_eq!(username(SAMPLE_REQUEST), Some(&b"evtj:h6vY"[..]));
    }

    #[test]
    fn a_flipped_bit_anywhere_is_noticed() {
        let mut key = IntegrityKey::new("VOkJxbRl1RmTxUk/WvJxBt");
        for bit in 0..SAMPLE_REQUEST.len() * 8 {
            let mut bytes = SAMPLE_REQUEST.to_vec();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let accepted = Message::parse(&bytes)
                .is_ok_and(|message| message.fingerprint_fits() && message.integrity_fits(&mut key));
            assert!(!accepted, "bit {bit}");
        }
    }

    #[test]
    fn every_truncation_is_malformed() {
        for length in 0..SAMPLE_REQUEST.len() {
            assert!(Message::parse(&SAMPLE_REQUEST[..length]).is_err(), "{length} bytes");
        }
    }

    #[test]
    fn an_attribute_beyond_the_end_is_malformed() {
        let mut bytes = SAMPLE_REQUEST.to_vec();
        bytes[22..24].copy_from_slice(&[0xff, 0xff]);
        assert!(Message::parse(&bytes).is_err());
    }
}
