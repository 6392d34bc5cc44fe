//! The addresses others reach this host at, and what media sockets are bound to.

use std::{
    fs,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket},
};

use tracing::warn;

use crate::config::Config;

/// The addresses others reach this host at.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Addresses {
    /// What telephones are told.
    pub advertised: IpAddr,
    /// What telephones of the other IP version are told.
    pub other: Option<IpAddr>,
    /// What browsers are told, best first.
    pub webrtc: Vec<IpAddr>,
    /// What media sockets are bound to; the IPv6 wildcard serves both versions.
    pub bind: IpAddr,
}

impl Addresses {
    /// What the configuration says, completed by what the routes of this host say.
    pub(crate) fn of(config: &Config) -> Self {
        let advertised = config.advertised_address.unwrap_or_else(|| {
            let named = listening(config).find(|ip| !ip.is_unspecified());
            named.or_else(default_route_v4).or_else(default_route_v6).unwrap_or_else(|| {
                warn!("no route to the network; only this host can call: set advertised_address");
                IpAddr::V4(Ipv4Addr::LOCALHOST)
            })
        });
        let other = match (advertised, config.advertised_address_v6) {
            (IpAddr::V4(_), Some(v6)) => Some(v6.into()),
            (IpAddr::V4(_), None) => v6_beside(config, advertised),
            (IpAddr::V6(_), _) => None,
        };
        let mut webrtc: Vec<IpAddr> = [Some(advertised), other].into_iter().flatten().collect();
        for &extra in &config.extra_webrtc_addresses {
            if !webrtc.contains(&extra) {
                webrtc.push(extra);
            }
        }
        let bind = bind_for(&webrtc);
        Self { advertised, other, webrtc, bind }
    }

    /// What people may call this host.
    pub(crate) fn names(&self, configured: &[String]) -> Vec<String> {
        let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
        names.extend(self.webrtc.iter().map(IpAddr::to_string));
        names.extend(configured.iter().cloned());
        let host = fs::read_to_string("/etc/hostname").unwrap_or_default();
        let host = host.trim();
        let is_name = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte));
        if is_name && !host.is_empty() && host.parse::<IpAddr>().is_err() {
            names.push(host.to_owned());
        }
        names.sort();
        names.dedup();
        names
    }
}

/// Every address SIP is served at.
fn listening(config: &Config) -> impl Iterator<Item = IpAddr> + Clone {
    let all = [&config.sip_listen, &config.sip_tls_listen, &config.sip_ws_listen, &config.sip_wss_listen];
    all.into_iter().flatten().map(SocketAddr::ip)
}

/// The IPv6 address beside an IPv4 one: the one that is listened on, or that of the default route. A host that is
/// reached from itself alone is not shown to others.
fn v6_beside(config: &Config, advertised: IpAddr) -> Option<IpAddr> {
    let is_local = advertised.is_loopback();
    let mut served = listening(config).filter(IpAddr::is_ipv6);
    let named = served.clone().find(|ip| !ip.is_unspecified() && ip.is_loopback() == is_local);
    named.or_else(|| (!is_local && served.any(|ip| ip.is_unspecified())).then(default_route_v6)?)
}

fn bind_for(reached: &[IpAddr]) -> IpAddr {
    let has_v6 = reached.iter().any(IpAddr::is_ipv6);
    let has_v4 = reached.iter().any(IpAddr::is_ipv4);
    match reached.first() {
        Some(&local) if reached.iter().all(IpAddr::is_loopback) && has_v4 != has_v6 => local,
        _ if has_v6 => Ipv6Addr::UNSPECIFIED.into(),
        _ => Ipv4Addr::UNSPECIFIED.into(),
    }
}

/// The address packets to the outside leave from. Connecting a UDP socket chooses a route and sends nothing; the
/// address is reserved for documentation (RFC 5737).
fn default_route_v4() -> Option<IpAddr> {
    route_to((Ipv4Addr::UNSPECIFIED, 0).into(), (Ipv4Addr::new(198, 51, 100, 1), 9).into())
}

/// As [`default_route_v4`], with an address of RFC 3849.
fn default_route_v6() -> Option<IpAddr> {
    let somewhere = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);
    route_to((Ipv6Addr::UNSPECIFIED, 0).into(), (somewhere, 9).into())
}

fn route_to(from: SocketAddr, to: SocketAddr) -> Option<IpAddr> {
    let socket = UdpSocket::bind(from).ok()?;
    socket.connect(to).ok()?;
    Some(socket.local_addr().ok()?.ip())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(listen: &[&str], advertised: &str) -> Addresses {
        let listen = listen.iter().map(|text| text.parse().expect("an address")).collect();
        Addresses::of(&Config {
            sip_listen: listen,
            sip_tls_listen: Vec::new(),
            sip_wss_listen: Vec::new(),
            advertised_address: Some(advertised.parse().expect("an address")),
            ..Config::default()
        })
    }

    #[test]
    fn a_host_reached_from_itself_binds_nothing_to_the_outside() {
        let local = addresses(&["127.0.0.1:5060"], "127.0.0.1");
        assert_eq!((local.other, local.bind), (None, IpAddr::from(Ipv4Addr::LOCALHOST)));
        let hidden = addresses(&["127.0.0.1:5060", "[::]:5060"], "127.0.0.1");
        assert_eq!(hidden.webrtc, [IpAddr::from(Ipv4Addr::LOCALHOST)]);
    }

    #[test]
    fn an_ipv6_address_that_is_listened_on_is_told() {
        let both = addresses(&["127.0.0.1:5060", "[::1]:5060"], "127.0.0.1");
        assert_eq!(both.other, Some(Ipv6Addr::LOCALHOST.into()));
        assert_eq!(both.bind, IpAddr::from(Ipv6Addr::UNSPECIFIED), "one socket for both");
        let named = addresses(&["0.0.0.0:5060", "[2001:db8::5]:5060"], "192.0.2.1");
        assert_eq!(named.other, Some("2001:db8::5".parse().expect("an address")));
        assert_eq!(named.webrtc.len(), 2);
    }
}
