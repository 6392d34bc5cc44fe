//! The transport itself: who may send what when.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    time::{Duration, Instant},
};

use bytes::Bytes;
use tracing::debug;

use super::{
    Event, FailReason, Output, Received, Rejected, RejectedCounts, RemoteChangeError, Transmit,
    WebRtcRemoteParams,
};
use crate::{
    DatagramKind, DtlsIdentity, IceCredentials, ProtectError, SrtpProfile, SrtpReceiver, SrtpSender,
    classify,
    dtls::{DtlsFailure, DtlsNotice, DtlsSession},
    ice::{CONSENT_TIMEOUT, IceLite, IceNotice, RejectedCheck},
    is_rtcp,
};

/// The transport of one browser leg, without I/O.
///
/// ```text
///            set_remote             nominated + keyed
///   Waiting ────────────▶ Connecting ─────────────▶ Connected
///                            ▲   │ 30 s                │ 30 s without consent
///                    restart │   ▼                     ▼
///                            │  Ended ◀──────────── Suspended
///                            └─────────────────────────┘
/// ```
///
/// `Ended` is also where a failed handshake, a peer's close_notify and [`WebRtcTransport::close`] lead.
///
/// After each call that takes `&mut self`, drain [`WebRtcTransport::poll_output`] and ask for
/// [`WebRtcTransport::next_timeout`].
pub struct WebRtcTransport {
    state: State,
    ice: IceLite,
    dtls: DtlsSession,
    media: Option<Media>,
    remote: Option<WebRtcRemoteParams>,
    /// Where DTLS came from last; it is answered there until a pair is nominated.
    dtls_source: Option<SocketAddr>,
    events: VecDeque<Event>,
    transmits: VecDeque<Transmit>,
    rejected: RejectedCounts,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// The peer's parameters are not known: we offered.
    Waiting,
    Connecting {
        deadline: Instant,
    },
    Connected,
    /// Consent expired.
    Suspended,
    Ended,
}

struct Media {
    profile: SrtpProfile,
    sender: SrtpSender,
    receiver: SrtpReceiver,
}

impl WebRtcTransport {
    /// A transport with our ICE credentials and certificate, as our session description announces them.
    ///
    /// It answers checks and a ClientHello from now on, whether or not the peer's parameters are known.
    pub fn new(local: IceCredentials, identity: DtlsIdentity) -> Self {
        Self {
            state: State::Waiting,
            ice: IceLite::new(local),
            dtls: DtlsSession::new(identity),
            media: None,
            remote: None,
            dtls_source: None,
            events: VecDeque::new(),
            transmits: VecDeque::new(),
            rejected: RejectedCounts::default(),
        }
    }

    /// What the peer's offer or answer says. Calling it again with the same is harmless, so every
    /// renegotiation may.
    ///
    /// # Errors
    /// The change needs a new transport or an ICE restart, or the transport has ended.
    pub fn set_remote(&mut self, now: Instant, remote: WebRtcRemoteParams) -> Result<(), RemoteChangeError> {
        if self.state == State::Ended {
            return Err(RemoteChangeError::Ended);
        }
        if let Some(known) = &self.remote {
            if (known.fingerprint, known.role) != (remote.fingerprint, remote.role) {
                return Err(RemoteChangeError::DtlsChanged);
            }
            if self.ice.has_remote() && known.ice != remote.ice {
                return Err(RemoteChangeError::IceChanged);
            }
        }
        self.ice.set_remote(&remote.ice);
        let notice = self.dtls.set_remote(now, remote.role, remote.fingerprint);
        self.remote = Some(remote);
        if self.state == State::Waiting {
            self.transition(State::Connecting { deadline: now + CONNECT_TIMEOUT });
        }
        self.handle_dtls(now, notice);
        self.proceed(now);
        Ok(())
    }

    /// Restarts ICE (RFC 8445 §9) with new credentials of ours, and the peer's if they are known already;
    /// otherwise [`WebRtcTransport::set_remote`] brings them. Media goes on over the old pair until the peer
    /// nominates a new one.
    ///
    /// # Errors
    /// The transport has ended.
    pub fn restart(
        &mut self,
        now: Instant,
        local: IceCredentials,
        remote: Option<IceCredentials>,
    ) -> Result<(), RemoteChangeError> {
        if self.state == State::Ended {
            return Err(RemoteChangeError::Ended);
        }
        self.ice.restart(local);
        if let Some(ice) = remote {
            self.ice.set_remote(&ice);
            if let Some(known) = &mut self.remote {
                known.ice = ice;
            }
        }
        if self.state == State::Suspended {
            self.transition(State::Connecting { deadline: now + CONNECT_TIMEOUT });
        }
        self.proceed(now);
        Ok(())
    }

