//! How a telephone's stream is protected: SRTP keys in the descriptions (RFC 4568), DTLS-SRTP (RFC 5763), or nothing.
//!
//! | policy | a telephone offers | a telephone is offered |
//! |---|---|---|
//! | off | plain RTP is answered, anything else refused | `RTP/AVP` |
//! | optional | its choice is followed, encryption preferred where its offer leaves it open | keys allowed: `RTP/AVP` with `a=crypto`, `RTP/SAVP` to one that insists; else `RTP/AVP`; DTLS to one that speaks it |
//! | required | the same, plain RTP refused | keys allowed: `RTP/SAVP`; else, and to one that speaks it, `UDP/TLS/RTP/SAVP` |
//!
//! Keys are allowed where the signalling is encrypted itself.

use std::fmt;

use ringdown_types::{Random, SrtpKey, SrtpPolicy, SrtpProfile, VideoSlot};

use crate::{
    attribute::{Setup, sha256_of, sha256_value},
    crypto::Crypto,
    description::{Attribute, MediaKind, MediaSection, Protocol, SessionDescription},
    error::{Mismatch, SdpError, Unacceptable},
    negotiated::DtlsRole,
    remote::RemoteDescription,
};

/// What we do for one telephone's media.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LocalSecurity {
    /// Whether they must be encrypted.
    pub policy: SrtpPolicy,
    /// Whether keys may stand in our descriptions: the signalling is encrypted itself (RFC 4568 §8.1), or somebody
    /// decided that it need not be.
    pub allows_keys: bool,
    /// SHA-256 of our certificate; `None`: no DTLS-SRTP.
    pub fingerprint: Option<[u8; 32]>,
    /// What the telephone's own offers showed, so that ours are what it takes.
    pub habit: SecurityHabit,
}

/// What a telephone's offers show of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SecurityHabit {
    /// It offered nothing yet, or plain RTP among others.
    #[default]
    Unknown,
    /// It offers `RTP/SAVP` alone: it may refuse anything else.
    InsistsOnKeys,
    /// It offers DTLS-SRTP.
    SpeaksDtls,
}

impl SecurityHabit {
    /// What an offer shows.
    pub fn of(offer: &RemoteDescription) -> Self {
        let Ok(audio) = offer.audio() else { return Self::Unknown };
        let sections = &offer.description().media;
        let offers_plain = sections.iter().any(|section| {
            section.kind == MediaKind::Audio && section.port != 0 && is_plain(&section.protocol)
        });
        match audio.protocol {
            Protocol::UdpTlsRtpSavp | Protocol::UdpTlsRtpSavpf => Self::SpeaksDtls,
            Protocol::RtpSavp | Protocol::RtpSavpf if !offers_plain => Self::InsistsOnKeys,
            _ => Self::Unknown,
        }
    }
}

impl LocalSecurity {
    /// What is read before it is known which telephone speaks: anything.
    pub(crate) const ANY: Self = Self {
        policy: SrtpPolicy::Optional,
        allows_keys: true,
        fingerprint: Some([0; 32]),
        habit: SecurityHabit::Unknown,
    };

    /// How well a peer's section can be served: `None` for not at all, and encrypted above plain.
    pub(crate) fn serves(&self, protocol: &Protocol, remote: &RemoteSecurity) -> Option<bool> {
        self.choose(protocol, remote).map(|choice| !matches!(choice, Choice::Plain))
    }

    /// What an offer of the peer leads to.
    fn choose(&self, protocol: &Protocol, remote: &RemoteSecurity) -> Option<Choice> {
        let is_on = self.policy != SrtpPolicy::Off;
        let dtls = || remote.dtls.filter(|_| is_on && self.fingerprint.is_some());
        let sdes = || {
            let usable = is_on && self.allows_keys;
            remote.crypto.first().copied().filter(|_| usable).map(Choice::Sdes)
        };
        let plain = (self.policy != SrtpPolicy::Required).then_some(Choice::Plain);
        match protocol {
            Protocol::UdpTlsRtpSavp | Protocol::UdpTlsRtpSavpf => dtls().map(Choice::Dtls),
            Protocol::RtpSavp | Protocol::RtpSavpf => sdes(),
            // Optional encryption as telephones do it: the attributes stand in a plain section.
            Protocol::RtpAvp | Protocol::RtpAvpf => {
                let dtls = dtls().filter(|dtls| dtls.setup.is_some());
                dtls.map(Choice::Dtls).or_else(sdes).or(plain)
            }
            Protocol::Other(_) => None,
        }
    }
}

