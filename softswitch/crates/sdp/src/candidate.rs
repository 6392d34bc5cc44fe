//! ICE candidates (RFC 8839 §5.1, RFC 6544 §4.5), in descriptions and trickled.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    str::FromStr,
};

use crate::error::ParseError;

/// A candidate. `FromStr` takes `candidate:…` as browsers trickle it, with or without `a=`; `Display` prints
/// `candidate:…`.
#[derive(Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Equal for candidates of the same type, base and server.
    pub foundation: String,
    /// 1 = RTP (and RTCP where multiplexed), 2 = RTCP.
    pub component: u16,
    /// The transport.
    pub transport: CandidateTransport,
    /// The priority (RFC 8445 §5.1.2).
    pub priority: u32,
    /// The address.
    pub address: CandidateAddress,
    /// The port; 9 for an active TCP candidate.
    pub port: u16,
    /// The type.
    pub kind: CandidateKind,
    /// What follows the type, as written: `raddr`, `rport`, `tcptype`, `generation`, `ufrag`, …
    pub extensions: String,
}

/// Where a candidate is.
#[derive(Clone, PartialEq, Eq)]
pub enum CandidateAddress {
    /// An address.
    Ip(IpAddr),
    /// A name, in practice `<uuid>.local` (mDNS). We resolve none: the browser's own check tells its address.
    Name(String),
}

/// A candidate's transport.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CandidateTransport {
    /// UDP.
    Udp,
    /// TCP (RFC 6544).
    Tcp,
    /// Anything else.
    Other(String),
}

/// A candidate's type (RFC 8445 §5.1.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CandidateKind {
    /// `host`.
    Host,
    /// `srflx`.
    ServerReflexive,
    /// `prflx`.
    PeerReflexive,
    /// `relay`.
    Relay,
    /// Anything else.
    Other(String),
}

impl Candidate {
    /// A UDP host candidate of ours for RTP. `index` counts our addresses from 0, best first.
    pub fn host(index: u16, address: SocketAddr) -> Self {
        // RFC 8445 §5.1.2.1: type preference 126 for host; the local preference falls with the index.
        let local_preference = u32::from(u16::MAX - index);
        Self {
            foundation: (u32::from(index) + 1).to_string(),
            component: 1,
            transport: CandidateTransport::Udp,
            priority: (126 << 24) | (local_preference << 8) | 255,
            address: CandidateAddress::Ip(address.ip()),
            port: address.port(),
            kind: CandidateKind::Host,
            extensions: String::new(),
        }
    }

    /// The address and port, where the address is not a name.
    pub const fn socket_address(&self) -> Option<SocketAddr> {
        match self.address {
            CandidateAddress::Ip(ip) => Some(SocketAddr::new(ip, self.port)),
            CandidateAddress::Name(_) => None,
        }
    }

    /// The value of an extension such as `ufrag` or `tcptype`.
    pub fn extension(&self, name: &str) -> Option<&str> {
        let mut words = self.extensions.split_ascii_whitespace();
        while let Some(key) = words.next() {
            let value = words.next()?;
            if key.eq_ignore_ascii_case(name) {
                return Some(value);
            }
        }
        None
    }

    /// Reads what follows `a=candidate:`.
    ///
    /// # Errors
    /// [`ParseError::Attribute`] where a field is missing or out of range.
    pub fn parse_value(value: &str) -> Result<Self, ParseError> {
        Self::read(value).ok_or(ParseError::Attribute("candidate"))
    }

    fn read(value: &str) -> Option<Self> {
        if value.len() > MAX_CANDIDATE || value.contains(['\r', '\n', '\0']) {
            return None;
        }
        let mut words = value.split_ascii_whitespace();
        // RFC 8839 §5.1: a foundation has 1 to 32 characters.
        let foundation = words.next().filter(|word| word.len() <= 32)?.to_owned();
        let component = words.next()?.parse().ok().filter(|component| (1..=256).contains(component))?;
        let transport = CandidateTransport::from_word(words.next()?);
        let priority = words.next()?.parse().ok()?;
        let address = words.next()?;
        let address = match address.parse() {
            Ok(ip) => CandidateAddress::Ip(ip),
            Err(_) if address.len() <= 255 => CandidateAddress::Name(address.to_owned()),
            Err(_) => return None,
        };
        let port = words.next()?.parse().ok()?;
        if words.next()? != "typ" {
            return None;
        }
        let kind = CandidateKind::from_word(words.next()?);
        let extensions = words.collect::<Vec<_>>().join(" ");
        Some(Self { foundation, component, transport, priority, address, port, kind, extensions })
    }

