//! A telephone's transport: RTP or SRTP on a port pair of its own. Whom to believe is in [`crate::latching`].

use std::{
    net::{IpAddr, SocketAddr},
    time::Instant,
};

use ringdown_media::api::{DtlsRole, MediaFailure, RtpRemote, RtpSecurity};
use ringdown_rtc::{DatagramKind, DtlsIdentity, Fingerprint, Received, classify};

use crate::{
    handshakes::{Announced, Channel, ChannelOutput, Handshakes},
    latching::{Expected, SourceLock, Verdict},
    output::SocketKey,
    protection::{Protection, Sdes},
};

/// The state of a port pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SocketState {
    Opening,
    Open,
    Failed,
}

pub(crate) struct Telephone {
    pub(crate) local_port: u16,
    pub(crate) socket: SocketState,
    remote: Option<RtpRemote>,
    /// What the last description with an address said of it.
    place: Option<Place>,
    rtp: SourceLock,
    rtcp: SourceLock,
    protection: Protection,
    identity: DtlsIdentity,
}

/// Where a telephone is: RTP, RTCP and the signalling behind a NAT.
type Place = (SocketAddr, SocketAddr, Option<IpAddr>);

/// What a datagram turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Opened {
    /// The first bytes are an RTP packet.
    Rtp { length: usize },
    /// The first bytes are a compound RTCP packet.
    Rtcp { length: usize },
    /// DTLS, dealt with.
    Handshake,
    /// It is to be dropped.
    Refused,
}

/// What a telephone's transport wants.
pub(crate) enum TelephoneOutput {
    Transmit {
        socket: SocketKey,
        destination: SocketAddr,
        bytes: Vec<u8>,
    },
    /// Keys are there.
    Connected,
    Failed(MediaFailure),
}

impl Telephone {
    pub(crate) fn new(
        now: Instant,
        local_port: u16,
        remote: Option<RtpRemote>,
        identity: &DtlsIdentity,
    ) -> Self {
        let mut telephone = Self {
            local_port,
            socket: SocketState::Opening,
            remote: None,
            place: None,
            rtp: SourceLock::default(),
            rtcp: SourceLock::default(),
            protection: Protection::None,
            identity: identity.clone(),
        };
        telephone.set_remote(now, remote);
        telephone
    }

    /// Another announced address is another telephone for all we know: the locks open. Keys stay as long as the
    /// descriptions say the same of them, also while there is no address (hold).
    pub(crate) fn set_remote(&mut self, now: Instant, remote: Option<RtpRemote>) {
        self.remote = remote;
        if let Some(remote) = remote {
            let place = Some((remote.rtp, remote.rtcp, remote.nat_source));
            let has_moved = self.place != place;
            if has_moved {
                self.place = place;
                (self.rtp, self.rtcp) = (SourceLock::default(), SourceLock::default());
            }
            self.protect_with(now, &remote.security, has_moved);
            self.start_handshakes(now);
        }
    }

    fn protect_with(&mut self, now: Instant, security: &RtpSecurity, has_moved: bool) {
        let continues = self.protection.is_kind_of(security);
        match (&mut self.protection, *security) {
            (Protection::Sdes(sdes), RtpSecurity::Sdes { send, receive }) if continues => {
                sdes.set_keys(send, receive);
            }
            (_, RtpSecurity::Sdes { send, receive }) => {
                self.protection = Protection::Sdes(Box::new(Sdes::new(send, receive)));
            }
            (protection, RtpSecurity::Dtls { fingerprint, role }) => {
                let role = match role {
                    DtlsRole::Server => ringdown_rtc::DtlsRole::Server,
                    DtlsRole::Client => ringdown_rtc::DtlsRole::Client,
                };
                let announced = Announced { fingerprint: Fingerprint::from(fingerprint), role };
                match protection {
                    Protection::Dtls(known) if known.announced == announced => {
                        if has_moved {
                            known.rtp.reopen(now);
                            known.rtcp.reopen(now);
                        }
                    }
                    // RFC 8842 §4: another certificate or role is another association.
                    _ => *protection = Protection::Dtls(Box::new(Handshakes::new(now, announced))),
                }
            }
            (protection, RtpSecurity::None) => *protection = Protection::None,
        }
    }

    /// Begins our handshakes where they are ours to begin and can be sent.
    pub(crate) fn start_handshakes(&mut self, now: Instant) {
        if self.socket != SocketState::Open {
            return;
        }
        let (rtp, rtcp) = (self.rtp_destination(), self.rtcp_route());
        let is_multiplexed = self.is_multiplexed();
        let Protection::Dtls(handshakes) = &mut self.protection else { return };
        let Handshakes { announced, rtp: rtp_channel, rtcp: rtcp_channel } = &mut **handshakes;
        if let Some(destination) = rtp {
            rtp_channel.start(now, &self.identity, announced, destination);
        }
        if let Some((_, destination)) = rtcp.filter(|_| !is_multiplexed) {
            rtcp_channel.start(now, &self.identity, announced, destination);
        }
    }

    /// Whether media can be sent: there are socket, address and keys.
    pub(crate) fn is_ready(&self) -> bool {
        self.ready_destination().is_some()
    }

