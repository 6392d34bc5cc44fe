//! DTLS-SRTP of one telephone (RFC 5763): the handshakes on its ports, and the association that came of them.
//!
//! Without ICE nobody proves who begins: whoever may be the telephone by the rules of [`crate::latching`] may send a
//! ClientHello. Each source has a handshake of its own, so that one that leads nowhere keeps no other one from its end;
//! the certificate decides.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use ringdown_media::api::MediaFailure;
use ringdown_rtc::{DtlsIdentity, DtlsOutput, DtlsRole, DtlsTransport, FailReason, Fingerprint, Received};

use crate::browser::failure;

/// What a peer's description says of its association.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Announced {
    pub(crate) fingerprint: Fingerprint,
    pub(crate) role: DtlsRole,
}

/// The ports of one telephone: RTP, and RTCP where it is not multiplexed (RFC 5764 §4: an association each).
pub(crate) struct Handshakes {
    pub(crate) announced: Announced,
    pub(crate) rtp: Channel,
    pub(crate) rtcp: Channel,
}

impl Handshakes {
    pub(crate) fn new(now: Instant, announced: Announced) -> Self {
        Self { announced, rtp: Channel::new(now), rtcp: Channel::new(now) }
    }
}

/// One port.
pub(crate) struct Channel {
    established: Option<DtlsTransport>,
    /// Where the established association was made with; its last records go there.
    peer: Option<SocketAddr>,
    candidates: Vec<Candidate>,
    /// Whether handshakes are taken: until one is through, and again when the telephone moves.
    is_open: bool,
    deadline: Instant,
    /// What is told when the time is over.
    worst: MediaFailure,
    outputs: Vec<ChannelOutput>,
}

struct Candidate {
    source: SocketAddr,
    since: Instant,
    transport: DtlsTransport,
}

/// What a channel wants.
pub(crate) enum ChannelOutput {
    Transmit { destination: SocketAddr, bytes: Vec<u8> },
    Connected,
    Failed(MediaFailure),
}

impl Channel {
    fn new(now: Instant) -> Self {
        Self {
            established: None,
            peer: None,
            candidates: Vec::new(),
            is_open: true,
            deadline: now + HANDSHAKE_TIMEOUT,
            worst: MediaFailure::DtlsFailed,
            outputs: Vec::new(),
        }
    }

    /// The telephone moved: it may begin a new association (RFC 8842 §5.1). The old one serves until then.
    pub(crate) fn reopen(&mut self, now: Instant) {
        self.is_open = true;
        self.candidates.clear();
        if self.established.is_none() {
            self.deadline = now + HANDSHAKE_TIMEOUT;
        }
    }

    /// Sends our ClientHello to `destination`, where that is our part and none is out.
    pub(crate) fn start(
        &mut self,
        now: Instant,
        identity: &DtlsIdentity,
        announced: &Announced,
        destination: SocketAddr,
    ) {
        if announced.role == DtlsRole::Client && self.is_open && self.candidates.is_empty() {
            self.add(now, identity, announced, destination);
            self.settle(destination);
        }
    }

    fn add(&mut self, now: Instant, identity: &DtlsIdentity, announced: &Announced, source: SocketAddr) {
        let Announced { fingerprint, role } = *announced;
        let transport = DtlsTransport::new(now, identity, role, fingerprint);
        self.candidates.push(Candidate { source, since: now, transport });
    }

    /// Takes DTLS records from a source that may shake hands. Returns whether anybody took them. `expected` is the
    /// telephone's announced address.
    pub(crate) fn handle_records(
        &mut self,
        now: Instant,
        (identity, announced): (&DtlsIdentity, &Announced),
        (source, expected): (SocketAddr, SocketAddr),
        records: &mut [u8],
    ) -> bool {
        let known = |candidate: &Candidate| candidate.source == source;
        // A telephone behind a NAT answers our ClientHello from a port we did not send it to.
        if announced.role == DtlsRole::Client
            && !self.candidates.iter().any(known)
            && let [candidate] = &mut self.candidates[..]
        {
            candidate.source = source;
        }
        let may_begin = self.is_open && announced.role == DtlsRole::Server;
        if may_begin && !self.candidates.iter().any(known) && starts_handshake(records) {
            // The announced address never waits behind others, and nobody for long behind one that stands still.
            if self.candidates.len() >= MAX_CANDIDATES {
                let may_yield = |candidate: &Candidate| {
                    let age = now.saturating_duration_since(candidate.since);
                    candidate.source != expected && (source == expected || age >= LONG_ENOUGH)
                };
                let Some(other) = self.candidates.iter().position(may_yield) else { return false };
                self.candidates.remove(other);
            }
            self.add(now, identity, announced, source);
        }
        let candidate = self.candidates.iter_mut().find(|candidate| candidate.source == source);
        let taken = match (candidate, &mut self.established) {
            (Some(candidate), _) => candidate.transport.handle_datagram(now, records),
            (None, Some(established)) if self.peer == Some(source) => {
                established.handle_datagram(now, records)
            }
            _ => return false,
        };
        self.settle(expected);
        taken.is_ok()
    }

