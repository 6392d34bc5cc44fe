//! Messages that are right, in parts that can be spoiled.

use super::MARK;

/// A message that is right.
#[derive(Debug, Clone)]
pub(super) struct Base {
    pub(super) method: &'static str,
    pub(super) uri: String,
    pub(super) start: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
}

impl Base {
    /// The message with other headers, and the Content-Length of its body.
    pub(super) fn with_headers(&self, headers: &[(String, String)]) -> Vec<u8> {
        self.lines(headers, self.body.len())
    }

    /// The message with one header's value replaced.
    pub(super) fn with_value(&self, index: usize, value: &str) -> Vec<u8> {
        let mut headers = self.headers.clone();
        headers[index].1 = value.to_owned();
        self.with_headers(&headers)
    }

    /// The message with another body.
    pub(super) fn with_body(&self, body: &str) -> Vec<u8> {
        let other = Self { body: body.to_owned(), ..self.clone() };
        other.with_headers(&self.headers)
    }

    /// The message as it is.
    pub(super) fn bytes(&self) -> Vec<u8> {
        self.with_headers(&self.headers)
    }

    fn lines(&self, headers: &[(String, String)], length: usize) -> Vec<u8> {
        let mut text = format!("{}\r\n", self.start);
        for (name, value) in headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str(&format!("Content-Length: {length}\r\n\r\n{}", self.body));
        text.into_bytes()
    }
}

/// A session description as a telephone offers it.
pub(super) const SDP: &str = "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n\
    m=audio 30000 RTP/AVP 8 0 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\n\
    a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=ptime:20\r\na=sendrecv\r\n";

const PIDF: &str = "<?xml version=\"1.0\"?><presence xmlns=\"urn:ietf:params:xml:ns:pidf\" entity=\"sip:102@x\">\
    <tuple id=\"1\"><status><basic>open</basic></status></tuple></presence>";

/// One message of every method.
pub(super) fn bases(user: &str, domain: &str) -> Vec<Base> {
    let to_domain = format!("sip:{domain}");
    let to_user = format!("sip:{user}@{domain}");
    let plain = |method, uri: &str, extra: &[(&str, &str)], body: &str| {
        let mut headers = vec![
            ("Via".to_owned(), "SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bKhostile;rport".to_owned()),
            ("Max-Forwards".to_owned(), "70".to_owned()),
            ("From".to_owned(), format!("\"Bob\" <sip:{user}@{domain}>;tag=hostile")),
            ("To".to_owned(), format!("<sip:{user}@{domain}>")),
            ("Call-ID".to_owned(), format!("hostile-{method}@192.0.2.9")),
            ("CSeq".to_owned(), format!("7 {method}")),
            ("Contact".to_owned(), format!("<sip:{user}@192.0.2.9:5060>;expires=300")),
            ("Authorization".to_owned(), MARK.to_owned()),
        ];
        headers.extend(extra.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let start = format!("{method} {uri} SIP/2.0");
        Base { method, uri: uri.to_owned(), start, headers, body: body.to_owned() }
    };
    let sdp = [("Content-Type", "application/sdp"), ("Supported", "100rel, timer, replaces")];
    let refer = [("Refer-To", "<sip:103@example.test?Replaces=a%40b%3Bto-tag%3D1%3Bfrom-tag%3D2>")];
    vec![
        plain("REGISTER", &to_domain, &[("Expires", "300"), ("Supported", "outbound, path, gruu")], ""),
        plain("INVITE", &to_user, &sdp, SDP),
        plain("OPTIONS", &to_user, &[("Accept", "application/sdp")], ""),
        plain("SUBSCRIBE", &to_user, &[("Event", "dialog"), ("Expires", "60")], ""),
        plain("PUBLISH", &to_user, &[("Event", "presence"), ("Content-Type", "application/pidf+xml")], PIDF),
        plain("MESSAGE", &to_user, &[("Content-Type", "text/plain")], "hello"),
        plain("REFER", &to_user, &refer, ""),
        plain("NOTIFY", &to_user, &[("Event", "refer"), ("Subscription-State", "active")], ""),
        plain("BYE", &to_user, &[("Reason", "Q.850;cause=16")], ""),
        plain("CANCEL", &to_user, &[], ""),
        plain("ACK", &to_user, &[], ""),
        plain("PRACK", &to_user, &[("RAck", "1 1 INVITE")], ""),
        plain("TEACH", &to_user, &[], ""),
    ]
}
