//! Browser ↔ leg: what a browser's descriptions mean for its leg.
//!
//! A browser is connected while it rings. A caller's offer is answered at once, a called browser gets our offer and
//! may answer it before its user does; ICE and DTLS are done by the time the call is answered. Nothing is bridged to
//! a called browser before that.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    net::SocketAddr,
};

use ringdown_control::{DescriptionKind, SessionDescription};
use ringdown_media::api::{AudioParameters, Transport};
use ringdown_sdp::{Candidate, Peer, RemoteDescription, SdpError};
use ringdown_types::{CodecId, Random, SessionId};

use crate::{legs::codecs_starting_with, web_session::WebSession};

/// The browser side of a leg.
#[derive(Debug)]
pub(crate) struct WebLeg {
    session: SessionId,
    media: WebSession,
    /// The codecs we accept, preferred first.
    preference: Vec<CodecId>,
    /// The answer taken last, so that its repetition is known: a page whose connection broke says again what may not
    /// have arrived.
    answer_taken: Option<u64>,
}

/// What a description changes.
#[derive(Debug)]
pub(crate) struct Described {
    /// The answer to send, where the description was an offer.
    pub(crate) answer: Option<SessionDescription>,
    /// Whether our candidates must be told again.
    pub(crate) tells_candidates: bool,
}

impl WebLeg {
    /// A leg nothing was said on. `candidates` is where the browser reaches its worker.
    pub(crate) fn new(
        session: SessionId,
        fingerprint: [u8; 32],
        candidates: &[SocketAddr],
        random: &mut dyn Random,
    ) -> Self {
        let media = WebSession::new(fingerprint, candidates, random);
        Self { session, media, preference: CodecId::ALL.to_vec(), answer_taken: None }
    }

    pub(crate) const fn session(&self) -> SessionId {
        self.session
    }

    /// Whether a description of the browser was taken.
    pub(crate) const fn is_described(&self) -> bool {
        self.media.negotiated().is_some()
    }

    /// What was negotiated, preferred first.
    pub(crate) fn codecs(&self) -> Vec<CodecId> {
        self.media.codecs()
    }

    /// Our offer to a browser that is to ring, codecs in this order.
    pub(crate) fn offer(&mut self, codecs: Vec<CodecId>) -> Result<SessionDescription, SdpError> {
        self.preference = codecs;
        let sdp = self.media.offer(&self.preference)?;
        Ok(SessionDescription { kind: DescriptionKind::Offer, sdp })
    }

    /// An offer that leaves one codec of `others` alone, where what the browser sends is none of them: so the other
    /// side is heard without transcoding. `None` where nothing is gained or can be done.
    pub(crate) fn narrow_to(&mut self, others: &[CodecId]) -> Option<SessionDescription> {
        let codecs = self.codecs();
        if codecs.first().is_none_or(|sent| others.contains(sent)) || self.media.is_offer_pending() {
            return None;
        }
        let shared = others.iter().find(|codec| codecs.contains(codec))?;
        self.offer(vec![*shared]).ok()
    }

    /// An offer of what stands, with the video that is wished for now.
    pub(crate) fn offer_again(&mut self) -> Result<SessionDescription, SdpError> {
        self.offer(self.codecs())
    }

    /// An offer of a new transport with every codec, for a page that knows nothing of what was said.
    pub(crate) fn offer_anew(&mut self, random: &mut dyn Random) -> Result<SessionDescription, SdpError> {
        self.preference = codecs_starting_with(&self.codecs());
        let sdp = self.media.offer_anew(&self.preference, random)?;
        Ok(SessionDescription { kind: DescriptionKind::Offer, sdp })
    }

    /// What is said of its media.
    pub(crate) const fn media(&self) -> &WebSession {
        &self.media
    }

    pub(crate) const fn media_mut(&mut self) -> &mut WebSession {
        &mut self.media
    }

    /// Takes the browser's description. What is wanted of its video was said before.
    pub(crate) fn describe(
        &mut self,
        (description, remote): (&SessionDescription, &RemoteDescription),
        random: &mut dyn Random,
    ) -> Result<Described, SdpError> {
        match description.kind {
            DescriptionKind::Answer => {
                let answer = Some(hash_of(&description.sdp));
                if self.media.is_offer_pending() || answer != self.answer_taken {
                    self.media.answered(remote, true)?;
                    self.answer_taken = answer;
                }
                Ok(Described { answer: None, tells_candidates: false })
            }
            DescriptionKind::Offer => {
                let answer = self.media.answer(remote, &self.preference, random)?;
                Ok(Described {
                    answer: Some(SessionDescription { kind: DescriptionKind::Answer, sdp: answer.sdp }),
                    tells_candidates: answer.is_new_transport,
                })
            }
        }
    }

    /// Our candidates as `candidate:` attributes.
    pub(crate) fn candidates(&self) -> impl Iterator<Item = String> {
        self.media.candidates()
    }

    /// Its transport, for the media worker.
    pub(crate) fn transport(&self) -> Transport {
        self.media.transport()
    }

    /// Its audio, for the media worker.
    pub(crate) fn audio(&self) -> AudioParameters {
        self.media.audio()
    }
}

/// Reads a browser's description.
pub(crate) fn read(description: &SessionDescription) -> Result<RemoteDescription, SdpError> {
    RemoteDescription::parse(&description.sdp, Peer::Browser)
}

/// Whether a browser's candidate is one: an ICE-lite side needs none, but a malformed one shows a broken client.
pub(crate) fn is_candidate(text: &str) -> bool {
    // An empty candidate announces the end of one generation (RFC 8838 §4.1).
    text.is_empty() || text.len() <= MAX_CANDIDATE_BYTES && text.parse::<Candidate>().is_ok()
}

fn hash_of(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

const MAX_CANDIDATE_BYTES: usize = 1_024;
