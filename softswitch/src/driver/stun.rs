//! STUN on SIP's UDP ports: how a telephone keeps its NAT binding open and notices that it changed (RFC 5626 §3.5.2,
//! §8; RFC 8489).
//!
//! The binding request carries no credentials and asks for nothing but the address it came from. It is answered
//! without memory.

use std::net::{IpAddr, SocketAddr};

const HEADER: usize = 20;
const MAGIC_COOKIE: [u8; 4] = 0x2112_a442_u32.to_be_bytes();

const BINDING_REQUEST: [u8; 2] = [0x00, 0x01];
const BINDING_SUCCESS: [u8; 2] = [0x01, 0x01];
const BINDING_ERROR: [u8; 2] = [0x01, 0x11];

const XOR_MAPPED_ADDRESS: [u8; 2] = [0x00, 0x20];
const ERROR_CODE: [u8; 2] = [0x00, 0x09];
const UNKNOWN_ATTRIBUTES: [u8; 2] = [0x00, 0x0a];

/// Below it an attribute must be understood (RFC 8489 §14).
const OPTIONAL: u16 = 0x8000;

/// Attributes that must be understood, and are: they have no meaning here.
const UNDERSTOOD: [u16; 5] = [0x0001, 0x0006, 0x0008, 0x0014, 0x0020];

/// Attributes named in a 420. More are not worth naming.
const MOST_UNKNOWN: usize = 8;

/// Whether a datagram is STUN: no SIP message starts with one of these bytes.
pub(super) fn is_stun(datagram: &[u8]) -> bool {
    datagram.first().is_some_and(|first| *first < 4) && datagram.get(4..8) == Some(&MAGIC_COOKIE[..])
}

/// The answer to a binding request that came from `source`; `None` for anything else.
pub(super) fn answer(request: &[u8], source: SocketAddr) -> Option<Vec<u8>> {
    let (header, attributes) = request.split_at_checked(HEADER)?;
    let length = usize::from(u16::from_be_bytes([header[2], header[3]]));
    if header[..2] != BINDING_REQUEST || length != attributes.len() || length % 4 != 0 {
        return None;
    }
    let transaction: &[u8; 16] = header[4..].try_into().ok()?;
    let unknown = unknown_attributes(attributes)?;
    if unknown.is_empty() {
        return Some(message(BINDING_SUCCESS, transaction, &mapped_address(transaction, source)));
    }
    let listed: Vec<u8> = unknown.iter().flat_map(|kind| kind.to_be_bytes()).collect();
    let mut body = attribute(ERROR_CODE, b"\0\0\x04\x14Unknown Attribute");
    body.extend(attribute(UNKNOWN_ATTRIBUTES, &listed));
    Some(message(BINDING_ERROR, transaction, &body))
}

/// The attributes that must be understood and are not; `None` where they do not fit the message.
fn unknown_attributes(mut rest: &[u8]) -> Option<Vec<u16>> {
    let mut unknown = Vec::new();
    while !rest.is_empty() {
        let (head, behind) = rest.split_at_checked(4)?;
        let kind = u16::from_be_bytes([head[0], head[1]]);
        let length = usize::from(u16::from_be_bytes([head[2], head[3]]));
        rest = behind.get(length.next_multiple_of(4)..)?;
        if kind < OPTIONAL && !UNDERSTOOD.contains(&kind) && unknown.len() < MOST_UNKNOWN {
            unknown.push(kind);
        }
    }
    Some(unknown)
}

fn message(kind: [u8; 2], transaction: &[u8; 16], body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len()).unwrap_or(0).to_be_bytes();
    [&kind, &length, &transaction[..], body].concat()
}

fn attribute(kind: [u8; 2], value: &[u8]) -> Vec<u8> {
    let length = u16::try_from(value.len()).unwrap_or(0).to_be_bytes();
    let mut attribute = [&kind, &length, value].concat();
    attribute.resize(attribute.len().next_multiple_of(4), 0);
    attribute
}

/// RFC 8489 §14.2. `transaction` is the cookie and the id.
fn mapped_address(transaction: &[u8; 16], source: SocketAddr) -> Vec<u8> {
    let key =
        |bytes: &[u8]| -> Vec<u8> { bytes.iter().zip(transaction).map(|(byte, key)| byte ^ key).collect() };
    let (family, address) = match source.ip().to_canonical() {
        IpAddr::V4(address) => (1, key(&address.octets())),
        IpAddr::V6(address) => (2, key(&address.octets())),
    };
    let port = key(&source.port().to_be_bytes());
    attribute(XOR_MAPPED_ADDRESS, &[&[0, family], &port[..], &address].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(attributes: &[u8]) -> Vec<u8> {
        let transaction = [&MAGIC_COOKIE[..], b"0123456789ab"].concat();
        message(BINDING_REQUEST, &transaction.try_into().expect("16 bytes"), attributes)
    }

    /// The vectors of RFC 5769 §2.2 and §2.3, as far as this attribute goes.
    #[test]
    fn the_mapped_address_is_that_of_rfc_5769() {
        let transaction: [u8; 16] =
            [&MAGIC_COOKIE[..], &[0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae]]
                .concat()
                .try_into()
                .expect("16 bytes");
        let v4 = mapped_address(&transaction, "192.0.2.1:32853".parse().expect("an address"));
        assert_eq!(v4, [0, 0x20, 0, 8, 0, 1, 0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43]);
        let v6 = "[2001:db8:1234:5678:11:2233:4455:6677]:32853".parse().expect("an address");
        assert_eq!(
            mapped_address(&transaction, v6),
            [
                0, 0x20, 0, 20, 0, 2, 0xa1, 0x47, 0x01, 0x13, 0xa9, 0xfa, 0xa5, 0xd3, 0xf1, 0x79, 0xbc, 0x25,
                0xf4, 0xb5, 0xbe, 0xd2, 0xb9, 0xd9
            ]
        );
    }

    #[test]
    fn only_whole_binding_requests_are_answered() {
        let source = "192.0.2.1:32853".parse().expect("an address");
        let good = request(&attribute([0x80, 0x22], b"a phone"));
        assert!(is_stun(&good));
        let answered = answer(&good, source).expect("an answer");
        assert_eq!(answered[..2], BINDING_SUCCESS);
        assert_eq!(answered[4..20], good[4..20], "the transaction is the request's");
        for length in 0..good.len() {
            assert_eq!(answer(&good[..length], source), None);
        }
        assert_eq!(answer(&answered, source), None, "an answer is never answered");
        assert!(!is_stun(b"OPTIONS sip:a@h SIP/2.0\r\n"));
    }

    #[test]
    fn what_must_be_understood_and_is_not_is_named() {
        let source = "192.0.2.1:32853".parse().expect("an address");
        let refused = answer(&request(&attribute([0x7f, 0x01], b"?")), source).expect("an answer");
        assert_eq!(refused[..2], BINDING_ERROR);
        assert!(refused.ends_with(&[0x00, 0x0a, 0, 2, 0x7f, 0x01, 0, 0]));
    }
}