/// What a peer's section says of its protection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RemoteSecurity {
    /// The `a=crypto` lines that we can obey, in order, at most [`MAX_CRYPTO_LINES`].
    pub crypto: Vec<Crypto>,
    /// Its certificate, where it announces one.
    pub dtls: Option<RemoteDtls>,
}

/// A peer's certificate and its part in the handshake.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RemoteDtls {
    /// SHA-256 of its certificate.
    pub fingerprint: [u8; 32],
    /// `a=setup`, where it stands.
    pub setup: Option<Setup>,
}

impl fmt::Debug for RemoteDtls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteDtls").field("setup", &self.setup).finish_non_exhaustive()
    }
}

impl RemoteSecurity {
    pub(crate) fn read(description: &SessionDescription, section: &MediaSection) -> Self {
        let crypto = section.attributes_named("crypto").take(MAX_CRYPTO_LINES).filter_map(Crypto::parse);
        let of_session = || {
            let session = description.attributes.iter().filter(|attribute| attribute.name == "fingerprint");
            session.filter_map(|attribute| attribute.value.as_deref()).find_map(sha256_of)
        };
        let fingerprint = section.attributes_named("fingerprint").find_map(sha256_of).or_else(of_session);
        let setup = description.inherited(section, "setup").and_then(Setup::parse);
        // RFC 8842 §5: holdconn is not for DTLS.
        let dtls = fingerprint.filter(|_| setup != Some(Setup::HoldConn));
        Self { crypto: crypto.collect(), dtls: dtls.map(|fingerprint| RemoteDtls { fingerprint, setup }) }
    }
}

/// What protects a stream from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NegotiatedSecurity {
    /// Nothing.
    #[default]
    None,
    /// SRTP with these keys; both are of one profile.
    Sdes {
        /// What we send with.
        send: SrtpKey,
        /// What the peer sends with.
        receive: SrtpKey,
    },
    /// DTLS-SRTP.
    Dtls(NegotiatedDtls),
}

/// A DTLS association.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct NegotiatedDtls {
    /// SHA-256 of the peer's certificate.
    pub fingerprint: [u8; 32],
    /// Our part in the handshake.
    pub role: DtlsRole,
}

impl fmt::Debug for NegotiatedDtls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NegotiatedDtls").field("role", &self.role).finish_non_exhaustive()
    }
}

impl NegotiatedSecurity {
    /// Whether media are encrypted.
    pub const fn is_encrypted(&self) -> bool {
        !matches!(self, Self::None)
    }
}

enum Choice {
    Plain,
    Sdes(Crypto),
    Dtls(RemoteDtls),
}

/// Our side of the protection of one stream, through a call.
///
/// Our key stays as long as the peer's does (RFC 4568 §7.1.4: packets are counted on), and is a new one when the peer's
/// is new: whoever makes a new key has lost count.
#[derive(Debug, Clone)]
pub struct StreamSecurity {
    local: LocalSecurity,
    /// Fresh keys, one a profile, in the order of our offers.
    fresh: Vec<SrtpKey>,
    offered: Vec<Crypto>,
    agreed: NegotiatedSecurity,
    /// The tag of the peer's line, or of ours, that holds.
    tag: u32,
}

impl StreamSecurity {
    /// A stream nothing was said of.
    pub fn new(local: LocalSecurity, random: &mut dyn Random) -> Self {
        let mut stream =
            Self { local, fresh: Vec::new(), offered: Vec::new(), agreed: NegotiatedSecurity::None, tag: 1 };
        stream.renew_keys(random);
        stream
    }

    /// The streams of one telephone, each with keys of its own: voice, camera, screen.
    pub fn for_session(local: LocalSecurity, random: &mut dyn Random) -> [Self; 1 + VideoSlot::ALL.len()] {
        std::array::from_fn(|_| Self::new(local, random))
    }

    /// Makes new keys for the next time that some are needed. To be called before an answer.
    pub fn renew_keys(&mut self, random: &mut dyn Random) {
        if self.local.allows_keys && self.local.policy != SrtpPolicy::Off {
            self.fresh =
                SrtpProfile::ALL.into_iter().map(|profile| SrtpKey::generate(profile, random)).collect();
        }
    }

