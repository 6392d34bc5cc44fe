//! Browser ↔ leg: what a browser's descriptions mean for its leg.
//!
//! A browser is connected while it rings. A caller's offer is answered at once, a called browser gets our offer and
//! may answer it before its user does; ICE and DTLS are done by the time the call is answered. Nothing is bridged to
//! a called browser before that.
//!
//! Towards a browser the switch is the polite side (RFC 8829 §4.1.8.2): an offer of the browser that crosses ours
//! makes ours void.

use ringdown_control::{DescriptionKind, SessionDescription};
use ringdown_media::api::{AudioParameters, Transport};
use ringdown_sdp::{
    BrowserSession, BrowserTransport, Candidate, LocalIdentity, Negotiated, Peer, RemoteDescription, SdpError,
};
use ringdown_types::{CodecId, MediaDirection, Random, SessionId};

use crate::media;

/// The browser side of a leg.
#[derive(Debug)]
pub(crate) struct WebLeg {
    session: SessionId,
    sdp: BrowserSession,
    negotiated: Option<Negotiated>,
    /// The codecs we accept, preferred first.
    preference: Vec<CodecId>,
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
        candidates: &[std::net::SocketAddr],
        random: &mut dyn Random,
    ) -> Self {
        let (ufrag, pwd) = ice_credentials(random);
        let transport = BrowserTransport { ufrag, pwd, fingerprint, candidates: candidates.to_vec() };
        Self {
            session,
            sdp: BrowserSession::new(LocalIdentity::generate(random), transport),
            negotiated: None,
            preference: CodecId::ALL.to_vec(),
        }
    }

    pub(crate) const fn session(&self) -> SessionId {
        self.session
    }

    /// Whether a description of the browser was taken.
    pub(crate) const fn is_described(&self) -> bool {
        self.negotiated.is_some()
    }

    /// What was negotiated, preferred first.
    pub(crate) fn codecs(&self) -> Vec<CodecId> {
        self.negotiated.iter().flat_map(|negotiated| &negotiated.codecs).map(|codec| codec.codec).collect()
    }

    /// Our offer to a browser that is to ring, codecs in this order.
    pub(crate) fn offer(&mut self, codecs: Vec<CodecId>) -> Result<SessionDescription, SdpError> {
        self.preference = codecs;
        let sdp = self.sdp.offer(&self.preference, MediaDirection::SendRecv)?;
        Ok(SessionDescription { kind: DescriptionKind::Offer, sdp })
    }

    /// An offer that leaves one codec of `others` alone, where what the browser sends is none of them: so the other
    /// side is heard without transcoding. `None` where nothing is gained or can be done.
    pub(crate) fn narrow_to(&mut self, others: &[CodecId]) -> Option<SessionDescription> {
        let codecs = self.codecs();
        if codecs.first().is_none_or(|sent| others.contains(sent)) || self.sdp.is_offer_pending() {
            return None;
        }
        let shared = others.iter().find(|codec| codecs.contains(codec))?;
        self.offer(vec![*shared]).ok()
    }

    /// Takes the browser's description.
    pub(crate) fn describe(
        &mut self,
        description: &SessionDescription,
        random: &mut dyn Random,
    ) -> Result<Described, SdpError> {
        let remote = RemoteDescription::parse(&description.sdp, Peer::Browser)?;
        match description.kind {
            DescriptionKind::Answer => {
                self.negotiated = Some(self.sdp.handle_answer(&remote)?);
                Ok(Described { answer: None, tells_candidates: false })
            }
            DescriptionKind::Offer => self.answer(&remote, random),
        }
    }

    fn answer(&mut self, remote: &RemoteDescription, random: &mut dyn Random) -> Result<Described, SdpError> {
        if self.sdp.is_offer_pending() {
            // A ringing browser answers our offer; it has nothing of its own to offer yet.
            if self.negotiated.is_none() {
                return Err(SdpError::OfferPending);
            }
            self.sdp.withdraw_offer();
        }
        let is_first = self.negotiated.is_none();
        let restarts = self.sdp.restarts_ice(remote);
        if restarts {
            let (ufrag, pwd) = ice_credentials(random);
            self.sdp.set_ice_credentials(ufrag, pwd);
        }
        let answer = self.sdp.answer(remote, &self.preference, MediaDirection::SendRecv)?;
        self.negotiated = Some(answer.negotiated);
        Ok(Described {
            answer: Some(SessionDescription { kind: DescriptionKind::Answer, sdp: answer.description }),
            tells_candidates: is_first || restarts,
        })
    }

    /// Our candidates as `candidate:` attributes.
    pub(crate) fn candidates(&self) -> impl Iterator<Item = String> {
        self.sdp.candidates().map(|candidate| candidate.to_string())
    }

    /// Its transport, for the media worker.
    pub(crate) fn transport(&self) -> Transport {
        let remote = self.negotiated.as_ref().map(|negotiated| &negotiated.transport);
        media::web_rtc(self.sdp.transport(), remote)
    }

    /// Its audio, for the media worker.
    pub(crate) fn audio(&self) -> AudioParameters {
        match &self.negotiated {
            Some(negotiated) => media::audio_parameters(negotiated),
            None => media::unnegotiated(self.sdp.identity()),
        }
    }
}

/// Whether a browser's candidate is one: an ICE-lite side needs none, but a malformed one shows a broken client.
pub(crate) fn is_candidate(text: &str) -> bool {
    // An empty candidate announces the end of one generation (RFC 8838 §4.1).
    text.is_empty() || text.len() <= MAX_CANDIDATE_BYTES && text.parse::<Candidate>().is_ok()
}

const MAX_CANDIDATE_BYTES: usize = 1_024;

/// 16 characters of ufrag name the leg on the shared port beyond doubt; 32 of password are 160 random bits
/// (RFC 8839 §5.4 asks for 24 and 128 bits).
fn ice_credentials(random: &mut dyn Random) -> (String, String) {
    (random.token(16), random.token(32))
}
