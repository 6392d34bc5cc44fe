//! The simulated telephones: who they are, where they sit, and what they say.

use std::net::SocketAddr;

use serde_json::json;

use crate::digest::{Algorithm, Nonce, Who};

/// How telephones prove who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Authentication {
    /// Each request is sent without credentials first and again with them, as by a telephone that forgets its nonce.
    Challenged,
    /// The nonce of the last challenge is used again with a higher count, as most telephones do.
    Reused,
}

/// One telephone account.
#[derive(Debug)]
pub struct Phone {
    /// The digest user name and the number others dial.
    pub number: String,
    ha1: [String; 2],
    nonce: Option<Nonce>,
    /// The numbering of its REGISTERs.
    pub cseq: u32,
    /// The REGISTER it waits for: a slot of the generator.
    pub registering: Option<u32>,
}

/// The first telephone's number; the others follow.
const FIRST_NUMBER: u32 = 100_000;

impl Phone {
    /// The telephone `index` of a realm.
    pub fn new(index: u32, realm: &str) -> Self {
        let number = number(index);
        let secret = format!("{number}:{realm}:{}", password(&number));
        let ha1 = [Algorithm::Md5.hash(&secret), Algorithm::Sha256.hash(&secret)];
        Self { number, ha1, nonce: None, cseq: 0, registering: None }
    }

    /// The hash of its password.
    pub fn ha1(&self, algorithm: Algorithm) -> &str {
        match algorithm {
            Algorithm::Md5 => &self.ha1[0],
            Algorithm::Sha256 => &self.ha1[1],
        }
    }

    /// Takes the challenge of the preferred algorithm, or else the last one it can answer.
    pub fn challenged<'a>(&mut self, challenges: impl Iterator<Item = &'a str>, prefers: Algorithm) {
        let known: Vec<_> = challenges.filter_map(Nonce::of_challenge).collect();
        let preferred = known.iter().position(|nonce| nonce.algorithm == prefers);
        self.nonce = known.into_iter().nth(preferred.unwrap_or_default());
    }

    /// Forgets its nonce.
    pub fn forget(&mut self) {
        self.nonce = None;
    }

    /// The Authorization header line for a request; empty without a nonce.
    pub fn authorization(&mut self, realm: &str, method: &str, uri: &str) -> String {
        let ha1 = match self.nonce.as_ref().map(|nonce| nonce.algorithm) {
            Some(Algorithm::Sha256) => &self.ha1[1],
            _ => &self.ha1[0],
        };
        let who = Who { username: &self.number, realm, ha1 };
        match &mut self.nonce {
            Some(nonce) => format!("Authorization: {}\r\n", nonce.credentials(who, method, uri)),
            None => String::new(),
        }
    }
}

/// The number of the telephone `index`.
pub fn number(index: u32) -> String {
    (FIRST_NUMBER + index).to_string()
}

/// A telephone's password: nothing secret is simulated.
pub fn password(number: &str) -> String {
    format!("pw-{number}")
}

/// A directory of telephones, as the app server pushes it.
pub fn directory(users: u32, realm: &str) -> String {
    let id = |index: u32| format!("{:032x}", index + 1);
    let phones: Vec<_> = (0..users).map(|index| (index, Phone::new(index, realm))).collect();
    let people: Vec<_> = phones
        .iter()
        .map(|(index, phone)| {
            json!({
                "id": id(*index), "extension": phone.number, "name": format!("Telephone {}", phone.number),
                "enabled": true, "ringSeconds": 30, "maxCalls": 100,
            })
        })
        .collect();
    let devices: Vec<_> = phones
        .iter()
        .map(|(index, phone)| {
            json!({
                "username": phone.number, "user": id(*index),
                "ha1Sha256": phone.ha1(Algorithm::Sha256), "ha1Md5": phone.ha1(Algorithm::Md5),
            })
        })
        .collect();
    let codes = json!({ "echoTest": "*43" });
    json!({ "version": 1, "realm": realm, "users": people, "devices": devices, "featureCodes": codes })
        .to_string()
}

/// What every request needs.
#[derive(Debug, Clone, Copy)]
pub struct Envelope<'a> {
    /// The domain.
    pub realm: &'a str,
    /// The telephone's address.
    pub local: SocketAddr,
    /// Call-ID.
    pub call_id: &'a str,
    /// The branch of its Via.
    pub branch: &'a str,
    /// The number in CSeq.
    pub cseq: u32,
    /// Whose telephone it is.
    pub from: &'a str,
    /// The tag of From.
    pub tag: &'a str,
}

