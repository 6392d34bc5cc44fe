//! The Via header (RFC 3261 §20.42, RFC 3581).

use std::{fmt, net::IpAddr};

use super::{host::Host, param::Params, token};
use crate::endpoint::Transport;

/// One Via value: where a response to this request goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Via {
    /// The transport as written: `UDP`, `TCP`, `TLS`, `WS`, `WSS` or another token.
    pub transport: String,
    /// The host of `sent-by`.
    pub host: Host,
    /// The port of `sent-by`, if written.
    pub port: Option<u16>,
    /// The parameters.
    pub params: Params,
}

/// What a branch of RFC 3261 starts with (§8.1.1.7). Without it the sender is of RFC 2543.
pub const MAGIC_COOKIE: &str = "z9hG4bK";

impl Via {
    /// Parses one value; `None` if it is malformed or not of SIP/2.0.
    pub fn parse(text: &str) -> Option<Self> {
        let mut protocol = text.splitn(3, '/');
        let name = token::trim(protocol.next()?);
        let version = token::trim(protocol.next()?);
        let rest = token::trim(protocol.next()?);
        if !name.eq_ignore_ascii_case("SIP") || version != "2.0" {
            return None;
        }
        let (transport, rest) = rest.split_at(rest.find([' ', '\t'])?);
        let (sent_by, params) = rest.split_at(rest.find(';').unwrap_or(rest.len()));
        let (host, port) = Host::parse_with_port(token::trim(sent_by))?;
        let params = Params::parse(params)?;
        token::is_token(transport).then(|| Self { transport: transport.to_owned(), host, port, params })
    }

    /// The branch, if it is one of RFC 3261 (it starts with [`MAGIC_COOKIE`] and goes on).
    pub fn branch(&self) -> Option<&str> {
        let branch = self.params.get("branch")?;
        let start = branch.get(..MAGIC_COOKIE.len())?;
        (start.eq_ignore_ascii_case(MAGIC_COOKIE) && branch.len() > MAGIC_COOKIE.len()).then_some(branch)
    }

    /// The address a server saw the request come from (RFC 3261 §18.2.1).
    pub fn received(&self) -> Option<IpAddr> {
        let received = self.params.get("received")?;
        received.trim_start_matches('[').trim_end_matches(']').parse().ok()
    }

    /// The port a server saw the request come from (RFC 3581); `None` while it is only asked for.
    pub fn rport(&self) -> Option<u16> {
        self.params.get("rport")?.parse().ok()
    }

    /// The port responses go to without `rport`: the one written, or the transport's default.
    pub fn port_or_default(&self) -> u16 {
        self.port
            .unwrap_or_else(|| Transport::from_name(&self.transport).map_or(5060, Transport::default_port))
    }
}

impl fmt::Display for Via {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SIP/2.0/{} {}", self.transport, self.host)?;
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        self.params.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_via_with_spaces_everywhere() {
        let via =
            Via::parse("SIP  / 2.0 \t/ UDP   192.0.2.2 : 5070 ;branch = z9hG4bKx;rport").expect("valid");
        assert_eq!(via.to_string(), "SIP/2.0/UDP 192.0.2.2:5070;branch=z9hG4bKx;rport");
        assert_eq!(via.branch(), Some("z9hG4bKx"));
        assert_eq!((via.rport(), via.received()), (None, None));
    }

    #[test]
    fn broken_vias_are_refused() {
        for bad in ["", "SIP/2.0/UDP", "SIP/3.0/UDP h", "HTTP/2.0/UDP h", "SIP/2.0/UDP h;;", "SIP/2.0/U@P h"]
        {
            assert_eq!(Via::parse(bad), None, "{bad}");
        }
        assert_eq!(
            Via::parse("SIP/2.0/UDP h;branch=1").and_then(|via| via.branch().map(str::to_owned)),
            None
        );
        assert_eq!(Via::parse("SIP/2.0/UDP h;branch=z9hG4bK").expect("valid").branch(), None);
    }
}
