//! A telephone's side of a leg: what was offered, what was agreed, where its packets go.
//!
//! A telephone that calls is answered with one codec, the one its partner speaks if both know it. A telephone that
//! is called gets an offer that starts with what the caller knows.

use std::net::IpAddr;

use bytes::Bytes;
use ringdown_media::api::{AudioParameters, Transport};
use ringdown_sdp::{Negotiated, Peer, RemoteDescription, SdpError, TelephoneSession};
use ringdown_sip::invite::UsageId;
use ringdown_types::{CodecId, MediaDirection};

use crate::{legs::codecs_starting_with, media};

/// The telephone side of a leg.
#[derive(Debug)]
pub(crate) struct SipLeg {
    pub(crate) usage: UsageId,
    pub(crate) username: String,
    pub(crate) sdp: TelephoneSession,
    /// A caller's offer, until it is answered. A caller without one is answered with ours.
    pub(crate) offer: Option<RemoteDescription>,
    pub(crate) negotiated: Option<Negotiated>,
    /// What a caller was told with early media; the final answer repeats it (RFC 3261 §13.2.1).
    pub(crate) said_early: Option<Bytes>,
    pub(crate) rtp_port: u16,
    /// Where its signalling comes from.
    pub(crate) source: IpAddr,
    /// How many more hops a call from it may make.
    pub(crate) hops: u8,
}

impl SipLeg {
    /// What was negotiated, or what a caller offers, preferred first.
    pub(crate) fn codecs(&self) -> Vec<CodecId> {
        match (&self.negotiated, self.offer.as_ref().map(RemoteDescription::audio)) {
            (Some(negotiated), _) => negotiated.codecs.iter().map(|codec| codec.codec).collect(),
            (None, Some(Ok(audio))) => audio.codecs().iter().map(|codec| codec.codec).collect(),
            (None, Some(Err(_)) | None) => Vec::new(),
        }
    }

    /// Its transport, for the media worker.
    pub(crate) fn transport(&self) -> Transport {
        let remote = self.negotiated.as_ref().map(|negotiated| &negotiated.transport);
        media::rtp(self.rtp_port, remote, self.source)
    }

    /// Its audio, for the media worker.
    pub(crate) fn audio(&self) -> AudioParameters {
        match &self.negotiated {
            Some(negotiated) => media::audio_parameters(negotiated),
            None => media::unnegotiated(self.sdp.identity()),
        }
    }

    /// Our description for a caller's device whose partner speaks `partner`: the answer, or our offer where the
    /// INVITE had none.
    pub(crate) fn describe(&mut self, partner: &[CodecId]) -> Result<Bytes, SdpError> {
        let codecs = codecs_starting_with(partner);
        let Some(offer) = &self.offer else {
            return Ok(self.sdp.offer(&codecs, MediaDirection::SendRecv)?.into());
        };
        let answer = self.sdp.answer(offer, &codecs, MediaDirection::SendRecv)?;
        self.negotiated = Some(answer.negotiated);
        Ok(answer.description.into())
    }

    /// Takes the answer to our offer. A provisional one leaves the offer open.
    pub(crate) fn answered(&mut self, answer: &[u8], is_final: bool) -> Result<(), SdpError> {
        let remote = RemoteDescription::parse(answer, Peer::Telephone)?;
        self.negotiated = Some(if is_final {
            self.sdp.handle_answer(&remote)?
        } else {
            self.sdp.preview_answer(&remote)?
        });
        Ok(())
    }

    /// Answers a re-INVITE's offer, keeping the codec where possible; whether the telephone holds.
    pub(crate) fn reoffered(&mut self, offer: &[u8]) -> Result<(Bytes, bool), SdpError> {
        let remote = RemoteDescription::parse(offer, Peer::Telephone)?;
        let codecs = codecs_starting_with(&self.codecs());
        let answer = self.sdp.answer(&remote, &codecs, MediaDirection::SendRecv)?;
        let holds = answer.negotiated.held_by_peer;
        self.negotiated = Some(answer.negotiated);
        Ok((answer.description.into(), holds))
    }
}