    /// Takes in a datagram this leg was found for, and decrypts media in place.
    ///
    /// # Errors
    /// The datagram was dropped and counted. A bad datagram never ends the leg.
    pub fn handle_datagram(
        &mut self,
        now: Instant,
        source: SocketAddr,
        datagram: &mut [u8],
    ) -> Result<Received, Rejected> {
        let result = match datagram.first().copied().map_or(DatagramKind::Unknown, classify) {
            _ if self.state == State::Ended => Err(Rejected::Unexpected),
            DatagramKind::Media => self.handle_media(now, source, datagram),
            DatagramKind::Stun => self.handle_stun(now, source, datagram),
            DatagramKind::Dtls => self.handle_dtls_datagram(now, source, datagram),
            DatagramKind::Unknown => Err(Rejected::Malformed),
        };
        result.inspect_err(|rejected| self.rejected.count(*rejected))
    }

    fn handle_media(
        &mut self,
        now: Instant,
        source: SocketAddr,
        packet: &mut [u8],
    ) -> Result<Received, Rejected> {
        if !self.ice.is_valid(source) {
            return Err(Rejected::Source);
        }
        let receiver = &mut self.media.as_mut().ok_or(Rejected::Unexpected)?.receiver;
        let received = if is_rtcp(packet) {
            Received::Rtcp { length: receiver.unprotect_rtcp(packet)? }
        } else {
            Received::Rtp { length: receiver.unprotect_rtp(packet)? }
        };
        self.ice.note_heard(now, source);
        Ok(received)
    }

    fn handle_stun(
        &mut self,
        now: Instant,
        source: SocketAddr,
        datagram: &[u8],
    ) -> Result<Received, Rejected> {
        match self.ice.handle_check(now, source, datagram) {
            Ok(answer) => {
                self.report_ice();
                if let Some(answer) = answer {
                    self.transmit(source, answer.into());
                }
                self.proceed(now);
                Ok(Received::Nothing)
            }
            Err(RejectedCheck::Answered(answer)) => {
                self.transmit(source, answer.into());
                Err(Rejected::Refused)
            }
            Err(RejectedCheck::Malformed) => Err(Rejected::Malformed),
            Err(RejectedCheck::Expired) => Err(Rejected::Unexpected),
        }
    }

    fn handle_dtls_datagram(
        &mut self,
        now: Instant,
        source: SocketAddr,
        datagram: &[u8],
    ) -> Result<Received, Rejected> {
        // Whoever can reach the port can send a ClientHello; only a peer that knows our ICE password may
        // begin.
        if !self.ice.is_valid(source) {
            return Err(Rejected::Source);
        }
        let notice = self.dtls.handle_datagram(now, datagram).map_err(|_| Rejected::Unexpected)?;
        self.dtls_source = Some(source);
        self.handle_dtls(now, notice);
        self.proceed(now);
        Ok(Received::Nothing)
    }

    fn handle_dtls(&mut self, now: Instant, notice: Option<DtlsNotice>) {
        self.send_dtls();
        match notice {
            None => {}
            Some(DtlsNotice::Keyed(material)) => {
                let profile = material.profile();
                match material.into_directions() {
                    Some((sender, receiver)) => self.media = Some(Media { profile, sender, receiver }),
                    None => self.fail(now, FailReason::DtlsHandshake),
                }
            }
            Some(DtlsNotice::Failed(DtlsFailure::Handshake)) => self.fail(now, FailReason::DtlsHandshake),
            Some(DtlsNotice::Failed(DtlsFailure::FingerprintMismatch)) => {
                self.fail(now, FailReason::FingerprintMismatch);
            }
            Some(DtlsNotice::Closed) => {
                self.end(now);
                self.events.push_back(Event::Closed);
            }
        }
    }

    /// Starts our handshake once there is where to send it, and connects once all is there.
    fn proceed(&mut self, now: Instant) {
        self.report_ice();
        if matches!(self.state, State::Connecting { .. }) && self.ice.destination().is_some() {
            let notice = self.dtls.start(now);
            self.handle_dtls(now, notice);
        }
        if matches!(self.state, State::Connecting { .. })
            && self.media.is_some()
            && self.ice.selected().is_some()
        {
            self.transition(State::Connected);
            self.events.push_back(Event::Connected);
        }
    }

    /// Encrypts the RTP packet `buffer[..length]` in place and returns the length to send to
    /// [`WebRtcTransport::selected`]. See [`SrtpSender::protect_rtp`].
    ///
    /// # Errors
    /// The packet must not be sent.
    pub fn protect_rtp(&mut self, buffer: &mut [u8], length: usize) -> Result<usize, ProtectError> {
        self.sender()?.protect_rtp(buffer, length)
    }

    /// Encrypts the compound RTCP packet `buffer[..length]` in place and returns the length to send to
    /// [`WebRtcTransport::selected`]. See [`SrtpSender::protect_rtcp`].
    ///
    /// # Errors
    /// The packet must not be sent.
    pub fn protect_rtcp(&mut self, buffer: &mut [u8], length: usize) -> Result<usize, ProtectError> {
        self.sender()?.protect_rtcp(buffer, length)
    }