    /// Decrypts a packet in place; what it is. `None` where it is refused.
    pub(crate) fn open(&mut self, now: Instant, packet: &mut [u8]) -> Option<Received> {
        self.established.as_mut()?.handle_datagram(now, packet).ok()
    }

    pub(crate) fn established(&mut self) -> Option<&mut DtlsTransport> {
        self.established.as_mut()
    }

    pub(crate) const fn is_connected(&self) -> bool {
        self.established.is_some()
    }

    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        let candidates = self.candidates.iter().filter_map(|candidate| candidate.transport.next_timeout());
        let established = self.established.as_ref().and_then(DtlsTransport::next_timeout);
        let deadline = (self.is_open && self.established.is_none()).then_some(self.deadline);
        candidates.chain(established).chain(deadline).min()
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant, expected: SocketAddr) {
        for candidate in &mut self.candidates {
            candidate.transport.handle_timeout(now);
        }
        if let Some(established) = &mut self.established {
            established.handle_timeout(now);
        }
        self.settle(expected);
        if self.is_open && self.established.is_none() && now >= self.deadline {
            self.is_open = false;
            self.candidates.clear();
            self.outputs.push(ChannelOutput::Failed(self.worst));
        }
    }

    /// Ends what there is.
    pub(crate) fn close(&mut self, now: Instant) {
        self.is_open = false;
        self.candidates.clear();
        if let Some(established) = &mut self.established {
            established.close(now);
        }
        self.settle(UNKNOWN);
    }

    pub(crate) fn poll_output(&mut self) -> Option<ChannelOutput> {
        if self.outputs.is_empty() { None } else { Some(self.outputs.remove(0)) }
    }

    /// Takes what the associations want to send and have to say.
    fn settle(&mut self, expected: SocketAddr) {
        let mut winner = None;
        let mut lost = Vec::new();
        for (index, candidate) in self.candidates.iter_mut().enumerate() {
            let source = candidate.source;
            while let Some(output) = candidate.transport.poll_output() {
                match output {
                    DtlsOutput::Transmit(bytes) => self.outputs.push(transmit(source, &bytes)),
                    DtlsOutput::Connected => winner = Some(index),
                    DtlsOutput::Failed(reason) => lost.push((index, source, failure(reason))),
                    DtlsOutput::Closed => lost.push((index, source, failure(FailReason::DtlsHandshake))),
                }
            }
        }
        if let Some(index) = winner {
            let candidate = self.candidates.swap_remove(index);
            (self.established, self.peer) = (Some(candidate.transport), Some(candidate.source));
            self.candidates.clear();
            self.is_open = false;
            self.outputs.push(ChannelOutput::Connected);
        } else {
            self.lose(lost, expected);
        }
        self.settle_established();
    }

    /// Another certificate than the announced one, shown at the announced address, is the telephone's. Anything else may
    /// be anybody's doing, and the telephone may begin again until the time is over.
    fn lose(&mut self, lost: Vec<(usize, SocketAddr, MediaFailure)>, expected: SocketAddr) {
        for (index, source, failure) in lost.into_iter().rev() {
            self.candidates.remove(index);
            if failure != MediaFailure::FingerprintMismatch {
                continue;
            }
            self.worst = failure;
            if source == expected && self.established.is_none() {
                self.is_open = false;
                self.candidates.clear();
                self.outputs.push(ChannelOutput::Failed(failure));
                return;
            }
        }
    }

    fn settle_established(&mut self) {
        let (Some(established), Some(peer)) = (&mut self.established, self.peer) else { return };
        let mut is_over = false;
        while let Some(output) = established.poll_output() {
            match output {
                DtlsOutput::Transmit(bytes) => self.outputs.push(transmit(peer, &bytes)),
                DtlsOutput::Connected => {}
                DtlsOutput::Failed(_) | DtlsOutput::Closed => is_over = true,
            }
        }
        // Signalling ends the call; until then there is nothing to hear or to say.
        if is_over {
            self.established = None;
        }
    }
}

fn transmit(destination: SocketAddr, bytes: &[u8]) -> ChannelOutput {
    ChannelOutput::Transmit { destination, bytes: bytes.to_vec() }
}

/// A plaintext handshake record: what a ClientHello comes in (RFC 6347 §4.1).
fn starts_handshake(records: &[u8]) -> bool {
    matches!(records, [22, _, _, 0, 0, ..])
}

/// Handshakes at once on one port. A telephone needs one, and one more when it moves.
const MAX_CANDIDATES: usize = 4;

/// A handshake that is not through after this long may be displaced by another one.
const LONG_ENOUGH: Duration = Duration::from_secs(1);

/// From knowing the telephone's certificate to keys.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(30);

/// No telephone's address.
const UNKNOWN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED), 0);
