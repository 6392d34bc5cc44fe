//! A SIP device's side of a leg: what was offered, what was agreed, where its packets go.
//!
//! Most devices are telephones with RTP or SRTP on a port of their own. A telephone in a web page (SIP over WebSocket, RFC 7118) has a browser's
//! media instead; nothing but the [`MediaSession`] differs.
//!
//! A telephone that calls is answered with one codec, the one its partner speaks if both know it. A telephone that
//! is called gets an offer that starts with what the caller knows.

use std::net::IpAddr;

use bytes::Bytes;
use ringdown_media::api::{AudioParameters, Transport, VideoStream};
use ringdown_sdp::{
    Negotiated, NegotiatedVideo, Peer, RemoteDescription, SdpError, TelephoneSession, VideoWish,
};
use ringdown_sip::{
    invite::{InviteParams, UsageId},
    registrar::BindingId,
};
use ringdown_types::{CodecId, MediaDirection, Random, VideoSlot};

use crate::{
    device_video::{DeviceVideo, SessionVideo},
    legs::codecs_starting_with,
    media,
    web_session::WebSession,
};

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
    /// How a called telephone was invited, until it answers or refuses.
    pub(crate) invited: Option<Box<Invited>>,
}

/// What a called telephone's INVITE was made of.
#[derive(Debug)]
pub(crate) struct Invited {
    pub(crate) binding: BindingId,
    pub(crate) params: InviteParams,
    pub(crate) codecs: Vec<CodecId>,
}

/// What we and the device say of the media.
#[derive(Debug)]
pub(crate) enum MediaSession {
    /// RTP, or SRTP without ICE.
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
    video: SessionVideo,
}

impl RtpSession {
    /// A session nothing was said in, with the even port it takes.
    pub(crate) fn new(sdp: TelephoneSession, port: u16) -> Self {
        Self { sdp, negotiated: None, port, video: SessionVideo::default() }
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

    /// The even RTP ports it takes: none for a browser's media.
    pub(crate) fn ports(&self) -> Vec<u16> {
        match self {
            Self::Rtp(rtp) => std::iter::once(rtp.port).chain(rtp.video.ports()).collect(),
            Self::WebRtc(_) => Vec::new(),
        }
    }

    /// What the device does with video.
    pub(crate) const fn video(&self) -> &DeviceVideo {
        match self {
            Self::Rtp(rtp) => &rtp.video.device,
            Self::WebRtc(web) => web.video(),
        }
    }

    pub(crate) const fn video_mut(&mut self) -> &mut DeviceVideo {
        match self {
            Self::Rtp(rtp) => &mut rtp.video.device,
            Self::WebRtc(web) => web.video_mut(),
        }
    }

    /// What our next description wishes for; each stream of a telephone takes a port.
    pub(crate) fn wish(&mut self, wishes: Vec<VideoWish>, take_port: &mut dyn FnMut() -> Option<u16>) {
        match self {
            Self::Rtp(rtp) => rtp.sdp.set_video(rtp.video.wish(wishes, Some(take_port))),
            Self::WebRtc(web) => web.wish(wishes),
        }
    }

    /// Notes the video of an offer, which is answered next; the slots in which the device begins to send.
    pub(crate) fn note_video_offer(&mut self, offer: &RemoteDescription) -> Vec<VideoSlot> {
        match self {
            Self::Rtp(rtp) => rtp.video.device.note_offer(&rtp.sdp.video_streams(offer)),
            Self::WebRtc(web) => web.note_video_offer(offer),
        }
    }

    /// The device refused our offer as a whole.
    pub(crate) fn video_offer_refused(&mut self) {
        match self {
            Self::Rtp(rtp) => rtp.video.offer_refused(rtp.negotiated.as_ref()),
            Self::WebRtc(web) => web.video_offer_refused(),
        }
    }

    /// Reads an offer of the device, as far as it can be served.
    pub(crate) fn read_offer(&self, offer: &[u8]) -> Result<RemoteDescription, SdpError> {
        let mut remote = RemoteDescription::parse(offer, self.peer())?;
        if let Self::Rtp(rtp) = self {
            remote.restrict(rtp.sdp.security());
        }
        Ok(remote)
    }

    /// Our offer, codecs in this order.
    pub(crate) fn offer(&mut self, codecs: &[CodecId]) -> Result<String, SdpError> {
        match self {
            Self::Rtp(rtp) => rtp.sdp.offer(codecs, MediaDirection::SendRecv),
            Self::WebRtc(web) => web.offer(codecs),
        }
    }

    /// Our offer once more with encryption alone, where the last one left the choice.
    pub(crate) fn insist_on_srtp(&mut self, codecs: &[CodecId]) -> Option<String> {
        let Self::Rtp(rtp) = self else { return None };
        if !rtp.sdp.insist_on_srtp() {
            return None;
        }
        rtp.sdp.withdraw_offer();
        rtp.sdp.offer(codecs, MediaDirection::SendRecv).ok()
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
                rtp.sdp.renew_keys(random);
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
                let negotiated = if is_final {
                    rtp.sdp.handle_answer(&remote)?
                } else {
                    rtp.sdp.preview_answer(&remote)?
                };
                rtp.video.answered(&negotiated);
                rtp.negotiated = Some(negotiated);
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

    /// Its video, for the media worker: each stream on a port of its own.
    pub(crate) fn video_streams(&self) -> Vec<VideoStream> {
        match &self.media {
            MediaSession::Rtp(rtp) => {
                let all = rtp.negotiated.iter();
                let videos = all.flat_map(|all| all.videos.iter().map(move |video| (all, video)));
                let stream = |(all, video): (&Negotiated, &NegotiatedVideo)| {
                    let port = rtp.video.port(video.slot)?;
                    let transport = media::rtp(port, video.transport.as_ref(), self.source);
                    Some(media::video_stream(video, all, Some(transport)))
                };
                videos.filter_map(stream).collect()
            }
            MediaSession::WebRtc(web) => web.video_streams(),
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
        offer: &RemoteDescription,
        random: &mut dyn Random,
    ) -> Result<(Bytes, bool), SdpError> {
        let codecs = codecs_starting_with(&self.codecs());
        let answer = self.media.answer(offer, &codecs, random)?;
        Ok((answer.into(), self.is_held_by_peer()))
    }
}
