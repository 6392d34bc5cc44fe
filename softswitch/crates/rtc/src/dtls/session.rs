//! The DTLS side of one leg: handshake, fingerprint check, keys, linger.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use bytes::Bytes;
use tracing::debug;

use super::{
    DtlsIdentity, DtlsRole, Fingerprint,
    association::{Association, Progress},
    keying::SrtpKeyingMaterial,
};

/// Drives one handshake to SRTP keys.
///
/// ```text
/// Idle ──▶ Handshaking ──▶ Unverified ──▶ Established (lingering, then without DTLS state)
///   ▲           │              │               │
///   └─ reset ───┘              └───────────────┴──▶ Ended
/// ```
///
/// Keys leave only after the peer's certificate was compared with the announced fingerprint (RFC 5763 §5).
/// When we offered and the answer is still in flight, the finished handshake waits for it in `Unverified`.
pub(crate) struct DtlsSession {
    identity: DtlsIdentity,
    remote: Option<(DtlsRole, Fingerprint)>,
    state: State,
    resets: u8,
    transmits: VecDeque<Bytes>,
}

enum State {
    Idle,
    Handshaking { association: Association },
    Unverified { association: Association, certificate: Fingerprint, material: SrtpKeyingMaterial },
    Established { linger: Option<Linger> },
    Ended,
}

/// The association after the handshake: it repeats our last flight if that was lost, and reads alerts.
struct Linger {
    association: Association,
    until: Instant,
}

/// What the owner of the session must know.
pub(crate) enum DtlsNotice {
    /// The peer is who it was announced to be; media may flow.
    Keyed(SrtpKeyingMaterial),
    /// There will be no keys.
    Failed(DtlsFailure),
    /// The peer ended the association.
    Closed,
}

/// Why there are no keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DtlsFailure {
    Handshake,
    FingerprintMismatch,
}

/// The datagram held nothing this session takes.
pub(crate) struct Ignored;

impl DtlsSession {
    pub(crate) fn new(identity: DtlsIdentity) -> Self {
        Self { identity, remote: None, state: State::Idle, resets: 0, transmits: VecDeque::new() }
    }

    /// The announced role and fingerprint. Completes a handshake that waited for them.
    pub(crate) fn set_remote(
        &mut self,
        now: Instant,
        role: DtlsRole,
        fingerprint: Fingerprint,
    ) -> Option<DtlsNotice> {
        self.remote = Some((role, fingerprint));
        match std::mem::replace(&mut self.state, State::Idle) {
            State::Unverified { association, certificate, material } => {
                self.verify(now, association, certificate, material)
            }
            // A ClientHello came from a peer that is to be the server: it is not the peer's handshake.
            State::Handshaking { .. } if role == DtlsRole::Client => None,
            other => {
                self.state = other;
                None
            }
        }
    }

    /// Sends the ClientHello if that is our role and it has not been sent. Called once there is a valid pair.
    pub(crate) fn start(&mut self, now: Instant) -> Option<DtlsNotice> {
        let is_client = matches!(self.remote, Some((DtlsRole::Client, _)));
        if !is_client || !matches!(self.state, State::Idle) {
            return None;
        }
        self.open(now, DtlsRole::Client)
    }

    fn open(&mut self, now: Instant, role: DtlsRole) -> Option<DtlsNotice> {
        let Some(mut association) = Association::new(now, &self.identity, role) else {
            return self.fail(DtlsFailure::Handshake);
        };
        self.drain(now, &mut association);
        self.state = State::Handshaking { association };
        None
    }

