//! Typed attribute values.

use std::{fmt, net::IpAddr};

/// `a=rtpmap` (RFC 8866 §6.6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RtpMap {
    /// The payload type, 0–127.
    pub payload_type: u8,
    /// The encoding name as written; compared without case.
    pub encoding: String,
    /// The RTP clock rate in Hz.
    pub clock_rate: u32,
    /// The channels; 1 where the line says nothing.
    pub channels: u8,
}

impl RtpMap {
    /// Reads `<payload type> <encoding>/<clock rate>[/<channels>]`.
    pub fn parse(value: &str) -> Option<Self> {
        let (payload_type, rest) = value.trim().split_once(char::is_whitespace)?;
        let mut parts = rest.trim().split('/');
        let encoding = parts.next().filter(|name| !name.is_empty())?.to_owned();
        let clock_rate = parts.next()?.trim().parse().ok()?;
        let channels = match parts.next() {
            Some(channels) => channels.trim().parse().ok()?,
            None => 1,
        };
        Some(Self { payload_type: payload_type_of(payload_type)?, encoding, clock_rate, channels })
    }
}

impl fmt::Display for RtpMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}/{}", self.payload_type, self.encoding, self.clock_rate)?;
        if self.channels > 1 { write!(f, "/{}", self.channels) } else { Ok(()) }
    }
}

/// `a=fmtp` (RFC 8866 §6.15).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormatParameters {
    /// The payload type, 0–127.
    pub payload_type: u8,
    /// The parameters as written.
    pub parameters: String,
}

impl FormatParameters {
    /// Reads `<payload type> <parameters>`.
    pub fn parse(value: &str) -> Option<Self> {
        let (payload_type, parameters) = value.trim().split_once(char::is_whitespace)?;
        Some(Self { payload_type: payload_type_of(payload_type)?, parameters: parameters.trim().to_owned() })
    }

    /// The value of `key` in a `key=value;…` list; empty for a key alone. Keys compare without case.
    pub fn parameter(&self, key: &str) -> Option<&str> {
        self.parameters.split(';').find_map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            name.trim().eq_ignore_ascii_case(key).then(|| value.trim())
        })
    }
}

/// A payload type, 0–127; anything else is no format of ours to read.
pub(crate) fn payload_type_of(text: &str) -> Option<u8> {
    text.trim().parse().ok().filter(|&number: &u8| number < 128)
}

/// `a=rtcp` (RFC 3605 §2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RtcpAttribute {
    /// The RTCP port.
    pub port: u16,
    /// Its address, where it is not the connection's.
    pub address: Option<IpAddr>,
}

impl RtcpAttribute {
    /// Reads `<port> [IN IP4|IP6 <address>]`.
    pub fn parse(value: &str) -> Option<Self> {
        let mut words = value.split_ascii_whitespace();
        let port = words.next()?.parse().ok()?;
        let address = words.nth(2).and_then(|address| address.parse().ok());
        Some(Self { port, address })
    }
}

/// `a=setup`: who opens the DTLS association (RFC 4145 §4, RFC 8842).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setup {
    /// Sends the ClientHello.
    Active,
    /// Waits for it.
    Passive,
    /// Either; the answer chooses.
    ActPass,
    /// Neither, for now. RFC 8842 §5 forbids it with DTLS.
    HoldConn,
}

impl Setup {
    /// Reads a value of `a=setup`.
    pub fn parse(value: &str) -> Option<Self> {
        Some(match value.trim() {
            "active" => Self::Active,
            "passive" => Self::Passive,
            "actpass" => Self::ActPass,
            "holdconn" => Self::HoldConn,
            _ => return None,
        })
    }

    /// The value of `a=setup`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Passive => "passive",
            Self::ActPass => "actpass",
            Self::HoldConn => "holdconn",
        }
    }
}

/// One `a=ssrc` line (RFC 5576 §4.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ssrc {
    /// The SSRC.
    pub ssrc: u32,
    /// The source attribute's name, such as `cname`.
    pub name: String,
    /// Its value.
    pub value: Option<String>,
}

impl Ssrc {
    /// Reads `<ssrc> <name>[:<value>]`.
    pub fn parse(value: &str) -> Option<Self> {
        let (ssrc, rest) = value.trim().split_once(char::is_whitespace)?;
        let (name, value) = match rest.trim().split_once(':') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (rest.trim(), None),
        };
        Some(Self { ssrc: ssrc.parse().ok()?, name: name.to_owned(), value })
    }
}

/// The bytes of a `sha-256` fingerprint (RFC 8122 §5); `None` for another hash or a wrong length.
pub(crate) fn sha256_of(value: &str) -> Option<[u8; 32]> {
    let (hash, hex) = value.trim().split_once(char::is_whitespace)?;
    if !hash.eq_ignore_ascii_case("sha-256") {
        return None;
    }
    let mut bytes = [0; 32];
    let mut pairs = hex.trim().split(':');
    for byte in &mut bytes {
        let pair = pairs.next()?;
        if pair.len() != 2 || !pair.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        *byte = u8::from_str_radix(pair, 16).ok()?;
    }
    pairs.next().is_none().then_some(bytes)
}

/// The value of `a=fingerprint` for a SHA-256 digest.
pub(crate) fn sha256_value(digest: &[u8; 32]) -> String {
    let pairs: Vec<String> = digest.iter().map(|byte| format!("{byte:02X}")).collect();
    format!("sha-256 {}", pairs.join(":"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_rtpmap_beyond_127_is_no_format() {
        assert_eq!(RtpMap::parse("128 opus/48000/2"), None);
        assert_eq!(RtpMap::parse("111 opus"), None);
        let map = RtpMap::parse(" 111 opus/48000/2 ").expect("well formed");
        assert_eq!(map.to_string(), "111 opus/48000/2");
        assert_eq!(RtpMap::parse("0 PCMU/8000").map(|map| map.to_string()), Some("0 PCMU/8000".to_owned()));
    }

    #[test]
    fn fmtp_keys_compare_without_case_and_tolerate_spaces() {
        let fmtp = FormatParameters::parse("111 minptime=10; UseInbandFec=1;cbr").expect("well formed");
        assert_eq!(fmtp.parameter("useinbandfec"), Some("1"));
        assert_eq!(fmtp.parameter("cbr"), Some(""));
        assert_eq!(fmtp.parameter("stereo"), None);
    }

    #[test]
    fn a_fingerprint_prints_and_reads_back() {
        let digest: [u8; 32] = std::array::from_fn(|index| index as u8 * 7);
        assert_eq!(sha256_of(&sha256_value(&digest)), Some(digest));
        assert_eq!(
            sha256_of(&sha256_value(&digest).replace("sha-256", "SHA-256").to_lowercase()),
            Some(digest)
        );
        assert_eq!(sha256_of("sha-1 00:11"), None);
        assert_eq!(sha256_of("sha-256 00:11"), None);
        assert_eq!(sha256_of(&format!("{}:00", sha256_value(&digest))), None);
    }

    #[test]
    fn rtcp_with_and_without_an_address() {
        assert_eq!(RtcpAttribute::parse("53020"), Some(RtcpAttribute { port: 53020, address: None }));
        let full = RtcpAttribute::parse("53020 IN IP6 2001:db8::1").expect("well formed");
        assert_eq!(full.address, "2001:db8::1".parse().ok());
        assert_eq!(RtcpAttribute::parse("66000"), None);
    }
}