    fn sender(&mut self) -> Result<&mut SrtpSender, ProtectError> {
        let media = self.media.as_mut().filter(|_| self.state == State::Connected);
        media.map(|media| &mut media.sender).ok_or(ProtectError::NotConnected)
    }

    /// The next datagram to send or event to act on.
    pub fn poll_output(&mut self) -> Option<Output> {
        if let Some(event) = self.events.pop_front() {
            return Some(Output::Event(event));
        }
        self.transmits.pop_front().map(Output::Transmit)
    }

    /// When to call [`WebRtcTransport::handle_timeout`] at the latest, if nothing arrives.
    pub fn next_timeout(&self) -> Option<Instant> {
        let deadline = match self.state {
            State::Connecting { deadline } => Some(deadline),
            State::Ended => return None,
            State::Waiting | State::Connected | State::Suspended => None,
        };
        [deadline, self.ice.consent_until(), self.dtls.next_timeout()].into_iter().flatten().min()
    }

    /// Does what is due at `now`. Calling it early is harmless.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.state == State::Ended {
            return;
        }
        let notice = self.dtls.handle_timeout(now);
        self.handle_dtls(now, notice);
        if self.ice.handle_timeout(now) {
            self.report_ice();
            self.expire_consent();
        }
        if let State::Connecting { deadline } = self.state
            && now >= deadline
        {
            self.fail(now, FailReason::ConnectTimeout);
        }
    }

    fn expire_consent(&mut self) {
        if self.state == State::Connected {
            debug!("consent expired; media stops");
            self.transition(State::Suspended);
            self.events.push_back(Event::Failed(FailReason::ConsentExpired));
        }
    }

    /// Ends the leg from our side. The peer gets a close_notify if the handshake was at most 5 s ago;
    /// otherwise signalling tells it.
    pub fn close(&mut self, now: Instant) {
        if self.state != State::Ended {
            self.end(now);
        }
    }

    /// The nominated address: where media goes. `None` before nomination and after consent expired.
    pub fn selected(&self) -> Option<SocketAddr> {
        self.ice.selected()
    }

    /// Whether media may flow.
    pub fn is_connected(&self) -> bool {
        self.state == State::Connected
    }

    /// The negotiated SRTP profile, once keyed.
    pub fn profile(&self) -> Option<SrtpProfile> {
        self.media.as_ref().map(|media| media.profile)
    }

    /// Our ICE credentials, of the latest restart.
    pub fn local(&self) -> &IceCredentials {
        self.ice.local()
    }

    /// How many datagrams were dropped, by reason.
    pub fn rejected(&self) -> &RejectedCounts {
        &self.rejected
    }

    fn fail(&mut self, now: Instant, reason: FailReason) {
        if self.state != State::Ended {
            debug!(%reason, "transport failed");
            self.end(now);
            self.events.push_back(Event::Failed(reason));
        }
    }

    fn end(&mut self, now: Instant) {
        self.dtls.close(now);
        self.send_dtls();
        self.media = None;
        self.transition(State::Ended);
    }

    fn report_ice(&mut self) {
        while let Some(notice) = self.ice.poll_notice() {
            self.events.push_back(match notice {
                IceNotice::Learned(address) => Event::AddressLearned(address),
                IceNotice::Forgotten(address) => Event::AddressForgotten(address),
                IceNotice::UfragRetired(ufrag) => Event::UfragRetired(ufrag),
            });
        }
    }

    fn send_dtls(&mut self) {
        let source = self.dtls_source.filter(|source| self.ice.is_valid(*source));
        let destination = self.ice.selected().or(source).or_else(|| self.ice.destination());
        while let Some(bytes) = self.dtls.poll_transmit() {
            if let Some(destination) = destination {
                self.transmit(destination, bytes);
            }
        }
    }

    fn transmit(&mut self, destination: SocketAddr, bytes: Bytes) {
        if self.transmits.len() < MAX_TRANSMITS {
            self.transmits.push_back(Transmit { destination, bytes });
        }
    }

    fn transition(&mut self, next: State) {
        debug_assert!(
            matches!(
                (self.state, next),
                (_, State::Ended)
                    | (State::Waiting | State::Suspended, State::Connecting { .. })
                    | (State::Connecting { .. }, State::Connected)
                    | (State::Connected, State::Suspended)
            ),
            "no way from {:?} to {next:?}",
            self.state
        );
        self.state = next;
    }
}

/// From knowing the peer's parameters to media. As long as consent lasts.
const CONNECT_TIMEOUT: Duration = CONSENT_TIMEOUT;

/// Datagrams queued between two polls. Answers beyond it are lost like any datagram; the peer repeats its
/// request.
const MAX_TRANSMITS: usize = 64;

/// A worker thread owns its legs' transports; the control plane hands them over.
const _: fn() = || {
    fn is_send<T: Send>() {}
    is_send::<WebRtcTransport>();
};
