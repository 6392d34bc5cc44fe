//! Connectivity checks as a browser sends them, written and read by `rtc-stun`, the second opinion on our
//! codec.

use std::net::SocketAddr;

use ringdown_rtc::IceCredentials;
use rtc_crypto::providers::RingCrypto;
use rtc_stun::{
    attributes::{
        ATTR_ERROR_CODE, ATTR_ICE_CONTROLLED, ATTR_ICE_CONTROLLING, ATTR_PRIORITY, ATTR_UNKNOWN_ATTRIBUTES,
        ATTR_USE_CANDIDATE, ATTR_USERNAME, AttrType, RawAttribute,
    },
    fingerprint::FINGERPRINT,
    integrity::MessageIntegrity,
    message::{BINDING_ERROR, BINDING_REQUEST, BINDING_SUCCESS, Getter, Message, Setter, TransactionId},
    xoraddr::XorMappedAddress,
};

/// A check to be encoded; tests change what they want wrong.
#[derive(Clone)]
pub(crate) struct Check {
    pub username: Option<String>,
    pub(crate) password: Option<String>,
    pub(crate) nominate: bool,
    pub(crate) controlled: bool,
    pub(crate) unknown_attribute: Option<u16>,
    pub(crate) fingerprint: bool,
    pub(crate) transaction: [u8; 12],
}

impl Check {
    /// A correct check from the side `theirs` to the side `ours`.
    pub(crate) fn new(ours: &IceCredentials, theirs: &IceCredentials, transaction: [u8; 12]) -> Self {
        Self {
            username: Some(format!("{}:{}", ours.ufrag(), theirs.ufrag())),
            password: Some(ours.password().to_owned()),
            nominate: false,
            controlled: false,
            unknown_attribute: None,
            fingerprint: true,
            transaction,
        }
    }

    pub(crate) fn nominating(mut self) -> Self {
        self.nominate = true;
        self
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let raw = |typ, value: &[u8]| -> Box<dyn Setter> {
            Box::new(RawAttribute { typ, length: value.len() as u16, value: value.to_vec() })
        };
        let mut setters: Vec<Box<dyn Setter>> =
            vec![Box::new(BINDING_REQUEST), Box::new(TransactionId(self.transaction))];
        if let Some(username) = &self.username {
            setters.push(raw(ATTR_USERNAME, username.as_bytes()));
        }
        setters.push(raw(ATTR_PRIORITY, &[0x6e, 0x7f, 0x1e, 0xff]));
        let role = if self.controlled { ATTR_ICE_CONTROLLED } else { ATTR_ICE_CONTROLLING };
        setters.push(raw(role, &[1, 2, 3, 4, 5, 6, 7, 8]));
        if self.nominate {
            setters.push(raw(ATTR_USE_CANDIDATE, &[]));
        }
        if let Some(kind) = self.unknown_attribute {
            setters.push(raw(AttrType(kind), &[9, 9, 9]));
        }
        if let Some(password) = &self.password {
            setters.push(Box::new(MessageIntegrity::new_short_term_integrity_with_provider(
                password.clone(),
                &RingCrypto,
            )));
        }
        if self.fingerprint {
            setters.push(Box::new(FINGERPRINT));
        }
        let mut message = Message::new();
        message.build(&setters).unwrap();
        message.raw
    }
}

/// What a transport answered.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Success { transaction: [u8; 12], mapped: SocketAddr },
    Error { code: u16, unknown: Vec<u8> },
}

/// Reads an answer. A success must carry a fitting MESSAGE-INTEGRITY; every answer a FINGERPRINT.
pub(crate) fn read_answer(bytes: &[u8], password: &str) -> Answer {
    let mut message = Message::new();
    message.unmarshal_binary(bytes).unwrap();
    FINGERPRINT.check(&message).unwrap();
    if message.typ == BINDING_ERROR {
        let error = message.get(ATTR_ERROR_CODE).unwrap();
        let code = u16::from(error[2]) * 100 + u16::from(error[3]);
        return Answer::Error { code, unknown: message.get(ATTR_UNKNOWN_ATTRIBUTES).unwrap_or_default() };
    }
    assert_eq!(message.typ, BINDING_SUCCESS);
    let mut mapped = XorMappedAddress::default();
    mapped.get_from(&message).unwrap();
    let transaction = message.transaction_id.0;
    MessageIntegrity::check(&mut message, password.as_bytes(), &RingCrypto).unwrap();
    Answer::Success { transaction, mapped: SocketAddr::new(mapped.ip, mapped.port) }
}
