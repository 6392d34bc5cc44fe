//! A telephone's transport: plain RTP on a port pair of its own, and the rules on whom to believe (RTP bleed).
//!
//! | signalling | what is accepted | where we send |
//! |---|---|---|
//! | address not known | nothing | nowhere |
//! | address known | that address and port | there |
//! | behind a NAT | that, or any port of the signalling's address; the first valid packet locks its source | the locked source, before that the announced address |
//! | … and locked | the locked source, until it has been silent for 5 s | the locked source |

use std::{
    net::{IpAddr, SocketAddr},
    time::{Duration, Instant},
};

use ringdown_media::api::RtpRemote;

use crate::output::SocketKey;

/// The state of a port pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SocketState {
    Opening,
    Open,
    Failed,
}

#[derive(Debug)]
pub(crate) struct Telephone {
    pub(crate) local_port: u16,
    pub(crate) socket: SocketState,
    remote: Option<RtpRemote>,
    rtp: SourceLock,
    rtcp: SourceLock,
}

impl Telephone {
    pub(crate) fn new(local_port: u16, remote: Option<RtpRemote>) -> Self {
        let (rtp, rtcp) = (SourceLock::default(), SourceLock::default());
        Self { local_port, socket: SocketState::Opening, remote, rtp, rtcp }
    }

    /// Another announced address is another telephone for all we know: the locks open.
    pub(crate) fn set_remote(&mut self, remote: Option<RtpRemote>) {
        if self.remote != remote {
            self.remote = remote;
            (self.rtp, self.rtcp) = (SourceLock::default(), SourceLock::default());
        }
    }

    pub(crate) fn is_ready(&self) -> bool {
        self.socket == SocketState::Open && self.rtp_destination().is_some()
    }

    /// RFC 5761: both on the RTP port.
    fn is_multiplexed(&self) -> bool {
        self.remote.is_some_and(|remote| remote.rtp == remote.rtcp)
    }

    /// Whether a datagram is RTCP; `None` where its socket does not carry what it is.
    pub(crate) fn is_rtcp(&self, socket: SocketKey, datagram: &[u8]) -> Option<bool> {
        match (socket, ringdown_media::rtp::is_rtcp(datagram)) {
            (SocketKey::Rtcp(_), true) => Some(true),
            (SocketKey::Rtp(_), true) if self.is_multiplexed() => Some(true),
            (SocketKey::Rtp(_), false) => Some(false),
            _ => None,
        }
    }

    pub(crate) fn admits(&self, now: Instant, source: SocketAddr, is_rtcp: bool) -> bool {
        let Some(remote) = &self.remote else { return false };
        if is_rtcp && !self.is_multiplexed() {
            self.rtcp.admits(now, source, remote.rtcp, remote.nat_source)
        } else {
            self.rtp.admits(now, source, remote.rtp, remote.nat_source)
        }
    }

    /// Notes a valid packet of an admitted source.
    pub(crate) fn note(&mut self, now: Instant, source: SocketAddr, is_rtcp: bool) {
        if is_rtcp && !self.is_multiplexed() {
            self.rtcp.note(now, source);
        } else {
            self.rtp.note(now, source);
        }
    }

    pub(crate) fn rtp_destination(&self) -> Option<SocketAddr> {
        let remote = self.remote?;
        let locked = self.rtp.locked().filter(|_| remote.nat_source.is_some());
        Some(locked.unwrap_or(remote.rtp)).filter(is_sendable)
    }

    pub(crate) fn rtcp_route(&self) -> Option<(SocketKey, SocketAddr)> {
        if self.is_multiplexed() {
            return Some((SocketKey::Rtp(self.local_port), self.rtp_destination()?));
        }
        let remote = self.remote?;
        let locked = self.rtcp.locked().filter(|_| remote.nat_source.is_some());
        let destination = Some(locked.unwrap_or(remote.rtcp)).filter(is_sendable)?;
        Some((SocketKey::Rtcp(self.local_port), destination))
    }
}

