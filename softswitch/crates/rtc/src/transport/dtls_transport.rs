//! DTLS-SRTP without ICE (RFC 5763, RFC 5764): one port of a telephone.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use bytes::Bytes;
use tracing::debug;

use super::outcome::{FailReason, Received, Rejected, RejectedCounts};
use crate::{
    DatagramKind, DtlsIdentity, DtlsRole, Fingerprint, ProtectError, SrtpProfile, SrtpReceiver, SrtpSender,
    classify,
    dtls::{DtlsFailure, DtlsNotice, DtlsSession},
    is_rtcp,
};

/// One association with a telephone and the media it keys, without I/O and without addresses: whose datagrams reach
/// [`DtlsTransport::handle_datagram`], and where what comes out is sent, is the owner's to decide.
///
/// ```text
/// Handshaking ──▶ Connected
///      │ 30 s        │
///      └─────▶ Ended ◀
/// ```
pub struct DtlsTransport {
    dtls: DtlsSession,
    state: State,
    outputs: VecDeque<DtlsOutput>,
    rejected: RejectedCounts,
}

enum State {
    Handshaking { deadline: Instant },
    Connected { sender: Box<SrtpSender>, receiver: Box<SrtpReceiver>, profile: SrtpProfile },
    Ended,
}

/// What [`DtlsTransport::poll_output`] returns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DtlsOutput {
    /// DTLS records to send to the peer, one datagram.
    Transmit(Bytes),
    /// The peer is who it was announced to be, and the keys are there.
    Connected,
    /// There will be no media.
    Failed(FailReason),
    /// The peer closed the association with an authenticated alert.
    Closed,
}

impl DtlsTransport {
    /// A transport towards the peer with this certificate. As client it sends its ClientHello at once.
    pub fn new(now: Instant, identity: &DtlsIdentity, role: DtlsRole, fingerprint: Fingerprint) -> Self {
        let mut transport = Self {
            dtls: DtlsSession::new(identity.clone()),
            state: State::Handshaking { deadline: now + CONNECT_TIMEOUT },
            outputs: VecDeque::new(),
            rejected: RejectedCounts::default(),
        };
        let notice = transport.dtls.set_remote(now, role, fingerprint);
        transport.handle_notice(now, notice);
        let notice = transport.dtls.start(now);
        transport.handle_notice(now, notice);
        transport
    }

    /// Takes in a datagram, and decrypts media in place.
    ///
    /// # Errors
    /// The datagram was dropped and counted. A bad datagram never ends the transport.
    pub fn handle_datagram(&mut self, now: Instant, datagram: &mut [u8]) -> Result<Received, Rejected> {
        let result = match datagram.first().copied().map_or(DatagramKind::Unknown, classify) {
            DatagramKind::Media => self.handle_media(datagram),
            DatagramKind::Dtls => self.handle_records(now, datagram),
            DatagramKind::Stun | DatagramKind::Unknown => Err(Rejected::Malformed),
        };
        result.inspect_err(|rejected| self.rejected.count(*rejected))
    }

    fn handle_media(&mut self, packet: &mut [u8]) -> Result<Received, Rejected> {
        let State::Connected { receiver, .. } = &mut self.state else { return Err(Rejected::Unexpected) };
        Ok(if is_rtcp(packet) {
            Received::Rtcp { length: receiver.unprotect_rtcp(packet)? }
        } else {
            Received::Rtp { length: receiver.unprotect_rtp(packet)? }
        })
    }

    fn handle_records(&mut self, now: Instant, datagram: &[u8]) -> Result<Received, Rejected> {
        if matches!(self.state, State::Ended) {
            return Err(Rejected::Unexpected);
        }
        let notice = self.dtls.handle_datagram(now, datagram).map_err(|_| Rejected::Unexpected)?;
        self.handle_notice(now, notice);
        Ok(Received::Nothing)
    }

