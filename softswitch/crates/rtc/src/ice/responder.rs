//! The ICE-lite agent of one leg (RFC 8445 §2.5, §7.3): it never sends checks, it answers them.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    time::{Duration, Instant},
};

use super::{
    IceCredentials,
    integrity::IntegrityKey,
    pairs::Pairs,
    stun::{self, ErrorCode, Message, MessageKind},
};

/// A lite agent: always controlled, follows the last nomination, keeps the selected pair while consent lasts.
///
/// An ICE restart opens a new generation beside the old one. Checks of both are answered, and the old pair
/// stays selected, until the peer nominates in the new generation.
pub(crate) struct IceLite {
    current: Generation,
    previous: Option<Generation>,
    pairs: Pairs,
    selected: Option<Selected>,
    /// Consent ran out: nothing is answered until a restart (RFC 7675 §5.1).
    expired: bool,
    notices: VecDeque<IceNotice>,
}

struct Generation {
    number: u32,
    local: IceCredentials,
    remote_ufrag: Option<String>,
    key: IntegrityKey,
    nominated: bool,
}

#[derive(Clone, Copy)]
struct Selected {
    remote: SocketAddr,
    heard: Instant,
}

/// What changed in the tables of whoever routes datagrams to this agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum IceNotice {
    Learned(SocketAddr),
    Forgotten(SocketAddr),
    UfragRetired(String),
}

/// Why a STUN message is dropped, and what is answered nevertheless.
#[derive(Debug)]
pub(crate) enum RejectedCheck {
    /// No STUN, no FINGERPRINT, a response nobody asked for.
    Malformed,
    /// Not authenticated, or authenticated and not acceptable; the error response to send.
    Answered(Vec<u8>),
    /// Consent has expired.
    Expired,
}

impl IceLite {
    pub(crate) fn new(local: IceCredentials) -> Self {
        Self {
            current: Generation::new(0, local),
            previous: None,
            pairs: Pairs::default(),
            selected: None,
            expired: false,
            notices: VecDeque::new(),
        }
    }

    /// The credentials of the current generation.
    pub(crate) fn local(&self) -> &IceCredentials {
        &self.current.local
    }

    /// The peer's credentials of the current generation. A lite agent sends no checks, so it needs no
    /// password of the peer, only the ufrag that USERNAME must carry.
    pub(crate) fn set_remote(&mut self, remote: &IceCredentials) {
        self.current.remote_ufrag = Some(remote.ufrag().to_owned());
    }

    /// Whether the peer's credentials of the current generation are known.
    pub(crate) fn has_remote(&self) -> bool {
        self.current.remote_ufrag.is_some()
    }

    /// RFC 8445 §9: new credentials; media goes on over the pair selected before.
    pub(crate) fn restart(&mut self, local: IceCredentials) {
        let next = Generation::new(self.current.number + 1, local);
        let left = std::mem::replace(&mut self.current, next);
        if left.nominated && !self.expired {
            self.retire_previous();
            self.previous = Some(left);
        } else {
            self.notices.push_back(IceNotice::UfragRetired(left.local.ufrag().to_owned()));
        }
        self.expired = false;
    }

    /// Answers a connectivity check. The caller sends what is returned back to `source`.
    pub(crate) fn handle_check(
        &mut self,
        now: Instant,
        source: SocketAddr,
        datagram: &[u8],
    ) -> Result<Option<Vec<u8>>, RejectedCheck> {
        let message = Message::parse(datagram).map_err(|_| RejectedCheck::Malformed)?;
        // RFC 8445 §7.1: checks carry FINGERPRINT.
        if !message.fingerprint_fits() {
            return Err(RejectedCheck::Malformed);
        }
        match message.kind {
            MessageKind::BindingRequest if self.expired => Err(RejectedCheck::Expired),
            MessageKind::BindingRequest => self.handle_request(now, source, &message).map(Some),
            // RFC 8445 §11: a keepalive, answered by nothing and, unauthenticated, proving nothing.
            MessageKind::BindingIndication => Ok(None),
            MessageKind::Other => Err(RejectedCheck::Malformed),
        }
    }

