//! Requests nobody's telephone sends, and what comes back for them.

use std::net::SocketAddr;

use bytes::Bytes;
use ringdown_sip::{
    digest::Ha1,
    message::{Algorithm, Challenge, Datagram, HeaderName, Message, Response, parse_datagram},
};
use ringdown_switch::Output;

use super::{Office, REALM, flow};

/// A request that is right, in a transaction of its own.
pub(crate) fn request(method: &str, user: &str, number: u64, extra: &str) -> String {
    let uri = if method == "REGISTER" { format!("sip:{REALM}") } else { format!("sip:{user}@{REALM}") };
    format!(
        "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP 203.0.113.9:5060;branch=z9hG4bKraw{number:08};rport\r\n\
         Max-Forwards: 70\r\nFrom: <sip:{user}@{REALM}>;tag=raw{number:08}\r\nTo: <sip:{user}@{REALM}>\r\n\
         Call-ID: raw{number:08}\r\nCSeq: 1 {method}\r\nContact: <sip:{user}@203.0.113.9>\r\n{extra}\
         Content-Length: 0\r\n\r\n"
    )
}

/// The Authorization header that answers a 401 with a password.
pub(crate) fn answer(challenge: &Response, method: &str, user: &str, password: &str) -> String {
    let uri = if method == "REGISTER" { format!("sip:{REALM}") } else { format!("sip:{user}@{REALM}") };
    format!("Authorization: {}\r\n", credentials(challenge, (method, &uri), (user, password), 1))
}

/// The value of Authorization that answers a 401, the `count`th time.
pub(crate) fn credentials(
    challenge: &Response,
    (method, uri): (&str, &str),
    (user, password): (&str, &str),
    count: u32,
) -> String {
    let text = challenge.headers.all(&HeaderName::WwwAuthenticate).last().and_then(|header| header.text());
    let challenge = text.and_then(Challenge::parse).expect("a challenge");
    // `Ha1` hashes three parts with colons between them, which is what H(A2) and the answer are, too.
    let hash = |a: &str, b: &str, c: &str| match challenge.algorithm {
        Algorithm::Sha256 => Ha1::of_password(a, b, c).sha256,
        Algorithm::Md5 => Ha1::of_password(a, b, c).md5,
    };
    let (scheme, rest) = uri.split_once(':').expect("a URI has a scheme");
    let (ha1, ha2) = (hash(user, REALM, password), hash(method, scheme, rest));
    let response = hash(&ha1, &challenge.nonce, &format!("{count:08x}:abc:auth:{ha2}"));
    format!(
        "Digest username=\"{user}\", realm=\"{REALM}\", nonce=\"{}\", uri=\"{uri}\", \
         response=\"{response}\", algorithm={}, qop=auth, cnonce=\"abc\", nc={count:08x}",
        challenge.nonce,
        challenge.algorithm.name(),
    )
}

impl Office {
    /// What goes back to `source` for these bytes.
    pub(crate) fn ask(&mut self, source: SocketAddr, bytes: impl Into<Bytes>) -> Vec<(Response, usize)> {
        self.switch.handle_datagram(self.now, flow(source), &bytes.into());
        let mut answers = Vec::new();
        while let Some(output) = self.switch.poll_output() {
            match output {
                Output::Sip(transmit) if transmit.destination.remote() == source => {
                    if let Ok(Datagram::Message(Message::Response(response))) =
                        parse_datagram(&transmit.bytes)
                    {
                        answers.push((response, transmit.bytes.len()));
                    }
                }
                other => self.obey(other),
            }
        }
        answers
    }
}