    fn handle_notice(&mut self, now: Instant, notice: Option<DtlsNotice>) {
        self.drain();
        match notice {
            None => {}
            Some(DtlsNotice::Keyed(material)) => {
                let profile = material.profile();
                match material.into_directions() {
                    Some((sender, receiver)) => {
                        let (sender, receiver) = (Box::new(sender), Box::new(receiver));
                        self.state = State::Connected { sender, receiver, profile };
                        self.outputs.push_back(DtlsOutput::Connected);
                    }
                    None => self.fail(now, FailReason::DtlsHandshake),
                }
            }
            Some(DtlsNotice::Failed(DtlsFailure::Handshake)) => self.fail(now, FailReason::DtlsHandshake),
            Some(DtlsNotice::Failed(DtlsFailure::FingerprintMismatch)) => {
                self.fail(now, FailReason::FingerprintMismatch);
            }
            Some(DtlsNotice::Closed) => {
                self.close(now);
                self.outputs.push_back(DtlsOutput::Closed);
            }
        }
    }

    fn fail(&mut self, now: Instant, reason: FailReason) {
        debug!(%reason, "DTLS transport failed");
        self.close(now);
        self.outputs.push_back(DtlsOutput::Failed(reason));
    }

    /// Encrypts the RTP packet `buffer[..length]` in place. See [`SrtpSender::protect_rtp`].
    ///
    /// # Errors
    /// The packet must not be sent.
    pub fn protect_rtp(&mut self, buffer: &mut [u8], length: usize) -> Result<usize, ProtectError> {
        self.sender()?.protect_rtp(buffer, length)
    }

    /// Encrypts the compound RTCP packet `buffer[..length]` in place. See [`SrtpSender::protect_rtcp`].
    ///
    /// # Errors
    /// The packet must not be sent.
    pub fn protect_rtcp(&mut self, buffer: &mut [u8], length: usize) -> Result<usize, ProtectError> {
        self.sender()?.protect_rtcp(buffer, length)
    }

    fn sender(&mut self) -> Result<&mut SrtpSender, ProtectError> {
        match &mut self.state {
            State::Connected { sender, .. } => Ok(sender),
            State::Handshaking { .. } | State::Ended => Err(ProtectError::NotConnected),
        }
    }

    /// The next datagram to send or change to act on.
    pub fn poll_output(&mut self) -> Option<DtlsOutput> {
        self.outputs.pop_front()
    }

    /// When to call [`DtlsTransport::handle_timeout`] at the latest, if nothing arrives.
    pub fn next_timeout(&self) -> Option<Instant> {
        let deadline = match self.state {
            State::Handshaking { deadline } => Some(deadline),
            State::Connected { .. } => None,
            State::Ended => return None,
        };
        [deadline, self.dtls.next_timeout()].into_iter().flatten().min()
    }

    /// Does what is due at `now`. Calling it early is harmless.
    pub fn handle_timeout(&mut self, now: Instant) {
        if matches!(self.state, State::Ended) {
            return;
        }
        let notice = self.dtls.handle_timeout(now);
        self.handle_notice(now, notice);
        if let State::Handshaking { deadline } = self.state
            && now >= deadline
        {
            self.fail(now, FailReason::ConnectTimeout);
        }
    }

    /// Ends it from our side. The peer gets a close_notify if the handshake was at most 5 s ago.
    pub fn close(&mut self, now: Instant) {
        self.dtls.close(now);
        self.drain();
        self.state = State::Ended;
    }

    /// Whether media may flow.
    pub const fn is_connected(&self) -> bool {
        matches!(self.state, State::Connected { .. })
    }

    /// The negotiated SRTP profile, once keyed.
    pub const fn profile(&self) -> Option<SrtpProfile> {
        match &self.state {
            State::Connected { profile, .. } => Some(*profile),
            State::Handshaking { .. } | State::Ended => None,
        }
    }

    /// How many datagrams were dropped, by reason.
    pub const fn rejected(&self) -> &RejectedCounts {
        &self.rejected
    }

    fn drain(&mut self) {
        while let Some(bytes) = self.dtls.poll_transmit() {
            if self.outputs.len() < MAX_OUTPUTS {
                self.outputs.push_back(DtlsOutput::Transmit(bytes));
            }
        }
    }
}

/// From knowing the peer's certificate to media; as long as a browser has.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// Datagrams queued between two polls. Flights beyond it are lost like any datagram and repeated.
const MAX_OUTPUTS: usize = 64;

/// A worker thread owns its legs' transports.
const _: fn() = || {
    const fn is_send<T: Send>() {}
    is_send::<DtlsTransport>();
};