    /// What we do for it.
    pub const fn local(&self) -> &LocalSecurity {
        &self.local
    }

    /// Makes the next offer one of `RTP/SAVP` alone: the telephone refused the one that left it the choice. Whether that
    /// is another offer than the last.
    pub fn insist(&mut self) -> bool {
        let may = self.wanted() == Wanted::Sdes { must: false } && !self.agreed.is_encrypted();
        if may {
            self.local.habit = SecurityHabit::InsistsOnKeys;
        }
        may
    }

    /// The protocol of our next offer, after `current` in the last description.
    pub(crate) fn offer_protocol(&self, current: &Protocol) -> Protocol {
        let plain = || if is_plain(current) { current.clone() } else { Protocol::RtpAvp };
        match self.wanted() {
            _ if self.agreed.is_encrypted() => current.clone(),
            Wanted::Plain | Wanted::Sdes { must: false } => plain(),
            Wanted::Sdes { must: true } => Protocol::RtpSavp,
            Wanted::Dtls => Protocol::UdpTlsRtpSavp,
        }
    }

    /// Whether our next offer is one of DTLS-SRTP.
    pub(crate) fn offers_dtls(&self) -> bool {
        self.wanted() == Wanted::Dtls
    }

    fn wanted(&self) -> Wanted {
        match self.agreed {
            NegotiatedSecurity::Sdes { .. } => return Wanted::Sdes { must: false },
            NegotiatedSecurity::Dtls(_) => return Wanted::Dtls,
            NegotiatedSecurity::None => {}
        }
        let is_required = self.local.policy == SrtpPolicy::Required;
        let (keys, dtls) = (self.local.allows_keys, self.local.fingerprint.is_some());
        match self.local.policy {
            SrtpPolicy::Off => Wanted::Plain,
            _ if dtls && self.local.habit == SecurityHabit::SpeaksDtls => Wanted::Dtls,
            _ if keys => {
                Wanted::Sdes { must: is_required || self.local.habit == SecurityHabit::InsistsOnKeys }
            }
            SrtpPolicy::Required if dtls => Wanted::Dtls,
            SrtpPolicy::Required | SrtpPolicy::Optional => Wanted::Plain,
        }
    }

    /// Adds what our next offer says to its section.
    pub(crate) fn write_offer(&mut self, attributes: &mut Vec<Attribute>) {
        self.offered.clear();
        match (self.wanted(), self.agreed) {
            (Wanted::Plain, _) => {}
            (Wanted::Sdes { .. }, NegotiatedSecurity::Sdes { send, .. }) => {
                self.offered.push(Crypto { tag: self.tag, key: send });
            }
            (Wanted::Sdes { .. }, _) => {
                let lines = (1..).zip(&self.fresh);
                self.offered.extend(lines.map(|(tag, &key)| Crypto { tag, key }));
            }
            // RFC 8842 §5.2: an offer says actpass, also when the association goes on.
            (Wanted::Dtls, _) => self.write_dtls(Setup::ActPass, attributes),
        }
        attributes.extend(self.offered.iter().map(|line| Attribute::new("crypto", line.value().to_string())));
    }

    fn write_dtls(&self, setup: Setup, attributes: &mut Vec<Attribute>) {
        if let Some(fingerprint) = &self.local.fingerprint {
            attributes.push(Attribute::new("fingerprint", sha256_value(fingerprint)));
            attributes.push(Attribute::new("setup", setup.as_str()));
        }
    }

