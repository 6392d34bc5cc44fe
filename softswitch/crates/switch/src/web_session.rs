//! What we and a WebRTC device say of the media: the device is a page at the app server or a telephone in a page that
//! signals by SIP over WebSocket.
//!
//! Towards such a device the switch is the polite side (RFC 8829 §4.1.8.2): an offer of the device that crosses ours
//! makes ours void.

use std::net::SocketAddr;

use ringdown_media::api::{AudioParameters, Transport, VideoStream};
use ringdown_sdp::{
    BrowserSession, BrowserTransport, LocalIdentity, Negotiated, RemoteDescription, SdpError, VideoWish,
};
use ringdown_types::{CodecId, MediaDirection, Random, VideoSlot};

use crate::{
    device_video::{DeviceVideo, SessionVideo},
    media,
};

/// A WebRTC device's media session.
#[derive(Debug)]
pub(crate) struct WebSession {
    sdp: BrowserSession,
    negotiated: Option<Negotiated>,
    video: SessionVideo,
    /// Our ICE credentials before an unanswered offer of a new transport: what the device still uses.
    ice_before: Option<(String, String)>,
}

/// An answer of ours.
#[derive(Debug)]
pub(crate) struct WebAnswer {
    pub(crate) sdp: String,
    /// Whether it names a transport the device did not know.
    pub(crate) is_new_transport: bool,
}

impl WebSession {
    /// A session nothing was said in. `candidates` is where the device reaches its worker.
    pub(crate) fn new(fingerprint: [u8; 32], candidates: &[SocketAddr], random: &mut dyn Random) -> Self {
        let (ufrag, pwd) = ice_credentials(random);
        let transport = BrowserTransport { ufrag, pwd, fingerprint, candidates: candidates.to_vec() };
        Self {
            sdp: BrowserSession::new(LocalIdentity::generate(random), transport),
            negotiated: None,
            video: SessionVideo::default(),
            ice_before: None,
        }
    }

    /// What was agreed last.
    pub(crate) const fn negotiated(&self) -> Option<&Negotiated> {
        self.negotiated.as_ref()
    }

    /// Whether an offer of ours is unanswered.
    pub(crate) const fn is_offer_pending(&self) -> bool {
        self.sdp.is_offer_pending()
    }

    /// Our offer, codecs in this order.
    pub(crate) fn offer(&mut self, codecs: &[CodecId]) -> Result<String, SdpError> {
        self.sdp.offer(codecs, MediaDirection::SendRecv)
    }

    /// Our offer of a new transport, in place of one that is unanswered: for a page that knows nothing of what was said.
    pub(crate) fn offer_anew(
        &mut self,
        codecs: &[CodecId],
        random: &mut dyn Random,
    ) -> Result<String, SdpError> {
        self.withdraw_offer();
        let before = self.sdp.transport();
        self.ice_before = Some((before.ufrag.clone(), before.pwd.clone()));
        let (ufrag, pwd) = ice_credentials(random);
        self.sdp.set_ice_credentials(ufrag, pwd);
        let offer = self.offer(codecs);
        if offer.is_err() {
            self.withdraw_offer();
        }
        offer
    }

    /// Takes the device's answer. A provisional one leaves the offer open.
    pub(crate) fn answered(&mut self, answer: &RemoteDescription, is_final: bool) -> Result<(), SdpError> {
        let negotiated =
            if is_final { self.sdp.handle_answer(answer)? } else { self.sdp.preview_answer(answer)? };
        self.ice_before = None;
        self.video.answered(&negotiated);
        self.negotiated = Some(negotiated);
        Ok(())
    }

    /// Takes our unanswered offer back.
    pub(crate) fn withdraw_offer(&mut self) {
        self.sdp.withdraw_offer();
        if let Some((ufrag, pwd)) = self.ice_before.take() {
            self.sdp.set_ice_credentials(ufrag, pwd);
        }
    }

    /// Answers an offer of the device with every codec of `preference` it knows.
    pub(crate) fn answer(
        &mut self,
        offer: &RemoteDescription,
        preference: &[CodecId],
        random: &mut dyn Random,
    ) -> Result<WebAnswer, SdpError> {
        // A device that rings answers our offer, unless it is a page that came anew and does not know it.
        self.withdraw_offer();
        let is_first = self.negotiated.is_none();
        let restarts = self.sdp.restarts_ice(offer);
        if restarts {
            let (ufrag, pwd) = ice_credentials(random);
            self.sdp.set_ice_credentials(ufrag, pwd);
        }
        let answer = self.sdp.answer(offer, preference, MediaDirection::SendRecv)?;
        self.negotiated = Some(answer.negotiated);
        Ok(WebAnswer { sdp: answer.description, is_new_transport: is_first || restarts })
    }

    /// What the device does with video.
    pub(crate) const fn video(&self) -> &DeviceVideo {
        &self.video.device
    }

    pub(crate) const fn video_mut(&mut self) -> &mut DeviceVideo {
        &mut self.video.device
    }

    /// What our next description wishes for.
    pub(crate) fn wish(&mut self, wishes: Vec<VideoWish>) {
        self.sdp.set_video(self.video.wish(wishes, None));
    }

    /// Notes the video of an offer, which is answered next; the slots in which the device begins to send. An offer of
    /// ours that it crosses is void before it is looked at: the sections ours added are the device's to name.
    pub(crate) fn note_video_offer(&mut self, offer: &RemoteDescription) -> Vec<VideoSlot> {
        self.withdraw_offer();
        self.video.device.note_offer(&self.sdp.video_streams(offer))
    }

    /// The device refused our offer as a whole.
    pub(crate) fn video_offer_refused(&mut self) {
        self.video.offer_refused(self.negotiated.as_ref());
    }

    /// Its video, for the media worker.
    pub(crate) fn video_streams(&self) -> Vec<VideoStream> {
        let videos = self.negotiated.iter().flat_map(|all| all.videos.iter().map(move |video| (all, video)));
        videos.map(|(all, video)| media::video_stream(video, all, None)).collect()
    }

    /// Our candidates as `candidate:` attributes.
    pub(crate) fn candidates(&self) -> impl Iterator<Item = String> {
        self.sdp.candidates().map(|candidate| candidate.to_string())
    }

    /// What was negotiated, preferred first.
    pub(crate) fn codecs(&self) -> Vec<CodecId> {
        self.negotiated.iter().flat_map(|negotiated| &negotiated.codecs).map(|codec| codec.codec).collect()
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

/// 16 characters of ufrag name the leg on the shared port beyond doubt; 32 of password are 160 random bits
/// (RFC 8839 §5.4 asks for 24 and 128 bits).
fn ice_credentials(random: &mut dyn Random) -> (String, String) {
    (random.token(16), random.token(32))
}