    /// Whether its socket is open and its keys are agreed on, if it needs some.
    const fn is_up(&self) -> bool {
        let is_keyed = match &self.protection {
            Protection::None | Protection::Sdes(_) => true,
            Protection::Dtls(handshakes) => handshakes.rtp.is_connected(),
        };
        matches!(self.socket, SocketState::Open) && is_keyed
    }

    /// Where media goes; `None` while it cannot be sent.
    pub(crate) fn ready_destination(&self) -> Option<SocketAddr> {
        self.is_up().then(|| self.rtp_destination()).flatten()
    }

    /// RFC 5761: both on the RTP port.
    fn is_multiplexed(&self) -> bool {
        self.remote.is_some_and(|remote| remote.rtp == remote.rtcp)
    }

    /// Decides whether a datagram is believed, and decrypts it in place.
    pub(crate) fn open(
        &mut self,
        now: Instant,
        socket: SocketKey,
        source: SocketAddr,
        bytes: &mut [u8],
    ) -> Opened {
        let is_handshake = bytes.first().is_some_and(|first| classify(*first) == DatagramKind::Dtls);
        if is_handshake && matches!(self.protection, Protection::Dtls(_)) {
            return self.shake_hands(now, socket, source, bytes);
        }
        let opened = self.is_rtcp(socket, bytes).and_then(|is_rtcp| {
            let length = match self.judge(now, source, is_rtcp)? {
                Verdict::Refuse => None,
                Verdict::Believe => Some(bytes.len()),
                Verdict::Verify => self.verify(now, is_rtcp, bytes),
            };
            Some(if is_rtcp { Opened::Rtcp { length: length? } } else { Opened::Rtp { length: length? } })
        });
        opened.unwrap_or(Opened::Refused)
    }

    /// Whether a datagram is RTCP; `None` where its socket does not carry what it is.
    fn is_rtcp(&self, socket: SocketKey, datagram: &[u8]) -> Option<bool> {
        match (socket, ringdown_media::rtp::is_rtcp(datagram)) {
            (SocketKey::Rtcp(_), true) => Some(true),
            (SocketKey::Rtp(_), true) if self.is_multiplexed() => Some(true),
            (SocketKey::Rtp(_), false) => Some(false),
            _ => None,
        }
    }

    fn judge(&self, now: Instant, source: SocketAddr, is_rtcp: bool) -> Option<Verdict> {
        let own = is_rtcp && !self.is_multiplexed();
        Some(self.lock(own).judge(now, source, &self.expected(own)?))
    }

    /// The lock of the RTCP port's own stream, or of the RTP port's.
    const fn lock(&self, own_rtcp: bool) -> &SourceLock {
        if own_rtcp { &self.rtcp } else { &self.rtp }
    }

    fn expected(&self, own_rtcp: bool) -> Option<Expected> {
        let remote = self.remote?;
        Some(Expected {
            announced: if own_rtcp { remote.rtcp } else { remote.rtp },
            nat_source: remote.nat_source,
            is_protected: !matches!(self.protection, Protection::None),
        })
    }

    fn verify(&mut self, now: Instant, is_rtcp: bool, bytes: &mut [u8]) -> Option<usize> {
        let own_rtcp = is_rtcp && !self.is_multiplexed();
        match &mut self.protection {
            Protection::None => None,
            Protection::Sdes(sdes) if is_rtcp => sdes.receiver.unprotect_rtcp(bytes).ok(),
            Protection::Sdes(sdes) => sdes.receiver.unprotect_rtp(bytes).ok(),
            Protection::Dtls(handshakes) => {
                let channel = if own_rtcp { &mut handshakes.rtcp } else { &mut handshakes.rtp };
                match channel.open(now, bytes)? {
                    Received::Rtp { length } | Received::Rtcp { length } => Some(length),
                    Received::Nothing => None,
                }
            }
        }
    }