/// A REGISTER of `from` for an hour.
pub fn register(envelope: Envelope<'_>, authorization: &str) -> Vec<u8> {
    let Envelope { realm, local, call_id, branch, cseq, from, tag } = envelope;
    format!(
        "REGISTER sip:{realm} SIP/2.0\r\n\
         Via: SIP/2.0/UDP {local};branch={branch};rport\r\n\
         Max-Forwards: 70\r\n\
         From: <sip:{from}@{realm}>;tag={tag}\r\n\
         To: <sip:{from}@{realm}>\r\n\
         Call-ID: {call_id}\r\n\
         CSeq: {cseq} REGISTER\r\n\
         Contact: <sip:{from}@{local}>\r\n\
         {authorization}\
         Expires: 3600\r\n\
         User-Agent: sip-load\r\n\
         Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, REFER, NOTIFY, MESSAGE, SUBSCRIBE, INFO\r\n\
         Content-Length: 0\r\n\r\n"
    )
    .into_bytes()
}

/// An INVITE of `from` to `to` by a telephone whose media nobody expects.
pub fn invite(envelope: Envelope<'_>, to: &str, authorization: &str) -> Vec<u8> {
    invite_with(envelope, to, authorization, &description(envelope.local))
}

/// An INVITE of `from` to `to` with this offer.
pub fn invite_with(envelope: Envelope<'_>, to: &str, authorization: &str, sdp: &str) -> Vec<u8> {
    let Envelope { realm, local, call_id, branch, cseq, from, tag } = envelope;
    format!(
        "INVITE sip:{to}@{realm} SIP/2.0\r\n\
         Via: SIP/2.0/UDP {local};branch={branch};rport\r\n\
         Max-Forwards: 70\r\n\
         From: \"Telephone {from}\" <sip:{from}@{realm}>;tag={tag}\r\n\
         To: <sip:{to}@{realm}>\r\n\
         Call-ID: {call_id}\r\n\
         CSeq: {cseq} INVITE\r\n\
         Contact: <sip:{from}@{local}>\r\n\
         {authorization}\
         User-Agent: sip-load\r\n\
         Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, REFER, NOTIFY, MESSAGE, SUBSCRIBE, INFO\r\n\
         Supported: replaces\r\n\
         Content-Type: application/sdp\r\n\
         Content-Length: {}\r\n\r\n{sdp}",
        sdp.len()
    )
    .into_bytes()
}

/// What a request in a dialog is made of besides its envelope.
#[derive(Debug, Clone, Default)]
pub struct Dialog {
    /// The remote target.
    pub target: String,
    /// The value of To, with the tag.
    pub to: String,
    /// Route header lines.
    pub routes: String,
}

/// An ACK or a BYE.
pub fn in_dialog(envelope: Envelope<'_>, method: &str, dialog: &Dialog) -> Vec<u8> {
    let Envelope { realm, local, call_id, branch, cseq, from, tag } = envelope;
    let Dialog { target, to, routes } = dialog;
    format!(
        "{method} {target} SIP/2.0\r\n\
         Via: SIP/2.0/UDP {local};branch={branch};rport\r\n\
         Max-Forwards: 70\r\n\
         {routes}\
         From: \"Telephone {from}\" <sip:{from}@{realm}>;tag={tag}\r\n\
         To: {to}\r\n\
         Call-ID: {call_id}\r\n\
         CSeq: {cseq} {method}\r\n\
         User-Agent: sip-load\r\n\
         Content-Length: 0\r\n\r\n"
    )
    .into_bytes()
}

/// A session description like a desk phone's. Nobody sends media: the port is the one of `discard`.
pub fn description(local: SocketAddr) -> String {
    let ip = local.ip();
    format!(
        "v=0\r\n\
         o=- 3846 3846 IN IP4 {ip}\r\n\
         s=-\r\n\
         c=IN IP4 {ip}\r\n\
         t=0 0\r\n\
         m=audio 9 RTP/AVP 8 0 101\r\n\
         a=rtpmap:8 PCMA/8000\r\n\
         a=rtpmap:0 PCMU/8000\r\n\
         a=rtpmap:101 telephone-event/8000\r\n\
         a=fmtp:101 0-15\r\n\
         a=ptime:20\r\n\
         a=sendrecv\r\n"
    )
}
