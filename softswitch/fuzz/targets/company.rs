//! A whole switch in a call, for targets that send it something.

// The stories' company: the same telephones, the same directory.
#[path = "../../crates/switch/tests/support/mod.rs"]
#[allow(unreachable_pub, dead_code)]
mod support;

use std::{net::SocketAddr, time::Duration};

use bytes::Bytes;
use ringdown_sip::message::{Datagram, Message, Response, parse_datagram};
use support::{Office, REALM, raw};

/// What stands for carol's answer to a challenge.
const MARK: &[u8] = b"{credentials}";

/// A switch with a call between alice and bob, and carol's credentials.
pub struct Company {
    office: Office,
    challenge: Response,
    count: u32,
}

impl Default for Company {
    fn default() -> Self {
        Self::new()
    }
}

impl Company {
    /// The same every time, so that a crash can be had again.
    pub fn new() -> Self {
        let mut office = Office::with(|config| {
            config.limits.requests_per_address = 0;
            config.limits.requests_per_user = 0;
        });
        let (alice, bob) = (office.phone("alice-phone"), office.phone("bob-phone"));
        office.at(alice, |phone| phone.dial("102"));
        office.at(bob, |phone| phone.answer());
        let probe = raw::request("REGISTER", "carol-phone", 1, "");
        let challenge = office.ask(source(), probe).remove(0).0;
        Self { office, challenge, count: 0 }
    }

    /// A datagram from a stranger, or from carol if it holds the mark of her credentials. Her answer is for the request
    /// as far as it can be read.
    pub fn send(&mut self, bytes: &[u8]) {
        let bytes = match bytes.windows(MARK.len()).position(|window| window == MARK) {
            Some(at) => {
                let (method, uri) = request_line(bytes).unwrap_or_default();
                self.count += 1;
                let uri = if uri.contains(':') { uri } else { "sip:x".to_owned() };
                let carol = ("carol-phone", "secret");
                let proof = raw::credentials(&self.challenge, (&method, &uri), carol, self.count);
                [&bytes[..at], proof.as_bytes(), &bytes[at + MARK.len()..]].concat()
            }
            None => bytes.to_vec(),
        };
        self.office.ask(source(), bytes);
    }

    /// A request of carol with more headers and a body.
    pub fn carol_sends(&mut self, method: &str, uri: &str, headers: &str, body: &[u8]) {
        self.count += 1;
        let proof = raw::credentials(&self.challenge, (method, uri), ("carol-phone", "secret"), self.count);
        let number = self.count;
        let head = format!(
            "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP 203.0.113.9:5060;branch=z9hG4bKfuzz{number};rport\r\n\
             From: <sip:carol-phone@{REALM}>;tag=fuzz\r\nTo: <sip:carol-phone@{REALM}>\r\nCall-ID: fuzz{number}\r\n\
             CSeq: {number} {method}\r\nContact: <sip:carol-phone@203.0.113.9>\r\nAuthorization: {proof}\r\n{headers}\
             Content-Length: {}\r\n\r\n",
            body.len(),
        );
        self.office.ask(source(), [head.as_bytes(), body].concat());
    }

    /// The switch still answers, nothing was contained, and what was begun ends.
    pub fn finish(mut self) {
        let answer = self.office.ask(source(), raw::request("OPTIONS", "102", 99, ""));
        assert_eq!(answer.first().map(|(response, _)| response.status), Some(401), "the switch is deaf");
        self.office.advance(Duration::from_secs(70));
        assert_eq!(self.office.switch.failures(), 0, "a bug was contained");
    }
}

fn source() -> SocketAddr {
    SocketAddr::from(([203, 0, 113, 9], 5060))
}

fn request_line(bytes: &[u8]) -> Option<(String, String)> {
    if let Ok(Datagram::Message(Message::Request(request))) = parse_datagram(&Bytes::copy_from_slice(bytes)) {
        return Some((request.method.to_string(), request.uri.to_string()));
    }

    None
}