    fn handle_request(
        &mut self,
        now: Instant,
        source: SocketAddr,
        message: &Message<'_>,
    ) -> Result<Vec<u8>, RejectedCheck> {
        let refuse = |code| RejectedCheck::Answered(stun::error(message, code, None));
        // RFC 8489 §9.1.3: a request without USERNAME or MESSAGE-INTEGRITY is answered 400 …
        let username = message.username.filter(|_| message.has_integrity());
        let username = username.ok_or_else(|| refuse(ErrorCode::BadRequest))?;
        // … and one with a wrong USERNAME or a wrong MESSAGE-INTEGRITY 401.
        let generation = [Some(&mut self.current), self.previous.as_mut()]
            .into_iter()
            .flatten()
            .find(|generation| generation.is_named(username))
            .ok_or_else(|| refuse(ErrorCode::Unauthenticated))?;
        if !message.integrity_fits(&mut generation.key) {
            return Err(refuse(ErrorCode::Unauthenticated));
        }
        // RFC 8489 §6.3.1: unknown comprehension-required attributes are answered 420.
        let key = &mut generation.key;
        if !message.unknown.as_slice().is_empty() {
            let answer = stun::error(message, ErrorCode::UnknownAttribute, Some(key));
            return Err(RejectedCheck::Answered(answer));
        }
        // RFC 8445 §6.1.1, §7.3.1.1: a lite agent facing a full one is controlled and cannot switch, so a
        // peer that claims to be controlled as well is told to.
        if message.controlled {
            return Err(RejectedCheck::Answered(stun::error(message, ErrorCode::RoleConflict, Some(key))));
        }
        let answer = stun::success(message, source, key);
        let number = generation.number;
        self.note_valid(now, source, number, message.use_candidate);
        Ok(answer)
    }

    /// RFC 8445 §7.3.1.3 to §7.3.1.5: the source of an authenticated check is a (peer-reflexive) candidate,
    /// its pair is valid, and USE-CANDIDATE nominates it.
    fn note_valid(&mut self, now: Instant, source: SocketAddr, generation: u32, nominate: bool) {
        if self.pairs.hear(now, source) {
            self.notices.push_back(IceNotice::Learned(source));
        }
        // A nomination of the generation being left does not undo one of the new generation: `previous` is
        // retired by the first of those.
        if nominate {
            self.selected = Some(Selected { remote: source, heard: now });
            if generation == self.current.number {
                self.current.nominated = true;
                self.retire_previous();
            }
        }
        self.note_heard(now, source);
        let keep = self.selected();
        for remote in self.pairs.take_stale(now, CONSENT_TIMEOUT, keep) {
            self.notices.push_back(IceNotice::Forgotten(remote));
        }
    }

    /// Something authenticated arrived from `source`: from the selected pair it renews consent.
    pub(crate) fn note_heard(&mut self, now: Instant, source: SocketAddr) {
        if let Some(selected) = self.selected.as_mut().filter(|selected| selected.remote == source) {
            selected.heard = now;
        }
    }

    /// Whether `source` is the address of a valid pair.
    pub(crate) fn is_valid(&self, source: SocketAddr) -> bool {
        self.selected() == Some(source) || self.pairs.contains(source)
    }

    /// The nominated address media is sent to.
    pub(crate) fn selected(&self) -> Option<SocketAddr> {
        self.selected.map(|selected| selected.remote)
    }

    /// Where to send what cannot wait for a nomination: the selected address, or the one heard last.
    pub(crate) fn destination(&self) -> Option<SocketAddr> {
        self.selected().or_else(|| self.pairs.latest())
    }

    /// When consent to send runs out, if nothing more is heard.
    pub(crate) fn consent_until(&self) -> Option<Instant> {
        self.selected.map(|selected| selected.heard + CONSENT_TIMEOUT)
    }

    /// Ends consent if it is due. `true` if it just ended.
    pub(crate) fn handle_timeout(&mut self, now: Instant) -> bool {
        if self.consent_until().is_none_or(|until| now < until) {
            return false;
        }
        self.selected = None;
        self.expired = true;
        self.current.nominated = false;
        self.retire_previous();
        for remote in self.pairs.take_all() {
            self.notices.push_back(IceNotice::Forgotten(remote));
        }
        true
    }

    pub(crate) fn poll_notice(&mut self) -> Option<IceNotice> {
        self.notices.pop_front()
    }

    fn retire_previous(&mut self) {
        if let Some(previous) = self.previous.take() {
            self.notices.push_back(IceNotice::UfragRetired(previous.local.ufrag().to_owned()));
        }
    }
}

impl Generation {
    fn new(number: u32, local: IceCredentials) -> Self {
        let key = IntegrityKey::new(local.password());
        Self { number, local, remote_ufrag: None, key, nominated: false }
    }

    /// RFC 8445 §7.2.2: USERNAME is `our ufrag:their ufrag`. Before the answer told us theirs, ours suffices
    /// (§7.3.1.4): the password proves that the peer has our offer.
    fn is_named(&self, username: &[u8]) -> bool {
        let ours = self.local.ufrag().as_bytes();
        let Some(theirs) = username.strip_prefix(ours).and_then(|rest| rest.strip_prefix(b":")) else {
            return false;
        };
        self.remote_ufrag.as_deref().is_none_or(|ufrag| ufrag.as_bytes() == theirs)
    }
}

/// RFC 7675 §5.1: consent lasts 30 seconds. Shorter cuts calls in a short outage, longer sends media to a
/// peer that left.
pub(crate) const CONSENT_TIMEOUT: Duration = Duration::from_secs(30);