/// RFC 3264 §8.4 and older telephones: `0.0.0.0` or port 0 means hold.
fn is_sendable(address: &SocketAddr) -> bool {
    address.port() != 0 && !address.ip().is_unspecified() && !address.ip().is_multicast()
}

/// Whose packets a telephone's socket believes.
#[derive(Debug, Clone, Copy, Default)]
pub struct SourceLock {
    locked: Option<(SocketAddr, Instant)>,
}

impl SourceLock {
    /// Whether a packet from `source` is taken, where the description announced `announced` and the signalling came
    /// through a NAT from `nat_source`.
    pub fn admits(
        &self,
        now: Instant,
        source: SocketAddr,
        announced: SocketAddr,
        nat_source: Option<IpAddr>,
    ) -> bool {
        let Some(nat_source) = nat_source else { return source == announced };
        match self.locked {
            Some((locked, heard)) if now.saturating_duration_since(heard) < STREAM_DEAD => source == locked,
            _ => source == announced || source.ip() == nat_source,
        }
    }

    /// Notes a valid packet of an admitted source.
    pub const fn note(&mut self, now: Instant, source: SocketAddr) {
        self.locked = Some((source, now));
    }

    /// The source that is believed.
    pub fn locked(&self) -> Option<SocketAddr> {
        self.locked.map(|(address, _)| address)
    }
}

/// A locked source that has been silent for this long may be replaced: a NAT that forgot its mapping. A smaller value
/// lets an injector take a stream over in a pause; a larger one keeps a moved telephone mute for longer.
const STREAM_DEAD: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use ringdown_media::api::RtpSecurity;

    use super::*;

    fn address(text: &str) -> SocketAddr {
        text.parse().expect("an address")
    }

    /// The rows of the table above.
    #[test]
    fn only_the_announced_source_is_believed() {
        let start = crate::worker::test_start();
        let announced = address("10.0.0.5:4000");
        let public: IpAddr = "192.0.2.7".parse().expect("an address");
        let mapped = address("192.0.2.7:61000");
        let stranger = address("203.0.113.9:4000");
        let mut lock = SourceLock::default();

        assert!(lock.admits(start, announced, announced, None));
        assert!(!lock.admits(start, address("10.0.0.5:4001"), announced, None));
        assert!(!lock.admits(start, stranger, announced, None));

        assert!(lock.admits(start, mapped, announced, Some(public)));
        assert!(!lock.admits(start, stranger, announced, Some(public)));
        lock.note(start, mapped);
        let alive = start + STREAM_DEAD / 2;
        assert!(lock.admits(alive, mapped, announced, Some(public)));
        assert!(!lock.admits(alive, address("192.0.2.7:61001"), announced, Some(public)));
        assert!(!lock.admits(alive, announced, announced, Some(public)));
        let dead = start + STREAM_DEAD;
        assert!(lock.admits(dead, address("192.0.2.7:61001"), announced, Some(public)));
        assert!(!lock.admits(dead, stranger, announced, Some(public)));
    }

    #[test]
    fn nothing_is_sent_before_the_address_is_known() {
        let mut telephone = Telephone::new(4000, None);
        telephone.socket = SocketState::Open;
        assert_eq!((telephone.rtp_destination(), telephone.rtcp_route()), (None, None));
        let remote = |text| RtpRemote {
            rtp: address(text),
            rtcp: address(text),
            nat_source: None,
            security: RtpSecurity::None,
        };
        telephone.set_remote(Some(remote("0.0.0.0:4000")));
        assert!(!telephone.is_ready());
        telephone.set_remote(Some(remote("10.0.0.5:4000")));
        assert!(telephone.is_ready());
        assert_eq!(telephone.rtcp_route(), Some((SocketKey::Rtp(4000), address("10.0.0.5:4000"))));
    }
}
