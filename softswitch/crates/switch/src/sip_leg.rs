//! A SIP device's side of a leg: what was offered, what was agreed, where its packets go.
//!
//! Most devices are telephones with plain RTP. A telephone in a web page (SIP over WebSocket, RFC 7118) has a browser's
//! media instead; nothing but the [`MediaSession`] differs.
//!
//! A telephone that calls is answered with one codec, the one its partner speaks if both know it. A telephone that
//! is called gets an offer that starts with what the caller knows.

use std::net::IpAddr;

use bytes::Bytes;
use ringdown_media::api::{AudioParameters, Transport};
use ringdown_sdp::{Negotiated, Peer, RemoteDescription, SdpError, TelephoneSession};
use ringdown_sip::invite::UsageId;
use ringdown_types::{CodecId, MediaDirection, Random};

use crate::{legs::codecs_starting_with, media, web_session::WebSession};

/// The SIP side of a leg.
#[derive(Debug)]
pub(crate) struct SipLeg {
    pub(crate) usage: UsageId,
    pub(crate) username: String,
    pub(crate) media: MediaSession,
    /// A caller's offer, until it is answered. A caller without one is answered with ours.
    pub(crate) offer: Option<RemoteDescription>,
    /// What a caller was told with early media; the final answer repeats it (RFC 3261 §13.2.1).
    pub(crate) said_early: Option<Bytes>,
    /// What a called device said before it answered.
    pub(crate) heard_early: Option<Bytes>,
    /// Where its signalling comes from.
    pub(crate) source: IpAddr,
    /// How many more hops a call from it may make.
    pub(crate) hops: u8,
}

/// What we and the device say of the media.
#[derive(Debug)]
pub(crate) enum MediaSession {
    /// Plain RTP.
    Rtp(Box<RtpSession>),
    /// A browser's ICE, DTLS and SRTP.
    WebRtc(Box<WebSession>),
}

/// A telephone's media session.
#[derive(Debug)]
pub(crate) struct RtpSession {
    sdp: TelephoneSession,
    negotiated: Option<Negotiated>,
    port: u16,
}

impl RtpSession {
    /// A session nothing was said in, with the even port it takes.
    pub(crate) const fn new(sdp: TelephoneSession, port: u16) -> Self {
        Self { sdp, negotiated: None, port }
    }
}

impl MediaSession {
    /// What was agreed last.
    pub(crate) fn negotiated(&self) -> Option<&Negotiated> {
        match self {
            Self::Rtp(rtp) => rtp.negotiated.as_ref(),
            Self::WebRtc(web) => web.negotiated(),
        }
    }

    /// Whether an offer of ours is unanswered.
    pub(crate) fn is_offer_pending(&self) -> bool {
        match self {
            Self::Rtp(rtp) => rtp.sdp.is_offer_pending(),
            Self::WebRtc(web) => web.is_offer_pending(),
        }
    }

    /// How the device describes itself.
    pub(crate) const fn peer(&self) -> Peer {
        match self {
            Self::Rtp(_) => Peer::Telephone,
            Self::WebRtc(_) => Peer::Browser,
        }
    }

    /// Its RTP port, where it takes one.
    pub(crate) const fn rtp_port(&self) -> Option<u16> {
        match self {
            Self::Rtp(rtp) => Some(rtp.port),
            Self::WebRtc(_) => None,
        }
    }

    /// Our offer, codecs in this order.
    pub(crate) fn offer(&mut self, codecs: &[CodecId]) -> Result<String, SdpError> {
        match self {
            Self::Rtp(rtp) => rtp.sdp.offer(codecs, MediaDirection::SendRecv),
            Self::WebRtc(web) => web.offer(codecs),
        }
    }

    /// Takes our unanswered offer back.
    pub(crate) fn withdraw_offer(&mut self) {
        match self {
            Self::Rtp(rtp) => rtp.sdp.withdraw_offer(),
            Self::WebRtc(web) => web.withdraw_offer(),
        }
    }