    /// The candidate as the value of `a=candidate`.
    pub(crate) fn value(&self) -> String {
        let mut text = format!(
            "{} {} {} {} {} {} typ {}",
            self.foundation,
            self.component,
            self.transport.as_str(),
            self.priority,
            self.address,
            self.port,
            self.kind.as_str()
        );
        if !self.extensions.is_empty() {
            text.push(' ');
            text.push_str(&self.extensions);
        }
        text
    }
}

/// Longest candidate line taken. Real ones stay below 250 bytes.
const MAX_CANDIDATE: usize = 1024;

impl FromStr for Candidate {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let text = text.trim();
        let text = text.strip_prefix("a=").unwrap_or(text);
        let value = text.strip_prefix("candidate:").ok_or(ParseError::Attribute("candidate"))?;
        Self::parse_value(value)
    }
}

impl fmt::Display for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "candidate:{}", self.value())
    }
}

impl fmt::Debug for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Candidate")
            .field("component", &self.component)
            .field("transport", &self.transport)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for CandidateAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(ip) => ip.fmt(f),
            Self::Name(name) => f.write_str(name),
        }
    }
}

impl fmt::Debug for CandidateAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("‹redacted›")
    }
}

impl CandidateTransport {
    fn from_word(word: &str) -> Self {
        if word.eq_ignore_ascii_case("udp") {
            Self::Udp
        } else if word.eq_ignore_ascii_case("tcp") {
            Self::Tcp
        } else {
            Self::Other(word.to_owned())
        }
    }

    fn as_str(&self) -> &str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
            Self::Other(word) => word,
        }
    }
}

impl CandidateKind {
    fn from_word(word: &str) -> Self {
        match word {
            "host" => Self::Host,
            "srflx" => Self::ServerReflexive,
            "prflx" => Self::PeerReflexive,
            "relay" => Self::Relay,
            _ => Self::Other(word.to_owned()),
        }
    }

    fn as_str(&self) -> &str {
        match self {
            Self::Host => "host",
            Self::ServerReflexive => "srflx",
            Self::PeerReflexive => "prflx",
            Self::Relay => "relay",
            Self::Other(word) => word,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chromium_candidates_read_and_print_back() {
        for text in [
            "candidate:3013953624 1 udp 2122260223 192.168.1.5 54321 typ host generation 0 ufrag Kx1m network-id 1",
            "candidate:1 1 udp 2113937151 3b1a1f9c-2f4b-4a53-8a06-6a0f6b9c2c11.local 50000 typ host generation 0",
            "candidate:842163049 1 udp 1677729535 203.0.113.7 60000 typ srflx raddr 0.0.0.0 rport 0 generation 0",
            "candidate:233762139 1 tcp 1518280447 2001:db8::5 9 typ host tcptype active generation 0",
            "candidate:9 2 udp 41885439 198.51.100.4 3480 typ relay raddr 203.0.113.7 rport 60000",
        ] {
            let candidate: Candidate = text.parse().expect(text);
            assert_eq!(candidate.to_string(), text);
        }
        let mdns: Candidate =
            "a=candidate:1 1 UDP 1 abc.local 5 typ host ufrag Q".parse().expect("mDNS name");
        assert_eq!(mdns.socket_address(), None);
        assert_eq!(mdns.extension("ufrag"), Some("Q"));
    }

    #[test]
    fn broken_candidates_are_errors() {
        for text in
            ["", "candidate:", "candidate:1 1 udp 1 10.0.0.1 70000 typ host", "1 1 udp 1 10.0.0.1 5 typ host"]
        {
            assert!(text.parse::<Candidate>().is_err(), "{text}");
        }
    }

    #[test]
    fn our_first_address_has_the_highest_priority() {
        let first = Candidate::host(0, ([203, 0, 113, 1], 40000).into());
        let second = Candidate::host(1, ([10, 0, 0, 1], 40000).into());
        assert_eq!(first.to_string(), "candidate:1 1 udp 2130706431 203.0.113.1 40000 typ host");
        assert!(first.priority > second.priority);
    }
}