    fn shake_hands(
        &mut self,
        now: Instant,
        socket: SocketKey,
        source: SocketAddr,
        records: &mut [u8],
    ) -> Opened {
        let own_rtcp = matches!(socket, SocketKey::Rtcp(_));
        if own_rtcp && self.is_multiplexed() {
            return Opened::Refused;
        }
        let Some(expected) = self.expected(own_rtcp) else { return Opened::Refused };
        if !self.lock(own_rtcp).may_shake_hands(now, source, &expected) {
            return Opened::Refused;
        }
        let Protection::Dtls(handshakes) = &mut self.protection else { return Opened::Refused };
        let Handshakes { announced, rtp, rtcp } = &mut **handshakes;
        let channel = if own_rtcp { rtcp } else { rtp };
        let parties = (&self.identity, &*announced);
        if channel.handle_records(now, parties, (source, expected.announced), records) {
            Opened::Handshake
        } else {
            Opened::Refused
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
        Some(self.rtp.destination(&self.expected(false)?)).filter(is_sendable)
    }

    pub(crate) fn rtcp_route(&self) -> Option<(SocketKey, SocketAddr)> {
        if self.is_multiplexed() {
            return Some((SocketKey::Rtp(self.local_port), self.rtp_destination()?));
        }
        let destination = Some(self.rtcp.destination(&self.expected(true)?)).filter(is_sendable)?;
        Some((SocketKey::Rtcp(self.local_port), destination))
    }

    /// Encrypts the RTP packet `buffer[..length]` in place, where it is to be encrypted. `None`: it must not be sent.
    pub(crate) fn protect_rtp(&mut self, buffer: &mut [u8], length: usize) -> Option<usize> {
        match &mut self.protection {
            Protection::None => Some(length),
            Protection::Sdes(sdes) => sdes.sender.protect_rtp(buffer, length).ok(),
            Protection::Dtls(handshakes) => handshakes.rtp.established()?.protect_rtp(buffer, length).ok(),
        }
    }

    /// Encrypts a compound RTCP packet, where it is to be encrypted. `None`: it must not be sent.
    pub(crate) fn protect_rtcp(&mut self, mut compound: Vec<u8>) -> Option<Vec<u8>> {
        let is_multiplexed = self.is_multiplexed();
        let length = compound.len();
        if matches!(self.protection, Protection::None) {
            return Some(compound);
        }
        compound.resize(length + ringdown_rtc::SRTP_OVERHEAD, 0);
        let length = match &mut self.protection {
            Protection::None => length,
            Protection::Sdes(sdes) => sdes.sender.protect_rtcp(&mut compound, length).ok()?,
            Protection::Dtls(handshakes) => {
                let Handshakes { rtp, rtcp, .. } = &mut **handshakes;
                let channel = if is_multiplexed { rtp } else { rtcp };
                channel.established()?.protect_rtcp(&mut compound, length).ok()?
            }
        };
        compound.truncate(length);
        Some(compound)
    }

    /// The channels that are in use, with their sockets.
    fn channels(&mut self) -> impl Iterator<Item = (SocketKey, &mut Channel)> {
        let (port, is_multiplexed) = (self.local_port, self.is_multiplexed());
        let pair = match &mut self.protection {
            Protection::Dtls(handshakes) => {
                let Handshakes { rtp, rtcp, .. } = &mut **handshakes;
                let own = (!is_multiplexed).then_some((SocketKey::Rtcp(port), rtcp));
                [Some((SocketKey::Rtp(port), rtp)), own]
            }
            Protection::None | Protection::Sdes(_) => [None, None],
        };
        pair.into_iter().flatten()
    }

    /// The next thing its handshakes want. That of RTCP alone ends no call.
    pub(crate) fn poll_output(&mut self) -> Option<TelephoneOutput> {
        for (socket, channel) in self.channels() {
            let is_rtp = matches!(socket, SocketKey::Rtp(_));
            while let Some(output) = channel.poll_output() {
                match output {
                    ChannelOutput::Transmit { destination, bytes } => {
                        return Some(TelephoneOutput::Transmit { socket, destination, bytes });
                    }
                    ChannelOutput::Connected if is_rtp => return Some(TelephoneOutput::Connected),
                    ChannelOutput::Failed(failure) if is_rtp => {
                        return Some(TelephoneOutput::Failed(failure));
                    }
                    ChannelOutput::Connected | ChannelOutput::Failed(_) => {}
                }
            }
        }
        None
    }

    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        let Protection::Dtls(handshakes) = &self.protection else { return None };
        let own = handshakes.rtcp.next_timeout().filter(|_| !self.is_multiplexed());
        [handshakes.rtp.next_timeout(), own].into_iter().flatten().min()
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        let Some(remote) = self.remote else { return };
        for (socket, channel) in self.channels() {
            let expected = if matches!(socket, SocketKey::Rtp(_)) { remote.rtp } else { remote.rtcp };
            channel.handle_timeout(now, expected);
        }
    }

    /// Ends its associations; what they still say is to be sent.
    pub(crate) fn close(&mut self, now: Instant) {
        for (_, channel) in self.channels() {
            channel.close(now);
        }
    }
}

/// RFC 3264 §8.4 and older telephones: `0.0.0.0` or port 0 means hold.
fn is_sendable(address: &SocketAddr) -> bool {
    address.port() != 0 && !address.ip().is_unspecified() && !address.ip().is_multicast()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> SocketAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn nothing_is_sent_before_the_address_is_known() {
        let now = crate::worker::test_start();
        let identity = DtlsIdentity::generate().expect("randomness");
        let mut telephone = Telephone::new(now, 4000, None, &identity);
        telephone.socket = SocketState::Open;
        assert_eq!((telephone.rtp_destination(), telephone.rtcp_route()), (None, None));
        let remote = |text| RtpRemote {
            rtp: address(text),
            rtcp: address(text),
            nat_source: None,
            security: RtpSecurity::None,
        };
        telephone.set_remote(now, Some(remote("0.0.0.0:4000")));
        assert!(!telephone.is_ready());
        telephone.set_remote(now, Some(remote("10.0.0.5:4000")));
        assert!(telephone.is_ready());
        assert_eq!(telephone.rtcp_route(), Some((SocketKey::Rtp(4000), address("10.0.0.5:4000"))));
    }
}