    /// What the peer's answer makes of our offer.
    ///
    /// # Errors
    /// [`SdpError::NotAcceptable`] for an answer without the encryption that must be,
    /// [`SdpError::AnswerMismatch`] for one that is no answer to what we offered.
    pub(crate) fn agree(
        &self,
        protocol: &Protocol,
        remote: &RemoteSecurity,
    ) -> Result<NegotiatedSecurity, SdpError> {
        if self.wanted() == Wanted::Dtls {
            let dtls = remote.dtls.ok_or(Unacceptable::Unencrypted)?;
            return Ok(NegotiatedSecurity::Dtls(NegotiatedDtls {
                fingerprint: dtls.fingerprint,
                role: match dtls.setup {
                    Some(Setup::Passive) => DtlsRole::Client,
                    // RFC 4145 §4.1: an answer without setup means active.
                    Some(Setup::Active) | None => DtlsRole::Server,
                    Some(Setup::ActPass | Setup::HoldConn) => return Err(Mismatch::Setup.into()),
                },
            }));
        }
        // RFC 4568 §5.1.3: the answer has one line, with the tag and the suite of one of ours.
        let fits = |theirs: &&Crypto, ours: &Crypto| {
            theirs.tag == ours.tag && theirs.key.profile() == ours.key.profile()
        };
        let pair = remote.crypto.iter().find_map(|theirs| {
            let ours = self.offered.iter().find(|ours| fits(&theirs, ours))?;
            Some(NegotiatedSecurity::Sdes { send: ours.key, receive: theirs.key })
        });
        match pair {
            Some(pair) => Ok(pair),
            None if is_plain(protocol) && self.local.policy != SrtpPolicy::Required => {
                Ok(NegotiatedSecurity::None)
            }
            None => Err(Unacceptable::Unencrypted.into()),
        }
    }

    /// Keeps what [`StreamSecurity::agree`] found.
    pub(crate) fn settle(&mut self, agreed: NegotiatedSecurity) {
        if let NegotiatedSecurity::Sdes { send, .. } = agreed
            && let Some(line) = self.offered.iter().find(|line| line.key == send)
        {
            self.tag = line.tag;
            self.fresh.retain(|key| *key != send);
        }
        self.agreed = agreed;
    }

    /// Answers an offer, and adds what the answer says to its section.
    ///
    /// # Errors
    /// [`SdpError::NotAcceptable`] where what the peer offers and what we do have nothing in common.
    pub(crate) fn answer(
        &mut self,
        protocol: &Protocol,
        remote: &RemoteSecurity,
        attributes: &mut Vec<Attribute>,
    ) -> Result<NegotiatedSecurity, SdpError> {
        let choice = self.local.choose(protocol, remote).ok_or(Unacceptable::Unencrypted)?;
        self.agreed = match choice {
            Choice::Plain => NegotiatedSecurity::None,
            Choice::Sdes(theirs) => {
                let send = self.key_for(theirs).ok_or(Unacceptable::Unencrypted)?;
                self.tag = theirs.tag;
                let line = Crypto { tag: theirs.tag, key: send };
                attributes.push(Attribute::new("crypto", line.value().to_string()));
                NegotiatedSecurity::Sdes { send, receive: theirs.key }
            }
            Choice::Dtls(theirs) => {
                let role = self.role_towards(theirs);
                let setup = if role == DtlsRole::Server { Setup::Passive } else { Setup::Active };
                self.write_dtls(setup, attributes);
                NegotiatedSecurity::Dtls(NegotiatedDtls { fingerprint: theirs.fingerprint, role })
            }
        };
        Ok(self.agreed)
    }

    /// Our key beside the peer's: the one we have where theirs is the one they had.
    fn key_for(&mut self, theirs: Crypto) -> Option<SrtpKey> {
        if let NegotiatedSecurity::Sdes { send, receive } = self.agreed
            && receive == theirs.key
        {
            return Some(send);
        }
        let index = self.fresh.iter().position(|key| key.profile() == theirs.key.profile())?;
        Some(self.fresh.swap_remove(index))
    }

    /// RFC 8842 §5.3: an association that goes on keeps its roles. To a new one we are passive where we may be: behind
    /// a NAT the telephone must send first.
    fn role_towards(&self, theirs: RemoteDtls) -> DtlsRole {
        match (theirs.setup, self.agreed) {
            (Some(Setup::Passive), _) => DtlsRole::Client,
            (Some(Setup::ActPass), NegotiatedSecurity::Dtls(known))
                if known.fingerprint == theirs.fingerprint =>
            {
                known.role
            }
            _ => DtlsRole::Server,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Plain,
    Sdes { must: bool },
    Dtls,
}

const fn is_plain(protocol: &Protocol) -> bool {
    matches!(protocol, Protocol::RtpAvp | Protocol::RtpAvpf)
}

/// Most `a=crypto` lines that are looked at. Telephones send two to eight.
pub const MAX_CRYPTO_LINES: usize = 16;
