//! One DTLS association of the `rtc-dtls` engine, driven without I/O and shielded from what needs no keys to
//! send.

use std::{
    net::{Ipv4Addr, SocketAddr, SocketAddrV4},
    time::{Duration, Instant},
};

use bytes::Bytes;
use rtc_dtls::endpoint::{Endpoint, EndpointEvent};
use rtc_shared::{TransportProtocol, error::Error};

use super::{DtlsIdentity, DtlsRole, Fingerprint, keying::SrtpKeyingMaterial, record_filter::RecordFilter};

/// A handshake in progress or complete.
///
/// The engine tells associations apart by address. Ours follows ICE from address to address, so it always
/// sees [`PEER`].
pub(super) struct Association {
    endpoint: Endpoint,
    filter: RecordFilter,
    complete: bool,
    repeater: Repeater,
}

/// What a datagram or a timeout led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    /// Nothing of note; there may be something to send.
    Going,
    /// The handshake completed with this input.
    Complete,
    /// The peer ended the association with an authenticated close_notify or fatal alert.
    Closed,
    /// The handshake cannot complete.
    Broken,
}

impl Association {
    /// The association waits for a ClientHello, or (as client) has queued its own.
    pub(super) fn new(now: Instant, identity: &DtlsIdentity, role: DtlsRole) -> Option<Self> {
        let server = (role == DtlsRole::Server).then(|| identity.settings(role));
        let mut endpoint = Endpoint::new(LOCAL, TransportProtocol::UDP, server);
        if role == DtlsRole::Client {
            endpoint.connect(now, PEER, identity.settings(role), None).ok()?;
        }
        Some(Self {
            endpoint,
            filter: RecordFilter::default(),
            complete: false,
            repeater: Repeater::default(),
        })
    }

    /// Takes in one datagram. `None`: none of its records was let through.
    pub(super) fn handle_datagram(&mut self, now: Instant, datagram: &[u8]) -> Option<Progress> {
        let records = self.filter.pass(datagram)?;
        let progress = match self.endpoint.read(now, PEER, None, records) {
            Ok(events) => self.judge(&events),
            // Once complete, the engine takes alerts only from authenticated records.
            Err(Error::ErrAlertFatalOrClose) if self.complete => Progress::Closed,
            Err(_) if self.complete => Progress::Going,
            Err(_) => Progress::Broken,
        };
        Some(progress)
    }

    fn judge(&mut self, events: &[EndpointEvent]) -> Progress {
        if events.iter().any(|event| matches!(event, EndpointEvent::PeerClosed)) {
            return Progress::Closed;
        }
        let completed = events.iter().any(|event| matches!(event, EndpointEvent::HandshakeComplete));
        if completed && !self.complete {
            self.complete = true;
            return Progress::Complete;
        }
        Progress::Going
    }

    /// The certificate the peer proved to hold the key of, and the exported keys. `None` before completion,
    /// without a certificate, or without a common SRTP profile.
    pub(super) fn outcome(&self) -> Option<(Fingerprint, SrtpKeyingMaterial)> {
        let state = self.endpoint.get_connection_state(PEER)?;
        let certificate = state.peer_certificates.first()?;
        Some((Fingerprint::of_certificate(certificate), SrtpKeyingMaterial::export(state)?))
    }

    /// Queues a close_notify.
    pub(super) fn close(&mut self, now: Instant) {
        drop(self.endpoint.stop(now, PEER));
    }

    /// What the engine wants to send now, and what is due to be repeated.
    pub(super) fn transmits(&mut self, now: Instant) -> Vec<Bytes> {
        let flight: Vec<Bytes> = std::iter::from_fn(|| self.endpoint.poll_transmit())
            .map(|transmit| transmit.message.freeze())
            .collect();
        if self.complete {
            return flight;
        }
        if flight.is_empty() {
            return self.repeater.due(now);
        }
        self.repeater.start(now, &flight);
        flight
    }

    pub(super) fn next_timeout(&self) -> Option<Instant> {
        // A completed association retransmits only in answer to its peer (RFC 6347 §4.2.4).
        let engine = self.endpoint.poll_timeout(&PEER);
        [engine, self.repeater.next()].into_iter().flatten().min().filter(|_| !self.complete)
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) -> Progress {
        if self.complete {
            return Progress::Going;
        }
        match self.endpoint.handle_timeout(PEER, now) {
            Ok(()) => Progress::Going,
            Err(_) => Progress::Broken,
        }
    }
}

/// Repeats the last flight, the same bytes, before the engine's timer does: a peer that has them drops them
/// as replays. Browsers repeat theirs after 50 ms (RFC 6347 §4.2.4.1 leaves shorter timers to such uses).
#[derive(Default)]
struct Repeater {
    flight: Vec<Bytes>,
    sent: Option<Instant>,
    repeated: usize,
}

impl Repeater {
    fn start(&mut self, now: Instant, flight: &[Bytes]) {
        *self = Self { flight: flight.to_vec(), sent: Some(now), repeated: 0 };
    }

    fn next(&self) -> Option<Instant> {
        Some(self.sent? + *REPEATS.get(self.repeated)?)
    }

    fn due(&mut self, now: Instant) -> Vec<Bytes> {
        if self.next().is_none_or(|at| now < at) {
            return Vec::new();
        }
        self.repeated += 1;
        self.flight.clone()
    }
}

/// After a flight was sent. Shorter ones waste a flight where the round trip is longer.
const REPEATS: [Duration; 2] = [Duration::from_millis(120), Duration::from_millis(360)];

const PEER: SocketAddr = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 2));
const LOCAL: SocketAddr = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 1));
