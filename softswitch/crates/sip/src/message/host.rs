//! Hosts and ports (RFC 3261 §25.1 `hostport`; RFC 5118 for IPv6).

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use super::token;

/// The host of a URI or of a Via. Names compare without regard to case.
#[derive(Debug, Clone, Eq)]
pub enum Host {
    /// An IP address; version 6 prints in brackets.
    Address(IpAddr),
    /// A domain name, as written.
    Name(String),
}

impl Host {
    /// The address, where the host is one.
    pub const fn address(&self) -> Option<IpAddr> {
        match self {
            Self::Address(address) => Some(*address),
            Self::Name(_) => None,
        }
    }

    /// Parses a host alone.
    pub fn parse(text: &str) -> Option<Self> {
        match Self::parse_with_port(text)? {
            (host, None) => Some(host),
            _ => None,
        }
    }

    /// Parses `host[:port]`; white space around the colon is taken (RFC 3261 §25.1 COLON in sent-by).
    pub(crate) fn parse_with_port(text: &str) -> Option<(Self, Option<u16>)> {
        if let Some(rest) = text.strip_prefix('[') {
            let (address, rest) = rest.split_once(']')?;
            let address: Ipv6Addr = address.parse().ok()?;
            let rest = token::trim(rest);
            let port = match rest.strip_prefix(':') {
                Some(port) => Some(parse_port(port)?),
                None if rest.is_empty() => None,
                None => return None,
            };
            return Some((Self::Address(address.into()), port));
        }
        let (name, port) = match text.split_once(':') {
            Some((name, port)) => (token::trim(name), Some(parse_port(port)?)),
            None => (text, None),
        };
        if let Ok(address) = name.parse::<Ipv4Addr>() {
            return Some((Self::Address(address.into()), port));
        }
        is_host_name(name).then(|| (Self::Name(name.to_owned()), port))
    }
}

impl From<IpAddr> for Host {
    fn from(address: IpAddr) -> Self {
        Self::Address(address)
    }
}

impl PartialEq for Host {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Address(one), Self::Address(two)) => one == two,
            (Self::Name(one), Self::Name(two)) => one.eq_ignore_ascii_case(two),
            _ => false,
        }
    }
}

impl std::hash::Hash for Host {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        match self {
            Self::Address(address) => address.hash(state),
            Self::Name(name) => name.bytes().for_each(|byte| state.write_u8(byte.to_ascii_lowercase())),
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(IpAddr::V6(address)) => write!(f, "[{address}]"),
            Self::Address(IpAddr::V4(address)) => write!(f, "{address}"),
            Self::Name(name) => f.write_str(name),
        }
    }
}

fn parse_port(text: &str) -> Option<u16> {
    u16::try_from(token::decimal(token::trim(text))?).ok()
}

/// Letters, digits, hyphens and dots. The underscore is no host character, but names of containers carry it.
fn is_host_name(name: &str) -> bool {
    (1..=255).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_and_ports() {
        assert_eq!(
            Host::parse_with_port("h.example:5060"),
            Some((Host::Name("H.example".into()), Some(5060)))
        );
        assert_eq!(
            Host::parse_with_port("[::1]:5070").map(|(host, port)| (host.to_string(), port)),
            Some(("[::1]".into(), Some(5070)))
        );
        for bad in ["", "a b", "h:", "h:99999", "[::1", "[x]", "a/b", "[::1]x"] {
            assert_eq!(Host::parse_with_port(bad), None, "{bad}");
        }
    }
}
