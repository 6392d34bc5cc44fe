//! A page's media: ICE, DTLS and SRTP over a socket of its own. The transport is ours, which answers checks and makes
//! none, so the checks of both sides are made here.

use std::{
    io,
    net::{SocketAddr, UdpSocket},
    os::fd::{AsFd, BorrowedFd},
    time::Instant,
};

use ringdown_rtc::{
    DtlsIdentity, IceCredentials, Output, Received, SRTP_OVERHEAD, WebRtcRemoteParams, WebRtcTransport,
};
use ringdown_types::{Random, SeededRandom};
use rtc_crypto::providers::RingCrypto;
use rtc_stun::{
    attributes::{ATTR_ICE_CONTROLLING, ATTR_PRIORITY, ATTR_USE_CANDIDATE, ATTR_USERNAME, RawAttribute},
    fingerprint::FINGERPRINT,
    integrity::MessageIntegrity,
    message::{BINDING_REQUEST, Message, Setter, TransactionId},
};

use crate::description::{self, Format, remote_page};

/// One page.
pub(crate) struct Browser {
    socket: UdpSocket,
    transport: WebRtcTransport,
    ice: IceCredentials,
    theirs: Option<IceCredentials>,
    server: Option<SocketAddr>,
    random: SeededRandom,
}

impl Browser {
    /// A page at `local`. Pages share a certificate: making one takes longer than all else.
    pub(crate) fn new(local: SocketAddr, identity: &DtlsIdentity, seed: u64) -> io::Result<Self> {
        let socket = UdpSocket::bind(local)?;
        socket.set_nonblocking(true)?;
        let mut random = SeededRandom::new(seed);
        let ice = IceCredentials::generate(&mut random);
        let transport = WebRtcTransport::new(ice.clone(), identity.clone());
        Ok(Self { socket, transport, ice, theirs: None, server: None, random })
    }

    /// Its offer (`actpass`) or answer (`active`).
    pub(crate) fn description(&self, identity: &DtlsIdentity, setup: &str, format: Format) -> String {
        description::page(&self.ice, &identity.fingerprint().to_string(), setup, format)
    }

    /// The other side's description arrived.
    pub(crate) fn set_remote(&mut self, now: Instant, sdp: &str) -> io::Result<()> {
        let remote =
            remote_page(sdp).ok_or_else(|| io::Error::other(format!("not a page's description:\n{sdp}")))?;
        let ice = IceCredentials::new(remote.ufrag, remote.pwd).map_err(io::Error::other)?;
        self.socket.connect(remote.address)?;
        self.server = Some(remote.address);
        self.theirs = Some(ice.clone());
        let fingerprint = remote.fingerprint.parse().map_err(|_| io::Error::other("not a fingerprint"))?;
        let remote = WebRtcRemoteParams { ice, fingerprint, role: remote.role };
        self.transport.set_remote(now, remote).map_err(|error| io::Error::other(format!("{error:?}")))
    }

    /// Checks the pair in both directions; the handshake follows.
    pub(crate) fn begin(&mut self, now: Instant) -> io::Result<()> {
        let (Some(theirs), Some(server)) = (self.theirs.clone(), self.server) else { return Ok(()) };
        let ours = self.ice.clone();
        let check = self.check(&theirs, &ours)?;
        self.socket.send(&check)?;
        let mut own = self.check(&ours, &theirs)?;
        let _ = self.transport.handle_datagram(now, server, &mut own);
        self.flush();
        Ok(())
    }

    fn check(&mut self, to: &IceCredentials, from: &IceCredentials) -> io::Result<Vec<u8>> {
        let mut transaction = [0; 12];
        self.random.fill(&mut transaction);
        let raw = |typ, value: &[u8]| -> Box<dyn Setter> {
            Box::new(RawAttribute { typ, length: value.len() as u16, value: value.to_vec() })
        };
        let username = format!("{}:{}", to.ufrag(), from.ufrag());
        let setters: Vec<Box<dyn Setter>> = vec![
            Box::new(BINDING_REQUEST),
            Box::new(TransactionId(transaction)),
            raw(ATTR_USERNAME, username.as_bytes()),
            raw(ATTR_PRIORITY, &[0x6e, 0x7f, 0x1e, 0xff]),
            raw(ATTR_ICE_CONTROLLING, &[1, 2, 3, 4, 5, 6, 7, 8]),
            raw(ATTR_USE_CANDIDATE, &[]),
            Box::new(MessageIntegrity::new_short_term_integrity_with_provider(
                to.password().to_owned(),
                &RingCrypto,
            )),
            Box::new(FINGERPRINT),
        ];
        let mut message = Message::new();
        message.build(&setters).map_err(|error| io::Error::other(error.to_string()))?;
        Ok(message.raw)
    }

    fn flush(&mut self) {
        while let Some(output) = self.transport.poll_output() {
            if let Output::Transmit(transmit) = output {
                let _ = self.socket.send(&transmit.bytes);
            }
        }
    }

    /// Reads one datagram; the length of the RTP packet that is in `slot` after it, 0 for any other.
    ///
    /// # Errors
    /// `WouldBlock` where there is none.
    pub(crate) fn receive(&mut self, now: Instant, slot: &mut [u8]) -> io::Result<usize> {
        let length = self.socket.recv(slot)?;
        let Some(server) = self.server else { return Ok(0) };
        let datagram = slot.get_mut(..length).unwrap_or_default();
        let received = self.transport.handle_datagram(now, server, datagram);
        if matches!(received, Ok(Received::Rtp { .. })) {
            return Ok(match received {
                Ok(Received::Rtp { length }) => length,
                _ => 0,
            });
        }
        self.flush();
        Ok(0)
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        self.transport.handle_timeout(now);
        self.flush();
    }

    pub(crate) fn is_connected(&self) -> bool {
        self.transport.is_connected()
    }

    /// Encrypts and sends the packet `buffer[..length]`; `buffer` has room for the tag.
    pub(crate) fn send(&mut self, buffer: &mut [u8], length: usize) -> bool {
        let Ok(length) = self.transport.protect_rtp(buffer, length) else { return false };
        buffer.get(..length).is_some_and(|packet| self.socket.send(packet).is_ok())
    }

    pub(crate) fn fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// Room a packet needs behind itself.
pub(crate) const OVERHEAD: usize = SRTP_OVERHEAD;