    /// Answers an offer.
    pub(crate) fn answer(
        &mut self,
        offer: &RemoteDescription,
        codecs: &[CodecId],
        random: &mut dyn Random,
    ) -> Result<String, SdpError> {
        match self {
            Self::Rtp(rtp) => {
                let answer = rtp.sdp.answer(offer, codecs, MediaDirection::SendRecv)?;
                rtp.negotiated = Some(answer.negotiated);
                Ok(answer.description)
            }
            Self::WebRtc(web) => Ok(web.answer(offer, codecs, random)?.sdp),
        }
    }

    /// Takes the answer to our offer. A provisional one leaves the offer open.
    fn answered(&mut self, answer: &[u8], is_final: bool) -> Result<(), SdpError> {
        let remote = RemoteDescription::parse(answer, self.peer())?;
        match self {
            Self::Rtp(rtp) => {
                rtp.negotiated = Some(if is_final {
                    rtp.sdp.handle_answer(&remote)?
                } else {
                    rtp.sdp.preview_answer(&remote)?
                });
                Ok(())
            }
            Self::WebRtc(web) => web.answered(&remote, is_final),
        }
    }
}

impl SipLeg {
    /// What was negotiated, or what a caller offers, preferred first.
    pub(crate) fn codecs(&self) -> Vec<CodecId> {
        match (self.media.negotiated(), self.offer.as_ref().map(RemoteDescription::audio)) {
            (Some(negotiated), _) => negotiated.codecs.iter().map(|codec| codec.codec).collect(),
            (None, Some(Ok(audio))) => audio.codecs().iter().map(|codec| codec.codec).collect(),
            (None, Some(Err(_)) | None) => Vec::new(),
        }
    }

    /// Whether the device says it will not receive.
    pub(crate) fn is_held_by_peer(&self) -> bool {
        self.media.negotiated().is_some_and(|negotiated| negotiated.held_by_peer)
    }

    /// Its transport, for the media worker.
    pub(crate) fn transport(&self) -> Transport {
        match &self.media {
            MediaSession::Rtp(rtp) => {
                let remote = rtp.negotiated.as_ref().map(|negotiated| &negotiated.transport);
                media::rtp(rtp.port, remote, self.source)
            }
            MediaSession::WebRtc(web) => web.transport(),
        }
    }

    /// Its audio, for the media worker.
    pub(crate) fn audio(&self) -> AudioParameters {
        match &self.media {
            MediaSession::Rtp(rtp) => match &rtp.negotiated {
                Some(negotiated) => media::audio_parameters(negotiated),
                None => media::unnegotiated(rtp.sdp.identity()),
            },
            MediaSession::WebRtc(web) => web.audio(),
        }
    }

    /// Our description for a caller's device whose partner speaks `partner`: the answer, or our offer where the
    /// INVITE had none.
    pub(crate) fn describe(
        &mut self,
        partner: &[CodecId],
        random: &mut dyn Random,
    ) -> Result<Bytes, SdpError> {
        let codecs = codecs_starting_with(partner);
        match &self.offer {
            Some(offer) => Ok(self.media.answer(offer, &codecs, random)?.into()),
            None => Ok(self.media.offer(&codecs)?.into()),
        }
    }

    /// Takes the answer to our offer. A provisional one leaves the offer open.
    pub(crate) fn answered(&mut self, answer: &[u8], is_final: bool) -> Result<(), SdpError> {
        self.media.answered(answer, is_final)
    }

    /// Answers a re-INVITE's offer, keeping the codec where possible; whether the device holds.
    pub(crate) fn reoffered(
        &mut self,
        offer: &[u8],
        random: &mut dyn Random,
    ) -> Result<(Bytes, bool), SdpError> {
        let remote = RemoteDescription::parse(offer, self.media.peer())?;
        let codecs = codecs_starting_with(&self.codecs());
        let answer = self.media.answer(&remote, &codecs, random)?;
        Ok((answer.into(), self.is_held_by_peer()))
    }
}