    /// Takes in a datagram from an ICE-validated address.
    pub(crate) fn handle_datagram(
        &mut self,
        now: Instant,
        datagram: &[u8],
    ) -> Result<Option<DtlsNotice>, Ignored> {
        let is_client = matches!(self.remote, Some((DtlsRole::Client, _)));
        if matches!(self.state, State::Idle) && !is_client {
            drop(self.open(now, DtlsRole::Server));
        }
        let association = match &mut self.state {
            State::Handshaking { association } | State::Unverified { association, .. } => association,
            State::Established { linger: Some(linger) } => {
                // A peer that repeats its last flight still misses ours.
                linger.until = now + LINGER;
                &mut linger.association
            }
            State::Idle | State::Established { linger: None } | State::Ended => return Err(Ignored),
        };
        let progress = association.handle_datagram(now, datagram).ok_or(Ignored)?;
        Ok(self.advance(now, progress))
    }

    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        match &self.state {
            State::Handshaking { association } => association.next_timeout(),
            State::Established { linger: Some(linger) } => Some(linger.until),
            _ => None,
        }
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) -> Option<DtlsNotice> {
        match &mut self.state {
            State::Handshaking { association } => {
                let progress = association.handle_timeout(now);
                self.advance(now, progress)
            }
            State::Established { linger } if linger.as_ref().is_some_and(|linger| now >= linger.until) => {
                *linger = None;
                None
            }
            _ => None,
        }
    }

    fn advance(&mut self, now: Instant, progress: Progress) -> Option<DtlsNotice> {
        match std::mem::replace(&mut self.state, State::Ended) {
            State::Handshaking { mut association } => {
                self.drain(now, &mut association);
                self.advance_handshake(now, association, progress)
            }
            State::Unverified { mut association, certificate, material } => {
                self.drain(now, &mut association);
                if progress == Progress::Closed {
                    return Some(DtlsNotice::Closed);
                }
                self.state = State::Unverified { association, certificate, material };
                None
            }
            State::Established { linger: Some(mut linger) } => {
                self.drain(now, &mut linger.association);
                if progress == Progress::Closed {
                    return Some(DtlsNotice::Closed);
                }
                self.state = State::Established { linger: Some(linger) };
                None
            }
            other => {
                self.state = other;
                None
            }
        }
    }

    fn advance_handshake(
        &mut self,
        now: Instant,
        association: Association,
        progress: Progress,
    ) -> Option<DtlsNotice> {
        match progress {
            Progress::Going => {
                self.state = State::Handshaking { association };
                None
            }
            Progress::Complete => match association.outcome() {
                Some((certificate, material)) => self.verify(now, association, certificate, material),
                None => self.fail(DtlsFailure::Handshake),
            },
            Progress::Closed => Some(DtlsNotice::Closed),
            Progress::Broken => self.recover(),
        }
    }

    /// A ClientHello is not authenticated, and whoever spoofs the peer's address can spoil the association
    /// with one. As a server we start over, a few times: the peer repeats its ClientHello.
    fn recover(&mut self) -> Option<DtlsNotice> {
        let is_client = matches!(self.remote, Some((DtlsRole::Client, _)));
        if is_client || self.resets == MAX_RESETS {
            return self.fail(DtlsFailure::Handshake);
        }
        debug!(resets = self.resets, "DTLS handshake broke; waiting for another ClientHello");
        self.resets += 1;
        self.state = State::Idle;
        None
    }

    /// RFC 5763 §5: the certificate must be the announced one; otherwise nothing of the session is used.
    fn verify(
        &mut self,
        now: Instant,
        mut association: Association,
        certificate: Fingerprint,
        material: SrtpKeyingMaterial,
    ) -> Option<DtlsNotice> {
        match self.remote {
            None => {
                self.state = State::Unverified { association, certificate, material };
                None
            }
            Some((_, announced)) if announced == certificate => {
                let linger = Linger { association, until: now + LINGER };
                self.state = State::Established { linger: Some(linger) };
                Some(DtlsNotice::Keyed(material))
            }
            Some(_) => {
                association.close(now);
                self.drain(now, &mut association);
                self.fail(DtlsFailure::FingerprintMismatch)
            }
        }
    }

    fn fail(&mut self, failure: DtlsFailure) -> Option<DtlsNotice> {
        self.state = State::Ended;
        Some(DtlsNotice::Failed(failure))
    }

    /// Ends the session; a close_notify is queued while there is DTLS state to encrypt it with.
    pub(crate) fn close(&mut self, now: Instant) {
        let association = match std::mem::replace(&mut self.state, State::Ended) {
            State::Unverified { association, .. } => Some(association),
            State::Established { linger } => linger.map(|linger| linger.association),
            State::Idle | State::Handshaking { .. } | State::Ended => None,
        };
        if let Some(mut association) = association {
            association.close(now);
            self.drain(now, &mut association);
        }
    }

    pub(crate) fn poll_transmit(&mut self) -> Option<Bytes> {
        self.transmits.pop_front()
    }

    fn drain(&mut self, now: Instant, association: &mut Association) {
        self.transmits.extend(association.transmits(now));
    }
}

/// How long DTLS state outlives the handshake. A longer linger costs 13 kB a leg, a shorter one may leave a
/// peer that lost our last flight without it.
const LINGER: Duration = Duration::from_secs(5);

/// How many spoilt handshakes a server forgives.
const MAX_RESETS: u8 = 3;
